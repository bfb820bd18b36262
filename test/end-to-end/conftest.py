"""Fixtures of the end-to-end tests: `project` for one test, `gallery` and friends made from many blocks at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import project as projects  # the folder is no package: its name is none

ROOT = projects.ROOT
pytest.register_assert_rewrite("faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that try a lot begin first: at the end no worker is left with one while others have nothing to do."""

    def is_long(item: pytest.Item) -> bool:
        module = getattr(item, "module", None)
        return any(getattr(value, "__module__", None) == "proof" for value in vars(module).values())

    items.sort(key=is_long, reverse=True)


@pytest.fixture(scope="session", autouse=True)
def bundle() -> Iterator[Path]:
    """The built command; what several tests share is deleted at the end."""
    built = ROOT / "jupyterlab_dagpy" / "_engine" / "dagpy.cjs"
    if not built.exists():
        subprocess.run(["node", "scripts/build.mjs", "--bundle-only"], cwd=ROOT, check=True)
    yield built
    shutil.rmtree(projects.SHARED, ignore_errors=True)


@pytest.fixture
def project(tmp_path: Path):
    """Makes a project in the test's own folder: ``project({"a": ["x = 1"]}, name="…")``."""
    made: list[projects.Project] = []

    def make(blocks, **options) -> projects.Project:
        folder = tmp_path if not made else tmp_path / f"more-{len(made)}"
        made.append(projects.create(folder, blocks, **options))
        return made[-1]

    yield make
    for one in made:
        assert one.settled() == [], "processes were left behind"


CHAIN = {
    "load": ["raw = [3, 1, 2]", ("markdown", "# Load"), "limit = 10"],
    "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
    "top": (["best = ordered[-1]\nprint(best)"], {"parents": ["sort"]}),
    "cap": (["capped = [min(n, limit) for n in raw]\nprint(capped)"], {"parents": ["load"]}),
    "report": (["print(best, capped)"], {"parents": ["top", "cap"]}),
    "alone": (["print('alone')"], {}),
}


@pytest.fixture(scope="session")
def chain_template(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """Six blocks that have run; for copying."""
    made = projects.create(tmp_path_factory.mktemp("chain"), CHAIN)
    assert made.run().executed == set(CHAIN)
    assert made.text("report") == "3 [3, 1, 2]\n"
    return made


@pytest.fixture
def chain(chain_template: projects.Project, tmp_path: Path) -> projects.Project:
    """load → sort → top → report, load → cap → report, and `alone`; all of it fresh."""
    return chain_template.copy(tmp_path / "chain")


@pytest.fixture
def small_environment(tmp_path: Path) -> Path:
    """A virtual environment that has what this one has, and a small distribution of its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    [site] = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "base.pth").write_text("\n".join(path for path in sys.path if "site-packages" in path) + "\n")
    (site / "tinydist").mkdir()
    (site / "tinydist" / "__init__.py").write_text("N = 1\n")
    info = site / "tinydist-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tinydist\nVersion: 1.0\n")
    (info / "INSTALLER").write_text("pip\n")
    (info / "RECORD").write_text("tinydist/__init__.py,sha256=aaa,6\ntinydist-1.0.dist-info/METADATA,,\n")
    return site

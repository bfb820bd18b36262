"""Modules and packages: what a block imported counts as its code does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from environments import add_kernel
from project import Project, create


def make(folder) -> Project:
    p = create(
        folder,
        {
            "direct": ["import tools\nprint(tools.LEVEL)"],
            "deep": ["import outer\nprint(outer.value())"],
            "lazy": ["def late():\n    import lazily\n    return lazily.WORD"],
            "lazy_use": (["print(late())"], {"parents": ["lazy"]}),
            "dynamic": ["import importlib\nprint(importlib.import_module('dynamically').N)"],
            "handed": ["import tools as t"],
            "handed_use": (["print(t.LEVEL)"], {"parents": ["handed"]}),
            "instance": ["from tools import Thing\nthing = Thing()"],
            "instance_use": (["print(thing.name())"], {"parents": ["instance"]}),
            "shadowed": ["import far\nprint(far.WHERE)"],
            "resource": ["import with_data\nprint(with_data.TEXT)"],
            "none": ["print('no module')"],
        },
    )
    p.write("tools.py", "LEVEL = 1\nclass Thing:\n    def name(self): return f'thing {LEVEL}'\n")
    p.write("outer/__init__.py", "from .middle import value\n")
    p.write("outer/middle.py", "from . import inner\ndef value(): return inner.DEPTH\n")
    p.write("outer/inner.py", "DEPTH = 3\n")
    p.write("lazily.py", "WORD = 'late'\n")
    p.write("dynamically.py", "N = 1\n")
    p.write(
        "with_data.py", "from pathlib import Path\nTEXT = (Path(__file__).parent / 'text.txt').read_text()\n"
    )
    p.write("text.txt", "first")
    p.write("far.py", "WHERE = 'near by'\n")
    # Python looks here before it looks into the working folder of a notebook.
    p.write("../site/elsewhere.py", "")
    p.environment["PYTHONPATH"] = str(p.folder.parent / "site")
    return p


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    p = make(tmp_path_factory.mktemp("modules"))
    assert p.run().executed == set(p.dag["blocks"])
    assert p.run().executed == set()
    return p


@pytest.fixture
def modules(template: Project, tmp_path) -> Project:
    """A copy that is as fresh as the original: nothing of a cache hangs on where the project lies."""
    return template.copy(tmp_path / "modules")


def edited(p: Project, path: str, old: str, new: str) -> None:
    file = p.folder / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_copy_elsewhere_is_as_fresh(modules: Project) -> None:
    assert modules.run().executed == set()


def test_an_edit_of_a_local_module(modules: Project) -> None:
    edited(modules, "tools.py", "LEVEL = 1", "LEVEL = 20")
    assert "module" in modules.reasons("direct")
    report = modules.run()
    assert report.executed >= {"direct", "handed_use", "instance_use"}
    assert not report.executed & {"deep", "lazy", "lazy_use", "dynamic", "resource", "shadowed", "none"}
    assert modules.text("direct") == "20\n"
    assert modules.text("handed_use") == "20\n"
    assert modules.text("instance_use") == "thing 20\n"
    edited(modules, "tools.py", "LEVEL = 20", "LEVEL = 1")
    report = modules.run()
    assert report.executed == set() and report.restored >= {"direct", "handed_use", "instance_use"}
    assert modules.text("direct") == "1\n"


def test_two_imports_deep_and_by_name_at_run_time(modules: Project) -> None:
    edited(modules, "outer/inner.py", "3", "4")
    edited(modules, "dynamically.py", "1", "2")
    edited(modules, "lazily.py", "late", "later")
    edited(modules, "text.txt", "first", "second")
    report = modules.run()
    assert report.executed == {"deep", "dynamic", "lazy_use", "resource"}
    shown = [modules.text(id) for id in ("deep", "dynamic", "lazy_use", "resource")]
    assert shown == ["4\n", "2\n", "later\n", "second\n"]


def test_a_module_that_comes_to_lie_before_the_one_that_was_found(modules: Project) -> None:
    site = Path(modules.environment["PYTHONPATH"])
    (site / "far.py").write_text("WHERE = 'far away'\n")
    assert modules.run().executed == {"shadowed"}
    assert modules.text("shadowed") == "far away\n"
    (site / "far.py").unlink()
    shutil.rmtree(site / "__pycache__")
    assert modules.run().restored == {"shadowed"}
    assert modules.text("shadowed") == "near by\n"


def test_touching_a_module_changes_nothing(modules: Project) -> None:
    (modules.folder / "tools.py").touch()
    (modules.folder / "unrelated.py").write_text("N = 1\n")
    assert modules.run().executed == set()


INSTALLS = """
import pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
if not (site / "latedist").exists():
    (site / "latedist").mkdir()
    (site / "latedist" / "__init__.py").write_text("N = 1\\n")
    (site / "latedist-1.0.dist-info").mkdir()
    (site / "latedist-1.0.dist-info" / "METADATA").write_text("Name: latedist\\nVersion: 1.0\\n")
    (site / "latedist-1.0.dist-info" / "RECORD").write_text("latedist/__init__.py,sha256=aaa,6\\n")
ready = True
"""


def test_a_package_that_a_cell_installs(project, small_environment: Path) -> None:
    """The process that workers are forked from was there before."""
    p = project(
        {
            "install": [INSTALLS],
            "package": (["ready\nimport latedist\nprint(latedist.N)"], {"parents": ["install"]}),
        },
        kernel="own",
    )
    add_kernel(p.user, "own", small_environment.parents[2] / "bin" / "python")
    p.run()
    assert p.text("package") == "1\n"
    record = small_environment / "latedist-1.0.dist-info" / "RECORD"
    (small_environment / "latedist" / "__init__.py").write_text("N = 22\n")
    record.write_text(record.read_text().replace("aaa", "bbb"))
    assert "package" in p.run().executed
    assert p.text("package") == "22\n"
    assert p.run().executed == set()


def test_a_package_that_was_upgraded_or_patched(project, small_environment: Path) -> None:
    p = project(
        {
            "package": ["import tinydist\nprint(tinydist.N)"],
            "late": ["def number():\n    import tinydist\n    return tinydist.N"],
            "late_use": (["print(number())"], {"parents": ["late"]}),
            "version": ["from importlib.metadata import version\nprint(version('tinydist'))"],
            "none": ["import json\nprint('none')"],
        },
        kernel="own",
    )
    add_kernel(p.user, "own", small_environment.parents[2] / "bin" / "python")
    p.run()
    assert p.text("version") == "1.0\n"
    assert p.run().executed == set()
    # Upgraded.
    (small_environment / "tinydist-1.0.dist-info").rename(small_environment / "tinydist-1.1.dist-info")
    metadata = small_environment / "tinydist-1.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))
    (small_environment / "tinydist" / "__init__.py").write_text("N = 22\n")
    assert "package" in p.reasons("package")
    assert p.run().executed == {"package", "late_use", "version"}
    assert [p.text(id) for id in ("package", "late_use", "version")] == ["22\n", "22\n", "1.1\n"]
    # Installed again under the same version, patched: the record differs.
    record = small_environment / "tinydist-1.1.dist-info" / "RECORD"
    (small_environment / "tinydist" / "__init__.py").write_text("N = 333\n")
    record.write_text(record.read_text().replace("aaa", "bbb"))
    assert {"package", "late_use"} <= p.run().executed
    assert p.text("package") == "333\n"
    # Gone: the block fails, it is not fresh.
    shutil.rmtree(small_environment / "tinydist")
    shutil.rmtree(small_environment / "tinydist-1.1.dist-info")
    assert p.run(code=1).failed == {"package", "late_use", "version"}
    assert p.states()["none"] == "fresh"


def test_compiled_code_of_another_source_is_not_taken(project) -> None:
    """Python takes a module's compiled file when size and second agree: an edit within a second would not count."""
    p = project({"a": ["import quick\nprint(quick.N)"]})
    module = p.folder / "quick.py"
    for text in ("N = 1\n", "N = 2\n"):
        p.write("quick.py", text)
        os.utime(module, (1_700_000_000, 1_700_000_000))
        if text == "N = 1\n":
            # by the kernel's own Python, as a person's `python script.py` leaves it behind
            subprocess.run([sys.executable, "-c", "import quick"], cwd=p.folder, check=True)
            assert p.run().executed == {"a"} and p.text("a") == "1\n"
    assert list((p.folder / "__pycache__").glob("quick.*"))
    assert p.run().executed == {"a"} and p.text("a") == "2\n"

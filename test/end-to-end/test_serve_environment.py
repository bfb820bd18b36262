"""What lies around a project and changes while a daemon lives: its warm workers never run what was there before."""

from __future__ import annotations

from pathlib import Path

import pytest
from environments import add_kernel
from project import Project
from serving import serving


@pytest.fixture
def served(project, small_environment: Path) -> Project:
    """A block that uses a small distribution, in a kernel of its own."""
    p = project(
        {"package": ["import tinydist\nprint(tinydist.N, 'first')"], "other": ["print('other')"]},
        kernel="own",
    )
    add_kernel(p.user, "own", small_environment.parents[2] / "bin" / "python")
    return p


def warm(p: Project) -> None:
    """The daemon's host has imported what the block needs: that is known once it ran."""
    p.run()
    p.edit("package", 0, "'first'", "'second'")
    assert p.run().executed == {"package"}


def test_a_package_is_patched_and_nobody_follows(served: Project, small_environment: Path) -> None:
    with serving(served):
        warm(served)
        (small_environment / "tinydist" / "__init__.py").write_text("N = 333\n")
        record = small_environment / "tinydist-1.0.dist-info" / "RECORD"
        record.write_text(record.read_text().replace("aaa", "bbb"))
        assert served.run().executed == {"package"}
        assert served.text("package") == "333 second\n"
    # and what was stored is right for those without a daemon
    assert served.run().executed == set()


def test_a_package_is_upgraded_that_no_result_rests_on(project, small_environment: Path) -> None:
    """A block that never came to its end has no trace that names its packages."""
    p = project({"needs": ["import tinydist\nassert tinydist.N > 1\nprint(tinydist.N)"]}, kernel="own")
    add_kernel(p.user, "own", small_environment.parents[2] / "bin" / "python")
    with serving(p) as daemon:
        follower = daemon.follow()
        assert p.run(code=1).failed == {"needs"}
        (small_environment / "tinydist-1.0.dist-info").rename(small_environment / "tinydist-1.1.dist-info")
        (small_environment / "tinydist" / "__init__.py").write_text("N = 22\n")
        follower.call("run", target={"kind": "affected"})
        follower.until(lambda: follower.states()["needs"] == "fresh", "the block runs with what is there now")
        assert p.text("needs") == "22\n"


def test_a_folder_is_installed_as_it_is(project, small_environment: Path, tmp_path: Path) -> None:
    p = project({"needs": ["import sources\nprint(sources.N)"]}, kernel="own")
    add_kernel(p.user, "own", small_environment.parents[2] / "bin" / "python")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "sources.py").write_text("N = 1\n")
    with serving(p):
        assert p.run(code=1).failed == {"needs"}
        (small_environment / "sources.pth").write_text(f"{tmp_path / 'sources'}\n")
        assert p.run().executed == {"needs"}
        assert p.text("needs") == "1\n"


def test_a_module_that_no_distribution_accounts_for(served: Project, small_environment: Path) -> None:
    loose = small_environment / "loose.py"
    loose.write_text("N = 1\n")
    served.edit("package", 0, "import tinydist", "import loose, tinydist")
    served.edit("package", 0, "tinydist.N", "loose.N")
    with serving(served):
        warm(served)
        loose.write_text("N = 22\n")
        served.edit("package", 0, "'second'", "'third'")
        assert served.run().executed == {"package"}
        assert served.text("package") == "22 third\n"


def test_sources_that_a_package_imports(served: Project, small_environment: Path, tmp_path: Path) -> None:
    """Installed as they are, for instance: they may be edited while the host has them imported."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "edited.py").write_text("N = 1\n")
    (small_environment / "sources.pth").write_text(f"{sources}\n")
    (small_environment / "tinydist" / "__init__.py").write_text("import edited\nN = edited.N\n")
    with serving(served):
        warm(served)
        (sources / "edited.py").write_text("N = 22\n")
        assert served.run().executed == {"package"}
        assert served.text("package") == "22 second\n"
        # The next run has a warm host again.
        served.edit("package", 0, "'second'", "'third'")
        assert served.run().executed == {"package"}
        assert served.text("package") == "22 third\n"
        assert served.run().fresh == {"package", "other"}


def test_a_module_beside_the_notebook_comes_first(served: Project) -> None:
    with serving(served):
        warm(served)
        module = served.folder / "tinydist.py"
        module.write_text("N = 5\n")
        assert served.run().executed == {"package"}
        assert served.text("package") == "5 second\n"
        module.unlink()
        assert served.run().restored == {"package"}


@pytest.mark.parametrize("served_there", [False, True])
def test_modules_in_the_folder_of_who_runs_it_are_none_of_the_project(
    served: Project, small_environment: Path, served_there: bool
) -> None:
    root = served.folder.parent / "root"
    root.mkdir()
    (root / "tinyhelp.py").write_text("N = 'of the root'\n")
    (small_environment / "tinyhelp.py").write_text("N = 1\n")
    (small_environment / "tinydist" / "__init__.py").write_text("from tinyhelp import N\n")
    if served_there:
        with serving(served, "--root", str(served.folder), cwd=root):
            served.run()
    else:
        served.cli("-C", served.folder, "run", cwd=root)
    assert served.text("package") == "1 first\n"

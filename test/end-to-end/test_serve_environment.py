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

"""Whose cache it is, who may write, and what a cache from somewhere else may do: nothing."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from pathlib import Path

import pytest
from hostile import BLOCKS, Mark
from project import Project, User, wait_until


def plant(p: Project, mark: Path) -> None:
    """Puts a pickle that leaves a mark in the place of every object of the store."""
    body = pickle.dumps(Mark(mark))
    for file in (p.folder / ".dagpy" / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(body + b" " * max(0, file.stat().st_size - len(body)))
            file.chmod(0o444)


def test_the_mark_would_be_left(tmp_path) -> None:
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Mark(mark)))
    assert mark.exists()


def test_a_cache_that_came_with_a_clone_is_never_loaded(project, tmp_path) -> None:
    origin = project(BLOCKS)
    origin.run()
    clone = origin.copy(tmp_path / "clone", User(tmp_path / "other"))
    mark = tmp_path / "mark"
    plant(clone, mark)
    planted = clone.digest(hidden=True)
    assert set(clone.states().values()) <= {"never", "stale", "affected"}
    assert clone.cli("value", "a", "x", code=2).out == ""
    assert clone.run().executed == {"a", "b"}
    assert clone.text("b") == "[1, 2]\n"
    assert not mark.exists()
    assert clone.run().executed == set()
    # The other's files are a plain miss: still there, unchanged.
    after = clone.digest(hidden=True)
    traces = {name for name in planted if name.startswith(".dagpy/traces/")}
    assert traces and all(after.get(name) == planted[name] for name in traces)


@pytest.mark.parametrize("same_user", [True, False], ids=["own key", "records moved under the reader's key"])
def test_planted_objects_are_never_loaded(project, tmp_path, same_user: bool) -> None:
    p = project(BLOCKS)
    p.run()
    mark = tmp_path / "mark"
    if not same_user:
        other = User(tmp_path / "other")
        clone = p.copy(tmp_path / "clone", other)
        clone.run("--force")
        folders = [f for f in (clone.folder / ".dagpy" / "traces").iterdir() if f.is_dir()]
        assert len(folders) == 2
        theirs = {f.name for f in (p.folder / ".dagpy" / "traces").iterdir()}
        [mine] = [f for f in folders if f.name not in theirs]
        [foreign] = [f for f in folders if f.name in theirs]
        shutil.rmtree(mine)
        foreign.rename(mine)
        p = clone
    plant(p, mark)
    p.edit("b", 0, "print(x)", "print(x, 'again')")
    assert p.run().executed >= {"b"}
    assert p.text("b") == "[1, 2] again\n"
    assert not mark.exists()
    assert p.cli("value", "a", "x").out == "[1, 2]\n"
    assert p.run().executed == set()
    assert not mark.exists()


def test_a_key_that_a_team_shares(project, tmp_path) -> None:
    origin = project(BLOCKS)
    origin.environment["DAGPY_CACHE_KEY"] = "a secret that a team of people keeps together"
    origin.run()
    colleague = origin.copy(tmp_path / "colleague", User(tmp_path / "other"))
    assert set(colleague.states().values()) == {"never"}
    colleague.environment["DAGPY_CACHE_KEY"] = origin.environment["DAGPY_CACHE_KEY"]
    assert colleague.run().executed == set()
    colleague.edit("b", 0, "print(x)", "print(x + [3])")
    assert colleague.run().executed == {"b"}
    assert colleague.text("b") == "[1, 2, 3]\n"


def test_two_users_of_one_folder(project, tmp_path) -> None:
    mine = project(BLOCKS)
    theirs = mine.as_user(User(tmp_path / "other"))
    assert mine.run().executed == {"a", "b"}
    assert theirs.run().executed == {"a", "b"}
    assert mine.run().executed == set()
    assert theirs.run().executed == set()
    mine.edit("b", 0, "print(x)", "print(x, 'mine')")
    assert mine.run().executed == {"b"}
    assert theirs.run().executed == {"b"}
    theirs.cli("cache", "gc", "--all")
    theirs.cli("cache", "verify")
    theirs.cli("cache", "clear")
    assert mine.run().executed == set()
    assert mine.value("a", "x") == "[1, 2]"
    assert theirs.run().executed == {"a", "b"}
    assert mine.run().executed == set()


def test_two_engines_on_one_project(project) -> None:
    p = project({"slow": ["import time\ntime.sleep(4)"], "other": ["print(1)"]})
    first = p.start("run", "slow", "--json")
    try:
        wait_until(lambda: "slow" in p.tally(), "the first run has started the block", first)
        before = p.digest()
        for command in (["run"], ["run", "other"], ["cache", "clear"], ["cache", "gc"]):
            second = p.cli(*command, code=2)
            assert str(first.pid) in second.err
        assert p.digest() == before
        assert "other" not in p.tally()
        # Looking is allowed.
        assert p.status()["other"]["state"] == "never"
        assert first.poll() is None
    finally:
        _, err = first.communicate(timeout=30)
    assert first.returncode == 0, err
    assert p.run().executed == {"other"}


def test_a_lock_of_a_dead_engine_is_taken_over(project) -> None:
    p = project({"slow": ["import time\ntime.sleep(60)"], "fast": ["print(1)"]})
    first = p.start("run", "slow")
    wait_until(lambda: "slow" in p.tally(), "the first run has started the block", first)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=10)
    assert p.settled() == [], "workers outlive their engine"
    assert p.run("fast").executed == {"fast"}
    # One that nobody understands may be anybody's: it is shown, not taken.
    lock = p.write(".dagpy/locks/project.json", "{nothing")
    err = p.cli("run", code=2).err
    assert ".dagpy/locks/project.json" in err and "remove" in err
    lock.unlink()
    assert p.run("fast").executed == set()

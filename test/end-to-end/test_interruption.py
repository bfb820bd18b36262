"""A run that is stopped leaves a clean project, and the next one goes on where it stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import nbformat
import pytest
from project import DAGPY, Project, end_group, read_report, wait_until


def interruptible(project) -> Project:
    return project(
        {
            "quick": ["x = 1\nprint('quick')"],
            "slow": (
                ["import time\nprint('begun', flush=True)\ntime.sleep(1.0 if x > 1 else 60)\ny = x"],
                {"parents": ["quick"]},
            ),
            "stubborn": (
                [
                    "import time\nwhile x == 1:\n"
                    "    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
                ],
                {"parents": ["quick"]},
            ),
            "below": (["print(y)"], {"parents": ["slow"]}),
        }
    )


@pytest.mark.parametrize("whole_group", [True, False], ids=["from a terminal", "to the process alone"])
def test_control_c_leaves_a_clean_project(project, whole_group: bool) -> None:
    p = interruptible(project)
    process = p.start("run", "-j", "3", "--json")
    try:
        wait_until(lambda: {"slow", "stubborn"} <= set(p.tally()), "both blocks have begun", process)
        time.sleep(0.3)
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        end_group(process)
    assert process.returncode == 130, err
    document = json.loads(out)
    assert document["executed"] == ["quick"]
    assert set(document["cancelled"]) == {"slow", "stubborn", "below"}
    assert "Traceback" not in err
    # Clean: nothing lives on, nothing half-written, no lock, notebooks valid.
    assert p.settled() == []
    hidden = p.folder / ".dagpy"
    assert [f for f in (hidden / "tmp").rglob("*") if f.is_file()] == []
    assert [f.name for f in p.folder.iterdir()] and not [
        f for f in p.folder.rglob("*") if f.name.endswith((".tmp", "~"))
    ]
    for id in p.dag["blocks"]:
        nbformat.validate(nbformat.read(p.path(id), as_version=4))
    assert p.text("quick") == "quick\n"
    states = p.states()
    assert states["quick"] == "fresh" and not {"running", "queued"} & set(states.values())
    # The next run goes on where this one stopped.
    p.edit("slow", 0, "60", "0")
    p.edit("stubborn", 0, "x == 1", "x == 0")
    assert p.run().executed == {"slow", "stubborn", "below"}
    p.idle()


def test_a_second_control_c_ends_it_at_once(project) -> None:
    p = interruptible(project)
    process = p.start("run", "-j", "3")
    try:
        wait_until(lambda: "stubborn" in p.tally(), "the block has begun", process)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=5)
    finally:
        end_group(process)
    assert process.returncode == 130
    assert p.settled() == []
    assert p.run("quick").executed == set()


def test_sigterm_ends_it_as_cleanly(project) -> None:
    p = interruptible(project)
    process = p.start("run")
    try:
        wait_until(lambda: "slow" in p.tally() or "stubborn" in p.tally(), "a block has begun", process)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        end_group(process)
    assert process.returncode != 0
    assert p.settled() == []
    assert p.run("quick").executed == set()


def test_a_killed_engine_continues_where_it_stopped(project) -> None:
    p = interruptible(project)
    process = p.start("run")
    wait_until(lambda: "slow" in p.tally(), "a block has begun", process)
    wait_until(lambda: p.text("quick"), "the first block has been written back", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert p.settled() == []
    p.edit("slow", 0, "60", "0")
    p.edit("stubborn", 0, "x == 1", "x == 0")
    assert p.run().executed == {"slow", "stubborn", "below"}
    assert [f for f in (p.folder / ".dagpy" / "tmp").rglob("*") if f.is_file()] == []


def test_leaving_mid_run_by_closed_output(chain: Project) -> None:
    """`dagpy run | head` ends the pipe early; that is no reason to crash with a stack trace."""
    chain.edit("load", 0, "3", "30")
    done = subprocess.run(
        ["sh", "-c", f'"{DAGPY}" run --json | true'],
        cwd=chain.folder,
        env=chain.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "    at " not in done.stderr
    assert read_report(chain.cli("run", "--json"), []).failed == set()


def test_edits_during_a_run_are_kept(project) -> None:
    """A run works on what it started with, and writes over nothing that a person saved meanwhile."""
    p = project(
        {
            "slow": ["x = 1\nprint('one')", "import time\ntime.sleep(1.5)"],
            "below": (["print(x)"], {"parents": ["slow"]}),
            "reads": ["print(open('data.txt').read())\nimport time\ntime.sleep(1.5)"],
        }
    )
    p.write("data.txt", "old")
    process = p.start("run", "-j", "2", "--json")
    wait_until(lambda: {"slow", "reads"} <= set(p.tally()), "the blocks have begun", process)
    time.sleep(0.3)
    p.edit("slow", 0, "'one'", "'two'")
    p.edit("below", 0, "x", "x + 1")
    p.declare(name="renamed")
    p.write("data.txt", "new")
    saved = {id: p.path(id).read_bytes() for id in ("slow", "below")}
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert {id: p.path(id).read_bytes() for id in saved} == saved
    assert "slow.ipynb" in err and "edited" in err
    assert p.dag["name"] == "renamed"
    assert p.run().executed == {"slow", "below", "reads"}
    assert [p.text(id) for id in ("slow", "below", "reads")] == ["two\n", "2\n", "new\n"]
    p.idle()

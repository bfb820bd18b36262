"""Several engines at once, a store that goes away during a run, locks of the dead, and clocks that are wrong."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import EDITS, Trial, faults, trial_project
from project import Project, User, end_group, wait_until
from proof import LONG, how_many
from proof import counted as prove

SEED = time.strftime("%j")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trial_project(tmp_path_factory.mktemp("race"))


@pytest.mark.timeout(7200)
def test_engines_and_collectors_race(template: Project, tmp_path: Path) -> None:
    trial = Trial(template, tmp_path / "project", EDITS["revert"])
    calls = [("run", "--json"), ("run", "sums", "reads"), ("cache", "gc", "--all"), ("run", "-j", "1")]
    chosen = random.Random(SEED)
    for _ in range(how_many(1, 40)):
        p = trial.open()
        started = [p.start(*call) for call in chosen.sample(calls, len(calls))]
        ended = [(process.communicate(timeout=100)[1], process.returncode) for process in started]
        for err, code in ended:
            assert code in (0, 1) or (code == 2 and "in use by" in err), err
            assert "    at " not in err, err
        assert any(code != 2 for _, code in ended), "nobody came in"
        trial.after_fault(p)
        trial.recover(p)
        prove("races of four commands")


@pytest.mark.timeout(7200)
def test_the_store_goes_away_during_a_run(template: Project, tmp_path: Path) -> None:
    """As somebody's clean-up does, or a collection with a lock of its own idea."""
    trial = Trial(template, tmp_path / "project", EDITS["advance"])
    chosen = random.Random(SEED)
    for _ in range(how_many(2, 60)):
        p = trial.open()
        process = p.start("run", "--json")
        hidden = p.folder / ".dagpy"
        what = chosen.choice(["", "objects", "traces", "blocks", "tmp"])
        try:
            time.sleep(chosen.uniform(0.2, 1.5))
            shutil.rmtree(hidden / what, ignore_errors=True)
            _, err = process.communicate(timeout=100)
        finally:
            end_group(process)
        assert process.returncode in (0, 1, 2), err
        assert "    at " not in err, err
        trial.after_fault(p)
        trial.recover(p, damaged=True)
        prove("stores removed during a run")


def test_git_checks_out_while_a_command_reads(project) -> None:
    """It removes each file and writes it anew, and holds a lock of its own until all is done."""
    p = project({"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})})
    p.run()
    (p.folder / ".git").mkdir()
    working = p.write(".git/index.lock", "")
    notebook = p.path("b")
    content = notebook.read_bytes()
    notebook.write_bytes(content[:50])
    process = p.start("status", "--json")
    time.sleep(1.5)
    assert process.poll() is None, "it waits until git is done"
    notebook.write_bytes(content)
    working.unlink()
    answer, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert {block["id"]: block["state"] for block in json.loads(answer)["blocks"]} == {
        "a": "fresh",
        "b": "fresh",
    }


def test_git_brings_another_project_while_a_command_reads(project) -> None:
    """What was read of both together is of neither."""
    p = project({"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})})
    (p.folder / ".git").mkdir()
    working = p.write(".git/index.lock", "")
    dag, notebook = p.folder / "dag.json", p.path("b")
    text = dag.read_text()
    notebook.unlink()
    mixed = p.start("status", "--json")
    time.sleep(1.5)
    dag.write_text(text.replace('"b"', '"c"').replace("b.ipynb", "a.ipynb.b"))
    working.unlink()
    out, err = mixed.communicate(timeout=30)
    assert mixed.returncode == 2 and "another version of the project" in err + out, err
    working = p.write(".git/index.lock", "")
    dag.write_text(text[:20])
    torn = p.start("status", "--json")
    time.sleep(1.5)
    assert torn.poll() is None, "it waits until git is done"
    dag.write_text(text)
    p.write("b.ipynb", json.dumps(p.notebook("a")))
    working.unlink()
    out, err = torn.communicate(timeout=30)
    assert torn.returncode == 0, err


def test_a_stale_lock_whose_number_lives_on(project) -> None:
    p = project({"slow": ["import time\ntime.sleep(60)"], "fast": ["print(1)"]})
    first = p.start("run", "slow")
    wait_until(lambda: "slow" in p.tally(), "the first run has started the block", first)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=10)
    assert p.settled() == []
    lock = p.folder / ".dagpy" / "locks" / "project.json"
    lease = json.loads(lock.read_text())
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        lock.write_text(json.dumps({**lease, "pid": other.pid}))
        assert p.run("fast").executed == {"fast"}
        # The very process that it names: that one is left alone.
        started = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19]
        lock.write_text(json.dumps({**lease, "pid": other.pid, "started": started}))
        assert f"process {other.pid}" in p.cli("run", code=2).err
    finally:
        other.communicate()
    assert p.run("fast").executed == set()


@pytest.mark.parametrize("how", ["fails", "killed"])
def test_files_of_a_run_that_came_to_no_good_end(project, how: str) -> None:
    """The edit is taken back: the trace of before answers, and its file comes back too. What was there is kept."""
    end = (
        "raise ValueError(n)" if how == "fails" else "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    p = project(
        {
            "writes": (
                [
                    "n = 1",
                    f"with open('out.txt', 'w') as file:\n    file.write(str(n))\nif n == 9:\n    {end}",
                ],
                {"outputs": ["out.txt"]},
            ),
            "reads": (["print(open('out.txt').read())"], {"parents": ["writes"]}),
        }
    )
    p.run()
    p.edit("writes", 0, "n = 1", "n = 9")
    p.run(code=1)
    assert (p.folder / "out.txt").read_text() == "9"
    p.edit("writes", 0, "n = 9", "n = 1")
    done = p.run()
    assert done.executed == set() and done.restored == {"writes"}
    assert (p.folder / "out.txt").read_text() == "1" and p.text("reads") == "1\n"
    [kept] = (p.folder / ".dagpy" / "replaced").iterdir()
    assert kept.read_text() == "9" and kept.name in done.err
    # What a person writes there while all is well stays, as ever.
    (p.folder / "out.txt").write_text("mine")
    assert "changed by hand" in p.run().err
    assert (p.folder / "out.txt").read_text() == "mine"


@pytest.mark.parametrize("days", [-400, -1, 400] if LONG else [-400])
def test_the_clock_is_wrong(project, tmp_path: Path, days: int) -> None:
    """Set back or forth between runs; files replaced by others of the same size, with the time of the old ones."""
    p = project(
        {
            "reads": ["print(open('data.txt').read())"],
            "asks": (["import random\ndrawn = 7\nprint(drawn)"], {"ttl": "1h"}),
            "below": (["print(drawn + 1)"], {"parents": ["asks"]}),
        }
    )
    wrong = faults(tmp_path / "steps", clock=days * 86_400_000)
    data = p.write("data.txt", "one")
    before = data.stat()
    p.run()
    data.write_text("two")
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    report = p.run(environment=wrong)
    assert "reads" in report.executed and "below" not in report.executed
    # How old a result is of a time that is yet to come nobody knows.
    assert ("asks" in report.executed) == (days != 0)
    assert p.text("reads") == "two\n"
    assert p.run(environment=wrong).executed == set()
    data.write_text("six")
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "reads" in p.run().executed
    assert p.text("reads") == "six\n"
    p.edit("below", 0, "drawn + 1", "drawn + 2")
    p.run(environment=wrong)
    p.edit("below", 0, "drawn + 2", "drawn + 1")
    assert "below" not in p.run().executed
    assert p.text("below") == "8\n"
    fresh = p.copy(tmp_path / "fresh", User(tmp_path / "other"))
    fresh.run()
    assert [fresh.text(id) for id in p.dag["blocks"]] == [p.text(id) for id in p.dag["blocks"]]

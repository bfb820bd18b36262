"""Filter off: children go on in forks of the block while it is alive, by replay afterwards; both are equal."""

from __future__ import annotations

import os
import signal
import time

import pytest
from project import wait_until

CHAIN = {
    "stored": ["start = 10"],
    "one": (
        [
            "import random\nnumbers = (n for n in range(start, start + 9))\ndrawn = random.random()\nshared = [0]",
            "class Point:\n    def __init__(self, x): self.x = x\nalias = shared\ndrawn",
            "point = Point(_)",
        ],
        {"parents": ["stored"], "filter": "off"},
    ),
    "two": (
        [
            "alias.append(next(numbers))\nprint(In[-1][:5], Out)",
            "import random\nmine = random.random()\nmine",
        ],
        {"parents": ["one"], "filter": "off"},
    ),
    "three": (
        ["print(shared, next(numbers), point.x == drawn, isinstance(point, Point), mine)", "random.random()"],
        {"parents": ["two"]},
    ),
    "four": (["shared.append(4)\nprint(shared, next(numbers))"], {"parents": ["two"]}),
    "five": (["print(next(numbers), shared)"], {"parents": ["one"]}),
}


def shown(p):
    return {id: [cell["outputs"] for cell in p.notebook(id)["cells"]] for id in CHAIN}


def stored(p):
    return {id: {name: each["digest"] for name, each in p.exports(id).items()} for id in CHAIN}


def test_a_fork_and_a_replay_are_equal(project) -> None:
    forked = project(CHAIN)
    report = forked.run()
    # every block's code ran once: children went on in forks of their parents' processes
    assert sorted(report.tally) == sorted(CHAIN) and report.replayed == set()
    assert forked.text("three").startswith("[0, 10] 11 True True")
    assert (forked.text("four"), forked.text("five")) == ("[0, 10, 4] 11\n", "10 [0]\n")

    replayed = project(CHAIN)
    replayed.environment["DAGPY_START"] = "spawn"
    report = replayed.run()
    assert report.replayed == {"one", "two"} and report.tally.count("one") == 5

    assert shown(forked) == shown(replayed) and stored(forked) == stored(replayed)
    assert forked.settled() == [] and replayed.settled() == []


def test_after_a_restart_the_chain_is_replayed(project) -> None:
    p = project(CHAIN)
    p.run()
    before = shown(p)["three"]
    p.idle()
    p.edit("three", 0, "print(", "print('', ")
    report = p.run()
    assert report.executed == {"one", "two", "three"} and report.replayed == {"one", "two"}
    assert report.tally == ["one", "two", "three"]
    p.edit("three", 0, "print('', ", "print(")
    assert p.idle().restored == {"three"} and shown(p)["three"] == before
    # a parent that runs again is alive, and what stands above it is replayed for it alone
    p.edit("two", 0, "alias.append(next(numbers))", "alias.append(next(numbers) + 1)")
    report = p.run()
    assert report.tally.count("one") == 1 and report.tally.count("two") == 1 and report.replayed == {"one"}
    assert p.text("three").startswith("[0, 11] 11")


UNSAFE = {
    "thread": (
        "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()",
        "print(threading.active_count())",
    ),
    "pool": (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(int).result()",
        "print(pool.submit(int).result())",
    ),
    "file": ("file = open('data.txt')\nfile.buffer.raw.readline()", "print(file.buffer.raw.readline())"),
    "database": (
        "import sqlite3\nbase = sqlite3.connect('base.db')",
        "print(base.execute('select 1').fetchone())",
    ),
    "folder": (
        "import tempfile, os\nfolder = tempfile.TemporaryDirectory()",
        "print(os.path.isdir(folder.name))",
    ),
    "memory": ("import mmap\nshared = mmap.mmap(-1, 8)", "shared[0] += 1\nprint(shared[0])"),
    "process": (
        "import subprocess\nsleeping = subprocess.Popen(['sleep', '5'])",
        "print(sleeping.poll())\nsleeping.kill()",
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_a_fork_would_share_or_lose_is_replayed(project, name: str) -> None:
    make, use = UNSAFE[name]
    p = project(
        {
            "make": ([make], {"filter": "off", "inputs": ["data.txt"]}),
            "left": ([use], {"parents": ["make"], "inputs": ["data.txt"]}),
            "right": ([use], {"parents": ["make"], "inputs": ["data.txt"]}),
        }
    )
    (p.folder / "data.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    report = p.run()
    assert p.text("left") == p.text("right") != "" and report.tally.count("make") == 3
    assert report.replayed == {"make"} and p.settled() == []


def test_a_session_is_let_go_when_no_block_needs_it(project) -> None:
    p = project(
        {
            "make": (["big = bytearray(1000)\nstream = iter([1, 2])"], {"filter": "off"}),
            "use": (["print(next(stream))"], {"parents": ["make"]}),
            "long": (["import time\nprint(1)\ntime.sleep(3)"], {"parents": ["use"]}),
        }
    )
    process = p.start("run")
    wait_until(lambda: "long" in p.tally(), "the last block began", process)
    time.sleep(0.3)
    # engine, host, helper, worker of `long`, and the one that waits for a next job
    assert len(p.processes()) <= 5
    assert process.wait() == 0 and p.settled() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(project, number: int) -> None:
    p = project(
        {
            "make": (["stream = iter([1, 2])"], {"filter": "off"}),
            "use": (["import time\nprint(next(stream))\ntime.sleep(60)"], {"parents": ["make"]}),
        }
    )
    process = p.start("run", "--json")
    wait_until(lambda: "use" in p.tally(), "the child began", process)
    os.kill(process.pid, number)
    process.communicate(timeout=30)
    assert p.settled() == [] and p.tally() == ["make", "use"]


def test_a_child_that_fails_and_is_tried_again(project) -> None:
    p = project(
        {
            "make": (["stream = iter([1, 2])"], {"filter": "off"}),
            "use": (["print(next(stream))\n1 / 0"], {"parents": ["make"], "retries": 1}),
            "dies": (["import os\nprint(next(stream))\nos._exit(7)"], {"parents": ["make"]}),
        }
    )
    report = p.run(code=1)
    assert report.failed == {"use", "dies"} and "exit code 7" in report.err
    assert report.tally.count("make") == 1 and report.tally.count("use") == 2 and p.settled() == []


def test_beside_a_stored_parent_and_variables_of_the_environment(project) -> None:
    """What a stored parent leaves counts in a fork as in a replay; who needs a bare start gets one."""
    blocks = {
        "options": ["import random\nrandom.seed(5)\nrandom.random();"],
        "make": (["import random as dice\na = dice.random()\nstream = iter([1, 2])"], {"filter": "off"}),
        "use": (["print(a, dice.random(), next(stream))"], {"parents": ["make", "options"]}),
        "sets": (
            ["import os\nos.environ['OMP_NUM_THREADS'] = '1'\nprint(next(stream))"],
            {"parents": ["make"]},
        ),
    }
    texts = []
    for start in ("fork", "spawn"):
        p = project(blocks)
        p.environment["DAGPY_START"] = start
        p.run()
        texts.append([p.text(id) for id in blocks])
    assert texts[0] == texts[1] and texts[0][3] == "1\n"

"""Values that can not be stored: which blocks run again for their readers, what they see, and where it is refused.

Executions are counted by the blocks themselves: `tally` lists every start of a block's code.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import uuid
from pathlib import Path

import pytest
from project import wait_until

GENERATOR = {
    "load": ["numbers = (n * n for n in range(6))", "size = 6"],
    "first": (["print(next(numbers), next(numbers))"], {"parents": ["load"]}),
    "second": (["print(next(numbers), size)"], {"parents": ["load"]}),
    "other": (["print(size)"], {"parents": ["load"]}),
}


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_two_readers_of_a_generator_each_get_it_from_the_start(project, start: str) -> None:
    p = project(GENERATOR)
    p.environment["DAGPY_START"] = start
    report = p.run()
    assert (p.text("first"), p.text("second"), p.text("other")) == ("0 1\n", "0 6\n", "6\n")
    assert report.replayed == {"load"} and report.tally.count("load") == 3
    assert "load replayed for first" in report.err and "load replayed for second" in report.err
    assert p.idle().fresh == set(GENERATOR)


def test_edits_upstream_and_down(project) -> None:
    p = project(GENERATOR)
    p.run()
    p.edit("first", 0, "next(numbers), next(numbers)", "next(numbers), # one\n      next(numbers)")
    p.idle()
    p.edit("load", 0, "n * n", "n*n # squares\n  ")
    p.idle()
    p.edit("load", 0, "n*n", "n + 1")
    report = p.run()
    assert (p.text("first"), p.text("second")) == ("1 2\n", "1 6\n")
    # `size` came out equal, so who reads that alone is cut off
    assert report.executed == {"load", "first", "second"} and "other" in report.fresh
    assert sorted(report.tally) == ["first", "load", "load", "load", "second"]
    p.edit("load", 0, "n + 1", "n*n")
    report = p.run()
    assert report.executed == set() and report.tally == []
    assert {"load", "first", "second"} <= report.restored and p.text("first") == "0 1\n"
    p.edit("first", 0, "print(", "print(3, ")
    assert p.run().tally == ["load", "first"]


def test_what_was_discovered_by_what_was_replayed_counts(project) -> None:
    p = project(
        {
            "load": ["lines = (line for line in open('data.txt'))", "beside = 1"],
            "use": (["print(next(lines).strip())"], {"parents": ["load"]}),
            "plain": (["print(beside)"], {"parents": ["load"]}),
        }
    )
    data = p.folder / "data.txt"
    data.write_text("one\ntwo\n", encoding="utf-8")
    p.run()
    assert p.text("use") == "one\n"
    data.write_text("uno\ndue\n", encoding="utf-8")
    report = p.run()
    assert report.executed == {"load", "use"} and p.text("use") == "uno\n"
    data.write_text("one\ntwo\n", encoding="utf-8")
    assert p.idle().restored >= {"use"} and p.text("use") == "one\n"


def test_a_chain_of_makers(project) -> None:
    p = project(
        {
            "source": ["start = 10"],
            "numbers": (
                ["stream = iter(range(start, start + 9))\nlazy = (n for n in stream)"],
                {"parents": ["source"]},
            ),
            "doubled": (
                ["double = (2 * n for n in lazy)\nnext(double)\nkept = [1]"],
                {"parents": ["numbers"]},
            ),
            "use": (["print(next(double), kept)"], {"parents": ["doubled"]}),
            "both": (["print(next(double), next(lazy))"], {"parents": ["doubled", "numbers"]}),
        }
    )
    report = p.run()
    assert p.text("use") == "22 [1]\n"
    # `doubled` asked `lazy`, so whoever stands below it gets what it left, as in one notebook
    assert p.text("both") == "22 12\n"
    assert report.replayed == {"numbers", "doubled"}
    p.edit("use", 0, "kept", "kept, 0")
    assert p.run().tally == ["numbers", "doubled", "use"]
    p.edit("source", 0, "10", "20")
    p.run()
    assert p.text("use") == "42 [1] 0\n"


def test_stored_values_come_from_the_store_unless_a_live_one_holds_them(project) -> None:
    p = project(
        {
            "load": [
                "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})\nalone = [0]",
                "holder = {'rows': [(row for row in frame.itertuples()), frame], 'n': 0}",
            ],
            "both": (
                [
                    "holder['rows'][1].loc[0, 'a'] = 7",
                    "print(frame.loc[0, 'a'], holder['rows'][1] is frame, alone)",
                ],
                {"parents": ["load"]},
            ),
            "stored": (["frame.loc[1, 'a'] = 5\nprint(frame['a'].sum())"], {"parents": ["load"]}),
        }
    )
    report = p.run()
    assert p.text("both") == "7 True [0]\n" and p.text("stored") == "6\n"
    assert report.tally.count("load") == 2


def test_globals_that_a_generator_reaches_come_along(project) -> None:
    p = project(
        {
            "load": [
                "K = 2\nhidden = [5]\ndef scale(n): return n * K + hidden[0]\n"
                "def numbers():\n    for n in range(9): yield scale(n)",
                "stream = numbers()",
            ],
            "use": (["print(next(stream), next(stream))"], {"parents": ["load"]}),
            # one namespace, as in one notebook
            "rebind": (["K = 100\nprint(next(stream), next(stream))"], {"parents": ["load"]}),
            "unread": (["try: print(hidden)\nexcept NameError: print('none')"], {"parents": ["load"]}),
        },
    )
    p.run()
    assert (p.text("use"), p.text("rebind")) == ("5 7\n", "5 105\n")


def test_random_numbers_folders_and_history_are_the_makers_own(project) -> None:
    """A replay starts as its block did: its seed, its folder, `_` and a count of its own; the reader then its own."""
    blocks = {
        "load": (
            [
                "import random, os\ndraw = random.random()",
                "41",
                "seen = _ + 1\nhere = os.path.basename(os.getcwd())",
                "stream = (x for x in [draw, seen, here])\nprint(draw)",
            ],
            {"cwd": "deep"},
        ),
        "use": (
            ["import random, os\nprint(*stream, os.path.basename(os.getcwd()), random.random())"],
            {"parents": ["load"]},
        ),
        "plain": (["import random, os\nprint(draw, random.random())"], {"parents": ["load"]}),
    }
    p = project(blocks)
    (p.folder / "deep").mkdir()
    p.run()
    draw = p.text("load").strip()
    mine = p.text("plain").split()
    assert mine[0] == draw
    used = p.text("use").split()
    assert used[:4] == [draw, "42", "deep", "project"]
    assert p.notebook("use")["cells"][-1]["outputs"][0]["output_type"] == "stream"
    p.edit("use", 0, "print(", "print( ")
    p.idle()


def test_a_connection_to_a_project_file(project) -> None:
    p = project(
        {
            "connect": [
                "import sqlite3\nbase = sqlite3.connect('shop.db')",
                "found = base.execute('select count(*) from t').fetchone()[0]",
            ],
            "query": (
                ["print(found, base.execute('select sum(v) from t').fetchone()[0])"],
                {"parents": ["connect"]},
            ),
        }
    )
    path = p.folder / "shop.db"
    with sqlite3.connect(path) as base:
        base.execute("create table t (v)")
        base.executemany("insert into t values (?)", [(1,), (2,)])
    base.close()
    p.run()
    assert p.text("query") == "2 3\n"
    p.idle()
    base = sqlite3.connect(path)
    base.execute("insert into t values (10)")
    base.commit()
    base.close()
    report = p.run()
    assert report.executed == {"connect", "query"} and p.text("query") == "3 13\n"


def test_an_executor_a_lock_and_an_open_file(project) -> None:
    p = project(
        {
            "make": [
                "import threading\nfrom concurrent.futures import ThreadPoolExecutor",
                "pool = ThreadPoolExecutor(2)\nlock = threading.Lock()",
                "file = open('data.txt')\nhead = file.readline()",
                "warm = list(pool.map(str, range(3)))",
            ],
            "pooled": (["print(list(pool.map(abs, [-1, -2])))"], {"parents": ["make"]}),
            "locked": (["with lock: print(lock.locked())"], {"parents": ["make"]}),
            "read": (["print(head.strip(), file.readline().strip())"], {"parents": ["make"]}),
            "read_too": (["print(file.readline().strip())"], {"parents": ["make"]}),
            # neither use shows afterwards, so this takes what `make` made
            "joined": (
                ["print(lock.locked(), pool.submit(int).result())"],
                {"parents": ["make", "pooled", "locked"]},
            ),
        }
    )
    (p.folder / "data.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    report = p.run()
    texts = [p.text(name) for name in ("pooled", "locked", "read", "read_too", "joined")]
    assert texts == ["[1, 2]\n", "True\n", "one two\n", "two\n", "False 0\n"]
    assert report.replayed == {"make"}
    p.idle()


def test_two_who_changed_one_value_can_not_both_hand_it_on(project) -> None:
    p = project(
        {
            "make": ["stream = (n for n in range(9))"],
            "left": (["a = next(stream)"], {"parents": ["make"]}),
            "right": (["b = next(stream)"], {"parents": ["make"]}),
            "join": (["print(a, b, next(stream))"], {"parents": ["left", "right"]}),
        }
    )
    done = p.cli("run", code=2)
    for word in ("join gets stream from both left and right", "use"):
        assert word in done.err


REFUSED = {
    "process": ("import subprocess\nthing = subprocess.Popen(['true'])", "can not be followed"),
    "output": ("import os\nopen('log.csv', 'a').write('x')\nthing = (n for n in [1])", "adds to log.csv"),
    "changed": (
        "old = open('kept.txt').read()\nopen('kept.txt', 'w').write(old + 'x')\nthing = (n for n in [1])",
        "reads and changes kept.txt",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_where_a_second_run_is_not_like_the_first(project, name: str) -> None:
    code, reason = REFUSED[name]
    p = project(
        {"make": ([code], {"outputs": ["log.csv"]}), "use": (["print(thing)"], {"parents": ["make"]})}
    )
    (p.folder / "kept.txt").write_text("k", encoding="utf-8")
    done = p.cli("run", code=2)
    assert (
        "use needs thing of make" in done.err and reason in done.err and "dagpy filter make off" in done.err
    )
    assert "replayed" not in done.err


def test_always_and_frozen_makers_are_not_replayed(project) -> None:
    p = project(
        {
            "make": (["thing = (n for n in [1])"], {"run": "always"}),
            "use": (["print(next(thing))"], {"parents": ["make"]}),
        }
    )
    assert "set to run at every run" in p.cli("run", code=2).err
    p.declare_block("make", run="never")
    assert "is frozen" in p.cli("run", code=2).err


@pytest.fixture
def second_time():
    """Code that finds out whether it ran before, by a file where no reads are followed."""
    mark = Path("/dev/shm") / f"dagpy-{uuid.uuid4().hex}"
    yield f"import os, time\nmark = '/dev/' + 'shm/{mark.name}'\nagain = os.path.exists(mark)\nopen(mark, 'w').close()"
    mark.unlink(missing_ok=True)


def test_a_failure_in_a_replay_names_both(project, second_time: str) -> None:
    p = project(
        {
            "make": [second_time, "thing = (n for n in [1])", "assert not again, 'gone by now'"],
            "use": (["print(next(thing))"], {"parents": ["make"]}),
            "below": (["print(1)"], {"parents": ["use"]}),
        }
    )
    report = p.run(code=1)
    assert report.failed == {"use"} and report.blocked == {"below"} and report.replayed == {"make"}
    assert "while make ran again for use" in report.err and "gone by now" in report.err
    assert "make.ipynb, cell 4" in report.err
    # it is shown where people look for it: in the notebook of the block that failed
    assert any(
        "gone by now" in output.get("evalue", "")
        for cell in p.notebook("use")["cells"]
        for output in cell["outputs"]
    )


def test_alone_on_stored_values_of_older_code(project) -> None:
    p = project(GENERATOR)
    p.run()
    p.edit("load", 0, "n * n", "n + 1")
    p.edit("first", 0, "print(", "print(1, ")
    done = p.cli("run", "first", "--only", code=2)
    assert "first needs load to run again beside it" in done.err and "older than its code" in done.err
    assert p.run("first").replayed == {"load"}
    assert p.text("first") == "1 1 2\n"


def test_dry_run_status_and_why_tell_beforehand(project) -> None:
    p = project(GENERATOR)
    # of code that never ran, as far as it is certain
    assert "load makes numbers (a generator), which can not be stored" in p.cli("run", "--dry-run").err
    p.run()
    p.edit("first", 0, "next(numbers), next", "1, next")
    done = p.cli("run", "--dry-run")
    assert "load runs again with it" in done.out
    assert p.cli("run", "--dry-run", "--json").json()["runs"][0]["replays"] == ["load"]
    assert "load runs again with it" in p.cli("why", "first").out
    assert "numbers (generator)" in p.cli("why", "load").out
    status = p.cli("status")
    assert "load makes numbers (generator), which can not be stored" in status.err
    withheld = json.loads(p.cli("exports", "load", "--json").out)["withheld"]
    assert [each["name"] for each in withheld if each["why"] == "opaque"] == ["numbers"]
    assert "can not be stored" in p.cli("exports", "load").err
    events = [
        line
        for line in sorted((p.folder / ".dagpy" / "runs").glob("*.jsonl"))[0].read_text().splitlines()
        if "blockReplayed" in line
    ]
    assert len(events) == 2


def test_ctrl_c_in_a_replay(project, second_time: str) -> None:
    p = project(
        {
            "make": [second_time, "thing = (n for n in [1])", "time.sleep(60 if again else 0)"],
            "use": (["print(next(thing))"], {"parents": ["make"]}),
        }
    )
    process = p.start("run", "--json")
    wait_until(lambda: p.tally().count("make") == 2, "the replay began", process)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    report = json.loads(out)
    assert process.returncode == 130, err
    assert report["cancelled"] == ["use"] and report["replayed"] == ["make"] and p.settled() == []

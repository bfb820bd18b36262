"""Nothing runs that has an answer: counted by the blocks' own marks, in runs after all kinds of changes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import stat
import sys
import time
from pathlib import Path

import pytest
from project import DAGPY, Project, create, end_group, read_report, wait_until

CHAIN = {
    "load": ["raw = [3, 1, 2]", ("markdown", "# Load"), "limit = 10"],
    "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
    "top": (["best = ordered[-1]\nprint(best)"], {"parents": ["sort"]}),
    "cap": (["capped = [min(n, limit) for n in raw]\nprint(capped)"], {"parents": ["load"]}),
    "report": (["print(best, capped)"], {"parents": ["top", "cap"]}),
    "alone": (["print('alone')"], {}),
}
EVERYTHING = set(CHAIN)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    p = create(tmp_path_factory.mktemp("chain"), CHAIN)
    report = p.run()
    assert report.executed == EVERYTHING
    assert p.text("report") == "3 [3, 1, 2]\n"
    return p


@pytest.fixture
def chain(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "chain")


def nothing(p: Project, *arguments: str) -> None:
    report = p.run(*arguments)
    assert report.executed == set() and report.tally == []


# ------------------------------------------------------------------------------------------ edits


def test_twice_runs_nothing(chain: Project) -> None:
    before = chain.digest()
    report = chain.run()
    assert report.executed == report.restored == set()
    assert report.fresh == EVERYTHING
    assert set(chain.states().values()) == {"fresh"}
    assert chain.digest() == before


def test_what_does_not_count(chain: Project) -> None:
    """Comments, blank lines, layout, markdown, metadata, an empty cell, and where the kernel's language is named."""
    chain.edit("load", 0, "raw = [3, 1, 2]", "# what we load\n\nraw = [3,   1,\n       2,]  # unsorted\n\n")
    chain.edit("load", 1, "# Load", "# Load all\n\nwith words")
    chain.edit("sort", 0, "sorted(raw)", "( sorted( raw ) )")
    chain.append("top", "# only a remark\n\n")
    chain.append("top", ("markdown", "done"))
    chain.rewrite("cap", lambda cells: cells[0]["metadata"].update(collapsed=True, tags=["x"]))
    chain.declare(name="renamed", tags={"team": "growth"})
    nothing(chain)


def test_a_value_edit_runs_the_block_and_what_reads_it(chain: Project) -> None:
    chain.edit("load", 2, "10", "2")
    assert chain.states() | {"report": "affected"} == {
        "load": "stale",
        "sort": "affected",
        "top": "affected",
        "cap": "affected",
        "report": "affected",
        "alone": "fresh",
    }
    report = chain.run()
    assert report.executed == {"load", "cap", "report"}
    assert chain.text("report") == "3 [2, 1, 2]\n"
    nothing(chain)


def test_an_edit_that_keeps_the_value_runs_one_block(chain: Project) -> None:
    chain.edit("load", 0, "[3, 1, 2]", "[1 + 2, 1, 2]")
    assert chain.run().executed == {"load"}
    chain.edit("sort", 0, "sorted(raw)", "sorted(raw, reverse=False)")
    assert chain.run().executed == {"sort"}
    nothing(chain)


def test_early_cutoff_half_way(chain: Project) -> None:
    """Another order of the same numbers changes what is loaded, and nothing from `sort` on."""
    chain.edit("load", 0, "[3, 1, 2]", "[2, 1, 3]")
    assert chain.run().executed == {"load", "sort", "cap", "report"}
    assert chain.text("report") == "3 [2, 1, 3]\n"


def test_an_undo_restores(chain: Project) -> None:
    before = chain.digest()
    chain.edit("load", 0, "3", "30")
    assert chain.run().executed == {"load", "sort", "top", "cap", "report"}
    chain.edit("load", 0, "30", "3")
    report = chain.run()
    assert report.executed == set() and report.tally == []
    assert report.restored == {"load", "sort", "top", "cap", "report"}
    assert chain.digest() == before


def test_moving_a_function_two_lines_down(project) -> None:
    p = project(
        {
            "a": ["def f(n):\n    return n + 1\nclass C:\n    def m(self): return f(1)\nc = C()"],
            "b": (["print(f(1), c.m())"], {"parents": ["a"]}),
            "bad": (["f(None)"], {"parents": ["a"]}),
        }
    )
    p.run(code=1)
    p.edit("a", 0, "def f", "one = 1\ntwo = 2\ndef f")
    report = p.run(code=1)
    assert report.executed - report.failed == {"a"}
    # The place in the traceback is the one in the cell as it stands now.
    traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(p.errors("bad")[0]["traceback"]))
    assert ":4, in f(n)" in traceback
    assert "return n + 1" in traceback


# What is easily taken for the same, each pair once in each direction.
ALIKE = [
    ("1", "'1'"),
    ("1", "True"),
    ("1", "1.0"),
    ("0.0", "-0.0"),
    ("0", "False"),
    ("'1'", "b'1'"),
    ("(1,)", "[1]"),
    ("{1}", "{1: 1}"),
    ("1.0", "(1+0j)"),
    ("None", "'None'"),
    ("[[1], 2]", "[1, [2]]"),
    ("'a' 'b'", "'a', 'b'"),
]


def test_literals_that_are_easily_confused(project) -> None:
    """`1`, `'1'`, `True`, `1.0`, `-0.0` and `0.0` all differ; `16`, `0x10` and `1_6` do not."""
    blocks = {"same": ["y = 16"]}
    for number, (before, _) in enumerate(ALIKE):
        blocks[f"set{number}"] = [f"x = {before}"]
        blocks[f"read{number}"] = (["print(repr(x))"], {"parents": [f"set{number}"]})
    p = project(blocks)
    p.run()
    for number, (before, after) in enumerate(ALIKE):
        p.edit(f"set{number}", 0, before, after)
    p.edit("same", 0, "16", "0x10")
    assert p.run().executed == set(blocks) - {"same"}
    for number, (_, after) in enumerate(ALIKE):
        assert p.text(f"read{number}") == f"{eval(after)!r}\n"
    p.edit("same", 0, "0x10", "1_6")
    nothing(p)


def test_a_semicolon_and_a_docstring_count(project) -> None:
    p = project(
        {"a": ["def f():\n    'one'\n    return 1", "f()"], "b": (["print(f.__doc__)"], {"parents": ["a"]})}
    )
    p.run()
    p.edit("a", 1, "f()", "f();")
    assert p.run().executed == {"a"}
    assert p.outputs("a")[1] == []
    p.edit("a", 0, "'one'", "'two'")
    assert p.run().executed == {"a", "b"}
    assert p.text("b") == "two\n"


def test_cells_reordered_split_and_joined(project) -> None:
    p = project({"a": ["x = 1", "y = 2", "print(x, y)"]})
    p.run()
    p.rewrite("a", lambda cells: cells.reverse())
    assert p.run(code=1).failed == {"a"}
    p.rewrite("a", lambda cells: cells.reverse())
    assert p.run().executed == set()
    p.rewrite("a", lambda cells: cells.insert(0, {**cells[0], "id": "fresh", "source": ["z = 0"]}))
    assert p.run().executed == {"a"}


# ------------------------------------------------------------------------------- the world outside


def test_data_files(project) -> None:
    p = project(
        {
            "reads": ["print(open('data/one.csv').read().strip())"],
            "lists": ["import os\nprint(sorted(os.listdir('data')))"],
            "globs": ["import glob\nprint(sorted(glob.glob('data/*.csv')))"],
            "maybe": ["from pathlib import Path\nprint(Path('data/two.csv').exists())"],
            "tries": [
                "try:\n    print(open('override.txt').read())\nexcept FileNotFoundError:\n    print('default')"
            ],
            "pandas": ["import pandas as pd\nprint(pd.read_csv('data/one.csv')['v'].sum())"],
            "arrow": ["import pandas as pd\nprint(pd.read_parquet('frame.parquet')['v'].sum())"],
            "polars": ["import polars as pl\nprint(pl.scan_csv('data/one.csv').collect()['v'].sum())"],
            "sqlite": [
                "import sqlite3\nwith sqlite3.connect('base.db') as base:\n"
                "    print(base.execute('select v from t').fetchall())\n"
                "base.close()"
            ],
            "numpy": ["import numpy as np\nprint(np.load('array.npy', mmap_mode='r').sum())"],
            "memory": [
                "import mmap\nwith open('data/one.csv') as f: print(len(mmap.mmap(f.fileno(), 0, prot=1)))"
            ],
        }
    )
    import sqlite3

    import numpy as np
    import pandas as pd

    def save(number: int) -> None:
        p.write("data/one.csv", f"v\n{number}\n")
        pd.DataFrame({"v": [number]}).to_parquet(p.folder / "frame.parquet")
        np.save(p.folder / "array.npy", np.array([number]))
        (p.folder / "base.db").unlink(missing_ok=True)
        base = sqlite3.connect(p.folder / "base.db")
        base.execute("create table t (v)")
        base.execute("insert into t values (?)", (number,))
        base.commit()
        base.close()

    save(1)
    assert p.run().executed == set(p.dag["blocks"])
    nothing(p)
    # Touched, rewritten with the same bytes, another inode.
    one = p.folder / "data" / "one.csv"
    os.utime(one, (1, 1))
    nothing(p)
    p.write("spare.csv", one.read_bytes()).replace(one)
    nothing(p)
    # Changed: each reader, and those who only look at names do not.
    save(2)
    assert "file" in p.reasons("reads")
    assert p.run().executed == {"reads", "pandas", "arrow", "polars", "sqlite", "numpy", "memory"}
    for id, shown in {
        "reads": "v\n2\n",
        "pandas": "2\n",
        "arrow": "2\n",
        "polars": "2\n",
        "sqlite": "[(2,)]\n",
        "numpy": "2\n",
    }.items():
        assert p.text(id) == shown, id
    # Created, where it was looked for in vain.
    p.write("data/two.csv", "v\n5\n")
    p.write("override.txt", "mine")
    assert p.run().executed == {"lists", "globs", "maybe", "tries"}
    assert p.text("tries") == "mine\n" and p.text("maybe") == "True\n"
    # Deleted again: as it was.
    (p.folder / "data" / "two.csv").unlink()
    (p.folder / "override.txt").unlink()
    report = p.run()
    assert report.executed == set() and report.restored == {"lists", "globs", "maybe", "tries"}
    # The size and the time of the last change are those of before.
    before = one.stat()
    one.write_text("v\n7\n")
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert {"reads", "pandas"} <= p.run().executed
    assert p.text("reads") == "v\n7\n"


def test_declared_files_and_variables(project) -> None:
    p = project(
        {
            "declared": (["print('inputs')"], {"inputs": ["data/*.csv"], "env": ["REGION"]}),
            "reads": ["import os\nprint(os.environ.get('REGION', 'nowhere'))"],
            "getenv": ["import os\nprint(os.getenv('OTHER'))"],
            "none": ["print('none')"],
        }
    )
    p.write("data/a.csv", "1")
    p.run()
    nothing(p)
    p.write("data/a.csv", "2")
    assert p.run().executed == {"declared"}
    p.write("data/b.csv", "1")
    assert p.run().executed == {"declared"}
    p.write("data/b.txt", "1")
    nothing(p)
    p.environment["REGION"] = "north"
    assert "environment" in p.reasons("reads")
    assert p.run().executed == {"declared", "reads"}
    assert p.text("reads") == "north\n"
    p.environment["OTHER"] = ""
    assert p.run().executed == {"getenv"}
    p.environment["UNRELATED"] = "1"
    nothing(p)
    del p.environment["REGION"]
    report = p.run()
    assert report.executed == set() and report.restored == {"declared", "reads"}


def test_parameters(project) -> None:
    p = project(
        {
            "a": ["print(year + 1)"],
            "b": ["def f(): return rate\nprint(rate)"],
            "c": (["print(f())"], {"parents": ["b"]}),
            "none": ["year_of = 1"],
        },
        parameters={"year": 2024, "rate": 0.5, "unused": [1]},
    )
    p.run()
    assert p.text("a") == "2025\n" and p.text("c") == "0.5\n"
    assert p.run("-p", "year=2030").executed == {"a"}
    assert p.text("a") == "2031\n"
    report = p.run()
    assert report.executed == set() and report.restored == {"a"}
    assert p.run("-p", "rate=0.75").executed == {"b", "c"}
    assert p.text("c") == "0.75\n"
    p.declare(parameters={"year": 2024, "rate": 0.75, "unused": [2]})
    nothing(p)
    p.declare(parameters={"year": "2024", "rate": 0.75, "unused": [2]})
    assert "parameter" in p.reasons("a")
    assert p.run(code=1).failed == {"a"}
    before = p.digest(hidden=True)
    done = p.cli("run", "-p", "yaer=1", code=2)
    assert "yaer" in done.err and "year" in done.err
    done = p.cli("run", "-p", "year", code=2)
    assert "year" in done.err
    assert p.digest(hidden=True) == before


def test_filters(chain: Project) -> None:
    chain.cli("filter", "load", "raw,limit")
    nothing(chain)  # it stored these anyway
    chain.cli("filter", "load", "raw")
    report = chain.run(code=1)  # `cap` reads limit, which is not handed on any more
    assert report.failed == {"cap"} and report.executed - report.failed == set()
    assert "limit" in chain.errors("cap")[0]["evalue"] and "load" in report.err
    chain.cli("filter", "load", "auto")
    assert chain.run().executed == set()
    chain.cli("filter", "load", "raw,lim*")
    nothing(chain)


def test_asking_for_more_than_was_stored_runs_the_block_again(project) -> None:
    p = project(
        {"a": (["x = 1\ny = [2]"], {"filter": ["x"]}), "b": (["print(x)"], {"parents": ["a"]})},
    )
    p.run()
    assert set(p.exports("a")) == {"x"}
    p.cli("filter", "a", "x,y")
    assert "filter" in p.reasons("a")
    assert p.run().executed == {"a"}
    p.edit("b", 0, "print(x)", "print(x, y)")
    assert p.run().executed == {"b"}


def test_a_new_edge_to_a_large_unread_variable(project) -> None:
    p = project({"a": ["big = bytes(3_000_000)\nsmall = 1"], "b": (["print(small)"], {"parents": ["a"]})})
    p.run()
    assert "small" in p.exports("a") and p.exports("a").get("big", {"digest": None})["digest"] is None
    p.edit("b", 0, "small", "len(big)")
    assert p.run().executed == {"a", "b"}
    assert p.text("b") == "3000000\n"


def test_policies(project) -> None:
    p = project(
        {
            "always": (["print('again')"], {"run": "always"}),
            "never": (["print('frozen')"], {"run": "auto"}),
            "below": (["print('below')"], {"parents": ["always"]}),
        }
    )
    p.run()
    assert p.run().executed == {"always"}
    p.declare_block("never", run="never")
    p.edit("never", 0, "'frozen'", "'changed'")
    assert p.states()["never"] == "frozen"
    assert p.run().executed == {"always"}
    assert p.text("never") == "frozen\n"


def test_targets(chain: Project) -> None:
    chain.edit("load", 0, "3", "30")
    chain.edit("alone", 0, "'alone'", "'other'")
    assert chain.run("top").executed == {"load", "sort", "top"}
    chain.edit("load", 0, "30", "31")
    assert chain.run("sort", "--upstream").executed == {"load"}
    assert chain.run("sort", "--only").executed == {"sort"}
    # `report` runs on what `top`, which is not among these, handed on last.
    assert chain.run("cap", "--downstream").executed == {"cap", "report"}
    assert chain.text("report") == "30 [10, 1, 2]\n"
    assert chain.run().executed == {"top", "report", "alone"}
    assert chain.text("report") == "31 [10, 1, 2]\n"
    nothing(chain)
    chain.edit("load", 0, "31", "32")
    # Alone, on what its parent handed on last.
    assert chain.run("sort", "--only", "--force").executed == {"sort"}
    assert "load" not in chain.run("sort+").executed
    assert chain.run("+(top)").executed == {"load", "sort"}
    assert chain.run("(sort)+").executed == {"top", "report"}
    assert chain.run().executed == {"cap"}
    nothing(chain)


def test_force(chain: Project) -> None:
    assert chain.run("top", "--only", "--force").executed == {"top"}
    assert chain.run("all", "--force").executed == EVERYTHING
    nothing(chain)


def test_dry_run_runs_nothing(chain: Project) -> None:
    chain.edit("load", 0, "3", "30")
    before = chain.digest(hidden=False)
    done = chain.cli("run", "--dry-run")
    assert "load" in done.out + done.err
    assert chain.digest(hidden=False) == before
    assert chain.states()["load"] == "stale"


# -------------------------------------------------------------------------------------- the cache


def test_deleting_any_part_of_the_cache_changes_no_result(template: Project, tmp_path: Path) -> None:
    shown = {id: template.outputs(id) for id in EVERYTHING}
    generator = random.Random(20240)
    for attempt in range(4):
        p = template.copy(tmp_path / f"broken-{attempt}")
        files = sorted(f for f in (p.folder / ".dagpy").rglob("*") if f.is_file())
        for file in generator.sample(files, k=len(files) // 3):
            file.chmod(0o644)
            match generator.randrange(3):
                case 0:
                    file.unlink()
                case 1:
                    file.write_bytes(file.read_bytes()[:-3])
                case 2:
                    content = bytearray(file.read_bytes() or b"\0")
                    content[generator.randrange(len(content))] ^= 0xFF
                    file.write_bytes(content)
        p.edit("report", 0, "print(best, capped)", "print(best, capped, 'new')")
        p.run()
        assert p.text("report") == "3 [3, 1, 2] new\n"
        for id in EVERYTHING - {"report"}:
            assert p.outputs(id) == shown[id], f"{id}, attempt {attempt}"
        nothing(p)


def test_a_deleted_cache_is_made_again(chain: Project) -> None:
    shutil.rmtree(chain.folder / ".dagpy")
    assert set(chain.states().values()) == {"never"}
    assert chain.run().executed == EVERYTHING
    nothing(chain)


def test_keep_n(project) -> None:
    p = project({"a": ["x = 0"], "b": (["print(x)"], {"parents": ["a"]})}, cache={"keep": 2})
    for n in range(4):
        if n:
            p.edit("a", 0, f"x = {n - 1}", f"x = {n}")
        assert p.run().executed == {"a", "b"}
    p.edit("a", 0, "x = 3", "x = 2")
    report = p.run()
    assert report.executed == set() and report.restored == {"a", "b"}
    p.edit("a", 0, "x = 2", "x = 0")
    assert p.run().executed == {"a", "b"}  # forgotten


def test_parallel_equals_serial(project) -> None:
    blocks = {"root": ["import random\nn = 5"]}
    for i in range(6):
        blocks[f"leaf{i}"] = (
            [f"import random\nv{i} = n * {i} + random.random()\nprint(v{i})"],
            {"parents": ["root"]},
        )
    blocks["sum"] = (
        ["print(sum([" + ", ".join(f"v{i}" for i in range(6)) + "]))"],
        {"parents": [f"leaf{i}" for i in range(6)]},
    )
    p = project(blocks)
    serial = p.copy(p.folder.parent / "serial")
    assert p.run("-j", "4").executed == set(blocks)
    assert serial.run("-j", "1").executed == set(blocks) or serial.run().executed == set()
    assert {id: p.outputs(id) for id in blocks} == {id: serial.outputs(id) for id in blocks}
    serial.run("all", "--force", "-j", "1")
    assert {id: p.outputs(id) for id in blocks} == {id: serial.outputs(id) for id in blocks}


def test_blocks_run_at_the_same_time(project) -> None:
    blocks = {f"wait{i}": ["import time\ntime.sleep(1.5)"] for i in range(4)}
    p = project(blocks)
    report = p.run("-j", "4")
    assert report.executed == set(blocks)
    assert report.document["seconds"] < 4.5
    report = p.run("all", "--force", "-j", "1")
    assert report.document["seconds"] >= 6


# ---------------------------------------------------------------------------- no Python is started


def test_nothing_to_do_starts_no_python(project, tmp_path: Path) -> None:
    """Every interpreter that starts, whichever way, leaves a line; and any `python` on PATH is a trap."""
    p = project({"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})})
    starts = tmp_path / "starts.log"
    spy = tmp_path / "spy"
    spy.mkdir()
    line = f"import os, sys\nwith open({str(starts)!r}, 'a') as log: print(os.getpid(), sys.argv, file=log)\n"
    (spy / "sitecustomize.py").write_text(line)
    p.environment["PYTHONPATH"] = str(spy)
    traps = tmp_path / "traps"
    traps.mkdir()
    for name in ("python", "python3", Path(sys.executable).name):
        trap = traps / name
        trap.write_text(f'#!/bin/sh\necho "trap $0 $*" >> "{starts}"\nexec "{sys.executable}" "$@"\n')
        trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    p.environment["PATH"] = f"{traps}:{p.environment['PATH']}"
    p.environment["DAGPY_PYTHON"] = str(traps / "python3")
    assert p.run().executed == {"a", "b"}
    assert starts.read_text().strip(), "the spy sees no start at all"
    starts.write_text("")
    nothing(p)
    p.states()
    p.cli("why", "b")
    p.cli("exports", "a")
    p.edit("a", 0, "x = 1", "x = 2")
    starts.write_text("")
    p.edit("a", 0, "x = 2", "x = 1")
    nothing(p)
    # A restore needs none either.
    assert starts.read_text() == ""


# ------------------------------------------------------------------------------------ interruption


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
    import nbformat

    for id in p.dag["blocks"]:
        nbformat.validate(nbformat.read(p.path(id), as_version=4))
    assert p.text("quick") == "quick\n"
    states = p.states()
    assert states["quick"] == "fresh" and not {"running", "queued"} & set(states.values())
    # The next run goes on where this one stopped.
    p.edit("slow", 0, "60", "0")
    p.edit("stubborn", 0, "x == 1", "x == 0")
    assert p.run().executed == {"slow", "stubborn", "below"}
    nothing(p)


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
    import subprocess

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

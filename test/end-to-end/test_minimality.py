"""Nothing runs that has an answer: counted by the blocks' own marks, in runs after all kinds of changes."""

from __future__ import annotations

import random
import re
import shutil
import stat
import sys
from pathlib import Path

from project import Project

EVERYTHING = {"load", "sort", "top", "cap", "report", "alone"}


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
    chain.idle()


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
    chain.idle()


def test_an_edit_that_keeps_the_value_runs_one_block(chain: Project) -> None:
    chain.edit("load", 0, "[3, 1, 2]", "[1 + 2, 1, 2]")
    assert chain.run().executed == {"load"}
    chain.edit("sort", 0, "sorted(raw)", "sorted(raw, reverse=False)")
    assert chain.run().executed == {"sort"}
    chain.idle()


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
    p.idle()


def test_sharing_counts(project) -> None:
    """Equal values, but no longer one list under two names."""
    p = project({"a": ["a = [0]\nc = a"], "b": (["c.append(7)\nprint(a)"], {"parents": ["a"]})})
    p.run()
    assert p.text("b") == "[0, 7]\n"
    p.edit("a", 0, "c = a", "c = list(a)")
    assert p.run().executed == {"a", "b"}
    assert p.text("b") == "[0]\n"
    p.edit("a", 0, "c = list(a)", "c = a")
    assert p.idle().restored == {"a", "b"}
    assert p.text("b") == "[0, 7]\n"


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
    p.idle()
    p.rewrite("a", lambda cells: cells.insert(0, {**cells[0], "id": "fresh", "source": ["z = 0"]}))
    assert p.run().executed == {"a"}


def test_filters(chain: Project) -> None:
    chain.cli("filter", "load", "raw,limit")
    chain.idle()  # it stored these anyway
    chain.cli("filter", "load", "raw")
    report = chain.run(code=1)  # `cap` reads limit, which is not handed on any more
    assert report.failed == {"cap"} and report.executed - report.failed == set()
    assert "limit" in chain.errors("cap")[0]["evalue"] and "load" in report.err
    chain.cli("filter", "load", "auto")
    assert chain.run().executed == set()
    chain.cli("filter", "load", "raw,lim*")
    chain.idle()


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


def test_what_a_filter_shows_does_not_depend_on_the_filter_before(project) -> None:
    """An unchanged input whose objects a new variable holds is handed on with it, and so is what came along with it."""
    outcomes = {"auto": "ok", "z": "failed", "x,z": "failed", "*": "ok"}
    pairs = [
        ("auto", "*"),
        ("*", "auto"),
        ("z", "auto"),
        ("z", "x,z"),
        ("z", "*"),
        ("auto", "z"),
        ("x,z", "auto"),
    ]
    blocks: dict = {"a": ["y = [1]\nx = [y]"]}
    for number, (before, _) in enumerate(pairs):
        filter = before if before == "auto" else before.split(",")
        blocks[f"b{number}"] = (["z = [x]"], {"parents": ["a"], "filter": filter})
        blocks[f"c{number}"] = (["print(x, y)"], {"parents": [f"b{number}"]})
    p = project(blocks)
    for place in (0, 1, 0):
        for number, pair in enumerate(pairs):
            filter = pair[place] if pair[place] == "auto" else pair[place].split(",")
            p.declare_block(f"b{number}", filter=filter)
        failed = p.run(code=1).failed
        assert failed == {f"c{n}" for n, pair in enumerate(pairs) if outcomes[pair[place]] == "failed"}


def test_a_new_edge_to_a_large_unread_variable(project) -> None:
    p = project({"a": ["big = bytes(3_000_000)\nsmall = 1"], "b": (["print(small)"], {"parents": ["a"]})})
    p.run()
    assert "small" in p.exports("a") and p.exports("a").get("big", {"digest": None})["digest"] is None
    p.edit("b", 0, "small", "len(big)")
    assert p.run().executed == {"a", "b"}
    assert p.text("b") == "3000000\n"


COLUMNS = 8
FRAME = f"""import numpy as np, pandas as pd
frame = pd.DataFrame(np.arange({COLUMNS} * 200_000.).reshape({COLUMNS}, -1).T, columns=list("abcdefgh"))"""

COLUMN = 8 * 200_000


def stored_bytes(p: Project) -> int:
    objects = p.folder / ".dagpy" / "objects"
    return sum(file.stat().st_size for file in objects.rglob("*") if file.is_file())


def test_columns_that_two_frames_of_a_block_share_are_stored_once(project) -> None:
    p = project(
        {
            "load": [f"{FRAME}\nchanged = frame.assign(c=-1.0)"],
            "show": (["print(frame.sum().sum(), changed.sum().sum())"], {"parents": ["load"]}),
        }
    )
    assert p.run().executed == {"load", "show"}
    assert (COLUMNS + 1) * COLUMN < stored_bytes(p) < (COLUMNS + 1.1) * COLUMN
    shown = p.text("show")
    p.cli("cache", "gc", "--all")
    p.edit("show", 0, "changed.sum().sum())", "changed.sum().sum(), '')")
    assert p.run().executed == {"show"}
    assert p.text("show").strip() == shown.strip()
    p.edit("load", 0, "np.arange(", "1 + np.arange(")
    assert p.run().executed == {"load", "show"}
    assert p.text("show").strip() != shown.strip()


def test_columns_that_were_written_to_are_not_those_that_were_given(project) -> None:
    p = project(
        {
            "load": ["import numpy as np\nrows = np.zeros((8, 200_000))"],
            "write": (["rows[3, 7] = 5\nrows = rows[1:]"], {"parents": ["load"]}),
            "cut": (["rows = rows[2:]"], {"parents": ["write"]}),
            "show": (["print(rows.sum(), rows.shape)"], {"parents": ["cut"]}),
        }
    )
    p.run()
    assert p.text("show") == "5.0 (5, 200000)\n"
    p.edit("write", 0, "rows[3, 7]", "rows[0, 7]")
    assert p.run().executed == {"write", "cut", "show"}
    assert p.text("show") == "0.0 (5, 200000)\n"


def test_columns_that_stay_are_stored_once_and_answer_as_others_do(project) -> None:
    p = project(
        {
            "load": [FRAME],
            "change": (["frame = frame.assign(c=-1.0)"], {"parents": ["load"]}),
            "again": (["frame = frame.assign(g=frame.a + frame.c)"], {"parents": ["change"]}),
            "show": (["print(frame.sum().tolist(), frame.dtypes.unique())"], {"parents": ["again"]}),
        }
    )

    assert p.run().executed == {"load", "change", "again", "show"}
    # two columns are new below the frame that was loaded
    assert (COLUMNS + 2) * COLUMN < stored_bytes(p) < (COLUMNS + 2.1) * COLUMN
    shown = p.text("show")
    sums = [float(sum(range(number * 200_000, (number + 1) * 200_000))) for number in range(COLUMNS)]
    sums[2] = -200_000.0
    sums[6] = sums[0] - 200_000.0
    assert shown.startswith(str(sums))
    p.idle()
    # made again, it is the same for whoever reads it
    p.edit("again", 0, "frame.c)", "frame.c + 0)")
    assert p.run().executed == {"again"}
    p.edit("load", 0, "np.arange(", "1 + np.arange(")
    assert p.run().executed == {"load", "change", "again", "show"}
    p.edit("load", 0, "1 + np.arange(", "np.arange(")
    assert p.idle().restored >= {"load"}
    assert p.text("show") == shown
    before = stored_bytes(p)
    p.cli("cache", "gc", "--all")
    p.idle()
    assert 0 < stored_bytes(p) <= before
    p.edit("show", 0, "frame.dtypes.unique()", "len(frame)")
    assert p.run().executed == {"show"}
    assert p.text("show").split("]")[0] == shown.split("]")[0]


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
    chain.idle()
    chain.edit("load", 0, "31", "32")
    # Alone, on what its parent handed on last.
    assert chain.run("sort", "--only", "--force").executed == {"sort"}
    assert "load" not in chain.run("sort+").executed
    assert chain.run("+(top)").executed == {"load", "sort"}
    assert chain.run("(sort)+").executed == {"top", "report"}
    assert chain.run().executed == {"cap"}
    chain.idle()


def test_force(chain: Project) -> None:
    assert chain.run("top", "--only", "--force").executed == {"top"}
    assert chain.run("all", "--force").executed == EVERYTHING
    chain.idle()


def test_dry_run_runs_nothing(chain: Project) -> None:
    chain.edit("load", 0, "3", "30")
    before = chain.digest(hidden=False)
    done = chain.cli("run", "--dry-run")
    assert "load" in done.out + done.err
    assert chain.digest(hidden=False) == before
    assert chain.states()["load"] == "stale"


# -------------------------------------------------------------------------------------- the cache


def test_deleting_any_part_of_the_cache_changes_no_result(chain_template: Project, tmp_path: Path) -> None:
    shown = {id: chain_template.outputs(id) for id in EVERYTHING}
    generator = random.Random(20240)
    for attempt in range(3):
        p = chain_template.copy(tmp_path / f"broken-{attempt}")
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
        p.idle()


def test_a_deleted_cache_is_made_again(chain: Project) -> None:
    shutil.rmtree(chain.folder / ".dagpy")
    assert set(chain.states().values()) == {"never"}
    assert chain.run().executed == EVERYTHING
    chain.idle()


def test_keep_n(project) -> None:
    p = project({"a": ["x = 0"], "b": (["print(x)"], {"parents": ["a"]})}, cache={"keep": 2})
    for n in range(3):
        if n:
            p.edit("a", 0, f"x = {n - 1}", f"x = {n}")
        assert p.run().executed == {"a", "b"}
    p.edit("a", 0, "x = 2", "x = 1")
    assert p.idle().restored == {"a", "b"}
    p.edit("a", 0, "x = 1", "x = 0")
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
    """`-j` says how many."""
    blocks = {
        f"wait{i}": ["import time\nprint(time.monotonic())\ntime.sleep(1)\nprint(time.monotonic())"]
        for i in range(4)
    }
    p = project(blocks)

    def most_at_once() -> int:
        stretches = [tuple(map(float, p.text(id).split())) for id in blocks]
        return max(sum(start <= moment < end for start, end in stretches) for moment, _ in stretches)

    assert p.run("-j", "4").executed == set(blocks)
    assert most_at_once() >= 3
    assert p.run("wait0", "wait1", "--force", "-j", "1").executed == {"wait0", "wait1"}
    blocks = {"wait0", "wait1"}
    assert most_at_once() == 1


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
    p.idle()
    p.states()
    p.cli("why", "b")
    p.cli("exports", "a")
    p.edit("a", 0, "x = 1", "x = 2")
    starts.write_text("")
    p.edit("a", 0, "x = 2", "x = 1")
    p.idle()
    # A restore needs none either.
    assert starts.read_text() == ""

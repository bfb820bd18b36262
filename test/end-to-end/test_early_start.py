"""Children start when what a block made is known: nothing is remembered of it before it is on the disk."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from faults import faults, hurt
from project import Project, end_group, wait_until

#: How long a disk takes to keep large files.
SLOW = {"milliseconds": 1500, "from": 1_000_000}
BLOCKS = {
    "make": ["import numpy as np\narrays = [np.full(300_000, float(i)) for i in range(4)]\nprint('made')"],
    "change": (["arrays[0][:] = 7.0\nprint(arrays[0].sum())"], {"parents": ["make"]}),
    "look": (["print(sum(float(each.sum()) for each in arrays))"], {"parents": ["change"]}),
}
SHOWN = {"make": "made\n", "change": "2100000.0\n", "look": "3900000.0\n"}


def events(p: Project) -> list[tuple[str, str]]:
    """Of the last run: what happened, to which block."""
    newest = max((p.folder / ".dagpy" / "runs").glob("*.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    told: list[Any] = [json.loads(line) for line in newest.read_text().splitlines()]
    return [(line["event"], line["block"]) for line in told if line.get("event") and line.get("block")]


def stored(p: Project) -> int:
    return sum(file.stat().st_size for file in (p.folder / ".dagpy" / "objects").rglob("*") if file.is_file())


def test_children_do_not_wait_for_the_disk(project, tmp_path: Path) -> None:
    p = project(BLOCKS)
    done = hurt(p, tmp_path / "log", "run", "--json", slow=SLOW)
    assert done.code == 0, done.err
    assert done.json()["executed"] == ["make", "change", "look"]
    order = events(p)
    for parent, child in (("make", "change"), ("change", "look")):
        assert order.index(("blockStarted", child)) < order.index(("blockExecuted", parent)), order
    assert {id: p.text(id) for id in SHOWN} == SHOWN
    # what came from above unchanged is stored once, also while it was on its way: five arrays, not eight
    assert 5 * 2_400_000 <= stored(p) < 6 * 2_400_000
    assert p.idle().fresh == {"make", "change", "look"}
    assert list((p.folder / ".dagpy" / "tmp").glob("job-*")) == []


def test_what_was_not_on_the_disk_is_made_again(project, tmp_path: Path) -> None:
    p = project({**BLOCKS, "wait": (["import time\ntime.sleep(30)"], {"parents": ["make"]})})
    process = p.start(
        "run", "wait", environment=faults(tmp_path / "log", slow={**SLOW, "milliseconds": 20_000})
    )
    try:
        wait_until(lambda: "wait" in p.tally(), "the child runs", process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    finally:
        end_group(process)
    assert p.settled() == []
    assert p.tally() == ["make", "wait"]
    assert list((p.folder / ".dagpy" / "traces").rglob("*.mpk")) == []
    assert p.run("look").executed == {"make", "change", "look"}
    assert {id: p.text(id) for id in SHOWN} == SHOWN


def test_small_values_below_large_ones(project, tmp_path: Path) -> None:
    """What is in its place already names what is still on its way: here the empty output that both show."""
    p = project(
        {
            "big": ["import numpy as np\nbig = np.ones(300_000)"],
            "small": (["small = float(big[0])"], {"parents": ["big"]}),
            "wait": (["import time\ntime.sleep(0.5)\nlater = small + 1"], {"parents": ["small"]}),
            "last": (["print(small, later)"], {"parents": ["small", "wait"]}),
        }
    )
    done = hurt(p, tmp_path / "log", "run", "--json", slow=SLOW)
    assert done.code == 0, done.err
    assert p.text("last") == "1.0 2.0\n"
    order = [id for event, id in events(p) if event == "blockExecuted"]
    assert order == ["big", "small", "wait", "last"], "each is recorded after what it comes from"
    assert p.idle().fresh == {"big", "small", "wait", "last"}


def test_two_readers_of_one_writer(project, tmp_path: Path) -> None:
    """Both ask at once for what it wrote to be kept, under names that nobody could see before."""
    read = "import pathlib\nprint(len(pathlib.Path(names[{}]).read_text()))"
    p = project(
        {
            "write": [
                "import pathlib, numpy as np\nbig = np.ones(300_000)\nnames = [f'{n}.t' + 'xt' for n in 'ab']\n"
                "for n, size in zip(names, (1000, 2000)): pathlib.Path(n).write_text('x' * size)"
            ],
            "first": ([read.format(0) + "\nbig.sum()"], {"parents": ["write"]}),
            "second": ([read.format(1) + "\nbig.sum()"], {"parents": ["write"]}),
        }
    )
    done = hurt(p, tmp_path / "log", "run", "-j", "2", "--json", slow=SLOW)
    assert done.code == 0, done.err
    assert (p.text("first"), p.text("second")) == ("1000\n", "2000\n")
    for name in ("a.txt", "b.txt"):
        (p.folder / name).unlink()
    assert p.run().executed == set(), "both can be put back"
    assert [len((p.folder / name).read_text()) for name in ("a.txt", "b.txt")] == [1000, 2000]


def test_a_block_that_reads_what_its_parent_shows(project, tmp_path: Path) -> None:
    p = project(
        {
            "big": ["import numpy as np\nbig = np.ones(300_000)\nprint('shown')"],
            "report": (
                ["import json\nprint(json.load(open('big.ipynb'))['cells'][-1]['outputs'][0]['text'])"],
                {"after": ["big"]},
            ),
        }
    )
    done = hurt(p, tmp_path / "log", "run", "--json", slow=SLOW)
    assert done.code == 0, done.err
    assert p.text("report") == "['shown\\n']\n"
    assert p.idle().fresh == {"big", "report"}


def test_what_can_not_be_stored_ends_the_run(project, tmp_path: Path) -> None:
    p = project(
        {
            **BLOCKS,
            "alone": ["import numpy as np\nalone = np.full(300_000, 5.0)"],
            "slow": (["import time\ntime.sleep(60)\nprint(arrays[0][0])"], {"parents": ["make"]}),
        }
    )
    done = hurt(p, tmp_path / "log", "run", "make", "alone", "slow", "-j", "2", full=1_000_000, slow=SLOW)
    assert done.code == 2 and "EIO" in done.err and "make failed" in done.out + done.err, done.out + done.err
    assert p.settled() == []
    states = p.states()
    assert states["make"] == "failed" and states["slow"] != "failed", states
    assert list((p.folder / ".dagpy" / "tmp").glob("*")) == []
    assert p.run("look").executed == {"make", "change", "look"}
    assert {id: p.text(id) for id in SHOWN} == SHOWN

"""Children start when what a block made is known: nothing is remembered of it before it is on the disk."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from faults import faults, hurt
from project import Project, end_group, wait_until

#: Milliseconds that a disk takes to keep what it was given.
SLOW = 1500
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
    process = p.start("run", "wait", environment=faults(tmp_path / "log", slow=20_000))
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

"""Sessions made beside a block's own, and sessions that are held for children to be forked from."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import Engine, Running, receive, segment, wire


def beside(*cells: str, live: object = (), **bind: str) -> dict[str, object]:
    """A session made beside: `bind` gives theirs=mine."""
    made = segment(*cells, role="replay", block="maker", live=live)
    return {"segments": [made], "bind": {theirs: [mine] for theirs, mine in bind.items()}}


def test_only_what_is_asked_for_is_handed_on(workers: Engine) -> None:
    ran = workers.run(
        segments=[
            segment(
                "print(next(mine), 'stream' in dir(), 'K' in dir(), _ == '', len(In))",
                live=[beside("K = 5\nK", "stream = (n for n in range(_, 9))", stream="mine")],
            )
        ]
    )
    assert ran.text() == "5 False False True 2\n"
    assert [message for message in ran.messages if message["type"] == "replaying"] == [
        {"type": "replaying", "block": "maker"}
    ]
    # it was asked, so who reads it of this block gets it as this block leaves it
    assert [(each["name"], each["why"]) for each in ran.done["withheld"]] == [("mine", "opaque")]


def test_each_session_beside_has_its_own_variables(workers: Engine) -> None:
    inner = beside("x = 1\nlock = __import__('threading').Lock()", lock="theirs")
    outer = beside("y = 'x' in dir()\nkept = [theirs, y]", live=[inner], kept="kept")
    other = beside("seen = sorted(n for n in dir() if n in ('x', 'y', 'theirs', 'kept', 'p'))", seen="seen")
    ran = workers.run(
        segments=[
            segment("print(kept[0].locked(), kept[1], seen, p)\np.append(1)", live=[outer, other]),
        ],
        parameters={"p": [0]},
    )
    assert ran.text() == "False False ['p'] [0]\n"


def test_a_lock_that_was_only_held_for_a_while_is_as_it_was(workers: Engine) -> None:
    live = [
        beside("import threading\nlock = threading.Lock()\nopen_ = [lock, 1]", lock="lock", open_="open_")
    ]
    ran = workers.run(segments=[segment("with lock: print(lock.locked())", live=live)])
    # what holds it can not be told to be unchanged; it can itself, but shares
    assert "open_" in {each["name"] for each in ran.done["withheld"]}
    live = [beside("import threading\nlock = threading.Lock()", lock="lock")]
    assert workers.run(segments=[segment("with lock: print(1)", live=live)]).done["withheld"] == []
    held = workers.run(segments=[segment("lock.acquire()", live=live)]).done["withheld"]
    assert [each["name"] for each in held] == ["lock"]


def test_what_is_told_of_what_can_not_be_stored(workers: Engine) -> None:
    ran = workers.run(
        "K = 1\nL = [2]\nunrelated = [3]\nrows = [1, 2]\ndef scale(n): return n * K\n"
        "def numbers():\n    for n in rows: yield scale(n) + L[0]\nheld = {'g': numbers(), 'rows': rows}"
    )
    (held,) = ran.done["withheld"]
    assert (held["name"], held["why"]) == ("held", "opaque")
    # a frame holds its function from Python 3.11 on
    assert set(held["shares"]) - {"numbers"} == {"rows"}
    assert held["reaches"] == ["K", "L", "rows", "scale"]


def test_a_failure_beside_names_its_block(workers: Engine) -> None:
    ran = workers.run(segments=[segment("print(1)", live=[beside("x = 1", "1 / 0", x="x")])])
    assert ran.done["status"] == "error"
    assert (ran.done["error"]["block"], ran.done["error"]["ordinal"]) == ("maker", 1)
    gone = workers.run(segments=[segment("print(1)", live=[beside("x = 1", y="y")])])
    assert "maker ran again and did not make y this time" in gone.done["error"]["evalue"]


def test_files_written_beside_are_another_blocks(workers: Engine) -> None:
    live = [
        beside(
            "open('theirs.txt', 'w').write('x')\nstream = iter([1])\nread = (n for n in stream)", read="read"
        )
    ]
    ran = workers.run(
        segments=[
            segment(
                "open('mine.txt', 'w').write(str(next(read)))\nprint(open('theirs.txt').read())", live=live
            )
        ]
    )
    found = ran.done["discoveries"]
    assert [Path(path).name for path in found["written"]] == ["mine.txt"]
    assert [Path(path).name for path in found["writtenBefore"]] == ["theirs.txt"]
    assert ran.files()["theirs.txt"] is not None


# ------------------------------------------------------------------- held sessions


def held(made: Engine, *cells: str) -> tuple[Running, object]:
    """A block whose filter is off, and the connection of the holder of its session."""
    running = made.begin(*cells, hold=True, keep={"filter": "off", "wanted": [], "smallBytes": 0})
    running.until(lambda message: message["type"] == "done")
    return running, made.accept("holder")[0] if running.ran.done["held"] else None


def test_children_are_forked_from_a_held_session(workers: Engine) -> None:
    first, holder = held(
        workers, "import sys\nstream = (n for n in range(9))\nout = sys.stdout\nnext(stream)", "[7]"
    )
    assert holder is not None
    first.connection.send({"type": "acknowledge"})
    main = segment("out.write(f'{next(stream)} {len(In)} {_!r}\\n');", "next(stream)")
    before = segment("wrong = 1", role="replay", block="block")
    for number in range(2):
        name = f"child-{number}"
        scratch = workers.project / name
        scratch.mkdir()
        holder.send({"type": "fork", "job": name})
        worker, hello = workers.accept("worker")
        assert hello["job"] == name and receive(holder)["type"] == "forked"
        worker.send({**SPEC, **paths(workers, scratch), "job": name, "segments": [before, main]})
        child = Running(workers, worker, type(first.ran)(scratch=scratch), 0.0)
        child.until(lambda message: message["type"] == "done")
        worker.send({"type": "acknowledge"})
        assert child.ran.text() == "1 2 ''\n" and child.ran.shown(1) == "2"
        assert receive(holder)["type"] == "exited"
    holder.send({"type": "release"})
    with pytest.raises(wire.Disconnected):
        receive(holder)


SPEC = {
    "type": "execute",
    "block": "child",
    "uid": "1" * 32,
    "parameters": {},
    "ambient": {},
    "seed": None,
    "keep": {"filter": "auto", "wanted": None, "smallBytes": 1_000_000},
    "outputs": [],
    "hints": {},
    "hold": False,
}


def paths(made: Engine, scratch: Path) -> dict[str, Any]:
    return {
        "project": str(made.project),
        "cwd": str(made.project),
        "objects": str(made.objects),
        "early": {},
        "scratch": str(scratch),
    }


@pytest.mark.parametrize(
    "cell",
    [
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
        "file = open('x.txt', 'w')",
        "import socket\nends = socket.socketpair()",
        "import mmap\nshared = mmap.mmap(-1, 8)",
        "import atexit\natexit.register(print)",
        "import tempfile\nfolder = tempfile.TemporaryDirectory()",
        "import subprocess\nchild = subprocess.Popen(['sleep', '30'])",
    ],
)
def test_a_session_that_a_fork_would_not_copy_is_not_held(workers: Engine, cell: str) -> None:
    running, holder = held(workers, cell)
    assert holder is None
    running.connection.send({"type": "acknowledge"})


# ------------------------------------------------------------------- what is known of live values


def test_the_state_of_live_values() -> None:
    from dagpy_worker.values.live import UNKNOWN, state_of

    lock, stream = threading.Lock(), (n for n in range(3))
    before = state_of(lock), state_of(stream)
    assert UNKNOWN not in before and state_of(lock) == before[0]
    lock.acquire()
    next(stream)
    assert state_of(lock) != before[0] and state_of(stream) == UNKNOWN
    with ThreadPoolExecutor(1) as pool:
        opened = state_of(pool)
        pool.submit(int).result()
        assert state_of(pool) == opened
    assert state_of(pool) != opened
    with Path(__file__).open(encoding="utf-8") as file:
        assert state_of(file) == "at 0"
        file.read(3)
        assert state_of(file) == "at 3"
    assert state_of(iter(())) == UNKNOWN and state_of(object()) == UNKNOWN

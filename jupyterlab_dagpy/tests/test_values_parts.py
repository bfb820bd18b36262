"""What a block leaves as it is of a stored array or frame is stored once, also where it is a part of it."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from typing import Any

import pytest
from values_fixtures import Run, component, digest, last, run, sessions

__all__ = ["run", "sessions"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sessions are forked")

LOAD = """
import numpy as np, pandas as pd
load = pd.DataFrame(np.arange(8 * 150_003.).reshape(8, -1).T, columns=[f'c{i}' for i in range(8)])
"""
COLUMN = 8 * 150_003


def written(result: dict[str, Any]) -> int:
    """Bytes of buffers that a block wrote."""
    return sum(
        buffer["size"]
        for part in result["components"]
        for buffer in part["buffers"]
        if buffer["file"] is not None
    )


def parts(result: dict[str, Any], name: str) -> list[tuple[int, int]]:
    """Offset and size of the buffers that are parts of a stored object."""
    return [
        (buffer["within"]["offset"], buffer["size"])
        for buffer in component(result, name)["buffers"]
        if buffer["within"] is not None
    ]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("c0", [(COLUMN, 7 * COLUMN)]),
        ("c4", [(0, 4 * COLUMN), (5 * COLUMN, 3 * COLUMN)]),
        ("c7", [(0, 7 * COLUMN)]),
    ],
)
def test_columns_beside_a_new_one_are_not_written_again(
    run: Run, column: str, expected: list[tuple[int, int]]
) -> None:
    results = run(
        {"code": LOAD, "filter": ["load"]},
        {"code": f"changed = load.assign({column}=-1.0)", "filter": ["changed"]},
        "print(changed.sum().astype(int).tolist(), changed.shape)",
    )
    assert sorted(parts(results[1], "changed")) == expected
    assert written(results[1]) == COLUMN
    clean = run({"code": f"{LOAD}\nchanged = load.assign({column}=-1.0)", "filter": ["changed"]})[0]
    # where bytes lie changes nothing of what they are
    assert digest(results[1], "changed")[1:] == digest(clean, "changed")[1:]
    sums = [-150_003 if f"c{i}" == column else sum(range(i * 150_003, (i + 1) * 150_003)) for i in range(8)]
    assert last(results) == f"{sums} (150003, 8)"


def test_columns_that_two_frames_of_a_block_share_are_written_once(run: Run) -> None:
    results = run(
        {"code": f"{LOAD}changed = load.assign(c4=-1.0)", "filter": ["changed", "load"]},
        "load.loc[0, 'c0'] = -5.0\nprint(changed.iloc[0].tolist(), load.iloc[0].tolist())",
    )
    assert sorted(parts(results[0], "changed")) == [(0, 4 * COLUMN), (5 * COLUMN, 3 * COLUMN)]
    assert parts(results[0], "load") == []
    assert written(results[0]) == 9 * COLUMN
    first = [float(column * 150_003) for column in range(8)]
    assert last(results) == f"{[*first[:4], -1.0, *first[5:]]} {[-5.0, *first[1:]]}"


def test_a_piece_beside_its_array_in_one_value_is_written_once(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.arange(1_000_000)\nboth = [a[1_000:], a[:-5].copy(), a]\ndel a",
        "both[0][0] = -1\nprint(both[0][:2], both[1][1000:1002], both[2][1000:1002])",
    )
    assert parts(results[0], "both") == [(8_000, 8 * 999_000)]
    assert written(results[0]) == 8 * 1_000_000 + 8 * 999_995
    # as a pickle has it: arrays that share memory are independent where they are loaded
    assert last(results) == "[  -1 1001] [1000 1001] [1000 1001]"


def test_a_part_of_a_part_is_one_of_the_same_object(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.arange(1_000_000)",
        {"code": "b = a[1_001:]", "filter": ["b"]},
        {"code": "c = b[99_000:-1]\nd = b", "filter": ["c"]},
        "c[0] = 7\nprint(c[:3], c[-1], c.size, c.flags.aligned)",
    )
    assert parts(results[1], "b") == [(8 * 1_001, 8 * 998_999)]
    assert parts(results[2], "c") == [(8 * 100_001, 8 * 899_998)]
    (buffer,) = component(results[2], "c")["buffers"]
    assert buffer["within"]["digest"] == digest(results[0], "a")[1]
    assert last(results) == "[     7 100002 100003] 999998 899998 True"
    assert written(results[1]) == written(results[2]) == 0


def test_a_part_that_was_written_to_is_written(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.zeros(1_000_000)",
        {"code": "a[500_000] = 1\nb = a[1_000:]\nc = a[600_000:].copy()", "filter": ["b", "c"]},
        {"code": "print(b.sum(), c.sum())", "parents": {"1": None}},
    )
    assert parts(results[1], "b") == parts(results[1], "c") == []
    assert last(results) == "1.0 0.0"


def test_a_part_that_has_its_old_bytes_again_is_one(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.zeros(1_000_000)",
        {"code": "a[500_000] = 1\nb = a[1_000:]\na[500_000] = 0", "filter": ["b"]},
    )
    assert parts(results[1], "b") == [(8_000, 8 * 999_000)]


@pytest.mark.parametrize("kept", ["a[-100:]", "a[:140_000]", "a[:240_000]"])
def test_a_small_part_does_not_hold_a_large_object(run: Run, kept: str) -> None:
    results = run(
        "import numpy as np\na = np.arange(1_000_000)",
        {"code": f"b = {kept}", "filter": ["b"]},
        "print(b[0])",
    )
    assert parts(results[1], "b") == []


def test_small_parts_of_an_object_that_is_held_anyway_are_parts(run: Run) -> None:
    results = run(
        {"code": LOAD, "filter": ["load"]},
        {"code": "changed = load.assign(c4=-1.0, c6=-2.0)", "filter": ["changed"]},
        "print(changed.iloc[1].tolist())",
    )
    one = [(0, 4 * COLUMN), (5 * COLUMN, COLUMN), (7 * COLUMN, COLUMN)]
    assert sorted(parts(results[1], "changed")) == one
    places = [float(1 + column * 150_003) for column in range(8)]
    places[4], places[6] = -1.0, -2.0
    assert last(results) == str(places)


def test_a_block_that_writes_to_a_restored_part_changes_it(run: Run) -> None:
    blocks: list[Any] = [
        "import numpy as np\na = np.arange(1_000_000)",
        {"code": "b = a[1_000:]", "filter": ["b"]},
        {"code": "print(b[5])", "parents": {"1": None}},
        {"code": "b[5] = -1", "parents": {"1": None}, "filter": ["b"]},
        {"code": "print(b[5], b[6])", "parents": {"3": None}},
    ]
    results = run(*blocks)
    # unchanged: nothing is exported again
    assert results[2]["components"] == []
    assert digest(results[3], "b") != digest(results[1], "b")
    assert last(results) == "-1 1006"


PIECES = """
chance = random.Random({seed})
page = {page}
for _ in range(chance.randrange(4)):
    start = chance.randrange(a.size)
    stop = min(a.size, start + chance.choice((1, 2, page, 20 * page)))
    a[start:stop] = chance.choice((a[start:stop], a[start:stop] + 1, 0))
start = chance.choice((0, 1, page, page + 8, chance.randrange(a.size // 24) * 8, chance.randrange(a.size // 3)))
stop = a.size - chance.choice((0, 1, page, page - 1, chance.randrange(a.size // 3)))
b = a[start:stop]
"""


@pytest.mark.parametrize("seed", range(30))
def test_pieces_hold_what_they_would_without_a_store(run: Run, seed: int) -> None:
    first = f"import random\nimport numpy as np\na = np.random.default_rng({seed}).integers(0, 255, 3_000_000, 'u1')\n"
    second = PIECES.format(seed=seed, page=mmap.PAGESIZE)
    results = run(
        first,
        {"code": second, "filter": ["b"]},
        {"code": "b = b[8:]", "filter": ["b"], "parents": {"1": None, "0": None}},
        {"code": "import hashlib\nprint(hashlib.sha256(b.tobytes()).hexdigest())", "parents": {"2": None}},
    )
    clean = run(
        {
            "code": f"{first}{second}b = b[8:]\n"
            "import hashlib\nprint(hashlib.sha256(b.tobytes()).hexdigest())",
            "filter": ["b"],
        }
    )
    assert last(results) == last(clean)
    assert digest(results[2], "b") == digest(clean[0], "b")
    assert all(Path(buffer["path"]).exists() for buffer in component(results[2], "b")["buffers"])


def test_parts_that_are_a_fair_share_together_hold_their_object(run: Run) -> None:
    names = [f"c{i}" for i in range(8)]
    results = run(
        "import numpy as np\na = np.arange(8 * 150_000).reshape(8, -1)",
        {"code": "\n".join(f"{name} = a[{i}]" for i, name in enumerate(names)), "filter": names},
        "print([int(c[1]) for c in (c0, c1, c2, c3, c4, c5, c6, c7)])",
    )
    assert parts(results[1], "c0") == [(i * 1_200_000, 1_200_000) for i in range(8)]
    assert last(results) == str([i * 150_000 + 1 for i in range(8)])


def test_views_of_one_part_count_once(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.arange(1_000_000)",
        {"code": "b = [a[1_000 + i:200_000] for i in range(6)]", "filter": ["b"]},
    )
    # too little of what was restored: the first is written, and the others are parts of that
    assert written(results[1]) == 8 * 199_000
    assert sorted(parts(results[1], "b")) == [(8 * i, 8 * (199_000 - i)) for i in range(1, 6)]


def test_numbers_that_would_lie_askew_are_written(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.zeros(8_000_000, 'u1')",
        {"code": "b = a[13:-3].view('<f4')\nprint(b.flags.aligned)", "filter": ["b"]},
        "print(b.flags.aligned)",
    )
    assert parts(results[1], "b") == []
    assert [result["printed"] for result in results[1:]] == ["False\n", "True\n"]


def test_a_thread_that_writes_meanwhile_spoils_no_digest(run: Run) -> None:
    code = """
import threading
b = a[1_000:]
def flicker():
    while True:
        a[500_000] = 1
        a[500_000] = 0
threading.Thread(target=flicker, daemon=True).start()
"""
    results = run(
        "import numpy as np\na = np.zeros(1_000_000)",
        {"code": code, "filter": ["b"]},
        {"code": "import hashlib\nprint(b.sum())", "parents": {"1": None}},
    )
    blake3 = pytest.importorskip("blake3")
    (buffer,) = component(results[1], "b")["buffers"]
    within = buffer["within"]
    offset = within["offset"] if within else 0
    content = Path(buffer["path"]).read_bytes()[offset : offset + buffer["size"]]
    if within:
        assert blake3.blake3(content).hexdigest() == buffer["digest"]

"""Which pages of a mapped file may have been written to, beside a comparison of all bytes."""

from __future__ import annotations

import mmap
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import values_session

values_session.register()

import numpy as np  # noqa: E402
from dagpy_worker import values  # noqa: E402
from dagpy_worker.values import files, mappings  # noqa: E402

PAGE = mmap.PAGESIZE
SIZE = 300 * PAGE + 123

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def stored(folder: Path, size: int = SIZE, seed: int = 0) -> Path:
    path = folder / f"blob-{seed}"
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def opened(path: Path) -> tuple[memoryview, Any]:
    return files.open_buffer(files.Extent(path, 0, path.stat().st_size))


def same(path: Path, memory: memoryview, mapping: Any, offset: int = 0) -> bool:
    return files.same_content(files.Extent(path, offset, memory.nbytes), memory, mapping)


def parts(path: Path, memory: memoryview, mapping: Any, offset: int = 0) -> Any:
    with path.open("rb") as file:
        return mapping.parts_that_may_differ(memory, file.fileno(), offset)


def test_pages_that_nobody_wrote_to_are_not_named(tmp_path: Path) -> None:
    path = stored(tmp_path)
    memory, mapping = opened(path)
    assert parts(path, memory, mapping) == []
    # reading brings pages in, and they are still the file's
    assert memory.tobytes() == path.read_bytes()
    assert parts(path, memory, mapping) == []
    memory[5 * PAGE + 7] ^= 1
    memory[SIZE - 1] ^= 1
    assert parts(path, memory, mapping) == [(5 * PAGE, 6 * PAGE), (300 * PAGE, SIZE)]
    assert not same(path, memory, mapping)
    memory[5 * PAGE + 7] ^= 1
    memory[SIZE - 1] ^= 1
    assert same(path, memory, mapping)


@pytest.mark.parametrize("start", [0, 1, 8, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 100])
@pytest.mark.parametrize("before", [0, 8, PAGE + 24])
def test_pages_of_a_part_are_told_from_its_own_beginning(tmp_path: Path, start: int, before: int) -> None:
    path = stored(tmp_path)
    # a mapping may itself be of a part of the file
    memory, mapping = files.open_buffer(files.Extent(path, before, SIZE - before))
    assert memory == path.read_bytes()[before:]
    size = SIZE - before - start - 50
    part = memory[start : start + size]
    assert parts(path, part, mapping, before + start) == []
    assert parts(path, part, mapping, before + start + PAGE) is None
    # place in the page at which the part begins
    inside = (before + start) % PAGE
    for place in (0, PAGE - inside - 1, PAGE - inside, 2 * PAGE - inside, 40 * PAGE + 5, size - 1):
        expected = (
            max((inside + place) // PAGE * PAGE - inside, 0),
            min((inside + place) // PAGE * PAGE + PAGE - inside, size),
        )
        memory, mapping = files.open_buffer(files.Extent(path, before, SIZE - before))
        part = memory[start : start + size]
        part[place] ^= 1
        assert parts(path, part, mapping, before + start) == [expected]
        assert not same(path, part, mapping, before + start)
        part[place] ^= 1
        assert same(path, part, mapping, before + start)


@pytest.mark.parametrize("seed", range(40))
def test_told_as_a_comparison_of_all_bytes_tells(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = stored(tmp_path, seed=seed)
    memory, mapping = opened(path)
    array = np.frombuffer(memory, "u1")
    for _ in range(chance.randrange(6)):
        start = chance.randrange(SIZE)
        stop = min(SIZE, start + chance.choice((1, 2, PAGE, 20 * PAGE)))
        match chance.randrange(4):
            case 0:
                array[start:stop] += 1
            case 1:
                array[start:stop] = array[start:stop].copy()
            case 2:
                array[start:stop].sum()
            case _:
                with Path("/dev/zero").open("rb", buffering=0) as zeros:
                    zeros.readinto(memory[start:stop])
    content = path.read_bytes()
    for part in parts(path, memory, mapping):
        array[part[0] : part[1]] = np.frombuffer(content[part[0] : part[1]], "u1")
    # all that was not named is the file's
    assert memory.tobytes() == content
    chosen = chance.randrange(SIZE)
    for change in (0, 1, 255):
        array[chosen : chosen + 1] += np.uint8(change)
        assert same(path, memory, mapping) == (memory.tobytes() == content)


def test_a_fork_inherits_what_was_written(tmp_path: Path) -> None:
    path = stored(tmp_path)
    memory, mapping = opened(path)
    memory[0] ^= 1
    child = os.fork()
    if child == 0:
        before = parts(path, memory, mapping)
        memory[9 * PAGE] ^= 1
        after = parts(path, memory, mapping)
        os._exit(0 if before == [(0, PAGE)] and after == [(0, PAGE), (9 * PAGE, 10 * PAGE)] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert parts(path, memory, mapping) == [(0, PAGE)]


def other_memory(path: Path, memory: memoryview) -> memoryview:
    return memoryview(bytearray(memory))


def same_file_elsewhere(path: Path, memory: memoryview) -> memoryview:
    return opened(path)[0]


def another_part(path: Path, memory: memoryview) -> memoryview:
    return memory[PAGE:]


@pytest.mark.parametrize("other", [other_memory, same_file_elsewhere, another_part])
def test_of_other_memory_nothing_is_known(tmp_path: Path, other: Callable[..., memoryview]) -> None:
    path = stored(tmp_path)
    memory, mapping = opened(path)
    assert parts(path, other(path, memory), mapping) is None


def test_another_file_in_its_place_is_read(tmp_path: Path) -> None:
    path = stored(tmp_path)
    memory, mapping = opened(path)
    content = bytearray(path.read_bytes())
    content[77] ^= 1
    path.unlink()
    path.write_bytes(content)
    assert parts(path, memory, mapping) is None
    assert not same(path, memory, mapping)


def test_a_mapping_that_is_gone_says_nothing_of_what_lies_there_now(tmp_path: Path) -> None:
    path, other = stored(tmp_path), stored(tmp_path, seed=1)
    memory, mapping = opened(path)
    address = mappings.address_of(memory)
    memory.release()
    # the kernel gives a free place of the same size again
    there, _ = opened(other)
    assert mappings.address_of(there) == address
    assert parts(path, there, mapping) is None
    assert not same(path, there, mapping)


@pytest.mark.parametrize("pagemap", ["missing", "empty", "all there", "nothing there"])
def test_a_system_that_does_not_tell_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pagemap: str
) -> None:
    path = stored(tmp_path)
    told = tmp_path / "pagemap"
    if pagemap == "empty":
        told.touch()
    monkeypatch.setattr(mappings, "_PAGEMAP", str(told))
    monkeypatch.setattr(mappings, "_tells", {})
    if pagemap in ("all there", "nothing there"):
        entry = bytes(7) + (b"\xa0" if pagemap == "all there" else b"\x00")
        monkeypatch.setattr(mappings, "_pages", lambda _, size: entry[7:] * -(-size // PAGE))
    memory, mapping = opened(path)
    assert parts(path, memory, mapping) is None
    memory[SIZE // 2] ^= 1
    assert not same(path, memory, mapping)


def bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def as_input(part: Any, folder: Path) -> Any:
    """What a block is told that is given all of a component, under the same names."""
    return {
        "head": str(folder / part["head"]["file"]),
        "buffers": [values_session.extent(folder / blob["file"], blob) for blob in part["buffers"]],
        "lineTables": None,
        "names": part["names"],
        "bind": {name: [name] for name in part["names"]},
    }


def test_an_input_that_stays_as_it_is_is_not_read_again(tmp_path: Path) -> None:
    count = 1_000_000
    namespace: dict[str, Any] = {"__name__": "__main__", "a": np.arange(count), "b": np.ones(count)}
    dumper = values.Dumper(namespace, tmp_path, tmp_path)
    components = [dumper.dump([name], namespace) for name in ("a", "b")]
    inputs = [as_input(part, tmp_path) for part in components]
    session: dict[str, Any] = {"__name__": "__main__"}
    restored = values.restore(inputs, session)
    assert session["a"].sum() == count * (count - 1) // 2
    session["b"][3:5] = 7
    checking = values.Dumper(session, tmp_path, tmp_path)
    before = bytes_read()
    assert checking.is_as_stored(restored[0])
    # a state of every page, and the head
    assert bytes_read() - before < count * 8 / 20
    assert not checking.is_as_stored(restored[1])
    session["b"][3:5] = 1
    before = bytes_read()
    assert checking.is_as_stored(restored[1])
    assert bytes_read() - before < count * 8 / 20


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_a_column_of_text_that_stays_as_it_is_is_not_copied(tmp_path: Path, dtype: str) -> None:
    pandas = pytest.importorskip("pandas")
    texts = [f"some city {number % 50}" for number in range(200_000)]
    namespace: dict[str, Any] = {
        "__name__": "__main__",
        "t": pandas.DataFrame({"x": pandas.Series(texts, dtype=dtype)}),
    }
    part: Any = values.Dumper(namespace, tmp_path, tmp_path).dump(["t"], namespace)
    job = as_input(part, tmp_path)
    session: dict[str, Any] = {"__name__": "__main__"}
    (restored,) = values.restore([job], session)
    checking = values.Dumper(session, tmp_path, tmp_path)
    is_mapped = any(part["size"] >= files.MAPPED_BYTES for part in part["buffers"])
    before = bytes_read()
    assert checking.is_as_stored(restored)
    if is_mapped:
        assert bytes_read() - before < sum(part["size"] for part in part["buffers"]) / 2
    table = session["t"]
    # the same bytes in other memory, then other ones
    table["x"] = table["x"].str.cat([""] * len(table))
    assert checking.is_as_stored(restored)
    table.loc[77, "x"] = "some town"
    assert not checking.is_as_stored(restored)
    table.loc[77, "x"] = texts[77]
    assert checking.is_as_stored(restored)
    table["x"] = table["x"].iloc[::-1].array
    assert not checking.is_as_stored(restored)


def test_a_piece_of_a_column_of_text_is_not_the_whole(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    column = pandas.Series([f"text {number}" for number in range(300_000)], dtype="str")
    namespace: dict[str, Any] = {"__name__": "__main__", "c": column}
    part: Any = values.Dumper(namespace, tmp_path, tmp_path).dump(["c"], namespace)
    job = as_input(part, tmp_path)
    for change in ("c.iloc[:-1]", "c.iloc[1:]", "c.iloc[::2]", "c.replace('text 5', 'text 6')"):
        session: dict[str, Any] = {"__name__": "__main__"}
        (restored,) = values.restore([job], session)
        restored.values["c"] = eval(change, {"c": session["c"]})
        assert not values.Dumper(session, tmp_path, tmp_path).is_as_stored(restored), change

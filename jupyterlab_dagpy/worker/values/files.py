"""Stored files: where they are, their digests, and their bytes in memory."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from .mappings import PrivateMapping

blake3: ModuleType | None
try:
    import blake3
except ImportError:
    blake3 = None

#: Smaller buffers are read into private memory: a mapped file would hold a file descriptor each.
MAPPED_BYTES = 1024 * 1024
_CHUNK = 1024 * 1024

Bytes = bytes | bytearray | memoryview
FilePath = str | os.PathLike[str]

#: Stored files that are not in their place before they are durable: place → where they are until then.
_early: dict[str, str] = {}


class Extent(NamedTuple):
    """A contiguous run of bytes of a file; `offset` and `size` in bytes."""

    path: FilePath
    offset: int
    size: int


def extents(places: Iterable[Mapping[str, Any]]) -> list[Extent]:
    """Buffers as the engine names them, which writes numbers from 2^32 on as floating point."""
    return [Extent(place["path"], int(place["offset"]), int(place["size"])) for place in places]


def note_early(places: Mapping[str, str]) -> None:
    """From now on these files are looked for where they are until they come to their place."""
    _early.clear()
    _early.update(places)


def size_of_stored(path: FilePath) -> int:
    """Bytes of a stored file.

    Raises:
        OSError: missing or unreadable file.
    """
    if os.fspath(path) not in _early:
        return Path(path).stat().st_size
    with open_stored(path) as file:
        return os.fstat(file.fileno()).st_size


def open_stored(path: FilePath) -> BufferedReader:
    """A stored file, also one that comes to its place right now.

    Raises:
        OSError: missing or unreadable file.
    """
    early = _early.get(os.fspath(path))
    if early is not None:
        try:
            return Path(early).open("rb")
        except FileNotFoundError:
            # moved to its place, or let go of
            pass
    return Path(path).open("rb")


def is_stored(path: FilePath) -> bool:
    """Whether it can be opened now."""
    try:
        open_stored(path).close()
    except OSError:
        return False
    return True


def digest_of(data: Bytes) -> str | None:
    """blake3-256 in hexadecimal digits; `None` where this Python can not compute it."""
    return None if blake3 is None else str(blake3.blake3(data).hexdigest())


def digest_of_stored(stored: Extent) -> str | None:
    """The same of what a file has there.

    Raises:
        OSError: missing, unreadable or shorter file.
    """
    if blake3 is None:
        return None
    path, offset, size = stored
    hasher = blake3.blake3()
    # in pieces: mapped, it would count for the memory that the block needed
    piece = memoryview(bytearray(min(size, _CHUNK)))
    with open_stored(path) as file:
        file.seek(offset)
        while size > 0:
            length = file.readinto(piece[: min(size, len(piece))])
            if length == 0:
                raise OSError(f"{os.fspath(path)} is shorter than what was stored in it")
            hasher.update(piece[:length])
            size -= length
    return str(hasher.hexdigest())


def open_buffer(stored: Extent) -> tuple[memoryview, PrivateMapping | None]:
    """A stored buffer as private, writable memory, page-aligned if it begins its file; the file stays as it is.

    Returns:
        The memory; how the file is mapped there, if it is.

    Raises:
        OSError: missing, unreadable or shorter file.
    """
    path, offset, size = stored
    with open_stored(path) as file:
        if os.fstat(file.fileno()).st_size < offset + size:
            raise OSError(f"{os.fspath(path)} is shorter than what was stored in it")
        if size >= MAPPED_BYTES:
            # mappings begin with a page
            before = offset % mmap.ALLOCATIONGRANULARITY
            start = offset - before
            mapped = mmap.mmap(file.fileno(), before + size, access=mmap.ACCESS_COPY, offset=start)
            mapping = PrivateMapping(mapped, file.fileno(), os.fspath(path), start)
            return memoryview(mapped)[before:], mapping
        if size == 0:
            return memoryview(bytearray()), None
        private = memoryview(mmap.mmap(-1, size))
        file.seek(offset)
        file.readinto(private)
        return private, None


def has_content(path: FilePath, data: Bytes) -> bool:
    """Whether a file holds exactly these bytes."""
    with open_stored(path) as file:
        view = memoryview(data)
        return os.fstat(file.fileno()).st_size == view.nbytes and _is_same(file, view, 0, [(0, view.nbytes)])


def same_content(stored: Extent, buffer: memoryview, mapping: PrivateMapping | None = None) -> bool:
    """Whether a buffer holds what is stored. `mapping`: how it was mapped, which spares pages nobody wrote to."""
    path, offset, size = stored
    if size != buffer.nbytes:
        return False
    with open_stored(path) as file:
        if os.fstat(file.fileno()).st_size < offset + size:
            return False
        parts = None if mapping is None else mapping.parts_that_may_differ(buffer, file.fileno(), offset)
        return _is_same(file, buffer, offset, [(0, size)] if parts is None else parts)


def _is_same(file: BufferedReader, view: memoryview, offset: int, parts: Iterable[tuple[int, int]]) -> bool:
    for begin, end in parts:
        file.seek(offset + begin)
        for start in range(begin, end, _CHUNK):
            stop = min(start + _CHUNK, end)
            if file.read(stop - start) != view[start:stop].tobytes():
                return False
    return True


def same_buffers(
    stored: Sequence[Extent],
    buffers: Sequence[memoryview],
    mappings: Sequence[PrivateMapping | None] = (),
) -> bool:
    """Whether buffers hold what is stored, in order. `mappings`: how they were mapped, none or one for each."""
    known = mappings or [None] * len(stored)
    return len(stored) == len(buffers) and all(map(same_content, stored, buffers, known))

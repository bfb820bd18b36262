"""Blobs on their way to the object store, and stored buffers on their way into memory.

A buffer is stored as an object of its own, or, where it lies in the memory of a buffer that was restored and nobody
wrote to it, as the part of that one's object: columns of a frame that a block leaves as they are, a piece of an array.
"""

from __future__ import annotations

import mmap
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypedDict

from .mappings import PrivateMapping, mapping_around

blake3: ModuleType | None
try:
    import blake3
except ImportError:
    blake3 = None

#: Smaller buffers are read into private memory: a mapped file would hold a file descriptor each.
MAPPED_BYTES = 1024 * 1024
#: Parts of a stored object that are a smaller share of it are written as objects of their own: they would keep all of
#: the other one in the store when nothing else asks for it.
_PART_SHARE = 1 / 4
_CHUNK = 1024 * 1024

Bytes = bytes | bytearray | memoryview
FilePath = str | os.PathLike[str]

#: Stored files that are not in their place before they are durable: place → where they are until then.
_early: dict[str, str] = {}


class BlobRef(TypedDict):
    """A blob in the scratch folder, or (`file` None) one that the object store has."""

    file: str | None
    size: int
    digest: str | None


class Part(TypedDict):
    """Where in a stored object the bytes of a buffer lie."""

    digest: str
    size: int
    offset: int


class BufferRef(BlobRef):
    """A buffer's blob; `within` where it is (`file` None) no blob of its own."""

    within: Part | None


class Extent(NamedTuple):
    """A contiguous run of bytes of a file: where a stored buffer is."""

    path: FilePath
    offset: int
    size: int


def extents(places: Iterable[Mapping[str, Any]]) -> list[Extent]:
    """Buffers as the engine names them."""
    return [Extent(place["path"], place["offset"], place["size"]) for place in places]


class BlobWriter:
    """Writes blobs to a job's scratch folder under running numbers.

    Args:
        scratch: folder of the job's own.
        objects: the object store, read only: what is there is not written again.
    """

    def __init__(self, scratch: FilePath, objects: FilePath) -> None:
        self._scratch = Path(scratch)
        self._objects = Path(objects)
        self._written: dict[str, BlobRef] = {}
        self._count = 0

    def write(self, data: Bytes) -> BlobRef:
        """Write one blob; durable only once the engine has synced it.

        Raises:
            OSError: disk full, no permission.
        """
        digest = digest_of(data)
        return self._known(data, digest) or self._new(data, digest)

    def write_buffers(self, buffers: Sequence[memoryview]) -> list[BufferRef]:
        """Write the buffers of one value that are no parts of stored objects.

        Raises:
            OSError: disk full, no permission.
        """
        places = [self._place_of(buffer) for buffer in buffers]
        used: Counter[str] = Counter()
        for buffer, place in zip(buffers, places, strict=True):
            if place is not None:
                used[place[0].path] += buffer.nbytes
        return [
            self._write_buffer(
                buffer, place if place and used[place[0].path] >= place[0].file_size * _PART_SHARE else None
            )
            for buffer, place in zip(buffers, places, strict=True)
        ]

    def _write_buffer(self, buffer: memoryview, place: tuple[PrivateMapping, int] | None) -> BufferRef:
        digest = digest_of(buffer)
        known = self._known(buffer, digest)
        if known is None and digest is not None and place is not None:
            part = self._part(buffer, *place)
            if part is not None:
                return {"file": None, "size": buffer.nbytes, "digest": digest, "within": part}
        return {**(known or self._new(buffer, digest)), "within": None}

    def _known(self, data: Bytes, digest: str | None) -> BlobRef | None:
        if digest is None:
            return None
        if digest in self._written:
            return self._written[digest]
        size = _size_of(data)
        return {"file": None, "size": size, "digest": digest} if self._has(digest, size) else None

    def _new(self, data: Bytes, digest: str | None) -> BlobRef:
        size = _size_of(data)
        name = self._create(data)
        reference: BlobRef = {"file": name, "size": size, "digest": digest}
        if digest is not None:
            self._written[digest] = reference
        return reference

    def _create(self, data: Bytes) -> str:
        while True:
            name = str(self._count)
            self._count += 1
            try:
                # another writer may use the folder
                with (self._scratch / name).open("xb") as file:
                    file.write(data)
                return name
            except FileExistsError:
                continue

    def _place_of(self, buffer: memoryview) -> tuple[PrivateMapping, int] | None:
        """The mapped object that a buffer lies in, and where in it."""
        place = mapping_around(buffer) if buffer.nbytes >= MAPPED_BYTES else None
        return place if place and Path(place[0].path).parent.parent == self._objects else None

    def _part(self, buffer: memoryview, mapping: PrivateMapping, offset: int) -> Part | None:
        path = Path(mapping.path)
        try:
            if not same_content(Extent(path, offset, buffer.nbytes), buffer, mapping):
                return None
        except OSError:
            # let go of meanwhile
            return None
        return {"digest": path.parent.name + path.name, "size": mapping.file_size, "offset": offset}

    def _has(self, digest: str, size: int) -> bool:
        place = self._objects / digest[:2] / digest[2:]
        try:
            if os.fspath(place) not in _early:
                return place.stat().st_size == size
            with open_stored(place) as file:
                return os.fstat(file.fileno()).st_size == size
        except OSError:
            return False


def note_early(places: Mapping[str, str]) -> None:
    """From now on these files are looked for where they are until they come to their place."""
    _early.clear()
    _early.update(places)


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


def _size_of(data: Bytes) -> int:
    return data.nbytes if isinstance(data, memoryview) else len(data)


def digest_of(data: Bytes) -> str | None:
    """blake3-256 in hexadecimal digits; `None` where this Python can not compute it."""
    return None if blake3 is None else str(blake3.blake3(data).hexdigest())


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
    """Whether this is what a buffer holds. `mapping`: how it was mapped, which spares pages nobody wrote to."""
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
    """Whether these are what buffers hold, in order. `mappings`: how they were mapped, none or one for each."""
    known = mappings or [None] * len(stored)
    return len(stored) == len(buffers) and all(map(same_content, stored, buffers, known))

"""Blobs on their way to the object store, and stored buffers on their way into memory."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from types import ModuleType
from typing import TypedDict

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


class BlobRef(TypedDict):
    """A blob in the scratch folder, or (`file` None) one that the object store has."""

    file: str | None
    size: int
    digest: str | None


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
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        digest = digest_of(data)
        if digest is not None:
            if digest in self._written:
                return self._written[digest]
            if self._has(digest, size):
                return {"file": None, "size": size, "digest": digest}
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


def digest_of(data: Bytes) -> str | None:
    """blake3-256 in hexadecimal digits; `None` where this Python can not compute it."""
    return None if blake3 is None else str(blake3.blake3(data).hexdigest())


def open_buffer(path: FilePath) -> tuple[memoryview, PrivateMapping | None]:
    """A stored buffer as private, writable, page-aligned memory; the file stays as it is.

    Returns:
        The memory; how the file is mapped there, if it is.

    Raises:
        OSError: missing or unreadable file.
    """
    with open_stored(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size >= MAPPED_BYTES:
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
            return memoryview(mapped), PrivateMapping(mapped, file.fileno())
        if size == 0:
            return memoryview(bytearray()), None
        private = memoryview(mmap.mmap(-1, size))
        file.readinto(private)
        return private, None


def same_content(path: FilePath, data: Bytes, mapping: PrivateMapping | None = None) -> bool:
    """Whether a file holds exactly these bytes. `mapping`: how it was mapped, which spares pages nobody wrote to."""
    view = memoryview(data).cast("B") if not isinstance(data, memoryview) else data
    with open_stored(path) as file:
        if os.fstat(file.fileno()).st_size != view.nbytes:
            return False
        parts = None if mapping is None else mapping.parts_that_may_differ(view, file.fileno())
        for begin, end in [(0, view.nbytes)] if parts is None else parts:
            file.seek(begin)
            for start in range(begin, end, _CHUNK):
                stop = min(start + _CHUNK, end)
                if file.read(stop - start) != view[start:stop].tobytes():
                    return False
    return True


def same_buffers(
    paths: Sequence[FilePath],
    buffers: Sequence[memoryview],
    mappings: Sequence[PrivateMapping | None] = (),
) -> bool:
    """Whether files hold exactly these buffers, in order. `mappings`: how they were mapped, none or one for each."""
    known = mappings or [None] * len(paths)
    return len(paths) == len(buffers) and all(map(same_content, paths, buffers, known))

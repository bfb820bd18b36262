"""Blobs on their way to the object store.

A buffer is stored as an object of its own, or, where it lies in the memory of a buffer that was restored or is written
too, and has the same bytes, as a part of that one's object: columns of a frame that a block leaves as they are, a piece
of an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

from .files import (
    MAPPED_BYTES,
    Bytes,
    Extent,
    FilePath,
    digest_of,
    digest_of_stored,
    same_content,
    size_of_stored,
)
from .mappings import PrivateMapping, address_of, mapping_around

#: Parts that are together a smaller share of an object are written as objects of their own: they would keep all of it
#: in the store when nothing else asks for it.
_PART_SHARE = 1 / 4
#: Other parts would be restored to addresses at which their numbers may not lie; bytes.
_ALIGNMENT = 8


class BlobRef(TypedDict):
    """A blob in the scratch folder, or (`file` None) one that the object store has."""

    file: str | None
    size: int
    digest: str | None


class Part(TypedDict):
    """The object that a buffer's bytes lie in, and where."""

    digest: str
    size: int
    offset: int


class BufferRef(TypedDict):
    """As `BlobRef`; or, with `within`, a part of an object that the store has or that is written beside it."""

    file: str | None
    size: int
    digest: str | None
    within: Part | None


class _Place(NamedTuple):
    """Where the bytes of a buffer probably are: in a file from an offset on."""

    path: Path
    offset: int
    #: of the whole file
    digest: str
    size: int
    mapping: PrivateMapping | None


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
        if size < MAPPED_BYTES:
            # a thread of the user's may write to it between digesting and writing
            data = bytes(data)
        digest = digest_of(data)
        if digest is not None:
            known = self._known(digest, size)
            if known is not None:
                return known
        name = self._create(data)
        if digest is not None and not isinstance(data, bytes):
            # too large for a copy: what counts is what was written
            digest = digest_of_stored(Extent(self._scratch / name, 0, size))
        reference: BlobRef = {"file": name, "size": size, "digest": digest}
        if digest is not None:
            self._written[digest] = reference
        return reference

    def write_buffers(self, values: Sequence[Sequence[memoryview]]) -> list[list[BufferRef]]:
        """Write the buffers of values, as far as they are no parts of others or of what was restored.

        Returns:
            For each value a reference for each of its buffers.

        Raises:
            OSError: disk full, no permission.
        """
        buffers = [buffer for value in values for buffer in value]
        restored = self._parts_of_restored(buffers)
        written: list[tuple[int, _Place]] = []
        references: dict[int, BufferRef] = {}
        # what lies in the memory of something larger finds it written
        for at in sorted(range(len(buffers)), key=lambda at: buffers[at].nbytes, reverse=True):
            buffer = buffers[at]
            place = restored[at] or _place_among(written, buffer)
            part = self._part(place, buffer.nbytes) if place is not None else None
            if part is not None:
                references[at] = part
                continue
            reference = self.write(buffer)
            references[at] = {**reference, "within": None}
            address = address_of(buffer) if buffer.nbytes >= MAPPED_BYTES else None
            digest, file = reference["digest"], reference["file"]
            if address is not None and digest is not None:
                path = self._object(digest) if file is None else self._scratch / file
                written.append((address, _Place(path, 0, digest, buffer.nbytes, None)))
        following = iter(range(len(buffers)))
        return [[references[next(following)] for _ in value] for value in values]

    def _parts_of_restored(self, buffers: Sequence[memoryview]) -> list[_Place | None]:
        """Where in restored objects buffers are, of those objects of which a fair share is used."""
        found = [self._place_restored(buffer) for buffer in buffers]
        ranges: dict[str, list[tuple[int, int]]] = {}
        for buffer, place in zip(buffers, found, strict=True):
            if place is not None:
                ranges.setdefault(place.digest, []).append((place.offset, place.offset + buffer.nbytes))
        return [
            place if place and _covered(ranges[place.digest]) >= place.size * _PART_SHARE else None
            for place in found
        ]

    def _place_restored(self, buffer: memoryview) -> _Place | None:
        found = mapping_around(buffer) if buffer.nbytes >= MAPPED_BYTES else None
        if found is None:
            return None
        mapping, offset = found
        path = Path(mapping.path)
        digest = path.parent.name + path.name
        if path != self._object(digest):
            return None
        return _checked(_Place(path, offset, digest, mapping.file_size, mapping), buffer)

    def _part(self, place: _Place, size: int) -> BufferRef | None:
        try:
            # of the stored bytes, not of the memory: whatever happens to that, the digest is that of what is loaded
            digest = digest_of_stored(Extent(place.path, place.offset, size))
        except OSError:
            # let go of meanwhile
            return None
        if digest is None:
            return None
        known = self._known(digest, size)
        if known is not None:
            return {**known, "within": None}
        part: Part = {"digest": place.digest, "size": place.size, "offset": place.offset}
        return {"file": None, "size": size, "digest": digest, "within": part}

    def _known(self, digest: str, size: int) -> BlobRef | None:
        if digest in self._written:
            return self._written[digest]
        return {"file": None, "size": size, "digest": digest} if self._has(digest, size) else None

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

    def _object(self, digest: str) -> Path:
        return self._objects / digest[:2] / digest[2:]

    def _has(self, digest: str, size: int) -> bool:
        try:
            return size_of_stored(self._object(digest)) == size
        except OSError:
            return False


def _place_among(written: Sequence[tuple[int, _Place]], buffer: memoryview) -> _Place | None:
    """Where a buffer is in what was written, which lay at the addresses."""
    address = address_of(buffer) if buffer.nbytes >= MAPPED_BYTES else None
    if address is None:
        return None
    for start, whole in written:
        if start <= address and address + buffer.nbytes <= start + whole.size:
            place = _checked(whole._replace(offset=address - start), buffer)
            if place is not None:
                return place
    return None


def _checked(place: _Place, buffer: memoryview) -> _Place | None:
    """The place if a buffer is a part there and has its bytes: its memory may have been written to since."""
    if buffer.nbytes == place.size or place.offset % _ALIGNMENT != 0:
        return None
    try:
        is_same = same_content(Extent(place.path, place.offset, buffer.nbytes), buffer, place.mapping)
    except OSError:
        # let go of meanwhile
        return None
    return place if is_same else None


def _covered(ranges: Sequence[tuple[int, int]]) -> int:
    """Bytes that are in any of the ranges."""
    covered, end = 0, 0
    for begin, stop in sorted(ranges):
        covered += max(stop - max(begin, end), 0)
        end = max(end, stop)
    return covered

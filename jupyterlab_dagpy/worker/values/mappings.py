"""Privately mapped files: what lies in one, and which of its bytes may differ from the file's.

A page that nobody wrote to is the file's own.

Linux tells of every page of a process whether it is one of a file (``/proc/self/pagemap``). A private mapping has its
own copy of each page that was written to, and of no other. Where the system does not tell, or not as expected,
everything may differ.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import weakref
from pathlib import Path

_PAGEMAP = "/proc/self/pagemap"
#: Bytes that tell of one page.
_ENTRY = 8
#: Of the last byte of an entry: the page is there, it was moved out, it belongs to a file.
_PRESENT, _MOVED, _FILE = 0x80, 0x40, 0x20
#: Last byte of an entry → 0 for a page that is the file's, or was never asked for; 1 for all others.
_MAY_DIFFER = bytes(
    state & (_PRESENT | _MOVED) != 0 and state & (_PRESENT | _MOVED | _FILE) != _PRESENT | _FILE
    for state in range(256)
)
#: Device → whether pages of its files are told as expected.
_tells: dict[int, bool] = {}
#: Those that are there.
_mappings: weakref.WeakKeyDictionary[mmap.mmap, PrivateMapping] = weakref.WeakKeyDictionary()


class PrivateMapping:
    """A file, or a part of it, as it was mapped. Does not keep the mapping alive.

    Args:
        mapped: with `mmap.ACCESS_COPY`.
        descriptor: of the file.
        path: of the file, as it was asked for.
        start: place in the file of the first mapped byte.
    """

    def __init__(self, mapped: mmap.mmap, descriptor: int, path: str, start: int = 0) -> None:
        self.path = path
        self._start = start
        self._mapped = weakref.ref(mapped)
        self._file = _identity(descriptor)
        # it does not move while it is there
        self._address = address_of(mapped)
        _mappings[mapped] = self

    @property
    def file_size(self) -> int:
        """Bytes of the whole file."""
        return self._file[2]

    def offset_of(self, address: int, size: int) -> int | None:
        """Place in the file of the byte at an address; `None`: these bytes do not lie in this mapping."""
        # alive: nothing else can have come to lie at its addresses, and its file's number belongs to no other file
        mapped = self._mapped()
        if mapped is None or mapped.closed or self._address is None:
            return None
        place = address - self._address
        return self._start + place if 0 <= place <= len(mapped) - size else None

    def parts_that_may_differ(
        self, buffer: memoryview, descriptor: int, offset: int = 0
    ) -> list[tuple[int, int]] | None:
        """Places in a buffer, from and up to, outside of which it has the bytes of a file.

        Args:
            buffer: contiguous bytes.
            descriptor: of the file.
            offset: place in the file from which on it may have these bytes.

        Returns:
            `None` where nothing is known: another file, other memory, or a system that does not tell.
        """
        address = address_of(buffer)
        if address is None or self.offset_of(address, buffer.nbytes) != offset:
            return None
        if _identity(descriptor) != self._file or not _is_told(descriptor):
            return None
        # whole pages are told of: a buffer may begin and end inside of one
        before = address % mmap.PAGESIZE
        pages = _pages(address - before, before + buffer.nbytes)
        if pages is None:
            return None
        size = mmap.PAGESIZE
        return [
            (max(begin * size - before, 0), min(end * size - before, buffer.nbytes))
            for begin, end in _runs(pages)
        ]


def mapping_around(buffer: memoryview) -> tuple[PrivateMapping, int] | None:
    """The mapping that a buffer lies in, and the place in the file of its first byte."""
    address = address_of(buffer)
    if address is None:
        return None
    for mapping in _mappings.values():
        offset = mapping.offset_of(address, buffer.nbytes)
        if offset is not None:
            return mapping, offset
    return None


def _runs(pages: bytes) -> list[tuple[int, int]]:
    """Runs of pages that may differ from their file's."""
    may_differ = pages.translate(_MAY_DIFFER)
    found = []
    begin = may_differ.find(1)
    while begin >= 0:
        end = may_differ.find(0, begin)
        end = len(may_differ) if end < 0 else end
        found.append((begin, end))
        begin = may_differ.find(1, end)
    return found


def _identity(descriptor: int) -> tuple[int, int, int, int]:
    stats = os.fstat(descriptor)
    return stats.st_dev, stats.st_ino, stats.st_size, stats.st_mtime_ns


def address_of(memory: mmap.mmap | memoryview) -> int | None:
    """Where bytes lie; `None` where that can not be told, as of a buffer that may not be written to."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(memory))
    except (TypeError, ValueError):
        numpy = sys.modules.get("numpy")
        return None if numpy is None else int(numpy.frombuffer(memory, "u1").ctypes.data)


def _pages(address: int, size: int) -> bytes | None:
    """The last byte of the entries of the pages that hold these bytes; `address` begins a page."""
    if address % mmap.PAGESIZE != 0 or sys.byteorder != "little":
        return None
    count = -(-size // mmap.PAGESIZE)
    try:
        with Path(_PAGEMAP).open("rb", buffering=0) as file:
            file.seek(address // mmap.PAGESIZE * _ENTRY)
            entries = file.read(count * _ENTRY)
    except OSError:
        return None
    if entries is None or len(entries) != count * _ENTRY:
        return None
    return entries[_ENTRY - 1 :: _ENTRY]


def _is_told(descriptor: int) -> bool:
    """Whether a page of the file is told apart from a copy of it. Tried once for each device."""
    device = os.fstat(descriptor).st_dev
    if device not in _tells:
        _tells[device] = _try(descriptor)
    return _tells[device]


def _try(descriptor: int) -> bool:
    try:
        with mmap.mmap(descriptor, mmap.PAGESIZE, access=mmap.ACCESS_COPY) as page:
            address = address_of(page)
            if address is None:
                return False
            first = page[0]
            read = _pages(address, mmap.PAGESIZE)
            page[0] = first
            written = _pages(address, mmap.PAGESIZE)
    except (OSError, ValueError):
        return False
    if read is None or written is None:
        return False
    told = _PRESENT | _MOVED | _FILE
    return read[0] & told == _PRESENT | _FILE and written[0] & told == _PRESENT

"""Which bytes of a privately mapped file may differ from the file: a page that nobody wrote to is the file's own.

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


class PrivateMapping:
    """A file as it was mapped. Does not keep the mapping alive.

    Args:
        mapped: from the first byte of the file to its last, with `mmap.ACCESS_COPY`.
        descriptor: of the file.
    """

    def __init__(self, mapped: mmap.mmap, descriptor: int) -> None:
        self._mapped = weakref.ref(mapped)
        self._file = _identity(descriptor)

    def parts_that_may_differ(self, buffer: memoryview, descriptor: int) -> list[tuple[int, int]] | None:
        """Places in a buffer, from and up to, outside of which it has the bytes of a file.

        Args:
            buffer: contiguous bytes.
            descriptor: of the file.

        Returns:
            `None` where nothing is known: another file, other memory, or a system that does not tell.
        """
        # alive: nothing else can have come to lie at its addresses, and its file's number belongs to no other file
        mapped = self._mapped()
        if mapped is None or mapped.closed or buffer.nbytes != len(mapped):
            return None
        if _identity(descriptor) != self._file or not _is_told(descriptor):
            return None
        address = _address(mapped)
        if address is None or _address(buffer) != address:
            return None
        pages = _pages(address, buffer.nbytes)
        if pages is None:
            return None
        size = mmap.PAGESIZE
        return [(begin * size, min(end * size, buffer.nbytes)) for begin, end in _runs(pages)]


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


def _address(memory: mmap.mmap | memoryview) -> int | None:
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
            address = _address(page)
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

"""Standard streams of a worker: what Python prints and what C code and child processes write, in order, live."""

from __future__ import annotations

import codecs
import os
import sys
import time
from _thread import RLock
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ipykernel.iostream import OutStream

Emit = Callable[[str, str], None]

#: Seconds that text may wait for more, as in ipykernel.
FLUSH_INTERVAL = 0.2
_LARGEST_PIECE = 1 << 16


class Streams:
    """Captures descriptors 1 and 2 and takes the place of ``sys.stdout`` and ``sys.stderr``.

    `emit(name, text)` is called with the pieces in the order in which they were written; a descriptor's bytes are
    fetched before each piece that Python writes, so both kinds keep their order within one stream.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._ends: dict[int, tuple[str, Any]] = {}
        #: What was there before: for messages of a dying worker.
        self.original = (os.dup(1), os.dup(2))
        self._open()
        sys.stdout = CellStream(self, "stdout", self.original[0])
        sys.stderr = CellStream(self, "stderr", self.original[1])
        self._fflush = _c_flush()

    def renew(self) -> None:
        """In a fork: pipes of its own, behind the same ``sys.stdout`` that the user's objects may hold."""
        for descriptor in (*self._ends, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._ends.clear()
        self._open()

    def _open(self) -> None:
        # another thread of a process that this one was forked from may have held the lock
        self._lock = RLock()
        self._pid = os.getpid()
        # a buffer a stream, as ipykernel has it: what goes to one is not cut where the other is written to
        self._buffers = {"stdout": Buffer(), "stderr": Buffer()}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            os.dup2(writing, descriptor)
            os.close(writing)
            self._ends[reading] = (name, codecs.getincrementaldecoder("utf-8")("replace"))

    @property
    def descriptors(self) -> list[int]:
        """What a control thread waits for before it calls `pump`."""
        return [*self._ends, self._wake_read]

    def wait(self) -> float | None:
        """Seconds after which waiting text is due; `None` when none is."""
        due = [buffer.since + FLUSH_INTERVAL for buffer in self._buffers.values() if buffer.since]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def pump(self) -> None:
        """Fetch what came through the descriptors and send what has waited long enough. Any thread."""
        with self._lock:
            with suppress(BlockingIOError):
                os.read(self._wake_read, 64)
            self._fetch()
            now = time.monotonic()
            for name, buffer in self._buffers.items():
                if buffer.since and now >= buffer.since + FLUSH_INTERVAL:
                    self._send(name)

    def write(self, name: str, text: str) -> None:
        """Text from Python."""
        if os.getpid() != self._pid:
            # a process that the user's code forked: through the descriptor, as its C code would
            os.write(1 if name == "stdout" else 2, text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._fetch()
            self._add(name, text)

    def flush(self, *names: str) -> None:
        """Send everything written so far, to the streams named or to both."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._fetch()
            for name in names or self._buffers:
                self._send(name)

    def settle(self) -> None:
        """At the end of a cell: C's own buffers too."""
        if self._fflush is not None:
            self._fflush(None)
        self.flush()

    def _fetch(self) -> None:
        for reading, (name, decoder) in self._ends.items():
            while True:
                try:
                    data = os.read(reading, _LARGEST_PIECE)
                except (BlockingIOError, InterruptedError):
                    break
                if not data:
                    break
                self._add(name, decoder.decode(data))

    def _add(self, name: str, text: str) -> None:
        if not text:
            return
        buffer = self._buffers[name]
        buffer.pieces.append(text)
        buffer.size += len(text)
        if buffer.size >= _LARGEST_PIECE:
            self._send(name)
        elif not buffer.since:
            buffer.since = time.monotonic()
            with suppress(BlockingIOError):
                os.write(self._wake_write, b"w")

    def _send(self, name: str) -> None:
        buffer = self._buffers[name]
        if buffer.pieces:
            self._buffers[name] = Buffer()
            self._emit(name, "".join(buffer.pieces))


class Buffer:
    """Text that waits for more."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.size = 0
        #: Monotonic seconds of the first piece; 0: there is none.
        self.since = 0.0


class CellStream(OutStream):
    """What the user's code finds as ``sys.stdout``: an ipykernel stream to look at, with another way out."""

    def __init__(self, streams: Streams, name: str, original: int) -> None:
        # not ipykernel's: that starts threads and needs ZMQ
        self._streams = streams
        self.name = name
        self._original_stdstream_copy = original
        self._isatty = False
        self._open = True
        self.echo = None
        self._fid = None
        self._should_watch = False
        self.pub_thread = None

    def write(self, string: str) -> int:
        """Write text; returns its length in characters."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if not self._open:
            raise ValueError("I/O operation on closed file")
        self._streams.write(self.name, string)
        return len(string)

    def writelines(self, sequence: Any) -> None:
        """Write several texts."""
        for string in sequence:
            self.write(string)

    def writable(self) -> bool:
        """Always."""
        return True

    def flush(self) -> None:
        """Send what waits."""
        self._streams.flush(self.name)

    def close(self) -> None:
        """As ipykernel: the stream of the session itself stays usable for the next cell."""

    @property
    def closed(self) -> bool:
        """Whether writes fail."""
        return not self._open

    def set_parent(self, parent: Any) -> None:
        """Output goes to the running cell; nothing to remember."""

    #: No header: nothing here travels through ZMQ.
    parent_header: Any = None

    def __del__(self) -> None:
        """Nothing to end."""


def _c_flush() -> Callable[[Any], Any] | None:
    if sys.platform == "win32":
        return None
    import ctypes

    flush: Callable[[Any], Any] = ctypes.CDLL(None).fflush
    return flush

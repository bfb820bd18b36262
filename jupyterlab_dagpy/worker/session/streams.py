"""Standard streams of a worker: what Python prints and what C code and child processes write, in order, live."""

from __future__ import annotations

import codecs
import os
import sys
import time
from _thread import RLock
from collections.abc import Callable
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
        self._lock = RLock()
        self._pid = os.getpid()
        self._name = ""
        self._waiting: list[str] = []
        self._size = 0
        self._since = 0.0
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._ends: dict[int, tuple[str, Any]] = {}
        #: What was there before: for messages of a dying worker.
        self.original = (os.dup(1), os.dup(2))
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            os.dup2(writing, descriptor)
            os.close(writing)
            self._ends[reading] = (name, codecs.getincrementaldecoder("utf-8")("replace"))
        sys.stdout = CellStream(self, "stdout", self.original[0])
        sys.stderr = CellStream(self, "stderr", self.original[1])
        self._fflush = _c_flush()

    @property
    def descriptors(self) -> list[int]:
        """What a control thread waits for before it calls `pump`."""
        return [*self._ends, self._wake_read]

    def wait(self) -> float | None:
        """Seconds after which waiting text is due; `None` when none is."""
        since = self._since
        return max(0.0, since + FLUSH_INTERVAL - time.monotonic()) if since else None

    def pump(self) -> None:
        """Fetch what came through the descriptors and send what has waited long enough. Any thread."""
        with self._lock:
            try:
                os.read(self._wake_read, 64)
            except BlockingIOError:
                pass
            self._fetch()
            if self._since and time.monotonic() >= self._since + FLUSH_INTERVAL:
                self._send()

    def write(self, name: str, text: str) -> None:
        """Text from Python."""
        if os.getpid() != self._pid:
            # a process that the user's code forked: through the descriptor, as its C code would
            os.write(1 if name == "stdout" else 2, text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._fetch()
            self._add(name, text)

    def flush(self) -> None:
        """Send everything written so far."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._fetch()
            self._send()

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
        if name != self._name:
            self._send()
            self._name = name
        self._waiting.append(text)
        self._size += len(text)
        if self._size >= _LARGEST_PIECE:
            self._send()
        elif not self._since:
            self._since = time.monotonic()
            try:
                os.write(self._wake_write, b"w")
            except BlockingIOError:
                pass

    def _send(self) -> None:
        if self._waiting:
            text = "".join(self._waiting)
            self._waiting, self._size, self._since = [], 0, 0.0
            self._emit(self._name, text)


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

    def write(self, string: str) -> int:  # type: ignore[override]
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
        self._streams.flush()

    def close(self) -> None:
        """As ipykernel: the stream of the session itself stays usable for the next cell."""

    @property
    def closed(self) -> bool:
        """Whether writes fail."""
        return not self._open

    def set_parent(self, parent: Any) -> None:
        """Output goes to the running cell; nothing to remember."""

    @property
    def parent_header(self) -> dict[str, Any]:
        """No header: nothing here travels through ZMQ."""
        return {}

    def __del__(self) -> None:
        """Nothing to end."""


def _c_flush() -> Callable[[Any], Any] | None:
    if sys.platform == "win32":
        return None
    import ctypes

    flush: Callable[[Any], Any] = ctypes.CDLL(None).fflush
    return flush

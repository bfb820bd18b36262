"""A child process whose output is heard line by line, and whose end is heard even if others still hold its pipes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

#: Of a line; what is longer comes in pieces.
LONGEST_LINE = 1 << 20
#: Seconds for what it wrote last to arrive after its end.
LAST_WORDS = 1.0


class Child(asyncio.SubprocessProtocol):
    """A process in a session of its own, so that Ctrl+C in the terminal is for its parent alone.

    Its standard input stays open as long as this process lives, however that ends.
    """

    def __init__(self, on_output: Callable[[bytes], None], on_error: Callable[[bytes], None]) -> None:
        """Both are called with one line each, without its end."""
        self._hearers = {1: on_output, 2: on_error}
        self._rest = {1: b"", 2: b""}
        loop = asyncio.get_running_loop()
        self._exited = loop.create_future()
        self._silent = {1: loop.create_future(), 2: loop.create_future()}
        self._transport: asyncio.SubprocessTransport | None = None

    async def start(self, command: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: when that is not possible.
        """
        self._transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: self, *command, cwd=folder, env=environment, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._transport is not None
        return self._transport.get_pid()

    async def ended(self) -> int:
        """Wait for its end. Returns its exit code, negative for a signal."""
        assert self._transport is not None
        await asyncio.shield(self._exited)
        await asyncio.wait(self._silent.values(), timeout=LAST_WORDS)
        code = self._transport.get_returncode()
        self._transport.close()
        return -1 if code is None else code

    async def end(self, patience: float) -> None:
        """SIGTERM, and SIGKILL where it is not gone in `patience` seconds."""
        self.terminate()
        await asyncio.wait([self._exited], timeout=patience)
        self.kill()
        await self.ended()

    def terminate(self) -> None:
        """SIGTERM, if it still runs."""
        assert self._transport is not None
        with contextlib.suppress(ProcessLookupError):
            self._transport.terminate()

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        assert self._transport is not None
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Part of what it wrote."""
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        self._rest[fd] = rest
        for line in lines:
            self._hearers[fd](line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Nobody can write there any more."""
        if fd not in self._hearers:
            return
        if self._rest[fd]:
            self._hearers[fd](self._rest[fd])
        self._rest[fd] = b""
        if not self._silent[fd].done():
            self._silent[fd].set_result(None)

    def process_exited(self) -> None:
        """It is gone; others may still hold its pipes."""
        if not self._exited.done():
            self._exited.set_result(None)

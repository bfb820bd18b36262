"""One running daemon: the process ``dagpy serve``, what it says, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Callable
from logging import Logger
from typing import Any

from jupyterlab_dagpy.engine import EngineMissingError, engine_command

from .process import Child

#: Of the lines between the daemon and the program that started it.
VERSION = 1
#: How long it may take until it answers: a cold disk, a machine that is busy.
SECONDS_TO_START = 60.0
#: How long it may take to end what it does, before it is killed.
SECONDS_TO_END = 5.0
#: Lines of what it wrote for people that a message about a failed start shows.
LINES_SHOWN = 5


class StartError(Exception):
    """It did not start; the message says why, and what to do."""


class Daemon:
    """The program ``dagpy serve`` for the projects below a folder."""

    def __init__(self, log: Logger, on_activity: Callable[[], None]) -> None:
        """`on_activity` is called when a run begins or ends."""
        #: Whoever knows it is answered.
        self.secret = secrets.token_urlsafe(32)
        #: Path of the unix socket that it answers on; empty until it does.
        self.socket = ""
        #: Runs that are on.
        self.running = 0
        self._log = log
        self._on_activity = on_activity
        self._last: list[str] = []
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._child = Child(self._hear, self._tell)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    async def start(self, root: str) -> None:
        """Start it, and wait until it answers.

        Raises:
            StartError: when it can not be started, or does not answer.
        """
        if sys.platform == "win32":
            raise StartError("on Windows DAGpy runs in the terminal only: `dagpy --help`")
        try:
            command = [*engine_command(), "serve", "--root", root, "--with-parent", "--json"]
        except EngineMissingError as error:
            raise StartError(str(error)) from None
        own = {"DAGPY_PYTHON": sys.executable, "DAGPY_SERVE_SECRET": self.secret}
        try:
            await self._child.start(command, root, {**os.environ, **own})
        except OSError as error:
            raise StartError(f"{command[0]} can not be started in {root}: {error.strerror}") from None
        ended = asyncio.create_task(self._child.ended())
        try:
            first: list[asyncio.Future[Any]] = [self._ready, ended]
            await asyncio.wait(first, timeout=SECONDS_TO_START, return_when=asyncio.FIRST_COMPLETED)
            if self._ready.done():
                self._ready.result()
            elif ended.done():
                raise StartError(self._with_last_words(f"it ended at once, with exit code {ended.result()}"))
            else:
                raise StartError(self._with_last_words(f"it did not answer within {SECONDS_TO_START:.0f} s"))
        except BaseException:
            await self._child.end(patience=0)
            raise
        finally:
            ended.cancel()

    async def ended(self) -> int:
        """Wait for its end. Returns its exit code, negative for a signal."""
        code = await self._child.ended()
        self.running = 0
        return code

    async def end(self) -> None:
        """Ask it to end, and kill it if that takes long."""
        await self._child.end(SECONDS_TO_END)

    def terminate(self) -> None:
        """Ask it to end; `ended` hears of it."""
        self._child.terminate()

    def kill(self) -> None:
        """End it as it is."""
        self._child.kill()

    def _hear(self, line: bytes) -> None:
        """A line of `src/protocol/resident/parent.ts`."""
        said = _decoded(line)
        socket, running = said.get("socket"), said.get("running")
        if isinstance(socket, str) and not self._ready.done():
            if said.get("version") == VERSION:
                self.socket = socket
                self._ready.set_result(None)
            else:
                self._ready.set_exception(
                    StartError(
                        f"it speaks version {said.get('version')} and this server version {VERSION}:"
                        " restart the Jupyter server"
                    )
                )
        if isinstance(running, int):
            self.running = running
            self._on_activity()

    def _tell(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self._log.info("%s", text)
        self._last = [*self._last, text][-LINES_SHOWN:]

    def _with_last_words(self, why: str) -> str:
        return "\n".join([why, *self._last])


def _decoded(line: bytes) -> dict[str, Any]:
    """Empty: it is none of the daemon's lines."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

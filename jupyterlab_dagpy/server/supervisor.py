"""Keeps one daemon running for as long as the server does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from logging import Logger

from jupyterlab_dagpy.engine import engine_stamp

from .client import answers
from .daemon import Daemon, StartError

#: Seconds until the first new start, and at most.
FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
#: Seconds after which a daemon counts as one that works: the next one is started soon again.
WORKS_AFTER = 30.0
#: Seconds between two reports of a run that is on.
ACTIVITY_INTERVAL = 30.0
#: Seconds between two looks whether another version was installed, which has to look the same twice.
UPGRADE_INTERVAL = 5.0


class Supervisor:
    """Starts a daemon, and another one when it ends.

    start ──► starting ──answers──► running ──ends──┐
                 ▲  └──fails──┐                     │
                 └──── waiting ◄────────────────────┘   each wait twice as long, or until `kick`
    """

    def __init__(self, root: str, log: Logger, on_activity: Callable[[], None]) -> None:
        """`on_activity` is called when a run begins or ends, and from time to time while one is on."""
        self.root = root
        #: The one that answers; `None`: none does.
        self.daemon: Daemon | None = None
        #: Why none does, in words.
        self.trouble = "it is starting"
        self._log = log
        self._on_activity = on_activity
        self._task: asyncio.Task[None] | None = None
        #: Ends the wait for the next attempt.
        self._now: asyncio.Event | None = None
        #: Done when the attempt that is on has come to an end, good or bad.
        self._attempt: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Begin, in the event loop that runs."""
        if self._task is None:
            self._begin_attempt()
            self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the daemon, and start none any more."""
        task, self._task = self._task, None
        self.trouble = "the server is shutting down"
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._end_attempt()

    async def kick(self) -> Daemon | None:
        """Have a daemon that answers now, if one can be started, without waiting for the next attempt."""
        running = self.daemon
        if running is not None:
            if await answers(running):
                return running
            self._log.warning("DAGpy does not answer; it is started again")
            running.kill()
            await running.ended()
            # `_keep` hears of it too, and comes to its wait
            while self.daemon is running:
                await asyncio.sleep(0.01)
        if self._task is None:
            return None
        if self._now is not None:
            self._now.set()
            self._begin_attempt()
        if self._attempt is not None:
            await asyncio.shield(self._attempt)
        return self.daemon

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        said = ""
        while True:
            began = time.monotonic()
            try:
                await self._live()
                said = ""
            except StartError as error:
                self.trouble = str(error)
                # what stays as it is, is said once
                if self.trouble != said:
                    self._log.error("DAGpy does not start: %s", self.trouble)
                said = self.trouble
            self._end_attempt()
            if time.monotonic() - began > WORKS_AFTER:
                delay = FIRST_DELAY
            self._now = asyncio.Event()
            try:
                await asyncio.wait_for(self._now.wait(), delay)
            except asyncio.TimeoutError:
                delay = min(LONGEST_DELAY, delay * 2)
            finally:
                self._now = None

    async def _live(self) -> None:
        """Start one daemon and wait for its end."""
        self._begin_attempt()
        running = Daemon(self._log, self._on_activity)
        installed = engine_stamp()
        await running.start(self.root)
        self.daemon, self.trouble = running, ""
        self._end_attempt()
        self._log.info("DAGpy answers for projects in %s (process %d)", self.root, running.pid)
        reports = asyncio.create_task(self._report(running))
        upgrade = asyncio.create_task(self._replace_when_upgraded(running, installed))
        try:
            code = await running.ended()
        except asyncio.CancelledError:
            await running.end()
            raise
        finally:
            self.daemon = None
            reports.cancel()
            is_replaced = upgrade.done()
            upgrade.cancel()
        if is_replaced:
            self.trouble = "another version was installed, and is started"
            return
        self.trouble = f"it ended with exit code {code}, and is started again"
        self._log.warning("DAGpy ended unexpectedly, with exit code %d; it is started again", code)

    async def _report(self, running: Daemon) -> None:
        while True:
            await asyncio.sleep(ACTIVITY_INTERVAL)
            if running.running > 0:
                self._on_activity()

    async def _replace_when_upgraded(self, running: Daemon, installed: tuple[int, ...] | None) -> None:
        """A daemon goes on with the program it was started with; pages and terminals soon are of another version."""
        before = installed
        while True:
            await asyncio.sleep(UPGRADE_INTERVAL)
            now = engine_stamp()
            # an installation that is on is left to come to its end, and so are runs
            is_whole = now is not None and now == before
            before = now
            if is_whole and now != installed and running.running == 0:
                break
        self._log.info("Another version of DAGpy was installed; process %d makes room for it", running.pid)
        running.terminate()

    def _begin_attempt(self) -> None:
        if self._attempt is None:
            self._attempt = asyncio.get_running_loop().create_future()

    def _end_attempt(self) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None and not attempt.done():
            attempt.set_result(None)

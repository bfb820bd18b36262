"""One job: from its specification to the last frame."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from .ambient import Ambient
from .holder import Surroundings, hold
from .messages import job_of
from .process import Control, die, end_children, flush_open_files, peak_bytes, refuse, run_endings
from .reads import Reads
from .session import BlockKernel, Failure, Session
from .stored import Storage
from .wire import Connection, Disconnected, Message, ProtocolError


class Place:
    """Where a job is going to run: may be made while nobody knows which, so that the job finds it there."""

    def __init__(self, kernel: BlockKernel, connection: Connection, errors: int) -> None:
        #: For messages of a dying worker: standard error is a pipe of the session from now on.
        self.errors = errors
        self.connection = connection
        self.session = Session(kernel, connection)
        self.ambient = Ambient(self.session.namespace)


def run_job(place: Place, specification: Message) -> NoReturn:
    """Run a job and end this process; what goes wrong in the job is told in its result."""
    connection, session, errors = place.connection, place.session, place.errors
    try:
        session.job = specification["job"]
        control = Control(connection, session.streams)
        job = Job(place, specification)
    except Disconnected:
        die()
    except BaseException:
        os.write(errors, traceback.format_exc().encode())
        os._exit(70)
    _finish(job, connection, control, errors)


def _finish(job: Job, connection: Connection, control: Control, errors: int) -> NoReturn:
    try:
        # whoever dies without a word has run nothing, and another worker may have the job
        connection.send({"type": "begun"})
        connection.send(job.result())
        control.wait_for_acknowledgement()
    except Disconnected:
        die()
    except BaseException:
        os.write(errors, traceback.format_exc().encode())
        os._exit(70)
    end_children()
    os._exit(0)


class Job:
    """The steps of a job, in order."""

    def __init__(self, place: Place, specification: Message) -> None:
        session = place.session
        self._session = session
        self._specification = specification
        self._reads = Reads(specification["scratch"], _stored_files(specification["segments"]))
        self._storage = Storage(specification, session.namespace, place.ambient, session.python_of)
        self._main = next(part for part in specification["segments"] if part["role"] == "main")
        self._reads.on_package(self._storage.package_imported)
        self._surroundings: Surroundings | None = None
        #: How many segments after the prelude ran in this process, or in those that it was forked from.
        self._done = 0

    def result(self) -> Message:
        """Run everything; the message ``done``."""
        failure: Failure | None = None
        held = False
        stored: dict[str, Any] = {"components": [], "withheld": [], "ambient": []}
        try:
            failure = self._session.run(self._run())
            if failure is None and self._specification["hold"]:
                # before values are stored and the process comes to its end, which both run the user's code
                held = self._hold()
            if failure is None:
                stored = self._storage.keep(self._reads.imported_tops())
        except KeyboardInterrupt as error:
            failure = self._outside(error, interrupted=True)
        except Exception as error:
            failure = self._outside(error)
        finally:
            self._reads.end()
        self._run_endings()
        status = "ok" if failure is None else "interrupted" if failure.interrupted else "error"
        folder = self._specification["project"]
        outputs = [os.path.join(folder, pattern) for pattern in self._specification["outputs"]]
        discoveries = self._reads.discoveries(outputs)
        discoveries["ambientUsed"] = self._storage.ambient_used()
        return {
            "type": "done",
            "status": status,
            "error": None if failure is None else failure.message(),
            **(stored if failure is None else {"components": [], "withheld": [], "ambient": []}),
            "discoveries": discoveries,
            "widgets": self._session.widgets.saved(),
            "warnings": self._session.warnings + self._storage.warnings,
            "seconds": self._session.seconds,
            "peakBytes": peak_bytes(),
            "held": held,
        }

    def _hold(self) -> bool:
        if self._surroundings is None or self._surroundings.obstacle() or not self._session.may_proceed:
            return False
        self._session.streams.settle()
        return hold(self._session.connection, self._specification["job"], self._settle, self._proceed)

    def _settle(self) -> None:
        """In the holder: the block is now one that ran before."""
        self._session.forget_history()
        self._storage.ran({**self._main, "role": "replay"})

    def _proceed(self, connection: Connection) -> NoReturn:
        """A fork of the session as the block left it: goes on with a child's job."""
        errors = self._session.streams.original[1]
        try:
            specification = job_of(connection.receive())
            self._main = specification["segments"][-1]
            self._specification = specification
            self._reads.proceed(specification["scratch"], _stored_files(specification["segments"]))
            self._session.proceed(connection, specification["job"])
            self._storage.proceed(specification)
            control = Control(connection, self._session.streams)
        except Disconnected:
            die()
        except ProtocolError as error:
            refuse(error, errors)
        except BaseException:
            os.write(errors, traceback.format_exc().encode())
            os._exit(70)
        _finish(self, connection, control, errors)

    async def _run(self) -> Failure | None:
        if self._specification["hold"]:
            self._surroundings = Surroundings()
        preludes = [part for part in self._specification["segments"] if part["role"] == "prelude"]
        chain = [part for part in self._specification["segments"] if part["role"] != "prelude"]
        if self._done > 0:
            return await self._chain(chain[self._done :])
        # a session is seeded once before the prelude, for the block whose code comes after it
        self._prepare(_first(chain))
        self._storage.begin(self._setting(_first(chain))["seed"])
        for segment in preludes:
            failure = await self._cells(segment, {})
            if failure is not None:
                return failure
            self._storage.ran(segment)
        self._storage.base_is_there()
        return await self._chain(chain)

    async def _chain(self, segments: Sequence[Message], beside: bool = False) -> Failure | None:
        """Run segments one after the other in one namespace. `beside`: it is left afterwards."""
        for segment in segments:
            handed: dict[str, object] = {}
            for live in segment["live"]:
                failure, values = await self._made_beside(live)
                if failure is not None:
                    return failure
                handed.update(values)
            failure = await self._block(segment, handed)
            if failure is not None:
                return failure
            if not beside:
                self._done += 1
            if segment["role"] != "main":
                self._session.forget_history()
                if not beside:
                    self._storage.ran(segment)
        return None

    async def _made_beside(self, live: Message) -> tuple[Failure | None, dict[str, object]]:
        """Run another block's session in this process and take the variables that are asked for out of it."""
        aside = self._storage.set_aside()
        failure = await self._chain(live["segments"], beside=True)
        values = {} if failure is not None else self._storage.taken(live)
        self._storage.put_back(aside)
        return failure, values

    async def _block(self, segment: Message, handed: dict[str, object]) -> Failure | None:
        """A block's cells, started as they would be if it ran by itself."""
        main = segment["role"] == "main"
        if not main:
            self._session.connection.send({"type": "replaying", "block": segment["block"]})
        self._prepare(segment)
        setting = self._setting(segment)
        self._storage.enter(setting["seed"], setting["ambient"])
        if main:
            self._reads.own_cells_begin()
            self._storage.watch_ambient()
        try:
            return await self._cells(segment, handed)
        finally:
            self._reads.begin()
            await self._session.finish(segment["role"])
            self._reads.end()

    async def _cells(self, segment: Message, handed: dict[str, object]) -> Failure | None:
        hints = self._specification["hints"] if segment["role"] == "main" else {}
        self._reads.begin()
        try:
            self._storage.bind(segment, handed)
            return await self._session.run_cells(segment, hints)
        finally:
            self._reads.end()

    def _prepare(self, segment: Message) -> None:
        setting = self._setting(segment)
        os.chdir(setting["cwd"])
        self._session.identity = setting["uid"]

    def _setting(self, segment: Message) -> Message:
        setting: Message = segment["setting"] or self._specification
        return setting

    def _outside(self, error: BaseException, interrupted: bool = False) -> Failure:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        block = self._main["block"]
        return Failure(type(error).__name__, str(error), text.splitlines(), block, -1, 0, interrupted)

    def _run_endings(self) -> None:
        """What the block registered with ``atexit``; what it wrote and never closed."""
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        run_endings()
        if self._reads.wrote_something():
            flush_open_files()


def _stored_files(segments: Sequence[Message]) -> set[str]:
    """Paths of stored inputs, those of sessions made beside included."""
    found: set[str] = set()
    for segment in segments:
        for live in segment["live"]:
            found |= _stored_files(live["segments"])
        for blob in segment["inputs"]:
            buffers = (buffer["path"] for buffer in blob["buffers"])
            found |= {path for path in (blob["head"], *buffers, blob["lineTables"]) if path}
    return found


def _first(segments: Sequence[Message]) -> Message:
    """The segment whose cells run first."""
    first = segments[0]
    while first["live"]:
        first = first["live"][0]["segments"][0]
    return first

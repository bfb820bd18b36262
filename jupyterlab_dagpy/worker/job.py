"""One job: from its specification to the last frame."""

from __future__ import annotations

import io
import os
import sys
import traceback
from typing import Any, NoReturn

from .process import Control, die, end_children, flush_open_files, peak_bytes, run_endings
from .reads import Reads
from .session import BlockKernel, Failure, Session
from .stored import Storage
from .wire import Connection, Disconnected, Message


def run_job(connection: Connection, specification: Message, kernel: BlockKernel) -> NoReturn:
    """Run a job and end this process; what goes wrong in the job is told in its result."""
    # standard error is a pipe of the session soon
    errors = os.dup(2)
    try:
        os.chdir(specification["cwd"])
        session = Session(kernel, connection, specification["job"])
        control = Control(connection, session.streams)
        job = Job(session, specification)
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

    def __init__(self, session: Session, specification: Message) -> None:
        self._session = session
        self._specification = specification
        inputs = [blob for segment in specification["segments"] for blob in segment["inputs"]]
        stored = {
            path for blob in inputs for path in (blob["head"], *blob["buffers"], blob["lineTables"]) if path
        }
        self._reads = Reads(specification["scratch"], stored)
        self._storage = Storage(specification, session.namespace, session.shell.transform_cell)
        self._main = next(part for part in specification["segments"] if part["role"] == "main")
        self._reads.on_package(self._storage.package_imported)
        session.identity = f"{specification['uid']}"

    def result(self) -> Message:
        """Run everything; the message ``done``."""
        failure: Failure | None = None
        stored: dict[str, Any] = {"components": [], "withheld": [], "ambient": []}
        try:
            failure = self._session.run(self._run())
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
        }

    async def _run(self) -> Failure | None:
        session, specification = self._session, self._specification
        self._storage.begin()
        restored = False
        try:
            for segment in specification["segments"]:
                if segment["role"] != "prelude" and not restored:
                    # after the prelude, as in the one notebook that the blocks make up
                    restored = True
                    self._storage.restore_ambient(specification["ambient"])
                if segment["role"] == "main":
                    self._storage.watch_ambient()
                self._reads.begin()
                try:
                    self._storage.bind(segment)
                    failure = await session.run_cells(segment, specification["hints"])
                finally:
                    self._reads.end()
                if failure is not None:
                    return failure
                self._storage.ran(segment)
        finally:
            self._reads.begin()
            await session.finish()
            self._reads.end()
        return None

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

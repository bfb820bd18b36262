"""Plays the engine's side of the wire over a real socket, with real processes."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAYLOAD = Path(__file__).parent.parent / "worker"
SECRET = "a secret of the tests"
PATIENCE = 60.0


def _package() -> Any:
    """The payload as the worker sees it, in this process."""
    import importlib.util

    if "dagpy_worker" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "dagpy_worker", PAYLOAD / "__init__.py", submodule_search_locations=[str(PAYLOAD)]
        )
        assert spec is not None and spec.loader is not None
        sys.modules["dagpy_worker"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["dagpy_worker"])
    import dagpy_worker.wire

    return dagpy_worker.wire


wire = _package()


@dataclass
class Ran:
    """What a job sent."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    #: Seconds from the worker's hello to ``done``.
    seconds: float = 0.0
    pid: int = 0
    scratch: Path = Path()

    @property
    def done(self) -> dict[str, Any]:
        assert self.messages and self.messages[-1]["type"] == "done", self.messages
        return self.messages[-1]

    def outputs(self) -> list[list[dict[str, Any]]]:
        """Outputs of each cell as the engine puts them together."""
        cells: list[list[dict[str, Any]]] = []
        clear: dict[int, bool] = {}
        for message in self.messages:
            kind = message["type"]
            if kind == "cellStarted":
                while len(cells) <= message["ordinal"]:
                    cells.append([])
            elif kind == "clearOutput":
                if message["wait"]:
                    clear[message["ordinal"]] = True
                else:
                    cells[message["ordinal"]].clear()
            elif kind == "updateDisplay":
                for cell in cells:
                    for output in cell:
                        if output.get("transient", {}).get("display_id") == message["displayId"]:
                            output["data"], output["metadata"] = message["data"], message["metadata"]
            elif kind == "output":
                cell, output = cells[message["ordinal"]], dict(message["output"])
                if clear.pop(message["ordinal"], False):
                    cell.clear()
                last = cell[-1] if cell else {}
                if (
                    output["output_type"] == "stream" == last.get("output_type")
                    and last["name"] == output["name"]
                ):
                    last["text"] += output["text"]
                else:
                    cell.append(output)
        for cell in cells:
            for output in cell:
                output.pop("transient", None)
        return cells

    def text(self, ordinal: int = 0, name: str = "stdout") -> str:
        return "".join(
            output["text"]
            for output in self.outputs()[ordinal]
            if output["output_type"] == "stream" and output["name"] == name
        )

    def shown(self, ordinal: int = 0) -> str:
        """Plain text of the last result of a cell."""
        results = [output for output in self.outputs()[ordinal] if "data" in output]
        return str(results[-1]["data"]["text/plain"])

    def component(self, name: str) -> dict[str, Any]:
        """The stored component that holds a name."""
        (found,) = [part for part in self.done["components"] if name in part["names"]]
        return dict(found)

    def as_input(self, *names: str, objects: Path, **renamed: str) -> list[dict[str, Any]]:
        """`JobInput`s that bind these names, and others (theirs=mine)."""
        wanted = {**{name: [name] for name in names}, **{theirs: [mine] for theirs, mine in renamed.items()}}
        inputs = []
        for part in self.done["components"]:
            bind = {name: wanted[name] for name in part["names"] if name in wanted}
            if not bind:
                continue

            def path(blob: dict[str, Any]) -> str:
                if blob["file"] is not None:
                    return str(self.scratch / blob["file"])
                holder = (blob.get("within") or blob)["digest"]
                return str(objects / holder[:2] / holder[2:])

            def extent(blob: dict[str, Any]) -> dict[str, Any]:
                offset = 0 if blob["within"] is None else blob["within"]["offset"]
                return {"path": path(blob), "offset": offset, "size": blob["size"]}

            inputs.append(
                {
                    "head": path(part["head"]),
                    "buffers": [extent(blob) for blob in part["buffers"]],
                    "lineTables": path(part["lineTables"]) if part["lineTables"] else None,
                    "digest": "",
                    "names": part["names"],
                    "bind": bind,
                }
            )
        return inputs

    def discovered(self, kind: str) -> Any:
        return self.done["discoveries"][kind]

    def files(self) -> dict[str, Any]:
        return {Path(entry["path"]).name: entry["stamp"] for entry in self.discovered("files")}


class Engine:
    """Listens; starts hosts, workers and helpers."""

    def __init__(
        self, project: Path, python: str = sys.executable, environment: dict[str, str] | None = None
    ) -> None:
        self.project = project
        self.python = python
        self.environment = environment or {}
        self._folder = Path(tempfile.mkdtemp(prefix="dagpy-test-"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "s"))
        self._listener.listen(16)
        self.objects = project / ".dagpy" / "objects"
        self.objects.mkdir(parents=True, exist_ok=True)
        self.processes: list[subprocess.Popen[bytes]] = []
        self._connections: list[wire.Connection] = []
        #: where their standard error goes, if not to that of the tests
        self.errors: Any = None
        self.host: Any = None
        self.host_process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    # ------------------------------------------------------------ processes

    def start(self, role: str, job: str = "") -> subprocess.Popen[bytes]:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "MPLBACKEND", "COV"))
        }
        environment.update({"DAGPY_WORKER_SECRET": SECRET, "PYTHONHASHSEED": "0", **self.environment})
        command = [self.python, str(PAYLOAD / "boot.py"), role, "--address", f"unix:{self._folder / 's'}"]
        process = subprocess.Popen(
            command + (["--job", job] if job else []),
            stdin=subprocess.PIPE,
            cwd=self.project,
            env=environment,
            stderr=self.errors,
        )
        self.processes.append(process)
        return process

    def accept(self, role: str) -> tuple[Any, dict[str, Any]]:
        ready, _, _ = select.select([self._listener], [], [], PATIENCE)
        assert ready, f"no {role} connected"
        connection = wire.Connection(self._listener.accept()[0])
        self._connections.append(connection)
        hello = connection.receive()
        assert hello["type"] == "hello" and hello["secret"] == SECRET and hello["role"] == role, hello
        assert hello["protocol"] == wire.PROTOCOL
        return connection, hello

    def start_host(self, modules: Sequence[str] = ()) -> dict[str, Any]:
        self.host_process = self.start("host")
        self.host, _ = self.accept("host")
        self.host.send({"type": "preimport", "modules": list(modules)})
        self.ready = receive(self.host)
        return self.ready

    def close(self) -> None:
        for process in self.processes:
            # first of all, so that none ends by itself meanwhile
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        for connection in self._connections:
            connection.close()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # ------------------------------------------------------------ jobs

    def begin(self, *cells: str | dict[str, Any], **options: Any) -> Running:
        """Start a job: forked where there is a host, else spawned. `options` override fields of the specification."""
        job = uuid.uuid4().hex
        scratch = self._folder / job
        scratch.mkdir()
        segments = options.pop("segments", None) or [
            *options.pop("before", []),
            segment(*cells, inputs=options.pop("inputs", [])),
        ]
        specification = {
            "type": "execute",
            "job": job,
            "block": "block",
            "uid": "0" * 32,
            "project": str(self.project),
            "cwd": str(self.project),
            "segments": segments,
            "parameters": {},
            "ambient": {},
            "seed": None,
            "keep": {"filter": "auto", "wanted": None, "smallBytes": 1_000_000},
            "objects": str(self.objects),
            "early": {},
            "scratch": str(scratch),
            "outputs": [],
            "hints": {},
            "hold": False,
            **options,
        }
        forked: dict[str, Any] = {}
        if self.host is not None:
            self.host.send({"type": "fork", "job": job})
            forked = self.from_host("forked", "refused")
            assert forked["type"] == "forked", forked
        else:
            self.start("worker", job)
        connection, hello = self.accept("worker")
        assert hello["job"] == job
        start = time.perf_counter()
        connection.send(specification)
        return Running(self, connection, Ran(pid=hello["pid"], scratch=scratch), start)

    def run(self, *cells: str | dict[str, Any], **options: Any) -> Ran:
        return self.begin(*cells, **options).finish()

    def from_host(self, *kinds: str) -> dict[str, Any]:
        """Next message of one of these kinds; others are dropped."""
        while True:
            message = receive(self.host)
            if message["type"] in kinds:
                return message


@dataclass
class Running:
    engine: Engine
    connection: Any
    ran: Ran
    start: float

    def next(self) -> dict[str, Any]:
        message = receive(self.connection)
        self.ran.messages.append(message)
        return message

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self.next()
            if condition(message):
                return message

    def finish(self) -> Ran:
        self.until(lambda message: message["type"] == "done")
        self.ran.seconds = time.perf_counter() - self.start
        self.connection.send({"type": "acknowledge"})
        ready, _, _ = select.select([self.connection.fileno()], [], [], PATIENCE)
        assert ready and not self.connection.socket.recv(1), "the worker did not leave"
        self.connection.close()
        return self.ran


def receive(connection: Any) -> dict[str, Any]:
    ready, _, _ = select.select([connection.fileno()], [], [], PATIENCE)
    assert ready, "nothing came"
    return dict(connection.receive())


def segment(
    *cells: str | dict[str, Any], role: str = "main", block: str = "block", inputs: Any = (), live: Any = ()
) -> dict[str, Any]:
    made = []
    for ordinal, cell in enumerate(cells):
        fields = {"source": cell} if isinstance(cell, str) else cell
        made.append(
            {"ordinal": ordinal, "id": f"cell-{ordinal}", "place": ordinal + 1, "raises": False, **fields}
        )
    return {
        "role": role,
        "block": block,
        "notebook": f"{block}.ipynb",
        "cells": made,
        "inputs": list(inputs),
        "live": list(live),
        "setting": None,
    }


@contextmanager
def engine(project: Path, modules: Sequence[str] | None = None, **options: Any) -> Iterator[Engine]:
    """An engine with a host that imported `modules`, or (`None`) one that spawns its workers."""
    made = Engine(project, **options)
    try:
        if modules is not None:
            made.start_host(modules)
        yield made
    finally:
        made.close()

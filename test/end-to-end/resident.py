"""A daemon of a test's own, asked over its socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from project import SHARED, Project, end_group

SECRET = "a secret of the tests"


class RefusedError(Exception):
    """What the daemon says against a call."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(problem["message"] for problem in problems))
        self.problems = problems


class Daemon:
    """One that serves a single project."""

    def __init__(self, path: str) -> None:
        self.path = path

    def call(self, name: str, **parameters: Any) -> Any:
        """The result of a call about the project.

        Raises:
            RefusedError: it was refused.
        """
        connection = _Connection(self.path)
        body = json.dumps({"project": "", **parameters})
        headers = {"X-Dagpy-Secret": SECRET, "Content-Type": "application/json"}
        connection.request("POST", f"/v1/calls/{name}", body, headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        if answer.status != 200:
            raise RefusedError(document["problems"])
        return document

    def block(self, id: str) -> dict[str, Any]:
        """A block as a page sees it."""
        (found,) = [block for block in self.call("view")["blocks"] if block["id"] == id]
        return dict(found)


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@contextmanager
def daemon(project: Project) -> Iterator[Daemon]:
    """Serves the project until the block ends."""
    path = str(SHARED / "run" / f"test-{os.getpid()}-{abs(hash(project.folder)) % 10**8}.sock")
    process = project.start(
        "serve", "--with-parent", "--json", "--socket", path,
        stdin=subprocess.PIPE, environment={"DAGPY_SERVE_SECRET": SECRET},
    )  # fmt: skip
    try:
        ready = process.stdout.readline()
        assert ready, process.communicate()[1]
        yield Daemon(json.loads(ready)["socket"])
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            end_group(process)
            raise
        process.stdout.close()
        process.stderr.close()

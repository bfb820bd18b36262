"""A real daemon for the tests: `dagpy serve` on a socket of its own, its calls, and what it tells who follows."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket
from project import Project, end_group

SECRET = "X-Dagpy-Secret"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = connected(self.path)


def connected(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(60)
    made.connect(path)
    return made


class RefusedError(AssertionError):
    """A call that the daemon answered with problems."""

    def __init__(self, status: int, problems: list[dict[str, Any]]) -> None:
        super().__init__(f"{status}: {problems}")
        self.status = status
        self.problems = problems
        self.code = problems[0]["code"]


class Daemon:
    """A running `dagpy serve`."""

    def __init__(self, p: Project, *arguments: str, **options: Any) -> None:
        self.p = p
        self.process: Any = p.start("serve", "--json", *arguments, **options)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.ready: dict[str, Any] = json.loads(line)
        self.socket: str = self.ready["socket"]
        self.secret = ""
        for file in self.registrations():
            found = json.loads(file.read_text())
            if found["pid"] == self.ready["pid"]:
                self.secret = found["secret"]
        # What it says later must not fill the pipe.
        self.said: list[str] = []
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Any) -> None:
        with stream:
            self.said.extend(stream)

    def registrations(self) -> list[Path]:
        return sorted((Path(self.p.environment["XDG_RUNTIME_DIR"]) / "dagpy").glob("*.json"))

    def request(
        self, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and decoded body."""
        connection = UnixConnection(self.socket)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(
            method, path, content, headers={SECRET: self.secret} if headers is None else headers
        )
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def call(self, name: str, /, **parameters: Any) -> Any:
        """The answer; raises `RefusedError`."""
        status, answer = self.request("POST", f"/v1/calls/{name}", parameters)
        if status != 200:
            raise RefusedError(status, answer["problems"])
        return answer

    def view(self) -> dict[str, Any]:
        return self.call("view", project="")

    def states(self) -> dict[str, str]:
        return {block["id"]: block["state"] for block in self.view()["blocks"]}

    def follow(self, project: str = "") -> Follower:
        return Follower(self, project)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


class Follower:
    """A client that follows a project and applies every patch to the view that it has."""

    def __init__(self, daemon: Daemon, project: str) -> None:
        self.daemon = daemon
        self.project = project
        self.view: dict[str, Any] = {}
        self.revisions: list[int] = []
        self.patches: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.answers: dict[int, Any] = {}
        self.lost: list[Any] = []
        self.hello: dict[str, Any] = {}
        self._calls = 0
        self._heard = threading.Condition()
        self.socket = websocket.create_connection(
            "ws://localhost/v1/stream",
            socket=connected(daemon.socket),
            header={SECRET: daemon.secret},
            timeout=60,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.send(kind="follow", project=project)
        self.until(lambda: bool(self.view or self.lost), "a snapshot")

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def call(self, name: str, /, **parameters: Any) -> Any:
        self._calls += 1
        number = self._calls
        self.send(kind="call", id=number, name=name, parameters={"project": self.project, **parameters})
        self.until(lambda: number in self.answers, f"an answer to {name}")
        answer = self.answers[number]
        if answer["kind"] == "refusal":
            raise RefusedError(400, answer["problems"])
        return answer["result"]

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """The first true answer of `condition`, asked again after each message."""
        end = time.monotonic() + seconds
        with self._heard:
            while not (answer := condition()):
                left = end - time.monotonic()
                assert left > 0, (
                    f"waited in vain for {what}\n{self.states()}\n{self.events}\n{self.daemon.said}"
                )
                self._heard.wait(min(left, 0.2))
        return answer

    def block(self, id: str) -> dict[str, Any]:
        return next(block for block in self.view["blocks"] if block["id"] == id)

    def states(self) -> dict[str, str]:
        return {block["id"]: block["state"] for block in self.view.get("blocks", [])}

    def ended(self) -> dict[str, Any]:
        """Report of the last run, once it has ended and the view shows it."""
        self.until(lambda: any(event["event"] == "runFinished" for event in self.events), "the end of a run")
        self.until(lambda: self.view["run"] is None, "the view after the run")
        return next(e for e in reversed(self.events) if e["event"] == "runFinished")["report"]

    def close(self) -> None:
        self.socket.close()

    def _read(self) -> None:
        while True:
            try:
                text = self.socket.recv()
            except (OSError, websocket.WebSocketException):
                text = ""
            if not text:
                self.socket.close()
                return
            with self._heard:
                self._take(json.loads(text))
                self._heard.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        match message["kind"]:
            case "hello":
                self.hello = message
            case "snapshot":
                self.view = message["view"]
                self.revisions.append(self.view["revision"])
            case "patch":
                self._apply(message["patch"])
            case "event":
                self.events.append(message["event"])
            case "answer" | "refusal":
                self.answers[message["id"]] = message
            case "lost":
                self.lost.append(message["problems"])

    def _apply(self, patch: dict[str, Any]) -> None:
        assert patch["previous"] == self.view["revision"], "a revision was left out"
        known = {block["id"]: block for block in [*self.view["blocks"], *patch["blocks"]]}
        order = patch["order"] or [block["id"] for block in self.view["blocks"]]
        self.view = {
            **self.view,
            **patch["fields"],
            "revision": patch["revision"],
            "blocks": [known[id] for id in order],
        }
        self.patches.append(patch)
        self.revisions.append(patch["revision"])


@contextmanager
def serving(p: Project, *arguments: str, **options: Any) -> Iterator[Daemon]:
    """A daemon that ends cleanly at the end of the block."""
    daemon = Daemon(p, *arguments, **options)
    try:
        yield daemon
        if daemon.process.poll() is None:
            assert daemon.end() == 0, daemon.said
        assert p.settled() == []
        assert not Path(daemon.socket).exists()
    finally:
        end_group(daemon.process)


def refusal(daemon: Daemon, name: str, /, **parameters: Any) -> str:
    """Code of the first problem with which a call is refused."""
    with pytest.raises(RefusedError) as refused:
        daemon.call(name, **parameters)
    assert refused.value.problems[0]["remedy"]
    return refused.value.code

"""A real Jupyter server as people start it: the daemon comes and goes with it, and never stands in its way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.testing import bind_unused_port
from waiting import is_alive

TOKEN = "a-token-of-this-test"


class Server:
    """``jupyter server`` in a process of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        (folder / "root").mkdir()
        reserved, self.port = bind_unused_port()
        reserved.close()
        self._log = (folder / "log").open("w")
        own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = {
            "ServerApp.base_url": "/some/where/",
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.jpserver_extensions": "{'jupyterlab_dagpy': True}",
            "ServerApp.port": self.port,
            "ServerApp.root_dir": folder / "root",
            "IdentityProvider.token": TOKEN,
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", *flags],
            env={**os.environ, **own, **environment},
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def ask(self, path: str, method: str = "POST") -> tuple[int, Any]:
        """Status and decoded body; 0: nobody answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/some/where/{path}",
            data=b"{}" if method == "POST" else None,
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, None

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(**environment: str) -> Server:
        made.append(Server(tmp_path, **environment))
        return made[-1]

    yield start
    for server in made:
        server.close()


def eventually(condition: Callable[[], object], seconds: float = 30) -> object:
    latest = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < latest, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def pid_of_daemon(server: Server) -> int:
    def hello() -> Any:
        status, body = server.ask("dagpy/v1/calls/hello")
        return body if status == 200 else None

    found: Any = eventually(hello)
    assert isinstance(found["pid"], int)
    return int(found["pid"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_daemon_is_gone_after_the_server_however_it_ended(
    serve: Callable[..., Server], number: int
) -> None:
    server = serve()
    daemon = pid_of_daemon(server)
    os.kill(server.process.pid, number)
    server.process.wait(timeout=30)
    eventually(lambda: not is_alive(daemon), 10)


def test_ctrl_c_in_the_terminal_is_for_the_server_alone(serve: Callable[..., Server]) -> None:
    """A terminal sends it to the whole group, and the server asks first whether it is meant."""
    server = serve()
    daemon = pid_of_daemon(server)
    assert os.getpgid(server.process.pid) == server.process.pid
    assert os.getpgid(daemon) == daemon


def test_a_daemon_that_never_answers_delays_nothing(serve: Callable[..., Server], tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\nexec sleep 1000\n")
    node.chmod(0o755)
    server = serve(DAGPY_NODE=str(node))
    eventually(lambda: server.ask("api/status", "GET")[0] == 200)
    status, body = server.ask("dagpy/v1/calls/hello")
    assert status == 503
    assert "starting" in body["problems"][0]["message"]

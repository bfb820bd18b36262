"""The daemon is there as long as the server is, and the server gets along without it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from waiting import is_alive, until

from jupyterlab_dagpy import engine
from jupyterlab_dagpy.server import daemon as daemons
from jupyterlab_dagpy.server import supervisor as supervisors


async def test_it_is_started_again_when_it_is_killed(jp_fetch, jp_ws_fetch, ready) -> None:
    socket = await jp_ws_fetch("dagpy", "v1", "stream")
    await socket.read_message()
    first = ready.daemon
    os.kill(first.pid, signal.SIGKILL)
    # pages hear of it at once
    assert await asyncio.wait_for(socket.read_message(), 10) is None
    await until(lambda: ready.daemon not in (None, first), "another one")
    assert ready.daemon.secret != first.secret
    hello = await jp_fetch("dagpy", "v1", "calls", "hello", method="POST", body="{}")
    assert json.loads(hello.body)["pid"] == ready.daemon.pid != first.pid
    assert not is_alive(first.pid)


async def test_another_version_takes_its_place_once_nothing_runs(
    jp_fetch,
    jp_ws_fetch,
    supervisor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    log: pytest.LogCaptureFixture,
) -> None:
    installed = tmp_path / "_engine"
    shutil.copytree(engine.BUNDLE.parent, installed)
    shutil.copytree(engine.BUNDLE.parent.parent / "worker", tmp_path / "worker")
    monkeypatch.setattr(engine, "BUNDLE", installed / "dagpy.cjs")
    monkeypatch.setattr(supervisors, "UPGRADE_INTERVAL", 0.2)
    await supervisor.stop()
    supervisor.start()
    await until(lambda: supervisor.daemon, "the one of the copy")
    first = supervisor.daemon
    socket = await jp_ws_fetch("dagpy", "v1", "stream")
    assert json.loads(await socket.read_message())["kind"] == "hello"
    first.running = 1
    # as an installer does: away with the old one, then file by file
    text = (installed / "engine.cjs").read_bytes()
    (installed / "engine.cjs").unlink()
    await asyncio.sleep(1)
    (installed / "engine.cjs").write_bytes(text + b"\n")
    await asyncio.sleep(1)
    assert supervisor.daemon is first, "not while something runs, nor while it is half there"
    first.running = 0
    await until(lambda: supervisor.daemon not in (None, first), "the new one")
    assert await asyncio.wait_for(socket.read_message(), 10) is None, "pages connect again"
    hello = await jp_fetch("dagpy", "v1", "calls", "hello", method="POST", body="{}")
    assert json.loads(hello.body)["pid"] == supervisor.daemon.pid != first.pid
    assert not any("unexpectedly" in record.getMessage() for record in log.records)


async def test_it_ends_with_the_server(jp_serverapp, ready) -> None:
    pid = ready.daemon.pid
    began = time.monotonic()
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert not is_alive(pid)
    assert time.monotonic() - began < daemons.SECONDS_TO_END
    assert ready.daemon is None
    assert await ready.kick() is None


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No Node where one is looked for; to be called to mend that."""
    before = os.environ.get("DAGPY_NODE", "")
    monkeypatch.setenv("DAGPY_NODE", "/nowhere/node")
    return lambda: monkeypatch.setenv("DAGPY_NODE", before)


async def refused(asked: Any) -> list[dict[str, str]]:
    with pytest.raises(HTTPClientError) as error:
        await asked
    assert error.value.code == 503
    problems: list[dict[str, str]] = json.loads(error.value.response.body)["problems"]
    return problems


async def test_without_node_the_server_works_and_says_what_is_missing(
    broken, jp_fetch, jp_ws_fetch, supervisor, log: pytest.LogCaptureFixture
) -> None:
    assert (await jp_fetch("api", "status")).code == 200
    # again, with somebody who listens
    await supervisor.stop()
    supervisor.start()
    await until(lambda: "/nowhere/node" in supervisor.trouble, "the attempt")
    for asked in [
        jp_fetch("dagpy", "v1", "calls", "hello", method="POST", body="{}"),
        jp_fetch("dagpy", "v1", "openapi.json"),
        jp_fetch("dagpy", "start", method="POST", body=""),
    ]:
        (problem,) = await refused(asked)
        assert problem["code"] == "daemon-down"
        assert "/nowhere/node" in problem["message"]
        assert problem["remedy"]
    with pytest.raises(HTTPClientError) as error:
        await jp_ws_fetch("dagpy", "v1", "stream")
    assert error.value.code == 503
    said = [record.getMessage() for record in log.records if "does not start" in record.getMessage()]
    assert len(said) == 1, "what stays as it is, is said once"


async def test_start_waits_for_no_next_attempt(
    broken, jp_fetch, supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "FIRST_DELAY", 1000)
    await until(lambda: "/nowhere/node" in supervisor.trouble, "the attempt")
    broken()
    asked = [jp_fetch("dagpy", "start", method="POST", body="") for _ in range(3)]
    answers = {json.loads(answer.body)["pid"] for answer in await asyncio.gather(*asked)}
    assert answers == {supervisor.daemon.pid}


async def test_start_replaces_one_that_hangs(jp_fetch, ready, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyterlab_dagpy.server.client.SECONDS_TO_ANSWER", 0.5)
    hanging = ready.daemon
    os.kill(hanging.pid, signal.SIGSTOP)
    answer = await jp_fetch("dagpy", "start", method="POST", body="")
    assert json.loads(answer.body)["pid"] == ready.daemon.pid != hanging.pid
    assert not is_alive(hanging.pid)
    # and leaves alone one that answers
    again = await jp_fetch("dagpy", "start", method="POST", body="")
    assert json.loads(again.body)["pid"] == ready.daemon.pid


async def test_it_is_not_tried_over_and_over(broken, supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[float] = []
    start = daemons.Daemon.start

    async def counted(self: daemons.Daemon, root: str) -> None:
        attempts.append(time.monotonic())
        await start(self, root)

    monkeypatch.setattr(daemons.Daemon, "start", counted)
    monkeypatch.setattr(supervisors, "FIRST_DELAY", 0.05)
    await supervisor.stop()
    supervisor.start()
    await until(lambda: len(attempts) == 5, "attempts")
    waits = [after - before for before, after in pairwise(attempts)]
    for wait, at_least in zip(waits, [0.05, 0.1, 0.2, 0.4], strict=True):
        assert wait >= at_least


async def test_a_program_that_ends_at_once_is_told_with_its_last_words(
    jp_fetch, supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho 'this Node is too old' >&2\nexit 3\n")
    node.chmod(0o755)
    monkeypatch.setenv("DAGPY_NODE", str(node))
    await until(lambda: supervisor.daemon, "the first one")
    os.kill(supervisor.daemon.pid, signal.SIGKILL)
    await until(lambda: "too old" in supervisor.trouble, "the next attempt")
    (problem,) = await refused(jp_fetch("dagpy", "start", method="POST", body=""))
    assert "exit code 3" in problem["message"]
    assert "this Node is too old" in problem["message"]

"""Spoilt frames and messages at the Python end: an answer or a refusal in words, no hang, no write, no unpickling."""

from __future__ import annotations

import os
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import ROOT
from proof import counted, how_many
from spoiling import spoilt_bytes, spoilt_value

sys.path.insert(0, str(ROOT / "jupyterlab_dagpy" / "tests"))
from harness import engine, receive, segment, wire

SEED = int(os.environ.get("DAGPY_SEED") or time.time_ns() % 2**31)
INPUT = {
    "head": "/objects/ab/cd",
    "buffers": [{"path": "/objects/ef/01", "offset": 4096, "size": 8}],
    "lineTables": None,
    "digest": "ab" * 32,
    "names": ["x", "y"],
    "bind": {"x": ["x"]},
}
SETTING = {"uid": "0" * 32, "cwd": "/project", "seed": "0" * 32, "ambient": {"random": "/objects/23/45"}}
BESIDE = {
    "segments": [segment("g = (n for n in range(3))", role="replay", block="maker", live=[
        {"segments": [segment("a = 1", role="replay", block="first")], "bind": {"a": ["a"]}},
    ])],
    "bind": {"g": ["g"]},
}  # fmt: skip
JOB = {
    "type": "execute",
    "job": "1",
    "block": "block",
    "uid": "0" * 32,
    "project": "/project",
    "cwd": "/project",
    "segments": [
        segment("import numpy", role="prelude"),
        {**segment("z = 1", role="replay"), "setting": SETTING},
        segment("print(x)", "x", inputs=[INPUT], live=[BESIDE]),
    ],
    "parameters": {"year": 2024, "deep": [1, {"a": None}]},
    "ambient": {"random": "/objects/23/45"},
    "seed": None,
    "keep": {"filter": ["a*", "b"], "wanted": ["a"], "smallBytes": 1000},
    "objects": "/objects",
    "early": {"/objects/12/34": "/scratch/0"},
    "scratch": "/scratch",
    "outputs": ["out/*.csv"],
    "hints": {"y": "a hint"},
    "hold": False,
}
MESSAGES = [
    *[JOB] * 4,
    {"type": "preimport", "modules": ["numpy", "pandas"]},
    {"type": "fork", "job": "1"},
    {"type": "analyse", "request": 1, "sources": ["x = 1", "%%time\ny = x"]},
    {"type": "acknowledge"},
    {"type": "shutdown"},
]


def frame(message: Any) -> bytes:
    """As the engine sends it; of what msgpack does not know, brackets of lists alone."""
    try:
        body = wire.msgpack.packb(message, use_bin_type=True)
    except (ValueError, TypeError, OverflowError, RecursionError):
        body = b"\x91" * 100_000
    return struct.pack(">I", len(body)) + body


def spoilt(chosen: random.Random) -> bytes:
    message = chosen.choice(MESSAGES)
    content = frame(spoilt_value(chosen, message) if chosen.random() < 0.6 else message)
    return spoilt_bytes(chosen, content) if chosen.random() < 0.5 else content


#: What no decoder has to do.
FORBIDDEN = ("pickle.", "marshal.", "os.", "subprocess.", "shutil.", "exec", "import", "ctypes.", "mmap.")


class Watch:
    """Notes what reaches the outside; audit hooks stay for good, so it is switched off."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and (event == "open" or event.startswith(FORBIDDEN)):
            self.seen.append(f"{event} {arguments!r:.200}")


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    made = Watch()
    yield made
    made.on = False


def understood(message: dict[str, Any]) -> None:
    """What each process does with a message before it acts on it."""
    from dagpy_worker import host, job, messages

    kind = message["type"]
    if kind == "preimport":
        assert all(isinstance(name, str) for name in messages.modules_of(message))
    elif kind == "fork":
        assert isinstance(messages.job_name_of(message), str)
    elif kind == "analyse":
        assert all(isinstance(source, str) for source in messages.sources_of(message)[1])
    else:
        specification = messages.job_of(message)
        segments = specification["segments"]
        assert all(isinstance(path, str) for path in job._stored_files(segments))
        assert job._first(segments)["role"] != "nothing"
        assert all(isinstance(folder, str) for folder in host._working_folders(specification))


def test_frames_and_messages(watch: Watch) -> None:
    from dagpy_worker import host, job

    assert host and job  # imported beforehand
    refused = accepted = 0
    slowest = 0.0
    times = how_many(4000, 200_000)
    for number in range(times):
        chosen = random.Random(SEED + number)
        content = spoilt(chosen)
        here, there = socket.socketpair()
        connection = wire.Connection(here)
        watch.on = True
        began = time.perf_counter()
        try:
            there.settimeout(5)
            there.sendall(content[:120_000])
            there.close()
            while True:
                message = connection.receive()
                understood(message)
                accepted += 1
        except wire.Disconnected:
            pass
        except wire.ProtocolError as error:
            refused += 1
            assert str(error), "refused without a word"
        except BaseException as error:
            error.add_note(f"input {number} of DAGPY_SEED={SEED}: {content[:1000]!r}")
            raise
        finally:
            watch.on = False
            here.close()
        slowest = max(slowest, time.perf_counter() - began)
        assert watch.seen == [], f"input {number} of DAGPY_SEED={SEED}: {content[:1000]!r}"
    assert slowest < 5
    assert refused > times / 4 and accepted > times / 20, (refused, accepted)
    counted("inputs of frames and messages at the Python end", times)


# ------------------------------------------------------------------------------------ real processes


def certainly_wrong(chosen: random.Random, kinds: tuple[str, ...]) -> bytes:
    """A whole frame that is no message for this process."""
    while True:
        message = chosen.choice([each for each in MESSAGES if each["type"] in kinds])
        content = frame(spoilt_value(chosen, message))
        if chosen.random() < 0.3:
            content = content[:4] + spoilt_bytes(chosen, content[4:])
            content = struct.pack(">I", len(content) - 4) + content[4:]
        try:
            found = wire.decode(content[4:])
            if found["type"] in kinds:
                understood(found)
        except wire.ProtocolError:
            return content[:1_000_000]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    return tmp_path / "errors"


def told(errors: Path) -> None:
    text = errors.read_text()
    assert "the engine sent what this process does not understand" in text, text
    assert "Traceback" not in text, text


@pytest.mark.parametrize("role", ["helper", "host", "worker"])
def test_a_process_that_is_told_nonsense_leaves_in_words(role: str, tmp_path: Path, errors: Path) -> None:
    kinds = {"helper": ("analyse",), "host": ("preimport", "fork"), "worker": ("execute",)}[role]
    for number in range(how_many(1, 60)):
        chosen = random.Random(f"{SEED} {role} {number}")
        content = certainly_wrong(chosen, kinds)
        project = tmp_path / f"project-{number}"
        project.mkdir()
        with errors.open("wb") as file, engine(project) as made:
            made.errors = file
            process = made.start(role, "1" if role == "worker" else "")
            connection, _ = made.accept(role)
            before = contents(project)
            connection.socket.sendall(content)
            assert process.wait(timeout=30) == 70, content[:1000]
            told(errors)
            assert contents(project) == before
        counted("processes that were told nonsense")


def test_forked_workers_that_are_told_nonsense(tmp_path: Path, errors: Path) -> None:
    with errors.open("wb") as file, engine(tmp_path) as made:
        made.errors = file
        made.start_host()
        for number in range(how_many(10, 500)):
            content = certainly_wrong(random.Random(f"{SEED} forked {number}"), ("execute",))
            errors.write_bytes(b"")
            made.host.send({"type": "fork", "job": str(number)})
            assert made.from_host("forked", "refused")["type"] == "forked"
            connection, _ = made.accept("worker")
            connection.socket.sendall(content)
            assert made.from_host("exited")["code"] == 70, content[:1000]
            told(errors)
            connection.close()
            counted("processes that were told nonsense")
        assert made.run("1 + 1").shown() == "2"
        assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("nonsense", [b"\0\0\0\1\xc1", b"\xff\xff\xff\xff", frame({"kind": "acknowledge"})])
def test_nonsense_in_place_of_the_acknowledgement(tmp_path: Path, errors: Path, nonsense: bytes) -> None:
    """The worker is done and waits; nobody would end it."""
    with errors.open("wb") as file, engine(tmp_path, None) as made:
        made.errors = file
        running = made.begin("1 + 1")
        running.until(lambda message: bool(message["type"] == "done"))
        running.connection.socket.sendall(nonsense)
        assert made.processes[-1].wait(timeout=20) != 0
        told(errors)


def test_a_helper_answers_what_is_only_odd(tmp_path: Path) -> None:
    """Sources are texts of any kind; each gets its facts."""
    with engine(tmp_path) as made:
        made.start("helper")
        connection, _ = made.accept("helper")
        chosen = random.Random(SEED)
        for request in range(how_many(5, 300)):
            sources = [
                spoilt_bytes(chosen, b"for x in [1, 2]:\n    %time y = f'{x!r:>{x}}'\n!echo {y}; z: int = (x := 3)\n")
                .decode("utf-8", "replace")
                for _ in range(20)
            ]  # fmt: skip
            connection.send({"type": "analyse", "request": request, "sources": sources})
            answer = receive(connection)
            assert answer["type"] == "facts" and answer["request"] == request
            assert len(answer["cells"]) == len(sources)
            counted("spoilt cells given to the helper", len(sources))

"""Found by every Python that tests start with this folder on `PYTHONPATH`: numbers what hosts, workers and helpers do
to the outside, and kills one of them at a certain step. `DAGPY_TEST_FAULTS` says which, as in `steps.cjs` beside.

All processes of a role count together, through a log that each appends to. A frame has two steps: before it is sent,
and half-way.
"""

from __future__ import annotations

import os
import sys

_LINE = 64
_WRITES = os.O_WRONLY | os.O_RDWR
_EVENTS = frozenset(
    "os.rename os.remove os.mkdir os.rmdir os.link os.symlink os.truncate os.chmod os.fork os.posix_spawn"
    " subprocess.Popen socket.connect mmap.__new__ os.kill os.killpg".split()
)


def _role() -> str:
    arguments = sys.orig_argv
    for at, argument in enumerate(arguments[:-1]):
        if argument.endswith("/boot.py"):
            return arguments[at + 1]
    return ""


def _install(log: str, kill: dict[str, object]) -> None:
    import signal
    import socket

    state = {"role": _role(), "descriptor": -1, "busy": False}

    def reopen() -> None:
        state["descriptor"] = os.open(f"{log}/{state['role']}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def reached(name: str) -> bool:
        if state["busy"]:
            return False
        state["busy"] = True
        try:
            descriptor = state["descriptor"]
            try:
                os.write(descriptor, name[: _LINE - 1].ljust(_LINE - 1).encode("ascii", "replace") + b"\n")
                number = os.lseek(descriptor, 0, os.SEEK_CUR) // _LINE
            except OSError:  # the code under test closed what it does not know
                return False
            return state["role"] == kill.get("role") and number == kill.get("step")
        finally:
            state["busy"] = False

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & _WRITES
            if (writes or (isinstance(path, str) and "/.dagpy/" in path)) and reached(f"open {path}"[-60:]):
                die()
        elif event in _EVENTS and reached(event):
            die()

    def forked() -> None:
        state["role"] = "worker"
        state["busy"] = True
        reopen()
        state["busy"] = False
        if reached("forked"):
            die()

    class Socket(socket.socket):
        def sendall(self, data: bytes, *rest: int) -> None:
            if reached("send"):
                die()
            if reached("send:half"):
                super().sendall(bytes(data)[: len(data) // 2])
                die()
            super().sendall(data, *rest)

    reopen()
    socket.socket = Socket  # type: ignore[misc]
    os.register_at_fork(after_in_child=forked)
    sys.addaudithook(hook)


if _role() and "DAGPY_TEST_FAULTS" in os.environ:
    import json

    _plan = json.loads(os.environ["DAGPY_TEST_FAULTS"])
    if "log" in _plan:
        _install(_plan["log"], _plan.get("kill", {}))

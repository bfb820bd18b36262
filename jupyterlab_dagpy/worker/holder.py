"""Keeps a session alive after its block, for children of a block whose filter is off: they continue in forks of it.

A fork must find what a replay of the block in the child's own process would make. Where it would not, there is no
holder and the engine replays: threads do not survive a fork, and open files, databases, shared memory and child
processes would be one thing for all children instead of one for each.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from .forking import uses_gpu
from .messages import job_name_of
from .process import own_group
from .wire import Connection, Disconnected

#: Native libraries whose threads do not come back after a fork; OpenBLAS takes its own down before one.
_THREADED = ("gomp", "libomp", "iomp", "tbb", "arrow", "polars", "torch", "mkl", "cuda")
#: Threads of a worker itself: the main one and the one that sends live output.
_OWN_THREADS = 2


class Surroundings:
    """What a process shares with others, as it was when a block's cells began."""

    def __init__(self) -> None:
        self._descriptors = _descriptors()
        self._shared = _shared_mappings()
        self._endings = atexit._ncallbacks(), _finalizers()

    def obstacle(self) -> str:
        """Why a fork would not be what a replay is; empty: it is."""
        if not sys.platform.startswith("linux"):
            return "this system has no safe fork"
        if threading.active_count() > 1:
            return "a thread of Python is running"
        if _native_threads() > _OWN_THREADS and (not _maps("openblas") or _maps(*_THREADED)):
            return "native threads are running"
        if uses_gpu():
            return "a GPU is in use"
        if not _descriptors() <= self._descriptors:
            return "files or connections are open"
        if not _shared_mappings() <= self._shared:
            return "memory is shared"
        if (atexit._ncallbacks(), _finalizers()) != self._endings:
            return "something waits for the end of the process"
        if _has_children():
            return "child processes are running"
        return ""


def hold(
    connection: Connection, job: str, prepare: Callable[[], None], proceed: Callable[[Connection], NoReturn]
) -> bool:
    """Fork a holder of this process as it is now.

    Args:
        connection: of the worker.
        job: whose session it is.
        prepare: called in the holder, for what all forks would do otherwise.
        proceed: called in forks of the holder with a connection of their own, to stay.

    Returns:
        Whether there is one; it has told the engine so.
    """
    ready, tell = os.pipe()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        pid = os.fork()
    except OSError:
        pid = -1
    if pid == 0:
        try:
            os.close(ready)
            # before the worker ends, which ends its group
            own_group()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            own = connection.another("holder", job)
            connection.close()
            os.write(tell, b"h")
            os.close(tell)
            # its own output is nobody's: the worker goes on reading the pipes
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            os.close(nothing)
            prepare()
            _serve(own, proceed)
        except BaseException:
            os._exit(70)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    os.close(tell)
    held = os.read(ready, 1) == b"h"
    os.close(ready)
    return held


def _serve(connection: Connection, proceed: Callable[[Connection], NoReturn]) -> NoReturn:
    """Fork a worker a request until the engine has no more use for the session."""
    children: dict[int, str] = {}
    released = False
    while not (released and not children):
        ready, _, _ = select.select([] if released else [connection], [], [], 0.2 if children else None)
        _reap(connection, children)
        if not ready:
            continue
        try:
            message = connection.receive()
        except Disconnected:
            os._exit(0)
        if message["type"] != "fork":
            released = True
            continue
        job = job_name_of(message)
        pid = os.fork()
        if pid == 0:
            own_group()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            connection.close()
            proceed(connection.another("worker", job))
        children[pid] = job
        connection.send({"type": "forked", "job": job, "pid": pid})
    os._exit(0)


def _reap(connection: Connection, children: dict[int, str]) -> None:
    for pid in list(children):
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if not done:
            continue
        ended = {
            "type": "exited",
            "job": children.pop(pid),
            "pid": pid,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "peakBytes": usage.ru_maxrss * 1024,
        }
        with suppress(Disconnected):
            connection.send(ended)


def _descriptors() -> frozenset[tuple[str, str]]:
    found = set()
    for name in os.listdir("/proc/self/fd") if sys.platform.startswith("linux") else ():
        with suppress(OSError):
            found.add((name, os.readlink(f"/proc/self/fd/{name}")))
    # not the listing itself, nor stored inputs, which are mapped privately
    stored = f"{os.sep}.dagpy{os.sep}objects{os.sep}"
    return frozenset(each for each in found if not each[1].endswith("/fd") and stored not in each[1])


def _shared_mappings() -> frozenset[str]:
    return frozenset(line for line in _mappings() if line.split(" ", 2)[1].startswith("rw-s"))


def _maps(*names: str) -> bool:
    return any(name in line.rpartition("/")[2] for line in _mappings() for name in names)


def _mappings() -> list[str]:
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as lines:
            return lines.read().splitlines()
    except OSError:
        return []


def _native_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _finalizers() -> int:
    registry: Any = getattr(weakref.finalize, "_registry", {})
    return sum(1 for info in registry.values() if info.atexit)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True

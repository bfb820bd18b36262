"""What a process must do to be a worker: after a fork, while it runs, when it leaves."""

from __future__ import annotations

import atexit
import gc
import io
import os
import select
import signal
import sys
import threading
import weakref
from _thread import allocate_lock, start_new_thread
from contextlib import suppress
from typing import Any, NoReturn

from .wire import Connection, Disconnected, ProtocolError

#: Seconds that handlers registered with ``atexit`` get.
ENDING_SECONDS = 5.0


def kill_with_parent(parent: int) -> None:
    """On Linux: die when the host dies, however it dies."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def own_group() -> None:
    """A session and process group of its own, so that it can be killed with all it started and Ctrl-C passes it by."""
    if hasattr(os, "setsid"):
        # it leads one already where it was started so
        with suppress(OSError):
            os.setsid()


def forget_inherited_endings() -> None:
    """After a fork: what the zygote registered for its own end must not run at the end of this process."""
    atexit._clear()
    registry = getattr(weakref.finalize, "_registry", None)
    if registry is not None:
        registry.clear()
        weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    utilities: Any = sys.modules.get("multiprocessing.util")
    if utilities is not None:
        utilities._finalizer_registry.clear()
        atexit.register(utilities._exit_function)
    logging: Any = sys.modules.get("logging")
    if logging is not None:
        atexit.register(logging.shutdown)


def run_endings() -> None:
    """What would run at the end of this Python process, for a few seconds at most.

    As there, nobody is told what fails.
    """

    def stop(*_: Any) -> None:
        raise TimeoutError

    alarmed = hasattr(signal, "setitimer")
    if alarmed:
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, ENDING_SECONDS)
    with suppress(BaseException):
        # pools of threads and processes are told to leave first, as the interpreter does
        for ending in reversed(getattr(threading, "_threading_atexits", ())):
            ending()
        atexit._run_exitfuncs()
    if alarmed:
        signal.setitimer(signal.ITIMER_REAL, 0)


def flush_open_files() -> None:
    """What was written to files that nobody closed reaches them now: `os._exit` would lose it."""
    for found in gc.get_objects():
        kind = type(found)
        if kind is io.TextIOWrapper or kind is io.BufferedWriter or kind is io.BufferedRandom:
            try:
                if not found.closed and found.writable():
                    found.flush()
            except (OSError, ValueError):
                continue


class Control:
    """A thread of its own, unseen by ``threading``: sends live output, notes the acknowledgement, ends an orphan."""

    def __init__(self, connection: Connection, streams: Any) -> None:
        self._connection = connection
        self._streams = streams
        self._acknowledged = allocate_lock()
        self._acknowledged.acquire()
        start_new_thread(self._run, ())

    def wait_for_acknowledgement(self) -> None:
        """Until the engine has the last frame; this process is killed when the engine is gone instead."""
        while not self._acknowledged.acquire(timeout=60):
            continue

    def _run(self) -> None:
        try:
            while True:
                self._wait()
                self._streams.pump()
        except Disconnected:
            die()
        except ProtocolError as error:
            # nobody would acknowledge anything any more
            tell(error, self._streams.original[1])
            die()
        except BaseException:
            # the interpreter is going down
            return

    def _wait(self) -> None:
        pause = self._streams.wait()
        if hasattr(select, "poll"):
            poll = select.poll()
            for descriptor in (self._connection.fileno(), *self._streams.descriptors):
                poll.register(descriptor, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll(None if pause is None else pause * 1000)}
        else:
            ready = set(
                select.select([self._connection.fileno()], [], [], 0.1 if pause is None else pause)[0]
            )
        if self._connection.fileno() in ready and self._connection.receive()["type"] == "acknowledge":
            self._acknowledged.release()


def end_children() -> None:
    """Ask what is left of the process group to leave: processes that cells started in the background."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            os.killpg(os.getpid(), signal.SIGTERM)
        except OSError:
            pass
        finally:
            signal.signal(signal.SIGTERM, previous or signal.SIG_DFL)


def tell(error: ProtocolError, errors: int = 2) -> None:
    """In words on standard error, for who reads what a worker left behind."""
    with suppress(OSError):
        os.write(errors, f"dagpy: the engine sent what this process does not understand: {error}\n".encode())


def refuse(error: ProtocolError, errors: int = 2) -> NoReturn:
    """Leave in words: another message from there can not be trusted either."""
    tell(error, errors)
    os._exit(70)


def die() -> NoReturn:
    """The engine is gone: end this process and all it started."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def peak_bytes() -> int:
    """Largest resident set of this process so far, bytes; 0 where unknown."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

"""The zygote: imports packages, forks a worker a job, reaps it. Runs no user code, owns no thread and no loop."""

from __future__ import annotations

import gc
import importlib.util
import os
import select
import signal
import stat
import sys
from contextlib import suppress
from typing import Any

from . import reads
from .ambient.adapter import library_folders
from .forking import ForkSafety
from .messages import job_name_of, job_of, modules_of
from .preimported import PreImported
from .process import forget_inherited_endings, kill_with_parent, own_group, refuse
from .reads.packages import distributions
from .reads.paths import in_library
from .wire import Connection, Disconnected, Message, ProtocolError


class Host:
    """One zygote. `serve` returns when the engine is gone or says ``shutdown``; its workers go with it."""

    def __init__(self, address: str, secret: str) -> None:
        self._address = address
        self._secret = secret
        self._children: dict[int, str] = {}
        self._safety = ForkSafety()
        self._preimported = PreImported()
        reads.install()
        self._connection = Connection.open(address, secret, "host")
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(signal, "SIGCHLD"):
            signal.signal(signal.SIGCHLD, lambda *_: None)
            signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._kernel: Any = None
        #: Whether what was imported is left alone by collections.
        self._is_settled = False
        # imports make much that stays: collecting meanwhile finds nothing and takes a tenth of the time
        gc.disable()

    def serve(self) -> None:
        """Answer the engine until it leaves."""
        watched: list[int] = [self._connection.fileno(), self._wake_read]
        if _is_pipe(0):
            watched.append(0)
        try:
            while True:
                ready, _, _ = select.select(watched, [], [])
                if self._wake_read in ready:
                    self._reap()
                if 0 in ready and not os.read(0, 4096):
                    return
                if self._connection.fileno() in ready and not self._answer(self._connection.receive()):
                    return
        except Disconnected:
            return
        finally:
            self._kill_children()

    def _answer(self, message: Message) -> bool:
        kind = message["type"]
        if kind == "shutdown":
            return False
        if kind == "preimport":
            self._connection.send(self._pre_import(modules_of(message)))
        elif kind == "fork":
            self._fork(job_name_of(message))
        return True

    # ------------------------------------------------------------ imports

    def _pre_import(self, modules: list[str]) -> Message:
        kernel = self._warm()
        imported = []
        reads.pre_importing(True)
        try:
            # some packages ask for `get_ipython` while they come in, and are another thing in a terminal
            with kernel.shell.builtin_trap, self._preimported.taking_in():
                for name in modules:
                    before = self._safety.threads()
                    if _is_installed(name) and _import(name):
                        imported.append(name)
                    self._safety.note(name, before)
        finally:
            reads.pre_importing(False)
        why = self._safety.verdict()
        self._is_settled = False
        return {"type": "ready", "modules": imported, "forkSafe": not why, "why": why}

    def _warm(self) -> Any:
        if self._kernel is not None:
            return self._kernel
        from . import job
        from .session import make_kernel

        # the first cell of a shell imports and compiles patterns that every worker would need
        self._kernel = make_kernel()
        self._kernel.session.listener = lambda *_: None
        self._kernel.shell.run_cell("None", store_history=False, silent=True)
        # likewise the first value that is shown makes all formatters
        self._kernel.shell.display_formatter.format(None)
        import ctypes

        ctypes.CDLL(None)
        # every worker asks, and one scan of all that is installed takes longer than most blocks
        distributions()
        # what every worker would load for itself
        for name in ("resource", "encodings.utf_16_be", "IPython.core.logger"):
            with suppress(ImportError):
                importlib.import_module(name)
        library_folders()
        del job
        return self._kernel

    # ------------------------------------------------------------ workers

    def _settle(self) -> None:
        """What is here stays for good: no collection in a child touches, and so copies, its pages."""
        if not self._is_settled:
            # with what else workers need, which is imported with the first job
            from .values.modules import remember_modules

            remember_modules()
            gc.collect()
            gc.freeze()
            self._is_settled = True

    def _fork(self, job: str) -> None:
        self._warm()
        self._settle()
        why = self._safety.verdict()
        if why:
            self._connection.send({"type": "refused", "job": job, "why": why})
            return
        host = os.getpid()
        # a signal between the fork and the child's own handlers would be lost in ours
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
        try:
            pid = os.fork()
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._connection.send({"type": "refused", "job": job, "why": f"fork failed: {error}"})
            return
        if pid == 0:
            self._child(job, host, blocked)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self._children[pid] = job
        self._connection.send({"type": "forked", "job": job, "pid": pid})

    def _child(self, job: str, host: int, mask: Any) -> None:
        errors = 2
        try:
            own_group()
            kill_with_parent(host)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._connection.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
            forget_inherited_endings()
            gc.enable()
            connection = Connection.open(self._address, self._secret, "worker", job)
            from .job import Place, run_job

            errors = os.dup(2)
            place = Place(self._kernel, connection, errors)
            specification = job_of(connection.receive())
            why = self._preimported.obstacle(_working_folders(specification))
            if why:
                connection.send({"type": "unfit", "why": why})
                os._exit(0)
            run_job(place, specification)
        except ProtocolError as error:
            refuse(error, errors)
        except BaseException:
            import traceback

            if not isinstance(sys.exc_info()[1], (Disconnected, KeyboardInterrupt)):
                os.write(errors, traceback.format_exc().encode())
            os._exit(70)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        for pid in list(self._children):
            try:
                done, status, usage = os.wait4(pid, os.WNOHANG)
            except ChildProcessError:
                self._children.pop(pid)
                continue
            if not done:
                continue
            job = self._children.pop(pid)
            _kill_group(pid)
            unit = 1 if sys.platform == "darwin" else 1024
            self._connection.send(
                {
                    "type": "exited",
                    "job": job,
                    "pid": pid,
                    "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
                    "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
                    "peakBytes": usage.ru_maxrss * unit,
                }
            )

    def _kill_children(self) -> None:
        for pid in self._children:
            _kill_group(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue


def _working_folders(specification: Message) -> set[str]:
    """Of a job, and of the blocks that it runs again."""
    settings = [segment["setting"] for segment in specification["segments"]]
    return {each["cwd"] for each in (specification, *settings) if each}


def _kill_group(pid: int) -> None:
    """What a worker left running in its group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        return


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _is_installed(name: str) -> bool:
    """Whether a module belongs to an installed package: local ones may change while the zygote lives."""
    try:
        found = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return False
    if found is None:
        return False
    places = [found.origin] if found.origin else list(found.submodule_search_locations or ())
    return all(place in ("built-in", "frozen") or in_library(os.path.abspath(place)) for place in places)


def _import(name: str) -> bool:
    output = sys.stdout, sys.stderr
    try:
        importlib.import_module(name)
    except BaseException:
        return False
    finally:
        sys.stdout, sys.stderr = output
    return True

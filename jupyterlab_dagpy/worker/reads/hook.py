"""The audit hook and the wrapped ``stat`` family: how accesses to files, folders, processes and hosts are seen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from . import imports
from .origin import starter
from .paths import absolute, ignored
from .recorder import recorder

#: Part of the path of the code that searches every folder of ``sys.path`` for installed distributions.
_METADATA = os.path.join("importlib", "metadata")

_real_readlink = os.readlink

_last_hosts: dict[Any, str] = {}


def _opened(arguments: tuple[Any, ...]) -> None:
    recorder.opened(*arguments)


def _listed(arguments: tuple[Any, ...]) -> None:
    asking = sys._getframe(2).f_code.co_filename
    if asking.startswith("<frozen importlib") or _METADATA in asking:
        # looking for a module or for an installed distribution: those are among the modules and packages
        return
    recorder.listed(arguments[0])


def _renamed(arguments: tuple[Any, ...]) -> None:
    source, target = absolute(arguments[0]), absolute(arguments[1])
    sink = recorder.sink
    if source is None or target is None or sink is None:
        return
    if os.path.isdir(source):
        sink.made.setdefault(target, None)
        for path in [path for path in sink.written if path.startswith(source + os.sep)]:
            recorder.removed(path)
            recorder.wrote(target + path[len(source) :])
        return
    # Python puts the compiled file of a module in place under a name that is gone afterwards
    if source not in sink.written and not ignored(source):
        recorder.read(source)
    recorder.removed(source)
    recorder.wrote(target)


def _linked(arguments: tuple[Any, ...]) -> None:
    target = absolute(arguments[1])
    if target is not None:
        recorder.wrote(target)


def _removed(arguments: tuple[Any, ...]) -> None:
    name = absolute(arguments[0])
    if name is not None:
        recorder.removed(name)


def _truncated(arguments: tuple[Any, ...]) -> None:
    name = absolute(arguments[0])
    if name is not None:
        recorder.wrote(name)


def _made(arguments: tuple[Any, ...]) -> None:
    recorder.made_folder(arguments[0])


def _sqlite(arguments: tuple[Any, ...]) -> None:
    database = arguments[0]
    if isinstance(database, bytes):
        database = os.fsdecode(database)
    text = str(database)
    if text.startswith("file:"):
        text = text[5:].partition("?")[0]
        text = text[2:] if text.startswith("//") else text
    if text in ("", ":memory:") or text.startswith(":"):
        return
    name = absolute(text)
    if name is not None:
        existed = os.path.exists(name)
        recorder.read(name)
        if not existed:
            recorder.wrote(name)
        elif _logs_ahead(name):
            # what others committed and nobody has copied into the database yet
            log = name + "-wal"
            recorder.read(log)
            if not os.path.exists(log):
                recorder.wrote(log)


def _logs_ahead(database: str) -> bool:
    with open(database, "rb") as file:
        return 2 in file.read(20)[18:20]


def _started(arguments: tuple[Any, ...]) -> None:
    who = starter(3)
    if who is None:
        return
    command = arguments[1] if len(arguments) > 1 and arguments[1] else arguments[0]
    if isinstance(command, (list, tuple)):
        command = " ".join(str(part) for part in command)
    if isinstance(command, bytes):
        command = os.fsdecode(command)
    text = " ".join(str(command).split())
    # a shell that IPython starts for !cmd and %%bash says nothing by its own name
    for shell in ("/bin/sh -c ", "/bin/bash -c ", "sh -c ", "bash -c "):
        text = text.removeprefix(shell)
    recorder.untracked(f"{who} starts a process: {text[:80]}")


def _resolved(arguments: tuple[Any, ...]) -> None:
    host, port = arguments[0], arguments[1]
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and host:
        _last_hosts[port if not isinstance(port, str) or not port.isdigit() else int(port)] = host


def _connected(arguments: tuple[Any, ...]) -> None:
    address = arguments[1]
    if isinstance(address, tuple) and len(address) >= 2:
        host = _last_hosts.get(address[1], str(address[0]))
        recorder.connects(f"{host}:{address[1]}")


def _executed(arguments: tuple[Any, ...]) -> None:
    # a module loaded by hand, from its compiled file: the source that was checked against it is what counts
    name = getattr(arguments[0], "co_filename", "<")
    if not name.startswith("<"):
        path = absolute(name)
        if path is not None and not ignored(path) and os.path.isfile(path):
            recorder.read(path)


def _loaded_library(arguments: tuple[Any, ...]) -> None:
    name = arguments[0]
    if isinstance(name, (str, bytes)) and os.sep in os.fsdecode(name):
        path = absolute(name)
        if path is not None and not ignored(path):
            recorder.read(path)


def _imported(arguments: tuple[Any, ...]) -> None:
    imports.log.found(arguments[0])


def _unpickled(arguments: tuple[Any, ...]) -> None:
    imports.log.unpickled(arguments[0])
    if arguments[0] == "pyarrow._dataset" and str(arguments[1]).endswith("Dataset"):
        recorder.untracked("a dataset of another block reads its files when it is used")


_EVENTS: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "open": _opened,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "os.rename": _renamed,
    "os.link": _linked,
    "os.symlink": _linked,
    "os.remove": _removed,
    "os.truncate": _truncated,
    "os.mkdir": _made,
    "sqlite3.connect": _sqlite,
    "subprocess.Popen": _started,
    "os.system": _started,
    "os.exec": _started,
    "os.posix_spawn": _started,
    "os.spawn": _started,
    "pty.spawn": _started,
    "socket.getaddrinfo": _resolved,
    "socket.connect": _connected,
    "exec": _executed,
    "ctypes.dlopen": _loaded_library,
    "import": _imported,
    "pickle.find_class": _unpickled,
}


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if recorder.sink is None:
        return
    handler = _EVENTS.get(event)
    if handler is None or recorder.busy():
        return
    recorder.enter()
    try:
        handler(arguments)
    except Exception:
        pass
    finally:
        recorder.leave()


def _from_folder(path: Any, descriptor: int | None) -> Any:
    """A path as it is meant where it is relative to an open folder."""
    if descriptor is None or not isinstance(path, (str, bytes, os.PathLike)):
        return path
    try:
        return os.path.join(os.fsencode(_real_readlink(f"/proc/self/fd/{descriptor}")), os.fsencode(path))
    except OSError:
        return path


def _wrap_open() -> None:
    original = os.open

    def opener(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is None:
            return original(path, flags, mode)
        if recorder.sink is not None and not recorder.busy():
            whole = _from_folder(path, dir_fd)
            recorder.enter()
            try:
                if not os.path.isdir(whole):
                    recorder.opened(whole, None, flags)
                return original(path, flags, mode, dir_fd=dir_fd)
            finally:
                recorder.leave()
        return original(path, flags, mode, dir_fd=dir_fd)

    opener.__name__ = opener.__qualname__ = original.__name__
    opener.__module__ = original.__module__
    opener.__doc__ = original.__doc__
    for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if original in supported:
            supported.add(opener)
    os.open = opener


def _wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    def probe(path: Any, *arguments: Any, **options: Any) -> Any:
        if recorder.sink is not None and not recorder.busy():
            recorder.enter()
            try:
                recorder.probed(_from_folder(path, options.get("dir_fd")))
            finally:
                recorder.leave()
        return original(path, *arguments, **options)

    probe.__name__ = probe.__qualname__ = original.__name__
    probe.__module__ = original.__module__
    probe.__doc__ = original.__doc__
    return probe


def _wrap_probes() -> None:
    sets = (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids)
    for name in ("stat", "lstat", "access", "readlink"):
        original = getattr(os, name, None)
        if original is None:
            continue
        probe = _wrapped(original)
        for supported in sets:
            if original in supported:
                supported.add(probe)
        setattr(os, name, probe)
    # genericpath binds os as a module, so exists, isfile, isdir and getsize follow by themselves, except where
    # they are built in
    for name in ("exists", "isfile", "isdir", "lexists"):
        original = getattr(os.path, name)
        if type(original).__name__ == "builtin_function_or_method":
            setattr(os.path, name, _wrapped(original))
    import pathlib

    accessor = getattr(pathlib, "_NormalAccessor", None)
    if accessor is not None:
        accessor.stat = staticmethod(os.stat)


_installed = False


def install() -> None:
    """Add the hook and the wrappers, once in a process."""
    global _installed
    if not _installed:
        _installed = True
        _wrap_probes()
        _wrap_open()
        sys.addaudithook(_audit)

"""Whose code is on the stack: the block's own, or a library's."""

from __future__ import annotations

import sys
from types import FrameType

from .paths import PAYLOAD, in_library

#: File names under which cells were compiled.
cell_files: set[str] = set()

#: Parts of paths of code that starts processes on behalf of whoever called it.
_STARTERS = (
    "subprocess.py",
    "os.py",
    "pty.py",
    "/asyncio/",
    "/contextlib.py",
    "/multiprocessing/",
    "/concurrent/futures/",
    "/joblib/",
    "/IPython/",
    "/ipykernel/",
    "/pexpect/",
    "/ptyprocess/",
    "/threading.py",
    "/selectors.py",
)
#: Code below these starts helpers of its own that read nothing of the user's.
_HOUSEKEEPING = ("resource_tracker.py", "forkserver.py")
#: Functions of pools that ask another program how many cores there are.
_COUNTING = frozenset(("cpu_count", "_cpu_count_user", "_count_physical_cores"))


def is_own(filename: str) -> bool:
    """Whether code of this file is the block's own: a cell, a local module, or text that one of them executes."""
    if filename in cell_files:
        return True
    if filename.startswith("<"):
        return not filename.startswith(("<frozen", "<__array_function__", "<decorator"))
    return not in_library(filename) and not filename.startswith(PAYLOAD)


#: Modules through which a mapping is read for whoever calls them.
# `_collections_abc` calls itself by its public name
TRANSPARENT = frozenset(("_collections_abc", "collections.abc", "os", "copy"))


#: And those through which folders are looked at.
_PATH_MODULES = TRANSPARENT | frozenset("pathlib pathlib._local posixpath ntpath genericpath glob".split())


def asked_by_own_code() -> bool:
    """Whether a path is looked at by the block's code, not by a library for its own purposes."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (
        frame.f_code.co_filename.startswith((PAYLOAD, "<frozen"))
        or frame.f_globals.get("__name__") in _PATH_MODULES
    ):
        frame = frame.f_back
    return frame is not None and is_own(frame.f_code.co_filename)


def asking_frame(depth: int = 1) -> FrameType:
    """The nearest frame that is neither ours nor one of the modules in `TRANSPARENT`."""
    frame = sys._getframe(depth)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith((PAYLOAD, "<frozen"))
        or frame.f_globals.get("__name__") in TRANSPARENT
    ):
        frame = frame.f_back
    return frame


def caller_is_own() -> bool:
    """Whether the nearest frame outside our own files is the block's code."""
    return is_own(asking_frame(2).f_code.co_filename)


def starter(depth: int = 2, alone: str | None = "the block") -> str | None:
    """Who starts a process: ``the block`` or a local module's file name; `None` for a library.

    `alone`: the answer for a thread with nothing but starters on it, such as that of ``%%bash`` or of a pool that was
    handed ``subprocess.run`` itself.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        filename = frame.f_code.co_filename
        slashed = filename.replace("\\", "/")
        if any(part in slashed for part in _HOUSEKEEPING) or frame.f_code.co_name in _COUNTING:
            return None
        if filename.startswith((PAYLOAD, "<frozen")) or any(part in slashed for part in _STARTERS):
            # %%bash and !cmd have IPython's frames only between them and the cell
            frame = frame.f_back
            continue
        if not is_own(filename):
            return None
        return (
            "the block" if filename in cell_files or filename.startswith("<") else filename.rpartition("/")[2]
        )
    return alone

"""Stamps: identity of a file's content as the file system tells it."""

from __future__ import annotations

import os
import stat as modes
from typing import Any

#: The real ones, taken before anything is wrapped.
real_stat = os.stat
real_listdir = os.listdir

Stamp = dict[str, Any]


def stamp_of(path: str) -> Stamp | None:
    """Stamp of a regular file; `None` when there is nothing.

    Raises:
        IsADirectoryError: for anything that exists and is no regular file.
    """
    try:
        found = real_stat(path)
    except (OSError, ValueError):
        return None
    if not modes.S_ISREG(found.st_mode):
        raise IsADirectoryError(path)
    return _as_message(found)


def stamp_of_folder(path: str) -> Stamp | None:
    """Stamp of a folder; `None` when there is none."""
    try:
        found = real_stat(path)
    except (OSError, ValueError):
        return None
    return _as_message(found) if modes.S_ISDIR(found.st_mode) else None


def _as_message(found: os.stat_result) -> Stamp:
    return {
        "device": str(found.st_dev),
        "inode": str(found.st_ino),
        "size": found.st_size,
        "mtime": str(found.st_mtime_ns),
        "ctime": str(found.st_ctime_ns),
    }

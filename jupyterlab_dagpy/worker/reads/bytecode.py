"""Compiled code of the user's modules is taken only where it surely belongs to their source of today.

Python holds a ``.pyc`` to be good when the source has the size and the whole second of change that it names. A module
edited twice within a second, ``N = 1`` to ``N = 2``, would so run as it was before; a copied tree, or one whose times
were set back, too. The time of the last change to the file's record can't be set, and tells.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.machinery import BYTECODE_SUFFIXES, SourceFileLoader

from .paths import in_library

#: Nanoseconds that must lie between the source's last change and its compilation. More than the second that Python
#: counts in and the steps of a file system's clock, so an edit made while the source is compiled is seen too.
MARGIN = 2_000_000_000


def surely_current(source: str, compiled: str) -> bool:
    """Whether the compiled file was written after the source was last changed, by `MARGIN` or more."""
    try:
        return os.stat(source).st_ctime_ns + MARGIN < os.stat(compiled).st_mtime_ns
    except OSError:
        return False


def _guarded(
    original: Callable[[SourceFileLoader, str], bytes],
) -> Callable[[SourceFileLoader, str], bytes]:
    def get_data(self: SourceFileLoader, path: str) -> bytes:
        # Python compiles the source, and writes the result, when compiled code can't be read
        if (
            path.endswith(tuple(BYTECODE_SUFFIXES))
            and path != self.path
            and not in_library(os.path.abspath(self.path))
            and not surely_current(self.path, path)
        ):
            raise OSError(f"{path} may be older than its source")
        return original(self, path)

    return get_data


def install() -> None:
    """Guard the loader of source files, in this process and those forked from it."""
    SourceFileLoader.get_data = _guarded(SourceFileLoader.get_data)  # type: ignore[assignment,method-assign]

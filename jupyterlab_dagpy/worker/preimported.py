"""What the host imported beforehand, and whether a job would import the same.

A host lives for many runs, and serves projects in several folders. What is installed is watched by the engine, which
takes another host where it changes. The rest is looked at here, in the forked worker, before anything runs: modules
that no distribution accounts for, files that packages read while they came in, and modules of the user's own that would
be found first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import all_suffixes

from .reads.imports import log, top_of
from .reads.packages import distributions
from .reads.paths import PAYLOAD, in_library
from .reads.stamps import Stamp, real_listdir, stamp_of, stamp_of_folder

_SUFFIXES = tuple(all_suffixes())


class PreImported:
    """Modules and files that came in with pre-imports."""

    def __init__(self) -> None:
        #: Top-level name → folder in which it was found.
        self._found: dict[str, str] = {}
        #: Files that may change while no distribution does.
        self._stamps: dict[str, Stamp | None] = {}

    @contextmanager
    def taking_in(self) -> Iterator[None]:
        """Frames pre-imports. The working folder is the engine's, whose modules are no project's."""
        before = set(sys.modules)
        path, sys.path[:] = list(sys.path), [entry for entry in sys.path if entry]
        try:
            yield
        finally:
            if sys.path == [entry for entry in path if entry]:
                sys.path[:] = path
            elif "" not in sys.path:
                sys.path.insert(path.index("") if "" in path else len(sys.path), "")
        for name in set(sys.modules) - before:
            self._note(name)
        for brought in log.brought.values():
            for file in brought.files:
                self._stamps.setdefault(file, _stamp(file))

    def obstacle(self, folders: Iterable[str]) -> str:
        """What a job in these working folders would find otherwise; empty: nothing.

        `outdated`: no job would find it so any more. `shadowed`: modules of the user's own come first.
        """
        if any(_stamp(file) != stamp for file, stamp in self._stamps.items()):
            return "outdated"
        places = {*folders, *(entry for entry in sys.path if entry and not in_library(entry + os.sep))}
        for place in places:
            here = {name: folder for name, folder in self._found.items() if folder != place}
            if any(top in here for top in _modules_in(place)):
                return "shadowed"
        return ""

    def _note(self, name: str) -> None:
        path = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(path, str) or not path or path.startswith(PAYLOAD + os.sep):
            return
        path = os.path.abspath(path)
        top = top_of(name)
        # built-in and standard ones are found first in any case
        if name == top and name not in sys.stdlib_module_names:
            folder, file = os.path.split(path)
            self._found[name] = os.path.dirname(folder) if file.startswith("__init__.") else folder
        if not in_library(path) or (top not in sys.stdlib_module_names and top not in distributions()):
            self._stamps.setdefault(path, _stamp(path))


def _modules_in(folder: str) -> Iterator[str]:
    try:
        entries = real_listdir(folder)
    except OSError:
        return
    for entry in entries:
        name = entry.partition(".")[0]
        if entry.endswith(_SUFFIXES) or (
            entry == name and any(_stamp(os.path.join(folder, entry, f"__init__{end}")) for end in _SUFFIXES)
        ):
            yield name


def _stamp(path: str) -> Stamp | None:
    try:
        return stamp_of(path)
    except IsADirectoryError:
        return stamp_of_folder(path)

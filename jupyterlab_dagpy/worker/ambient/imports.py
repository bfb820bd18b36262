"""Tells when the import of a package is complete, so that its state can be seeded or restored before it is used."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class ImportWatch(MetaPathFinder):
    """First on ``sys.meta_path``; steps in only for the packages it watches, and once for each.

    Args:
        packages: top-level names.
        imported: called with the name right after the package's own code ran.
    """

    def __init__(self, packages: Collection[str], imported: Callable[[str], None]) -> None:
        self._waiting = set(packages)
        self._imported = imported
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification that the other finders give, with a loader that reports."""
        if fullname not in self._waiting:
            return None
        self._waiting.discard(fullname)
        found = importlib.util.find_spec(fullname)
        if found is not None and found.loader is not None:
            found.loader = _Reporting(found.loader, self._imported)
        return found

    def close(self) -> None:
        """Watch no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _Reporting(Loader):
    def __init__(self, loader: Loader, imported: Callable[[str], None]) -> None:
        self._loader = loader
        self._imported = imported

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # the module must look as if nobody had stood in between
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._imported(module.__name__)

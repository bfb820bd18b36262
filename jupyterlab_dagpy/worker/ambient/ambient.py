"""Ambient state over the life of one job: seeded, restored, watched, compared."""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from ..values.blobs import BlobRef
from ..values.files import open_stored
from ..values.ordering import canonical_head
from ..values.pickler import Scope, pickled
from ..values.rebuild import Loader, Rebuilder
from ..values.store import Dumper
from .adapter import Adapter
from .imports import ImportWatch
from .options import MatplotlibParameters, PandasOptions, WarningFilters
from .process import Environment, InProject, ModulePath, WorkingFolder
from .randomness import NumpyRandom, PythonRandom, TorchRandom


class ChangedState(TypedDict):
    """As in the worker's messages."""

    adapter: str
    state: BlobRef


class AmbientError(Exception):
    """An inherited state can not be brought about here; the message names it."""


@dataclass
class _Slot:
    adapter: Adapter
    active: bool = False
    #: pickle of the state when the block's own cells began
    start: bytes | None = None


@dataclass(frozen=True)
class _Outcome:
    """What the own cells made of a state: its pickles, and whether it was asked for."""

    end: bytes | None
    start: bytes | None
    asked: bool

    @functools.cached_property
    def is_changed(self) -> bool:
        """Whether the canonical bytes differ: made only where the pickles do, which is rare."""
        if self.end == self.start:
            return False
        if self.end is None or self.start is None:
            return True
        return canonical_head(self.end) != canonical_head(self.start)


class Ambient:
    """One per job.

    Order of calls: construct, `locate` and `seed` before the prelude runs, `restore` after it, `enter` before the cells
    of each further block that runs in the process, `snapshot` before the block's own cells, `conclude` right after
    them, before values are stored (storing runs user code); then `changed`, `used`.
    Packages that own a state and are imported later are noticed by a hook.

    Args:
        namespace: the session's globals, for functions among the options.
    """

    def __init__(self, namespace: dict[str, object]) -> None:
        self._namespace = namespace
        self._paths = InProject()
        adapters: list[Adapter] = [
            PythonRandom(),
            NumpyRandom(),
            TorchRandom(),
            PandasOptions(),
            MatplotlibParameters(),
            WarningFilters(),
            WorkingFolder(self._paths),
            ModulePath(self._paths),
            Environment(),
        ]
        self._slots = {adapter.name: _Slot(adapter) for adapter in adapters}
        self._seed: str | None = None
        self._pending: dict[str, Path] = {}
        self._running = False
        self._watching = True
        self._outcome: dict[str, _Outcome] | None = None
        packages = {adapter.package for adapter in adapters if adapter.package is not None}
        self._imports = ImportWatch(
            {name for name in packages if name not in sys.modules}, self.package_imported
        )
        #: why an inherited state of a package imported later could not be applied
        self.warnings: list[str] = []

    def locate(self, project: str | os.PathLike[str]) -> None:
        """Tell the folder of the project, relative to which paths are kept."""
        self._paths.locate(Path(project))

    def seed(self, seed_hex: str | None) -> None:
        """Seed the random generators, those of packages not imported yet when they are.

        Args:
            seed_hex: 32 hexadecimal digits; `None` leaves the generators alone.
        """
        self._seed = seed_hex
        for slot in self._slots.values():
            if slot.adapter.package is None or slot.adapter.package in sys.modules:
                self._activate(slot)

    def restore(self, states: Mapping[str, str | os.PathLike[str]]) -> None:
        """Bring about inherited states, those of packages not imported yet when they are.

        Raises:
            AmbientError: a state can not be brought about.
        """
        self._pending = {name: Path(path) for name, path in states.items() if name in self._slots}
        for slot in self._slots.values():
            if slot.adapter.package is None or slot.adapter.package in sys.modules:
                self._activate(slot)
            if slot.active:
                # what the prelude did happens in every session
                slot.adapter.mark()
                self._apply_pending(slot)

    def enter(self, seed_hex: str | None, states: Mapping[str, str | os.PathLike[str]]) -> None:
        """Another block's code comes next, here or after what others left: it starts as it would by itself.

        Raises:
            AmbientError: a state can not be brought about.
        """
        self._seed = seed_hex
        self._pending = {name: Path(path) for name, path in states.items() if name in self._slots}
        for slot in self._slots.values():
            if slot.active:
                slot.adapter.reset()
                self._plant(slot)
                self._apply_pending(slot)

    def snapshot(self) -> None:
        """The block's own cells start now."""
        self._running = True
        for slot in self._slots.values():
            if slot.active:
                slot.adapter.watch()
                slot.start = self._bytes(slot.adapter)

    def package_imported(self, name: str) -> None:
        """The import of a top-level package is complete. The hook calls it; calling it again does nothing.

        Raises:
            AmbientError: its inherited state can not be brought about.
        """
        for slot in self._slots.values():
            if slot.adapter.package == name and not slot.active:
                self._activate(slot)
                slot.adapter.mark()
                self._apply_pending(slot)
                if self._running:
                    slot.adapter.watch()
                    slot.start = self._bytes(slot.adapter)
                if not self._watching:
                    slot.adapter.close()

    def conclude(self) -> None:
        """The block's own cells are done: what happens from now on counts no more."""
        if self._outcome is None:
            active = {name: slot for name, slot in self._slots.items() if slot.active}
            self._outcome = {
                name: _Outcome(self._bytes(slot.adapter), slot.start, slot.adapter.was_asked())
                for name, slot in active.items()
            }

    def changed(self, dumper: Dumper) -> list[ChangedState]:
        """States that the block left different from what it started with, written as canonical bytes.

        Raises:
            OSError: a blob can not be written.
        """
        made: list[ChangedState] = []
        for name, outcome in sorted(self._concluded().items()):
            if outcome.is_changed:
                if outcome.end is not None:
                    state = dumper.blobs.write(canonical_head(outcome.end))
                    made.append({"adapter": name, "state": state})
                else:
                    self.warnings.append(f"the state of {name} holds something that can not be stored")
        return made

    def used(self, touched_packages: Collection[str]) -> list[str]:
        """Adapters whose incoming state may have mattered to the block.

        Args:
            touched_packages: top-level packages that the block, or loading its inputs, imported.
        """
        return sorted(
            name
            for name, outcome in self._concluded().items()
            if outcome.is_changed
            or outcome.asked
            or self._is_touched(self._slots[name].adapter, touched_packages)
        )

    def watch_no_longer(self) -> None:
        """Nobody will ask what was changed or used: only packages imported later are still waited for."""
        self._watching = False
        for slot in self._slots.values():
            slot.adapter.close()

    def close(self) -> None:
        """Undo what was put in place to watch; only needed where the process goes on."""
        self._imports.close()
        for slot in self._slots.values():
            slot.adapter.close()

    def _concluded(self) -> dict[str, _Outcome]:
        self.conclude()
        return self._outcome or {}

    @staticmethod
    def _is_touched(adapter: Adapter, touched: Collection[str]) -> bool:
        if isinstance(adapter, (PythonRandom, NumpyRandom, TorchRandom)):
            return False
        return adapter.package is None or adapter.package in touched

    def _activate(self, slot: _Slot) -> None:
        if slot.active:
            return
        if isinstance(slot.adapter, NumpyRandom):
            # recent versions load it on first use, which no hook for packages would see
            importlib.import_module("numpy.random")
        slot.active = True
        slot.adapter.mark()
        self._plant(slot)

    def _plant(self, slot: _Slot) -> None:
        if self._seed is not None:
            material = f"{self._seed}\0{slot.adapter.name}".encode()
            slot.adapter.seed(int.from_bytes(hashlib.blake2b(material, digest_size=16).digest(), "big"))

    def _apply_pending(self, slot: _Slot) -> None:
        path = self._pending.pop(slot.adapter.name, None)
        if path is None:
            return
        try:
            rebuilder = Rebuilder(self._namespace, [])
            with open_stored(path) as file:
                slot.adapter.apply(Loader(file, rebuilder, []).load())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise AmbientError(f"can not restore the state of {slot.adapter.name}: {reason}") from error

    def _bytes(self, adapter: Adapter) -> bytes | None:
        try:
            return self._pickled(adapter.observe())
        except Exception:
            return None

    def _pickled(self, state: Any) -> bytes:
        form = pickled(state, Scope(self._namespace), sets=True)
        if form.buffers:
            raise ValueError("too large for a state")
        return form.head

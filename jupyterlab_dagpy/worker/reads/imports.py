"""Which module imported which: over the whole life of the process, pre-imports of the zygote included.

A package that the zygote imported long ago counts for the block that imports it now, with all that it brought along
and all that was read while it came in. So edges are kept from the first import on, between modules. What compiled
modules import of modules that are there already stays unseen; for that, what their distributions declare to need is
added (`packages`).
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from . import natives
from .origin import is_own
from .paths import PAYLOAD, in_library
from .recorder import Observations, recorder
from .stamps import Stamp, stamp_of

#: The session's own parts: what they import of each other is none of the block's doing.
MACHINERY = frozenset(
    "IPython ipykernel traitlets matplotlib_inline jupyter_client jupyter_core tornado zmq comm "
    "debugpy pygments stack_data executing asttokens pure_eval jedi parso decorator prompt_toolkit "
    "wcwidth pexpect ptyprocess psutil nest_asyncio nest_asyncio2 platformdirs backcall pickleshare "
    "ipython_pygments_lexers dagpy_worker asyncio".split()
)
#: Parts of it that import what the user asked for by a magic.
ON_BEHALF = ("IPython.core.extensions", "IPython.core.pylabtools", "matplotlib_inline", "IPython.core.magics")
_STANDARD = frozenset(sys.stdlib_module_names) | {"__main__", "__mp_main__", "dagpy_worker"}


def top_of(name: str) -> str:
    """``a`` of ``a.b.c``."""
    return name.partition(".")[0]


class ImportLog:
    """Edges and reads of imports; `begin` and `end` frame the stretch that belongs to a block."""

    def __init__(self) -> None:
        #: Importing module → imported ones.
        self.edges: dict[str, set[str]] = {}
        #: Top-level name → what was read while the zygote imported it.
        self.brought: dict[str, Observations] = {}
        #: Dotted names imported while a block ran.
        self.asked: dict[str, None] = {}
        #: Those that pickles named.
        self.by_pickle: dict[str, None] = {}
        #: Those named by the block's own code.
        self.own: dict[str, None] = {}
        #: Names the block's own code asked for in vain.
        self.missing: dict[str, None] = {}
        #: Local modules → path, stamp when they came in.
        self.local: dict[str, tuple[str, Stamp | None]] = {}
        #: Told the top-level packages that have come in, once the outermost import is complete.
        self.on_package: Callable[[str], None] | None = None
        self._new: list[str] = []
        self.recording = False
        self.pre_importing = False
        self._seen: set[tuple[Any, ...]] = set()
        self._before: list[set[tuple[Any, ...]]] = []
        self._stack: list[str] = []

    def begin(self) -> None:
        """From here on imports belong to a block."""
        # a new set: emptying the zygote's would write to, so copy, every page that its keys lie on
        self._before.append(self._seen)
        self._seen = set()
        self.recording = True

    def end(self) -> None:
        """Stop; modules that came in by unusual ways are looked up now."""
        self.recording = False
        self._arrived(list(sys.modules))

    def note(self, importer: str, own: bool, name: str, names: Iterable[str]) -> None:
        """Somebody imports a module that is there by now."""
        top = top_of(name)
        if top not in _STANDARD or top_of(importer) not in _STANDARD:
            self.edges.setdefault(importer, set()).add(name)
            self.edges[importer].update(f"{name}.{part}" for part in names if f"{name}.{part}" in sys.modules)
        if not self.recording or top == "dagpy_worker" or top_of(importer) == "dagpy_worker":
            return
        if top_of(importer) in MACHINERY and not own and not importer.startswith(ON_BEHALF):
            return
        found = [name] + [f"{name}.{part}" for part in names if f"{name}.{part}" in sys.modules]
        for each in found:
            self.asked.setdefault(each)
            if own:
                self.own.setdefault(each)

    def found(self, name: object) -> None:
        """The audit event of a module that is not there yet."""
        if isinstance(name, str) and self._stack:
            self.edges.setdefault(self._stack[-1], set()).add(name)
        if isinstance(name, str) and self.recording and not self._stack:
            self.asked.setdefault(name)

    def unpickled(self, name: object) -> None:
        """A pickle names a module."""
        if isinstance(name, str) and self.recording and top_of(name) not in ("dagpy_worker", "__main__"):
            self.asked.setdefault(name)
            self.by_pickle.setdefault(name)

    def closure(self) -> set[str]:
        """Top-level names of everything the block imported, and of what that imports."""
        waiting = [*self.asked, *self.local]
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            package = name.rpartition(".")[0]
            if package and package not in reached:
                waiting.append(package)
            edges = self.edges.get(name)
            if edges is not None and top_of(name) not in _STANDARD:
                waiting.extend(edges)
        return {top_of(name) for name in reached} - _STANDARD

    def replace_import(self, original: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
        """``builtins.__import__`` that takes notes. Frames of this file are cut out of tracebacks that are shown."""
        stack, modules = self._stack, sys.modules

        def __import__(  # noqa: N807 - takes the place of the builtin
            name: str,
            globals: Any = None,
            locals: Any = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> ModuleType:
            importer = (globals.get("__name__") if globals else None) or "__main__"
            try:
                key = (importer, name, fromlist, level)
                if key in self._seen:
                    return original(name, globals, locals, fromlist, level)
            except TypeError:
                key = (importer, name, tuple(fromlist or ()), level)
            absolute = name if not level else _absolute(globals, name, level)
            there = len(modules)
            stack.append(absolute)
            try:
                module = self._within(absolute, original, name, globals, locals, fromlist, level)
            except ImportError:
                if self.recording and is_own(
                    (globals or {}).get("__file__") or sys._getframe(1).f_code.co_filename
                ):
                    self.missing.setdefault(absolute)
                raise
            finally:
                stack.pop()
            if len(modules) != there:
                self._arrived(list(modules)[there:] if len(modules) > there else list(modules))
            own = self.recording and is_own(sys._getframe(1).f_code.co_filename)
            self._seen.add(key)
            if own:
                for part in fromlist or ():
                    # `from package import part` falls back on a submodule
                    if isinstance(part, str) and part != "*" and not hasattr(module, part):
                        self.missing.setdefault(f"{absolute}.{part}")
            self.note(
                importer, own, absolute, () if not fromlist else (f for f in fromlist if isinstance(f, str))
            )
            return module

        return __import__

    def replace_import_module(self, original: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
        """``importlib.import_module`` that takes notes."""

        def import_module(name: str, package: str | None = None) -> ModuleType:
            caller = sys._getframe(1)
            importer = caller.f_globals.get("__name__") or "__main__"
            absolute = (
                importlib.util.resolve_name(name, package) if name.startswith(".") and package else name
            )
            there = len(sys.modules)
            self._stack.append(absolute)
            try:
                module = self._within(absolute, original, name, package)
            except ImportError:
                if self.recording and is_own(caller.f_code.co_filename):
                    self.missing.setdefault(absolute)
                raise
            finally:
                self._stack.pop()
            if len(sys.modules) != there:
                self._arrived(list(sys.modules)[there:] if len(sys.modules) > there else list(sys.modules))
            self.note(importer, self.recording and is_own(caller.f_code.co_filename), absolute, ())
            return module

        import_module.__module__ = "importlib"
        import_module.__doc__ = original.__doc__
        return import_module

    def replace_find_spec(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """``importlib.util.find_spec`` that takes notes: whether a module is there, and where."""

        def find_spec(name: str, package: str | None = None) -> Any:
            found = original(name, package)
            if self.recording and is_own(sys._getframe(1).f_code.co_filename):
                absolute = importlib.util.resolve_name(name, package or "") if name[:1] == "." else name
                origin = getattr(found, "origin", None)
                if found is None:
                    self.missing.setdefault(absolute)
                elif isinstance(origin, str) and os.path.isfile(origin) and not in_library(origin):
                    self.own.setdefault(absolute)
                    recorder.read(os.path.abspath(origin))
            return found

        find_spec.__module__ = "importlib.util"
        find_spec.__doc__ = original.__doc__
        return find_spec

    def _within(self, absolute: str, original: Callable[..., ModuleType], *arguments: Any) -> ModuleType:
        if not self.pre_importing or absolute in sys.modules:
            return original(*arguments)
        outer = recorder.sink
        recorder.sink = self.brought.setdefault(top_of(absolute), Observations())
        try:
            return original(*arguments)
        finally:
            recorder.sink = outer

    def _arrived(self, names: list[str]) -> None:
        natives.wrap_arrived(names)
        if self.on_package is not None:
            self._new += [name for name in names if "." not in name]
            if not self._stack and self._new:
                complete, self._new = self._new, []
                inside = recorder.busy()
                recorder.enter()
                try:
                    for name in complete:
                        self.on_package(name)
                finally:
                    if not inside:
                        recorder.leave()
        if not self.recording:
            return
        for name in names:
            if name in self.local or name in ("__main__", "__mp_main__"):
                continue
            path = local_file(sys.modules.get(name))
            if path is not None:
                try:
                    self.local[name] = (path, stamp_of(path))
                except IsADirectoryError:
                    continue


def local_file(module: object) -> str | None:
    """Absolute source path of a module that lies outside the standard library, site-packages and this payload."""
    path = getattr(module, "__file__", None) if isinstance(module, ModuleType) else None
    if not isinstance(path, str) or not path:
        return None
    path = os.path.abspath(path)
    return None if in_library(path) or path.startswith(PAYLOAD + os.sep) else path


def _absolute(globals_: Any, name: str, level: int) -> str:
    package = (globals_ or {}).get("__package__") or ""
    if not package:
        package = ((globals_ or {}).get("__name__") or "").rpartition(".")[0]
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name}" if name else base


log = ImportLog()
_installed = False


def install() -> None:
    """Put the wrappers in place, once in a process."""
    global _installed
    if not _installed:
        _installed = True
        import importlib.util

        builtins.__import__ = log.replace_import(builtins.__import__)
        importlib.import_module = log.replace_import_module(importlib.import_module)
        importlib.util.find_spec = log.replace_find_spec(importlib.util.find_spec)

"""State of the process: working folder, ``sys.path``, environment variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .adapter import Adapter, Patches, called_by_library_import


class InProject:
    """Paths inside the project are told relative to it, so that a moved project stays the same."""

    def __init__(self) -> None:
        self._located: Path | None = None

    def locate(self, project: Path) -> None:
        """Where the project lies; to be told before any path is."""
        self._located = project.resolve()

    @property
    def _project(self) -> Path:
        if self._located is None:
            raise RuntimeError("nobody told where the project lies")
        return self._located

    def tell(self, path: str) -> list[str]:
        """``["project", relative]`` or ``["path", as it is]``."""
        try:
            return (
                ["project", Path(path).resolve().relative_to(self._project).as_posix()]
                if path
                else ["path", ""]
            )
        except (ValueError, OSError):
            return ["path", path]

    def find(self, told: list[str]) -> str:
        """The path in this checkout."""
        kind, path = told
        return str(self._project / path) if kind == "project" else path


class WorkingFolder(Adapter):
    """``os.getcwd()``."""

    name = "cwd"

    def __init__(self, paths: InProject) -> None:
        self._paths = paths

    def mark(self) -> None:
        """Nothing: the folder is stored as it is."""

    def observe(self) -> Any:
        """The folder; a removed one has no name."""
        try:
            return self._paths.tell(os.getcwd())
        except OSError:
            return ["path", ""]

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        os.chdir(self._paths.find(state))


class ModulePath(Adapter):
    """``sys.path``: what was added in front and behind, and what was removed."""

    name = "sys.path"

    def __init__(self, paths: InProject) -> None:
        self._paths = paths
        self._marked: list[str] = []

    def mark(self) -> None:
        """See `Adapter`."""
        self._marked = list(sys.path)

    def observe(self) -> Any:
        """See the class."""
        current = list(sys.path)
        marked = set(self._marked)
        first = next((place for place, path in enumerate(current) if path in marked), len(current))
        front = [self._paths.tell(str(path)) for path in current[:first]]
        behind = [self._paths.tell(str(path)) for path in current[first:] if path not in marked]
        removed = [self._paths.tell(path) for path in self._marked if path not in current]
        return {"behind": behind, "front": front, "removed": removed}

    def reset(self) -> None:
        """See `Adapter`."""
        sys.path[:] = self._marked

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        removed = set(map(self._paths.find, state["removed"]))
        kept = [path for path in self._marked if path not in removed]
        sys.path[:] = [*map(self._paths.find, state["front"]), *kept, *map(self._paths.find, state["behind"])]


class Environment(Adapter):
    """``os.environ``: only what the session set or deleted, never what it started with."""

    name = "os.environ"

    def __init__(self) -> None:
        self._marked: dict[str, str] = {}
        self._of_libraries: set[str] = set()
        self._patches = Patches()
        self._patches.wrap(os, "putenv", self._noting)
        self._patches.wrap(os, "unsetenv", self._noting)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(name: Any, *value: Any) -> Any:
            result = original(name, *value)
            change = self._of_libraries.add if called_by_library_import() else self._of_libraries.discard
            change(os.fsdecode(name))
            return result

        return watched

    def mark(self) -> None:
        """See `Adapter`."""
        self._marked = _variables()

    def observe(self) -> Any:
        """Variables set, with their values, and variables removed."""
        current = _variables()
        names = sorted({*current, *self._marked} - self._of_libraries)
        changed = {
            name: current[name]
            for name in names
            if name in current and self._marked.get(name) != current[name]
        }
        return {"set": changed, "unset": [name for name in names if name not in current]}

    def reset(self) -> None:
        """See `Adapter`."""
        changed = self.observe()
        for name in {*changed["set"], *changed["unset"]}:
            if name in self._marked:
                os.environ[name] = self._marked[name]
            else:
                os.environ.pop(name, None)

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        for name in state["unset"]:
            os.environ.pop(name, None)
        for name, value in state["set"].items():
            os.environ[name] = value

    def close(self) -> None:
        """See `Adapter`."""
        self._patches.undo()


def _variables() -> dict[str, str]:
    # past whatever records the reads of os.environ: this look is not the block's
    raw = getattr(os.environ, "_data", None)
    decode = getattr(os.environ, "decodevalue", None)
    if isinstance(raw, dict) and decode is not None:
        decode_key = getattr(os.environ, "decodekey", decode)
        return {decode_key(name): decode(value) for name, value in raw.items()}
    return dict(os.environ)

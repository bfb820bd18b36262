"""What a block reads of the world: files, folders, modules, packages, environment, other hosts.

`install` once in a process, as early as possible; `begin` before inputs are restored, `end` after the last cell.
Both may be called again: what is seen adds up.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import bytecode, environment, hook, imports, natives, stamps
from .imports import MACHINERY, log, top_of
from .origin import cell_files
from .packages import distributions, with_needs
from .paths import in_library
from .recorder import Observations, recorder
from .stamps import stamp_of

__all__ = ["Reads", "cell_files", "install", "pre_importing"]


def install() -> None:
    """Watch this process from now on; nothing is noted before `Reads.begin`, except which module imports which."""
    # what this file uses is imported by now, so the wrappers see the user's imports only
    imports.install()
    bytecode.install()
    hook.install()
    environment.install()


def pre_importing(on: bool) -> None:
    """While on, what an import reads is kept with the module that reads it, for the blocks that import it later."""
    log.pre_importing = on


class Reads:
    """Follows one job and tells what it depends on.

    `scratch`: folder for what forked children see; `own_files`: paths of stored inputs, which do not count.
    """

    def __init__(self, scratch: str, own_files: Iterable[str] = ()) -> None:
        recorder.own_files.update(own_files)
        self._seen = Observations()
        self._scratch = scratch
        self._pid = os.getpid()
        self._path_before = list(sys.path)
        self._hooked = False
        #: What replays wrote: other blocks' files, read by this one like any file.
        self._before: dict[str, None] = {}

    def begin(self) -> None:
        """Note accesses from here on."""
        if not self._hooked and hasattr(os, "register_at_fork"):
            self._hooked = True
            os.register_at_fork(after_in_child=self._in_child)
        natives.wrap_arrived(list(sys.modules))
        log.begin()
        recorder.sink = self._seen

    def proceed(self, scratch: str, own_files: Iterable[str]) -> None:
        """In a fork of the process: the same session, another job."""
        recorder.own_files.update(own_files)
        self._scratch = scratch
        self._pid = os.getpid()

    def own_cells_begin(self) -> None:
        """What was written until now was written for other blocks."""
        self._merge_children()
        self._before.update(self._seen.written)
        self._seen.written.clear()
        self._seen.appended.clear()

    def end(self) -> None:
        """Stop noting."""
        recorder.sink = None
        log.end()

    @staticmethod
    def on_package(tell: Callable[[str], None]) -> None:
        """Call `tell(name)` when the import of a top-level package is complete, on the thread that imports it."""
        log.on_package = tell

    def _in_child(self) -> None:
        """A process that the block forked: what it sees goes to a file that `discoveries` adds."""
        if recorder.sink is self._seen:
            recorder.sink = _ChildObservations(os.path.join(self._scratch, f"reads-{os.getpid()}"))

    def wrote_something(self) -> bool:
        """Whether files were opened for writing, so that unflushed ones must be flushed before they are looked at."""
        return bool(self._seen.written or self._before)

    def imported_tops(self) -> set[str]:
        """Top-level names of packages that the block imported, by name or along with others."""
        return log.closure()

    def discoveries(self, outputs: list[str]) -> dict[str, Any]:
        """The message `Discoveries`, without `ambientUsed`. `outputs`: absolute globs of declared outputs."""
        self._merge_children()
        seen = self._seen
        closure = log.closure()
        for top in closure:
            brought = log.brought.get(top)
            if brought is not None:
                seen.add(
                    Observations(
                        files=brought.files, folders=brought.folders, environment=brought.environment
                    )
                )
        # a library's own folder (`~/.config`), made when the host imported it first: there from then on
        beforehand = {path for brought in log.brought.values() for path in brought.made}
        modules = self._modules(closure)
        local_paths = {module["path"] for module in modules}
        own = self._written(outputs)
        before = [path for path in self._before if path not in own and _is_file(path)]
        written = [*own, *before]
        files = {
            path: stamp
            for path, stamp in seen.files.items()
            if path not in local_paths
            and not (stamp is None and self._is_own_making(path, written))
            and not (stamp is None and path in beforehand and os.path.isdir(path))
        }
        for path, stamp in seen.probed_folders.items():
            # a folder that it fills itself is there because of it
            if (
                stamp is not None
                and path not in seen.made
                and not any(_below(each, {path: None}) for each in written)
            ):
                files.setdefault(path, stamp)
        return {
            "files": [{"path": path, "stamp": stamp} for path, stamp in sorted(files.items())],
            "folders": [
                {"path": path, "entries": _without_own(path, entries, written)}
                for path, entries in sorted(seen.folders.items())
                if not _below(path, seen.made)
            ],
            "modules": modules,
            "environment": [
                {"name": name, "value": value} for name, value in sorted(seen.environment.items())
            ],
            "packages": self._packages(closure),
            "written": own,
            "writtenBefore": before,
            "appended": [path for path in own if path in seen.appended],
            "external": list(seen.external),
            "untracked": list(seen.untracked),
            "imports": self._worth_importing(),
        }

    def _is_own_making(self, path: str, written: list[str]) -> bool:
        """Looked for, not found, then made by the block itself: a clean run finds nothing either.

        Not so a file that it made and left: it is there for the next run, and counts by the content it was given.
        """
        seen = self._seen
        if path in written:
            return path in seen.appended
        return path in seen.made or _below(path, seen.made)

    def _merge_children(self) -> None:
        for entry in stamps.real_listdir(self._scratch):
            if not entry.startswith("reads-"):
                continue
            path = os.path.join(self._scratch, entry)
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    kind, key, value = json.loads(line)
                    getattr(self._seen, kind).setdefault(key, value)
            os.unlink(path)

    def _written(self, outputs: list[str]) -> list[str]:
        written = {path for path in self._seen.written if _is_file(path)}
        import glob

        for pattern in outputs:
            written.update(path for path in glob.glob(pattern, recursive=True) if _is_file(path))
        return sorted(written)

    def _modules(self, closure: set[str]) -> list[dict[str, Any]]:
        found = [{"name": name, "path": path, "stamp": stamp} for name, (path, stamp) in log.local.items()]
        known = {entry["path"] for entry in found}
        places = [*_places_within(log.missing), *_places_instead(log.local)]
        for name, place in places:
            if place not in known and not _is_file(place):
                known.add(place)
                found.append({"name": name, "path": place, "stamp": None})
        names = {top_of(name) for name in (*log.own, *log.missing)}
        for name in sorted(names):
            for folder in self._places_before(name):
                for place in (os.path.join(folder, name + ".py"), os.path.join(folder, name, "__init__.py")):
                    if place not in known and not _is_file(place):
                        known.add(place)
                        found.append({"name": name, "path": place, "stamp": None})
        return sorted(found, key=lambda entry: (entry["name"], entry["path"]))

    def _places_before(self, name: str) -> list[str]:
        """Folders of the user's on ``sys.path`` that Python looks into before it finds the top-level module."""
        if name in sys.builtin_module_names:
            return []
        module = sys.modules.get(name)
        home = getattr(module, "__file__", None)
        if home is None and module is not None and not hasattr(module, "__path__"):
            return []
        folder = ""
        if home is not None:
            folder = os.path.dirname(os.path.abspath(home))
            if os.path.basename(home).startswith("__init__."):
                folder = os.path.dirname(folder)
        places = []
        for entry in dict.fromkeys([*self._path_before, *sys.path]):
            place = os.path.abspath(entry or os.getcwd())
            if not in_library(place + os.sep):
                places.append(place)
            if home is not None and os.path.realpath(place) == os.path.realpath(folder):
                break
        else:
            # found nowhere on the path (a frozen or zipped standard library): nothing of the user's comes before it
            if home is not None and name in sys.stdlib_module_names:
                return []
        return places

    def _packages(self, closure: set[str]) -> list[dict[str, str]]:
        known = distributions()
        found = with_needs({each for top in closure for each in known.get(top, ())})
        found.update(
            each for brought in known.values() for each in brought if each.location in self._seen.described
        )
        # the session itself formats what is shown
        found.update(known.get("IPython", ()))
        return [each.message() for each in sorted(found, key=lambda each: (each.name.lower(), each.location))]

    def _worth_importing(self) -> list[str]:
        known = distributions()
        local = {top_of(name) for name in log.local}
        names = {*log.own, *(top_of(name) for name in log.by_pickle)}
        return sorted(
            name
            for name in names
            if top_of(name) in known
            and top_of(name) not in local
            and top_of(name) not in MACHINERY
            and name in sys.modules
        )


class _ChildObservations(Observations):
    """Appends what a forked child sees to a file, line by line, since the child may end in any way."""

    def __init__(self, path: str) -> None:
        super().__init__()
        for kind in (
            "files",
            "folders",
            "environment",
            "written",
            "made",
            "external",
            "untracked",
            "described",
            "probed_folders",
        ):
            setattr(self, kind, _Lines(path, kind))


class _Lines(dict[str, Any]):
    def __init__(self, path: str, kind: str) -> None:
        super().__init__()
        self._path, self._kind = path, kind

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        line = json.dumps([self._kind, key, value]) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]


def _places_within(missing: Iterable[str]) -> list[tuple[str, str]]:
    """Where submodules of the user's packages would lie that were asked for in vain."""
    found = []
    for name in missing:
        package, _, part = name.rpartition(".")
        for folder in getattr(sys.modules.get(package), "__path__", ()) if package else ():
            if not in_library(os.path.abspath(folder) + os.sep):
                place = os.path.join(os.path.abspath(folder), part)
                found += [(name, place + ".py"), (name, os.path.join(place, "__init__.py"))]
    return found


def _places_instead(local: Mapping[str, tuple[str, Any]]) -> list[tuple[str, str]]:
    """Packages that Python would take instead of the modules it found beside them."""
    return [
        (name, os.path.join(path.removesuffix(".py"), "__init__.py"))
        for name, (path, _) in local.items()
        if path.endswith(".py") and not path.endswith(os.sep + "__init__.py")
    ]


def _below(path: str, folders: dict[str, None]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def _without_own(folder: str, entries: list[str] | None, written: list[str]) -> list[str] | None:
    """What was listed, less what the block writes there itself, directly or below."""
    if entries is None:
        return None
    start = folder.rstrip(os.sep) + os.sep
    own = {path[len(start) :].partition(os.sep)[0] for path in written if path.startswith(start)}
    return [entry for entry in entries if entry not in own]


def _is_file(path: str) -> bool:
    try:
        return stamp_of(path) is not None
    except IsADirectoryError:
        return False

"""Which distribution a module belongs to. ``importlib.metadata`` is far too slow for every job; this is one scan."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from . import stamps


@dataclass(frozen=True)
class Distribution:
    """An installed distribution; `location` is the absolute path of its dist-info or egg-info."""

    name: str
    version: str
    location: str
    #: Normalised names of the distributions that it declares to need.
    needs: tuple[str, ...]

    def message(self) -> dict[str, str]:
        """As the engine reads it."""
        return {"name": self.name, "version": self.version, "location": self.location}


#: Folders that packages are installed in with the times of their last change, and what was found there then.
_known: tuple[tuple[tuple[str, int], ...], dict[str, list[Distribution]]] | None = None


def distributions() -> dict[str, list[Distribution]]:
    """Top-level module name → distributions that bring it; scanned again where a cell has installed something."""
    global _known
    folders = tuple(
        (path, _changed_at(path))
        for path in dict.fromkeys(sys.path)
        if path.endswith(("site-packages", "dist-packages"))
    )
    if _known is None or _known[0] != folders:
        found: dict[str, list[Distribution]] = {}
        for folder, _ in folders:
            _scan(folder, found)
        _known = folders, found
    return _known[1]


def _changed_at(folder: str) -> int:
    try:
        return stamps.real_stat(folder).st_mtime_ns
    except OSError:
        return 0


def _scan(folder: str, found: dict[str, list[Distribution]]) -> None:
    try:
        entries = sorted(stamps.real_listdir(folder))
    except OSError:
        return
    for entry in entries:
        if not entry.endswith((".dist-info", ".egg-info")):
            continue
        location = os.path.join(folder, entry)
        stem = entry.rpartition(".")[0]
        name, _, version = stem.partition("-")
        version = version.partition("-py")[0] if entry.endswith(".egg-info") else version
        proper, needs = _declared(location)
        distribution = Distribution(proper or name, version, location, needs)
        for top in _top_levels(location):
            known = found.setdefault(top, [])
            # an earlier folder on the path wins, several of one folder share a namespace
            if not known or os.path.dirname(known[0].location) == folder:
                known.append(distribution)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def with_needs(found: set[Distribution]) -> set[Distribution]:
    """Distributions and what they declare to need, transitively, as far as it is installed."""
    installed = {normalised(each.name): each for known in distributions().values() for each in known}
    complete: set[Distribution] = set()
    waiting = list(found)
    while waiting:
        each = waiting.pop()
        if each not in complete:
            complete.add(each)
            waiting.extend(installed[name] for name in each.needs if name in installed)
    return complete


def normalised(name: str) -> str:
    """Name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(location: str) -> tuple[str, tuple[str, ...]]:
    name, needs = "", []
    for line in (
        _read(os.path.join(location, "METADATA")) or _read(os.path.join(location, "PKG-INFO"))
    ).splitlines():
        if not line.strip():
            break
        if line.startswith("Name:"):
            name = line[5:].strip()
        elif line.startswith("Requires-Dist:") and "extra" not in line.partition(";")[2]:
            needs.append(normalised(re.split(r"[^A-Za-z0-9._-]", line[14:].strip(), maxsplit=1)[0]))
    return name, tuple(needs)


def _top_levels(location: str) -> set[str]:
    tops = set(_read(os.path.join(location, "top_level.txt")).split())
    for line in _read(os.path.join(location, "RECORD")).splitlines():
        first, slash, rest = line.partition("/")
        if slash:
            if rest.partition(",")[0].endswith((".py", ".so", ".pyd", ".pyi")) and not first.endswith(
                (".dist-info", "..")
            ):
                tops.add(first)
        else:
            file = first.partition(",")[0]
            if file.endswith((".py", ".so", ".pyd")):
                tops.add(file.partition(".")[0])
    return tops

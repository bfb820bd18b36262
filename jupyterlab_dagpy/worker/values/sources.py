"""Source text of cells beside stored code, so that a traceback in another block still shows the line."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Mapping


def sources_of(files: Iterable[str]) -> dict[str, str]:
    """Text of those files that exist in this process alone: cells. Files on disk speak for themselves."""
    found = {}
    for name in dict.fromkeys(files):
        entry = linecache.cache.get(name)
        # an entry without a time of modification is no file's
        if entry is not None and len(entry) == 4 and entry[1] is None:
            found[name] = "".join(entry[2])
    return found


def remember_sources(sources: Mapping[str, str]) -> None:
    """Make them known to tracebacks and `inspect`; what this session compiled itself stays."""
    for name, text in sources.items():
        if name not in linecache.cache:
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)

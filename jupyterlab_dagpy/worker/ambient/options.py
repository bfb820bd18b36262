"""Options of libraries: pandas, matplotlib, and the filters of ``warnings``."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from .adapter import Adapter, Delta, Patches, called_by_library_import


class PandasOptions(Delta):
    """``pandas.options``."""

    name = "pandas"
    package = "pandas"

    def settings(self) -> dict[str, Any]:
        """Every registered option."""
        pandas: Any = sys.modules["pandas"]
        config = pandas._config.config
        registered = config._registered_options
        try:
            # asking for a deprecated one warns, and looks for whom to warn
            return {name: _option(config, name) for name in sorted(registered)}
        except (AttributeError, KeyError, TypeError):
            # a version that keeps them in another way
            pass
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {name: pandas.get_option(name) for name in sorted(registered)}

    def set(self, name: str, value: Any) -> None:
        """See `Delta`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["pandas"].set_option(name, value)


def _option(config: Any, name: str) -> Any:
    """What ``pandas.get_option`` gives for the whole name of a registered option."""
    deprecated = config._deprecated_options.get(name)
    root, last = config._get_root((deprecated and deprecated.rkey) or name)
    return root[last]


class MatplotlibParameters(Delta):
    """``matplotlib.rcParams``, apart from what choosing a backend changes."""

    name = "matplotlib"
    package = "matplotlib"
    _BACKEND = frozenset({"backend", "backend_fallback", "interactive", "webagg.port"})

    def settings(self) -> dict[str, Any]:
        """Every parameter but the backend's."""
        # read as a plain dict: asking for some parameters resolves the backend or warns
        found = dict(dict.items(sys.modules["matplotlib"].rcParams))
        return {name: value for name, value in found.items() if name not in self._BACKEND}

    def observe(self) -> dict[str, Any]:
        """See `Delta`; what the inline backend sets when it is activated is left out."""
        inline = sys.modules.get("matplotlib_inline.config")
        own: dict[str, Any] = {}
        if inline is not None and inline.InlineBackend.initialized():
            own = dict(inline.InlineBackend.instance().rc)
        return {name: value for name, value in super().observe().items() if own.get(name, self) != value}

    def set(self, name: str, value: Any) -> None:
        """See `Delta`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["matplotlib"].rcParams[name] = value


#: action, message pattern and flags, category, module pattern and flags, line
_Filter = tuple[str, tuple[str, int] | None, type, tuple[str, int] | None, int]


class WarningFilters(Adapter):
    """Filters that the notebook added, in their order; those of libraries come with their import."""

    name = "warnings"

    def __init__(self) -> None:
        self._own: set[_Filter] = set()
        self._reset = False
        self._marked: list[Any] = list(warnings.filters)
        self._patches = Patches()
        for name in ("filterwarnings", "simplefilter"):
            self._patches.wrap(warnings, name, self._noting)
        self._patches.wrap(warnings, "resetwarnings", self._noting_reset)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            before = list(warnings.filters)
            result = original(*args, **kwargs)
            if not called_by_library_import():
                after = warnings.filters
                # an added filter is the first or the last one, also where it was moved there
                changed = [end for end in (0, -1) if after and (not before or after[end] is not before[end])]
                self._own.update(_readable(after[end]) for end in changed)
            return result

        return watched

    def _noting_reset(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def watched() -> Any:
            self._reset = True
            return original()

        return watched

    def mark(self) -> None:
        """See `Adapter`."""
        self._own.clear()
        self._reset = False
        self._marked = list(warnings.filters)

    def reset(self) -> None:
        """See `Adapter`. Filters of libraries that came in since stay, as their import would put them there."""
        known = [_readable(entry) for entry in self._marked]
        of_libraries = [
            entry
            for entry in warnings.filters
            if _readable(entry) not in known and _readable(entry) not in self._own
        ]
        existing: Any = warnings.filters
        existing[:] = [*of_libraries, *self._marked]
        self._own.clear()
        self._reset = False
        warnings._filters_mutated()  # type: ignore[attr-defined]

    def observe(self) -> Any:
        """Whether all filters were removed, and the notebook's own ones, first to match first."""
        present = [_readable(entry) for entry in warnings.filters]
        return {"own": [entry for entry in present if entry in self._own], "reset": self._reset}

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        if state["reset"]:
            warnings.resetwarnings()
        for action, message, category, module, line in reversed(state["own"]):
            entry = (action, _pattern(message), category, _pattern(module), line)
            existing: Any = warnings.filters
            if entry in existing:
                existing.remove(entry)
            existing.insert(0, entry)
            self._own.add(_readable(entry))
        warnings._filters_mutated()  # type: ignore[attr-defined]

    def close(self) -> None:
        """See `Adapter`."""
        self._patches.undo()


def _readable(entry: Any) -> _Filter:
    action, message, category, module, line = entry
    return action, _source(message), category, _source(module), line


def _source(pattern: Any) -> tuple[str, int] | None:
    if pattern is None:
        return None
    # the interpreter's own filters carry plain text instead of a pattern; -1 stands for that
    return (pattern, -1) if isinstance(pattern, str) else (pattern.pattern, pattern.flags)


def _pattern(source: tuple[str, int] | None) -> Any:
    if source is None:
        return None
    text, flags = source
    return text if flags == -1 else re.compile(text, flags & ~re.UNICODE)

"""What each kind of ambient state must offer, and who made a change: the notebook or the import of a library."""

from __future__ import annotations

import functools
import sys
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any


class Adapter(ABC):
    """One kind of state. `observe` gives plain values: equal states, equal values.

    Attributes:
        name: as in traces.
        package: top-level package that owns the state; `None`: it is always there.
    """

    name: str
    package: str | None = None

    @abstractmethod
    def mark(self) -> None:
        """The state as it is now is what every session starts with."""

    @abstractmethod
    def observe(self) -> Any:
        """The state, or what differs from the mark; picklable, canonical."""

    @abstractmethod
    def apply(self, state: Any) -> None:
        """Bring the process into an observed state.

        Raises:
            Exception: it can not be reached here.
        """

    def seed(self, seed: int) -> None:
        """Start a random generator; nothing for the others.

        Args:
            seed: 128 bits.
        """
        return

    def reset(self) -> None:
        """Bring the process back to the mark; nothing where a state is always brought about whole."""
        return

    def was_asked(self) -> bool:
        """Whether code looked at the state or set it since `watch`, which its value may not show."""
        return False

    def watch(self) -> None:
        """The block's own cells start now."""
        return

    def close(self) -> None:
        """Undo what was put in place to watch."""
        return


class Delta(Adapter):
    """A mapping of settings, observed as what differs from the mark."""

    def __init__(self) -> None:
        self._marked: Mapping[str, Any] = {}

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All settings as they are."""

    @abstractmethod
    def set(self, name: str, value: Any) -> None:
        """Change one setting."""

    def mark(self) -> None:
        """See `Adapter`."""
        self._marked = self.settings()

    def observe(self) -> dict[str, Any]:
        """Changed settings in the order of their names."""
        current = self.settings()
        return {
            name: current[name]
            for name in sorted(current)
            if name not in self._marked or not same_value(self._marked[name], current[name])
        }

    def reset(self) -> None:
        """See `Adapter`."""
        self.apply({})

    def apply(self, state: Mapping[str, Any]) -> None:
        """Set what the state lists, everything else back to the mark."""
        for name in self.observe():
            if name not in state and name in self._marked:
                self.set(name, self._marked[name])
        for name, value in state.items():
            self.set(name, value)


def same_value(one: Any, other: Any) -> bool:
    """Equality that tells `1` from `True` and never raises."""
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:
        return False


class Patches:
    """Functions of modules replaced by watching ones; pickled by reference like the originals."""

    def __init__(self) -> None:
        self._undo: list[tuple[ModuleType, str, Any]] = []

    def wrap(
        self, module: ModuleType, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Replace ``module.name`` by ``around(original)``."""
        original = getattr(module, name)
        wrapper: Any = functools.wraps(original)(around(original))
        wrapper.__module__, wrapper.__qualname__ = module.__name__, name
        setattr(module, name, wrapper)
        self._undo.append((module, name, original))

    def undo(self) -> None:
        """Put the originals back."""
        while self._undo:
            setattr(*self._undo.pop())


@functools.cache
def library_folders() -> tuple[str, ...]:
    """Where the standard library and packages lie."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = {sysconfig.get_path(name) for name in names} | {str(Path(sys.base_prefix) / "lib")}
    return tuple(sorted(path for path in paths if path))


def called_by_library_import() -> bool:
    """Whether an installed library makes this call while it is imported.

    A worker forked from one that imported it beforehand never sees such a call, so it must not count.
    """
    importing = False
    inside = True
    frame = sys._getframe(1)
    # the whole payload: the environment that records its reads stands between a library and the watched function
    own = str(Path(__file__).parent.parent)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            importing = True
            break
        if not file.startswith((own, "<frozen")) and not file.startswith(library_folders()):
            inside = False
            break
        frame = frame.f_back  # type: ignore[assignment]
    return importing and inside

"""Global random generators: ``random``, NumPy's legacy one, torch's."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .adapter import Adapter, Patches


class _Generator(Adapter):
    """A generator whose functions that read or set its state are watched."""

    _watched: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._patches = Patches()
        self._asked = False

    def mark(self) -> None:
        """Nothing: a generator's state is stored whole."""
        self._ensure_patched()

    def watch(self) -> None:
        """See `Adapter`."""
        self._ensure_patched()
        self._asked = False

    def was_asked(self) -> bool:
        """See `Adapter`."""
        return self._asked

    def close(self) -> None:
        """See `Adapter`."""
        self._patches.undo()

    def _module(self) -> ModuleType:
        raise NotImplementedError

    def _ensure_patched(self) -> None:
        if not self._patches._undo:
            for name in self._watched:
                self._patches.wrap(self._module(), name, self._noting)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._asked = True
            return original(*args, **kwargs)

        return watched


class PythonRandom(_Generator):
    """The generator behind the functions of ``random``."""

    name = "random"
    _watched = ("getstate", "setstate", "seed")

    def _module(self) -> ModuleType:
        return random

    def _generator(self) -> random.Random:
        found: random.Random = random._inst
        return found

    def observe(self) -> Any:
        """Version, 625 words, pending gaussian."""
        return self._generator().getstate()

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        version, words, gaussian = state
        self._generator().setstate((version, tuple(words), gaussian))

    def seed(self, seed: int) -> None:
        """See `Adapter`."""
        self._generator().seed(seed)


class NumpyRandom(_Generator):
    """NumPy's legacy generator, behind ``numpy.random.rand`` and its like."""

    name = "numpy.random"
    package = "numpy"
    _watched = ("get_state", "set_state", "seed")

    def _module(self) -> ModuleType:
        import numpy.random

        return numpy.random

    def _generator(self) -> Any:
        return self._module().mtrand._rand

    def observe(self) -> Any:
        """Name of the algorithm and its words as plain integers."""
        return _plain(self._generator().get_state(legacy=False))

    def apply(self, state: Any) -> None:
        """See `Adapter`."""
        self._generator().set_state(_arrays(state))

    def seed(self, seed: int) -> None:
        """See `Adapter`."""
        self._generator().seed([(seed >> shift) & 0xFFFFFFFF for shift in (0, 32, 64, 96)])


class TorchRandom(_Generator):
    """torch's default generator on the CPU."""

    name = "torch"
    package = "torch"
    _watched = ("get_rng_state", "set_rng_state", "manual_seed", "seed", "initial_seed")

    def _module(self) -> ModuleType:
        return sys.modules["torch"]

    def observe(self) -> Any:
        """The state's bytes."""
        return bytes(self._module().default_generator.get_state().numpy().tobytes())

    def apply(self, state: bytes) -> None:
        """See `Adapter`."""
        torch: Any = self._module()
        torch.default_generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))

    def seed(self, seed: int) -> None:
        """See `Adapter`."""
        self._module().default_generator.manual_seed(seed & 0x7FFFFFFFFFFFFFFF)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in sorted(value.items())}
    return value.tolist() if hasattr(value, "tolist") else value


def _arrays(state: dict[str, Any]) -> dict[str, Any]:
    import numpy

    inner = {
        key: numpy.array(part, dtype=numpy.uint32 if state["bit_generator"] == "MT19937" else numpy.uint64)
        if isinstance(part, list)
        else part
        for key, part in state["state"].items()
    }
    return {**state, "state": inner}

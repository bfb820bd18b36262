"""What is particular about the objects of some packages, looked at only where those are imported already."""

from __future__ import annotations

import itertools
import pickle
import sys
from collections.abc import Callable
from typing import Any

from . import rebuild


def module_singletons() -> dict[int, tuple[Any, str, str]]:
    """Mutable objects of the process that are stored by reference: id → object, module, attribute.

    A copy of the environment would hold secrets, a copy of a global random generator would draw on its own.
    """
    found: dict[int, tuple[Any, str, str]] = {}
    for module, attribute in _SINGLETONS:
        obj = getattr(sys.modules.get(module), attribute, None)
        if obj is not None:
            found[id(obj)] = (obj, module, attribute)
    return found


_SINGLETONS = (
    ("os", "environ"),
    ("os", "environb"),
    ("random", "_inst"),
    ("numpy.random.mtrand", "_rand"),
    ("torch", "default_generator"),
    ("matplotlib", "rcParams"),
    ("matplotlib", "rcParamsDefault"),
    ("pandas", "options"),
)


def reducer_of(kind: type) -> Callable[[Any], Any] | None:
    """Reduction for objects of a package's class; `None`: nothing is particular about them."""
    for module, name, reduce in _REDUCERS:
        base = getattr(sys.modules.get(module), name, None)
        if isinstance(base, type) and issubclass(kind, base):
            return reduce
    return None


def _figure(figure: Any) -> Any:
    made, args, state = figure.__reduce_ex__(5)[:3]
    # a figure known to pyplot would register itself again, and be shown, wherever it is loaded
    return made, args, {key: value for key, value in state.items() if key != "_restore_to_pylab"}


def _transform(node: Any) -> Any:
    made, args, state = node.__reduce_ex__(5)[:3]
    if isinstance(state.get("_parents"), dict):
        # its keys are addresses; only the parents themselves matter
        parents = [parent for parent in state["_parents"].values() if parent is not None]
        state = {**state, "_parents": dict(enumerate(parents))}
    return made, args, state


def _callbacks(registry: Any) -> Any:
    reduced = registry.__reduce_ex__(5)
    following = reduced[2].get("_cid_gen")
    if isinstance(following, int):
        # pickling draws a number from the registry's counter: put it back
        registry._cid_gen = itertools.count(following)
    return reduced


#: Bytes that an Arrow array's memory may have beyond what its values need.
_PADDING = 1024


def uncopied(value: Any) -> Any:
    """What pickles like `value` without copying its memory; `value` itself where nothing would be copied.

    pandas joins the pieces of an Arrow array for a pickle, and copies one that is in one piece already. One that is a
    part of a larger array is left to pandas: as it lies it takes all of that with it.
    """
    pieces: Any = getattr(value, "_pa_array", None)
    if type(pieces).__module__ != "pyarrow.lib" or getattr(pieces, "num_chunks", 0) != 1:
        return value
    try:
        piece = pieces.chunk(0)
        if piece.get_total_buffer_size() - piece.nbytes > _PADDING:
            return value
        twin = object.__new__(type(value))
        twin.__dict__.update(vars(value), _pa_array=_Joined(piece))
    except (AttributeError, TypeError):
        return value
    return twin


class _Joined:
    """Stands for an Arrow array in one piece where its pieces are asked to be joined."""

    def __init__(self, piece: Any) -> None:
        self._piece = piece

    def combine_chunks(self) -> Any:
        return self._piece


def _without_cache(value: Any) -> Any:
    """Reduction of a pandas array or type without what looking at it has filled in."""
    reduced = value.__reduce_ex__(5)
    if not isinstance(reduced, tuple) or len(reduced) < 3:
        return reduced
    state = reduced[2]
    if isinstance(state, dict):
        state = _uncached(state)
    elif isinstance(state, tuple) and state and isinstance(state[-1], dict):
        rest = _uncached(state[-1])
        state = (*state[:-1], rest) if rest else state[:-1]
    return (*reduced[:2], state, *reduced[3:])


def _uncached(state: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in state.items() if name != "_cache"}


def _array(array: Any) -> Any:
    kind = type(array)
    base = sys.modules["numpy"].ndarray
    if kind is base and array.dtype.kind in "mM":
        # times offer no buffer of their own: as numbers they need not be copied into the head
        return rebuild.array_as, (array.view("i8"), array.dtype)
    attributes = getattr(array, "__dict__", None)
    if (
        kind is base
        or not attributes
        or kind.__reduce__ is not base.__reduce__
        or kind.__reduce_ex__ is not base.__reduce_ex__
    ):
        return NotImplemented
    # NumPy's own reduction of a subclass forgets its attributes
    return rebuild.array_of, (array.view(base), kind, dict(attributes))


def _tensor(tensor: Any) -> Any:
    if tensor.is_cuda:
        raise pickle.PicklingError("cannot pickle a tensor that lies on a GPU")
    return NotImplemented


_REDUCERS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("matplotlib.figure", "Figure", _figure),
    ("matplotlib.cbook", "CallbackRegistry", _callbacks),
    ("matplotlib.transforms", "TransformNode", _transform),
    ("numpy", "ndarray", _array),
    ("pandas.api.extensions", "ExtensionArray", _without_cache),
    ("pandas.api.extensions", "ExtensionDtype", _without_cache),
    ("torch", "Tensor", _tensor),
)

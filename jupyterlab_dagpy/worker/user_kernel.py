"""Values of blocks in a kernel that a person works in.

The kernel is Jupyter's own and its session is the person's: nothing is printed, nothing is bound but the variables,
no history, no ``_``. What is loaded was named by a sealed trace, and is checked again here, right before it is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from . import values

Message = Mapping[str, Any]


class DamagedError(Exception):
    """A stored object is not what the trace names; it was not loaded."""


class Report:
    """Plain data whose ``repr`` is JSON, so that a front-end reads it from a user expression."""

    def __init__(self, content: Message) -> None:
        self.content = content

    def __repr__(self) -> str:
        return json.dumps(self.content)


class _Session:
    """What this kernel was given since it started."""

    def __init__(self) -> None:
        #: project and block → what was loaded, in the order of loading
        self.held: dict[str, dict[str, Any]] = {}
        self.last: dict[str, Any] = {}
        #: digest of the prelude that ran here
        self.prelude = ""
        #: keeps waiting for packages whose state was inherited and that are not imported yet
        self.ambient: Any = None
        #: every load, in order; a failed one too
        self.loads: list[dict[str, Any]] = []
        #: components of the last load
        self.inputs: list[Message] = []
        #: what parameters and the prelude made
        self.baselines: dict[str, values.Baseline] = {}
        #: whether each cell that a person ran since the first load went well; `None`: nobody watched
        self.endings: list[bool] | None = None


_session = _Session()


def load(text: str) -> None:
    """Give the session the values that a specification lists; how it went is told by `report`.

    The text is JSON: ``project``, ``block``, ``what``, ``version``, ``cwd`` (absolute), ``prelude`` (sources) and
    ``preludeDigest``, ``parameters``, ``inputs`` (components as in the message ``execute``, with the SHA-256 of
    head and line tables), ``ambient`` (adapter to path and SHA-256), ``seed``.
    """
    began = time.perf_counter()
    specification: Message = json.loads(text)
    outcome: dict[str, Any] = {"ok": True, "names": [], "failed": []}
    try:
        with in_silence():
            _load(specification, outcome)
    except BaseException as error:
        outcome["ok"] = False
        outcome["failed"].append({"names": [], "why": _reason(error)})
    outcome["milliseconds"] = (time.perf_counter() - began) * 1000
    _session.last = outcome
    entry = {name: specification[name] for name in ("project", "block", "what", "version")}
    entry |= {"ok": outcome["ok"] and not outcome["failed"], "count": _count(), "names": outcome["names"]}
    key = f"{entry['project']}\0{entry['block']}"
    _session.held.pop(key, None)
    _session.held[key] = entry
    _session.loads.append(entry)


def report() -> Report:
    """What was loaded here, how the last load went, and how many cells ran."""
    return Report({"held": list(_session.held.values()), "last": _session.last, "count": _count()})


def shell() -> Any:
    """The IPython shell of this kernel; `None` where there is none."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def namespace() -> dict[str, Any]:
    """Variables of the session."""
    found = shell()
    return vars(sys.modules["__main__"]) if found is None else found.user_ns


def loads() -> Sequence[Message]:
    """Every load since the kernel started."""
    return _session.loads


def inputs() -> Sequence[Message]:
    """Components of the last load."""
    return _session.inputs


def baselines() -> Sequence[values.Baseline]:
    """What parameters and the prelude made."""
    return list(_session.baselines.values())


def endings() -> Sequence[bool] | None:
    """Whether each cell that a person ran went well; `None`: nobody watched, since nothing was loaded."""
    return _session.endings


def _count() -> int:
    """Number that the next cell gets."""
    found = shell()
    return 0 if found is None else int(found.execution_count)


def _load(specification: Message, outcome: dict[str, Any]) -> None:
    session = namespace()
    os.chdir(specification["cwd"])
    is_fresh = not _session.loads and _count() <= 1
    _watch_endings()
    # the person's own variables of these names give way, as they would to the block's inputs
    session.update(specification["parameters"])
    made = list(specification["parameters"])
    _session.baselines["parameters"] = values.baseline(session, made, "parameters")
    known = set(session)
    if _run_prelude(specification, outcome):
        new = [name for name in session if name not in known]
        _session.baselines["prelude"] = values.baseline(session, new, "prelude")
    _session.inputs = specification["inputs"]
    made += _restore(specification["inputs"], session, outcome)
    if specification["ambient"] or (is_fresh and specification["seed"] is not None):
        _enter(specification, session, is_fresh, outcome)
    found = shell()
    for name in made:
        # they count as the person's own for `%who` and the like
        if found is not None:
            found.user_ns_hidden.pop(name, None)
    outcome["names"] = made
    outcome["ok"] = not outcome["failed"]


def _watch_endings() -> None:
    found = shell()
    if found is None or _session.endings is not None:
        return
    endings: list[bool] = []
    _session.endings = endings

    def note(result: Any) -> None:
        if result.info.store_history:
            endings.append(bool(result.success))

    found.events.register("post_run_cell", note)


def _run_prelude(specification: Message, outcome: dict[str, Any]) -> bool:
    """Whether it ran, since it had not yet."""
    if _session.prelude == specification["preludeDigest"]:
        return False
    found = shell()
    for source in specification["prelude"]:
        result = found.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            outcome["failed"].append({"names": [], "why": f"the prelude: {_reason(error)}"})
            return True
    _session.prelude = specification["preludeDigest"]
    return True


def _restore(inputs: Sequence[Message], session: dict[str, Any], outcome: dict[str, Any]) -> list[str]:
    """Load and bind components; one that can not be loaded does not keep the others away."""
    waiting = list(inputs)
    made: list[str] = []
    while waiting:
        failed: list[tuple[Message, Exception]] = []
        for component in waiting:
            try:
                loaded = values.load_component(
                    _checked(component["head"]),
                    values.extents(component["buffers"]),
                    None if component["lineTables"] is None else _checked(component["lineTables"]),
                    session,
                )
            except Exception as error:
                failed.append((component, error))
                continue
            for stored, bound in component["bind"].items():
                session.update(dict.fromkeys(bound, loaded[stored]))
                made += bound
        if len(failed) == len(waiting):
            # each may have waited for a function that another one brings
            outcome["failed"] += [
                {
                    "names": sorted(name for names in component["bind"].values() for name in names),
                    "why": _reason(error),
                }
                for component, error in failed
            ]
            break
        waiting = [component for component, _ in failed]
    return made


def _enter(specification: Message, session: dict[str, Any], is_fresh: bool, outcome: dict[str, Any]) -> None:
    """Bring about the hidden state that a run of the block starts from; generators only where nothing ran yet."""
    from .ambient import Ambient

    if _session.ambient is not None:
        _session.ambient.close()
    ambient = Ambient(session)
    ambient.locate(specification["project"])
    _session.ambient = ambient
    try:
        for place in specification["ambient"].values():
            _checked(place)
        if is_fresh:
            ambient.seed(specification["seed"])
        ambient.restore({name: place["path"] for name, place in specification["ambient"].items()})
    except Exception as error:
        outcome["failed"].append({"names": [], "why": _reason(error)})
    finally:
        ambient.watch_no_longer()


def _checked(place: Message) -> bytes:
    """Content of an object that is going to be unpickled.

    Raises:
        DamagedError: it is not what the trace names.
    """
    with open(place["path"], "rb") as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != place["sha256"]:
        raise DamagedError(f"{place['path']} was changed; `dagpy cache verify` checks the whole store")
    return content


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def in_silence() -> Iterator[None]:
    """What imports and the prelude print or show concerns nobody here."""
    found = shell()
    if found is None:
        yield
        return
    from IPython.utils.capture import capture_output

    with capture_output():
        yield

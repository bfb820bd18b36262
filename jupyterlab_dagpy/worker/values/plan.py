"""What a block hands on: which of its variables are new or changed, asked for, storable."""

from __future__ import annotations

import hashlib
import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from .code import is_importable, reached_names
from .describe import remedy, type_name, why_unstorable
from .live import UNKNOWN, reaches, state_of
from .names import is_machine_name, matches
from .pickler import Pickled, Scope, pickled
from .store import Dumper, Restored, StoredComponent, by_code_unit, size_of


class Withheld(TypedDict):
    """As in the worker's messages."""

    name: str
    type: str
    why: Literal["filter", "size", "opaque"]
    detail: str


class Opaque(Withheld):
    """A variable that can not be stored: what else is handed on alive with it."""

    shares: list[str]
    reaches: list[str]


class Keep(TypedDict):
    """As ``JobSpec.keep``."""

    filter: str | Sequence[str]
    wanted: Sequence[str] | None
    smallBytes: int


Origin = Literal["prelude", "parameters", "replay", "live"]


@dataclass(frozen=True)
class Baseline:
    """Variables that a session had before the block's own cells, other than restored ones.

    Attributes:
        origin: `prelude` and `parameters` are there in every session; `replay` only where the parent is replayed;
            `live` where another session handed it on.
        values: name → object and fingerprint; no fingerprint: immutable. Where it is `UNKNOWN`, what every session has
            counts as unchanged, and what only this one has as changed: readers then get it as this block leaves it.
    """

    origin: Origin
    values: Mapping[str, tuple[object, str | None]]


@dataclass
class Exports:
    """Ready for the message ``done``."""

    components: list[StoredComponent] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def baseline(namespace: dict[str, object], names: Iterable[str], origin: Origin) -> Baseline:
    """Fingerprint variables, to see later whether the block changed them."""
    found = {name: namespace[name] for name in names if name in namespace and not is_machine_name(name)}
    return Baseline(origin, {name: (value, _fingerprint(value, namespace)) for name, value in found.items()})


def plan_exports(
    dumper: Dumper,
    before: Mapping[str, object],
    restored: Sequence[Restored],
    baselines: Sequence[Baseline],
    keep: Keep,
    assigned: Collection[str] = (),
    submodules: Mapping[str, Sequence[str]] | None = None,
) -> Exports:
    """Decide what is stored after the block's cells ran, and write it.

    Args:
        dumper: of this job; its namespace is the session's, as the block left it.
        before: shallow copy of the namespace from right before the block's own cells.
        restored: what was restored for it.
        baselines: prelude, parameters, replayed values.
        keep: from the job.
        assigned: names that the block's code binds (`bound_names`): exported even if the object is the same.
        submodules: what `dotted_imports` found in the block's and the prelude's code.

    Raises:
        OSError: a blob can not be written.
    """
    return _Plan(dumper, before, restored, baselines, keep, set(assigned), submodules or {}).exports()


class _Plan:
    def __init__(
        self,
        dumper: Dumper,
        before: Mapping[str, object],
        restored: Sequence[Restored],
        baselines: Sequence[Baseline],
        keep: Keep,
        assigned: set[str],
        submodules: Mapping[str, Sequence[str]],
    ) -> None:
        self.dumper = dumper
        self.keep = keep
        self.opaque: dict[str, Withheld] = {}
        self._forms: dict[tuple[str, ...], Pickled | Exception] = {}
        #: what a form begins with, made when its size was looked at
        self._first_forms: dict[tuple[str, ...], Pickled] = {}
        now = {name: value for name, value in dumper.namespace.items() if not is_machine_name(name)}
        self._merge_submodules(restored, submodules)
        alive = ("replay", "live")
        everywhere = self._unchanged(now, [known for known in baselines if known.origin not in alive])
        # code of the prelude is there in every session: values refer to it by name, so that `isinstance` holds
        prelude = {name for known in baselines if known.origin == "prelude" for name in known.values}
        self.prelude_code = {name: now[name] for name in everywhere & prelude if _is_session_code(now[name])}
        self.prelude = everywhere & prelude
        dumper.everywhere = {id(value): name for name, value in self.prelude_code.items()}
        still = self._unchanged(now, [known for known in baselines if known.origin in alive]) - assigned
        fixed = {name for known in baselines for name in known.values} | {
            bound for part in restored for names in part.bind.values() for bound in names
        }
        # what IPython or the host put there beforehand is nobody's variable
        untouched = {
            name
            for name in now
            if name in before and before[name] is now[name] and name not in fixed | assigned
        }
        self.values: dict[str, object] = {
            name: value for name, value in now.items() if name not in everywhere and name not in untouched
        }
        self.unchanged: set[str] = still
        self.unbound: set[str] = set()
        for part in restored:
            self._account(part, now, assigned)
        self.changed = set(self.values) - self.unchanged
        #: components of everything, and members of those in which something is new or changed
        self.groups = dumper.partition(self.values, self.values)
        self.dirty = {name for group in self.groups if self.changed & set(group) for name in group}

    # ------------------------------------------------------------ what changed

    def _merge_submodules(
        self, restored: Sequence[Restored], submodules: Mapping[str, Sequence[str]]
    ) -> None:
        for found in (submodules, *(part.submodules for part in restored)):
            for package, names in found.items():
                known = self.dumper.submodules.get(package, [])
                self.dumper.submodules[package] = sorted({*known, *names})

    def _unchanged(self, now: Mapping[str, object], baselines: Sequence[Baseline]) -> set[str]:
        return {
            name
            for known in baselines
            for name, (value, fingerprint) in known.values.items()
            if name in now
            and now[name] is value
            and (fingerprint is None or self._is_same(known, value, fingerprint))
        }

    def _is_same(self, known: Baseline, value: object, fingerprint: str) -> bool:
        if fingerprint == UNKNOWN:
            return known.origin not in ("replay", "live")
        return _fingerprint(value, self.dumper.namespace) == fingerprint

    def _account(self, part: Restored, now: Mapping[str, object], assigned: set[str]) -> None:
        """Sort a restored component's members into unchanged and changed; unbound ones get their stored name."""
        same = self.dumper.is_as_stored(part)
        for stored, value in part.values.items():
            bound = [name for name in part.bind.get(stored, ()) if now.get(name, self) is value]
            if not part.bind.get(stored) and stored not in now:
                self.values[stored] = value
                self.unbound.add(stored)
                bound = [stored]
            if same:
                self.unchanged.update(name for name in bound if name not in assigned)

    # ------------------------------------------------------------ what is kept

    def exports(self) -> Exports:
        """Everything for the message."""
        asked = self._asked()
        kept, forms = self._complete(asked)
        made = Exports()
        made.components = self.dumper.write([(group, forms[group]) for group in sorted(forms)], self.values)
        for component in made.components:
            component["hidden"] = [name for name in component["names"] if name not in asked]
        reaches = self._transitive({name: forms[group].reaches for group in forms for name in group})
        for component in made.components:
            everything: set[str] = set().union(*(reaches[name] for name in component["names"]))
            # its own names too: whoever reads one member needs those that its functions look up
            component["reaches"] = by_code_unit(everything - self.prelude)
        # with what is changed also what shares objects with it: another filter may show that
        lacking = (self.dirty | set(self.opaque)) - kept
        made.withheld = [self._withheld(name) for name in by_code_unit(lacking)]
        made.warnings = self._warnings(kept)
        return made

    def _asked(self) -> set[str]:
        """Names that the filter asks for and that can be stored."""
        wish = self.keep["filter"]
        if wish == "off":
            return set()
        if not isinstance(wish, str):
            # an unbound member counts only once its component is a new or changed one
            candidates = set(self.values) - (self.unbound - self.dirty)
            listed = {name for name in candidates if matches(name, wish)}
            return {name for group in self._storable(listed) for name in group}
        wanted = self.keep["wanted"]
        large = set() if wanted is None else self._large(set(wanted))
        asked: set[str] = set()
        for group in self._storable(self.dirty - large):
            small = size_of(self._form_of(group)) <= self.keep["smallBytes"]
            if wanted is None or small or set(wanted) & set(group):
                asked.update(group)
        return asked

    def _large(self, wanted: set[str]) -> set[str]:
        """Members of new components that nobody asks for and that are not small.

        Their stored form would take several times their memory, and would not be kept. One that can be pickled and not
        loaded again passes for storable here; that is found out when somebody asks for it. First forms of the others
        are kept: their stored form begins with them.
        """
        large: set[str] = set()
        for group in self.groups:
            if not wanted & set(group) and self.dirty & set(group):
                form = self.dumper.first_form(group, self.values)
                if form is not None and size_of(form) > self.keep["smallBytes"]:
                    large.update(group)
                elif form is not None and not form.uncopied:
                    self._first_forms[tuple(group)] = form
        return large

    def _complete(self, asked: set[str]) -> tuple[set[str], dict[tuple[str, ...], Pickled]]:
        """Add the globals that kept functions reach, until nothing is missing."""
        kept = set(asked)
        while True:
            groups = self._storable(kept)
            kept = {name for group in groups for name in group}
            reaches = self._transitive(
                {name: self._form_of(group).reaches for group in groups for name in group}
            )
            reached: set[str] = set().union(*reaches.values())
            missing = {
                name for name in reached if name in self.values and name not in kept | set(self.opaque)
            }
            if not missing:
                return kept, {group: self._form_of(group) for group in groups}
            kept |= missing

    def _storable(self, names: set[str]) -> list[tuple[str, ...]]:
        """Components of the names, without members that can not be stored."""
        names = names - set(self.opaque)
        while True:
            groups = [tuple(group) for group in self.dumper.partition(names, self.values)]
            failed = {name for group in groups for name in self._failing(group)}
            if not failed:
                return groups
            names -= failed

    def _failing(self, group: tuple[str, ...]) -> list[str]:
        error = self._try(group)
        if error is None:
            return []
        failing = [name for name in group if len(group) == 1 or self._try((name,)) is not None]
        for name in failing or group:
            own = self._try((name,)) or error
            value = self.values[name]
            detail = f"{why_unstorable(own)}. {remedy(value, own)}"
            self.opaque[name] = {"name": name, "type": type_name(value), "why": "opaque", "detail": detail}
        return list(failing or group)

    def _try(self, group: tuple[str, ...]) -> Exception | None:
        if group not in self._forms:
            try:
                first = self._first_forms.pop(group, None)
                self._forms[group] = self.dumper.stored_form(group, self.values, first)
            except Exception as error:
                self._forms[group] = error
        form = self._forms[group]
        return form if isinstance(form, Exception) else None

    def _form_of(self, group: tuple[str, ...]) -> Pickled:
        form = self._forms[group]
        assert not isinstance(form, Exception)
        return form

    def _transitive(self, direct: Mapping[str, set[str]]) -> dict[str, set[str]]:
        """Close what names reach over each other, and over code of the prelude."""
        known = {name: _code_reaches(code, self.dumper.namespace) for name, code in self.prelude_code.items()}
        known.update(direct)
        closed: dict[str, set[str]] = {}
        for name in direct:
            found: set[str] = set()
            waiting = list(known[name])
            while waiting:
                reached = waiting.pop()
                if reached not in found:
                    found.add(reached)
                    waiting.extend(known.get(reached, ()))
            closed[name] = found
        return closed

    # ------------------------------------------------------------ what is told

    def _withheld(self, name: str) -> Withheld:
        if name in self.opaque:
            (group,) = [group for group in self.groups if name in group]
            reached = reaches(name, self.values | self.prelude_code, self.dumper.namespace)
            opaque: Opaque = {
                **self.opaque[name],
                "shares": [other for other in group if other != name],
                "reaches": by_code_unit(reached - self.prelude),
            }
            return opaque
        why: Literal["filter", "size"] = "size" if self.keep["filter"] == "auto" else "filter"
        return {"name": name, "type": type_name(self.values[name]), "why": why, "detail": ""}

    def _warnings(self, kept: set[str]) -> list[str]:
        wanted = self.keep["wanted"]
        # fitted models share arrays with their data all the time: only where readers see both can it be missed
        seen = kept if wanted is None else kept & set(wanted)
        pairs = sorted(sorted(pair) for pair in self.dumper.array_sharing if pair <= seen)
        return [
            f"{one} and {other} share the memory of one array; in blocks that read them they are independent"
            for one, other in pairs
        ]


def _is_session_code(value: object) -> bool:
    return isinstance(value, (types.FunctionType, type)) and not is_importable(value)


def _code_reaches(value: object, namespace: dict[str, Any]) -> set[str]:
    """Session globals that a function or class looks up, cheaply: methods and wrapped functions included."""
    found: set[str] = set()
    waiting: list[object] = [value]
    while waiting:
        part = waiting.pop()
        part = getattr(part, "__func__", part)
        if isinstance(part, types.FunctionType):
            if part.__globals__ is namespace:
                found.update(reached_names(part, namespace))
            wrapped = vars(part).get("__wrapped__")
            waiting.extend([wrapped] if wrapped is not None else [])
        elif isinstance(part, type) and not is_importable(part):
            waiting.extend(vars(part).values())
        elif isinstance(part, property):
            waiting.extend([part.fget, part.fset, part.fdel])
    return found


def _fingerprint(value: object, namespace: dict[str, object]) -> str | None:
    """Digest of a mutable value's pickle, or the state of one that has none; `None` for what can not change."""
    if value is None or isinstance(
        value, (int, float, str, bytes, types.ModuleType, types.BuiltinFunctionType)
    ):
        return None
    if isinstance(value, (types.FunctionType, type)) and is_importable(value):
        return None
    try:
        form = pickled(value, Scope(namespace), sets=True)
    except Exception:
        return state_of(value)
    digest = hashlib.blake2b(form.head, digest_size=32)
    for buffer in form.buffers:
        digest.update(buffer)
    return digest.hexdigest()

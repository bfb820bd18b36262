"""One block in a process of its own: what it starts from, its cells, what it hands on. Part of the clean executor.

What comes out of a pickle is bound; what none can carry is taken out of a session that is made beside, by running the
block that made it once more; and a parent whose filter is off is run before, in the same namespace, with all such
blocks above it.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import os
import pickle
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from clean_inputs import Offer, RefusedError, bound_by, choose
from clean_magics import HELPERS
from clean_values import NAMESPACE, Pickler, can_be_pickled, describe, partition, reaches, state_of


@dataclass(frozen=True)
class Job:
    """A block to run, and all that is known of the project so far."""

    id: str
    project: str
    environment: dict[str, str]
    prelude: list[str]
    sources: dict[str, list[str]]
    parameters: dict[str, Any]
    order: list[str]
    parents: dict[str, list[tuple[str, dict[str, str] | None]]]
    above: dict[str, set[str]]
    filters: dict[str, str | list[str]]
    ambient: dict[str, dict[str, str]]
    done: dict[str, dict[str, Any]]

    def is_off(self, id: str) -> bool:
        return self.filters[id] == "off"

    def before(self, id: str) -> list[str]:
        """Blocks whose sessions it goes on with: parents that are off, theirs, and so on."""
        found: set[str] = set()
        waiting = [id]
        while waiting:
            new = {parent for parent, _ in self.parents[waiting.pop()] if self.is_off(parent)} - found
            found |= new
            waiting += new
        return [each for each in self.order if each in found]


@dataclass
class Given:
    """What one block got of its parents."""

    #: groups of variables that came out of one pickle
    stored: list[dict[str, Any]]
    #: parent → its name → names here, of what a session beside made
    live: dict[str, dict[str, list[str]]]


def run_block(job: Job) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(job.environment)
    os.chdir(job.project)
    sys.dont_write_bytecode = True
    sys.path.insert(0, job.project)
    NAMESPACE.update({"__name__": "__main__", "__builtins__": builtins, **HELPERS})
    NAMESPACE.update(job.parameters)
    restore_ambient(job.ambient[job.id])
    for source in job.prelude:
        exec(compile(source, "<prelude>", "exec"), NAMESPACE)
    try:
        chosen = choose(job, job.id)
    except RefusedError as refusal:
        return {"status": "refused", "why": str(refusal)}
    return Session(job).result(chosen)


class Session:
    """The namespace of a block's process."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.base = dict(NAMESPACE)
        # what the block found when its own cells began, besides what it restored: the object and its state
        self.found: dict[str, tuple[Any, str | None]] = {}

    def result(self, chosen: dict[str, Offer]) -> dict[str, Any]:
        job = self.job
        known = set(self.base)
        for before in job.before(job.id):
            self.run_again(before)
            self.find(set(NAMESPACE) - known)
            known |= set(NAMESPACE)
        given = self.give(job.id, chosen)
        self.find({name for names in given.live.values() for bound in names.values() for name in bound})
        # with the variables that share objects with them, and by themselves
        described = describe_inputs(given.stored)
        seen = describe(
            {
                name: NAMESPACE[name]
                for group in given.stored
                for names in group["bind"].values()
                for name in names
            }
        )
        before_cells = ambient_now()
        outputs, error = run_cells(job.sources[job.id])
        told = {
            "outputs": outputs,
            "given": described,
            "live": {parent: sorted(names.items()) for parent, names in given.live.items()},
        }
        if error is not None:
            return {"status": "failed", "error": error, **told}
        after = ambient_now()
        names = {name for group in given.stored for bound in group["bind"].values() for name in bound}
        return {
            "status": "ok",
            "seen": seen,
            "inherited": sorted(job.ambient[job.id].items()),
            "ambient": {kind: after[kind] for kind in after if after[kind] != before_cells.get(kind)},
            "names": sorted(names.union(*(bound for each in given.live.values() for bound in each.values()))),
            **told,
            **self.hand_on(given),
        }

    # ------------------------------------------------------------------------- what it starts from

    def find(self, names: Iterable[str]) -> None:
        for name in names:
            if not name.startswith("__"):
                self.found[name] = (NAMESPACE[name], state_of(NAMESPACE[name]))

    def run_again(self, id: str) -> None:
        """A block whose outputs were shown when it ran for itself."""
        self.give(id, choose(self.job, id))
        _, error = run_cells(self.job.sources[id])
        assert error is None, f"{id} failed when it ran again: {error}"

    def beside(self, id: str) -> dict[str, Any]:
        """The variables that a block leaves in a session of its own."""
        aside = dict(NAMESPACE)
        NAMESPACE.clear()
        NAMESPACE.update(self.base)
        for before in [*self.job.before(id), id]:
            self.run_again(before)
        made = dict(NAMESPACE)
        NAMESPACE.clear()
        NAMESPACE.update(aside)
        return made

    def give(self, id: str, chosen: dict[str, Offer]) -> Given:
        """Binds what was chosen for a block."""
        done = self.job.done
        live: dict[str, dict[str, list[str]]] = {}
        for name, offer in sorted(chosen.items()):
            if offer.kind == "opaque":
                live.setdefault(offer.parent, {}).setdefault(offer.name, []).append(name)
        handed: dict[str, Any] = {}
        for parent in self.job.order:
            if parent in live:
                made = self.beside(parent)
                handed.update(
                    {name: made[theirs] for theirs, names in live[parent].items() for name in names}
                )
        restore_ambient(self.job.ambient[id])
        groups: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
        for name, offer in sorted(chosen.items()):
            if offer.kind != "stored":
                continue
            stored = done[offer.parent]["groups"][offer.name]
            key = (offer.parent, tuple(stored["names"]))
            if key not in groups:
                values = pickle.loads(stored["bytes"])
                groups[key] = {"values": values, "bind": {}, "digest": describe(values)}
            groups[key]["bind"].setdefault(offer.name, []).append(name)
            NAMESPACE[name] = groups[key]["values"][offer.name]
        NAMESPACE.update(handed)
        return Given(list(groups.values()), live)

    # ------------------------------------------------------------------------- what it hands on

    def hand_on(self, given: Given) -> dict[str, Any]:
        """Variables that are new or changed, and the globals that their functions look up."""
        stored = {
            name for source in self.job.sources[self.job.id] for name in bound_by(walk_top(ast.parse(source)))
        }
        values = {
            name: value
            for name, value in NAMESPACE.items()
            if not name.startswith("__")
            and (name not in self.base or value is not self.base[name] or name in stored)
        }
        unbound: set[str] = set()
        untouched = {
            name
            for name, (value, state) in self.found.items()
            if values.get(name, self) is value
            and name not in stored
            and state is not None
            and state_of(value) == state
        }
        for group in given.stored:
            # members that came along and have no name here are there all the same
            for theirs, value in group["values"].items():
                if theirs not in group["bind"] and theirs not in NAMESPACE:
                    values[theirs] = value
                    unbound.add(theirs)
            if describe(group["values"]) == group["digest"]:
                untouched |= {
                    name
                    for theirs, value in group["values"].items()
                    for name in group["bind"].get(theirs, [theirs])
                    if values.get(name) is value and name not in stored
                }
        groups = [sorted(group) for group in partition(values)]
        changed = {name for group in groups if set(group) - untouched for name in group}
        visible = self.asked(values, unbound, changed)
        kept, opaque = complete(visible, values)
        made: dict[str, Any] = {}
        for group in partition({name: values[name] for name in kept}):
            members = {name: values[name] for name in sorted(group)}
            content = Pickler.dumps(members)
            entry = {"names": sorted(group), "bytes": content, "digest": describe(members)}
            made.update(dict.fromkeys(group, entry))
        return {
            "visible": sorted(visible - opaque),
            "asked": sorted(visible),
            # what can not be kept is known once it was tried
            "tried": sorted(kept | opaque),
            "groups": made,
            "reaches": {name: sorted(reaches(values[name])) for name in kept},
            "opaque": {
                name: {
                    "shares": [
                        other for group in groups if name in group for other in group if other != name
                    ],
                    "reaches": sorted(reaches(values[name]) & set(values)),
                    "visible": self.accepts(name),
                }
                for name in opaque
            },
            "lacking": sorted((changed | opaque) - kept),
        }

    def asked(self, values: dict[str, Any], unbound: set[str], changed: set[str]) -> set[str]:
        wish = self.job.filters[self.job.id]
        if wish == "off":
            return set()
        if wish == "auto":
            return set(changed)
        return {name for name in values if self.accepts(name) and (name not in unbound or name in changed)}

    def accepts(self, name: str) -> bool:
        wish = self.job.filters[self.job.id]
        if wish in ("auto", "off"):
            return wish == "auto"
        listed = [pattern.strip() for pattern in wish] if isinstance(wish, list) else wish.split(",")
        return any(fnmatchcase(name, pattern) for pattern in listed)


def complete(visible: set[str], values: dict[str, Any]) -> tuple[set[str], set[str]]:
    """With the globals that functions look up: what is pickled, and what can not be."""
    wanted = set(visible)
    while True:
        opaque = {name for name in wanted if not can_be_pickled(values[name])}
        kept = wanted - opaque
        reached = {other for name in kept for other in reaches(values[name])} & set(values)
        if reached <= wanted:
            return kept, opaque
        wanted |= reached


def describe_inputs(inputs: list[dict[str, Any]]) -> list[str]:
    found = []
    for group in inputs:
        names = sorted((mine, theirs) for theirs, bound in group["bind"].items() for mine in bound)
        found.append(f"{names} of {group['digest']}")
    return sorted(found)


# ------------------------------------------------------------------------------- cells


def run_cells(sources: list[str]) -> tuple[list[list[str]], list[str] | None]:
    """For each cell that was started, what it printed and what its last expression is."""
    outputs: list[list[str]] = []
    for number, source in enumerate(sources):
        printed = io.StringIO()
        shown: list[str] = ["", ""]
        outputs.append(shown)
        try:
            with contextlib.redirect_stdout(printed):
                shown[1] = run_cell(source, f"<cell {number}>")
        except Exception as error:
            return outputs, [type(error).__name__, str(error)]
        finally:
            shown[0] = printed.getvalue()
    return outputs, None


def run_cell(source: str, name: str) -> str:
    from IPython.lib.pretty import pretty

    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), NAMESPACE)
    if last is None:
        return ""
    value = eval(compile(ast.Expression(last.value), name, "eval"), NAMESPACE)  # type: ignore[attr-defined]
    quiet = source.rstrip().endswith(";")
    return "" if value is None or quiet else pretty(value)


def walk_top(node: ast.AST) -> list[ast.AST]:
    """Nodes outside functions, classes, lambdas and comprehensions, these included."""
    inner = (
        *(ast.FunctionDef, ast.ClassDef, ast.Lambda),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    )
    found = [node]
    if not isinstance(node, inner):
        for child in ast.iter_child_nodes(node):
            found += walk_top(child)
    return found


# ------------------------------------------------------------------------------- hidden state


def ambient_now() -> dict[str, str]:
    import numpy

    state = numpy.random.get_state()
    return {
        "random": pickle.dumps(random.getstate()).hex(),
        "numpy.random": pickle.dumps((state[0], state[1].tolist(), *state[2:])).hex(),
    }


def restore_ambient(states: dict[str, str]) -> None:
    import numpy

    if "random" in states:
        random.setstate(pickle.loads(bytes.fromhex(states["random"])))
    if "numpy.random" in states:
        numpy.random.set_state(pickle.loads(bytes.fromhex(states["numpy.random"])))

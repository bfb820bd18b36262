"""Which variables of its parents a block gets. Part of the clean executor."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clean_magics import starts_processes

if TYPE_CHECKING:
    from clean_sessions import Job


class RefusedError(Exception):
    """Two parents hand on different values under one name, or what can not be pickled can not be made again."""


@dataclass(frozen=True)
class Offer:
    """A variable of a parent, under the parent's name."""

    parent: str
    name: str
    #: `stored`: pickled; `opaque`: to be made again; `session`: there, as the parent's code ran before
    kind: str


def choose(job: Job, id: str) -> dict[str, Offer]:
    """For each name that the code needs of the parents, whose variable it is.

    Raises:
        RefusedError: the block can not run.
    """
    return _Choice(job, id).made()


class _Choice:
    def __init__(self, job: Job, id: str) -> None:
        self.job = job
        self.parents = [parent for parent, _ in job.parents[id]]
        self.everything = any("eval(" in source for source in job.sources[id])
        self.loaded = names_loaded(job.sources[id])
        self.all_offers = all_offers(job, id)
        # those that count; globals of functions that come along are added as they are met
        self.offers = {
            name: wanted
            for name, offers in self.all_offers.items()
            if (wanted := [offer for offer in offers if self.is_wanted(name, offer)])
        }
        self.chosen: dict[str, Offer] = {}
        self.problems: dict[str, str] = {}

    def is_wanted(self, name: str, offer: Offer) -> bool:
        return name in self.loaded or (self.everything and offer.kind != "opaque")

    def made(self) -> dict[str, Offer]:
        for name in self.offers:
            self.settle(name)
        waiting = sorted(self.chosen)
        followed: set[Offer] = set()
        while waiting:
            offer = self.chosen.get(waiting.pop())
            if offer is None or offer in followed:
                continue
            followed.add(offer)
            for reached in self.reached_by(offer):
                known = self.offers.get(reached) or self.all_offers.get(reached, [])
                own = self.behind(offer, reached)
                if own is not None and not any(
                    self.same(own, one) and own.parent == one.parent for one in known
                ):
                    known = [*known, own]
                if known and known != self.offers.get(reached):
                    self.offers[reached] = known
                    self.settle(reached)
                    waiting.append(reached)
        self.take_alive_what_is_shared()
        if self.problems:
            raise RefusedError("; ".join(self.problems.values()))
        return self.chosen

    def settle(self, name: str) -> None:
        self.chosen.pop(name, None)
        self.problems.pop(name, None)
        best = self.best(self.offers[name])
        if best is None:
            self.problems[name] = f"{name} comes from several parents"
        elif best.kind == "opaque" and starts_processes(self.job.sources[best.parent]):
            self.problems[name] = f"{best.parent} can not run again"
        else:
            self.chosen[name] = best

    def best(self, offers: list[Offer]) -> Offer | None:
        """Equal ones: any. Otherwise the one of a parent below all others that differ."""
        above = self.job.above
        found = [
            offer
            for offer in offers
            if all(self.same(offer, other) or other.parent in above[offer.parent] for other in offers)
        ]
        # of equal ones that of the youngest parent, so that what it shares with others stays shared
        return max(found, key=lambda offer: len(above[offer.parent])) if found else None

    def same(self, one: Offer, other: Offer) -> bool:
        if one.kind != other.kind or one.name != other.name:
            return False
        if one.kind == "stored":
            return bool(self.group(one)["digest"] == self.group(other)["digest"])
        return one.parent == other.parent

    def group(self, offer: Offer) -> dict[str, Any]:
        group: dict[str, Any] = self.job.done[offer.parent]["groups"][offer.name]
        return group

    def reached_by(self, offer: Offer) -> list[str]:
        """Globals that its functions and frames look up."""
        made = self.job.done[offer.parent]
        if offer.kind == "stored":
            # its group's: whoever reads one member needs what the others look up
            return sorted({name for member in self.group(offer)["names"] for name in made["reaches"][member]})
        return made["opaque"][offer.name]["reaches"] if offer.name in made.get("opaque", {}) else []

    def behind(self, offer: Offer, name: str) -> Offer | None:
        """A global as the parent's own code knows it, shown or not."""
        if offer.kind == "session":
            return None
        made = self.job.done[offer.parent]
        if name in made["groups"]:
            return Offer(offer.parent, name, "stored")
        if name in made["opaque"]:
            return Offer(offer.parent, name, "opaque")
        # a live value finds what its session held
        held = offer.kind == "opaque" and (name in made["lacking"] or name in made["names"])
        return Offer(offer.parent, name, "opaque") if held else None

    def take_alive_what_is_shared(self) -> None:
        """Of what shares objects with a live value there is one, not two."""
        for live in [offer for offer in self.chosen.values() if offer.kind == "opaque"]:
            shares = self.job.done[live.parent]["opaque"].get(live.name, {"shares": []})["shares"]
            for name, best in list(self.chosen.items()):
                if best.kind != "stored":
                    continue
                equal = [
                    other
                    for other in self.offers.get(name, [])
                    if other.parent == live.parent and self.same(other, best)
                ]
                own = equal[0] if equal else best
                if own.parent == live.parent and own.name in shares:
                    self.chosen[name] = Offer(live.parent, own.name, "opaque")


def all_offers(job: Job, id: str) -> dict[str, list[Offer]]:
    """By the name that the block knows them by."""
    found: dict[str, list[Offer]] = {}

    def add(name: str | None, offer: Offer) -> None:
        if name is not None and offer not in found.setdefault(name, []):
            found[name].append(offer)

    for parent, use in job.parents[id]:
        if job.is_off(parent):
            for name in session_names(job, parent):
                add(name, Offer(parent, name, "session"))
            continue
        made = job.done[parent]
        for name in made["visible"]:
            add(name if use is None else use.get(name), Offer(parent, name, "stored"))
        for name, facts in made["opaque"].items():
            if facts["visible"]:
                add(name if use is None else use.get(name), Offer(parent, name, "opaque"))
    return found


def session_names(job: Job, id: str) -> set[str]:
    """What a session may hold when it is handed on: names that its code binds somewhere, and what it was given."""
    found: set[str] = set()
    for member in [*job.before(id), id]:
        found |= set(job.done[member]["names"])
        for source in job.sources[member]:
            found |= bound_by(ast.walk(ast.parse(source)))
    return found


def bound_by(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that these bind, each taken for itself."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= imported_by(node)
    return found


def imported_by(node: ast.AST) -> set[str]:
    """Names that an import binds."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return set()
    return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}


def names_loaded(sources: list[str]) -> set[str]:
    """Names in the code, without what it imports itself before it uses it."""
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    imported = {name for node in nodes for name in imported_by(node)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} - imported

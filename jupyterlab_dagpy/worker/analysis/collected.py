"""What a walk over a cell gathers, and the form in which it leaves Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]


@dataclass
class Body:
    """A function, method or class of the cell: what running it may read and change."""

    parameters: list[str] = field(default_factory=list)
    loads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    mutates: set[str] = field(default_factory=set)
    calls: list[Facts] = field(default_factory=list)
    chains: set[str] = field(default_factory=set)
    generator: bool = False
    is_class: bool = False

    def absorb(self, other: Body) -> None:
        """Take over what an inner function or a method does to globals; its parameters are its own."""
        own = set(other.parameters)
        self.loads |= other.loads
        self.binds |= other.binds
        self.mutates |= other.mutates - own
        self.chains |= other.chains
        self.calls += [call for call in other.calls if not any(name in own for _, name in call["arguments"])]

    def facts(self, name: str) -> Facts:
        """The engine's `FunctionFacts`."""
        return {
            "name": name,
            "parameters": self.parameters,
            "loads": sorted(self.loads),
            "binds": sorted(self.binds),
            "mutates": sorted(self.mutates),
            "calls": self.calls,
            "chains": sorted(self.chains),
            "generator": self.generator,
            "isClass": self.is_class,
        }


@dataclass
class Collected:
    """Everything found in one cell, unsorted."""

    loads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    may_bind: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    names_in_strings: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    dynamic: list[str] = field(default_factory=list)
    binds_unknown: list[str] = field(default_factory=list)
    star_imports: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    magics: set[str] = field(default_factory=set)
    chains: set[str] = field(default_factory=set)
    history: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    functions: dict[str, Body] = field(default_factory=dict)
    steps: list[Facts] = field(default_factory=list)
    refitted: set[str] = field(default_factory=set)
    sets_environment: bool = False

    def because(self, reason: str) -> None:
        """Every exported name counts as read, and why."""
        if reason not in self.dynamic:
            self.dynamic.append(reason)

    def remark(self, text: str) -> None:
        """Tell once what can not be kept the same in another process."""
        if text not in self.remarks:
            self.remarks.append(text)

    def mutated(self) -> set[str]:
        """Names whose objects the cell may change in place."""
        return {step["name"] for step in self.steps if step["do"] == "mutate"} | self.refitted


def unique(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))

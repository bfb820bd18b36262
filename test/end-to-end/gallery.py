"""Many small examples in one project, so that each costs a fork and not a whole run of the command.

Every example is a few blocks and what some of them must print. They run three times, and must print the same:

    first     everything for the first time
    restored  what prints got a new cell, so it runs again, on inputs that come out of the cache
    forced    everything once more, cache or not
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project import Cell, Project, RunReport, User, create

PHASES = ("first", "restored", "forced")


@dataclass(frozen=True)
class Example:
    name: str
    # id -> (cells, ids of parents or entries of dag.json); the first block that has no parents is the root
    blocks: Mapping[str, tuple[Sequence[Cell], Sequence[str] | Mapping[str, Any]]]
    # id -> what it prints; None: the same in every phase, whatever it is
    prints: Mapping[str, str | None]

    def __str__(self) -> str:
        return self.name


@dataclass
class Gallery:
    project: Project
    examples: Sequence[Example]
    reports: dict[str, RunReport] = field(default_factory=dict)
    # phase -> id -> printed
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def readers(self) -> set[str]:
        return {id for example in self.examples for id in example.prints}

    @property
    def roots(self) -> list[str]:
        blocks = self.project.dag["blocks"]
        return [id for id in blocks if not blocks[id].get("parents")]

    def visit(self) -> Gallery:
        """All three phases."""
        for phase in PHASES:
            if phase == "restored":
                for id in self.readers:
                    self.project.append(id, "pass\npass")
            report = self.project.run(*(["all", "--force"] if phase == "forced" else []))
            self.reports[phase] = report
            self.texts[phase] = {id: self.project.text(id) for id in self.project.dag["blocks"]}
        return self

    def check(self, example: Example) -> None:
        for id, expected in example.prints.items():
            shown = {phase: self.texts[phase][id] for phase in PHASES}
            assert expected is None or shown["first"] == expected
            assert len(set(shown.values())) == 1, shown


def build(folder: Path, examples: Sequence[Example], user: User | None = None, **dag: Any) -> Gallery:
    return Gallery(create(folder, dict(_blocks(examples)), user=user, **dag), examples)


def _blocks(examples: Sequence[Example]) -> Iterator[tuple[str, Any]]:
    for example in examples:
        for id, (cells, entries) in example.blocks.items():
            yield id, (cells, entries if isinstance(entries, Mapping) else {"parents": list(entries)})

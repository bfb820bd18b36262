"""Random projects and random histories of edits, told with real notebooks and real kernels.

A story is a project whose blocks make all kinds of values of what their parents hand on, print what they read, and are
edited, touched, undone and run. What a block reads is known by construction.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from project import Project, create

# What is printed of any value: its content and its kind, whatever address it has.
SETUP = """
import numpy as np, pandas as pd
def show(value):
    if isinstance(value, list): return '[' + ', '.join(show(item) for item in value) + ']'
    if isinstance(value, dict): return '{' + ', '.join(f'{key}: {show(item)}' for key, item in value.items()) + '}'
    if isinstance(value, set): return 'set ' + ' '.join(sorted(map(show, value)))
    if isinstance(value, np.ndarray): return f'{value.dtype} {value.tolist()} {value.flags.c_contiguous}'
    if isinstance(value, pd.DataFrame): return 'frame ' + value.to_csv(index=True).replace('\\n', ';')
    if callable(value): return f'calls {show(value(1))}'
    if hasattr(value, 'held'): return f'{type(value).__name__} holds {show(value.held)} {value.again()}'
    return f'{type(value).__name__} {value!r}'
"""

LITERALS = [
    "1",
    "'1'",
    "True",
    "1.0",
    "-0.0",
    "0.0",
    "2",
    "b'1'",
    "None",
    "(1,)",
    "float('nan')",
    "[3]",
    "{4}",
]

# `{v}` is the block's own variable, `{one}` and `{two}` variables of parents, `{literal}` may be edited.
WITHOUT_PARENTS = [
    "{v} = {literal}",
    "{v} = [{literal}, [{literal}]]\nother_{v} = {v}[1]",
    "{v} = dict(z={literal}, a=[1])",
    "{v} = np.arange(6).reshape(2, 3).T + len(str({literal}))",
    "{v} = pd.DataFrame(dict(a=[1, 2, 3], b=[str({literal})] * 3))[::2]",
    "inner_{v} = {literal}\ndef {v}(x):\n    return [x, inner_{v}]",
    "class K_{v}:\n    kind = {literal}\n    def __init__(self, held): self.held = held\n"
    "    def again(self): return show(self.kind)\n{v} = K_{v}([{literal}])",
    "{v} = set([str({literal}), 'x', 'y', 'z'])",
    "{v} = open('data.txt').read().strip() + str({literal})",
    "{v} = [year, {literal}]",
    "import random\n{v} = [random.random(), {literal}]",
    "np.random.seed(len(str({literal})))\n{v} = 0",
]
WITH_PARENTS = [
    "{v} = [{one}, {literal}]",
    "{v} = [{one}, {one}, {two}]\nif isinstance({one}, list): {one}.append({literal})",
    "if isinstance({one}, list): {one}.append({literal})\n{v} = {literal}",
    "{v} = lambda x: [x, show({one}), {literal}]",
    "{v} = dict(one={one}, two={two}, literal={literal})",
    "class K_{v}:\n    def __init__(self, held): self.held = held\n    def again(self): return show({two})\n"
    "{v} = K_{v}([{one}, {literal}])",
    "if isinstance({one}, np.ndarray): {one}[...] = 7\n{v} = {one}\nprint({literal})",
    "{v} = len(show({one})) > len(show({two}))",
    "{v} = [float(np.random.rand()), {literal}]\nprint(show({one}))",
]


@dataclass
class Part:
    """One block: a template, what fills it, and how it is written down."""

    template: str
    literal: str
    reads: list[str]
    comments: int = 0

    def code(self, v: str) -> str:
        one, two = (self.reads * 2)[:2] if self.reads else ("", "")
        body = self.template.format(v=v, literal=self.literal, one=one, two=two)
        shown = "".join(f"print(show({name}))\n" for name in self.reads)
        return "# remark\n" * self.comments + shown + body + f"\nprint(show({v}))"


@dataclass
class Story:
    chance: random.Random
    project: Project
    parts: dict[str, Part]
    parents: dict[str, list[str]]
    told: list[str] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    # Of this chapter: blocks with other code, and whether blocks nobody knows may run.
    edited: set[str] = field(default_factory=set)
    anything: bool = False

    def __str__(self) -> str:
        return "\n".join([str(self.project.folder), *self.told])

    def begin_chapter(self) -> None:
        """One or two edits."""
        self.edited, self.anything = set(), False
        self.told.append("")
        for _ in range(self.chance.choice([1, 1, 2])):
            self.chance.choice(EDITS)(self)

    def has_code(self, id: str) -> bool:
        """Whether functions or classes are among what a block and those above it make."""
        return any(word in self.parts[id].template for word in ("lambda", "def ")) or any(
            self.has_code(parent) for parent in self.parents[id]
        )

    def save(self, id: str) -> None:
        source = self.parts[id].code(f"v{id}")
        self.project.rewrite(id, lambda cells: cells[0].update(source=source.splitlines(keepends=True)))

    def remark(self) -> None:
        id = self.pick()
        self.parts[id].comments += 1
        self.save(id)
        self.told.append(f"a remark in {id}")

    def literal(self) -> None:
        id = self.pick()
        before = self.parts[id].literal
        self.parts[id].literal = self.chance.choice([each for each in LITERALS if each != before])
        self.save(id)
        self.edited.add(id)
        self.told.append(f"{id}: {before} becomes {self.parts[id].literal}")

        def back() -> None:
            self.parts[id].literal = before
            self.save(id)
            self.edited.add(id)
            self.told.append(f"{id}: {before} again")

        self.undo.append(back)

    def revert(self) -> None:
        if self.undo:
            self.undo.pop()()

    def data(self) -> None:
        self.project.write("data.txt", self.chance.choice(["one", "two", "three"]))
        self.told.append("data.txt written")
        self.edited |= {id for id, part in self.parts.items() if "data.txt" in part.template}

    def touch(self) -> None:
        (self.project.folder / "data.txt").touch()
        self.told.append("data.txt touched")

    def parameter(self) -> None:
        self.project.declare(parameters={"year": self.chance.choice([2024, 2025, "2024"])})
        self.told.append("another year")
        self.edited |= {id for id, part in self.parts.items() if "year" in part.template}

    def filter(self) -> None:
        id = self.pick()
        wish = self.chance.choice(["auto", f"v{id},other_*"])
        self.project.cli("filter", id, wish)
        self.told.append(f"{id} hands on {wish}")
        self.edited.add(id)

    def lose(self) -> None:
        files = sorted(f for f in (self.project.folder / ".dagpy").rglob("*") if f.is_file())
        for file in self.chance.sample(files, k=min(len(files), 5)):
            file.unlink()
        self.told.append("five files of the cache deleted")
        self.anything = True

    def pick(self) -> str:
        return self.chance.choice(sorted(self.parts))


EDITS = (
    [Story.remark, Story.touch, Story.parameter, Story.data, Story.filter, Story.lose]
    + [Story.literal] * 6
    + [Story.revert] * 3
)


def begin(folder: Path, seed: int, blocks: int = 9) -> Story:
    """A project that nothing was run of yet."""
    chance = random.Random(seed)
    parts: dict[str, Part] = {}
    parents: dict[str, list[str]] = {}
    for number in range(blocks):
        id = f"b{number}"
        above = chance.sample(sorted(parts), k=min(len(parts), chance.choice([0, 1, 1, 2, 2])))
        template = chance.choice(WITH_PARENTS if above else WITHOUT_PARENTS)
        parents[id] = above
        parts[id] = Part(template, chance.choice(LITERALS), [f"v{parent}" for parent in above])
    made = {
        "setup": ([SETUP], {}),
        **{id: ([part.code(f"v{id}")], {"parents": parents[id]}) for id, part in parts.items()},
    }
    project = create(folder, made, prelude="setup", parameters={"year": 2024})
    project.write("data.txt", "one")
    return Story(chance, project, parts, parents)

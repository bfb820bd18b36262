"""Random projects of real notebooks and random histories of edits, as data that Hypothesis can shrink.

A :class:`Story` is a list of blocks and a list of edits, all small numbers. A :class:`World` is what it has come to:
it is written down as notebooks, ``dag.json``, files, a local module and variables of the environment. What each block
depends on is known here by construction.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from project import TALLY, write_json, write_notebook

# What is shown of any value: its content, its kind, what it shares; whatever address it has.
SHOW = """
import numpy as np
def show(value, seen=None):
    seen = {} if seen is None else seen
    kind = type(value).__name__
    if isinstance(value, float):
        return value.hex() if value == value else 'nan ' + np.float64(value).tobytes().hex()
    if isinstance(value, tuple): return '(' + ', '.join(show(item, seen) for item in value) + ')'
    if isinstance(value, (list, dict, set, np.ndarray)) or kind == 'DataFrame' or hasattr(value, 'held'):
        if id(value) in seen: return f'#{seen[id(value)]}'
        seen[id(value)] = len(seen)
    if isinstance(value, list): return '[' + ', '.join(show(item, seen) for item in value) + ']'
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key!r}: {show(item, seen)}' for key, item in value.items()) + '}'
    if isinstance(value, set): return 'set ' + ' '.join(sorted(show(item, {}) for item in value))
    if isinstance(value, np.ndarray):
        order = value.flags.c_contiguous, value.flags.f_contiguous
        return f'{value.dtype} {value.shape} {value.tobytes().hex()} {order}'
    if kind == 'DataFrame': return 'frame ' + ' '.join(map(str, value.dtypes)) + value.to_csv().replace('\\n', ';')
    if callable(value): return f'calls {show(value(1), seen)}'
    if hasattr(value, 'held'): return f'{kind} holds {show(value.held, seen)} {value.again()}'
    if kind == 'generator': return 'gives ' + show(next(value, 'nothing'), seen)
    if hasattr(value, 'locked'): return f'locked: {value.locked()}'
    return f'{kind} {value!r}'
"""

# Easily taken for one another.
LITERALS = (
    "1 '1' True 1.0 -0.0 0.0 0 2 b'1' None (1,) [1] {1} {1:1} 1j '' 'one' float('nan') -float('nan') 10**20"
).split()

# `{v}`: the block's own variable; `{a}`, `{b}`: variables of parents; `{lit}`: a literal that edits change. A line of
# `---` ends a cell.
ROOTS = [
    "{v} = {lit}",
    "{v} = [{lit}, [{lit}]]\nother_{v} = {v}[1]",
    "{v} = dict(z={lit}, a=[1])",
    "{v} = ([{lit}], {lit})",
    "{v} = np.arange(6.0).reshape(2, 3).T + len(str({lit}))",
    "{v} = np.arange(8)[::2]\nother_{v} = {lit}",
    "{v} = set([str({lit}), 'x', 'y', 'z'])",
    "inner_{v} = {lit}\ndef {v}(x):\n    return [x, inner_{v}]",
    "def make_{v}(n):\n    return lambda x: [x, n]\n{v} = make_{v}({lit})",
    "class K_{v}:\n    kind = {lit}\n    def __init__(self, held): self.held = held\n"
    "    def again(self): return show(self.kind)\n{v} = K_{v}([{lit}])",
    "import struct\n{v} = [struct.unpack('<d', bytes([len(str({lit})), 0, 0, 0, 0, 0, 248, 127]))[0]]",
    "import pandas as pd\n{v} = pd.DataFrame(dict(a=[1, 2, 3], b=[str({lit})] * 3))[::2]",
    "{v} = open('data.txt').read().strip() + str({lit})",
    "import os\n{v} = open('late.txt').read() if os.path.exists('late.txt') else {lit}",
    "{v} = [year, {lit}]",
    "import os\n{v} = [os.environ.get('STORY_LEVEL', '-'), {lit}]",
    "import near\n{v} = [near.twice({lit}), near.NAME]",
    "np.random.seed(len(str({lit})))\n{v} = 0",
    "import random\nrandom.seed(5)\n{v} = [random.random(), {lit}]",
    "open('out_{v}.txt', 'w').write(repr({lit}))\n{v} = 0",
    "{v} = 1 // len(str({lit})[1:])",
    # what can not be stored
    "{v} = (n for n in [{lit}, 'second', {lit}])",
    "{v} = [(n for n in [{lit}, 'more']), {lit}]\nother_{v} = {lit}",
    "import threading\n{v} = threading.Lock()\nother_{v} = [{lit}]",
    "%%time\n{v} = [{lit}]\nprint({lit})",
]
CHILDREN = [
    "{v} = [{a}, {lit}]",
    "{v} = [{a}, {a}, {b}]\nif isinstance({a}, list): {a}.append({lit})",
    "if isinstance({a}, list): {a}.append({lit})\n{v} = {lit}",
    "{v} = dict(one={a}, two={b}, literal={lit})",
    "{v} = lambda x: [x, show({a}), {lit}]",
    "class K_{v}:\n    def __init__(self, held): self.held = held\n    def again(self): return show({b})\n"
    "{v} = K_{v}([{a}, {lit}])",
    "if isinstance({a}, np.ndarray): {a}[...] = 7\n{v} = {a}\nprint({lit})",
    "{v} = {a}[:1] if isinstance({a}, (list, np.ndarray)) else {a}\nprint({lit})",
    "{v} = len(show({a})) > len(show({b}))\nprint({lit})",
    "{v} = [float(np.random.rand()), {lit}]",
    "inner_{a} = {lit}\n{v} = show({a})",
    "{v} = eval('[{a}]')\nprint({lit})",
    "{v} = {a} | {{str({lit})}} if isinstance({a}, set) else {a}",
    "assert {lit} != 2, 'two'\n{v} = {a}",
    "import os\n{v} = open('out_{a}.txt').read() if os.path.exists('out_{a}.txt') else {lit}",
    "{v} = [{a}, open('data.txt').read(), {lit}]",
    "if isinstance({a}, list): {a}.append({lit})\n{v} = show({a})\ndel {a}",
    "{v} = [{a}.acquire(blocking=False) if hasattr({a}, 'acquire') else {a}, {lit}]",
    "{v} = (show({a}) for n in [{lit}, 2, 3])",
    "%%capture cap_{v}\nprint(show({a}), {lit})\n---\n{v} = [cap_{v}.stdout, {a}]\ndel cap_{v}",
    "%%time\n{v} = [{a}, {lit}]\nif isinstance({a}, list): {a}.append({lit})",
    "%time {v} = dict(one={a}, two={lit})",
    "!echo {{len(show({a}))}} {{1 + 1}}\n{v} = [{lit}]",
]
# Random numbers that nobody has seeded, in stories that are told for them.
DRAWN_ROOTS = [
    "{v} = [float(np.random.rand()), {lit}]",
    "import random\n{v} = [random.random(), {lit}]",
    "import random\n{v} = (random.random() for n in range(4))",
]
DRAWN_CHILDREN = [
    "{v} = [float(np.random.rand()), {a}, {lit}]",
    "import random\n{v} = [random.random(), {a}]\nif isinstance({a}, list): {a}.append({lit})",
    "import random\n{v} = random.sample(range(1000), 3)\nprint(float(np.random.rand()), {lit})",
    "{v} = lambda x: [float(np.random.rand()), x, show({a})]",
]
MAGICS = ("%", "!")
# blocks with a shell command can not be followed: they run every time
SHELL = "!echo"
DRAWS = "np.random.rand"
SEEDS = "np.random.seed"


@dataclass(frozen=True)
class BlockSeed:
    """Numbers that a block is made from."""

    template: int
    literal: int
    parents: tuple[int, ...]
    filter: str = "auto"


@dataclass(frozen=True)
class Edit:
    kind: str
    numbers: tuple[int, int]


@dataclass(frozen=True)
class Story:
    blocks: tuple[BlockSeed, ...]
    edits: tuple[Edit, ...]
    unseeded: bool = False


KINDS = (
    ["literal"] * 5
    + ["revert"] * 3
    + ["off"] * 2
    + """comment format quiet digits reorder cells rename rewire template same filter notebooks touch data late
    parameter environment module deep module_comment lose pick""".split()
)
block_seeds = st.builds(
    BlockSeed,
    template=st.integers(0, 99),
    literal=st.integers(0, len(LITERALS) - 1),
    parents=st.lists(st.integers(0, 9), max_size=2).map(tuple),
    filter=st.sampled_from(["auto"] * 4 + ["off"]),
)
edits = st.builds(
    Edit, kind=st.sampled_from(KINDS), numbers=st.tuples(st.integers(0, 19), st.integers(0, 19))
)


def stories(most_blocks: int, most_edits: int, unseeded: bool = False) -> st.SearchStrategy[Story]:
    return st.builds(
        Story,
        unseeded=st.just(unseeded),
        blocks=st.lists(block_seeds, min_size=2, max_size=most_blocks).map(tuple),
        edits=st.lists(edits, min_size=1, max_size=most_edits).map(tuple),
    )


@dataclass
class Block:
    """One block: a template, what fills it, and how it is written down."""

    template: str
    literal: str
    parents: list[int]
    prefix: str = "v"
    comments: int = 0
    wide: bool = False
    quiet: bool = False
    cut: int = 2
    swapped: bool = False
    split: bool = False
    wrapped: bool = False
    filter: str = "auto"
    # the edge to its first parent gives that parent's variable another name
    renames: bool = False


@dataclass
class World:
    blocks: list[Block]
    order: list[int]
    data: str = "one"
    late: str | None = None
    year: object = 2024
    level: str | None = None
    near: str = "NAME = 'near'\nimport deep\ndef twice(x): return [x, deep.FACTOR]\n"
    deep: str = "FACTOR = 2\n"
    told: list[str] = field(default_factory=list)
    # random numbers are drawn where no block has seeded them
    unseeded: bool = False

    # ------------------------------------------------------------------------- names and code

    def own(self, index: int) -> str:
        return f"{self.blocks[index].prefix}{index}"

    def read(self, index: int) -> list[str]:
        """Names of its parents' variables as the block sees them."""
        block = self.blocks[index]
        return [
            "renamed" if place == 0 and self.picks(index) else self.own(parent)
            for place, parent in enumerate(block.parents)
        ]

    def picks(self, index: int) -> bool:
        """Nothing can be picked of a whole session."""
        block = self.blocks[index]
        return block.renames and self.blocks[block.parents[0]].filter != "off"

    def is_volatile(self, index: int) -> bool:
        """Whether it runs every time, for what it or a session that it goes on with does."""
        return SHELL in self.code(index) or any(
            self.blocks[parent].filter == "off" and self.is_volatile(parent)
            for parent in self.blocks[index].parents
        )

    def is_seeded(self, index: int) -> bool:
        """Whether random numbers come from a state that some block above has set."""
        return any(
            SEEDS in self.code(parent) or DRAWS in self.code(parent) or self.is_seeded(parent)
            for parent in self.blocks[index].parents
        )

    def code(self, index: int) -> str:
        block = self.blocks[index]
        names = self.read(index) or ["0"]
        literal = f"[{block.literal}][0]" if block.wrapped else block.literal
        body = block.template.format(v=self.own(index), a=names[0], b=names[-1], lit=literal)
        if DRAWS in body and not self.unseeded and not self.is_seeded(index):
            body = f"{SEEDS}(3)\n{body}"
        return body

    def cells(self, index: int, plain: bool = False) -> list[str]:
        """As the notebook holds them; `plain`: without what does not count."""
        block = self.blocks[index]
        v = self.own(index)
        reads = "".join(f"print(show({name}))\n" for name in self.read(index))
        together = f"print(show([{', '.join(self.read(index))}]))\n" if len(self.read(index)) > 1 else ""
        # one number over two cells: cut elsewhere, the digits are the same and the cells are not
        digits = f"{index + 1}1234"
        print_one, print_two = "print('one')", "print('two')"
        if block.swapped:
            print_one, print_two = print_two, print_one
        if self.code(index).startswith(MAGICS):
            # only the magic says what is read
            reads = together = ""
        first, *others = self.code(index).split("\n---\n")
        # a magic of the whole cell begins it
        apart = block.split or first.startswith("%%")
        top = [reads + together + "None", first, *others] if apart else [reads + together + first, *others]
        made = [
            *top,
            f"print({digits[: block.cut]}, end=' ')",
            f"print({digits[block.cut :]})",
            f"{print_one}\n{print_two}",
            f"show({v})" + (";" if block.quiet else ""),
        ]
        if plain:
            return made
        if block.wide:
            made[-1] = made[-1].replace(f"show({v})", f"show(  {v}  )")
            made[-2] = made[-2].replace("'", '"').replace("\n", "\n\n")
        made[0] = "# a remark\n" * block.comments + made[0]
        return made

    # ------------------------------------------------------------------------- what it depends on

    def depends(self, index: int) -> str:
        """All that counts for a block besides what it reads of its parents, from the text of its code."""
        block, code = self.blocks[index], self.code(index)
        found: list[object] = [self.cells(index, plain=True)]
        if "data.txt" in code:
            found.append(self.data)
        if "late.txt" in code:
            found.append(self.late)
        # code that is made while it runs can ask for any parameter
        if "year" in code or "eval(" in code:
            found.append(repr(self.year))
        if "STORY_LEVEL" in code:
            found.append(self.level)
        if "near." in code:
            found += [self.near, self.deep]
        if "out_" in code and "open('out_{v}" not in block.template:
            found.append("a file of its parent")
        return json.dumps(found)

    # ------------------------------------------------------------------------- written down

    def environment(self) -> dict[str, str]:
        return {} if self.level is None else {"STORY_LEVEL": self.level}

    def dag(self) -> dict[str, object]:
        declared: dict[str, object] = {"show": {"notebook": "show.ipynb"}}
        for index in self.order:
            block = self.blocks[index]
            entry: dict[str, object] = {"notebook": f"b{index}.ipynb"}
            if block.parents:
                entry["parents"] = [
                    {"block": f"b{parent}", "use": {self.own(parent): "renamed"}}
                    if place == 0 and self.picks(index)
                    else f"b{parent}"
                    for place, parent in enumerate(block.parents)
                ]
            if block.filter == "off":
                entry["filter"] = "off"
            elif block.filter != "auto":
                entry["filter"] = block.filter.format(v=self.own(index)).split(",")
            if "open('out_{v}" in block.template:
                entry["outputs"] = [f"out_{self.own(index)}.txt"]
            declared[f"b{index}"] = entry
        return {
            "version": 1,
            "prelude": "show",
            "parameters": {"year": self.year},
            "cache": {"keep": 40},
            "blocks": declared,
        }

    def files(self) -> dict[str, str]:
        """Everything but the notebooks."""
        made = {"data.txt": self.data, "near.py": self.near, "deep.py": self.deep}
        if self.late is not None:
            made["late.txt"] = self.late
        return made

    def write(self, folder: Path, before: World | None = None) -> None:
        """Writes what differs from `before`, as somebody does who saves files one by one."""
        if before is None:
            write_notebook(folder / "show.ipynb", [SHOW])
        for index in range(len(self.blocks)):
            if before is None:
                counting = TALLY.format(name=f"b{index}")
                write_notebook(folder / f"b{index}.ipynb", self.cells(index), counting)
            elif self.cells(index) != before.cells(index):
                self._rewrite(folder / f"b{index}.ipynb", index)
        if before is None or self.dag() != before.dag():
            write_json(folder / "dag.json", self.dag(), indent=2)
        old = {} if before is None else before.files()
        for name, text in self.files().items():
            if old.get(name) != text:
                (folder / name).write_text(text)
        for name in old.keys() - self.files().keys():
            (folder / name).unlink()

    def _rewrite(self, path: Path, index: int) -> None:
        """Sources change in place, so that outputs stay as after an edit in Jupyter."""
        notebook = json.loads(path.read_text(encoding="utf-8"))
        counting, *cells = notebook["cells"]
        sources = self.cells(index)
        for number, source in enumerate(sources):
            if number >= len(cells):
                cells.append({**cells[-1], "id": f"more-{number}", "outputs": [], "execution_count": None})
            cells[number]["source"] = source.splitlines(keepends=True)
        notebook["cells"] = [counting, *cells[: len(sources)]]
        write_json(path, notebook)


def templates_for(parents: list[int], unseeded: bool) -> list[str]:
    if unseeded:
        return [*DRAWN_CHILDREN * 4, *CHILDREN] if parents else [*DRAWN_ROOTS * 4, *ROOTS]
    return CHILDREN if parents else ROOTS


def begin(story: Story) -> World:
    blocks: list[Block] = []
    for index, seed in enumerate(story.blocks):
        parents = sorted({parent % index for parent in seed.parents}) if index else []
        templates = templates_for(parents, story.unseeded)
        template = templates[seed.template % len(templates)]
        blocks.append(Block(template, LITERALS[seed.literal], parents, filter=seed.filter))
    return World(blocks, list(range(len(blocks))), unseeded=story.unseeded)


def after(world: World, edit: Edit, versions: list[World]) -> World:
    """The world after an edit; ``touch`` and ``lose`` are not about what is written down and leave it as it is."""
    one, two = edit.numbers
    new = copy.deepcopy(world)
    index = one % len(new.blocks)
    block = new.blocks[index]
    match edit.kind:
        case "literal":
            block.literal = LITERALS[
                (LITERALS.index(block.literal) + 1 + two % (len(LITERALS) - 1)) % len(LITERALS)
            ]
        case "revert":
            new = copy.deepcopy(versions[-1 - one % len(versions)])
        case "comment":
            block.comments = two % 4
        case "format":
            block.wide = not block.wide
        case "quiet":
            block.quiet = not block.quiet
        case "digits":
            block.cut = 1 + two % 4
        case "reorder":
            block.swapped = not block.swapped
        case "cells":
            block.split = not block.split
        case "rename":
            block.prefix = "w" if block.prefix == "v" else "v"
        case "rewire":
            if index:
                parent = two % index
                rest = [each for each in block.parents if each != parent]
                block.parents = rest if len(rest) < len(block.parents) else sorted([*rest, parent])[:3]
                templates = templates_for(block.parents, new.unseeded)
                if block.template not in templates:
                    block.template = templates[two % len(templates)]
                block.renames = block.renames and bool(block.parents)
        case "template":
            templates = templates_for(block.parents, new.unseeded)
            block.template = templates[two % len(templates)]
        case "same":
            block.wrapped = not block.wrapped
        case "filter":
            block.filter = ["auto", "{v},other_*", "{v}", "*", "other_*"][two % 5]
        case "off":
            block.filter = "auto" if block.filter == "off" else "off"
        case "notebooks":
            new.order.insert(two % len(new.order), new.order.pop(index))
        case "data":
            new.data = ["one", "two", "three"][two % 3]
        case "late":
            new.late = [None, "late", "later"][two % 3]
        case "parameter":
            new.year = [2024, 2025, "2024", 2024.5, True, None][two % 6]
        case "environment":
            new.level = [None, "high", "low"][two % 3]
        case "module":
            new.near = new.near.replace("twice(x): return [x,", "twice(x): return [x, x,")
        case "deep":
            new.deep = f"FACTOR = {LITERALS[two % len(LITERALS)]}\n"
        case "module_comment":
            new.deep += "# a remark\n"
        case "pick":
            block.renames = bool(block.parents) and not block.renames
        case "touch" | "lose":
            pass
        case other:
            raise AssertionError(other)
    return new

"""Notebooks that other people wrote, split and run: the same outputs, and the least that an edit needs.

The six quick ones by default; all of them with ``DAGPY_CORPUS=all`` (`npm run test:corpus`), which also writes the
table `docs/corpus.md`.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from project import ROOT, Project, User, lines, write_json

CORPUS = ROOT / "test" / "corpus"
CACHE = CORPUS / ".cache"
TABLE = ROOT / "docs" / "corpus.md"
ALL = os.environ.get("DAGPY_CORPUS") == "all"


def load(name: str) -> ModuleType:
    """A script of the corpus folder as a module."""
    spec = importlib.util.spec_from_file_location(f"corpus_{name}", CORPUS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


fetch, reference = load("fetch"), load("reference")
MANIFEST = json.loads((CORPUS / "manifest.json").read_text(encoding="utf-8"))
ENTRIES = [entry for entry in MANIFEST["notebooks"] if ALL or entry["quick"]]

# id -> (code cell, from 1, as in the whole notebook; a literal in it; what to make of it).
# Chosen once among literals whose change changes a value that something reads.
EDITS: dict[str, tuple[int, str, str]] = {
    "sm-glm-weights": (14, 'freq_weights=np.asarray(dc["freq"])', 'freq_weights=2 * np.asarray(dc["freq"])'),
    "sm-ols": (7, "sig = 0.5", "sig = 0.75"),
    "sm-multivariate-ls": (3, "~ read + write", "~ write + read"),
    "sm-rankcompare": (2, "new = [24, 37", "new = [25, 37"),
    "sm-stats-poisson": (12, "count2, n2 = 60", "count2, n2 = 61"),
    "sm-glm": (20, "nobs2 = 100", "nobs2 = 90"),
    "sm-discrete-choice": (35, "quantile(0.25)", "quantile(0.2)"),
    "sm-arma0": (31, "0.35, -0.15", "0.3, -0.15"),
    "sm-forecasting": (11, "* 0.8)", "* 0.75)"),
    "sm-deterministics": (17, "3, -1, 4, -2", "3, -1, 5, -2"),
    "sm-kde": (10, "np.linspace(-1, 1, 3)", "np.linspace(-1, 1, 4)"),
    "sm-boxplots": (2, '"Weak Democrat"', '"Mild Democrat"'),
    "sm-ets": (12, "alpha=0.05", "alpha=0.1"),
    "ctl-cruise": (11, "Ki = 0.1 ", "Ki = 0.12 "),
    "lmfit-model": (4, "7, 3)", "7, 2.5)"),
}


@dataclass
class Visit:
    """What was seen of one notebook, start to end."""

    id: str
    blocks: int = 0
    edges: int = 0
    cells: int = 0
    whole_seconds: float = 0
    cold_seconds: float = 0
    idle_seconds: float = 0
    differences: list[str] = field(default_factory=list)
    twice: set[str] = field(default_factory=set)
    comment: set[str] = field(default_factory=set)
    edited: str = ""
    below: set[str] = field(default_factory=set)
    executed: set[str] = field(default_factory=set)
    expected: set[str] = field(default_factory=set)
    edit_differences: list[str] = field(default_factory=list)
    undo: set[str] = field(default_factory=set)


def visit(entry: dict[str, Any], folder: Path) -> Visit:
    source = CACHE / "notebooks" / entry["id"] / entry["notebook"]
    (folder / "project").mkdir(parents=True)
    p = Project(folder / "project", User(folder))
    shutil.copy(source, p.folder)
    p.cli("split", entry["notebook"])
    seen = Visit(entry["id"])
    dag = p.dag["blocks"]
    seen.blocks, seen.edges = len(dag), sum(len(block.get("parents", [])) for block in dag.values())
    seen.cells = sum(cell["cell_type"] == "code" for id in dag for cell in p.notebook(id)["cells"])

    began = time.monotonic()
    p.run("all", timeout=600)
    seen.cold_seconds = time.monotonic() - began
    whole = reference.reference(source, CACHE / "references")
    seen.whole_seconds = whole["seconds"]
    seen.differences = reference.compare(whole["cells"], reference.project_cells(p.folder), entry["varying"])

    began = time.monotonic()
    seen.twice = p.run().executed
    seen.idle_seconds = time.monotonic() - began

    place, old, new = EDITS[entry["id"]]
    seen.edited, cell = find_cell(p, whole, place)
    p.rewrite(seen.edited, lambda cells: cells[cell].update(source=["# a remark\n", *cells[cell]["source"]]))
    seen.comment = p.run().executed
    seen.expected, seen.executed = value_edit(p, seen, cell, old, new)
    seen.below = below(p, seen.edited)

    # The edited whole: the notebook with the same edit, and the same remark, run by itself.
    edited = folder / "edited" / entry["notebook"]
    edited.parent.mkdir()
    notebook = json.loads(source.read_text(encoding="utf-8"))
    target = [c for c in notebook["cells"] if c["cell_type"] == "code"][place - 1]
    target["source"] = lines(p.source(seen.edited, cell))
    write_json(edited, notebook)
    changed = reference.reference(edited, CACHE / "references")
    assert changed["error"] is None, changed["error"]
    seen.edit_differences = reference.compare(
        changed["cells"], reference.project_cells(p.folder), entry["varying"]
    )

    p.edit(seen.edited, cell, new, old)
    seen.undo = p.run().executed
    return seen


def find_cell(p: Project, whole: dict[str, Any], place: int) -> tuple[str, int]:
    """Block, and index among its cells, of a code cell of the whole notebook."""
    wanted = whole["cells"][place - 1]
    left = sum(cell["source"] == wanted["source"] for cell in whole["cells"][: place - 1])
    for id in p.dag["blocks"]:
        for index, cell in enumerate(p.notebook(id)["cells"]):
            if cell["cell_type"] == "code" and "".join(cell["source"]) == wanted["source"]:
                if left == 0:
                    return id, index
                left -= 1
    raise AssertionError(f"code cell {place} is in no block")


def below(p: Project, id: str) -> set[str]:
    """All descendants of a block."""
    children = {
        child
        for child, block in p.dag["blocks"].items()
        for parent in block.get("parents", [])
        if (parent if isinstance(parent, str) else parent["block"]) == id
    }
    return children.union(*(below(p, child) for child in children)) if children else set()


def value_edit(p: Project, seen: Visit, cell: int, old: str, new: str) -> tuple[set[str], set[str]]:
    """Edits and runs; gives the blocks that had to run by the digests of what they read, and those that did."""
    before = exported(p)
    source = p.source(seen.edited, cell)
    p.edit(seen.edited, cell, old, new)
    assert p.source(seen.edited, cell) != source
    report = p.run(timeout=600)
    after = exported(p)
    expected = {seen.edited}
    for id, block in p.dag["blocks"].items():
        for parent in block.get("parents", []):
            name, use = (parent, None) if isinstance(parent, str) else (parent["block"], parent.get("use"))
            for variable in before[name].keys() | after[name].keys():
                mine = variable if use is None else use.get(variable)
                if mine in names_read(p, id) and before[name].get(variable) != after[name].get(variable):
                    expected.add(id)
    return expected, report.executed


def exported(p: Project) -> dict[str, dict[str, str]]:
    return {
        id: {export["name"]: export["digest"] for export in block["exports"]}
        for id, block in p.status().items()
    }


def names_read(p: Project, id: str) -> set[str]:
    """Names that the code of a block loads before it binds them, in the plainest reading of its cells."""
    read: set[str] = set()
    bound: set[str] = set()
    for cell in p.notebook(id)["cells"]:
        if cell["cell_type"] != "code":
            continue
        code = "".join(line for line in cell["source"] if not line.lstrip().startswith(("%", "!")))
        for statement in ast.parse(code).body:
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            read |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - bound
            # `x += 1` and `def f(): x` read as well
            if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
                read |= {statement.target.id} - bound
            if isinstance(
                statement, ast.Assign | ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
            ):
                bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return read


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """Visits of all notebooks, two at a time; each test waits for its own."""
    missing = fetch.fetch(ENTRIES, MANIFEST["archives"], CACHE / "notebooks")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        futures: dict[str, Future[Visit]] = {
            entry["id"]: pool.submit(visit, entry, tmp_path_factory.mktemp(entry["id"]))
            for entry in ENTRIES
            if entry["id"] not in missing
        }
        yield futures, missing
        for future in futures.values():
            future.cancel()
    if ALL:
        write_table(
            [
                future.result()
                for future in futures.values()
                if not future.cancelled() and not future.exception()
            ]
        )


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_a_notebook_of_other_people(visits, entry: dict[str, Any]) -> None:
    futures, missing = visits
    assert entry["id"] not in missing, missing.get(entry["id"])
    seen = futures[entry["id"]].result()
    assert seen.differences == []
    assert seen.twice == set()
    assert seen.comment == set()
    assert seen.edit_differences == []
    assert seen.executed == seen.expected
    assert seen.undo == set()
    assert seen.blocks > 1


HEADER = """\
# Notebooks that other people wrote

Made by `npm run test:corpus`. Each notebook is split, run block by block, run again, edited and run once more, and
compared with one run of the whole in one kernel. *Differences* counts outputs that are not the same; of cells that draw
random numbers without a seed only the kinds of outputs count. The last column is for a changed literal: how many blocks
ran, of the edited one and everything below it. Seconds are of as many notebooks at a time as there are processor cores.

"""
COLUMNS = [
    "notebook",
    "blocks",
    "edges",
    "code cells",
    "whole, s",
    "split, cold, s",
    "nothing to do, s",
    "differences",
    "run for an edit",
]


def write_table(visits: list[Visit]) -> None:
    rows = [COLUMNS, ["---"] + ["--:"] * (len(COLUMNS) - 1)]
    for seen in visits:
        rows.append(
            [
                seen.id,
                str(seen.blocks),
                str(seen.edges),
                str(seen.cells),
                f"{seen.whole_seconds:.1f}",
                f"{seen.cold_seconds:.1f}",
                f"{seen.idle_seconds:.2f}",
                str(len(seen.differences) + len(seen.edit_differences)),
                f"{len(seen.executed)} of {len(seen.below) + 1}",
            ]
        )
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEADER + "".join(f"| {' | '.join(row)} |\n" for row in rows), encoding="utf-8")

"""Flows of notebooks that other people wrote, edited at random on both sides: nothing that was written is lost."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from editing import edit
from nbformat.v4 import new_code_cell
from project import Project, User
from test_corpus import CACHE, ENTRIES, MANIFEST, fetch


@pytest.fixture(scope="module")
def missing() -> dict[str, str]:
    return fetch.fetch(ENTRIES, MANIFEST["archives"], CACHE / "notebooks")


def mangle(cells: list[Any], dice: random.Random, mark: str) -> set[str]:
    """Random edits as people make them; gives the marks that must survive."""
    written: set[str] = set()
    for turn in range(dice.randint(2, 5)):
        own = [cell for cell in cells if not cell.source.startswith("## Block:")]
        cell = dice.choice(own)
        text = f"{mark}_{turn}_"
        kind = dice.choice(["edit", "insert", "move", "split", "paste"])
        if kind == "edit":
            cell.source += f"\n# {text}"
        elif kind == "insert":
            cells.insert(dice.randrange(1, len(cells) + 1), new_code_cell(f"# {text}"))
        elif kind == "paste":
            copy = nbformat.from_dict(
                {**cell, "id": new_code_cell().id, "source": f"{cell.source}\n# {text}"}
            )
            cells.insert(dice.randrange(1, len(cells) + 1), copy)
        elif kind == "move":
            cells.remove(cell)
            cells.insert(dice.randrange(1, len(cells) + 1), cell)
        else:
            half = len(cell.source) // 2
            second = nbformat.from_dict({**cell, "id": new_code_cell().id, "source": cell.source[half:]})
            cell.source = cell.source[:half]
            cells.insert(cells.index(cell) + 1, second)
        if kind in {"edit", "insert", "paste"}:
            written.add(text)
    return written


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_notebooks_of_other_people(tmp_path, missing, entry: dict[str, Any]) -> None:
    assert entry["id"] not in missing, missing.get(entry["id"])
    (tmp_path / "project").mkdir()
    p = Project(tmp_path / "project", User(tmp_path))
    shutil.copy(CACHE / "notebooks" / entry["id"] / entry["notebook"], p.folder)
    p.cli("split", entry["notebook"])
    dag = p.dag["blocks"]
    parents = {
        parent if isinstance(parent, str) else parent["block"]
        for block in dag.values()
        for parent in block.get("parents", [])
    }
    leaf = [id for id in dag if id not in parents and id != p.dag.get("prelude")][-1]
    flow = p.folder / f"{leaf}.flow.ipynb"
    p.cli("flow", leaf)
    edit(flow, lambda cells: None)
    assert "Nothing to submit" in p.cli("submit", flow.name).err

    for seed in range(2):
        dice = random.Random(f"{entry['id']} {seed}")
        written: set[str] = set()
        edit(flow, lambda cells, d=dice, s=seed, w=written: w.update(mangle(cells, d, f"mine{s}")))
        inside = [
            id for id in dag if f"## Block: {id}\n" in "".join(c.source for c in nbformat.read(flow, 4).cells)
        ]
        for place, id in enumerate(dice.sample(inside, min(2, len(inside)))):
            name = f"theirs{seed}{place}"
            edit(p.path(id), lambda cells, d=dice, n=name, w=written: w.update(mangle(cells, d, n)))
        before = {id: p.path(id).read_bytes() for id in dag}
        done = p.cli("submit", flow.name, code=None)
        shown = flow.read_text(encoding="utf-8")
        blocks = {id: p.path(id).read_text(encoding="utf-8") for id in dag}
        if done.code == 1:
            assert {id: p.path(id).read_bytes() for id in dag} == before
            assert [mark for mark in written if mark not in shown + "".join(blocks.values())] == []
            keep_mine(flow)
            done = p.cli("submit", flow.name)
            written = {mark for mark in written if mark.startswith("mine")}
            blocks = {id: p.path(id).read_text(encoding="utf-8") for id in dag}
        assert done.code == 0, done.err
        assert [mark for mark in written if mark not in "".join(blocks.values())] == []
        for text in blocks.values():
            nbformat.validate(nbformat.reads(text, as_version=4))
        for id, text in blocks.items():
            if "mine" not in text and "theirs" not in text and id not in inside:
                assert text.encode() == before[id]
        assert "Nothing to submit" in p.cli("submit", flow.name).err


def keep_mine(flow: Path) -> None:
    """Decides every conflict for the flow's own version."""
    edit(
        flow,
        lambda cells: cells.__setitem__(
            slice(None), [c for c in cells if "conflict" not in c.metadata.get("dagpy", {})]
        ),
    )

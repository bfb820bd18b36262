"""One random edit in each notebook of the corpus: blocks that ran, against the edited one and everything below it.

Which literal is changed is drawn by lot (`DAGPY_SEED`), so nobody chose edits that look good. ``npm run test:long --
corpus_edits`` takes all notebooks and writes the table into docs/proof.md; every run of the tests takes one.
"""

from __future__ import annotations

import ast
import datetime
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import test_corpus as corpus
from project import ROOT, Project, User
from proof import LONG, counted

ENTRIES = [entry for entry in corpus.MANIFEST["notebooks"] if LONG or entry["id"] == "sm-rankcompare"]
SEED = int(os.environ.get("DAGPY_SEED", "1"))
PAGE = ROOT / "docs" / "proof.md"
OPENING, CLOSING = "<!-- edits: written by npm run test:long -- corpus_edits -->", "<!-- edits: end -->"


def numbers_in(code: str) -> list[tuple[int, int, str]]:
    """Line, column and text of number literals of a cell; none if it does not parse."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    lines = code.splitlines()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.end_col_offset:
            line = lines[node.lineno - 1].encode()
            found.append(
                (node.lineno - 1, node.col_offset, line[node.col_offset : node.end_col_offset].decode())
            )
    return found


def changed(code: str, place: tuple[int, int, str]) -> str:
    """With the number at a place one or a tenth larger."""
    line, column, text = place
    value = ast.literal_eval(text)
    lines = [each.encode() for each in code.splitlines(keepends=True)]
    new = repr(value + 1 if isinstance(value, int) else value * 1.1)
    lines[line] = lines[line][:column] + new.encode() + lines[line][column + len(text.encode()) :]
    return b"".join(lines).decode()


def visit(entry: dict[str, Any], folder: Path) -> tuple[int, int, int]:
    """Blocks that ran, edited block and all below it, all blocks."""
    (folder / "project").mkdir(parents=True)
    p = Project(folder / "project", User(folder))
    shutil.copy(corpus.CACHE / "notebooks" / entry["id"] / entry["notebook"], p.folder)
    p.cli("split", entry["notebook"])
    p.run("all", timeout=900)
    chance = random.Random(f"{SEED} {entry['id']}")
    places = [
        (id, cell, place)
        for id in p.dag["blocks"]
        for cell, content in enumerate(p.notebook(id)["cells"])
        if content["cell_type"] == "code"
        for place in numbers_in("".join(content["source"]))
    ]
    for _ in range(10):
        id, cell, place = chance.choice(places)
        before = p.source(id, cell)
        p.rewrite(id, lambda cells, c=cell, b=before, w=place: cells[c].update(source=changed(b, w)))
        report = p.run(code=None, timeout=900)
        if not report.failed:
            below = corpus.below(p, id)
            assert report.executed <= {id} | below
            p.rewrite(id, lambda cells, c=cell, b=before: cells[c].update(source=b))
            assert p.run().executed == set()
            return len(report.executed), len(below) + 1, len(p.dag["blocks"])
        p.rewrite(id, lambda cells, c=cell, b=before: cells[c].update(source=b))
        p.run()
    raise AssertionError("no edit leaves the notebook running")


@pytest.mark.timeout(3600)
def test_random_edits(tmp_path_factory: pytest.TempPathFactory) -> None:
    missing = corpus.fetch.fetch(ENTRIES, corpus.MANIFEST["archives"], corpus.CACHE / "notebooks")
    assert not missing
    rows = []
    for entry in ENTRIES:
        rows.append((entry["id"], *visit(entry, tmp_path_factory.mktemp(entry["id"]))))
        counted("notebooks")
        if LONG:
            write(rows)
    ran, below = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print(f"{ran} of {below} blocks ran")
    assert ran <= below


def write(rows: list[tuple[str, int, int, int]]) -> None:
    ran, below, blocks = (sum(row[place] for row in rows) for place in (1, 2, 3))
    date = datetime.datetime.now(tz=datetime.timezone.utc).date()
    text = [
        OPENING,
        f"On {date}, one number changed by lot in each of {len(rows)} notebooks: {ran} blocks ran.",
        f"The edited blocks and everything below them are {below}, of {blocks} in all, so that was",
        f"{ran / below:.0%} of what a tool runs that runs all below.",
        "",
        "| notebook | ran | edited and all below | blocks |",
        "| --- | --: | --: | --: |",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]
    page = PAGE.read_text(encoding="utf-8")
    start, end = page.index(OPENING), page.index(CLOSING)
    PAGE.write_text(page[:start] + "\n".join(text) + page[end:], encoding="utf-8")

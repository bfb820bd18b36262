"""Projects of somebody who means harm: nothing of theirs is loaded, followed out of the folder, or obeyed."""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import time
from pathlib import Path

import pytest
from hostile import BLOCKS, Mark
from project import write_json
from proof import LONG, how_many


def test_no_file_of_the_store_is_ever_unpickled(project, tmp_path: Path) -> None:
    """Traces, facts, memory, verdicts: all of them a pickle that leaves a mark, at once and in turn."""
    p = project(BLOCKS)
    p.run()
    mark = tmp_path / "mark"
    body = pickle.dumps(Mark(mark))
    hidden = p.folder / ".dagpy"
    files = [file for file in hidden.rglob("*") if file.is_file()]
    for kind in sorted({file.relative_to(hidden).parts[0] for file in files} | {"everything"}):
        for file in files:
            if file.exists() and kind in ("everything", file.relative_to(hidden).parts[0]):
                file.chmod(0o644)
                file.write_bytes(body + b" " * max(0, file.stat().st_size - len(body)))
        if kind == "locks":
            continue
        p.edit("b", 0, "print(x", "print(x, 1")
        p.run()
        assert p.value("a", "x") == "[1, 2]"
        p.cli("cache", "verify", code=None)
        assert not mark.exists(), kind
    assert p.text("b").startswith("[1, 2] 1")


@pytest.mark.parametrize("place", [".dagpy", ".dagpy/tmp", ".dagpy/blocks", ".dagpy/objects", ".dagpy/runs"])
def test_a_store_that_is_a_link_to_what_a_person_owns(project, tmp_path: Path, place: str) -> None:
    p = project(BLOCKS)
    home = tmp_path / "precious"
    (home / "tmp" / "job-offers").mkdir(parents=True)
    for name in ("letter.txt", "tmp/draft.txt", "tmp/job-offers/best.txt", "blocks", "log-1.jsonl"):
        file = home / name
        file.write_text("mine")
        os.utime(file, (1, 1))
    os.utime(home / "tmp" / "job-offers", (1, 1))
    os.utime(home / "tmp", (1, 1))
    before = sorted((file.relative_to(home), file.read_text()) for file in home.rglob("*") if file.is_file())
    (p.folder / place).parent.mkdir(exist_ok=True)
    (p.folder / place).symlink_to(home)
    for command in (["run"], ["cache", "gc", "--all"], ["cache", "clear"]):
        err = p.cli(*command, code=2).err
        assert place in err and "    at " not in err
        after = sorted(
            (file.relative_to(home), file.read_text()) for file in home.rglob("*") if file.is_file()
        )
        assert after == before


def test_a_store_on_another_disk(project, tmp_path: Path) -> None:
    """A link that a person made to an empty folder, or to one that was a store before, is as good as a folder."""
    p = project(BLOCKS)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (p.folder / ".dagpy").symlink_to(elsewhere)
    assert p.run().executed == {"a", "b"}
    assert p.run().executed == set()
    assert (elsewhere / "objects").is_dir()


# ------------------------------------------------------------------------------------------------- dag.json

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NASTY = [
    "\x1b[2J\x1b]0;owned\x07",
    "a\x9b31m",
    "a\u202egnp",
    "a\nb",
    "a\rb",
    "\x00",
    "..",
    ".",
    "con",
    "a/b",
    "-rf",
    "~",
]


WHERE = ["id", "notebook", "name", "kernel", "parent", "key", "tag", "input"]
#: A few, other ones each day; all of them in the long part.
CASES = [(where, name) for where in WHERE for name in NASTY]


@pytest.mark.parametrize(
    ("where", "name"),
    random.Random(time.strftime("%j")).sample(CASES, min(len(CASES), how_many(24, 1000))),
    ids=ascii,
)
def test_names_of_ill_will(project, where: str, name: str) -> None:
    p = project(BLOCKS)
    dag = p.dag
    match where:
        case "id":
            dag["blocks"][name] = dag["blocks"].pop("b")
        case "notebook":
            dag["blocks"]["b"]["notebook"] = f"{name}.ipynb"
        case "parent":
            dag["blocks"]["b"]["parents"] = [name]
        case "key":
            dag["blocks"]["b"][name] = 1
        case "tag":
            dag["blocks"]["b"]["tags"] = {name: name}
        case "input":
            dag["blocks"]["b"]["inputs"] = [name]
        case _:
            dag[where] = name
    write_json(p.folder / "dag.json", dag, indent=1)
    before = p.digest()
    done = p.cli("status", code=None)
    assert done.code in (0, 2)
    assert not UNSEEN.search(done.err.replace("\n", "")), ascii(done.err)
    assert not UNSEEN.search(done.out.replace("\n", "")), ascii(done.out)
    assert "    at " not in done.err, done.err
    assert p.digest() == before


def test_a_folder_that_leads_out(project, tmp_path: Path) -> None:
    p = project(BLOCKS)
    outside = tmp_path / "outside"
    outside.mkdir()
    p.path("b").rename(outside / "b.ipynb")
    (p.folder / "sub").symlink_to(outside)
    p.declare_block("b", notebook="sub/b.ipynb")
    before = (outside / "b.ipynb").read_bytes()
    assert "outside the project" in p.cli("run", code=2).err
    assert (outside / "b.ipynb").read_bytes() == before


@pytest.mark.parametrize("shape", ["all to all", "one chain", "deep", "long list"])
def test_a_dag_beyond_measure(project, shape: str) -> None:
    """Half a million edges and more: an answer, in words."""
    p = project(BLOCKS)
    file = p.folder / "dag.json"
    if shape == "deep":
        file.write_text('{"version": 1, "parameters": {"x": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}}")
    elif shape == "long list":
        file.write_text(
            json.dumps({"version": 1, "blocks": {"a": {"notebook": "a.ipynb", "parents": ["a"] * 1_000_000}}})
        )
    else:
        count = 1000 if shape == "all to all" else 20_000
        blocks = {
            f"n{n}": {
                "notebook": f"n{n}.ipynb",
                "parents": [
                    f"n{m}" for m in (range(n) if shape == "all to all" else range(max(0, n - 1), n))
                ],
            }
            for n in range(count)
        }
        file.write_text(json.dumps({"version": 1, "blocks": blocks}, separators=(",", ":")))
    before = p.digest()
    for command in (["status"], ["run"]) if LONG else (["status"],):
        done = p.cli(*command, code=2)
        assert "dag.json" in done.err or ".ipynb" in done.err
        assert "    at " not in done.err
    assert p.digest() == before

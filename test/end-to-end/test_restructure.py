"""Blocks renamed, merged and split: every result that still holds is kept, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from editing import edit
from nbformat.v4 import new_markdown_cell
from project import Project, create, write_json

BLOCKS = {
    "setup": ["import random"],
    "load": ["raw = [3, 1, 2]", "limit = 10\nrandom.seed(7)\ndraw = random.random()"],
    "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
    "top": (
        ["best = numbers[-1]\nprint(best)"],
        {"parents": [{"block": "sort", "use": {"ordered": "numbers"}}]},
    ),
    "cap": (
        ["capped = [min(n, limit) for n in raw]\nprint(capped, random.random())"],
        {"parents": ["load"], "filter": ["cap*"], "tags": {"kind": "x"}},
    ),
    "late": (["print('late')"], {"after": ["sort"]}),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    p = create(tmp_path_factory.mktemp("restructure"), BLOCKS, name="trial", prelude="setup")
    p.run()
    return p


@pytest.fixture
def trial(template: Project, tmp_path) -> Project:
    return template.copy(tmp_path / "trial")


def uid(p: Project, id: str) -> str:
    return p.notebook(id)["metadata"]["dagpy"]["uid"]


def refused(p: Project, *arguments: str, message: str) -> str:
    """A call that is wrong: exit 2, and every file as before."""
    before = p.digest()
    done = p.cli(*arguments, code=2)
    assert message in done.err, done.err
    assert p.digest() == before
    return done.err


# ---------------------------------------------------------------------------------------- rename


def test_renaming_keeps_everything(trial: Project) -> None:
    identity = uid(trial, "sort")
    content = trial.path("sort").read_bytes()
    done = trial.cli("rename", "sort", "order")
    assert "sort is now called order: order.ipynb" in done.err
    blocks = trial.dag["blocks"]
    assert list(blocks) == ["setup", "load", "order", "top", "cap", "late"]
    assert blocks["top"]["parents"] == [{"block": "order", "use": {"ordered": "numbers"}}]
    assert blocks["late"]["after"] == ["order"]
    assert trial.path("order").read_bytes() == content and not (trial.folder / "sort.ipynb").exists()
    assert uid(trial, "order") == identity
    trial.idle()
    trial.cli("rename", "setup", "basics")
    assert trial.dag["prelude"] == "basics"
    trial.idle()
    trial.cli("rename", "order", "sort")
    trial.idle()


def test_a_notebook_with_a_name_of_its_own_keeps_it(project) -> None:
    p = project({"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})}, name="own")
    shutil.move(p.path("a"), p.folder / "first notebook.ipynb")
    p.declare_block("a", notebook="first notebook.ipynb")
    p.run()
    p.cli("rename", "a", "c")
    assert p.dag["blocks"]["c"]["notebook"] == "first notebook.ipynb"
    p.idle()


def test_renaming_before_the_first_run_keeps_the_identity(project) -> None:
    p = project({"a": ["x = 1"]}, name="early", tally=False)
    p.cli("rename", "a", "b")
    early = uid(p, "b")
    p.cli("rename", "b", "c")
    p.run()
    assert uid(p, "c") == early


def test_renaming_that_can_not_be(trial: Project) -> None:
    refused(trial, "rename", "sort", "load", message="already")
    refused(trial, "rename", "nowhere", "x", message="no block nowhere")
    refused(trial, "rename", "sort", "a b", message="is no name for a block")
    trial.write("order.ipynb", "mine")
    refused(trial, "rename", "sort", "order", message="order.ipynb is there already")


# ----------------------------------------------------------------------------------------- merge


def test_merging_runs_one_block_again(trial: Project) -> None:
    identity = uid(trial, "load")
    before = [cell["source"] for id in ("load", "sort") for cell in trial.notebook(id)["cells"]]
    done = trial.cli("merge", "load", "sort")
    assert "stays on disk" in done.err and (trial.folder / "sort.ipynb").exists()
    blocks = trial.dag["blocks"]
    assert list(blocks) == ["setup", "load", "top", "cap", "late"]
    assert blocks["top"]["parents"] == [{"block": "load", "use": {"ordered": "numbers"}}]
    assert blocks["late"]["after"] == ["load"]
    assert [cell["source"] for cell in trial.notebook("load")["cells"]] == before
    ids = [cell["id"] for cell in trial.notebook("load")["cells"]]
    assert len(set(ids)) == len(ids) and uid(trial, "load") == identity
    # What the children read came out equal.
    assert trial.run().executed == {"load"}
    trial.idle()


def test_merging_keeps_what_both_declare(trial: Project) -> None:
    trial.declare_block("top", filter=["best"], inputs=["a.csv"], tags={"kind": "y", "who": "ann"}, timeout=5)
    trial.declare_block("cap", inputs=["b.csv"], env=["HOME"], timeout=7, after=["top"])
    trial.cli("merge", "cap", "top")
    merged = trial.dag["blocks"]["cap"]
    assert merged["filter"] == ["cap*", "best"] and merged["inputs"] == ["b.csv", "a.csv"]
    assert (
        merged["tags"] == {"kind": "x", "who": "ann"}
        and merged["env"] == ["HOME"]
        and merged["timeout"] == 12
    )
    assert merged["parents"] == ["load", {"block": "sort", "use": {"ordered": "numbers"}}]
    assert "after" not in merged
    trial.run()
    assert trial.text("cap").startswith("3\n[3, 1, 2]")


def test_merging_that_can_not_be(trial: Project) -> None:
    trial.declare_block("sort", filter="auto")
    trial.declare_block("top", parents=["sort"])
    error = refused(trial, "merge", "load", "top", message="a block lies between load and top")
    assert "load" in error and "sort" in error
    refused(trial, "merge", "load", "setup", message="prelude")
    refused(trial, "merge", "load", "load", message="itself")
    refused(trial, "merge", "load", "nowhere", message="no block nowhere")
    trial.declare_block("top", parents=[{"block": "sort", "use": {"ordered": "numbers"}}])
    refused(trial, "merge", "sort", "top", message="one name")
    trial.declare_block("cap", run="never")
    refused(trial, "merge", "load", "cap", message='"run"')


def test_one_block_has_one_variable_of_a_name(project) -> None:
    p = project({"a": ["x = 1"], "c": ["x = 2"], "b": (["print(x)"], {"parents": ["c"]})}, name="names")
    error = refused(
        p, "merge", "a", "b", message="b reads x of c, and in one block with a it would be that of a"
    )
    assert "rename x" in error
    p.cli("merge", "c", "b")
    p.run()
    assert p.text("c") == "2\n"


def test_merging_takes_widgets_along(project) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    p = project({"a": ["x = 1"], "b": (["y = x"], {"parents": ["a"]})}, name="widgets", tally=False)
    notebook = p.notebook("b")
    state = {"m1": {"model_name": "A", "model_module": "x", "model_module_version": "1", "state": {}}}
    notebook["cells"][0]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {view: {"model_id": "m1"}}}
    ]
    kept = {"state": state, "version_major": 2, "version_minor": 0}
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": kept}
    write_json(p.path("b"), notebook)
    p.cli("merge", "a", "b")
    assert p.notebook("a")["metadata"]["widgets"] == {"application/vnd.jupyter.widget-state+json": kept}


# ----------------------------------------------------------------------------------- split-block


def test_splitting_runs_the_two_parts(trial: Project) -> None:
    shown = trial.text("cap")
    identity = uid(trial, "load")
    done = trial.cli("split-block", "load", "3", "limits")
    assert "cells 3 to 3 of load are now the block limits: limits.ipynb" in done.err
    blocks = trial.dag["blocks"]
    assert list(blocks) == ["setup", "load", "limits", "sort", "top", "cap", "late"]
    assert uid(trial, "load") == identity != uid(trial, "limits")
    # It reads nothing of the first part, but that stays first; and children get the generator that it seeds.
    assert blocks["limits"]["after"] == ["load"]
    assert blocks["cap"]["parents"] == blocks["sort"]["parents"] == ["load", "limits"]
    report = trial.run()
    assert report.executed == {"load", "limits"}
    assert trial.text("cap") == shown
    trial.idle()
    # The seed that the second part sets goes on to the child that draws.
    trial.run("cap", "--force")
    assert trial.text("cap") == shown


def test_split_and_merged_again_runs_nothing(trial: Project) -> None:
    content = trial.notebook("load")["cells"]
    trial.cli("split-block", "load", "2")
    assert trial.dag["blocks"]["load-2"]["notebook"] == "load-2.ipynb"
    trial.cli("merge", "load", "load-2")
    assert trial.notebook("load")["cells"] == content
    trial.idle()


def test_splitting_keeps_policies_and_names(project) -> None:
    p = project(
        {
            "a": (["x = 1", "y = x + 1"], {"env": ["HOME"], "timeout": 60, "retries": 1, "tags": {"k": "v"}}),
            "b": (
                ["print(first, second)"],
                {"parents": [{"block": "a", "use": {"x": "first", "y": "second"}}]},
            ),
            "c": (["print('c')"], {"after": ["a"]}),
        },
        name="policies",
    )
    p.run()
    p.cli("split-block", "a", "3", "z")
    blocks = p.dag["blocks"]
    assert {key: blocks["z"][key] for key in ("env", "timeout", "retries", "tags", "parents")} == {
        "env": ["HOME"],
        "timeout": 60,
        "retries": 1,
        "tags": {"k": "v"},
        "parents": ["a"],
    }
    assert blocks["b"]["parents"] == [
        {"block": "a", "use": {"x": "first"}},
        {"block": "z", "use": {"y": "second"}},
    ]
    assert blocks["c"]["after"] == ["a", "z"]
    assert p.run().executed == {"a", "z"}
    assert p.text("b") == "1 2\n"


def test_splitting_that_can_not_be(trial: Project) -> None:
    refused(trial, "split-block", "nowhere", "2", message="no block nowhere")
    for cell in ("1", "0", "4", "x"):
        refused(trial, "split-block", "load", cell, message="is no cell to begin a new block with")
    refused(trial, "split-block", "load", "2", "sort", message="already")
    refused(trial, "split-block", "load", "2", "a b", message="is no name for a block")
    trial.append("setup", "x = 1")
    refused(trial, "split-block", "setup", "2", message="prelude")
    trial.write("part.ipynb", "mine")
    refused(trial, "split-block", "load", "2", "part", message="part.ipynb is there already")


# ---------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("place", ["below", "above"])
def test_a_new_block_of_cells_of_another_one(project, place: str) -> None:
    p = project(
        {
            "load": (["raw = [3, 1, 2]", "limit = 10"], {"filter": ["raw", "limit"], "tags": {"team": "a"}}),
            "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
            "top": (["print(ordered[-1], limit)"], {"parents": ["sort", "load"]}),
        }
    )
    p.run()
    p.cli("flow", "top")

    def change(cells: list[Any]) -> None:
        at = next(index for index, cell in enumerate(cells) if cell.source == "limit = 10")
        if place == "below":
            cells.insert(at, new_markdown_cell("## Block: part"))
        else:
            header = next(
                index for index, cell in enumerate(cells) if cell.source.startswith("## Block: load")
            )
            cells.insert(at, cells[header])
            cells[header] = new_markdown_cell("## Block: part")

    edit(p.folder / "top.flow.ipynb", change)
    outcome = p.cli("submit", "top.flow.ipynb", "--json").json()
    assert outcome["added"] == ["part"] and outcome["changed"] == ["load"]
    blocks = p.dag["blocks"]
    # Whoever reads what the new block makes now gets it from there, and from nowhere else.
    assert outcome["rewired"] == (["top"] if place == "below" else ["sort"])
    assert blocks["sort"]["parents"] == (["load"] if place == "below" else ["part"])
    assert blocks["top"]["parents"] == (["sort", "part"] if place == "below" else ["sort", "load"])
    assert blocks["load"]["filter"] == (["raw"] if place == "below" else ["limit"])
    assert blocks["part"]["tags"] == {"team": "a"}
    p.cli("run")
    assert p.text("top") == "3 10\n"
    assert "Nothing to submit" in p.cli("submit", "top.flow.ipynb").err


def test_a_copied_notebook_gets_an_identity_of_its_own(trial: Project) -> None:
    shutil.copy(trial.path("load"), trial.folder / "again.ipynb")
    dag: dict[str, Any] = trial.dag
    dag["blocks"] = {"again": {"notebook": "again.ipynb"}, **dag["blocks"]}
    write_json(trial.folder / "dag.json", dag, indent=2)
    # What ran as load keeps its results, though the copy stands first.
    assert trial.cli("run", "--json").json()["executed"] == ["again"]
    assert uid(trial, "again") != uid(trial, "load")
    trial.idle()


def test_odd_text_survives(trial: Project) -> None:
    text = trial.path("load").read_text(encoding="utf-8")
    text = text.replace(
        '"metadata": {},\n   "source": [\n    "raw',
        '"metadata": {"v": 1.0, "10": 12345678901234567890, "9": 2},\n   "source": [\n    "raw',
    )
    assert "1.0" in text
    trial.path("load").write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    trial.cli("split-block", "load", "3")
    for id in ("load", "sort"):
        trial.cli("rename", id, f"{id}ed")
    trial.cli("merge", "loaded", "load-2")
    after = trial.path("loaded").read_bytes().decode()
    assert after.startswith("\ufeff") and "\n" not in after.replace("\r\n", "")
    assert '{"v": 1.0, "10": 12345678901234567890, "9": 2}' in after
    assert json.loads(after[1:])["cells"] == json.loads(text)["cells"]

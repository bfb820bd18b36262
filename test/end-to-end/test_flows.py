"""Flow notebooks: made of blocks, edited as Jupyter does it, and written back. Nothing that anybody wrote is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from editing import edit
from nbformat.v4 import new_code_cell, new_markdown_cell
from project import Project, create, lines, write_json

BLOCKS = {
    "setup": ["import math"],
    "load": ["raw = [3, 1, 2]", ("markdown", "## Block: prose, and no header"), "limit = 10"],
    "sort": (["ordered = sorted(raw)"], {"parents": ["load"], "filter": ["*ordered*"]}),
    "top": (["best = ordered[-1]\nprint(best)"], {"parents": ["sort"]}),
    "alone": ["lone = 1"],
}
FLOW = "top.flow.ipynb"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    p = create(tmp_path_factory.mktemp("flows"), BLOCKS, name="trial", prelude="setup")
    p.run()
    p.cli("flow", "top")
    return p


@pytest.fixture
def trial(template: Project, tmp_path) -> Project:
    return template.copy(tmp_path / "trial")


def edit_flow(p: Project, change: Callable[[list[Any]], None]) -> None:
    edit(p.folder / FLOW, change)


def find(cells: list[Any], text: str) -> Any:
    """The one cell whose source contains `text`."""
    (found,) = [cell for cell in cells if text in cell.source]
    return found


def replace(cells: list[Any], old: str, new: str) -> None:
    cell = find(cells, old)
    cell.source = cell.source.replace(old, new)


def sources(p: Project, id: str) -> list[str]:
    return ["".join(cell["source"]) for cell in p.cells(id)]


def flow_sources(p: Project) -> list[str]:
    return [cell.source for cell in nbformat.read(p.folder / FLOW, as_version=4).cells]


# ------------------------------------------------------------------------------------------ made


def test_a_flow_holds_the_block_and_what_it_needs(trial: Project) -> None:
    flow = nbformat.read(trial.folder / FLOW, as_version=4)
    nbformat.validate(flow)
    headers = [
        cell.source for cell in flow.cells if "header" in cell.metadata.dagpy and cell.metadata.dagpy.header
    ]
    assert headers == [
        "## Block: setup\n- Parents: none\n- Filter: auto",
        "## Block: load\n- Parents: none\n- Filter: auto",
        "## Block: sort\n- Parents: load\n- Filter: *ordered*",
        "## Block: top\n- Parents: sort\n- Filter: auto",
    ]
    assert "lone = 1" not in flow_sources(trial)
    assert find(flow.cells, "best =").outputs[0].text == "3\n"
    before = trial.digest()
    edit_flow(trial, lambda cells: None)
    assert "Nothing to submit" in trial.cli("submit", FLOW).err
    trial.cli("flow", "top")
    assert trial.digest() == before


def test_making_it_again_loses_nothing(trial: Project) -> None:
    edit_flow(trial, lambda cells: replace(cells, "limit = 10", "limit = 11"))
    done = trial.cli("flow", "top", code=2)
    assert "not in the blocks" in done.err and f"dagpy submit {FLOW}" in done.err
    trial.cli("flow", "top", "-o", "other.ipynb")
    trial.cli("submit", FLOW)
    edit_flow(trial, lambda cells: replace(cells, "- Filter: *ordered*", "- Filter: *ordered*\n\nAsk Ann."))
    assert "Nothing to submit" in trial.cli("submit", FLOW).err
    trial.edit("alone", 0, "1", "2")
    trial.cli("flow", "top")
    assert any(source.endswith("Ask Ann.") for source in flow_sources(trial))
    edit_flow(trial, lambda cells: find(cells, "best =").outputs.clear())
    assert "edits or outputs" in trial.cli("flow", "top", code=2).err
    for taken in ("load.ipynb", "dag.json"):
        assert "is there already" in trial.cli("flow", "top", "-o", taken, code=2).err
    assert "no block nowhere" in trial.cli("flow", "nowhere", code=2).err


# ------------------------------------------------------------------------------------- submitted


def test_everything_that_is_done_to_cells_arrives(trial: Project) -> None:
    ids = {cell["id"] for cell in trial.cells("load")}

    def change(cells: list[Any]) -> None:
        replace(cells, "limit = 10", "limit = 11")
        raw = find(cells, "raw = ")
        cells.insert(cells.index(raw) + 1, new_code_cell("extra = 5"))
        cells.remove(find(cells, "prose"))
        # From sort to top, and one cell made two.
        moved = find(cells, "ordered = sorted")
        cells.remove(moved)
        cells.insert(cells.index(find(cells, "best =")), moved)
        best = find(cells, "best =")
        second = nbformat.from_dict({**best, "id": "fresh-half", "source": "print(best)"})
        best.source = "best = ordered[-1]"
        best.outputs = []
        cells.insert(cells.index(best) + 1, second)
        replace(cells, "## Block: top\n- Parents: sort", "## Block: top\n- Parents: sort, load")

    edit_flow(trial, change)
    done = trial.cli("submit", FLOW)
    assert "changed: load, sort, top" in done.err and "parents or filter changed: top" in done.err
    assert sources(trial, "load") == ["raw = [3, 1, 2]", "extra = 5", "limit = 11"]
    assert {cell["id"] for cell in trial.cells("load")} & ids == {"cell-0", "cell-2"}
    assert sources(trial, "sort") == []
    assert sources(trial, "top") == ["ordered = sorted(raw)", "best = ordered[-1]", "print(best)"]
    assert "dagpy" not in json.dumps(trial.notebook("top")["cells"])
    assert trial.dag["blocks"]["top"]["parents"] == ["sort", "load"]
    assert trial.run().executed == {"load", "sort", "top"}
    assert trial.text("top") == "3\n"
    # What the run showed since goes into the flow, and nothing else happens.
    before = {name: digest for name, digest in trial.digest().items() if name != FLOW}
    assert "Nothing to submit" in trial.cli("submit", FLOW).err
    assert {name: digest for name, digest in trial.digest().items() if name != FLOW} == before
    trial.idle()


def test_new_renamed_and_rewired_blocks(trial: Project) -> None:
    def change(cells: list[Any]) -> None:
        replace(cells, "## Block: sort", "## Block: order")
        replace(cells, "- Parents: sort\n- Filter: auto", "- Parents: order, load\n- Filter: best")
        cells.append(new_markdown_cell("## Block: summary"))
        cells.append(new_code_cell("print(best, limit, math.pi > 3)"))

    edit_flow(trial, change)
    outcome = trial.cli("submit", FLOW, "--json").json()
    assert outcome["added"] == ["summary"] and outcome["renamed"] == [{"from": "sort", "to": "order"}]
    assert outcome["rewired"] == ["top"] and outcome["changed"] == []
    blocks = trial.dag["blocks"]
    assert list(blocks) == ["setup", "load", "order", "top", "summary", "alone"]
    assert blocks["top"]["parents"] == ["order", "load"] and blocks["top"]["filter"] == ["best"]
    # Parents come from the code, the prelude is everybody's.
    assert blocks["summary"]["parents"] == ["load", "top"]
    assert (trial.folder / "order.ipynb").exists() and not (trial.folder / "sort.ipynb").exists()
    assert trial.run().executed == {"summary"}
    assert trial.text("summary") == "3 10 True\n"
    assert "Nothing to submit" in trial.cli("submit", FLOW).err
    trial.cli("flow", "top")


def test_a_block_that_never_ran_keeps_its_identity_under_another_name(project) -> None:
    p = project({"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})}, name="fresh")
    p.cli("flow", "b")
    edit(p.folder / "b.flow.ipynb", lambda cells: replace(cells, "## Block: a", "## Block: first"))
    p.cli("submit", "b.flow.ipynb")
    assert "Nothing to submit" in p.cli("submit", "b.flow.ipynb").err
    assert p.dag["blocks"]["b"]["parents"] == ["first"]


def test_headers_that_were_deleted_or_typed_anew(trial: Project) -> None:
    edit_flow(trial, lambda cells: None)
    before = trial.digest()
    edit_flow(trial, lambda cells: cells.remove(find(cells, "## Block: sort")))
    assert "Nothing to submit" in trial.cli("submit", FLOW).err
    assert trial.digest() == before

    def retype(cells: list[Any]) -> None:
        header = find(cells, "## Block: sort")
        cells[cells.index(header)] = new_markdown_cell("# block: order")

    edit_flow(trial, retype)
    assert "sort is now called order" in trial.cli("submit", FLOW).err
    assert trial.dag["blocks"]["order"]["filter"] == ["*ordered*"]
    trial.idle()


def test_a_block_that_left_the_flow_stays_in_the_project(trial: Project) -> None:
    def change(cells: list[Any]) -> None:
        cells.remove(find(cells, "## Block: sort"))
        cells.remove(find(cells, "ordered = sorted"))
        cells[:] = [cell for cell in cells if not ("tally" in cell.source and '"sort"' in cell.source)]

    before = trial.digest()
    edit_flow(trial, change)
    assert "left in the project" in trial.cli("submit", FLOW).err
    after = trial.digest()
    assert {name for name in after if after[name] != before[name]} == {FLOW}


# ------------------------------------------------------------------------------------- conflicts


@pytest.mark.parametrize("keeps", ["mine", "theirs"])
def test_both_sides_changed_a_cell(trial: Project, keeps: str) -> None:
    edit_flow(trial, lambda cells: replace(cells, "limit = 10", "limit = 11  # mine"))
    edit_flow(trial, lambda cells: replace(cells, "raw = [3, 1, 2]", "raw = [3, 1, 2, 0]"))
    trial.edit("load", 2, "limit = 10", "limit = 12  # theirs")
    before = trial.digest()
    done = trial.cli("submit", FLOW, code=1)
    assert (
        "this cell of load was changed here and in the block" in done.err and "delete the other" in done.err
    )
    after = trial.digest()
    assert {name for name in after if after[name] != before[name]} == {FLOW}
    cells = nbformat.read(trial.folder / FLOW, as_version=4).cells
    mine, theirs = find(cells, "# mine"), find(cells, "# theirs")
    assert cells.index(theirs) == cells.index(mine) + 1
    assert f"{FLOW}, cell {cells.index(mine) + 1}" in done.err or f"cell {cells.index(mine) + 1}" in done.err

    again = trial.cli("submit", FLOW, "--json", code=1)
    assert again.json()["kind"] == "conflict" and again.json()["conflicts"][0]["name"] == "load"
    assert trial.digest() == after
    edit_flow(trial, lambda cells: cells.remove(find(cells, "# theirs" if keeps == "mine" else "# mine")))
    trial.cli("submit", FLOW)
    assert sources(trial, "load")[2] == ("limit = 11  # mine" if keeps == "mine" else "limit = 12  # theirs")
    assert sources(trial, "load")[0] == "raw = [3, 1, 2, 0]"
    assert "conflict" not in (trial.folder / FLOW).read_text(encoding="utf-8")
    assert "Nothing to submit" in trial.cli("submit", FLOW).err


def test_the_version_of_the_block_goes_on_being_disputed(trial: Project) -> None:
    """What is left of a conflict is a cell like others: it can be edited on both sides again."""
    for turn in ("first", "second"):
        mine, theirs = f"limit = 1  # mine {turn}", f"limit = 2  # theirs {turn}"
        edit_flow(trial, lambda cells, text=mine: setattr(find(cells, "limit = "), "source", text))
        trial.rewrite("load", lambda cells, text=theirs: cells[2].update(source=lines(text)))
        trial.cli("submit", FLOW, code=1)
        assert {mine, theirs} <= set(flow_sources(trial))
        edit_flow(trial, lambda cells, text=mine: cells.remove(find(cells, text)))
        trial.cli("submit", FLOW)
        assert sources(trial, "load")[2] == theirs


def test_both_sides_changed_a_filter(trial: Project) -> None:
    edit_flow(trial, lambda cells: replace(cells, "- Filter: *ordered*", "- Filter: ordered"))
    trial.cli("filter", "sort", "*order*")
    before = trial.digest()
    done = trial.cli("submit", FLOW, code=1)
    assert "the filter of sort was changed here and in dag.json" in done.err
    assert {name for name, digest in trial.digest().items() if digest != before[name]} == {FLOW}
    assert any(
        "- Filter: ordered\n\n> dag.json says by now: Filter: *order*" in text for text in flow_sources(trial)
    )
    trial.cli("submit", FLOW)
    assert trial.dag["blocks"]["sort"]["filter"] == ["ordered"]
    assert not any("by now" in text for text in flow_sources(trial))


def test_deleted_here_and_changed_there(trial: Project) -> None:
    edit_flow(trial, lambda cells: cells.remove(find(cells, "limit = 10")))
    edit_flow(trial, lambda cells: replace(cells, "raw = [3", "raw = [4"))
    trial.rewrite("load", lambda cells: cells.pop(0) and cells[1].update(source=["limit = 12"]))
    assert "so kept: 2 cells of load" in trial.cli("submit", FLOW).err
    assert sources(trial, "load") == ["raw = [4, 1, 2]", "## Block: prose, and no header", "limit = 12"]
    assert "limit = 12" in flow_sources(trial)


def test_outputs_of_both_sides(trial: Project) -> None:
    def ran(cells: list[Any]) -> None:
        find(cells, "best =").outputs = [nbformat.v4.new_output("stream", text="mine\n")]

    edit_flow(trial, ran)
    trial.rewrite("top", lambda cells: cells[0]["outputs"][0].update(text=["theirs\n"]))
    for turn in range(2):
        told = trial.cli("submit", FLOW).err
        assert ("each keeps its own outputs: 1 cell of top" in told) == (turn == 0)
        assert trial.text("top") == "theirs\n"
        assert "mine" in (trial.folder / FLOW).read_text(encoding="utf-8")


# ----------------------------------------------------------------------------------------- trust


def trust(p: Project, command: str, *names: str) -> list[bool]:
    """Signs notebooks of the project, or asks whether Jupyter trusts them, as its user."""
    request = {"command": f"trust-{command}", "paths": [str(p.folder / name) for name in names]}
    module = [sys.executable, "-m", "jupyterlab_dagpy.notebooks", "serve"]
    process = p.start(command=module, stdin=subprocess.PIPE)
    out, _ = process.communicate(json.dumps(request) + "\n", timeout=60)
    return [answer.get("trusted", answer.get("signed")) for answer in json.loads(out)]


def test_trust_goes_along_and_is_never_gained(trial: Project) -> None:
    """`top` shows something; of it hangs what the flow and a new block may be trusted to show."""
    trust(trial, "sign", "top.ipynb")
    trial.cli("flow", "top")
    assert trust(trial, "check", FLOW) == [True]

    def change(cells: list[Any]) -> None:
        best = find(cells, "best =")
        cells.remove(best)
        cells.extend([new_markdown_cell("## Block: shown"), best])

    edit_flow(trial, change)
    trust(trial, "sign", FLOW)
    trial.cli("submit", FLOW)
    assert trust(trial, "check", FLOW, "shown.ipynb", "top.ipynb") == [True, True, True]
    trial.cli("split-block", "load", "3")
    trial.cli("rename", "shown", "seen")
    trial.cli("merge", "seen", "top")
    assert trust(trial, "check", "seen.ipynb") == [True]
    # Outputs of somebody else come in.
    trial.rewrite("seen", lambda cells: cells[0].update(outputs=[OUTPUT]))
    trial.cli("flow", "seen")
    edit(trial.folder / "seen.flow.ipynb", lambda cells: replace(cells, "raw = [3", "raw = [4"))
    trust(trial, "sign", "seen.flow.ipynb")
    trial.cli("submit", "seen.flow.ipynb")
    assert trust(trial, "check", "seen.ipynb", "seen.flow.ipynb") == [False, False]


OUTPUT = {"output_type": "display_data", "metadata": {}, "data": {"text/html": ["<script>bad</script>"]}}


# ------------------------------------------------------------------------------------- bad input


def without_headers(cells: list[Any]) -> None:
    cells[:] = [new_code_cell("x = 1")]


BAD: dict[str, tuple[Callable[[list[Any]], None], str]] = {
    "no header": (without_headers, "belongs to no block"),
    "lost header": (lambda cells: replace(cells, "## Block: sort", "## Sorting"), "was the header of sort"),
    "doubled": (
        lambda cells: replace(cells, "## Block: sort", "## Block: load"),
        "both headers of a block load",
    ),
    "bad name": (lambda cells: replace(cells, "## Block: sort", "## Block: so rt"), "is no name for a block"),
    "taken name": (
        lambda cells: replace(cells, "## Block: sort", "## Block: alone"),
        "has a block alone already",
    ),
    "unknown parent": (lambda cells: replace(cells, "Parents: sort", "Parents: sort, lod"), '"lod"'),
    "cycle": (lambda cells: replace(cells, "load\n- Parents: none", "load\n- Parents: top"), "circle"),
    "bad filter": (lambda cells: replace(cells, "*ordered*", "or-dered"), "is not a variable name or a glob"),
    "file there": (
        lambda cells: cells.append(new_markdown_cell("## Block: taken")),
        "taken.ipynb is there already",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_headers(trial: Project, case: str) -> None:
    change, message = BAD[case]
    trial.write("taken.ipynb", "{}")
    edit_flow(trial, lambda cells: replace(cells, "limit = 10", "limit = 11"))
    edit_flow(trial, change)
    before = trial.digest()
    done = trial.cli("submit", FLOW, code=2)
    assert message in done.err, done.err
    assert trial.digest() == before


def test_bad_files(trial: Project) -> None:
    before = trial.digest()
    assert "not made by" in trial.cli("submit", "load.ipynb", code=2).err
    assert "does not exist" in trial.cli("submit", "lod.ipynb", code=2).err
    trial.write("broken.ipynb", "{]")
    assert "broken.ipynb" in trial.cli("submit", "broken.ipynb", code=2).err
    newer = json.loads((trial.folder / FLOW).read_text(encoding="utf-8"))
    newer["metadata"]["dagpy"]["flow"]["version"] = 99
    write_json(trial.folder / "newer.ipynb", newer)
    assert "upgrade" in trial.cli("submit", "newer.ipynb", code=2).err
    assert {name: trial.digest()[name] for name in before} == before
    trial.cli("remove", "load")
    gone = trial.cli("submit", FLOW, code=2).err
    assert "no block load any more" in gone and "begins a new block" in gone


# ------------------------------------------------------------------------------------ odd files


def odd(text: str, newline: str = "\n", bom: str = "") -> bytes:
    return (bom + text.replace("\n", newline)).encode()


ODD = {
    "crlf": odd(
        '{\n"nbformat": 4,\n"nbformat_minor": 5,\n"metadata": {"x": 1.0, "big": 12345678901234567890},\n"cells": [\n'
        '{"id": "same", "source": "crlf = 1", "metadata": {"v": 1.0, "10": -0.0, "9": 1e5}, "cell_type": "code",\n'
        ' "outputs": [{"output_type": "stream", "name": "stdout", "text": "a\\nb"}], "execution_count": 7}\n]\n}\n',
        "\r\n",
        "\ufeff",
    ),
    "old": odd(
        '{"cells": [{"cell_type": "code", "source": ["old = 1\\n", "two = 2"], "metadata": {"trusted": true},'
        ' "outputs": [], "execution_count": null}, {"cell_type": "raw", "source": "", "metadata": {}}],'
        ' "metadata": {}, "nbformat": 4, "nbformat_minor": 2}'
    ),
    "empty": odd('{\n "cells": [],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'),
    "rich": odd(
        '{\n "cells": [\n  {"cell_type": "markdown", "id": "same", "metadata": {},\n'
        '   "attachments": {"a.png": {"image/png": "QUFB"}}, "source": ["![a](attachment:a.png)"]},\n'
        '  {"cell_type": "code", "id": "w", "metadata": {}, "execution_count": 1, "source": "rich = 1", "outputs":\n'
        '   [{"output_type": "display_data", "metadata": {}, "data": {"text/plain": ["W()"],\n'
        '     "application/vnd.jupyter.widget-view+json": {"model_id": "m1", "version_major": 2,\n'
        '     "version_minor": 0}}}]}],\n'
        ' "metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"m1": {"model_name": "A",\n'
        '  "model_module": "x", "model_module_version": "1", "state": {"layout": "IPY_MODEL_m2", "v": 1.0}},\n'
        '  "m2": {"model_name": "B", "model_module": "x", "model_module_version": "1", "state": {}}},\n'
        '  "version_major": 2, "version_minor": 0}}},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
    ),
}


@pytest.fixture
def oddities(tmp_path) -> Project:
    blocks = {id: ([], {"parents": list(ODD)[:place]}) for place, id in enumerate(ODD)}
    p = create(tmp_path, {**blocks, "last": (["print(1)"], {"parents": list(ODD)})}, name="odd", tally=False)
    for id, content in ODD.items():
        p.path(id).write_bytes(content)
    p.cli("flow", "last")
    return p


def test_odd_notebooks_keep_their_bytes(oddities: Project) -> None:
    flow = oddities.folder / "last.flow.ipynb"
    edit(flow, lambda cells: None)
    assert "Nothing to submit" in oddities.cli("submit", "last.flow.ipynb").err
    assert {id: oddities.path(id).read_bytes() for id in ODD} == ODD

    def change(cells: list[Any]) -> None:
        replace(cells, "two = 2", "two = 3")
        for header in ("crlf", "empty"):
            cells.insert(
                cells.index(find(cells, f"## Block: {header}\n")) + 1, new_code_cell(f"new = '{header}'")
            )
        widget = find(cells, "rich = 1")
        cells.remove(widget)
        cells.append(widget)

    edit(flow, change)
    oddities.cli("submit", "last.flow.ipynb")
    crlf = oddities.path("crlf").read_bytes().decode()
    old = ODD["crlf"].decode()
    cell = old[old.index('{"id"') : old.index("\r\n]")]
    assert cell in crlf and crlf.startswith("\ufeff{\r\n") and "\n" not in crlf.replace("\r\n", "")
    assert crlf.replace(crlf[crlf.index("\r\n{") : crlf.index(cell)], "\r\n") == old
    assert oddities.path("old").read_bytes() == ODD["old"].replace(b'"two = 2"', b'"two = 3"')
    assert [cell["source"] for cell in oddities.notebook("empty")["cells"]] == [["new = 'empty'"]]
    # The state of a widget goes along with what shows it, its parts included.
    last = nbformat.read(oddities.path("last"), as_version=4)
    state = last.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    assert set(state) == {"m1", "m2"} and last.cells[-1].source == "rich = 1"
    assert "Nothing to submit" in oddities.cli("submit", "last.flow.ipynb").err


def test_large_figures(project) -> None:
    p = project({"a": ["x = 1"]}, name="large")
    figure = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 8_000_000}}
    p.rewrite("a", lambda cells: cells[0].update(outputs=[figure]))
    p.cli("flow", "a")
    edit(p.folder / "a.flow.ipynb", lambda cells: replace(cells, "x = 1", "x = 2"))
    p.cli("submit", "a.flow.ipynb")
    assert p.source("a", 0) == "x = 2" and p.outputs("a")[0][0]["data"] == figure["data"]

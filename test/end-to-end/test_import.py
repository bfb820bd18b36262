"""Projects of the original dagpy are taken over: the same results, its files as they were, nothing half done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from former import Former, Old, flow, former, marked, notebook, poison, user_cell, write
from project import Project, User

LINEAR = {
    "load": Old(
        [("markdown", "# Load"), "raw = [3, 1, 2]\nlimit = 2"], filter=["raw"], description="Reads\nthe data."
    ),
    "sort": Old(["ordered = sorted(load_raw)", "print(ordered)"], parents=["load"], filter=["ordered"]),
    "top": Old(["best = sort_ordered[-1]\nprint(best)"], parents=["sort"]),
}
DIAMOND = {
    "A": Old(["value = 5", "print('value', value)"], filter=["value"], description="first"),
    "B": Old(["value = A_value / 2", "print(value)"], parents=["A"], filter=["value", "A_value"]),
    "D": Old(["print(B_value + C_value, B_A_value)"], parents=["B", "C"]),
    "C": Old(["value = A_value * 2", "A_value = 0"], parents=["A"], filter=["value"]),
}
OFF = {
    "base": Old(["import math\nroot = math.sqrt(16)", "steps = [1]"], filter="off"),
    "next": Old(["steps.append(root)\nprint(steps, math.floor(2.5))"], parents=["base"], filter=["steps"]),
    "last": Old(["print(next_steps)"], parents=["next"]),
}
ABSENT = {
    "one": Old(["x = 1\nprint(x)"], parents=None, filter=None),
    "two": Old(["print('x' in globals(), 'one_x' in globals())"], parents=["one"], filter=None),
    "empty": Old([], filter=None),
}


@pytest.fixture
def imported(tmp_path: Path):
    """Imports what `make` writes, runs it, and holds the results against those of the original."""
    made: list[Project] = []

    def take(old: Former, *arguments: str, folder: Path | None = None) -> Project:
        before = old.contents()
        project = Project(folder or old.folder, User(tmp_path / "user"))
        made.append(project)
        project.cli("import", str(old.file), *arguments, cwd=old.folder)
        same(old, project)
        assert {name: old.contents()[name] for name in before} == before, "files of the original changed"
        return project

    yield take
    for project in made:
        assert project.settled() == [], "processes were left behind"


def same(old: Former, p: Project) -> None:
    """Everything runs once, prints and hands on what it did in the original, and does not run again."""
    assert p.run("all").executed == set(p.dag["blocks"]) == set(old.blocks)
    for id, (printed, values) in old.expected().items():
        assert p.text(id) == printed, id
        assert {name: p.value(id, name) for name in values} == values
        if isinstance(old.blocks[id].filter, list):
            assert set(p.exports(id)) == set(values)
    p.idle("all")


@pytest.mark.parametrize(
    "blocks, minor, newline",
    [(LINEAR, 2, "\n"), (DIAMOND, 2, "\r\n"), (OFF, 2, "\n"), (ABSENT, 4, "\n")],
    ids=["linear", "diamond-crlf", "off", "absent"],
)
def test_the_same_results(tmp_path: Path, imported, blocks, minor: int, newline: str) -> None:
    p = imported(former(tmp_path / "old", blocks, minor=minor, newline=newline))
    assert p.dag["name"] == "churn"
    for id, old in blocks.items():
        cells = p.notebook(id)["cells"]
        assert ["".join(cell["source"]) for cell in cells] == [
            c if isinstance(c, str) else c[1] for c in old.cells
        ]
        assert (p.notebook(id)["nbformat_minor"], p.path(id).parent.name) == (minor, "churn")
        assert p.dag["blocks"][id].get("tags", {}).get("description", "") == (old.description or "")


@pytest.mark.parametrize(
    "blocks, newline",
    [(LINEAR, "\n"), (DIAMOND, "\r\n"), (OFF, "\n")],
    ids=["linear", "diamond-crlf", "off"],
)
def test_a_flow_notebook(tmp_path: Path, imported, blocks, newline: str) -> None:
    p = imported(flow(tmp_path / "old", blocks, newline=newline))
    assert p.dag["name"] == "notes"
    for id, old in blocks.items():
        assert p.dag["blocks"][id].get("tags", {}).get("description", "") == (old.description or "")


def test_a_flow_that_was_edited(tmp_path: Path) -> None:
    cells = [
        user_cell("early = 1"),
        marked("markdown", "### Block_id\nA\n##### Filter\nx\n", cell_type="delimiter", block_id="A"),
        user_cell("x = early + 1"),
        marked("markdown", "# block_id\n new \n# Parents\nA\n# Note\nmine", cell_type="delimiter"),
        user_cell("print(A_x)"),
    ]
    write(tmp_path / "flow.ipynb", notebook(cells, {}, 2))
    p = Project(tmp_path, User(tmp_path / "user"))
    done = p.cli("import", "flow.ipynb", "--json")
    assert [block["cells"] for block in done.json()["blocks"]] == [[1, 3], [5]]
    assert {warning["code"] for warning in done.json()["warnings"]} == {"import-early-cell", "import-field"}
    p.run()
    assert p.text("new") == "2\n"


def test_aliases_and_filters_in_dag_json(tmp_path: Path) -> None:
    old = former(tmp_path, DIAMOND)
    p = Project(tmp_path, User(tmp_path / "user"))
    p.cli("import", old.file.name)
    blocks = p.dag["blocks"]
    assert list(blocks) == ["A", "B", "D", "C"]
    assert blocks["B"]["parents"] == [{"block": "A", "use": {"value": "A_value"}}]
    assert blocks["D"]["parents"] == [
        {"block": "B", "use": {"value": "B_value", "A_value": "B_A_value"}},
        {"block": "C", "use": {"value": "C_value"}},
    ]
    assert (blocks["D"]["filter"], blocks["A"]["filter"]) == ([], ["value"])


def test_only_what_an_edit_affects_runs_afterwards(tmp_path: Path, imported) -> None:
    p = imported(former(tmp_path / "old", DIAMOND))
    p.edit("C", 0, "* 2", "* 3")
    assert p.run().executed == {"C", "D"}


def test_the_cache_of_the_original_is_never_loaded(tmp_path: Path, imported) -> None:
    marker = tmp_path / "loaded"
    old = former(tmp_path / "old", LINEAR, cached=poison(marker))
    imported(old)
    assert not marker.exists()
    assert (old.folder / "cache" / "load_raw.dill").read_bytes() == poison(marker)


def test_data_and_modules_beside_the_notebooks(tmp_path: Path, imported) -> None:
    folder = tmp_path / "old"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "data.txt").write_text("7")
    (folder / "part" / "helping.py").write_text("def twice(x):\n    return 2 * x\n")
    blocks = {
        "A": Old(
            ["with open('data.txt') as data:\n    n = int(data.read())"], filter=["n"], file="part/A.ipynb"
        ),
        "B": Old(
            ["import sys; sys.path.insert(0, '')\nimport helping\nprint(helping.twice(A_n))"],
            ["A"],
            file="part/B.ipynb",
        ),
    }
    p = imported(
        former(folder, blocks), "-o", str(tmp_path / "new" / "here"), folder=tmp_path / "new" / "here"
    )
    assert p.dag["blocks"]["A"]["cwd"] == "../../old/part"
    assert not (folder / "dag.json").exists() and not (folder / ".dagpy").exists()
    (folder / "part" / "data.txt").write_text("8")
    assert p.run().executed == {"A", "B"}
    assert p.text("B") == "16\n"


def test_names_that_are_no_ids(tmp_path: Path) -> None:
    blocks = {
        "Load data!": Old(["df = 3"], filter=["df", "df + 1"], file="A.ipynb"),
        "all": Old(["print(Load_data__df)"], parents=["Load data!"], file="B.ipynb"),
    }
    former(tmp_path, blocks)
    p = Project(tmp_path, User(tmp_path / "user"))
    done = p.cli("import", "churn.dagpy")
    for words in (
        '"Load data!" is called load-data',
        '"all" is called all-block',
        '"df + 1"',
        "Load_data__df",
    ):
        assert words in done.err
    p.run()
    assert p.text("all-block") == "3\n"


def test_notebooks_in_a_folder_of_the_projects_name(tmp_path: Path, imported) -> None:
    blocks = {"A": Old(["x = 1"], filter=["x"], file="churn/A.ipynb")}
    p = imported(former(tmp_path / "old", blocks))
    assert p.dag["blocks"]["A"]["notebook"] == "churn-blocks/A.ipynb"
    other = former(tmp_path / "other", LINEAR)
    (other.folder / "churn").write_text("a file")
    assert imported(other).dag["blocks"]["top"]["notebook"] == "churn-blocks/top.ipynb"


def test_a_dry_run_says_what_is_not_taken_over_and_writes_nothing(tmp_path: Path) -> None:
    blocks = {
        **LINEAR,
        "odd": Old(["d = dill.dumps(1)\nimport os\nos.chdir('/')"]),
        "end": Old(["1"], parents=["odd"]),
    }
    old = former(tmp_path / "old", blocks)
    data = json.loads(old.file.read_text())
    data["blocks"]["top"] |= {"parents": [], "last_executed": "2018-01-01"}
    write(old.file, data)
    before = old.contents()
    p = Project(old.folder, User(tmp_path / "user"))
    document = p.cli("import", "churn.dagpy", "--dry-run", "--json").json()
    assert document["written"] is False and document["kind"] == "project"
    assert {warning["code"] for warning in document["warnings"]} == {
        "import-field",
        "import-stale-input",
        "import-dill",
        "import-setting",
    }
    told = p.cli("import", "churn.dagpy", "--dry-run")
    assert "nothing written" in told.out and "never loaded" in told.err and "last_executed" in told.err
    assert old.contents() == before


# ------------------------------------------------------------------------------------------- refusals


def edited(change: Callable[[dict[str, Any]], None]) -> Callable[[Former], None]:
    def spoil(old: Former) -> None:
        data = json.loads(old.file.read_text())
        change(data["blocks"])
        write(old.file, data)

    return spoil


def circle(old: Former) -> None:
    edited(lambda blocks: blocks["load"].update(parents=["top"]))(old)


def missing_notebook(old: Former) -> None:
    (old.folder / "sort.ipynb").unlink()


def link_outside(old: Former) -> None:
    outside = old.folder.parent / "outside.ipynb"
    (old.folder / "sort.ipynb").rename(outside)
    (old.folder / "sort.ipynb").symlink_to(outside)


def other_language(old: Former) -> None:
    data = json.loads((old.folder / "top.ipynb").read_text())
    data["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    write(old.folder / "top.ipynb", data)


def exists_already(old: Former) -> None:
    (old.folder / "dag.json").write_text("{}")


REFUSED: dict[str, tuple[Callable[[Former], object], list[str]]] = {
    "circle": (circle, ["churn.dagpy:3:", "circle", "load", "sort", "top", "take one parent out"]),
    "parent": (
        edited(lambda blocks: blocks["top"].update(parents=["gone"])),
        ["churn.dagpy:", "parent gone", "there are: load, sort, top"],
    ),
    "notebook": (missing_notebook, ["churn.dagpy:", "sort.ipynb", "does not exist", "restore"]),
    "traversal": (
        edited(lambda blocks: blocks["top"].update(file="../x.ipynb")),
        ["churn.dagpy:", "leaves its folder"],
    ),
    "absolute": (
        edited(lambda blocks: blocks["top"].update(file="/etc/passwd")),
        ["churn.dagpy:", "absolute"],
    ),
    "link": (link_outside, ["churn.dagpy:", "outside the folder"]),
    "control": (edited(lambda blocks: blocks.update({"\x1b[2J": {}})), ["churn.dagpy:", "control character"]),
    "huge": (lambda old: old.file.write_text(" " * 8_000_001), ["churn.dagpy", "more than the limit"]),
    "json": (lambda old: old.file.write_text('{"blocks": {},}'), ["churn.dagpy:1:15", "comma"]),
    "other": (lambda old: old.file.write_text("[1]"), ["churn.dagpy:1:1", "no project of the original"]),
    "notebook-broken": (lambda old: (old.folder / "top.ipynb").write_text("{"), ["top.ipynb:1", "}"]),
    "language": (other_language, ["top.ipynb", "written in r"]),
    "exists": (exists_already, ["dag.json", "already", "-o"]),
    "absent": (lambda old: old.file.unlink(), ["churn.dagpy", "does not exist"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    spoil, words = REFUSED[name]
    old = former(tmp_path / "old", LINEAR)
    spoil(old)
    before = old.contents()
    p = Project(old.folder, User(tmp_path / "user"))
    done = p.cli("import", "churn.dagpy", code=2)
    assert done.err.startswith("error:") and "to do:" in done.err and "bug" not in done.err
    assert "\x1b" not in done.err
    for word in words:
        assert word in done.err
    problems = p.cli("import", "churn.dagpy", "--json", code=2).json()["problems"]
    assert all(problem["remedy"] and problem["file"] for problem in problems)
    assert old.contents() == before
    assert not (old.folder / "churn").exists()


def test_nothing_half_written(tmp_path: Path) -> None:
    old = former(tmp_path / "old", LINEAR)
    (tmp_path / "busy").write_text("a file")
    (tmp_path / "target" / ".dagpy").mkdir(parents=True)
    (tmp_path / "target" / ".dagpy" / "objects").write_text("a file where a folder belongs")
    p = Project(old.folder, User(tmp_path / "user"))
    assert "to do:" in p.cli("import", "churn.dagpy", "-o", "../busy", code=2).err
    p.cli("import", "churn.dagpy", "-o", "../target", code=2)
    assert [path.name for path in (tmp_path / "target").iterdir()] == [".dagpy"]
    p.cli("import", "churn.dagpy", "-o", "../target/new")


def test_a_notebook_that_is_no_flow(tmp_path: Path) -> None:
    write(tmp_path / "plain.ipynb", notebook([user_cell("x = 1")], {}, 4))
    p = Project(tmp_path, User(tmp_path / "user"))
    assert 'dagpy split "plain.ipynb"' in p.cli("import", "plain.ipynb", code=2).err


@pytest.mark.parametrize(
    "typed, use",
    [
        ("create churn -r", "dagpy init churn"),
        ("execute -a", "dagpy run all"),
        ("execute B D", "dagpy run B D"),
        ("makeflow B -n notes -r", "dagpy flow B -o notes.ipynb"),
        ("submitflow notes.ipynb", "dagpy submit notes.ipynb"),
        ("view", "dagpy graph"),
    ],
)
def test_commands_of_the_original(tmp_path: Path, typed: str, use: str) -> None:
    done = Project(tmp_path, User(tmp_path / "user")).cli(*typed.split(), code=2)
    assert f"use: {use}" in done.err and done.out == ""

"""The commands, as people type them and as scripts call them."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from project import Project, User, create, write_notebook
from terminal import on_a_terminal

ESCAPE = "\x1b"
STATES = {"never", "fresh", "stale", "affected", "queued", "running", "failed", "blocked", "frozen"}
REASONS = {
    "never-run",
    "code",
    "input",
    "file",
    "module",
    "package",
    "environment",
    "parameter",
    "filter",
    "failed",
    "forced",
    "untracked",
    "external",
    "cache-missing",
}
BLOCKS = {
    "load": ["import numpy as np\nraw = [3, 1, 2]\narray = np.arange(1000.0)"],
    "model": (["best = max(raw)\nprint(best)"], {"parents": ["load"], "tags": {"kind": "model"}}),
    "report": (["print(best)"], {"parents": ["model"]}),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Project:
    p = create(tmp_path_factory.mktemp("commands"), BLOCKS, name="trial")
    p.run()
    return p


@pytest.fixture
def trial(template: Project, tmp_path) -> Project:
    return template.copy(tmp_path / "trial")


# ------------------------------------------------------------------------------------------ shapes


def test_help_and_version(template: Project) -> None:
    for arguments in (["--help"], ["run", "--help"], ["cache", "--help"]):
        done = template.cli(*arguments)
        assert "Usage: dagpy" in done.out and done.err == ""
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", template.cli("--version").out)


def test_status_json(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    done = trial.cli("status", "--json")
    assert done.err == ""
    document = done.json()
    assert set(document) == {"project", "blocks"} and document["project"] == "trial"
    assert [block["id"] for block in document["blocks"]] == ["load", "model", "report"]
    for block in document["blocks"]:
        assert set(block) == {"id", "state", "reasons", "parents", "seconds", "exports"}
        assert block["state"] in STATES
        assert all(set(r) == {"kind", "detail"} and r["kind"] in REASONS for r in block["reasons"])
        assert isinstance(block["seconds"], float | int)
        for export in block["exports"]:
            assert set(export) == {"name", "type", "bytes", "digest"}
            assert re.fullmatch(r"[0-9a-f]{64}", export["digest"])
    load, model, report = document["blocks"]
    assert load["state"] == "stale" and [r["kind"] for r in load["reasons"]] == ["code"]
    assert model["state"] == report["state"] == "affected"
    assert model["parents"] == ["load"]
    array = next(export for export in load["exports"] if export["name"] == "array")
    assert array["type"].endswith("ndarray") and array["bytes"] >= 8000


def test_run_json(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    done = trial.cli("run", "--json")
    document = done.json()
    assert set(document) == {
        *(
            "run",
            "target",
            "executed",
            "restored",
            "fresh",
            "replayed",
            "failed",
            "blocked",
            "cancelled",
            "seconds",
        )
    }
    assert document["target"] == ["load", "model", "report"]
    assert document["executed"] == ["load", "model", "report"]
    assert isinstance(document["run"], str) and document["seconds"] > 0
    assert done.err != "" and ESCAPE not in done.err


def test_json_when_a_block_fails(trial: Project) -> None:
    trial.edit("model", 0, "max(raw)", "max(None)")
    document = trial.cli("run", "--json", code=1).json()
    assert document["failed"] == ["model"] and document["blocked"] == ["report"]


def test_why(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    shown = trial.cli("why", "load").out
    assert "load" in shown and "cell" in shown
    assert "load" in trial.cli("why", "report").out + trial.cli("why", "model").out
    document = trial.cli("why", "model", "--json").json()
    assert document["id"] == "model" and document["state"] == "affected"
    assert {r["kind"] for r in document["reasons"]} <= REASONS
    trial.edit("load", 0, "4", "3")
    assert "fresh" in trial.cli("why", "load").out


def test_exports_and_value(trial: Project) -> None:
    shown = trial.cli("exports", "load").out
    assert "raw" in shown and "array" in shown and "list" in shown
    document = trial.cli("exports", "load", "--json").json()
    entries = document if isinstance(document, list) else document["exports"]
    assert {"raw", "array"} <= {entry["name"] for entry in entries}
    assert trial.cli("value", "load", "raw").out == "[3, 1, 2]\n"
    assert trial.cli("value", "model", "best").out == "3\n"
    trial.edit("load", 0, "3", "4")
    assert trial.cli("value", "load", "raw").out == "[3, 1, 2]\n"  # what it handed on last


def test_value_loads_functions_and_instances(project) -> None:
    p = project(
        {
            "a": [
                "class C:\n    def __repr__(self): return f'C{f()}'\ndef f(): return 7\nc = C()\ntext = 'x\\ny'"
            ]
        }
    )
    p.run()
    assert p.value("a", "c") == "C7"
    assert p.value("a", "text") == repr("x\ny")


def test_cache_commands(trial: Project) -> None:
    listed = trial.cli("cache", "list", "--json").json()
    text = json.dumps(listed)
    assert all(id in text for id in BLOCKS)
    assert trial.cli("cache", "list").out
    for number in range(4, 9):
        trial.edit("load", 0, f"[{number - 1},", f"[{number},")
        trial.run()
    (trial.folder / "load.ipynb").unlink()
    trial.write("load.ipynb", (trial.folder / "model.ipynb").read_bytes())
    verified = trial.cli("cache", "verify", "--json").json()
    assert "damaged" in json.dumps(verified)
    trial.cli("cache", "gc", "--json").json()
    trial.cli("cache", "gc", "--all")
    trial.cli("cache", "clear")
    assert not any((trial.folder / ".dagpy" / "objects").rglob("*/*"))


def test_verify_finds_what_is_damaged(trial: Project) -> None:
    assert trial.cli("cache", "verify").code == 0
    victim = max(
        (f for f in (trial.folder / ".dagpy" / "objects").rglob("*") if f.is_file()),
        key=lambda f: f.stat().st_size,
    )
    victim.chmod(0o644)
    with victim.open("r+b") as file:
        file.seek(100)
        file.write(b"damage")
    document = trial.cli("cache", "verify", "--json", code=None).json()
    assert victim.name[-16:] in json.dumps(document)
    assert trial.run().executed == {"load"}
    assert trial.run().executed == set()


# ----------------------------------------------------------------------------------- making a DAG


def test_from_nothing(tmp_path) -> None:
    user = User(tmp_path)
    p = Project(tmp_path, user)
    p.cli("init", "new", "--name", "fresh start")
    folder = tmp_path / "new"
    p = Project(folder, user)
    assert p.dag["version"] == 1 and p.dag["name"] == "fresh start" and p.dag["blocks"] == {}
    assert (folder / ".dagpy" / ".gitignore").read_text().strip() == "*"
    before = p.digest()
    assert "dag.json" in p.cli("init", code=2).err
    assert p.digest() == before
    assert p.run().executed == set()

    write_notebook(
        folder / "source.ipynb", [("markdown", "# A"), "x = 1", "y = x + 1\nprint(y)", "print('last')"]
    )
    source = (folder / "source.ipynb").read_bytes()
    p.cli("add", "one", "--from", "source.ipynb", "--cells", "1-2")
    p.cli("add", "two", "--from", "source.ipynb", "--cells", "3", "--parents", "one")
    p.cli("add", "three")
    p.cli("link", "two", "three")
    assert (folder / "source.ipynb").read_bytes() == source
    assert [c["id"] for c in p.notebook("one")["cells"]] == ["cell-0", "cell-1"]
    assert p.run().executed >= {"one", "two"}
    assert p.text("two") == "2\n"
    blocks = p.cli("status", "--json").json()["blocks"]
    assert {b["id"]: b["parents"] for b in blocks} == {"one": [], "two": ["one"], "three": ["two"]}

    # An edge that closes a circle is refused with its path.
    before = p.digest()
    err = p.cli("link", "three", "one", code=2).err
    assert (
        "one → two → three → one" in err
        or "three → one → two → three" in err
        or "two → three → one → two" in err
    )
    assert p.digest() == before
    p.cli("unlink", "two", "three")
    p.cli("link", "one", "three", "--use", "x=renamed")
    assert p.dag["blocks"]["three"]["parents"] == [{"block": "one", "use": {"x": "renamed"}}]
    p.cli("remove", "one")
    assert "one" not in p.dag["blocks"] and (folder / "one.ipynb").exists()
    assert p.dag["blocks"]["two"].get("parents", []) == []
    p.cli("filter", "two", "y,stats_*")
    assert p.dag["blocks"]["two"]["filter"] == ["y", "stats_*"]
    p.cli("filter", "two", "off")
    assert p.dag["blocks"]["two"]["filter"] == "off"
    p.cli("filter", "two", "auto")
    assert p.dag["blocks"]["two"].get("filter", "auto") == "auto"


def test_edits_keep_the_text_of_dag_json(trial: Project) -> None:
    file = trial.folder / "dag.json"
    text = file.read_text().replace('"name": "trial"', '"name":   "trial"')
    file.write_text(text)
    trial.cli("filter", "load", "raw")
    trial.cli("filter", "load", "auto")
    assert file.read_text() == text


SPLIT = [
    ("markdown", "# Study\nwords"),
    "import math\nROUND = 2",
    ("markdown", "## Load"),
    "raw = [1.234, 2.345]",
    ("markdown", "## Clean"),
    "clean = [round(v, ROUND) for v in raw]",
    "clean",
    ("markdown", "## Sum"),
    "print(math.fsum(clean))",
    ("markdown", "## Aside"),
    "print('aside')",
]


@pytest.mark.parametrize("by", ["heading", "cell", None])
def test_split(project, tmp_path, by: str | None) -> None:
    p = project({})
    shutil.rmtree(p.folder)
    p.folder.mkdir()
    notebook = p.folder / "study.ipynb"
    write_notebook(notebook, SPLIT)
    before = notebook.read_bytes()
    arguments = ["--by", by] if by else []
    planned = p.cli("split", "study.ipynb", *arguments, "--dry-run")
    assert "load" in (planned.out + planned.err).lower() or by == "cell"
    assert [f.name for f in p.folder.iterdir()] == ["study.ipynb"]
    p.cli("split", "study.ipynb", *arguments, "--json").json()
    assert notebook.read_bytes() == before
    cells = [cell for id in p.dag["blocks"] for cell in p.notebook(id)["cells"]]
    whole = json.loads(before)["cells"]
    assert (
        sorted((c["id"], c["source"]) for c in cells) == sorted((c["id"], c["source"]) for c in whole)
        or by == "cell"
    )
    assert [c["id"] for c in cells if c["cell_type"] == "code"] == [
        c["id"] for c in whole if c["cell_type"] == "code"
    ]
    p.run()
    texts = "".join(p.text(id) for id in p.dag["blocks"])
    assert texts == "3.58\naside\n"
    assert p.run().executed == set()
    assert p.cli("split", "study.ipynb", *arguments, code=2).err  # there is a project already


def test_split_says_beforehand_what_can_not_stay_the_same(project) -> None:
    p = project({})
    write_notebook(
        p.folder / "hard.ipynb",
        [
            ("markdown", "# A"),
            "import numpy as np\nx = np.array([1.23456])\nnp.set_printoptions(precision=2)\ng = (i for i in range(3))",
            ("markdown", "# B"),
            "print(x)\nnext(g)",
            ("markdown", "# C"),
            "Out",
            ("markdown", "# D"),
            "name = input('who? ')",
        ],
    )
    done = p.cli("split", "hard.ipynb", "-o", "out", "--by", "heading", "--dry-run")
    said = done.out + done.err
    for words in ("cell 2", "numpy options", "generator", "`Out`", "input()"):
        assert words in said
    assert not (p.folder / "out").exists()


def test_split_by_tag_and_into_a_folder(project) -> None:
    p = project({})
    nested = p.folder / "work"
    nested.mkdir()
    write_notebook(nested / "tagged.ipynb", ["x = 1", "y = x + 1", "print(y, open('data.txt').read())"])
    (nested / "data.txt").write_text("here")
    whole = json.loads((nested / "tagged.ipynb").read_text())
    for cell, tag in zip(whole["cells"], ["block:first", "block:first", "block:second"], strict=True):
        cell["metadata"]["tags"] = [tag]
    (nested / "tagged.ipynb").write_text(json.dumps(whole))
    p.cli("split", "work/tagged.ipynb", "--by", "tag", "-o", "out")
    made = Project(p.folder / "out", p.user)
    made.run()
    shown = "".join(made.text(id) for id in made.dag["blocks"])
    assert shown == "2 here\n"  # the working folder is still that of the notebook


def test_directory_option_and_projects_above(trial: Project) -> None:
    deep = trial.folder / "some" / "where"
    deep.mkdir(parents=True)
    assert trial.cli("status", "--json", cwd=deep).json()["project"] == "trial"
    assert trial.cli("-C", str(trial.folder), "status", "--json", cwd="/").json()["project"] == "trial"


def test_tags_choose_blocks(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    report = trial.run("all", "--tag", "kind=model")
    assert "report" not in report.executed and "model" in report.document["target"]


# -------------------------------------------------------------------------------------- terminals


def test_plain_lines_when_it_is_no_terminal(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    done = trial.cli("run")
    text = done.out + done.err
    assert ESCAPE not in text and "\r" not in text
    assert all(any(id in line for line in text.splitlines()) for id in BLOCKS)
    assert "3 ran" in text
    for arguments in (["status"], ["exports", "load"], ["cache", "list"], ["why", "load"]):
        done = trial.cli(*arguments)
        assert ESCAPE not in done.out + done.err


def test_progress_on_a_terminal(trial: Project) -> None:
    trial.edit("load", 0, "raw = [3", "import time; time.sleep(0.6); raw = [4")
    drawn = on_a_terminal(trial, "run")
    assert ESCAPE in drawn
    assert re.search(r"\x1b\[[0-9;]*m", drawn), "colour"
    assert "running" in drawn or re.search(r"\d/\d", drawn)
    assert "3 ran" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    assert f"{ESCAPE}[?25l" not in drawn or f"{ESCAPE}[?25h" in drawn, "the cursor comes back"


def test_no_color_is_honoured(trial: Project) -> None:
    trial.edit("load", 0, "3", "4")
    drawn = on_a_terminal(trial, "run", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*m", drawn)
    assert "3 ran" in drawn
    assert not re.search(r"\x1b\[[0-9;]*m", on_a_terminal(trial, "status", NO_COLOR="1"))
    assert re.search(r"\x1b\[[0-9;]*m", on_a_terminal(trial, "status"))
    assert ESCAPE not in on_a_terminal(trial, "status", TERM="dumb", NO_COLOR="1")


def test_names_can_not_draw_on_the_terminal(project) -> None:
    p = project({"a": ["raise ValueError('\\x1b[31mred\\x07')"]})
    done = p.cli("run", code=1)
    assert ESCAPE not in done.err and "\x07" not in done.err

"""The picture of a project: in the terminal, as files, for scripts."""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from project import Project, create

SVG = "{http://www.w3.org/2000/svg}"
BLOCKS = {
    "setup": ["import math"],
    "load": ["raw = [3, 1, 2]\nnotes = 'n'"],
    "clean": (["df = sorted(raw)"], {"parents": ["load"]}),
    "time": (["X = [value * 2 for value in df]"], {"parents": ["clean"]}),
    "model": (
        ["fit = sum(frame) + sum(X)"],
        {"parents": [{"block": "clean", "use": {"df": "frame"}}, "time"]},
    ),
    "ranking": (["rank = df[0]"], {"parents": ["clean"]}),
    "report": (["print(fit, rank)"], {"parents": ["model", "ranking"]}),
    "archive": (["kept = notes"], {"parents": ["load"], "run": "never"}),
    "after": (["pass"], {"after": ["archive"]}),
    "idea": (["print(X)"], {"parents": ["time"]}),
}
STATES = {
    "setup": "fresh",
    "load": "fresh",
    "clean": "fresh",
    "time": "stale",
    "model": "affected",
    "ranking": "failed",
    "report": "blocked",
    "archive": "frozen",
    "after": "fresh",
    "idea": "never",
}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a block in every state that lasts."""
    p = create(tmp_path_factory.mktemp("graph"), BLOCKS, name="trial", prelude="setup")
    p.run("+report", "archive", "after", "setup")
    p.edit("time", 0, "* 2", "* 3")
    p.edit("ranking", 0, "df[0]", "df['zz']")
    p.run("ranking", code=1)
    p.environment["LC_ALL"] = "C.UTF-8"
    return p


def test_terminal(trial: Project) -> None:
    done = trial.cli("graph")
    assert "\x1b" not in done.out
    first, *lines = done.out.splitlines()
    assert first.startswith("trial  ") and "1 stale" in first
    assert len(lines) == len(BLOCKS)
    for line, (name, state) in zip(lines, STATES.items(), strict=True):
        assert f" {name}  " in line and (state if state != "never" else "never run") in line
    assert "◆ time  stale · cell 2 changed" in done.out
    assert "waits for time" in done.out and "├─" in done.out


def test_terminal_that_knows_ascii_only(trial: Project) -> None:
    done = trial.cli("graph", environment={"LC_ALL": "C"})
    assert done.out.isascii() and "* time  stale, cell 2 changed" in done.out


def test_svg_shows_every_block_and_edge(trial: Project, tmp_path: Path) -> None:
    file = tmp_path / "graph.svg"
    done = trial.cli("graph", "-o", str(file))
    assert done.out == "" and "wrote" in done.err
    root = ElementTree.parse(file).getroot()
    drawn = {e.get("data-block"): e.get("data-state") for e in root.iter() if e.get("data-block")}
    assert drawn == STATES
    edges = {(e.get("data-from"), e.get("data-to")): e for e in root.iter() if e.get("data-from")}
    assert len(edges) == 10
    titles = {pair: edge.findtext(f"{SVG}title") or "" for pair, edge in edges.items()}
    assert "raw · " in titles["load", "clean"] and "notes" not in titles["load", "clean"]
    assert "df as frame" in titles["clean", "model"]
    assert "order only" in titles["archive", "after"]
    # of a block that never ran: by its code alone
    assert "X" in titles["time", "idea"]


def test_png(trial: Project) -> None:
    trial.cli("graph", "-o", "graph.png")
    png = (trial.folder / "graph.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width > 600 and height > 600 and len(png) > 20_000


def test_png_without_its_library(trial: Project, tmp_path: Path) -> None:
    (tmp_path / "resvg_py.py").write_text("raise ImportError('no module named resvg_py')\n")
    done = trial.cli("graph", "-o", "none.png", code=2, environment={"PYTHONPATH": str(tmp_path)})
    assert "resvg-py" in done.err and "pip install" in done.err and ".svg" in done.err
    assert not (trial.folder / "none.png").exists()


def test_files_of_other_tools(trial: Project) -> None:
    for name, beginning in {
        "g.mmd": "---\ntitle: ",
        "g.dot": "digraph ",
        "g.gv": "digraph ",
        "g.txt": "trial  ",
    }.items():
        trial.cli("graph", "-o", name)
        assert (trial.folder / name).read_text(encoding="utf-8").startswith(beginning)


def test_standard_output(trial: Project) -> None:
    for format, beginning in {"svg": "<svg ", "mmd": "---\n", "dot": "digraph ", "text": "trial"}.items():
        done = trial.cli("graph", "-o", "-", "--format", format)
        assert done.out.startswith(beginning) and done.err == ""
        assert trial.cli("graph", "--format", format).out == done.out


def test_a_file_is_replaced_whole(trial: Project, tmp_path: Path) -> None:
    file = tmp_path / "graph.svg"
    file.write_text("mine")
    file.chmod(0o640)
    (tmp_path / "link.svg").symlink_to(file)
    trial.cli("graph", "-o", "link.svg", "-C", str(trial.folder), cwd=tmp_path)
    assert file.read_text().startswith("<svg ") and file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.svg", "link.svg"]
    trial.cli("graph", "-o", "/dev/null", "--format", "svg")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "graph.jpg"], ".svg .png"),
        (["-o", "graph"], "--format svg"),
        (["-o", "-", "--format", "png"], "graph.png"),
        (["-o", "none/graph.svg"], "folder"),
        (["-o", "."], "--format"),
        (["-o", ".", "--format", "svg"], "name a file"),
        (["--states", "--no-states"], "leave one"),
        (["--json", "-o", "-"], "leave out"),
        (["unheard"], "no block unheard"),
        (["--no-states", "unheard"], "no block unheard"),
    ],
)
def test_calls_that_are_wrong(trial: Project, arguments: list[str], said: str) -> None:
    done = trial.cli("graph", *arguments, code=2)
    assert said in done.err and "to do:" in done.err


def test_json(trial: Project) -> None:
    done = trial.cli("graph", "--json")
    assert done.err == ""
    document = done.json()
    assert set(document) == {"project", "nodes", "edges", "layers"} and document["project"] == "trial"
    assert {node["id"]: node["state"] for node in document["nodes"]} == STATES
    assert [node["id"] for node in document["nodes"] if node["prelude"]] == ["setup"]
    edge = next(edge for edge in document["edges"] if (edge["from"], edge["to"]) == ("clean", "model"))
    assert edge["kind"] == "values" and not edge["session"]
    assert [(v["name"], v["as"]) for v in edge["variables"]] == [("df", "frame")]
    layer = {id: place for place, layer in enumerate(document["layers"]) for id in layer}
    assert all(layer[edge["from"]] < layer[edge["to"]] for edge in document["edges"])
    assert all(layer[node["id"]] == node["layer"] for node in document["nodes"])


def test_a_part(trial: Project) -> None:
    def shown(*ids: str) -> list[str]:
        return [node["id"] for node in trial.cli("graph", *ids, "--json").json()["nodes"]]

    assert shown("model") == ["load", "clean", "time", "model", "report"]
    assert shown("+time") == ["load", "clean", "time"]
    assert shown("time+") == ["time", "model", "report", "idea"]
    assert shown("(time)+", "setup") == ["setup", "model", "report", "idea"]


def test_structure_alone_needs_nothing_but_dag_json(trial: Project, tmp_path: Path) -> None:
    (tmp_path / "dag.json").write_text((trial.folder / "dag.json").read_text())
    environment = {"DAGPY_PYTHON": "/nowhere/python"}
    done = trial.cli("graph", "--no-states", "-C", str(tmp_path), environment=environment)
    assert done.out.splitlines()[0] == "trial  10 blocks" and "● load" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["dag.json"]
    nodes = trial.cli("graph", "--no-states", "--json", "-C", str(tmp_path)).json()["nodes"]
    assert all(node["state"] is None and node["reasons"] == [] for node in nodes)


def test_it_changes_nothing(trial: Project) -> None:
    before = trial.digest()
    states = trial.states()
    trial.cli("graph")
    trial.cli("graph", "--json")
    assert trial.digest() == before and trial.states() == states


def test_the_same_project_gives_the_same_picture(trial: Project) -> None:
    assert trial.cli("graph", "--format", "svg").out == trial.cli("graph", "--format", "svg").out
    assert json.dumps(trial.cli("graph", "--json").json()) == json.dumps(trial.cli("graph", "--json").json())

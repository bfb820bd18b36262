"""A run that had nothing to do is answered again without judging the project, until anything it rests on differs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from project import Project, create


def make(folder: Path) -> Project:
    p = create(
        folder,
        {
            "reads": [
                "import os\ntext = open('data.txt').read()\nfolder = sorted(os.listdir('inputs'))\ntext, folder"
            ],
            "asks": ["import os\nyear_set = os.environ.get('YEAR_SET')\nprint(year_set, year)"],
            "looks": ["import os\nthere = os.path.exists('maybe.txt')\nprint(there)"],
            "module": ["import helper\nlevel = helper.LEVEL\nprint(level)"],
            "declared": (["total = 0"], {"inputs": ["inputs/*.csv"]}),
            "below": (["print(text)"], {"parents": ["reads"]}),
        },
        parameters={"year": 2024},
    )
    p.write("data.txt", "data")
    p.write("inputs/a.csv", "1")
    p.write("helper.py", "LEVEL = 1\n")
    return p


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    p = make(tmp_path_factory.mktemp("repeat"))
    assert p.run().executed == set(p.dag["blocks"])
    assert p.run().executed == set()
    return p


@pytest.fixture
def quiet(template: Project, tmp_path: Path) -> Project:
    """A project whose answer is kept."""
    p = template.copy(tmp_path / "copy")
    assert p.run().executed == set()
    assert kept(p) and repeats(p)
    return p


def kept(p: Project) -> list[Path]:
    return sorted((p.folder / ".dagpy" / "verdicts").rglob("*.mpk"))


def repeats(p: Project, *arguments: str) -> bool:
    """Whether a run answers without judging, which needs the facts of cells; its report is that of a judging run."""
    facts = p.folder / ".dagpy" / "facts"
    aside = p.folder / "aside"
    facts.rename(aside)
    try:
        report = p.run(*arguments)
        judged = facts.exists() and any(facts.rglob("*.mpk"))
    finally:
        if facts.exists():
            shutil.rmtree(facts)
        aside.rename(facts)
    assert report.executed == set() and report.fresh == set(p.dag["blocks"])
    return not judged


def test_every_change_is_noticed(quiet: Project) -> None:
    p = quiet
    for change, executed in [
        (lambda: p.write("data.txt", "DATA"), {"reads", "below"}),
        (lambda: p.write("inputs/b.csv", "2"), {"reads", "declared"}),
        (lambda: p.write("inputs/a.csv", "3"), {"declared"}),
        (lambda: p.write("maybe.txt", ""), {"looks"}),
        (lambda: p.write("helper.py", "LEVEL = 2\n"), {"module"}),
        (lambda: p.environment.update(YEAR_SET="x"), {"asks"}),
        (lambda: p.edit("below", 0, "print(text)", "print(text, 1)"), {"below"}),
        (lambda: p.declare(parameters={"year": 2025}), {"asks"}),
    ]:
        change()
        assert p.run().executed == executed
        assert p.run().executed == set()
        assert repeats(p)


def test_outputs_that_somebody_cleared_come_back(quiet: Project) -> None:
    p = quiet
    shown = p.outputs("below")
    p.rewrite("below", lambda cells: cells[0].update(outputs=[]))
    assert p.run().restored == {"below"}
    assert p.outputs("below") == shown


def test_a_lost_object_is_noticed(quiet: Project) -> None:
    p = quiet
    for path in (p.folder / ".dagpy" / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    assert p.run().executed == set(p.dag["blocks"])


def test_each_call_has_its_own_answer(quiet: Project) -> None:
    p = quiet
    assert p.run("-p", "year=2023").executed == {"asks"}
    assert p.run("-p", "year=2023").executed == set()
    assert p.run().restored == {"asks"}
    assert p.text("asks") == "None 2024\n"
    assert p.run("--force", "below").executed == {"below"}


def test_an_answer_that_hangs_on_the_clock_is_not_kept(template: Project, tmp_path: Path) -> None:
    p = template.copy(tmp_path / "copy")
    shutil.rmtree(p.folder / ".dagpy" / "verdicts")
    p.declare_block("looks", ttl=3600)
    p.run()
    assert p.run().executed == set() and kept(p) == []


def test_a_warning_is_told_each_time(template: Project, tmp_path: Path) -> None:
    p = template.copy(tmp_path / "copy")
    p.declare(parameters={"year": 2024.0})
    told = [p.cli("run").err for _ in range(4)]
    assert "warning:" in told[-1] and "nothing ran" in told[-1]


def test_an_edit_at_the_same_moment_is_noticed(quiet: Project) -> None:
    """Same size, same time of change: what the file system tells is not believed for files that just changed."""
    p = quiet
    data = p.folder / "data.txt"
    times = data.stat()
    data.write_text("atad")
    os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert p.run().executed == {"reads", "below"}


def test_json_and_log_are_those_of_any_run(quiet: Project) -> None:
    p = quiet
    report = json.loads(p.cli("run", "--json").out)
    assert set(report["fresh"]) == set(p.dag["blocks"]) and report["executed"] == []
    log = p.folder / ".dagpy" / "runs" / f"{report['run']}.jsonl"
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events[0] == "runStarted" and events[-1] == "runFinished"
    assert events.count("blockFresh") == len(p.dag["blocks"])

"""After any history of edits, a run leaves every block as a clean run of everything in a fresh copy would."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import stories
from project import Project
from proof import counted, how_many

# Some that somebody wants to hear again: DAGPY_STORIES=3,4,5
CHOSEN = os.environ.get("DAGPY_STORIES")
SEEDS = (
    [int(seed) for seed in CHOSEN.split(",")] if CHOSEN else [6 + more for more in range(how_many(1, 100))]
)
CHAPTERS = 6


@pytest.mark.parametrize("seed", SEEDS)
def test_a_story(tmp_path: Path, seed: int) -> None:
    story = stories.begin(tmp_path, seed)
    p = story.project
    p.run(code=None)
    for chapter in range(CHAPTERS):
        # the answer of a run that has nothing to do is kept, and must not outlive an edit
        for _ in range(chapter % 3):
            p.run(code=None)
        before = exported(p)
        story.begin_chapter()
        report = p.run(code=None)
        after = exported(p)
        ran = report.executed - report.failed - {"setup"}
        allowed = set(story.edited)
        for id, parents in story.parents.items():
            # What functions look up comes along hidden, so nobody sees it change.
            if any(
                before[parent] != after[parent] or (parent in ran and story.has_code(parent))
                for parent in parents
            ):
                allowed.add(id)
        assert story.anything or ran <= allowed, f"{ran - allowed} ran\n{story}"
    p.run(code=None)
    shown = {id: looks(p, id) for id in story.parts}
    assert p.run(code=None).executed - p.run(code=None).failed == set(), str(story)

    clean = p.copy(tmp_path / "clean")
    shutil.rmtree(clean.folder / ".dagpy")
    clean.run(code=None)
    for id in story.parts:
        assert shown[id] == looks(clean, id), f"{id}\n{story}"
    counted("stories")
    counted("edits and runs", CHAPTERS)


def looks(p: Project, id: str) -> Any:
    """What a block shows; of an error what it says, since its traceback names files."""
    outputs = [output for cell in p.outputs(id) for output in cell]
    return [
        (output["ename"], output["evalue"]) if output["output_type"] == "error" else output
        for output in outputs
    ]


def exported(p: Project) -> dict[str, dict[str, str | None]]:
    return {
        id: {export["name"]: export["digest"] for export in block["exports"]}
        for id, block in p.status().items()
    }

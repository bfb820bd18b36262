"""The two laws over random histories of real notebooks with real workers.

Equality is judged by `clean_executor.py`, which shares no code with the engine, in another folder; minimality by what
each block is known to read. Which random numbers are drawn where nobody has seeded them is the engine's to say: there a
clean run of its own judges, in a fresh copy, for another user.

A story that fails is shrunk and left in `build/failing-stories` as folders that anyone can open: every state of the
project, and a script that goes through them.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from clean_executor import CleanExecutor
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from kernel_stories import Story, World, after, begin, stories
from project import ROOT, Project, RunReport, User
from proof import LONG, counted, how_many

FAILING = ROOT / "build" / "failing-stories"
SHARDS = how_many(1, 12)
EXAMPLES = int(os.environ.get("DAGPY_STORIES") or how_many(4, 25))
UNSEEDED_SHARDS = how_many(1, 3)
# A story that fails takes minutes to shrink: DAGPY_SHRINK=0 shows it as it is.
SHRINKS = os.environ.get("DAGPY_SHRINK") != "0"
MOST_BLOCKS, MOST_EDITS = (9, 8) if LONG else (6, 5)


@pytest.fixture(scope="module")
def executor() -> Iterator[CleanExecutor]:
    made = CleanExecutor()
    yield made
    made.close()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_stories(shard: int, executor: CleanExecutor, tmp_path_factory: pytest.TempPathFactory) -> None:
    tell_many(stories(MOST_BLOCKS, MOST_EDITS), shard, EXAMPLES, executor, tmp_path_factory)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("shard", range(UNSEEDED_SHARDS))
def test_random_numbers_nobody_has_seeded(
    shard: int, executor: CleanExecutor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = stories(MOST_BLOCKS, MOST_EDITS, unseeded=True)
    tell_many(told, 100 + shard, max(1, EXAMPLES // 3), executor, tmp_path_factory)


def tell_many(
    strategy: SearchStrategy[Story],
    shard: int,
    examples: int,
    executor: CleanExecutor,
    folders: pytest.TempPathFactory,
) -> None:
    @seed(int(os.environ.get("DAGPY_SEED") or (time.time() if LONG else 0)) + shard)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=[Phase.generate, Phase.shrink] if SHRINKS else [Phase.generate],
    )
    @given(strategy)
    def told(story: Story) -> None:
        folder = folders.mktemp("story")
        try:
            tell(story, folder, executor)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    told()


# ---------------------------------------------------------------------------------- one story


@dataclass
class Remembered:
    """Runs of one block that the cache still holds, as they are known from outside."""

    everything: str
    # without what may count and need not: random state where none is drawn, what shares objects with what is read
    at_least: str
    # variables that it kept, or of which it is known that they can not be
    tried: set[str]
    sure: bool = True


@dataclass
class Telling:
    """A story under way."""

    project: Project
    folder: Path
    executor: CleanExecutor
    past: dict[int, list[Remembered]] = field(default_factory=dict)
    # of the last chapter, of each block that is done
    counts: dict[str, tuple[str, str]] = field(default_factory=dict)
    # under which each block has run
    filters: dict[int, set[str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    states: list[dict[str, bytes]] = field(default_factory=list)
    levels: list[dict[str, str]] = field(default_factory=list)

    def fail(self, what: str) -> None:
        place = leave(self, what)
        raise AssertionError("\n".join([what, *self.told, f"every state of it lies in {place}"]))


def tell(story: Story, folder: Path, executor: CleanExecutor) -> None:
    (folder / "project").mkdir()
    telling = Telling(Project(folder / "project", User(folder)), folder, executor)
    p = telling.project
    world = begin(story)
    versions = [world]
    world.write(p.folder)
    chapter(telling, world, 0)
    for number, edit in enumerate(story.edits, start=1):
        before, world = world, after(world, edit, versions)
        world.write(p.folder, before)
        telling.told.append(f"{number}. {edit.kind} {edit.numbers}")
        if edit.kind == "touch":
            (p.folder / "data.txt").touch()
        if edit.kind == "lose":
            lose(telling, edit.numbers[1])
        versions.append(world)
        chapter(telling, world, number)
    compare_with_own_clean_run(telling, world)
    counted("stories with random numbers that nobody has seeded" if story.unseeded else "stories")
    counted("edits and runs", len(story.edits) + 1)


def lose(telling: Telling, chance: int) -> None:
    """A random part of the cache is deleted."""
    files = sorted(f for f in (telling.project.folder / ".dagpy").rglob("*") if f.is_file())
    for file in random.Random(chance).sample(files, k=min(len(files), 1 + chance)):
        file.unlink()
    for runs in telling.past.values():
        for run in runs:
            run.sure = False


def chapter(telling: Telling, world: World, number: int) -> None:
    p = telling.project
    p.environment.update(world.environment())
    if not world.environment():
        p.environment.pop("STORY_LEVEL", None)
    # the processes that analyse code and work out keys have another hash seed each time; workers keep theirs
    p.environment["PYTHONHASHSEED"] = str(1 + 7919 * number)
    telling.states.append(contents(p.folder))
    telling.levels.append(world.environment())
    report = p.run("-j", str(1 + number % 4), code=None)
    for index, block in enumerate(world.blocks):
        if f"b{index}" in report.executed:
            telling.filters.setdefault(index, set()).add(block.filter)
    clean_folder = telling.folder / f"clean-{number}"
    shutil.copytree(p.folder, clean_folder, ignore=shutil.ignore_patterns(".dagpy", "__pycache__"))
    if world.unseeded:
        clean = clean_run(telling, clean_folder, number)
        check_equality(telling, world, clean, clean_folder, report)
    else:
        clean = telling.executor.run(clean_folder, {**p.environment, "TALLY_FILE": os.devnull})
        check_equality(telling, world, clean, clean_folder, report)
        check_minimality(telling, world, clean, clean_folder, report)
    again = p.run(code=None)
    # what runs again for another block has a reason if that one has
    volatile = {f"b{index}" for index in range(len(world.blocks)) if world.is_volatile(index)}
    if again.executed - again.failed - again.replayed - volatile or again.restored:
        telling.fail(f"a second run has something to do: {sorted(again.executed | again.restored)}")
    shutil.rmtree(clean_folder)


def clean_run(telling: Telling, folder: Path, number: int) -> dict[str, Any]:
    """What the engine itself makes of a fresh copy, for another user and with nothing shown before."""
    p = telling.project
    fresh = Project(folder, User(telling.folder / f"user-{number}"), p.tally_file)
    fresh.environment.update(
        {name: p.environment[name] for name in p.environment if name not in fresh.environment}
    )
    for id in fresh.dag["blocks"]:
        fresh.rewrite(id, lambda cells: [cell.update(outputs=[]) for cell in cells])
    report = fresh.run("-j", str(2 - number % 2), code=None)
    results: dict[str, Any] = {}
    for id in fresh.dag["blocks"]:
        outputs, error = shown(fresh, id)
        failed = "failed" if error else "refused"
        status = "blocked" if id in report.blocked else failed if id in report.failed else "ok"
        results[id] = {
            "status": status,
            "outputs": [["", ""], *outputs],
            **({"error": error} if error else {}),
        }
    results.pop(fresh.dag["prelude"])
    return results


def check_equality(
    telling: Telling, world: World, clean: dict[str, Any], folder: Path, report: RunReport
) -> None:
    for id, result in clean.items():
        status = "blocked" if id in report.blocked else "failed" if id in report.failed else "ok"
        wanted = "failed" if result["status"] == "refused" else result["status"]
        if status != wanted:
            telling.fail(f"{id} is {status}, and {wanted} in a clean run\n{result}\n{report.err}")
        if result["status"] not in ("ok", "failed"):
            continue
        outputs, error = shown(telling.project, id)
        # without the cell that counts
        wanted_outputs = result["outputs"][1:]
        if outputs[: len(wanted_outputs)] != wanted_outputs:
            telling.fail(f"{id} shows {outputs}, and {wanted_outputs} in a clean run")
        if error is not None or "error" in result:
            ename, evalue = result["error"]
            if error is None or error[0] != ename or not error[1].startswith(evalue):
                telling.fail(f"{id} fails with {error}, and with {result['error']} in a clean run")
    for index, block in enumerate(world.blocks):
        name = f"out_{world.own(index)}.txt"
        if "open('out_{v}" not in block.template or clean[f"b{index}"]["status"] != "ok":
            continue
        if (telling.project.folder / name).read_text() != (folder / name).read_text():
            telling.fail(f"{name} is not what a clean run writes")


def shown(p: Project, id: str) -> tuple[list[list[str]], list[str] | None]:
    """Of each cell what it printed and what its last expression is; the error."""
    cells: list[list[str]] = []
    error = None
    for outputs in p.outputs(id):
        cell = ["", ""]
        for output in outputs:
            if output["output_type"] == "stream":
                text = "".join(output["text"]).replace("\r\n", "\n")
                # what %time says last is another thing each time
                cell[0] += re.sub(
                    r"^(CPU times: .*|Wall time: .*|Compiler *: .*)\n", "", text, flags=re.MULTILINE
                )
            elif output["output_type"] == "execute_result":
                cell[1] = "".join(output["data"]["text/plain"])
            else:
                error = [output["ename"], output["evalue"]]
        cells.append(cell)
    return cells, error


def check_minimality(
    telling: Telling, world: World, clean: dict[str, Any], folder: Path, report: RunReport
) -> None:
    for index in range(len(world.blocks)):
        result = clean[f"b{index}"]
        if result["status"] != "ok":
            continue
        code = world.code(index)
        own = world.depends(index)
        for name in world.read(index):
            file = folder / f"out_{name}.txt"
            if f"out_{name}.txt" in code:
                own += file.read_text() if file.exists() else "absent"
        state = str(result["inherited"]) if "random" in code else ""
        everything = own + str(result["given"]) + state
        # components may be larger under one filter than under another
        at_least = own + result["seen"] + (state if ".rand()" in code else "")
        # code of others that runs again for it
        for parent in world.blocks[index].parents:
            if (id := f"b{parent}") in result["live"] or world.blocks[parent].filter == "off":
                everything += str(result["live"].get(id)) + telling.counts[id][0]
                at_least += telling.counts[id][1]
        telling.counts[f"b{index}"] = everything, at_least
        known = telling.past.setdefault(index, [])
        answers = [run for run in known if run.everything == everything and set(result["asked"]) <= run.tried]
        ran = f"b{index}" in report.executed
        # what runs again for another block runs although it need not for itself
        is_asked = f"b{index}" in report.replayed or world.is_volatile(index)
        was_known = any(run.sure for run in answers) and not is_filtered_otherwise(telling, world, index)
        if ran and not is_asked and was_known:
            telling.fail(f"b{index} ran although it ran on the same before\n{everything}")
        if not ran and (world.is_volatile(index) or not any(run.at_least == at_least for run in known)):
            telling.fail(f"b{index} did not run although it never ran on this\n{everything}")
        for run in answers:
            run.sure = True
        if ran or not answers:
            known.append(Remembered(everything, at_least, set(result["tried"])))


def is_filtered_otherwise(telling: Telling, world: World, index: int) -> bool:
    """Whether a block above has run under several filters.

    What was stored under one that takes more still answers under one that takes less, and what shares objects with a
    variable is stored, and counts, with it. The block that runs next under the other filter leaves that out.
    """
    return any(
        len(telling.filters.get(parent, set()) | {world.blocks[parent].filter}) > 1
        or is_filtered_otherwise(telling, world, parent)
        for parent in world.blocks[index].parents
    )


def compare_with_own_clean_run(telling: Telling, world: World) -> None:
    """Bytes of what is handed on, by their digests, are those of a clean run in a fresh copy.

    Under a filter that takes less than the one under which a block ran, what was stored answers: there a variable lies
    together with others that share objects with it, which a clean run leaves out.
    """
    p = telling.project
    clean = p.copy(telling.folder / "own")
    shutil.rmtree(clean.folder / ".dagpy")
    clean.environment["PYTHONHASHSEED"] = "4711"
    clean.run("-j", "1", code=None)
    mine, its = p.status(), clean.status()
    for index in range(len(world.blocks)):
        id = f"b{index}"
        if mine[id]["state"] != "fresh" or its[id]["state"] != "fresh":
            continue
        if telling.filters.get(index) != {world.blocks[index].filter}:
            continue
        digests = [
            {export["name"]: export["digest"] for export in status[id]["exports"] if export["digest"]}
            for status in (mine, its)
        ]
        if any(digests[0][name] != digests[1][name] for name in digests[0].keys() & digests[1].keys()):
            telling.fail(f"{id} hands on other bytes than in a clean run: {digests}")


# ---------------------------------------------------------------------------------- what is left of a failure


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".dagpy", "__pycache__"} & set(path.relative_to(folder).parts)
    }


AGAIN = """\
#!/bin/sh
# Goes through the story: takes over one state after the other and runs what it affects.
set -e
cd "$(dirname "$0")"
rm -rf project && mkdir project && : > tally.log
export TALLY_FILE="$PWD/tally.log"
"""


def leave(telling: Telling, what: str) -> Path:
    """The story as folders, one a state, and a script that goes through them."""
    place = FAILING / telling.folder.name
    for old in FAILING.glob("*"):
        shutil.rmtree(old)
    script = AGAIN
    for number, (state, level) in enumerate(zip(telling.states, telling.levels, strict=True)):
        for name, content in state.items():
            file = place / f"state-{number}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        variables = "".join(f"{name}={value} " for name, value in level.items())
        script += f'echo "state {number}"\ncp state-{number}/* project/\n'
        gone = sorted(telling.states[number - 1].keys() - state.keys()) if number else []
        script += "".join(f"rm -f project/{name}\n" for name in gone)
        script += f"(cd project && {variables}dagpy run) || true\n"
    (place / "again.sh").write_text(script)
    (place / "README.txt").write_text(
        "\n".join([what, "", "What was edited:", *telling.told, "", "sh again.sh"]) + "\n"
    )
    return place

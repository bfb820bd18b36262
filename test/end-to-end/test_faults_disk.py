"""A disk that is full at every write, of engine and worker alike, and a store in which things are broken or missing."""

from __future__ import annotations

import errno
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import EDITS, Trial, counted, hurt, trial_project
from project import Project, User
from proof import LONG, how_many
from proof import counted as prove

RUN = ("run", "-j", "1", "--json")
SEED = time.strftime("%j")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trial_project(tmp_path_factory.mktemp("disk"))


def refused_or_done(code: int, err: str) -> None:
    """A full disk is no bug of the program's, and where it was hit it says so."""
    assert code in (0, 1, 2), err
    assert "    at " not in err and "this is a bug" not in err, err


@pytest.mark.timeout(7200)
def test_every_write_of_the_engine_fails(template: Project, tmp_path: Path) -> None:
    """Simulated, so that every single call is met: at once and for good, or only this once."""
    trial = Trial(template, tmp_path / "project", EDITS["revert"])
    log = tmp_path / "steps"
    p = trial.open()
    assert hurt(p, log, *RUN, fail={"step": 10_000, "code": "ENOSPC"}).code == trial.code
    steps = counted(log)["engine"]
    numbers = random.Random(SEED).sample(range(1, steps + 1), min(steps, how_many(2, 1000)))
    failures: list[str] = []
    for number in numbers:
        for once in (True, False) if LONG else (number % 2 == 0,):
            p = trial.open()
            wish = {"step": number, "code": "ENOSPC", **({"last": number} if once else {})}
            ended = hurt(p, log, *RUN, fail=wish)
            try:
                refused_or_done(ended.code, ended.err)
                trial.after_fault(p)
                trial.recover(p)
            except AssertionError as error:
                failures.append(f"ENOSPC at step {number}, once: {once}\n{error}\n{ended.err}")
            prove("failed writes of the engine")
    assert failures == [], "\n\n".join(failures)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "dagpy-test", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Takes all of the disk but `leave` bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        piece = bytes(4096)
        try:
            while True:
                file.write(piece)
        except OSError as error:
            assert error.errno == errno.ENOSPC
        file.truncate(max(0, file.tell() - leave))
    return filler


@pytest.mark.timeout(7200)
def test_a_disk_with_ever_less_room(template: Project, tmp_path: Path, small_disk: Path) -> None:
    """Really full, after so many pages, for whoever writes then: engine, worker, or the block's own code."""
    trial = Trial(template, tmp_path / "trial", EDITS["advance"])
    trial.place = small_disk / "project"
    pages = list(range(160)) + list(range(160, 1400, 40))
    failures: list[str] = []
    met = 0
    for page in sorted(random.Random(SEED).sample(pages, min(len(pages), how_many(3, 1000)))):
        p = trial.open()
        filler = fill(small_disk, page * 4096)
        done = p.cli(*RUN, code=None)
        filler.unlink()
        met += re.search(r"disk is full|No space left", done.err) is not None
        try:
            refused_or_done(done.code, done.err)
            trial.after_fault(p)
            trial.recover(p)
        except AssertionError as error:
            failures.append(f"{page} pages left\n{error}\n{done.err}")
        prove("full disks")
    assert failures == [], "\n\n".join(failures)
    assert met > 0


# ------------------------------------------------------------------------------------ things broken in the store


def flipped(file: Path, chosen: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[chosen.randrange(len(content))] ^= 1 << chosen.randrange(8)
    file.write_bytes(content)


def cut(file: Path, chosen: random.Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: chosen.randrange(len(content))])


def swapped(file: Path, chosen: random.Random) -> None:
    other = chosen.choice([each for each in sorted(file.parent.parent.rglob("*")) if each.is_file()])
    file.write_bytes(other.read_bytes())


Damage = Callable[[Path, random.Random], None]


def emptied(file: Path, _: random.Random) -> None:
    file.write_bytes(b"")


def missing(file: Path, _: random.Random) -> None:
    file.unlink()


def lengthened(file: Path, _: random.Random) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def a_folder(file: Path, _: random.Random) -> None:
    file.unlink()
    file.mkdir()


DAMAGES: dict[str, Damage] = {
    damage.__name__: damage for damage in (flipped, cut, emptied, missing, lengthened, swapped, a_folder)
}


def stored_files(p: Project) -> list[Path]:
    """Objects, traces, facts, memory and verdicts."""
    hidden = p.folder / ".dagpy"
    kinds = ("objects", "traces", "facts", "blocks", "verdicts")
    return [
        file
        for kind in kinds
        for file in sorted((hidden / kind).rglob("*"))
        if file.is_file() and file.stat().st_size
    ]


@pytest.mark.timeout(7200)
def test_anything_in_the_store_is_broken(template: Project, tmp_path: Path) -> None:
    """One file at a time, and a random part of all of them."""
    trial = Trial(template, tmp_path / "project", EDITS["revert"])
    files = [file.relative_to(trial.place) for file in stored_files(trial.open())]
    assert len(files) > 20
    chosen = random.Random(SEED)
    single = [([file], damage) for file in files for damage in DAMAGES]
    chosen.shuffle(single)
    groups = [
        (chosen.sample(files, chosen.randint(2, len(files))), chosen.choice(list(DAMAGES)))
        for _ in range(how_many(2, 60))
    ]
    failures: list[str] = []
    for some, damage in [*single[: how_many(2, 300)], *groups]:
        p = trial.open()
        for name in some:
            file = p.folder / name
            file.chmod(0o644)
            DAMAGES[damage](file, chosen)
        try:
            trial.recover(p, damaged=True)
        except AssertionError as error:
            failures.append(f"{damage}: {[str(each) for each in some]}\n{error}")
        prove("broken stores")
    assert failures == [], "\n\n".join(failures)


def test_files_of_a_run_that_nothing_is_known_of(template: Project, tmp_path: Path) -> None:
    """They are taken for somebody's own edit by nobody: what a block wrote comes back, what was there is kept aside."""
    trial = Trial(template, tmp_path / "project", EDITS["revert"])
    p = trial.open()
    uid = p.notebook("writes")["metadata"]["dagpy"]["uid"]
    (p.folder / ".dagpy" / "blocks" / f"{uid}.json").write_bytes(b"")
    done = trial.recover(p, damaged=True)
    assert "nothing is known of any more" in done.err
    kept = [file.read_text() for file in (p.folder / ".dagpy" / "replaced").iterdir()]
    assert "row\n" * 4 in kept


def test_damage_below_what_is_fresh(template: Project, tmp_path: Path) -> None:
    """Nothing is loaded while all is fresh; a later edit meets the damage and makes the value anew."""
    trial = Trial(template, tmp_path / "project", EDITS["advance"])
    p = trial.open()
    trial.recover(p)
    chosen = random.Random(SEED)
    for file in (p.folder / ".dagpy" / "objects").glob("??/*"):
        file.chmod(0o644)
        flipped(file, chosen)
        file.chmod(0o444)
    p.edit("sums", 0, "values.shape", "values.shape, 'again'")
    p.edit("below", 0, "shared)", "shared, 'again')")
    assert p.run().failed == set()
    fresh = p.copy(tmp_path / "fresh", User(tmp_path / "other"))
    fresh.run()
    assert [p.text(id) for id in ("sums", "below", "uses")] == [
        fresh.text(id) for id in ("sums", "below", "uses")
    ]
    assert p.text("sums").endswith("again\n")

"""`kill -9` of engine, zygote, worker and helper at numbered steps and at any time: the next run is right.

In the quick part a few steps, other ones each day (`DAGPY_SEED=123` for those of a certain day of the year); in the
long part every step, and hundreds of moments.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from faults import EDITS, ROLES, Trial, counted, hurt, kill_now, trial_project
from project import Project, end_group
from proof import LONG, how_many
from proof import counted as prove

RUN = ("run", "-j", "1", "--json")
SEED = os.environ.get("DAGPY_SEED") or time.strftime("%j")
QUICK = {"engine": 3, "host": 1, "worker": 2, "helper": 1}
#: Of each role and edit; as good as all of them.
EVERY = 300


class Counted(Trial):
    """A trial whose steps are known."""

    def __init__(self, template: Project, edit: str) -> None:
        super().__init__(template, template.folder.parent / edit, EDITS[edit])
        self.log = template.folder.parent / f"{edit}-steps"
        p = self.open()
        began = time.monotonic()
        whole = hurt(p, self.log, *RUN)
        self.span = time.monotonic() - began
        assert whole.code == self.code, whole.err
        self.steps = counted(self.log)
        self.recover(p)
        assert self.steps["engine"] > 100 and self.steps["worker"] > 10
        assert self.steps["host"] > 4 and self.steps["helper"] > 0


@pytest.fixture(scope="module")
def trial_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Counted]:
    """The trial of an edit, made once."""
    template = trial_project(tmp_path_factory.mktemp("kill"))
    made: dict[str, Counted] = {}

    def trial(edit: str) -> Counted:
        if edit not in made:
            made[edit] = Counted(template, edit)
        return made[edit]

    return trial


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("edit", EDITS if LONG else ["revert"])
def test_killed_at_every_step(trial_of: Callable[[str], Counted], edit: str, role: str) -> None:
    trial = trial_of(edit)
    log = trial.log
    steps = trial.steps[role]
    wanted = min(steps, how_many(QUICK[role], EVERY))
    numbers = sorted(random.Random(f"{SEED} {role}").sample(range(1, steps + 1), wanted))
    failures: list[str] = []
    for number in numbers:
        p = trial.open()
        ended = hurt(p, log, *RUN, kill={"role": role, "step": number})
        # Output comes in other pieces each time, so that there may be a few steps less.
        happened = counted(log)[role] >= number
        try:
            assert happened or number > 0.8 * steps
            if role == "engine":
                assert ended.code == (-signal.SIGKILL if happened else trial.code)
            else:
                assert ended.code in (0, 1, 2)
                assert "    at " not in ended.err
            trial.after_fault(p)
            trial.recover(p)
            if number % 5 == 0:
                trial.recover_without_files(p)
        except AssertionError as error:
            # The rest of the series tells where it begins and ends.
            failures.append(f"{edit}: {role} killed at step {number}\n{error}\n{ended.err}")
        if happened:
            prove(f"kills at a step of {role}")
    assert failures == [], "\n\n".join(failures)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("edit", EDITS if LONG else ["revert"])
def test_killed_at_any_time(trial_of: Callable[[str], Counted], edit: str) -> None:
    chosen = random.Random(f"{SEED} {edit}")
    trial = trial_of(edit)
    failures: list[str] = []
    for number in range(how_many(2, 70)):
        p = trial.open()
        process = p.start("run", "--json")
        moment = chosen.uniform(0, trial.span)
        victim = chosen.choice(["engine", "engine", "some Python", "everything"])
        try:
            time.sleep(moment)
            if victim == "engine":
                killed = [process.pid]
            else:
                found = [pid for pid in p.processes() if pid != process.pid]
                some = found[: chosen.randint(0, len(found))]
                killed = some if victim == "some Python" else [process.pid, *found]
            for pid in killed:
                kill_now(pid)
            _, err = process.communicate(timeout=60)
        finally:
            end_group(process)
        try:
            assert "    at " not in err
            trial.after_fault(p)
            trial.recover(p)
        except AssertionError as error:
            failures.append(f"{edit}: {victim} killed after {moment:.3f} s, number {number}\n{error}\n{err}")
        prove("kills at any time", min(1, len(killed)))
    assert failures == [], "\n\n".join(failures)

"""`dagpy watch`: what is saved in any editor runs what it affects, and nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from project import Project, end_group, wait_until
from serving import serving


def make(project) -> Project:
    p = project(
        {
            "load": ["text = open('data.txt').read()"],
            "shout": (["import helper\nloud = helper.shout(text)\nprint(loud)"], {"parents": ["load"]}),
            "other": ["print('other')"],
            "slow": (
                ["import time\nprint('begun', flush=True)\ntime.sleep(60 if n == 1 else 0)\nprint(n)"],
                {"parents": ["number"]},
            ),
            "number": ["n = 0"],
        }
    )
    p.write("data.txt", "hello")
    p.write("helper.py", "def shout(text): return text.upper()\n")
    p.run()
    return p


class Watching:
    """A running `dagpy watch`, and what it has said so far."""

    def __init__(self, p: Project) -> None:
        self.p = p
        self.process: Any = p.start("watch")
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.until(lambda: any("watching" in line for line in self.lines), "it watches")
        # the first look at everything
        time.sleep(1)

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.append(line)

    def until(self, condition: Any, what: str) -> None:
        try:
            wait_until(condition, what, self.process, seconds=20)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{''.join(self.lines)}") from None

    def ran_since(self, before: int) -> list[str]:
        return self.p.tally()[before:]


@contextmanager
def watching(p: Project, *, beside_daemon: bool = False) -> Iterator[Watching]:
    watched = Watching(p)
    try:
        yield watched
        os.kill(watched.process.pid, signal.SIGINT)
        assert watched.process.wait(timeout=15) == 0, "".join(watched.lines)
        # a daemon keeps its workers
        assert beside_daemon or p.settled() == []
    finally:
        end_group(watched.process)


def test_each_kind_of_file_that_is_saved(project) -> None:
    p = make(project)
    with watching(p) as watched:
        for change, executed, shown in [
            (lambda: p.write("data.txt", "bye"), ["load", "shout"], "BYE\n"),
            (lambda: p.write("helper.py", "def shout(text): return text + '!'\n"), ["shout"], "bye!\n"),
            (lambda: p.edit("shout", 0, "print(loud)", "print(loud, 1)"), ["shout"], "bye! 1\n"),
        ]:
            before = len(p.tally())
            change()
            watched.until(lambda shown=shown: p.text("shout") == shown, f"shout shows {shown!r}")
            assert watched.ran_since(before) == executed
        # a remark changes nothing, and saving without a change says nothing at all
        before = len(p.tally())
        p.edit("shout", 0, "print(loud, 1)", "print(loud, 1)  # remark")
        time.sleep(3)
        said = len(watched.lines)
        p.path("other").touch()
        time.sleep(3)
        assert watched.ran_since(before) == [] and watched.lines[said:] == []


def test_a_broken_file_is_told_and_forgiven(project) -> None:
    p = make(project)
    with watching(p) as watched:
        good = (p.folder / "dag.json").read_text()
        p.write("dag.json", good[:-20])
        watched.until(
            lambda: any("dag.json" in line and "error" in line for line in watched.lines), "an error"
        )
        p.write("dag.json", good)
        p.write("data.txt", "again")
        watched.until(lambda: p.text("shout") == "AGAIN\n", "it goes on")


def test_what_became_obsolete_is_cancelled(project) -> None:
    p = make(project)
    with watching(p) as watched:
        before = p.tally().count("slow")
        p.edit("number", 0, "n = 0", "n = 1")
        watched.until(lambda: p.tally().count("slow") == before + 1, "slow has begun")
        time.sleep(0.3)
        p.edit("number", 0, "n = 1", "n = 2")
        watched.until(lambda: p.text("slow") == "begun\n2\n", "the new value went through")
        assert any("edited meanwhile" in line for line in watched.lines), "".join(watched.lines)


def test_runs_of_a_watch_are_the_daemons(project) -> None:
    p = make(project)
    with serving(p) as daemon:
        follower = daemon.follow()
        with watching(p, beside_daemon=True) as watched:
            before = len(p.tally())
            p.write("data.txt", "bye")
            watched.until(lambda: "shout" in watched.ran_since(before), "shout ran")
            assert follower.ended()["executed"] == ["load", "shout"]
            watched.until(lambda: any("2 ran" in line for line in watched.lines), "it is told")
            # what became obsolete is taken back there too
            p.edit("number", 0, "n = 0", "n = 1")
            follower.until(lambda: follower.states()["slow"] == "running", "slow runs")
            p.edit("number", 0, "n = 1", "n = 2")
            watched.until(lambda: any("starting over" in line for line in watched.lines), "it starts over")
            follower.until(lambda: follower.states()["slow"] == "fresh", "slow ran with what is new")
            assert p.text("slow").endswith("2\n")

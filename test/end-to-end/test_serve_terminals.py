"""Terminals beside a daemon: their runs, their turns, and what becomes of them when a terminal ends."""

from __future__ import annotations

import json
import signal

from project import end_group
from serving import serving

SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60 if n == 1 else 0)\nprint('done')"


def test_a_terminal_hands_its_run_to_the_daemon(project) -> None:
    p = project(
        {
            "who": ["import os\nname = os.environ.get('WHO')\nprint(name, year)"],
            "next": (["import os\nprint(name, os.getppid())"], {"parents": ["who"]}),
            "bad": ["import os\nif os.environ.get('WHO') == 'terminal': raise ValueError('no')"],
        },
        parameters={"year": 2024},
    )
    with serving(p, environment={"WHO": "daemon"}) as daemon:
        follower = daemon.follow()
        report = p.run("who", "next", "-p", "year=2030", environment={"WHO": "terminal"})
        assert report.executed == {"who", "next"}
        # in the environment of who asked, with the parameters that were given
        assert p.text("who") == "terminal 2030\n"
        assert "✓ who ran" in report.err and "2 ran in" in report.err
        assert follower.ended()["run"] == report.document["run"]
        assert any(e["event"] == "cellOutput" for e in follower.events)
        # it was one of the daemon's workers
        assert int(p.text("next").split()[1]) in p.processes()
        # a terminal's own environment is another one than the daemon's: there, what was made is stale
        assert follower.block("who")["state"] == "stale"
        failed = p.run("bad", code=1, environment={"WHO": "terminal"})
        assert failed.failed == {"bad"} and "ValueError: no" in failed.err and "error:" in failed.err
        unknown = p.cli("run", "nobody", code=2)
        assert "no block nobody" in unknown.err
        wrong = p.cli("run", "-p", "month=1", code=2)
        assert "no parameter month" in wrong.err
        again = p.run("who", environment={"WHO": "terminal"})
        assert again.executed == {"who"}
        assert p.run("who", environment={"WHO": "terminal"}).fresh == {"who"}
        # and that it had nothing to do is kept for the next call: nobody else is asked then
        seen = len(follower.events)
        assert p.run("who", environment={"WHO": "terminal"}).fresh == {"who"}
        assert len(follower.events) == seen
        logs = list((p.folder / ".dagpy" / "runs").glob("*.jsonl"))
        assert report.document["run"] in {log.stem for log in logs}


OPENED = """
const fs = require('node:fs');
const seen = [];
const read = fs.readFileSync;
fs.readFileSync = (file, ...rest) => (seen.push(String(file)), read(file, ...rest));
process.on('exit', () => fs.writeFileSync(process.env.OPENED, JSON.stringify(seen)));
"""


def test_a_terminal_that_hands_over_reads_no_notebook(project, tmp_path) -> None:
    p = project({f"b{number}": [f"print({number})"] for number in range(5)})
    preload, opened = tmp_path / "opened.cjs", tmp_path / "opened.json"
    preload.write_text(OPENED)
    environment = {"NODE_OPTIONS": f"--require={preload}", "OPENED": str(opened)}

    def read_by_a_run() -> set[str]:
        p.append("b3", "print('more')")
        assert "b3" in p.run(environment=environment).executed
        return {name.rsplit("/", 1)[-1] for name in json.loads(opened.read_text())}

    with serving(p, environment=environment):
        names = read_by_a_run()
    assert "handOver.cjs" in names
    assert "project.cjs" not in names and not any(name.endswith(".ipynb") for name in names)
    assert {"project.cjs", "b3.ipynb"} <= read_by_a_run()


def test_what_is_to_be_warned_of_is_told_once_wherever_it_runs(project) -> None:
    p = project({"a": ["year = 1\nprint(year)"]}, parameters={"year": 2024})
    other = project({"b": ["1"]}, user=p.user)

    def warnings(year: int) -> int:
        return p.run("-p", f"year={year}").err.count("sets year itself")

    assert warnings(1) == 1
    with serving(other):
        assert warnings(2) == 1
    with serving(p):
        assert warnings(3) == 1


def test_ctrl_c_in_a_terminal_cancels_its_run_alone(project) -> None:
    p = project({"number": ["n = 1"], "slow": ([SLOW], {"parents": ["number"]})})
    with serving(p) as daemon:
        follower = daemon.follow()
        process = p.start("run", "--json")
        try:
            follower.until(lambda: follower.states()["slow"] == "running", "slow runs")
            waiting = p.start("run", "number", "--json")
            follower.until(lambda: follower.view["run"]["waiting"] == 1, "the second one waits")
            third = p.start("run", "number", "--json")
            follower.until(lambda: follower.view["run"]["waiting"] == 2, "the third one waits")
            third.send_signal(signal.SIGINT)
            out, err = third.communicate(timeout=20)
            assert third.returncode == 130 and "before it began" in err
            assert json.loads(out)["problems"][0]["code"] == "cancelled"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            assert process.returncode == 130, err
            assert json.loads(out)["cancelled"] == ["slow"] and "stopping" in err
            out, err = waiting.communicate(timeout=20)
            assert waiting.returncode == 0 and json.loads(out)["fresh"] == ["number"], err
        finally:
            end_group(process)
        assert daemon.call("hello")["pid"] == daemon.process.pid


def test_a_terminal_of_another_version_runs_by_itself(project) -> None:
    p = project({"a": ["x = 1"]})
    with serving(p) as daemon:
        [file] = daemon.registrations()
        told = json.loads(file.read_text())
        file.write_text(json.dumps({**told, "program": "0.0.0"}))
        report = p.run()
        assert report.executed == {"a"}
        said = [line for line in report.err.splitlines() if "0.0.0" in line]
        assert len(said) == 1 and f"kill {daemon.process.pid}" in said[0], report.err
        assert daemon.said == []
        file.write_text(json.dumps({**told, "secret": "another"}))
        assert p.run("--force").executed == {"a"}


def test_a_terminal_that_is_killed_takes_its_runs_back(project) -> None:
    p = project({"number": ["n = 1"], "slow": ([SLOW], {"parents": ["number"]})})
    with serving(p) as daemon:
        follower = daemon.follow()
        started = [p.start("run", "--json")]
        try:
            follower.until(lambda: p.tally() == ["number", "slow"], "slow runs")
            started.append(p.start("run", "number", "--force", "--json"))
            follower.until(lambda: follower.view["run"]["waiting"] == 1, "the second one waits")
            # one that waits never begins, one that is on ends as with Ctrl-C
            started[1].kill()
            follower.until(lambda: follower.view["run"]["waiting"] == 0, "it is taken back")
            started[0].kill()
            assert follower.ended()["cancelled"] == ["slow"]
            follower.until(lambda: follower.view["run"] is None, "nothing runs")
            assert p.tally() == ["number", "slow"]
        finally:
            for process in started:
                end_group(process)
                process.communicate()


def test_the_store_is_kept_in_order_while_blocks_run(project) -> None:
    p = project(
        {"number": ["n = 0"], "slow": (["import time\ntime.sleep(wait)"], {"parents": ["number"]})},
        parameters={"wait": 0},
    )
    p.run()
    with serving(p) as daemon:
        follower = daemon.follow()
        for words in (["verify", "--json"], ["gc", "--json"], ["restore", "number", "1"], ["clear", "--yes"]):
            started = len(follower.events)
            follower.call(
                "run",
                target={"kind": "ids", "selectors": ["slow"], "reach": "only"},
                force=True,
                parameters={"wait": 2},
            )
            follower.until(lambda: follower.states()["slow"] == "running", "slow runs")
            done = p.cli("cache", *words)
            assert done.code == 0 and "waiting until" in done.err, done.err
            ended = [e for e in follower.events[started:] if e["event"] == "runFinished"]
            assert [e["report"]["executed"] for e in ended] == [["slow"]], "it was waited for"
            follower.until(lambda: follower.view["run"] is None, "nothing runs")
            # and what comes next is not kept waiting by one that has gone
            before = len(follower.events)
            follower.call("run", target={"kind": "ids", "selectors": ["number"], "reach": "only"})
            follower.until(
                lambda: [e for e in follower.events[before:] if e["event"] == "runFinished"],  # noqa: B023
                "number was looked at",
            )
            follower.until(lambda: follower.states()["number"] == "fresh", "number is fresh")
        follower.call("run", target={"kind": "all"}, force=True, parameters={"wait": 1})
        # asked for by a page it waits too
        assert daemon.call("collectCache", project="")["freedBytes"] >= 0

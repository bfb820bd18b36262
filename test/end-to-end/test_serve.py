"""`dagpy serve`: what notebooks and terminals ask of it, and that a project never suffers from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from project import Project, end_group, wait_until
from serving import SECRET, Daemon, RefusedError, refusal, serving

SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60 if n == 1 else 0)\nprint('done')"


def test_nobody_gets_in_without_the_secret(chain: Project) -> None:
    with serving(chain) as daemon:
        assert daemon.request("POST", "/v1/calls/hello", {}, {})[0] == 401
        assert daemon.request("POST", "/v1/calls/hello", {}, {SECRET: daemon.secret[:-1] + "?"})[0] == 403
        assert daemon.call("hello") == {
            "version": 1,
            "program": chain.cli("--version").out.strip(),
            "pid": daemon.process.pid,
            "root": str(chain.folder),
        }
        assert stat.S_IMODE(Path(daemon.socket).stat().st_mode) & 0o077 == 0
        [file] = daemon.registrations()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert not daemon.socket.startswith(str(chain.folder))
    assert not file.exists()


def test_the_secret_of_the_parent_is_seen_by_no_block(project) -> None:
    p = project(
        {"look": ["import os\nprint([n for n in os.environ if 'SECRET' in n and 'WORKER' not in n])"]}
    )
    with serving(p, environment={"DAGPY_SERVE_SECRET": "of the parent"}) as daemon:
        daemon.secret = "of the parent"
        follower = daemon.follow()
        follower.call("run", target={"kind": "all"})
        assert follower.ended()["executed"] == ["look"]
        assert p.text("look") == "[]\n"
        assert "of the parent" not in Path(f"/proc/{daemon.process.pid}/cmdline").read_text()


def test_an_edit_on_disk_is_a_patch_with_exactly_what_it_changes(chain: Project) -> None:
    with serving(chain) as daemon:
        follower = daemon.follow()
        assert set(follower.states().values()) == {"fresh"}
        assert follower.hello["version"] == 1
        first = follower.view["revision"]
        chain.edit("sort", 0, "sorted(raw)", "sorted(raw, reverse=True)")
        follower.until(lambda: follower.states()["sort"] == "stale", "sort is stale")
        assert follower.states() == {
            "load": "fresh",
            "sort": "stale",
            "top": "affected",
            "cap": "fresh",
            "report": "affected",
            "alone": "fresh",
        }
        assert follower.revisions == [first, first + 1]
        [patch] = follower.patches
        assert {block["id"] for block in patch["blocks"]} == {"sort", "top", "report"}
        assert patch["order"] is None and set(patch["fields"]) == {"preview"}
        sort = follower.block("sort")
        assert sort["changedCells"] == [2]
        assert sort["reasons"] == [{"kind": "code", "detail": "cell 2 changed"}]
        preview = follower.view["preview"]
        assert preview["runs"] == ["sort"] and set(preview["mayRun"]) == {"top", "report"}
        assert set(preview["kept"]) == {"load", "cap", "alone"}
        # undone in the editor: nothing is stale any more, and a remark changes nothing
        chain.edit("sort", 0, "sorted(raw, reverse=True)", "sorted(raw)  # as before")
        follower.until(lambda: set(follower.states().values()) == {"fresh"}, "all is fresh again")


def test_a_run_is_told_as_it_goes(chain: Project) -> None:
    chain.edit("load", 2, "limit = 10", "limit = 2")
    chain.edit("top", 0, "print(best)", "print(best)\nprint('more')")
    with serving(chain) as daemon:
        follower, other = daemon.follow(), daemon.follow()
        before = len(chain.tally())
        run = follower.call("run", target={"kind": "affected"}, by="a test")["run"]
        report = follower.ended()
        assert report["run"] == run
        # what sort reads came out equal, so it need not run
        assert set(report["executed"]) == {"load", "cap", "top", "report"}
        assert set(chain.tally()[before:]) == {"load", "cap", "top", "report"}
        assert chain.text("report") == "3 [2, 1, 2]\n"
        other.until(lambda: other.view == follower.view, "both see the same")
        shared = [r for r in follower.revisions if r in other.revisions]
        assert shared == sorted(shared) and shared[-1] == follower.view["revision"]
        assert set(follower.states().values()) == {"fresh"}
        assert {b["id"]: b["lastRun"] for b in follower.view["blocks"]}["load"] == "executed"
        assert follower.view["lastRun"]["executed"] == report["executed"]
        shown = {block["id"]: block["state"] for patch in follower.patches for block in patch["blocks"]}
        assert shown["load"] == "fresh"
        assert any(
            block["state"] == "running" and block["progress"]["cells"] == 3
            for patch in follower.patches
            for block in patch["blocks"]
            if block["id"] == "load"
        )
        [whole] = [e for e in follower.events if e["event"] == "blockOutputs" and e["block"] == "top"]
        assert whole["cells"][1]["outputs"] == [
            {"output_type": "stream", "name": "stdout", "text": "3\nmore\n"}
        ]
        assert whole["cells"][1]["cell"] == {"id": "cell-0", "place": 2}
        live = "".join(
            output["text"]
            for event in follower.events
            if event["event"] == "cellOutput" and event["block"] == "top"
            for output in event["outputs"]
        )
        assert live == "3\nmore\n"
        [listed] = [each for each in daemon.call("runs", project="")["runs"] if each["run"] == run]
        assert set(listed["executed"]) == set(report["executed"])
    # what a terminal keeps of its runs, the daemon keeps too
    lines = (chain.folder / ".dagpy" / "runs" / f"{run}.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["event"] == "runStarted" and json.loads(lines[-1])["event"] == "runFinished"
    chain.idle()


def test_a_failure_says_where_and_how_also_to_the_next_daemon(project) -> None:
    p = project({"good": ["x = 0"], "bad": ([("markdown", "# Bad"), "1 / x"], {"parents": ["good"]})})
    with serving(p) as daemon:
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        assert follower.ended()["failed"] == ["bad"]
        failure = follower.block("bad")["failure"]
        assert failure["message"] == "ZeroDivisionError: division by zero"
        assert failure["cell"] == 3 and failure["remedy"]
        assert "1 / x" in re.sub(r"\x1b\[[\d;]*m", "", "".join(failure["traceback"]))
        assert follower.block("bad")["state"] == "failed"
    with serving(p) as daemon:
        bad = daemon.follow().block("bad")
        assert bad["failure"] == failure and bad["state"] == "failed"


def test_a_run_is_cancelled_and_leaves_the_project_clean(project) -> None:
    p = project({"number": ["n = 1"], "slow": ([SLOW], {"parents": ["number"]})})
    with serving(p) as daemon:
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        follower.until(
            lambda: any(e["event"] == "cellOutput" and e["outputs"] for e in follower.events),
            "slow has begun",
        )
        view = follower.until(lambda: follower.view["run"], "a run in the view")
        assert view["upTo"] == 2 and view["waiting"] == 0
        other = daemon.follow()
        thread = threading.Thread(target=lambda: other.call("run", target={"kind": "all"}))
        thread.start()
        follower.until(lambda: follower.view["run"]["waiting"] == 1, "another one waits")
        follower.call("cancel")
        report = follower.ended()
        assert report["cancelled"] == ["slow"] and report["executed"] == ["number"]
        # the one that waited has begun: it goes the same way
        follower.until(lambda: follower.view["run"] is not None, "the next one is on")
        other_run = follower.view["run"]["run"]
        assert other_run != report["run"]
        follower.call("cancel", run="another one")
        assert follower.view["run"] is not None
        follower.call("cancel", run=other_run)
        follower.until(lambda: follower.view["run"] is None, "nothing runs")
        thread.join(timeout=10)
        assert follower.states() == {"number": "fresh", "slow": "never"}
    assert not list((p.folder / ".dagpy" / "tmp").iterdir())
    p.edit("number", 0, "n = 1", "n = 2")
    assert p.run().executed == {"number", "slow"}


def test_a_block_that_is_edited_while_others_run_is_stale_and_counts_as_done(project) -> None:
    p = project(
        {
            "first": ["a = 1"],
            "second": (["import time\ntime.sleep(4)\nb = a"], {"parents": ["first"]}),
            "third": (["import time\ntime.sleep(60)\nprint(b)"], {"parents": ["second"]}),
        }
    )
    with serving(p) as daemon:
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        follower.until(lambda: follower.states()["second"] == "running", "second runs")
        p.edit("first", 0, "a = 1", "a = 2")
        follower.until(lambda: follower.states()["first"] == "stale", "the edit is seen")
        assert follower.view["run"]["done"] == 1
        follower.until(
            lambda: follower.states()["third"] == "running" and follower.view["run"]["done"] == 2,
            "the next one runs",
        )
        assert follower.states()["first"] == "stale"
        follower.call("cancel")
        follower.ended()


def test_a_run_survives_who_asked_for_it_and_ends_with_the_daemon(project) -> None:
    p = project({"slow": ["import time\nprint('begun', flush=True)\ntime.sleep(1.5)\nx = 1"]})
    with serving(p) as daemon:
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        follower.close()
        later = daemon.follow()
        assert later.view["run"]["target"] == ["slow"] and later.states() == {"slow": "running"}
        later.until(lambda: later.states() == {"slow": "fresh"}, "it has gone on")
        p.edit("slow", 0, "1.5", "60")
        daemon.call("run", project="", target={"kind": "affected"})
        assert daemon.end() == 0
    assert p.states() == {"slow": "stale"}
    p.edit("slow", 0, "60", "0")
    assert p.run().executed == {"slow"}


def test_the_end_of_the_parent_is_the_end(project) -> None:
    p = project({"slow": ["import time\ntime.sleep(60)"]})
    daemon = Daemon(p, "--with-parent", stdin=subprocess.PIPE)
    try:
        daemon.call("run", project="", target={"kind": "affected"})
        daemon.process.stdin.close()
        assert daemon.process.wait(timeout=20) == 0
        assert p.settled() == []
        assert [json.loads(line) for line in daemon.said if line.startswith("{")][:1] == [{"running": 1}]
        assert not Path(daemon.socket).exists()
    finally:
        end_group(daemon.process)


def test_killed_it_leaves_a_project_that_the_terminal_runs(project) -> None:
    p = project({"number": ["n = 1"], "slow": ([SLOW], {"parents": ["number"]})})
    daemon = Daemon(p, "--socket", str(Path(p.environment["XDG_RUNTIME_DIR"]) / "mine.sock"))
    try:
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        follower.until(lambda: follower.states()["slow"] == "running", "slow runs")
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
    finally:
        end_group(daemon.process)
    assert p.settled() == []
    assert Path(daemon.socket).exists()
    p.edit("number", 0, "n = 1", "n = 2")
    assert p.run().executed == {"number", "slow"}
    # its socket and its registration are in nobody's way
    with serving(p, "--socket", daemon.socket) as again:
        assert again.states() == {"number": "fresh", "slow": "fresh"}
        assert [json.loads(file.read_text())["pid"] for file in again.registrations()] == [again.process.pid]
        taken = p.cli("serve", "--socket", daemon.socket, code=2)
        assert "another process listens" in taken.err
        far = p.cli("serve", "--socket", "/tmp/" + "x" * 120, code=2)
        assert "107" in far.err


def test_a_process_that_reads_code_is_killed(chain: Project) -> None:
    """By the system where memory is short, for instance: the next look starts another one."""
    with serving(chain) as daemon:
        follower = daemon.follow()
        for number in (1, 2, 3):
            chain.append("alone", f"extra = {number}")
            follower.until(lambda: follower.block("alone")["state"] == "stale", "the edit is seen")
            run = follower.call("run", target={"kind": "affected"})["run"]
            follower.until(lambda run=run: (follower.view["lastRun"] or {}).get("run") == run, "its end")
            assert follower.block("alone")["state"] == "fresh"
            killed = [pid for pid in chain.processes() if b"\0helper\0" in _command(pid)]
            assert len(killed) == 1
            os.kill(killed[0], signal.SIGKILL)


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_whatever_comes_in_it_goes_on(chain: Project) -> None:
    before = chain.digest()
    with serving(chain) as daemon:
        deep = b'{"project":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
        for body in [b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", deep, b'{"project": 5}', b"{}"]:
            status, answer = daemon.request("POST", "/v1/calls/view", body)
            assert status == 400 and answer["problems"][0]["remedy"], body[:20]
        for path in ["/v1/calls/constructor", "/v1/calls/", "/v1/../etc/passwd", "/", "/v1/calls/view/x"]:
            assert daemon.request("POST", path, {})[0] == 404
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(daemon.socket)
        raw.sendall(b"POST /v1/calls/view HTTP/1.1\r\nContent-Length: 99999999999\r\n" + b"x" * 100_000)
        raw.close()
        follower = daemon.follow()
        follower.send(kind="call", id=1000, name="view", parameters={"project": 5})
        follower.until(lambda: 1000 in follower.answers, "a refusal")
        assert follower.answers[1000]["kind"] == "refusal"
        with pytest.raises(RefusedError, match="there is no call"):
            follower.call("toString")
        assert refusal(
            daemon, "run", project="", target={"kind": "ids", "selectors": ["no"], "reach": "needs"}
        )
        assert refusal(daemon, "run", project="", target={"kind": "some"}) == "call"
        assert refusal(daemon, "renameBlock", project="", block="load", to="../load") == "block-id"
        # a notebook as large as they come
        content = {"cells": [], "metadata": {"x": "y" * 60_000_000}, "nbformat": 4, "nbformat_minor": 5}
        assert refusal(daemon, "mergeFlow", project="", path="no/where.ipynb", content=content)
        assert set(daemon.states().values()) == {"fresh"}
        assert not any("bug" in line for line in daemon.said), daemon.said
    assert chain.digest() == before


def test_nothing_outside_the_root_is_looked_at(project, tmp_path: Path) -> None:
    p = project({"a": ["x = 1"]})
    secret = tmp_path / "secret"
    shutil.copytree(p.folder, secret)
    inner = p.folder / "inner"
    shutil.copytree(secret, inner)
    (p.folder / "link").symlink_to(secret)
    with serving(p, "--root", str(p.folder)) as daemon:
        assert daemon.call("locate", path="a.ipynb") == {"project": ""}
        assert daemon.call("locate", path="inner/a.ipynb") == {"project": "inner"}
        assert daemon.call("locate", path=str(inner / "not there" / "b.ipynb")) == {"project": "inner"}
        assert daemon.call("view", project="inner")["project"] == "inner"
        for path in [
            "..",
            "../secret",
            str(secret),
            "link",
            "link/a.ipynb",
            "inner/../../secret",
            "/",
            "a\0b",
        ]:
            assert refusal(daemon, "locate", path=path) == "outside-root", path
            assert refusal(daemon, "view", project=path) == "outside-root", path
        assert refusal(daemon, "createProject", folder="../new") == "outside-root"
        assert refusal(daemon, "view", project="no/where") == "no-project"
        assert daemon.follow("link").lost[0][0]["code"] == "outside-root"
        made = daemon.call("createProject", folder="fresh/one", name="One")
        assert made == {"project": "fresh/one"}
        assert json.loads((p.folder / "fresh/one/dag.json").read_text())["name"] == "One"
        assert daemon.call("view", project="fresh/one")["blocks"] == []
        assert refusal(daemon, "createProject", folder="fresh/one") == "project-exists"


def test_what_can_not_be_loaded_is_told_and_the_rest_stays(chain: Project) -> None:
    with serving(chain) as daemon:
        follower = daemon.follow()
        good = (chain.folder / "dag.json").read_text()
        chain.write("dag.json", good[:-20])
        follower.until(lambda: follower.view["problems"], "problems")
        assert follower.view["problems"][0]["file"] == "dag.json"
        assert set(follower.states().values()) == {"fresh"}
        with pytest.raises(RefusedError):
            follower.call("run", target={"kind": "affected"})
        chain.write("dag.json", good)
        follower.until(lambda: not follower.view["problems"], "no problems")
        notebook = chain.path("sort")
        text = notebook.read_text()
        notebook.write_text("{")
        follower.until(lambda: follower.view["problems"], "problems of a notebook")
        assert follower.view["problems"][0]["file"] == "sort.ipynb"
        notebook.unlink()
        follower.until(lambda: follower.view["problems"][0]["code"] == "notebook-missing", "it is gone")
        notebook.write_text(text)
        follower.until(
            lambda: not follower.view["problems"] and set(follower.states().values()) == {"fresh"},
            "all is well",
        )


def test_what_a_terminal_does_by_itself_is_seen(chain: Project) -> None:
    with serving(chain) as daemon:
        follower = daemon.follow()
        for file in daemon.registrations():
            file.unlink()
        chain.edit("alone", 0, "print('alone')", "q = 1")
        follower.until(lambda: follower.states()["alone"] == "stale", "alone is stale")
        assert chain.run().executed == {"alone"}
        follower.until(lambda: follower.states()["alone"] == "fresh", "the run of another process")
        chain.cli("rename", "alone", "lonely")
        follower.until(lambda: follower.states().get("lonely") == "fresh", "the new name")
        chain.cli("cache", "clear", "--yes")
        follower.until(lambda: follower.states()["load"] == "never", "nothing is stored any more")


def test_the_description_of_the_interface(chain: Project) -> None:
    with serving(chain) as daemon:
        status, description = daemon.request("GET", "/v1/openapi.json")
        assert status == 200 and description["openapi"] == "3.1.0"
        assert {"/v1/calls/view", "/v1/calls/run", "/v1/runs"} <= set(description["paths"])


def test_the_same_socket_is_used_in_the_meantime(project) -> None:
    p = project({"a": ["x = 1"]})
    first = Daemon(p)
    second = Daemon(p)
    try:
        # two servers of one folder do not get into each other's way
        assert first.socket != second.socket
        assert first.call("run", project="", target={"kind": "all"})
        wait_until(lambda: second.states() == {"a": "fresh"}, "the other one sees it", second.process)
        assert first.end() == 0 and second.end() == 0
    finally:
        end_group(first.process)
        end_group(second.process)


def test_a_folder_that_is_moved_away_and_back(project, tmp_path: Path) -> None:
    p = project({"a": ["x = 1"]}, name="there")
    (p.folder / "work").mkdir()
    for file in ("dag.json", "a.ipynb"):
        (p.folder / file).rename(p.folder / "work" / file)
    (p.folder / "link").symlink_to("work")
    with serving(p, "--root", str(p.folder)) as daemon:
        follower, other = daemon.follow("work"), daemon.follow("link")
        assert follower.view["project"] == "work" and other.view["project"] == "link"
        # one project: a run that one asks for is seen by the other, under the name that it knows
        other.call("run", target={"kind": "affected"})
        for each in (follower, other):
            each.until(lambda each=each: each.states() == {"a": "fresh"}, "a is fresh")
        assert {patch["project"] for patch in other.patches} == {"link"}
        assert daemon.call("view", project="link")["project"] == "link"
        (p.folder / "work").rename(p.folder / "away")
        for each in (follower, other):
            each.until(lambda each=each: each.lost, "it is told")
            assert each.lost[0][0]["remedy"]
        assert refusal(daemon, "view", project="work") == "no-project"
        (p.folder / "away").rename(p.folder / "work")
        follower.view = {}
        follower.until(lambda: follower.view, "it is back")
        assert follower.states() == {"a": "fresh"} and len(follower.lost) == 1

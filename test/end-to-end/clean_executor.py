"""Runs every block of a project once, with nothing remembered, and says what came out.

The oracle of the tests: it knows notebooks, ``dag.json`` and the rules of docs/commands.md, and shares nothing with
the engine or its workers. Blocks run in topological order, each in a process of its own; a child starts from what
pickles of its parents' variables give, never from their live objects. Python's own pickle and cloudpickle carry them.
What no pickle can carry is made again by running its block beside, and a session that is handed on by running its
blocks before: see `clean_sessions.py`.

    python clean_executor.py PROJECT        prints one JSON document

As a server it reads one request a line, ``{"project": …, "environment": {…}}``, and answers with one line each.

Left out, so tests must do without: random numbers that no block has seeded, and magics other than those of
`clean_magics.py`.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from clean_magics import plain
from clean_sessions import Job, run_block

# ------------------------------------------------------------------------- a project, block by block


def execute(project: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Results of all blocks by id."""
    dag = json.loads((project / "dag.json").read_text(encoding="utf-8"))
    blocks = dag["blocks"]
    done: dict[str, dict[str, Any]] = {}
    prelude = dag.get("prelude")
    order = [id for id in in_order(blocks) if id != prelude]
    sources = {id: cells(project, blocks[id]) for id in blocks}
    for id in order:
        parents = edges(blocks[id])
        if any(done[parent]["status"] != "ok" for parent, _ in parents):
            done[id] = {"status": "blocked"}
            continue
        ambient = {each: ambient_for(blocks, each, done) for each in [*done, id]}
        job = Job(
            id=id,
            project=str(project),
            environment=environment,
            prelude=[] if prelude is None else sources[prelude],
            sources=sources,
            parameters=dag.get("parameters", {}),
            order=order,
            parents={each: edges(blocks[each]) for each in order},
            above={each: above(blocks, each) for each in order},
            filters={each: blocks[each].get("filter", "auto") for each in order},
            ambient=ambient,
            done=done,
        )
        done[id] = in_a_process(job)
        if done[id]["status"] == "ok":
            # what it did not touch goes on to its children
            done[id]["ambient"] = ambient[id] | done[id]["ambient"]
    for result in done.values():
        for private in ("groups", "ambient", "reaches", "opaque", "lacking", "names"):
            result.pop(private, None)
    return done


def edges(block: dict[str, Any]) -> list[tuple[str, dict[str, str] | None]]:
    return [
        (parent, None) if isinstance(parent, str) else (parent["block"], parent.get("use"))
        for parent in block.get("parents", [])
    ]


def in_order(blocks: dict[str, Any]) -> list[str]:
    """Parents first; of those that could come next the first one in the file."""
    order: list[str] = []
    while len(order) < len(blocks):
        order.append(
            next(
                id
                for id in blocks
                if id not in order and all(parent in order for parent, _ in edges(blocks[id]))
            )
        )
    return order


def above(blocks: dict[str, Any], id: str) -> set[str]:
    """All ancestors."""
    parents = {parent for parent, _ in edges(blocks[id])}
    return parents.union(*(above(blocks, parent) for parent in parents))


def cells(project: Path, block: dict[str, Any]) -> list[str]:
    """Code cells as Python."""
    notebook = json.loads((project / block["notebook"]).read_text(encoding="utf-8"))
    return [plain("".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def ambient_for(blocks: dict[str, Any], id: str, done: dict[str, Any]) -> dict[str, str]:
    """Of each kind of hidden state the one of the parent that counts: the last one below the others."""
    mine = {name for name, _ in edges(blocks[id]) if "ambient" in done[name]}
    parents = [parent for parent in blocks if parent in mine]
    inherited: dict[str, str] = {}
    for kind in sorted({kind for parent in parents for kind in done[parent]["ambient"]}):
        holders = [parent for parent in parents if kind in done[parent]["ambient"]]
        states = {done[parent]["ambient"][kind] for parent in holders}
        if len(states) > 1:
            holders = [one for one in holders if not any(one in above(blocks, other) for other in holders)]
        inherited[kind] = done[holders[-1]]["ambient"][kind]
    return inherited


def in_a_process(job: Job) -> dict[str, Any]:
    """What `run_block` gives, in a fork of this process, which has run none of the user's code."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(run_block(job), pipe)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the process of a block ended with {status}"
    result: dict[str, Any] = pickle.loads(answer)
    return result


# ------------------------------------------------------------------------------- from outside


class CleanExecutor:
    """The server, seen from a test."""

    def __init__(self) -> None:
        # hashes, and with them orders of sets, are those that workers have
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        code = "import clean_executor; clean_executor.serve()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, project: Path, environment: dict[str, str]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"project": str(project), "environment": environment}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the clean executor is gone"
        result: dict[str, Any] = json.loads(answer)
        assert "error" not in result, result["error"]
        return result

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


def serve() -> None:
    import numpy
    import pandas

    assert numpy and pandas  # once for all blocks
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = execute(Path(request["project"]), request["environment"])
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import clean_executor  # so that pickles name its functions by an importable module

    print(json.dumps(clean_executor.execute(Path(sys.argv[1]).resolve(), dict(os.environ)), indent=1))

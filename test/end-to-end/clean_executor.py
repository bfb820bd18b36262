"""Runs every block of a project once, with nothing remembered, and says what came out.

The oracle of the tests: it knows notebooks, ``dag.json`` and the rules of docs/commands.md, and shares nothing with
the engine or its workers. Blocks run in topological order, each in a process of its own; a child starts from what
pickles of its parents' variables give, never from their live objects. Python's own pickle and cloudpickle carry them.

    python clean_executor.py PROJECT        prints one JSON document

As a server it reads one request a line, ``{"project": …, "environment": {…}}``, and answers with one line each.

Left out, so tests must do without: filters that are off, magics, values that can not be stored, ``del`` of an input,
and random numbers that no block has seeded.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import os
import pickle
import random
import subprocess
import sys
import traceback
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from clean_values import NAMESPACE, Pickler, describe, partition, reaches

# ------------------------------------------------------------------------- a project, block by block


def execute(project: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Results of all blocks by id."""
    dag = json.loads((project / "dag.json").read_text(encoding="utf-8"))
    blocks = dag["blocks"]
    done: dict[str, dict[str, Any]] = {}
    prelude = dag.get("prelude")
    for id in in_order(blocks):
        if id == prelude:
            continue
        parents = edges(blocks[id])
        if any(done[parent]["status"] != "ok" for parent, _ in parents):
            done[id] = {"status": "blocked"}
            continue
        done[id] = in_a_process(
            {
                "project": str(project),
                "environment": environment,
                "prelude": [] if prelude is None else cells(project, blocks[prelude]),
                "cells": cells(project, blocks[id]),
                "parameters": dag.get("parameters", {}),
                "filter": blocks[id].get("filter", "auto"),
                "parents": [
                    {"id": parent, "use": use, "above": sorted(above(blocks, parent)), "made": done[parent]}
                    for parent, use in parents
                ],
                "ambient": ambient_for(blocks, id, done),
            }
        )
        if done[id]["status"] == "ok":
            # what it did not touch goes on to its children
            done[id]["ambient"] = ambient_for(blocks, id, done) | done[id]["ambient"]
    for result in done.values():
        for private in ("groups", "ambient", "reaches"):
            result.pop(private, None)
    return done


def edges(block: dict[str, Any]) -> list[tuple[str, dict[str, str] | None]]:
    return [
        (parent, None) if isinstance(parent, str) else (parent["block"], parent.get("use"))
        for parent in block.get("parents", [])
    ]


def in_order(blocks: dict[str, Any]) -> list[str]:
    order: list[str] = []

    def visit(id: str) -> None:
        if id not in order:
            for parent, _ in edges(blocks[id]):
                visit(parent)
            order.append(id)

    for id in blocks:
        visit(id)
    return order


def above(blocks: dict[str, Any], id: str) -> set[str]:
    """All ancestors."""
    parents = {parent for parent, _ in edges(blocks[id])}
    return parents.union(*(above(blocks, parent) for parent in parents))


def cells(project: Path, block: dict[str, Any]) -> list[str]:
    notebook = json.loads((project / block["notebook"]).read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def ambient_for(blocks: dict[str, Any], id: str, done: dict[str, Any]) -> dict[str, str]:
    """Of each kind of hidden state the one of the parent that counts: the last one below the others."""
    parents = [parent for parent in blocks if parent in {name for name, _ in edges(blocks[id])}]
    inherited: dict[str, str] = {}
    for kind in sorted({kind for parent in parents for kind in done[parent]["ambient"]}):
        holders = [parent for parent in parents if kind in done[parent]["ambient"]]
        states = {done[parent]["ambient"][kind] for parent in holders}
        if len(states) > 1:
            holders = [one for one in holders if not any(one in above(blocks, other) for other in holders)]
        inherited[kind] = done[holders[-1]]["ambient"][kind]
    return inherited


def in_a_process(job: dict[str, Any]) -> dict[str, Any]:
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


# ------------------------------------------------------------------------------- one block


def run_block(job: dict[str, Any]) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["project"])
    sys.dont_write_bytecode = True
    sys.path.insert(0, job["project"])
    NAMESPACE.update({"__name__": "__main__", "__builtins__": builtins})
    NAMESPACE.update(job["parameters"])
    restore_ambient(job["ambient"])
    for source in job["prelude"]:
        exec(compile(source, "<prelude>", "exec"), NAMESPACE)
    base = {name: id(value) for name, value in NAMESPACE.items()}
    try:
        inputs = bind_inputs(job)
    except ConflictError as conflict:
        return {"status": "refused", "why": str(conflict)}
    # with the variables that share objects with them, and by themselves
    given = describe_inputs(inputs)
    seen = describe(
        {mine: NAMESPACE[mine] for group in inputs for bound in group["bind"].values() for mine in bound}
    )
    before = ambient_now()
    outputs, error = run_cells(job["cells"])
    if error is not None:
        return {"status": "failed", "outputs": outputs, "error": error, "given": given}
    after = ambient_now()
    return {
        "status": "ok",
        "outputs": outputs,
        "given": given,
        "seen": seen,
        "inherited": sorted(job["ambient"].items()),
        "ambient": {kind: after[kind] for kind in after if after[kind] != before.get(kind)},
        **hand_on(job, inputs, base),
    }


def run_cells(sources: list[str]) -> tuple[list[list[str]], list[str] | None]:
    """For each cell that was started, what it printed and what its last expression is."""
    outputs: list[list[str]] = []
    for number, source in enumerate(sources):
        printed = io.StringIO()
        shown: list[str] = ["", ""]
        outputs.append(shown)
        try:
            with contextlib.redirect_stdout(printed):
                shown[1] = run_cell(source, f"<cell {number}>")
        except Exception as error:
            return outputs, [type(error).__name__, str(error)]
        finally:
            shown[0] = printed.getvalue()
    return outputs, None


def run_cell(source: str, name: str) -> str:
    from IPython.lib.pretty import pretty

    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), NAMESPACE)
    if last is None:
        return ""
    value = eval(compile(ast.Expression(last.value), name, "eval"), NAMESPACE)  # type: ignore[attr-defined]
    quiet = source.rstrip().endswith(";")
    return "" if value is None or quiet else pretty(value)


# ------------------------------------------------------------------------------- what it is given


class ConflictError(Exception):
    """Two parents hand on different values under one name."""


def bind_inputs(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Puts what the code needs of the parents into the namespace; the groups that came."""
    parents = job["parents"]
    offers: dict[str, list[tuple[int, str]]] = {}
    for place, parent in enumerate(parents):
        for theirs in parent["made"]["visible"]:
            mine = theirs if parent["use"] is None else parent["use"].get(theirs)
            if mine is not None:
                offers.setdefault(mine, []).append((place, theirs))
    sources = "\n".join(job["cells"])
    loaded = {
        node.id
        for source in job["cells"]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name)
    }
    needed = set(offers) if "eval(" in sources else loaded & set(offers)
    chosen: dict[str, tuple[int, str]] = {}
    waiting = sorted(needed)
    while waiting:
        name = waiting.pop()
        best = pick(name, offers[name], parents)
        if chosen.get(name) == best:
            continue
        chosen[name] = best
        place, theirs = best
        made = parents[place]["made"]
        for reached in made["reaches"][theirs]:
            own = (place, reached)
            if reached in made["groups"] and not any(
                same(parents, own, other) for other in offers.get(reached, [])
            ):
                offers.setdefault(reached, []).append(own)
                waiting.append(reached)
            elif reached in offers:
                waiting.append(reached)
    groups: dict[tuple[int, tuple[str, ...]], dict[str, Any]] = {}
    for name, (place, theirs) in sorted(chosen.items()):
        members = tuple(parents[place]["made"]["groups"][theirs]["names"])
        key = (place, members)
        if key not in groups:
            values = pickle.loads(parents[place]["made"]["groups"][theirs]["bytes"])
            groups[key] = {"values": values, "bind": {}, "digest": describe(values)}
        groups[key]["bind"].setdefault(theirs, []).append(name)
        NAMESPACE[name] = groups[key]["values"][theirs]
    return list(groups.values())


def pick(name: str, offers: list[tuple[int, str]], parents: list[dict[str, Any]]) -> tuple[int, str]:
    """Equal ones: any. Otherwise the one of a parent below all others that differ."""

    def is_best(offer: tuple[int, str]) -> bool:
        return all(
            same(parents, offer, other) or parents[other[0]]["id"] in parents[offer[0]]["above"]
            for other in offers
        )

    # of equal ones that of the youngest parent, so that what it shares with others stays shared
    found = [offer for offer in offers if is_best(offer)]
    if not found:
        raise ConflictError(name)
    return max(found, key=lambda offer: len(parents[offer[0]]["above"]))


def same(parents: list[dict[str, Any]], one: tuple[int, str], other: tuple[int, str]) -> bool:
    groups = [parents[place]["made"]["groups"][theirs]["digest"] for place, theirs in (one, other)]
    return groups[0] == groups[1] and one[1] == other[1]


def describe_inputs(inputs: list[dict[str, Any]]) -> list[str]:
    found = []
    for group in inputs:
        names = sorted((mine, theirs) for theirs, bound in group["bind"].items() for mine in bound)
        found.append(f"{names} of {group['digest']}")
    return sorted(found)


# ------------------------------------------------------------------------------- what it hands on


def hand_on(job: dict[str, Any], inputs: list[dict[str, Any]], base: dict[str, int]) -> dict[str, Any]:
    """Variables that are new or changed, and the globals that their functions look up."""
    stored = {name for source in job["cells"] for name in bound(ast.parse(source))}
    values = {
        name: value
        for name, value in NAMESPACE.items()
        if not name.startswith("__") and (name not in base or id(value) != base[name] or name in stored)
    }
    unbound: set[str] = set()
    untouched: set[str] = set()
    for group in inputs:
        # members that came along and have no name here are there all the same
        for theirs, value in group["values"].items():
            if theirs not in group["bind"] and theirs not in NAMESPACE:
                values[theirs] = value
                unbound.add(theirs)
        if describe(group["values"]) == group["digest"]:
            untouched |= {
                name
                for theirs, value in group["values"].items()
                for name in group["bind"].get(theirs, [theirs])
                if values.get(name) is value and name not in stored
            }
    groups = [sorted(group) for group in partition(values)]
    changed = {name for group in groups if set(group) - untouched for name in group}
    wish = job["filter"]
    if wish == "auto":
        visible = set(changed)
    else:
        listed = [pattern.strip() for pattern in wish] if isinstance(wish, list) else wish.split(",")
        visible = {
            name
            for name in values
            if any(fnmatchcase(name, pattern) for pattern in listed)
            and (name not in unbound or name in changed)
        }
    kept = set(visible)
    while True:
        reached = {other for name in kept for other in reaches(values[name])} & set(values)
        if reached <= kept:
            break
        kept |= reached
    made: dict[str, Any] = {}
    for group in partition({name: values[name] for name in kept}):
        members = {name: values[name] for name in sorted(group)}
        content = Pickler.dumps(members)
        entry = {"names": sorted(group), "bytes": content, "digest": describe(members)}
        made.update(dict.fromkeys(group, entry))
    return {
        "visible": sorted(visible),
        "kept": sorted(kept),
        "groups": made,
        "reaches": {name: sorted(reaches(values[name])) for name in kept},
    }


def bound(tree: ast.Module) -> set[str]:
    """Names that top-level code binds."""
    found: set[str] = set()
    for node in walk_top(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def walk_top(node: ast.AST) -> list[ast.AST]:
    """Nodes outside functions, classes, lambdas and comprehensions, these included."""
    inner = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)
    found = [node]
    if not isinstance(node, inner):
        for child in ast.iter_child_nodes(node):
            found += walk_top(child)
    return found


# ------------------------------------------------------------------------------- hidden state


def ambient_now() -> dict[str, str]:
    import numpy

    state = numpy.random.get_state()
    return {
        "random": pickle.dumps(random.getstate()).hex(),
        "numpy.random": pickle.dumps((state[0], state[1].tolist(), *state[2:])).hex(),
    }


def restore_ambient(states: dict[str, str]) -> None:
    import numpy

    if "random" in states:
        random.setstate(pickle.loads(bytes.fromhex(states["random"])))
    if "numpy.random" in states:
        numpy.random.set_state(pickle.loads(bytes.fromhex(states["numpy.random"])))


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

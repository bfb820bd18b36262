"""Runs a chain of blocks as workers would, each in a process of its own; for the tests of values and ambient state.

Run as ``python values_session.py [MODULE…]``: imports the modules beforehand as a zygote does, then answers each line
on stdin (a JSON call with `blocks` and `folder`) with one line on stdout. `Sessions` is the other end.
"""

import contextlib
import io
import json
import linecache
import os
import subprocess
import sys
import traceback
import types
from pathlib import Path

WORKER = Path(__file__).resolve().parent.parent / "worker"


def register():
    """Register the payload as `dagpy_worker`."""
    sys.path.insert(0, str(WORKER))
    import boot

    sys.path.pop(0)
    if boot.PACKAGE not in sys.modules:
        boot.register_package(str(WORKER))


def run_block(block, results, folder, number):
    from dagpy_worker import values
    from dagpy_worker.ambient import Ambient

    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    namespace = vars(main)
    main.__dict__["__builtins__"] = __builtins__
    scratch, objects = folder / f"scratch{number}", folder / "objects"
    scratch.mkdir()
    project = folder / "project"
    project.mkdir(exist_ok=True)
    os.chdir(project)
    for name in block.get("preimported", ()):
        __import__(name)
    printed = io.StringIO()
    ambient = Ambient(namespace)
    ambient.locate(project)
    ambient.seed(block.get("seed"))

    def execute(code, name):
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), namespace)

    parameters = block.get("parameters", {})
    namespace.update(parameters)
    baselines = [values.baseline(namespace, list(parameters), "parameters")]
    if block.get("prelude"):
        before = set(namespace)
        execute(block["prelude"], "<prelude>")
        baselines.append(values.baseline(namespace, set(namespace) - before, "prelude"))
    inputs = []
    for parent, renamed in block.get("parents", {}).items():
        for component in results[int(parent)]["components"]:
            bind = {n: renamed.get(n, [n]) if isinstance(renamed, dict) else [n] for n in component["names"]}
            if isinstance(renamed, dict):
                bind = {n: renamed[n] for n in component["names"] if n in renamed}
            if bind:
                inputs.append({**component["input"], "names": component["names"], "bind": bind})
    states = {}
    for parent in block.get("parents", {}):
        states.update(results[int(parent)]["states"])
    ambient.restore(states)
    ambient.snapshot()
    restored = values.restore(inputs, namespace)
    before = dict(namespace)
    dumper = values.Dumper(namespace, scratch, objects)
    error = None
    try:
        execute(block["code"], f"<block {number}>")
    except Exception:
        error = traceback.format_exc()
    ambient.conclude()
    changed = ambient.changed(dumper)
    for state in changed:
        store(state["state"], scratch, objects)
        states[state["adapter"]] = state["state"]["path"]
    sources = [block["code"]]
    keep = {
        "filter": block.get("filter", "auto"),
        "wanted": block.get("wanted"),
        "smallBytes": block.get("small", 1 << 20),
    }
    made = values.plan_exports(
        dumper, before, restored, baselines, keep, values.bound_names(sources), values.dotted_imports(sources)
    )
    for component in made.components:
        for ref in [component["head"], *component["buffers"], component["lineTables"]]:
            if ref:
                store(ref, scratch, objects)
        component["input"] = {
            "head": component["head"]["path"],
            "buffers": [extent(b["path"], b) for b in component["buffers"]],
            "lineTables": component["lineTables"] and component["lineTables"]["path"],
        }
        component["digest"] = [component["head"]["digest"], *(b["digest"] for b in component["buffers"])]
    return {
        "components": made.components,
        "withheld": made.withheld,
        "warnings": made.warnings,
        "ambient": changed,
        "states": states,
        "used": ambient.used({name.partition(".")[0] for name in block.get("touched", ())}),
        "printed": printed.getvalue(),
        "error": error,
    }


def store(ref, scratch, objects):
    import hashlib

    if ref["file"] is not None:
        data = (scratch / ref["file"]).read_bytes()
        if ref["digest"] is None:
            ref["digest"] = hashlib.sha256(data).hexdigest()
        path = objects / ref["digest"][:2] / ref["digest"][2:]
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o400)
    # a part of an object lies where that one does
    holder = (ref.get("within") or ref)["digest"]
    ref["path"] = str(objects / holder[:2] / holder[2:])


def extent(path, ref):
    """As a worker is told of a stored buffer."""
    within = ref["within"]
    return {"path": str(path), "offset": within["offset"] if within else 0, "size": ref["size"]}


def in_fork(block, results, folder, number):
    answer = folder / f"answer{number}"
    pid = os.fork()
    if pid == 0:
        try:
            made = run_block(block, results, folder, number)
        except BaseException:
            made = {"crash": traceback.format_exc()}
        answer.write_text(json.dumps(made))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        return {"crash": f"status {status}"}
    return json.loads(answer.read_text())


def main():
    register()
    import dagpy_worker.values  # noqa: F401

    for name in sys.argv[1:]:
        __import__(name)
    for line in sys.stdin:
        call = json.loads(line)
        results = []
        for block in call["blocks"]:
            results.append(in_fork(block, results, Path(call["folder"]), len(results)))
            if "crash" in results[-1]:
                break
        print(json.dumps(results), flush=True)


class Sessions:
    """A process that runs blocks, each in a fork of its own.

    Args:
        python: interpreter.
        modules: imported beforehand.
    """

    def __init__(self, python, modules=()):
        self._process = subprocess.Popen(
            [python, __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "MPLBACKEND": "agg"},
        )

    def run(self, folder, *blocks):
        """Run blocks (code, or dicts) in order; each reads everything of the one before unless it says otherwise."""
        listed = []
        for number, block in enumerate(blocks):
            described = {"code": block} if isinstance(block, str) else dict(block)
            described.setdefault("parents", {str(number - 1): None} if number else {})
            listed.append(described)
        self._process.stdin.write(json.dumps({"blocks": listed, "folder": str(folder)}) + "\n")
        self._process.stdin.flush()
        results = json.loads(self._process.stdout.readline())
        for result in results:
            assert "crash" not in result, result["crash"]
        return results

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


if __name__ == "__main__":
    main()

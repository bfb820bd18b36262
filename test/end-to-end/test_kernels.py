"""Blocks run in the kernelspec's Python, which has nothing of ours, and the same way however processes start."""

from __future__ import annotations

import subprocess

import pytest
from environments import REQUIREMENTS, add_kernel, python_of
from project import Project, create

BLOCKS = {
    "make": [
        "import sys, os\n"
        "class Item:\n    def __init__(self, n): self.n = n\n    def twice(self): return scale(self.n)\n"
        "factor = 2\ndef scale(n): return n * factor\n"
        "items = [Item(1), Item(2)]\nalias = items",
        "print('out')\nprint('err', file=sys.stderr)\nsys.prefix",
    ],
    "change": (
        ["alias.append(Item(3))\nfactor = 10\nprint([i.twice() for i in items])"],
        {"parents": ["make"]},
    ),
    "show": (
        [
            "from IPython.display import HTML, display\nimport asyncio\nawait asyncio.sleep(0)\n"
            "display(HTML('<b>x</b>'))\nlen(items)",
            "%time None\nprint([i.twice() for i in items], isinstance(items[0], Item))",
        ],
        {"parents": ["change"]},
    ),
    "fails": (["print('before')\nscale(None.nothing)"], {"parents": ["make"]}),
    "below": (["print(1)"], {"parents": ["fails"]}),
    "random": ["import random\nprint(random.random())"],
    "file": ["print(open('data.txt').read())"],
}


def visit(p: Project) -> dict[str, object]:
    """Runs it, checks what must hold anywhere, and gives what it showed."""
    p.write("data.txt", "one")
    report = p.run(code=1)
    assert report.failed == {"fails"} and report.blocked == {"below"}
    assert report.executed - report.failed == {"make", "change", "show", "random", "file"}
    assert p.text("make") == "out\n" and p.text("make", "stderr") == "err\n"
    assert p.text("change") == "[10, 20, 30]\n"
    assert "[10, 20, 30] True\n" in p.text("show")
    shown = {id: p.outputs(id) for id in ("change", "random", "file")}
    p.edit("change", 0, "print(", "print('edited', ")
    p.write("data.txt", "two")
    report = p.run(code=1)
    assert report.executed - report.failed == {"change", "file"}
    assert p.text("file") == "two\n"
    p.edit("change", 0, "factor = 10", "factor = 11")
    report = p.run(code=1)
    assert report.executed - report.failed == {"change", "show"}
    assert p.errors("fails")[0]["ename"] == "AttributeError"
    assert p.value("make", "factor") == "2"
    return shown


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> dict[str, object]:
    return visit(create(tmp_path_factory.mktemp("ours"), BLOCKS))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_kernel_of_another_environment(project, ours, name: str, start: str) -> None:
    python = python_of(name)
    p = project(BLOCKS, kernel="theirs")
    add_kernel(p.user, "theirs", python)
    p.environment["DAGPY_START"] = start
    assert visit(p) == ours
    assert str(python.parent.parent) in "".join(p.outputs("make")[1][-1]["data"]["text/plain"])
    installed = subprocess.run(
        [
            python,
            "-Ic",
            "import importlib.util as u; print([u.find_spec(n) for n in "
            "('jupyterlab_dagpy', 'blake3', 'cloudpickle', 'msgpack', 'dagpy_worker')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert installed == "[None, None, None, None, None]\n"


def test_spawned_workers_show_the_same(project, ours) -> None:
    p = project(BLOCKS)
    p.environment["DAGPY_START"] = "spawn"
    assert visit(p) == ours


def test_the_kernelspec_gives_environment_and_arguments(project) -> None:
    import sys

    p = project({"a": ["import os, sys\nprint(os.environ['FROM_SPEC'], sys.flags.optimize)"]}, kernel="mine")
    folder = add_kernel(p.user, "mine", sys.executable, env={"FROM_SPEC": "yes"})
    p.run()
    assert p.text("a") == "yes 0\n"
    spec = folder / "kernel.json"
    spec.write_text(spec.read_text().replace('"yes"', '"no"'))
    assert p.run().executed == {"a"}
    assert p.text("a") == "no 0\n"
    spec.write_text(spec.read_text().replace('"no"', '"yes"'))
    report = p.run()
    assert report.executed == set() and report.restored == {"a"}
    # of which the block itself is not seen to ask
    spec.write_text(spec.read_text().replace('"-m", ', '"-O", "-m", '))
    assert p.run().executed == {"a"}
    assert p.text("a") == "yes 1\n"


def test_blocks_run_in_the_folder_of_their_notebook(project) -> None:
    p = project(
        {"a": ["import os, helper\nprint(os.path.basename(os.getcwd()), helper.N)"]}, notebooks="deep/er"
    )
    p.write("deep/er/helper.py", "N = 1\n")
    p.run()
    assert p.text("a") == "er 1\n"
    p.write("else/where/helper.py", "N = 2\n")
    p.declare_block("a", cwd="else/where")
    p.run()
    assert p.text("a") == "where 2\n"

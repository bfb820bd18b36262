"""What is wrong gets a message with file, place and remedy, exit code 2, and nothing on disk changes."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import Project, create, wait_until

GOOD = {"a": ["x = 1"], "b": (["print(x)"], {"parents": ["a"]})}


@dataclass(frozen=True)
class Bad:
    name: str
    # Makes the project bad; what it returns must all be in the message.
    spoil: Callable[[Project], list[str]]

    def __str__(self) -> str:
        return self.name


def dag_text(p: Project, old: str, new: str) -> int:
    """Replaces text in dag.json; the line on which it begins, from 1."""
    file = p.folder / "dag.json"
    text = file.read_text()
    assert text.count(old) >= 1, text
    at = text.index(old)
    file.write_text(text.replace(old, new, 1))
    return text.count("\n", 0, at) + 1


def in_dag(old: str, new: str, *words: str, line: int = 0) -> Callable[[Project], list[str]]:
    def spoil(p: Project) -> list[str]:
        at = dag_text(p, old, new) + line
        return [f"dag.json:{at}", *words]

    return spoil


def broken_json(p: Project) -> list[str]:
    line = dag_text(p, '"version": 1,', '"version": 1,,')
    return [f"dag.json:{line}"]


def cut_off(p: Project) -> list[str]:
    file = p.folder / "dag.json"
    file.write_text(file.read_text()[:-20])
    return ["dag.json:"]


def doubled(p: Project) -> list[str]:
    file = p.folder / "dag.json"
    text = file.read_text()
    block = re.search(r'    "b": \{.*?\n    \}', text, re.S)
    assert block
    file.write_text(text.replace(block.group(), block.group() + ",\n" + block.group()))
    line = file.read_text()[: file.read_text().rindex('    "b"')].count("\n") + 1
    return [f"dag.json:{line}", '"b"']


def missing_notebook(p: Project) -> list[str]:
    p.path("b").unlink()
    return ["b.ipynb"]


def notebook_is_a_folder(p: Project) -> list[str]:
    p.path("b").unlink()
    p.path("b").mkdir()
    return ["b.ipynb"]


def notebook_text(text: str, *words: str) -> Callable[[Project], list[str]]:
    def spoil(p: Project) -> list[str]:
        p.path("b").write_text(text)
        return ["b.ipynb", *words]

    return spoil


def torn_notebook(p: Project) -> list[str]:
    text = p.path("b").read_text()
    p.path("b").write_text(text[: len(text) // 2])
    return ["b.ipynb:"]


def outside_by_link(p: Project) -> list[str]:
    outside = p.write("../outside.ipynb", p.path("b").read_bytes())
    p.path("b").unlink()
    p.path("b").symlink_to(outside)
    return ["b.ipynb", "outside"]


def kernel(name: str, spec: dict | None, *words: str) -> Callable[[Project], list[str]]:
    def spoil(p: Project) -> list[str]:
        if spec is not None:
            folder = p.user.jupyter / "kernels" / name
            folder.mkdir(parents=True)
            (folder / "kernel.json").write_text(json.dumps(spec))
        p.declare(kernel=name)
        return [name, *words]

    return spoil


def spec(*argv: str, language: str = "python") -> dict:
    return {"argv": [*argv, "-f", "{connection_file}"], "display_name": "spoiled", "language": language}


CYCLE = '"notebook": "a.ipynb"'

BAD = [
    Bad("broken JSON", broken_json),
    Bad("JSON that ends early", cut_off),
    Bad("an empty file", lambda p: [p.write("dag.json", "").name]),
    Bad("not an object", lambda p: [p.write("dag.json", "[1]").name, "object"]),
    Bad("wrong type: version", in_dag('"version": 1', '"version": "1"', "version")),
    Bad(
        "wrong type: blocks",
        lambda p: [p.write("dag.json", '{"version": 1,\n "blocks": []}').name + ":2", "blocks"],
    ),
    Bad(
        "wrong type: parents",
        in_dag('"parents": [\n        "a"\n      ]', '"parents": "a"', "parents", "list"),
    ),
    Bad(
        "wrong type: filter",
        in_dag('"notebook": "a.ipynb"', '"notebook": "a.ipynb", "filter": 3', "filter", "auto"),
    ),
    Bad("wrong type: notebook", in_dag('"notebook": "a.ipynb"', '"notebook": 3', "notebook")),
    Bad("a time that is none", in_dag(CYCLE, CYCLE + ', "timeout": "soon"', "timeout", "5s")),
    Bad("unknown version", in_dag('"version": 1', '"version": 7', "version", "7")),
    Bad("no version", in_dag('"version": 1,', "", "version", line=-1)),
    Bad("a parent that is no block", in_dag('        "a"', '        "nobody"', "nobody")),
    Bad("a doubled block", doubled),
    Bad("a block that is its own parent", in_dag(CYCLE, CYCLE + ', "parents": ["a"]', "a → a", line=-1)),
    Bad("a cycle", in_dag(CYCLE, CYCLE + ', "parents": ["b"]', "a → b → a", line=-1)),
    Bad(
        "prelude that is no block", in_dag('"version": 1,', '"version": 1, "prelude": "zz",', "prelude", "zz")
    ),
    Bad("one notebook for two blocks", in_dag('"b.ipynb"', '"a.ipynb"', "a.ipynb")),
    Bad("a notebook above the project", in_dag('"b.ipynb"', '"../b.ipynb"', "../b.ipynb")),
    Bad("a notebook with an absolute path", in_dag('"b.ipynb"', '"/b.ipynb"', "/b.ipynb")),
    Bad("a notebook with backslashes", in_dag('"b.ipynb"', '"sub\\\\\\\\b.ipynb"', "/")),
    Bad("a notebook that lies outside through a link", outside_by_link),
    Bad("a missing notebook", missing_notebook),
    Bad("a notebook that is a folder", notebook_is_a_folder),
    Bad("an empty notebook file", notebook_text("")),
    Bad("a notebook that is no JSON", notebook_text('{"cells": [\n  oops\n]}', ":2")),
    Bad("a notebook cut off", torn_notebook),
    Bad(
        "a notebook without cells",
        notebook_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cells"),
    ),
    Bad(
        "a notebook of a later format",
        notebook_text('{"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}', "9"),
    ),
    Bad("some other JSON", notebook_text('{"a": 1}', "notebook")),
    Bad("an unknown kernel", kernel("nowhere", None, "python3")),
    Bad(
        "a kernel whose program is gone",
        kernel("gone", spec("/no/such/python", "-m", "ipykernel_launcher"), "/no/such/python"),
    ),
    Bad("a kernel of another language", kernel("ir", spec("R", "--slave", language="R"), "runs r")),
    Bad(
        "a kernel that is no plain Python",
        kernel("wrapped", spec("conda", "run", "-n", "env", "python", "-m", "ipykernel_launcher"), "conda"),
    ),
    Bad("a broken kernelspec", kernel("torn", {"argv": "python"}, "kernel.json")),
    Bad("a Python without ipykernel", kernel("bare", None)),
]


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """A virtual environment with nothing in it."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_it_is_refused(project, bare_python: Path, bad: Bad) -> None:
    p = project(GOOD)
    if bad.name == "a Python without ipykernel":
        bare = spec(str(bare_python), "-m", "ipykernel_launcher")
        words = [*kernel("bare", bare)(p), "ipykernel", "pip install"]
    else:
        words = bad.spoil(p)
    before = p.digest(hidden=True)
    done = p.cli("run", "--json", code=2)
    for word in words:
        assert word in done.err
    assert done.out == "" or json.loads(done.out)
    assert "    at " not in done.err, "a stack trace is no message"
    assert len(done.err.strip().splitlines()) >= 2, "it says what to do"
    after = p.digest(hidden=True)
    assert {name: after.get(name) for name in before} == before
    assert set(after) - set(before) <= {name for name in after if name.startswith(".dagpy/")}
    assert p.tally() == []


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["status", "--json"],
        ["why", "a"],
        ["exports", "a"],
        ["cache", "list"],
        ["link", "a", "b"],
        ["filter", "a", "off"],
        ["add", "new"],
        ["remove", "b"],
    ],
)
def test_every_command_refuses_a_broken_dag(project, command: list[str]) -> None:
    p = project(GOOD)
    line = dag_text(p, '"version": 1,', '"version": 1,,')
    before = p.digest(hidden=True)
    done = p.cli(*command, code=2)
    assert f"dag.json:{line}" in done.err
    assert p.digest(hidden=True) == before


def test_all_that_is_wrong_is_said_at_once(project) -> None:
    p = project(GOOD)
    dag_text(p, '"version": 1', '"version": 7')
    dag_text(p, '        "a"', '        "nobody"')
    p.path("a").unlink()
    err = p.cli("run", code=2).err
    assert "7" in err and "nobody" in err


def test_the_path_of_a_longer_cycle(project) -> None:
    blocks = {id: ([], {"parents": [before]}) for id, before in zip("abcd", "dabc", strict=True)}
    p = project({**blocks, "e": ([], {"parents": ["a"]})})
    err = p.cli("status", code=2).err
    assert re.search(r"a → b → c → d → a|b → c → d → a → b|c → d → a → b → c|d → a → b → c → d", err), err
    assert "e →" not in err


def test_an_older_notebook_is_upgraded(project) -> None:
    p = project(GOOD)
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "markdown", "metadata": {}, "source": ["text"]},
                    {"cell_type": "code", "collapsed": False, "input": ["print(x + 1)"], "language": "python",
                     "metadata": {}, "outputs": [], "prompt_number": 1},
                ],
                "metadata": {},
            }
        ],
    }  # fmt: skip
    p.path("b").write_text(json.dumps(old))
    p.run()
    notebook = p.notebook("b")
    assert notebook["nbformat"] == 4
    assert notebook["cells"][1]["outputs"][0]["text"] in ("2\n", ["2\n"])
    assert p.run().executed == set()


def test_unknown_keys_are_kept_and_warned_about(project) -> None:
    p = project(GOOD, future={"x": 1})
    p.declare_block("a", flavour="mint")
    before = (p.folder / "dag.json").read_bytes()
    err = p.cli("run").err
    assert "future" in err and "flavour" in err
    assert (p.folder / "dag.json").read_bytes() == before
    p.cli("filter", "a", "x")
    assert p.dag["future"] == {"x": 1} and p.dag["blocks"]["a"]["flavour"] == "mint"


def test_no_project_at_all(tmp_path) -> None:
    from project import User

    empty = tmp_path / "empty"
    empty.mkdir()
    p = Project(empty, User(tmp_path))
    for command in (["run"], ["status"], ["why", "a"]):
        err = p.cli(*command, code=2).err
        assert "dag.json" in err and "dagpy init" in err
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (["run", "nobody"], "nobody"),
        (["why", "nobody"], "nobody"),
        (["exports", "nobody"], "nobody"),
        (["value", "a", "nothing"], "nothing"),
        (["value", "nobody", "x"], "nobody"),
        (["link", "a", "nobody"], "nobody"),
        (["unlink", "b", "a"], "b"),
        (["remove", "nobody"], "nobody"),
        (["filter", "nobody", "off"], "nobody"),
        (["filter", "a", "no-name"], "no-name"),
        (["add", "a"], "a"),
        (["add", "new", "--parents", "nobody"], "nobody"),
        (["add", "new", "--from", "no.ipynb"], "no.ipynb"),
        (["add", "new", "--from", "a.ipynb", "--cells", "7-9"], "7"),
        (["add", "new", "--from", "a.ipynb", "--cells", "x"], "x"),
        (["add", "../up"], "../up"),
        (["split", "no.ipynb"], "no.ipynb"),
        (["run", "-j", "0"], "-j"),
        (["run", "--tag", "x"], "tag"),
        (["run", "--no-such-flag"], "--no-such-flag"),
        (["frobnicate"], "frobnicate"),
        (["-C", "no-such-folder", "run"], "no-such-folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call(call_template: Project, call: list[str], word: str) -> None:
    p = call_template
    before = p.digest()
    done = p.cli(*call, code=2)
    assert word in done.err and done.out == ""
    assert "    at " not in done.err
    assert p.digest() == before


@pytest.fixture(scope="module")
def call_template(tmp_path_factory) -> Project:
    p = create(tmp_path_factory.mktemp("calls"), GOOD)
    p.run()
    return p


# ------------------------------------------------------------------------- permissions and disks


def without_privileges() -> None:
    """Root, too, is refused what the permission bits refuse. To be run in the child, before exec."""
    library = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        library.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def frozen(folder: Path) -> Callable[[], None]:
    """Makes everything below read-only; what it returns makes it writable again."""
    changed = []
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        changed.append((path, mode))
        path.chmod(mode & ~0o222)

    def thaw() -> None:
        for path, mode in changed:
            path.chmod(mode)

    return thaw


@pytest.mark.parametrize("what", ["folder", "cache", "notebook"])
def test_no_permission_to_write(project, what: str) -> None:
    p = project(GOOD)
    p.run()
    p.edit("a", 0, "x = 1", "x = 2")
    before = p.digest(hidden=True)
    place = {"folder": p.folder, "cache": p.folder / ".dagpy", "notebook": p.path("a")}[what]
    thaw = frozen(place)
    try:
        # A look changes nothing, so it needs no permission.
        assert p.cli("status", "--json", preexec_fn=without_privileges).json()["blocks"]
        done = p.cli("run", code=2 if what != "notebook" else None, preexec_fn=without_privileges)
    finally:
        thaw()
    if what == "notebook":
        # Editors replace files, and a folder that may be written to allows it; refusing is good too.
        assert done.code in (0, 2)
        if done.code == 0:
            assert p.run().executed == set()
            return
    assert re.search(r"permission|read-only|not writable|may not", done.err, re.I), done.err
    assert "    at " not in done.err
    after = p.digest(hidden=False)
    assert {name: after[name] for name in after} == {
        n: d for n, d in before.items() if not n.startswith(".dagpy/")
    }
    p.run()
    assert p.text("b") == "2\n"


def test_a_notebook_that_can_not_be_read(project) -> None:
    p = project(GOOD)
    p.path("b").chmod(0)
    try:
        done = p.cli("run", code=2, preexec_fn=without_privileges)
    finally:
        p.path("b").chmod(0o644)
    assert "b.ipynb" in done.err and "    at " not in done.err


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of six megabytes, where this machine lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "dagpy-test", str(place)], capture_output=True
    )
    yield place if mounted.returncode == 0 else None
    if mounted.returncode == 0:
        subprocess.run(["umount", "-l", str(place)], check=True)


def limit_file_size() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))


@pytest.mark.parametrize("how", ["full disk", "file size limit"])
def test_a_full_disk(project, small_disk: Path | None, how: str) -> None:
    p = project({"a": ["import os\nbig = b'0' * 1000"], "b": (["print(len(big))"], {"parents": ["a"]})})
    options = {}
    if how == "full disk" and small_disk is not None:
        p = p.copy(small_disk / "project")
    else:
        options = {"preexec_fn": limit_file_size}
    p.run()
    good = p.digest()
    # Random, so that nothing can make it small.
    p.edit("a", 0, "b'0' * 1000", "os.urandom(20_000_000)")
    done = p.cli("run", code=None, **options)
    assert done.code in (1, 2), done.err
    assert re.search(r"no space|disk|full|too large|ENOSPC|EFBIG", done.err, re.I), done.err
    assert "    at " not in done.err
    assert {**p.digest(), "a.ipynb": ""} == {**good, "a.ipynb": ""}
    assert [f for f in (p.folder / ".dagpy" / "tmp").rglob("*") if f.is_file()] == []
    # Nothing is lost: the last good result answers again.
    p.edit("a", 0, "os.urandom(20_000_000)", "b'0' * 1000")
    report = p.run()
    assert report.executed == set()
    assert p.text("b") == "1000\n"


def test_a_second_process_on_the_same_project(project) -> None:
    """Also in test_hazards_cache, with all commands; here for its message."""
    p = project({"slow": ["import time\ntime.sleep(2)"]})
    first = p.start("run")
    try:
        wait_until(lambda: "slow" in p.tally(), "the first run has begun", first)
        err = p.cli("run", code=2).err
        assert str(first.pid) in err and re.search(r"wait|stop|end", err, re.I)
    finally:
        first.communicate(timeout=30)
    assert first.returncode == 0

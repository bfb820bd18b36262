"""Looking into results: values as text and as files, a session with a block's state, earlier versions, a second run."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import DAGPY, Project, create


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    p = create(
        tmp_path_factory.mktemp("looking"),
        {
            "style": ["import numpy as np"],
            "data": (
                [
                    "import pandas as pd\nframe = pd.DataFrame({f'column_{n}': range(3) for n in range(9)})\n"
                    "wide = np.arange(40.0)\ndef double(x): return x * factor\nfactor = 2"
                ],
                {},
            ),
            "plot": (
                [
                    "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot(wide)\nplt.close()"
                ],
                {"parents": ["data"]},
            ),
        },
        prelude="style",
    )
    p.run()
    return p


@pytest.fixture
def made(template: Project, tmp_path: Path) -> Project:
    """A project that has run."""
    return template.copy(tmp_path / "copy")


def on_terminal(p: Project, *arguments: str, columns: int = 60) -> str:
    """What a command prints where standard output is a terminal."""
    leader, follower = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [DAGPY, *arguments],
        cwd=p.folder,
        env={**p.environment, "TERM": "xterm", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(follower)
        text = b""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([leader], [], [], 0.1)[0]:
                try:
                    piece = os.read(leader, 65536)
                except OSError:
                    break
                text += piece
            elif process.poll() is not None:
                break
        os.close(leader)
        process.wait(timeout=10)
    return text.decode().replace("\r\n", "\n")


def test_a_value_fits_the_terminal_and_is_plain_elsewhere(made: Project) -> None:
    p = made
    shown = on_terminal(p, "value", "data", "frame")
    assert "column_8" in shown and max(map(len, shown.splitlines())) <= 60
    assert "..." in p.value("data", "frame") or "column_8" in p.value("data", "frame")
    assert max(map(len, on_terminal(p, "value", "data", "wide", columns=40).splitlines())) <= 40
    assert p.value("data", "factor") == "2"


def test_a_value_as_a_file(made: Project) -> None:
    p = made
    for name, file, read in [
        ("frame", "frame.csv", lambda path: pd.read_csv(path, index_col=0).shape == (3, 9)),
        ("frame", "frame.parquet", lambda path: pd.read_parquet(path).shape == (3, 9)),
        ("wide", "wide.npy", lambda path: np.load(path).shape == (40,)),
    ]:
        assert p.cli("value", "data", name, "-o", file).out.strip().endswith(file)
        assert read(p.folder / file)
    for file, start in [("figure.png", b"\x89PNG"), ("figure.svg", b"<?xml")]:
        p.cli("value", "plot", "figure", "-o", file)
        assert (p.folder / file).read_bytes().startswith(start)
    refused = p.cli("value", "data", "frame", "-o", "frame.xyz", code=2)
    assert ".csv" in refused.err and not (p.folder / "frame.xyz").exists()


def test_a_figure_on_a_terminal_is_a_file(made: Project) -> None:
    p = made
    assert "plot-figure.png" in on_terminal(p, "value", "plot", "figure", columns=200)
    assert (p.folder / "plot-figure.png").read_bytes().startswith(b"\x89PNG")
    assert p.value("plot", "figure").startswith("<Figure size")


def test_a_session_with_the_state_of_a_block(made: Project) -> None:
    p = made
    p.edit("data", 0, "factor = 2", "factor = 3")
    lines = "print('got', double(5), frame.shape, np.pi > 3, __name__)\nfactor = 10\nprint('now', double(5))\nexit\n"
    process = p.start("shell", "data", stdin=subprocess.PIPE)
    out, err = process.communicate(lines, timeout=60)
    assert process.returncode == 0, err
    # the last stored values, and it says so
    assert "got 10 (3, 9) True __main__" in out and "now 50" in out
    assert "stale" in err and "restored in" in out
    before = len(p.tally())
    assert p.run().executed == {"data"} and len(p.tally()) == before + 1

    process = p.start("shell", "plot", stdin=subprocess.PIPE)
    out, err = process.communicate("print('read', wide.sum(), len(figure.axes))\nexit\n", timeout=60)
    assert "read 780.0 1" in out, out + err
    assert "nothing" in p.cli("run").err


def test_a_session_never_shows_what_a_name_was_before(project) -> None:
    p = project(
        {
            "a": ["count, size = 1, 2"],
            "b": (["count += 10\nyear += 1\ntotal = count + size + year"], {"parents": ["a"]}),
        },
        parameters={"year": 2024},
    )
    p.cli("filter", "b", "total")
    p.run()
    process = p.start("shell", "b", stdin=subprocess.PIPE)
    lines = "print('got', total, size, 'count' in globals(), 'year' in globals())\nexit\n"
    out, err = process.communicate(lines, timeout=60)
    assert "got 2038 2 False False" in out, out + err
    assert "not stored, so not here: count (int), year (int)" in out


def test_a_session_of_nothing(project) -> None:
    p = project({"a": ["x = 1"]})
    assert "has not run yet" in p.cli("shell", "a", code=2).err
    assert "there is no block b" in p.cli("shell", "b", code=2).err


def test_an_earlier_version_comes_back(project) -> None:
    p = project({"a": ["x = 1\nprint('one')"], "b": (["print(x)"], {"parents": ["a"]})})
    p.run()
    p.edit("a", 0, "x = 1\nprint('one')", "x = 2\nprint('two')")
    p.run()
    listed = json.loads(p.cli("cache", "list", "a", "--json").out)["versions"]
    assert [each["shown"] for each in listed] == [True, False]
    p.cli("cache", "restore", "a", "2")
    assert p.source("a", 0) == "x = 1\nprint('one')" and p.text("a") == "one\n"
    assert p.run().executed == set() and p.text("b") == "1\n"
    # by id, and code that was never run is kept aside
    p.edit("a", 0, "x = 1\nprint('one')", "x = 77")
    p.cli("cache", "restore", "a", listed[0]["id"][:12])
    assert p.text("a") == "two\n"
    (kept,) = (p.folder / ".dagpy" / "replaced").iterdir()
    assert "x = 77" in kept.read_text()
    assert p.run().executed == set() and p.text("b") == "2\n"
    assert "2 are stored" in p.cli("cache", "restore", "a", "9", code=2).err


def test_hits_and_time_saved_are_counted(project) -> None:
    p = project({"a": ["import time\ntime.sleep(0.3)"]})
    p.run()
    for _ in range(3):
        p.run()
    (block,) = json.loads(p.cli("cache", "list", "--json").out)["blocks"]
    assert block["hits"] == 3 and block["savedSeconds"] > 0.8


def test_a_second_run_is_compared_with_what_is_stored(project) -> None:
    p = project(
        {
            "same": ["x = [1, 2]\nprint(x)"],
            "clock": ["import time\nnow = time.time_ns()\nfixed = 1"],
            "shows": ["import time\nprint(time.time_ns())"],
            "below": (["print(fixed)"], {"parents": ["clock"]}),
        }
    )
    p.run()
    before = p.digest()
    done = p.cli("run", "--check", "--json", code=1)
    blocks = {each["block"]: each for each in json.loads(done.out)["blocks"]}
    assert {id for id, each in blocks.items() if each["outcome"] == "same"} == {"same", "below"}
    assert blocks["clock"]["exports"] == ["now"] and blocks["shows"]["outputs"] is True
    # nothing of it is kept
    assert p.digest() == before and p.run().executed == set()
    assert p.cli("run", "same", "--check").code == 0
    p.edit("same", 0, "[1, 2]", "[1, 2, 3]")
    stale = p.cli("run", "same", "--check", "--json", code=1)
    assert json.loads(stale.out)["blocks"][0]["outcome"] == "stale"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_preview_tells_time_and_memory(project, jobs: int) -> None:
    p = project({f"b{n}": [f"import time\ntime.sleep(0.4)\nx{n} = {n}"] for n in range(2)})
    assert "About" not in p.cli("run", "--dry-run").out
    p.run()
    preview = json.loads(p.cli("run", "all", "--force", "--dry-run", "--json", "-j", str(jobs)).out)
    estimate = preview["estimate"]
    assert 0.8 <= estimate["workSeconds"] < 3 and estimate["unknown"] == []
    assert estimate["seconds"] <= estimate["workSeconds"] / jobs + 0.3
    assert estimate["peakBytes"] > 1e6
    assert "About" in p.cli("run", "all", "--force", "--dry-run").out


def test_it_is_written_beside_and_renamed(made: Project) -> None:
    p = made
    target = p.folder / "frame.csv"
    target.write_text("mine")
    p.cli("value", "data", "frame", "-o", "frame.csv")
    assert "column_0" in target.read_text()
    assert [f.name for f in p.folder.iterdir() if f.name.endswith(".tmp.csv")] == []

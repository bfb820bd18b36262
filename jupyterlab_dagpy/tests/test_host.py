"""The zygote: forks, reaps, refuses, and never leaves anything behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from harness import PAYLOAD, engine, receive


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_a_job_is_forked_reaped_and_reported(tmp_path: Path) -> None:
    with engine(tmp_path, []) as made:
        ran = made.run("1")
        exited = made.from_host("exited")
    assert exited["pid"] == ran.pid and exited["code"] == 0 and exited["signal"] is None
    assert exited["peakBytes"] > 1_000_000 and ran.done["peakBytes"] > 1_000_000


def test_a_killed_worker_is_reported_with_its_signal(tmp_path: Path) -> None:
    with engine(tmp_path, []) as made:
        job = made.begin("import time; print(1, flush=True); time.sleep(60)")
        job.until(lambda message: message["type"] == "output")
        os.kill(job.ran.pid, signal.SIGKILL)
        exited = made.from_host("exited")
        assert exited["signal"] == signal.SIGKILL and exited["code"] is None
        assert made.run("'next'").shown() == "'next'"


def test_workers_run_at_the_same_time(tmp_path: Path) -> None:
    with engine(tmp_path, []) as made:
        start = time.monotonic()
        jobs = [made.begin("import time; time.sleep(1); 'done'") for _ in range(4)]
        assert [job.finish().shown() for job in jobs] == ["'done'"] * 4
        assert time.monotonic() - start < 3.5


def test_preimport_skips_what_fails_and_what_is_local(tmp_path: Path) -> None:
    (tmp_path / "local_one.py").write_text("raise SystemExit")
    with engine(tmp_path, ["numpy", "no_such_package", "local_one", "json"]) as made:
        assert made.ready["modules"] == ["numpy", "json"]
        assert made.ready["forkSafe"] is True and made.ready["why"] == ""


def test_a_thread_makes_forking_unsafe(tmp_path: Path) -> None:
    site = Path(tmp_path) / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "threaded_package.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True, name='busy').start()\n"
    )
    with engine(tmp_path, ["threaded_package"], environment={"PYTHONPATH": str(site)}) as made:
        assert made.ready["forkSafe"] is False and "busy" in made.ready["why"]
        made.host.send({"type": "fork", "job": "j"})
        assert made.from_host("refused")["job"] == "j"


def test_the_zygote_owns_no_thread(tmp_path: Path) -> None:
    with engine(tmp_path, ["pandas", "matplotlib.pyplot"], environment={"OPENBLAS_NUM_THREADS": "1"}) as made:
        assert made.host_process is not None
        ran = made.run("import threading; threading.active_count()")
        assert ran.shown() == "1"


def test_workers_die_with_the_zygote(tmp_path: Path) -> None:
    with engine(tmp_path, []) as made:
        job = made.begin("import time; print(1, flush=True); time.sleep(60)")
        job.until(lambda message: message["type"] == "output")
        assert made.host_process is not None
        made.host_process.kill()
        assert gone(job.ran.pid)


@pytest.mark.parametrize("end", ["stdin", "socket", "shutdown"])
def test_the_zygote_leaves_with_the_engine_and_takes_its_workers(tmp_path: Path, end: str) -> None:
    with engine(tmp_path, []) as made:
        code = "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nprint(child.pid, flush=True)\nchild.wait()"  # noqa: E501
        job = made.begin(code)
        child = int(job.until(lambda message: message["type"] == "output")["output"]["text"])
        process = made.host_process
        assert process is not None and process.stdin is not None
        if end == "stdin":
            process.stdin.close()
        elif end == "socket":
            made.host.close()
        else:
            made.host.send({"type": "shutdown"})
        process.wait(20)
        assert gone(job.ran.pid) and gone(child)


@pytest.mark.parametrize("modules", [[], None])
def test_an_orphan_ends_itself_and_what_it_started(tmp_path: Path, modules: list[str] | None) -> None:
    with engine(tmp_path, modules) as made:
        code = "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nprint(child.pid, flush=True)\nwhile True: pass"  # noqa: E501
        job = made.begin(code)
        child = int(job.until(lambda message: message["type"] == "output")["output"]["text"])
        job.connection.close()
        assert gone(job.ran.pid) and gone(child)


def test_inherited_endings_do_not_run_in_a_worker(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "package_with_ending.py").write_text(
        "import atexit, pathlib, tempfile\natexit.register(pathlib.Path('ended').touch)\n"
        "folder = tempfile.TemporaryDirectory()\n"
    )
    with engine(tmp_path, ["package_with_ending"], environment={"PYTHONPATH": str(site)}) as made:
        assert made.ready["modules"] == ["package_with_ending"]
        code = "import package_with_ending as p, pathlib\npathlib.Path(p.folder.name).exists()"
        assert made.run(code).shown() == "True"
        assert made.run(code).shown() == "True"
    assert not (tmp_path / "ended").exists()


def test_the_hello_keeps_the_secret_out_of_the_environment(tmp_path: Path) -> None:
    with engine(tmp_path) as made:
        assert (
            made.run(
                "import os; os.environ.get('DAGPY_WORKER_SECRET')\nprint(os.environ.get('DAGPY_WORKER_SECRET'))"
            ).text()
            == "None\n"
        )


def test_a_tcp_address_serves_too(tmp_path: Path) -> None:
    import socket

    from harness import SECRET, wire

    listener = socket.create_server(("127.0.0.1", 0))
    address = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
    environment = {**os.environ, "DAGPY_WORKER_SECRET": SECRET}
    command = [sys.executable, str(PAYLOAD / "boot.py"), "helper", "--address", address]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    connection = wire.Connection(listener.accept()[0])
    assert receive(connection)["role"] == "helper"
    connection.send({"type": "analyse", "request": 7, "sources": ["x = 1", "print(x)"]})
    facts = receive(connection)
    assert facts["request"] == 7 and [cell["binds"] for cell in facts["cells"]] == [["x"], []]
    connection.send({"type": "shutdown"})
    assert process.wait(20) == 0
    listener.close()


def test_a_python_with_nothing_but_ipykernel_is_enough(tmp_path: Path) -> None:
    """A virtual environment that borrows only ipykernel and what that needs."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    import importlib.metadata as metadata
    import re

    waiting, seen = ["ipykernel"], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for requirement in found.requires or []:
            if "extra ==" not in requirement:
                waiting.append(re.split(r"[^A-Za-z0-9._-]", requirement)[0])
        for file in {str(path).split("/")[0] for path in found.files or [] if not str(path).startswith("..")}:
            source = Path(str(found.locate_file(file)))
            if source.exists() and not (site / file).exists():
                (site / file).symlink_to(source)
    with engine(tmp_path, [], python=str(folder / "bin" / "python")) as made:
        ran = made.run("try:\n    import msgpack\nexcept ImportError:\n    print('bare')", "x = [1]")
        assert ran.text() == "bare\n" and ran.done["status"] == "ok", ran.done
        assert [part["names"] for part in ran.done["components"]] == [["x"]]
        # without blake3 the engine makes the digests
        assert ran.done["components"][0]["head"]["digest"] is None

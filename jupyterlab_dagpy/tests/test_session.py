"""What a session does that a notebook run does not show: live streams, hints, errors, interrupts, ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from harness import Engine, segment


def test_streams_arrive_while_the_cell_runs(workers: Engine) -> None:
    job = workers.begin("import time\nprint('first')\ntime.sleep(30)")
    start = time.monotonic()
    message = job.until(lambda message: message["type"] == "output")
    assert message["output"]["text"] == "first\n"
    assert time.monotonic() - start < 10
    os.kill(job.ran.pid, signal.SIGINT)
    assert job.finish().done["status"] == "interrupted"


def test_prints_of_c_code_and_of_child_processes_keep_their_place(workers: Engine) -> None:
    ran = workers.run(
        "import ctypes, os, subprocess\nc = ctypes.CDLL(None)\nprint('python 1')\nos.write(1, b'descriptor\\n')\n"
        "print('python 2')\nsubprocess.run(['echo', 'child'])\nprint('python 3')\nc.puts(b'buffered by C')",
        "os.write(2, b'to stderr\\n')\nos.system('echo system')\nprint('end')",
    )
    assert ran.text(0) == "python 1\ndescriptor\npython 2\nchild\npython 3\nbuffered by C\n"
    assert ran.text(1, "stderr") == "to stderr\n"
    assert ran.text(1) == "system\nend\n"


def test_large_output_and_odd_characters_arrive_whole(workers: Engine) -> None:
    ran = workers.run("print('é' * 3_000_000)", "print('\\ud800 lone')", "2 ** 70", "'x' * 2_000_000")
    assert ran.text(0) == "é" * 3_000_000 + "\n"
    assert ran.text(1).endswith(" lone\n")
    assert ran.shown(2) == str(2**70)
    assert len(ran.shown(3)) == 2_000_002


def test_threads_and_forked_children_print(workers: Engine) -> None:
    ran = workers.run(
        "import threading, multiprocessing as m\nt = threading.Thread(target=print, args=('from a thread',))\n"
        "t.start(); t.join()\np = m.get_context('fork').Process(target=print, args=('from a child',))\np.start(); p.join()"  # noqa: E501
    )
    assert "from a thread\n" in ran.text() and "from a child\n" in ran.text()


def test_an_error_names_block_cell_and_line_and_stops(workers: Engine) -> None:
    ran = workers.run("x = 1", "y = 2\n\nz = x / 0", "print('never')")
    error = ran.done["error"]
    assert ran.done["status"] == "error"
    assert (error["block"], error["ordinal"], error["line"]) == ("block", 1, 3)
    assert error["ename"] == "ZeroDivisionError" and error["evalue"] == "division by zero"
    assert len(ran.outputs()) == 2
    assert ran.done["components"] == [] and ran.done["withheld"] == []
    finished = [message["ok"] for message in ran.messages if message["type"] == "cellFinished"]
    assert finished == [True, False]


def test_a_cell_that_may_raise_does_not_stop_the_block(workers: Engine) -> None:
    ran = workers.run({"source": "1 / 0", "raises": True}, "'went on'")
    assert ran.done["status"] == "ok"
    assert ran.outputs()[0][0]["ename"] == "ZeroDivisionError"
    assert ran.shown(1) == "'went on'"


def test_syntax_errors_have_a_line(workers: Engine) -> None:
    error = workers.run("a = 1\nb = = 2").done["error"]
    assert (error["ename"], error["line"]) == ("SyntaxError", 2)


def test_a_name_error_says_where_the_name_is(workers: Engine) -> None:
    ran = workers.run("frame", hints={"frame": "Block load defines it: add an edge from load."})
    assert (
        ran.done["error"]["evalue"]
        == "name 'frame' is not defined. Block load defines it: add an edge from load."
    )
    assert ran.outputs()[0][0]["traceback"][-1].endswith("add an edge from load.")


def test_tracebacks_show_nothing_of_ours(workers: Engine) -> None:
    ran = workers.run(
        "import os, importlib\ntry:\n    os.stat('missing')\nexcept OSError:\n    import no_such_module"
    )
    text = "\n".join(ran.outputs()[0][0]["traceback"])
    assert "dagpy" not in text.replace(str(workers.project), ""), text
    assert "Cell" in text and "In[1]" in text


def test_interrupt_during_await_and_between(workers: Engine) -> None:
    job = workers.begin("import asyncio\nprint('here')\nawait asyncio.sleep(60)")
    job.until(lambda message: message["type"] == "output" or message["type"] == "done")
    os.kill(job.ran.pid, signal.SIGINT)
    done = job.finish().done
    assert done["status"] == "interrupted"
    assert done["error"]["ordinal"] == 0


def test_input_is_refused_with_a_way_out(workers: Engine) -> None:
    error = workers.run("input('name? ')").done["error"]
    assert error["ename"] == "StdinNotImplementedError" and "parameter" in error["evalue"]
    error = workers.run("import getpass; getpass.getpass()").done["error"]
    assert "environment variable" in error["evalue"]


def test_pending_tasks_are_cancelled_with_a_warning(workers: Engine) -> None:
    ran = workers.run(
        "import asyncio\nasync def forever():\n    await asyncio.sleep(1000)\ntask = asyncio.create_task(forever())"
    )
    assert ran.done["status"] == "ok"
    assert any("forever" in warning for warning in ran.done["warnings"])


def test_tasks_go_on_between_cells(workers: Engine) -> None:
    ran = workers.run(
        "import asyncio\nasync def work():\n    await asyncio.sleep(0)\n    return 3\ntask = asyncio.create_task(work())",  # noqa: E501
        "task.done() and task.result()",
    )
    assert ran.shown(1) == "3"


def test_exit_ends_only_the_cell(workers: Engine) -> None:
    ran = workers.run("exit()", "'still here'")
    assert ran.done["status"] == "ok" and ran.shown(1) == "'still here'"
    assert ran.done["warnings"]


def test_prelude_runs_silently_and_its_errors_name_it(workers: Engine) -> None:
    prelude = segment("print('unseen'); helper = 5", "helper", role="prelude", block="setup")
    ran = workers.run("helper + 1", before=[prelude])
    assert ran.shown() == "6"
    assert [output["execution_count"] for output in ran.outputs()[0]] == [1]
    assert all(message.get("ordinal", 0) == 0 for message in ran.messages if message["type"] == "output")
    broken = segment("1 / 0", role="prelude", block="setup")
    ran = workers.run("'never'", before=[broken])
    assert ran.done["error"]["block"] == "setup" and ran.done["error"]["ordinal"] == 0
    assert [message["type"] for message in ran.messages] == ["begun", "done"]


def test_parameters_are_plain_variables_bound_first(workers: Engine) -> None:
    prelude = segment("doubled = [year * 2]", role="prelude", block="setup")
    ran = workers.run("year, rate, doubled", before=[prelude], parameters={"year": 2024, "rate": 0.5})
    assert ran.shown() == "(2024, 0.5, [4048])"


def test_functions_have_source_and_stable_file_names(workers: Engine) -> None:
    code = "import inspect\ndef f(x):\n    return x + 1\nprint(inspect.getsource(f)); print(f.__code__.co_filename)"
    first, second = workers.run(code).text(), workers.run("# a comment before", code).text(1)
    assert "return x + 1" in first
    assert first.splitlines()[-1].startswith("/tmp/ipykernel_")
    assert workers.run(code).text() == first
    assert second != ""


def test_user_endings_run_and_open_files_are_flushed(workers: Engine, tmp_path: Path) -> None:
    ran = workers.run(
        "import atexit, pathlib, tempfile\natexit.register(pathlib.Path('ended.txt').write_text, 'yes')\n"
        "kept = open('open.txt', 'w'); kept.write('unflushed')\ntemporary = tempfile.TemporaryDirectory(); temporary.name",  # noqa: E501
        keep={"filter": "off", "wanted": None, "smallBytes": 0},
    )
    assert (workers.project / "ended.txt").read_text() == "yes"
    assert (workers.project / "open.txt").read_text() == "unflushed"
    assert not Path(ran.shown().strip("'")).exists()


def test_children_left_running_are_ended(workers: Engine) -> None:
    ran = workers.run("import subprocess\nchild = subprocess.Popen(['sleep', '300'])\nchild.pid")
    pid = int(ran.shown())
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.05)
    raise AssertionError("the child outlived its block")


def test_sys_path_and_working_folder_are_those_of_a_kernel(workers: Engine) -> None:
    (workers.project / "sub").mkdir(exist_ok=True)
    (workers.project / "sub" / "neighbour.py").write_text("value = 11")
    ran = workers.run(
        "import neighbour, sys, os\nneighbour.value, os.path.basename(os.getcwd()), [p for p in sys.path if 'worker' in p]",  # noqa: E501
        cwd=str(workers.project / "sub"),
    )
    assert ran.shown() == "(11, 'sub', [])"


def test_nothing_of_ours_is_importable_or_in_the_environment(workers: Engine) -> None:
    ran = workers.run(
        "import os\n[k for k in os.environ if 'SECRET' in k], sorted(k for k in globals() if not k.startswith('_'))"
    )
    assert ran.shown() == "([], ['In', 'Out', 'exit', 'get_ipython', 'open', 'os', 'quit'])"


def test_output_of_unusual_values(workers: Engine) -> None:
    ran = workers.run(
        "from IPython.display import display, JSON\nimport datetime\n"
        "display(JSON({'big': 2**80, 'nan': float('nan'), 'when': datetime.date(2024, 1, 2)}))"
    )
    assert ran.done["status"] == "ok"
    assert ran.outputs()[0][0]["data"]["application/json"]["big"] == float(2**80)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_text_is_read_anew_after_a_cell_changed_how_cells_are_read(workers: Engine) -> None:
    ran = workers.run(
        "print(21)",
        "shell = get_ipython()\nrepeat = lambda lines: [line.replace('21', '42') for line in lines]\n"
        "shell.input_transformers_post.append(repeat)",
        "print(21)",
        "shell.input_transformers_post.clear()\nshell.run_cell('print(' + str(3 * 7) + ')').success",
        "print(21)",
    )
    assert [ran.text(place) for place in (0, 2, 3, 4)] == ["21\n", "42\n", "21\n", "21\n"]


def test_who_stands_before_the_reading_of_cells_is_asked_once_a_cell(workers: Engine) -> None:
    ran = workers.run(
        "seen = []\nshell = get_ipython()\noriginal = shell.transform_cell\n"
        "shell.transform_cell = lambda raw: 'seen.append(1)\\n' + original(raw)",
        "len(seen)",
    )
    assert ran.shown(1) == "1"

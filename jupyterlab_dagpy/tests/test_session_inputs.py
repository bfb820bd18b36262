"""From one block to the next: what a session starts from, and what it hands on."""

from __future__ import annotations

from pathlib import Path

from harness import Engine, Ran, segment


def names(ran: Ran) -> list[list[str]]:
    return [part["names"] for part in ran.done["components"]]


def test_exactly_the_read_set_is_there(workers: Engine) -> None:
    made = workers.run("a = [0]\nc = a\nother = 5\ndef double(x): return x * factor\nfactor = 2")
    assert names(made) == [["a", "c"], ["double"], ["factor"], ["other"]]
    ran = workers.run("c.append(7)\nc", inputs=made.as_input("c", objects=workers.objects))
    assert ran.shown() == "[0, 7]"
    # its alias is not bound, and changed with it
    assert names(ran) == [["a", "c"]]
    missing = workers.run(
        "other", inputs=made.as_input("c", objects=workers.objects), hints={"other": "It is there."}
    )
    assert missing.done["error"]["ename"] == "NameError" and "It is there." in missing.done["error"]["evalue"]


def test_unchanged_inputs_are_not_exported_again_and_functions_live_in_the_session(workers: Engine) -> None:
    made = workers.run("K = 10\ndef g(x):\n    return x + K")
    assert made.component("g")["reaches"] == ["K"]
    ran = workers.run("K = 99\ng(1)", inputs=made.as_input("g", "K", objects=workers.objects))
    assert ran.shown() == "100"
    assert names(ran) == [["K"]]


def test_names_can_be_changed_on_the_way(workers: Engine) -> None:
    made = workers.run("frame = {'a': 1}")
    assert (
        workers.run("mine", inputs=made.as_input(objects=workers.objects, frame="mine")).shown() == "{'a': 1}"
    )


def test_a_part_may_lie_beyond_four_gibibytes(workers: Engine) -> None:
    made = workers.run("import numpy as np\na = np.arange(200_000)")
    (job,) = made.as_input("a", objects=workers.objects)
    (buffer,) = job["buffers"]
    place = 2**32 + 4096
    far = workers.project / "far"
    with far.open("wb") as file:
        file.seek(place)
        file.write(Path(buffer["path"]).read_bytes())
    # as the engine writes numbers that need more than four bytes
    job["buffers"] = [{"path": str(far), "offset": float(place), "size": float(buffer["size"])}]
    assert workers.run("int(a.sum())", inputs=[job]).shown() == str(sum(range(200_000)))


def test_what_unpickling_imports_counts(workers: Engine) -> None:
    (workers.project / "kinds.py").write_text("class Kind:\n    pass\n")
    made = workers.run("import pandas as pd, kinds\nframe = pd.DataFrame({'a': [1]})\nkind = kinds.Kind()")
    ran = workers.run("len(frame), kind", inputs=made.as_input("frame", "kind", objects=workers.objects))
    assert "pandas" in {entry["name"] for entry in ran.discovered("packages")}
    assert "kinds.py" in {Path(entry["path"]).name for entry in ran.discovered("modules")}
    assert "pandas" in ran.discovered("imports")
    assert ran.discovered("files") == []


def test_a_value_that_can_not_be_restored_is_an_error_outside_the_cells(workers: Engine) -> None:
    made = workers.run("x = [1]")
    broken = made.as_input("x", objects=workers.objects)
    Path(broken[0]["head"]).chmod(0o600)
    Path(broken[0]["head"]).write_bytes(b"not a pickle")
    ran = workers.run("x", inputs=broken)
    error = ran.done["error"]
    assert (ran.done["status"], error["ordinal"], error["line"]) == ("error", -1, 0)
    assert "x" in error["evalue"]


def test_what_can_not_be_stored_is_withheld_by_name(workers: Engine) -> None:
    ran = workers.run("generator = (n for n in range(3))\nlock = __import__('threading').Lock()\nfine = 1")
    assert names(ran) == [["fine"]]
    assert {entry["name"]: entry["why"] for entry in ran.done["withheld"]} == {
        "generator": "opaque",
        "lock": "opaque",
    }


def test_replayed_ancestors_hand_over_live_values(workers: Engine) -> None:
    parent = segment("print('silent')\ngenerator = iter([5, 6])\nkept = 3", role="replay", block="parent")
    ran = workers.run("next(generator), kept", before=[parent])
    assert ran.shown() == "(5, 3)"
    assert ran.done["status"] == "ok" and ran.text() == ""


def test_ambient_state_goes_along(workers: Engine) -> None:
    made = workers.run("import numpy as np\nnp.random.seed(0)", seed="00" * 16)
    states = {entry["adapter"]: str(made.scratch / entry["state"]["file"]) for entry in made.done["ambient"]}
    assert list(states) == ["numpy.random"]
    whole = workers.run("import numpy as np\nnp.random.seed(0)", "np.random.rand()").shown(1)
    ran = workers.run("import numpy as np\nnp.random.rand()", ambient=states, seed="11" * 16)
    assert ran.shown() == whole
    assert "numpy.random" in ran.discovered("ambientUsed")
    assert (
        workers.run("import random; random.random()", seed="11" * 16).shown()
        == workers.run("import random; random.random()", seed="11" * 16).shown()
    )


def test_two_forks_draw_different_numbers_unless_seeded(workers: Engine) -> None:
    code = "import random; random.random()"
    assert workers.run(code).shown() != workers.run(code).shown()

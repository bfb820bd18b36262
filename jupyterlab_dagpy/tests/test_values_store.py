"""The stored form itself: blobs, ordering, cost, and what a fresh interpreter makes of the files."""

from __future__ import annotations

import copy
import io
import json
import pickle
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest
import values_session

values_session.register()

from dagpy_worker import values  # noqa: E402
from dagpy_worker.values import blobs, files, modules, ordering, store  # noqa: E402

# ---------------------------------------------------------------- a fresh interpreter

READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
import values_session
values_session.register()
from dagpy_worker import values
call = json.load(sys.stdin)
namespace = {"__name__": "__main__"}
values.restore(call["inputs"], namespace)
exec(call["code"], namespace)
"""


def in_fresh_interpreter(components: list[Any], scratch: Path, code: str, *options: str) -> str:
    inputs = [
        {
            "head": str(scratch / part["head"]["file"]),
            "buffers": [values_session.extent(scratch / blob["file"], blob) for blob in part["buffers"]],
            "lineTables": part["lineTables"] and str(scratch / part["lineTables"]["file"]),
            "names": part["names"],
            "bind": {name: [name] for name in part["names"]},
        }
        for part in components
    ]
    done = subprocess.run(
        [sys.executable, *options, "-c", READ, str(Path(__file__).parent)],
        input=json.dumps({"inputs": inputs, "code": code}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def exported(code: str, scratch: Path, objects: Path | None = None, **keep: Any) -> list[Any]:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(code, namespace)
    dumper = values.Dumper(namespace, scratch, objects or scratch / "objects")
    wish: Any = {"filter": "auto", "wanted": None, "smallBytes": 1 << 20, **keep}
    return list(values.plan_exports(dumper, {}, [], [], wish).components)


def test_a_fresh_interpreter_restores_everything(tmp_path: Path) -> None:
    code = """
import numpy as np, pandas as pd
K = 10
def g(x): return x + K
class C:
    def __init__(self, v): self.v = v
    def twice(self): return g(self.v) * 2
c = C(1)
a = np.arange(300_000.)[::2]
df = pd.DataFrame({'a': np.arange(900.), 's': ['x'] * 900})
part = df[df.a > 1]
shared = [1]; also = {'k': shared}
"""
    use = """
K = 99
c.v += 1
a[0] = 5; df.loc[0, 'a'] = -1; shared.append(2)
print(isinstance(c, C), c.twice(), a[0], a.shape, df.a[0], len(part), also['k'], g.__globals__ is globals())
"""
    parts = exported(code, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert in_fresh_interpreter(parts, tmp_path, use) == "True 202 5.0 (150000,) -1.0 898 [1, 2] True"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_components_may_need_each_other_while_loading(tmp_path: Path) -> None:
    code = """
SALT = 3
class A:
    def __init__(self, v): self.v = v
    def __reduce__(self): return (make, (self.v,))
    def __hash__(self): return hash((self.v, SALT))
    def __eq__(self, other): return self.v == other.v
def make(v): return A(v)
a_first = {A(1): 'one'}
"""
    parts = exported(code, tmp_path)
    assert in_fresh_interpreter(parts, tmp_path, "print(a_first[A(1)])") == "one"


def test_line_tables_are_optional(tmp_path: Path) -> None:
    parts = exported("\n\ndef f(): return 1 / 0", tmp_path)
    for part in parts:
        part["lineTables"] = None
    code = "import traceback\ntry: f()\nexcept ZeroDivisionError: print(traceback.format_exc())"
    assert "ZeroDivisionError" in in_fresh_interpreter(parts, tmp_path, code)


def test_names_of_main_are_refused() -> None:
    head = b"\x80\x05c__main__\nf\n."
    with pytest.raises(pickle.UnpicklingError, match="'f' of the session"):
        values.load_component(head, [], None, {})


def test_a_broken_component_names_its_variables(tmp_path: Path) -> None:
    (tmp_path / "head").write_bytes(b"\x80\x05cno_such_module\nf\n.")
    job = {"head": tmp_path / "head", "buffers": [], "lineTables": None, "names": ["f", "g"], "bind": {}}
    with pytest.raises(
        values.RestoreError, match=r"can not restore f, g: ModuleNotFoundError.*no_such_module"
    ):
        values.restore([job], {})


# ---------------------------------------------------------------- blobs


def test_what_the_store_has_is_not_written(tmp_path: Path) -> None:
    scratch, objects = tmp_path / "scratch", tmp_path / "objects"
    scratch.mkdir()
    writer = blobs.BlobWriter(scratch, objects)
    first = writer.write(b"abc")
    assert first["file"] is not None and first["size"] == 3
    assert writer.write(b"abc") == first, "one file for equal blobs"
    digest = str(first["digest"])
    (objects / digest[:2]).mkdir(parents=True)
    (objects / digest[:2] / digest[2:]).write_bytes(b"abc")
    assert blobs.BlobWriter(scratch, objects).write(b"abc") == {"file": None, "size": 3, "digest": digest}
    (objects / digest[:2] / digest[2:]).write_bytes(b"torn")
    assert blobs.BlobWriter(scratch, objects).write(b"abc")["file"] not in (None, first["file"])


def test_without_blake3_the_engine_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "blake3", None)
    parts = exported("import numpy as np\na = np.arange(9000)", tmp_path)
    assert {part["head"]["digest"] for part in parts} == {None}
    array = next(part for part in parts if part["names"] == ["a"])
    namespace: dict[str, object] = {}
    buffer = array["buffers"][0]
    job = {
        "head": tmp_path / array["head"]["file"],
        "buffers": [values_session.extent(tmp_path / buffer["file"], buffer)],
        "lineTables": None,
        "names": ["a"],
        "bind": {"a": ["a"]},
    }
    (restored,) = values.restore([job], namespace)
    dumper = values.Dumper(namespace, tmp_path, tmp_path)
    assert dumper.is_as_stored(restored)
    array_now: Any = namespace["a"]
    array_now[8999] = -1
    assert not dumper.is_as_stored(restored)


def test_small_buffers_stay_in_the_head(tmp_path: Path) -> None:
    parts = exported("import numpy as np\nsmall = np.zeros(511); large = np.zeros(512)", tmp_path)
    assert {tuple(part["names"]): len(part["buffers"]) for part in parts} == {
        ("large",): 1,
        ("np",): 0,
        ("small",): 0,
    }


def test_times_are_buffers_like_numbers(tmp_path: Path) -> None:
    code = """
import numpy as np, pandas as pd
days = np.arange(2_000).astype("M8[D]").reshape(40, 50).T
spans = np.arange(4_000).astype(">m8[ms]")[::-2]
frame = pd.DataFrame({"at": pd.date_range("2020", periods=3_000), "x": 0.5})
few = np.array("2020-02-29", dtype="M8[s]")
"""
    components = exported(code, tmp_path)
    assert {part["names"][0]: len(part["buffers"]) for part in components} == {
        "days": 1,
        "few": 0,
        "frame": 2,
        "np": 0,
        "pd": 0,
        "spans": 1,
    }
    assert all(part["head"]["size"] < 2_000 for part in components)
    told = in_fresh_interpreter(
        components,
        tmp_path,
        "print(days.dtype, days.strides, days[1, 2], spans.dtype, spans[1], frame.at[7, 'at'], few)",
    )
    assert told == (
        "datetime64[D] (8, 400) 1970-04-12 >m8[ms] 3997 milliseconds 2020-01-08 00:00:00 2020-02-29T00:00:00"
    )


# ---------------------------------------------------------------- order and canonical heads


def test_sets_are_ordered_by_value() -> None:
    assert ordering.ordered({"b", "a", "c"}, lambda _: b"") == ["a", "b", "c"]
    mixed = ordering.ordered({1, "a", (2,), 0.5, frozenset([1]), None}, lambda value: repr(value).encode())
    again = ordering.ordered([None, frozenset([1]), 0.5, (2,), "a", 1], lambda value: repr(value).encode())
    assert mixed == again


def test_canonical_heads_load_to_the_same_value() -> None:
    text = "".join(["a", "b"])
    value = {
        "ab": [text, "ab", ("ab", {"ab": text})],
        "big": "x" * 70_000,
        "many": [str(i) for i in range(600)] * 2,
    }
    loop: list[Any] = [value]
    loop.append(loop)
    head = ordering.canonical_head(pickle.dumps(loop, protocol=5))
    loaded = pickle.loads(head)
    assert loaded[0] == value and loaded[1] is loaded
    assert loaded[0]["ab"][0] is loaded[0]["ab"][1]
    assert ordering.canonical_head(head) == head
    assert ordering.canonical_head(pickle.dumps(pickle.loads(head), protocol=5)) == head


def test_set_operations_are_recognised_exactly() -> None:
    assert ordering.may_hold_sets(pickle.dumps([{1}], protocol=5))
    assert ordering.may_hold_sets(pickle.dumps(frozenset([1]), protocol=5))
    assert not ordering.may_hold_sets(pickle.dumps([0x8F, b"\x8f\x91", 0x91], protocol=5))


def test_a_set_that_holds_itself_through_an_instance(tmp_path: Path) -> None:
    parts = exported("class N: pass\nn = N(); n.all = {n, 1}; twice = [n.all, n.all]", tmp_path)
    code = "print(n in n.all, twice[0] is twice[1] is n.all, len(n.all))"
    assert in_fresh_interpreter(parts, tmp_path, code) == "True True 2"


def calls_to_store(count: int, folder: Path) -> int:
    """How many functions are called to store a set of objects that lead to one another."""
    code = f"""
class N: pass
nodes = [N() for _ in range({count})]
for i, node in enumerate(nodes): node.i = i; node.near = {{i, nodes[i % 7]}}
group = set(nodes)
del nodes, node
"""
    calls = 0

    def count_call(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    folder.mkdir()
    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        parts = exported(code, folder)
    finally:
        sys.setprofile(before)
    assert "group" in [name for part in parts for name in part["names"]]
    return calls


def test_a_set_of_linked_objects_takes_work_in_proportion_to_their_number(tmp_path: Path) -> None:
    few, many = (calls_to_store(count, tmp_path / str(count)) for count in (100, 400))
    assert many < 5 * few


# ---------------------------------------------------------------- names in code


def test_names_that_code_binds() -> None:
    code = """
a, (b, *c) = 1, (2, 3)
for d in []: e = 1
with open('x') as f: pass
import g.h, i.j as k
from l import m as n, o
def p(q): r = 1; global s; s = 2
class T: u = 1
[v := w for x in y]
match 1:
    case [z, *aa] | {'k': bb, **cc}: pass
dd.ee = ff[0] = 1
"""
    assert values.bound_names([code, "not python ]"]) == set(
        "a b c d e f g k n o p s T v z aa bb".split()
    ) | {"cc"}
    assert values.dotted_imports([code, "import g.h.i; import os"]) == {"g": ["g.h", "g.h.i"]}


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        *(
            (name, True)
            for name in ("_", "__", "___", "_i", "_ii", "_i12", "_3", "_oh", "_dh", "In", "__doc__")
        ),
        *((name, False) for name in ("_own", "_x1", "__secret", "index", "_ix")),
    ],
)
def test_machine_names(name: str, machine: bool) -> None:
    assert values.is_machine_name(name) is machine


# ---------------------------------------------------------------- cost


def cost_of(code: str, names: list[str], scratch: Path) -> tuple[float, float]:
    """Of walking and of storing, as shares of what a deep copy costs at the same moment."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(code, namespace)
    dumper = values.Dumper(namespace, scratch, scratch)
    started = time.process_time()
    dumper.partition(names)
    walked = time.process_time()
    dumper.stored_form(names, namespace)
    stored = time.process_time()
    copy.deepcopy([namespace[name] for name in names])
    copied = time.process_time() - stored
    return (walked - started) / copied, (stored - walked) / copied


def test_a_long_list_of_numbers_is_walked_quickly(tmp_path: Path) -> None:
    walked, _ = cost_of("x = list(range(1_000_000))", ["x"], tmp_path)
    assert walked < 0.7


def test_many_small_dicts_cost_little(tmp_path: Path) -> None:
    walked, stored = cost_of(
        "x = [{'id': i, 'name': 'n', 'v': i / 3} for i in range(300_000)]", ["x"], tmp_path
    )
    assert walked < 0.7 and stored < 1


def test_large_arrays_are_not_copied_to_be_loaded(tmp_path: Path) -> None:
    parts = exported("import numpy as np\na = np.ones(12_500_000)\ndel np", tmp_path)
    blob = parts[0]["buffers"][0]
    started = time.process_time()
    stored = files.Extent(tmp_path / blob["file"], 0, blob["size"])
    loaded: Any = store.load_component(tmp_path / parts[0]["head"]["file"], [stored], None, {})["a"]
    opened = time.process_time()
    loaded.copy()
    assert opened - started < (time.process_time() - opened) / 2
    loaded[0] = 7
    assert loaded.flags.writeable and loaded.ctypes.data % 64 == 0
    with (tmp_path / blob["file"]).open("rb") as file:
        assert io.BytesIO(file.read(8)).getvalue() == b"\x00\x00\x00\x00\x00\x00\xf0?"


# ---------------------------------------------------------------- modules


class Asked(types.ModuleType):
    """A module that counts how often somebody looks for its namespace."""

    count = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            Asked.count += 1
        return super().__getattribute__(name)


def test_modules_are_looked_at_once_and_later_ones_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dagpy_asked", Asked("dagpy_asked"))
    try:
        modules.remember_modules()
        asked = Asked.count
        assert asked > 0
        found = [vars(module) for module in sys.modules.values() if hasattr(module, "__dict__")]
        # a class that stands for a module, as `typing.re`, has none of its own that stays
        everywhere = {id(namespace) for namespace in found if isinstance(namespace, dict)}
        asked = Asked.count
        assert modules.module_namespaces() == everywhere
        assert Asked.count == asked
        later = types.ModuleType("dagpy_later")
        monkeypatch.setitem(sys.modules, "dagpy_later", later)
        assert modules.module_namespaces() == {*everywhere, id(vars(later))}
        # one that is gone counts no more, and one that came instead is found
        gone = id(vars(sys.modules["dagpy_asked"]))
        monkeypatch.delitem(sys.modules, "dagpy_later")
        monkeypatch.delitem(sys.modules, "dagpy_asked")
        assert modules.module_namespaces() == everywhere - {gone}
        monkeypatch.setitem(sys.modules, "dagpy_later", later)
        other = types.ModuleType("dagpy_other")
        monkeypatch.setitem(sys.modules, "dagpy_other", other)
        assert {id(vars(later)), id(vars(other))} < modules.module_namespaces()
    finally:
        monkeypatch.undo()
        modules.remember_modules()

"""Only what a block reads counts for it: names in strings, globals of functions, components, edges that pick."""

from __future__ import annotations

import pytest
from project import Project

# Code of a reader, by what it reads in a way that is easily overlooked; `unread` changes beside it.
READERS = {
    "query": "print(frame.query('a > @limit').a.tolist())",
    "query_of_an_expression": "print(frame.query(f'a > {limit}').a.tolist())",
    "evaluated": "print(frame.eval('a + @limit').tolist())",
    "shell": "!echo {limit}",
    "shell_variable": "!echo $limit",
    "formatted": "print(f'{limit:>{width}}')",
    "through_a_function": "print(shift(1))",
    "through_a_function_of_a_function": "print(twice(1))",
    "through_a_method": "print(Shifter().by(1))",
    "through_a_default": "print(with_default(1))",
    "through_a_closure": "print(closed(1))",
    "in_a_comprehension": "print([n + limit for n in range(2)])",
    "in_a_lambda": "later = lambda: limit\nprint(later())",
    "in_a_class": "class K:\n    held = limit\nprint(K.held)",
    "in_a_nested_function": "def f():\n    def g(): return limit\n    return g()\nprint(f())",
    "deleted_and_read": "x = 1\ndel x\nprint(limit)",
    "conditionally": "if frame.a.sum() > 100:\n    limit = 0\nprint(limit)",
    "augmented": "limit += 1\nprint(limit)",
    "as_a_default": "def f(n=limit): return n\nprint(f())",
    "as_a_decorator": "@wrap\ndef f(): return 0\nprint(f())",
    "by_eval": "print(eval('lim' + 'it'))",
    "by_globals": "print(globals()['lim' + 'it'])",
}
MAKER = """\
import pandas as pd
frame = pd.DataFrame(dict(a=[1, 2, 3]))
limit = 1
width = 5
unread = 1
def shift(n): return n + limit
def twice(n): return shift(shift(n))
class Shifter:
    def by(self, n): return shift(n)
def with_default(n, m=limit): return n + m
def close():
    inner = limit
    return lambda n: n + inner
closed = close()
def wrap(f): return lambda: f() + limit
"""
# What evaluates text may read anything, so that it counts as reading all that it is given.
READ_EVERYTHING = {"by_eval", "by_globals"}


def test_names_in_strings_in_functions_and_elsewhere(project) -> None:
    """A change of what they read reaches each of them, a change beside it none but those that evaluate text."""
    readers = {id: ([code], {"parents": ["make"]}) for id, code in READERS.items()}
    p = project({"make": [MAKER], **readers})
    p.run()
    shells = {id for id in READERS if id.startswith("shell")}
    before = {id: p.text(id) for id in READERS}
    p.edit("make", 0, "unread = 1", "unread = 2")
    assert p.run().executed - shells == {"make"} | READ_EVERYTHING
    p.edit("make", 0, "limit = 1", "limit = 2")
    assert p.run().executed == {"make", *READERS}
    assert [id for id in READERS if p.text(id) == before[id]] == []


def test_sql_over_frames(project) -> None:
    """Where a package looks up names of the notebook in SQL."""
    query = "pl.sql('select a from table_ where a > 1', eager=True)"
    reader = f"import polars as pl\nprint({query}.get_column('a').to_list())"
    p = project(
        {
            "make": ["import polars as pl\ntable_ = pl.DataFrame(dict(a=[1, 2, 3]))\nother_table = 1"],
            "read": ([reader], {"parents": ["make"]}),
        }
    )
    p.run()
    assert p.text("read") == "[2, 3]\n"
    p.edit("make", 0, "other_table = 1", "other_table = 2")
    assert p.run().executed == {"make"}
    p.edit("make", 0, "[1, 2, 3]", "[1, 2, 4]")
    assert p.run().executed == {"make", "read"}
    assert p.text("read") == "[2, 4]\n"


def test_components_that_are_not_read(project) -> None:
    """A change of one component leaves readers of the others fresh; a block that takes columns apart cuts the wave."""
    maker = "import pandas as pd\nframe = pd.DataFrame(dict(a=[1, 2], b=[3, 4]))\nkept = [1]\nalso = [kept]"
    p = project(
        {
            "make": [maker],
            "columns": (["a = frame['a']\nb = frame['b']"], {"parents": ["make"]}),
            "reads_a": (["print(a.sum())"], {"parents": ["columns"]}),
            "reads_b": (["print(b.sum())"], {"parents": ["columns"]}),
            "reads_kept": (["print(also)"], {"parents": ["make"]}),
        }
    )
    p.run()
    p.edit("make", 0, "b=[3, 4]", "b=[3, 5]")
    assert p.run().executed == {"make", "columns", "reads_b"}
    # `also` holds `kept`, so its readers see the change
    p.edit("make", 0, "kept = [1]", "kept = [2]")
    assert p.run().executed == {"make", "reads_kept"}
    assert p.text("reads_kept") == "[[2]]\n"


def test_a_variable_picked_under_two_names(project) -> None:
    """Two variables of one component have one digest, and are told apart by what the edge calls them."""
    p = project(
        {
            "make": ["shared = [1]\nx = (shared, 'x')\ny = (shared, 'y')"],
            "read": (["print(p[1])"], {"parents": [{"block": "make", "use": {"x": "p"}}]}),
        }
    )
    p.run()
    assert p.text("read") == "x\n"
    p.declare_block("read", parents=[{"block": "make", "use": {"y": "p"}}])
    assert p.run().executed == {"read"}
    assert p.text("read") == "y\n"
    p.declare_block("read", parents=[{"block": "make", "use": {"x": "p"}}])
    assert p.idle().restored == {"read"}


def test_the_wave_stops_where_exports_are_equal(project) -> None:
    """A long chain behind a block whose exports come out equal, and a diamond of which one side changes."""
    blocks: dict = {
        "top": ["n = 10"],
        "left": (["small = n % 2"], {"parents": ["top"]}),
        "right": (["large = n * 2"], {"parents": ["top"]}),
        "join": (["print(small, large)\nboth = small + large > 0"], {"parents": ["left", "right"]}),
    }
    last = "join"
    for number in range(5):
        blocks[f"chain{number}"] = ([f"both = both\nprint(both)  # {number}"], {"parents": [last]})
        last = f"chain{number}"
    p: Project = project(blocks)
    p.run()
    p.edit("top", 0, "10", "12")
    assert p.run().executed == {"top", "left", "right", "join"}
    p.edit("top", 0, "12", "6 + 6")
    assert p.run().executed == {"top"}
    p.edit("top", 0, "6 + 6", "13")
    assert p.run().executed == {"top", "left", "right", "join"}


@pytest.mark.parametrize("orders", [[("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")]])
def test_any_topological_order_agrees(project, orders: list[tuple[str, ...]]) -> None:
    """Blocks run one by one in different orders leave the same bytes."""
    blocks = {
        "make": ["import numpy as np\nx = {'n': [1, {2, 3}]}\ny = np.arange(3)\ndef f(n): return [n, x]"],
        **{
            id: ([f"x['n'].append('{id}')\n{id}_ = [f(y), x]\nprint({id}_)"], {"parents": ["make"]})
            for id in "abc"
        },
        "join": (["print(a_, b_, c_)\nall_ = [a_, b_, c_]"], {"parents": ["a", "b", "c"]}),
    }
    # three versions of x differ, so the last block takes what it needs by name
    blocks["join"] = (
        ["print(a_, b_, c_)\nall_ = [a_, b_, c_]"],
        {"parents": [{"block": id, "use": {f"{id}_": f"{id}_"}} for id in "abc"]},
    )
    p = project(blocks)
    seen = []
    for number, order in enumerate(orders):
        copy = p.copy(p.folder.parent / f"order-{number}")
        copy.run("make")
        for id in order:
            copy.run(id, "--only")
        copy.run("-j", str(number + 1))
        seen.append((copy.text("join"), {id: copy.exports(id) for id in blocks}))
    assert seen[0] == seen[1] == seen[2]

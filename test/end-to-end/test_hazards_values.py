"""What a block hands on arrives in its children as it would in one notebook: hazards of variables and their edges."""

from __future__ import annotations

import pytest
from gallery import Example, Gallery, build

EXAMPLES = [
    Example(
        "shared component: append through one name is seen through the other",
        {
            "alias": (["a = [0]\nc = a"], []),
            "alias_append": (["c.append(7)"], ["alias"]),
            "alias_read": (["print(a)"], ["alias_append"]),
        },
        {"alias_read": "[0, 7]\n"},
    ),
    Example(
        "shared component: nested, and through an attribute, a default and a closure",
        {
            "nested": (
                [
                    "class Box: pass\n"
                    "leaf = {'n': 0}\nouter = [leaf, (leaf, [leaf])]\nbox = Box()\nbox.held = leaf\n"
                    "def by_default(to=leaf): to['n'] += 1\n"
                    "def closing(over):\n    def by_closure(): over['n'] += 10\n    return by_closure\n"
                    "by_closure = closing(leaf)"
                ],
                [],
            ),
            "nested_change": (
                ["by_default()\nby_closure()\nbox.held['n'] += 100\nouter[1][1][0]['n'] += 1000"],
                ["nested"],
            ),
            "nested_read": (
                ["print(leaf['n'], outer[0]['n'], box.held is leaf, outer[1][0] is leaf)"],
                ["nested_change"],
            ),
        },
        {"nested_read": "1111 1111 True True\n"},
    ),
    Example(
        "shared component: an alias of an array and of a frame is the array and the frame",
        {
            "same": (
                [
                    "import numpy as np, pandas as pd\n"
                    "array = np.zeros(3)\narray_too = array\nframe = pd.DataFrame({'v': [1, 2]})\nframe_too = frame"
                ],
                [],
            ),
            "same_change": (["array_too[0] = 5\nframe_too.loc[0, 'v'] = 9"], ["same"]),
            "same_read": (["print(array.tolist(), frame['v'].tolist())"], ["same_change"]),
        },
        {"same_read": "[5.0, 0.0, 0.0] [9, 2]\n"},
    ),
    Example(
        "views: sharing ends at the edge, in a clean run too",
        {
            "views": (
                [
                    "import numpy as np\nbase = np.zeros(4)\nwindow = base[1:3]\nwindow[0] = 1\nprint(base.tolist())"
                ],
                [],
            ),
            "views_change": (["window[:] = 5\nprint(base.tolist(), window.tolist())"], ["views"]),
        },
        {"views": "[0.0, 1.0, 0.0, 0.0]\n", "views_change": "[0.0, 1.0, 0.0, 0.0] [5.0, 5.0]\n"},
    ),
    Example(
        "views: a column taken from a frame",
        {
            "columns": (
                ["import pandas as pd\nframe = pd.DataFrame({'v': [1, 2]})\ncolumn = frame['v']"],
                [],
            ),
            "columns_change": (
                ["column.iloc[0] = 9\nprint(frame['v'].tolist(), column.tolist())"],
                ["columns"],
            ),
        },
        {"columns_change": "[1, 2] [9, 2]\n"},
    ),
    Example(
        "sibling isolation: one child changes what the other reads",
        {
            "df": (
                [
                    "import numpy as np, pandas as pd\n"
                    "df = pd.DataFrame({'v': np.arange(50_000.0)})\nbig = np.ones(50_000)\nnotes = ['parent']"
                ],
                [],
            ),
            "df_change": (
                [
                    "df.drop(df.index, inplace=True)\nbig[:] = 7\nbig.sort()\nnotes.append('sibling')\n"
                    "print(len(df), big.sum(), notes)"
                ],
                ["df"],
            ),
            "df_read": (["print(len(df), df['v'].sum(), big.sum(), notes)"], ["df"]),
            "df_after": (["print(len(df), big.sum(), notes)"], ["df_change"]),
        },
        {
            "df_change": "0 350000.0 ['parent', 'sibling']\n",
            "df_read": "50000 1249975000.0 50000.0 ['parent']\n",
            "df_after": "0 350000.0 ['parent', 'sibling']\n",
        },
    ),
    Example(
        "functions, lambdas and classes of the notebook",
        {
            "code": (
                [
                    "class Shape:\n"
                    "    sides = 0\n"
                    "    def __init__(self, size): self.size = size\n"
                    "    def area(self): return scale(self.size)\n"
                    "    @property\n"
                    "    def double(self): return 2 * self.area()\n"
                    "    @classmethod\n"
                    "    def unit(cls): return cls(1)\n"
                    "    @staticmethod\n"
                    "    def about(): return 'shape'\n"
                    "class Square(Shape):\n"
                    "    sides = 4\n"
                    "    def area(self): return super().area() + 1\n",
                    "factor = 2\n"
                    "def scale(n): return n * factor\n"
                    "power = lambda n, by=3: n ** by\n"
                    "def counter():\n"
                    "    count = 0\n"
                    "    def step():\n"
                    "        nonlocal count\n"
                    "        count += 1\n"
                    "        return count\n"
                    "    return step\n"
                    "step = counter(); step();\n"
                    "def factorial(n): return 1 if n < 2 else n * factorial(n - 1)\n"
                    "shape, square = Shape(3), Square(4)\n"
                    "table = {'scale': scale, Square: square}",
                ],
                [],
            ),
            "code_use": (
                [
                    "print(isinstance(shape, Shape), isinstance(square, Shape), type(square) is Square)\n"
                    "print(shape.double, square.double, Square.unit().size, Shape.about())\n"
                    "print(power(2), step(), factorial(5))\n"
                    "print(table['scale'] is scale, table[Square] is square, Square.__mro__[1] is Shape)"
                ],
                ["code"],
            ),
            # Rebinding a global of the notebook is seen by all that reads it, two edges down as well.
            "code_rebind": (
                [
                    "factor = 10\ndef extra(self): return 'new'\nShape.extra = extra\n"
                    "print(shape.area(), square.extra())"
                ],
                ["code"],
            ),
            "code_rebound": (
                ["print(shape.area(), square.extra(), isinstance(square, Shape))"],
                ["code_rebind"],
            ),
        },
        {
            "code_use": "True True True\n12 18 1 shape\n8 2 120\nTrue True True\n",
            "code_rebind": "30 new\n",
            "code_rebound": "30 new True\n",
        },
    ),
    Example(
        "classes with machinery: enum, dataclass, named tuple, abstract, exception",
        {
            "kinds": (
                [
                    "import abc, collections, dataclasses, enum, functools\n"
                    "class Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
                    "@dataclasses.dataclass(frozen=True)\nclass Point:\n    x: int\n    y: int = 0\n"
                    "Pair = collections.namedtuple('Pair', 'left right')\n"
                    "class Base(abc.ABC):\n    @abc.abstractmethod\n    def go(self): ...\n"
                    "class Real(Base):\n    def go(self): return 'went'\n"
                    "class Oops(ValueError): pass\n"
                    "@functools.lru_cache(maxsize=None)\ndef slow(n): return n + 1\n"
                    "color, point, pair, real = Color.RED, Point(1), Pair(1, 2), Real()\n"
                    "partial = functools.partial(slow, 4)"
                ],
                [],
            ),
            "kinds_use": (
                [
                    "print(color is Color.RED, point == Point(1), pair == Pair(1, 2), real.go(), slow(1), partial())\n"
                    "try:\n    raise Oops('!')\nexcept ValueError as error:\n    print(type(error) is Oops)\n"
                    "try:\n    Base()\nexcept TypeError:\n    print('abstract')"
                ],
                ["kinds"],
            ),
        },
        {"kinds_use": "True True True went 2 5\nTrue\nabstract\n"},
    ),
    Example(
        "K=10 and K=99: a function reads the child's own global",
        {
            "ten": (["K = 10\ndef g(x): return x + K\ndef h(x): return g(x) * 2"], []),
            "ninety_nine": (["K = 99\nprint(g(1), h(1))"], ["ten"]),
            "still_ten": (["print(g(1), h(1), K)"], ["ten"]),
        },
        {"ninety_nine": "100 200\n", "still_ten": "11 22 10\n"},
    ),
    Example(
        "K=10 and K=99: the global comes along hidden where the filter leaves it out",
        {
            "hidden": (
                ["K = 10\nL = 5\ndef inner(x): return x + K\ndef g(x): return inner(x) + L"],
                {"filter": ["g"]},
            ),
            "hidden_use": (["print(g(1))\nK = 99\nprint(g(1))"], ["hidden"]),
        },
        {"hidden_use": "16\n105\n"},
    ),
    Example(
        "names with an underscore are handed on",
        {
            "under": (["_kept = 5\n__also = 6\n_9 = 7\n40 + 2", "6 * 7"], []),
            "under_use": (["print(_kept, __also)"], ["under"]),
        },
        {"under_use": "5 6\n"},
    ),
    Example(
        "sets, NaN payloads, minus zero, order of dicts",
        {
            "odd": (
                [
                    "import struct\n"
                    "names = {'pear', 'apple', 'fig', 'plum', 'kiwi', 'lime', 'date', 'nut', 'pea', 'oat'}\n"
                    "frozen = frozenset(names)\nnested = {frozenset({'a', 'b'}): {'c', 'd'}, 'k': [names]}\n"
                    "nan = struct.unpack('<d', bytes.fromhex('010000000000f87f'))[0]\n"
                    "zero = -0.0\norder = {'z': 1, 'a': 2, 'm': 3}\nhuge = 2 ** 200\ncomplex_zero = complex(-0.0, 0.0)"
                ],
                [],
            ),
            "odd_use": (
                [
                    "import math, struct\n"
                    "print(sorted(names)[:2], names == frozen, nested['k'][0] is names)\n"
                    "print(struct.pack('<d', nan).hex(), math.copysign(1, zero), list(order), huge == 1 << 200)\n"
                    "print(math.copysign(1, complex_zero.real))"
                ],
                ["odd"],
            ),
            "odd_order": (["print(list(names), list(frozen))"], ["odd"]),
        },
        {
            "odd_use": "['apple', 'date'] True True\n010000000000f87f -1.0 ['z', 'a', 'm'] True\n-1.0\n",
            "odd_order": None,
        },
    ),
    Example(
        "arrays and frames in any layout",
        {
            "layout": (
                [
                    "import numpy as np, pandas as pd\n"
                    "every_other = np.arange(10)[::2]\nfortran = np.asfortranarray(np.arange(6).reshape(2, 3))\n"
                    "turned = np.arange(6).reshape(2, 3).T\nbackwards = np.arange(4)[::-1]\n"
                    "rows = pd.DataFrame({'a': range(6), 'b': list('uvwxyz')})[::2]\n"
                    "objects = np.array(['x', None, {'k': 1}], dtype=object)\nempty = np.empty((0, 3))\n"
                    "record = np.array([(1, 2.0)], dtype=[('i', 'i4'), ('f', 'f8')])\nscalar = np.float32(0.1)\n"
                    "masked = np.ma.array([1, 2], mask=[0, 1])\nbig_end = np.arange(3, dtype='>i4')"
                ],
                [],
            ),
            "layout_use": (
                [
                    "print(every_other.tolist(), fortran.flags.f_contiguous, turned.tolist(), backwards.tolist())\n"
                    "print(rows.index.tolist(), rows['b'].tolist(), objects.tolist())\n"
                    "print(empty.shape, record['f'].tolist())\n"
                    "print(repr(scalar), masked.tolist(), big_end.dtype.str, big_end.tolist())"
                ],
                ["layout"],
            ),
        },
        {
            "layout_use": "[0, 2, 4, 6, 8] True [[0, 3], [1, 4], [2, 5]] [3, 2, 1, 0]\n"
            "[0, 2, 4] ['u', 'w', 'y'] ['x', None, {'k': 1}]\n(0, 3) [2.0]\n"
            "np.float32(0.1) [1, None] >i4 [0, 1, 2]\n"
        },
    ),
    Example(
        "modules are handed on by name",
        {
            "modules": (["import numpy as np\nimport os.path as osp\nfrom math import sqrt"], []),
            "modules_use": (["print(np.array([1]).sum(), osp.join('a', 'b'), sqrt(9))"], ["modules"]),
        },
        {"modules_use": "1 a/b 3.0\n"},
    ),
    Example(
        "names in strings: a query, an f-string, eval",
        {
            "strings": (
                ["import pandas as pd\nlimit = 2\nframe = pd.DataFrame({'v': [1, 2, 3]})"],
                [],
            ),
            "strings_use": (
                ["print(frame.query('v > @limit')['v'].tolist(), f'{limit}')", "print(eval('limit + 1'))"],
                ["strings"],
            ),
        },
        {"strings_use": "[3] 2\n3\n"},
    ),
    Example(
        "two parents export the same name: equal values, and a parent that descends from the other",
        {
            "left": (["shared = [1]\nfrom_left = 1"], []),
            "right": (["shared = [1]\nfrom_right = 2"], []),
            "equal_use": (["print(shared, from_left + from_right)"], ["left", "right"]),
            "later": (["shared = shared + [2]"], ["left"]),
            "later_use": (["print(shared, from_left)"], ["left", "later"]),
            "later_use_too": (["print(shared, from_left)"], ["later", "left"]),
        },
        {"equal_use": "[1] 3\n", "later_use": "[1, 2] 1\n", "later_use_too": "[1, 2] 1\n"},
    ),
    Example(
        "an edge picks and renames",
        {
            "renamed": (["alpha = [1]\nbeta = 2"], []),
            "renamed_use": (
                ["mine.append(beta if 'beta' in globals() else 0)\nprint(mine)"],
                {"parents": [{"block": "renamed", "use": {"alpha": "mine"}}]},
            ),
        },
        {"renamed_use": "[1, 0]\n"},
    ),
    Example(
        "top-level await",
        {
            "awaiting": (
                [
                    "import asyncio\nasync def work(n):\n    await asyncio.sleep(0)\n    return n + 1\n"
                    "n = await work(1)"
                ],
                [],
            ),
            "awaiting_use": (["print(n, await work(n))"], ["awaiting"]),
        },
        {"awaiting_use": "2 3\n"},
    ),
]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return build(tmp_path_factory.mktemp("values"), EXAMPLES).visit()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_value_arrives(gallery: Gallery, example: Example) -> None:
    gallery.check(example)


def test_what_ran_in_each_phase(gallery: Gallery) -> None:
    everything = set(gallery.project.dag["blocks"])
    assert gallery.reports["first"].executed == everything
    # Nothing above a reader ran, and what a reader made came out the same, so nothing below ran either.
    assert gallery.reports["restored"].executed == gallery.readers
    assert gallery.reports["forced"].executed == everything


def test_running_roots_again_makes_the_same_bytes(gallery: Gallery) -> None:
    """Sets, classes, closures, sliced arrays: executed twice, stored the same, so no child has a reason to run."""
    project = gallery.project.copy(gallery.project.folder.parent / "again")
    roots = gallery.roots
    assert project.run(*roots, "--only", "--force").executed == set(roots)
    assert project.run().executed == set()


def test_shared_memory_is_warned_about(gallery: Gallery) -> None:
    warning = next(line for line in gallery.reports["first"].err.splitlines() if "window" in line)
    assert "views" in warning
    assert "base" in warning


def test_what_ipython_keeps_is_not_handed_on(gallery: Gallery) -> None:
    names = set(gallery.project.exports("under"))
    assert {"_kept", "__also"} <= names
    assert not names & {
        "_",
        "__",
        "___",
        "In",
        "Out",
        "_i",
        "_1",
        "_2",
        "_9",
        "_oh",
        "_ih",
        "_dh",
        "exit",
        "quit",
    }
    assert not names & {"get_ipython", "tally_"}


@pytest.mark.parametrize("reader", ["layout_use", "odd_use", "df_read", "code_use", "kinds_use"])
def test_reading_does_not_export_again(gallery: Gallery, reader: str) -> None:
    """What only was read differs in no byte from what came in, so it is not the reader's to hand on."""
    inputs = set(gallery.project.exports(gallery.project.dag["blocks"][reader]["parents"][0]))
    assert set(gallery.project.exports(reader)) & inputs <= {"math", "struct", "step"}


def test_a_change_of_a_hidden_global_counts(gallery: Gallery) -> None:
    project = gallery.project.copy(gallery.project.folder.parent / "hidden")
    assert set(project.exports("hidden")) == {"g"}
    project.edit("hidden", 0, "L = 5", "L = 6")
    assert project.run().executed == {"hidden", "hidden_use"}
    assert project.text("hidden_use") == "17\n106\n"


def test_reading_the_history_of_another_block_is_remarked(project) -> None:
    p = project({"a": ["41 + 1"], "b": (["print(Out, _)"], {"parents": ["a"]})}, tally=False)
    report = p.run()
    assert "42" not in p.text("b")  # whatever `_` is there, it is not the parent's
    note = next(line for line in report.err.splitlines() if "Out" in line)
    assert "b" in note and "_" in note


def test_one_number_of_a_large_array_counts(project) -> None:
    """Large arrays are mapped from the store, and only what was written to is compared with it."""
    p = project(
        {
            "make": ["import numpy as np\nlarge = np.zeros(1_000_000)"],
            "read": (["total = large.sum()"], {"parents": ["make"]}),
            "change": (["large[777_777] = 5"], {"parents": ["make"]}),
            "look": (["print(large.sum())"], {"parents": ["change"]}),
        }
    )
    p.run()
    assert p.text("look") == "5.0\n"
    assert set(p.exports("read")) == {"total"} and set(p.exports("change")) == {"large"}
    p.edit("change", 0, "= 5", "= 6")
    assert p.run().executed == {"change", "look"}
    assert p.text("look") == "6.0\n"

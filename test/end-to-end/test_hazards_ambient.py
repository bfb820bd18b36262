"""State that no variable shows: random generators, options, warnings, folders, the environment; set-up and modules."""

from __future__ import annotations

import random

import numpy as np
import pytest
from gallery import Example, Gallery, build


def legacy(seed: int, *counts: int) -> str:
    """Draws of NumPy's global generator, one list for each count."""
    state = np.random.RandomState(seed)
    return "".join(f"{state.rand(count).tolist()}\n" for count in counts)


def standard(seed: int, count: int) -> str:
    generator = random.Random(seed)
    return f"{[generator.random() for _ in range(count)]}\n"


EXAMPLES = [
    Example(
        "np.random.seed in one block, draws in the next ones",
        {
            "np_seed": (["import numpy as np\nnp.random.seed(0)"], []),
            "np_draw": (["import numpy as np\nprint(np.random.rand(2).tolist())"], ["np_seed"]),
            "np_draw_on": (["import numpy as np\nprint(np.random.rand(3).tolist())"], ["np_draw"]),
            "np_sibling": (["import numpy as np\nprint(np.random.rand(2).tolist())"], ["np_seed"]),
        },
        {
            "np_draw": legacy(0, 2),
            "np_draw_on": legacy(0, 2, 3).splitlines(keepends=True)[1],
            "np_sibling": legacy(0, 2),
        },
    ),
    Example(
        "random.seed in one block, a block in between that draws nothing",
        {
            "py_seed": (["import random\nrandom.seed(4)"], []),
            "py_between": (["between = 1"], ["py_seed"]),
            "py_draw": (
                ["import random\nprint([random.random() for _ in range(2)])\nbetween"],
                ["py_between"],
            ),
        },
        {"py_draw": standard(4, 2)},
    ),
    Example(
        "options of pandas",
        {
            "pd_options": (
                [
                    "import pandas as pd\npd.set_option('display.precision', 2)\n"
                    "frame = pd.DataFrame({'v': [0.123456]})"
                ],
                [],
            ),
            "pd_use": (["print(frame.to_string(), pd.get_option('display.precision'))"], ["pd_options"]),
            "pd_without": (
                ["import pandas as pd\nprint(pd.DataFrame({'v': [0.123456]}).to_string())"],
                [],
            ),
        },
        {"pd_use": "      v\n0  0.12 2\n", "pd_without": "          v\n0  0.123456\n"},
    ),
    Example(
        "rcParams and a theme",
        {
            "style": (
                [
                    "import matplotlib.pyplot as plt\nimport seaborn as sns\n"
                    "sns.set_theme(style='whitegrid')\nplt.rcParams['lines.linewidth'] = 7"
                ],
                [],
            ),
            "style_use": (
                [
                    "import matplotlib.pyplot as plt\n"
                    "print(plt.rcParams['lines.linewidth'], plt.rcParams['axes.grid'], plt.rcParams['axes.edgecolor'])"
                ],
                ["style"],
            ),
            "style_without": (
                ["import matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'])"],
                [],
            ),
        },
        {"style_use": "7.0 True .8\n", "style_without": "1.5\n"},
    ),
    Example(
        "filters of warnings",
        {
            "warn_filter": (["import warnings\nwarnings.simplefilter('error')"], []),
            "warn_use": (
                [
                    "import warnings\ntry:\n    warnings.warn('careful')\n    print('passed')\n"
                    "except UserWarning:\n    print('raised')"
                ],
                ["warn_filter"],
            ),
        },
        {"warn_use": "raised\n"},
    ),
    Example(
        "working folder, sys.path, os.environ",
        {
            "place": (
                [
                    "import os, sys\nos.makedirs('sub/lib', exist_ok=True)\nos.chdir('sub')\n"
                    "sys.path.append(os.path.abspath('lib'))\nos.environ['COLOUR'] = 'green'\n"
                    "os.environ.pop('TO_GO', None);"
                ],
                [],
            ),
            "place_use": (
                [
                    "import os, sys\nprint(os.path.basename(os.getcwd()), os.path.basename(sys.path[-1]))\n"
                    "print(os.environ['COLOUR'], 'TO_GO' in os.environ)"
                ],
                ["place"],
            ),
            "place_without": (
                [
                    "import os\nprint(os.path.basename(os.getcwd()), 'COLOUR' in os.environ, 'TO_GO' in os.environ)"
                ],
                [],
            ),
        },
        {"place_use": "sub lib\ngreen False\n", "place_without": "project False True\n"},
    ),
    Example(
        "os.environ set, then a package imported that reads it",
        {
            # Makes the warm process import both beforehand from the second phase on.
            "warm": (["import numpy, matplotlib.pyplot\nprint('warm')"], []),
            "threads": (
                [
                    "import os\nos.environ['OMP_NUM_THREADS'] = '1'\nos.environ['OPENBLAS_NUM_THREADS'] = '1'\n"
                    "os.environ['MPLBACKEND'] = 'svg'",
                    "import numpy, threadpoolctl\n"
                    "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})",
                    "import matplotlib\nprint(matplotlib.get_backend())",
                ],
                [],
            ),
            "threads_use": (
                [
                    "import numpy, threadpoolctl\n"
                    "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
                ],
                ["threads"],
            ),
        },
        {"warm": "warm\n", "threads": "{1}\nsvg\n", "threads_use": "{1}\n"},
    ),
    Example(
        "random numbers with no inherited state",
        {
            "unseeded": (
                ["import random\nimport numpy as np\nprint(random.random(), np.random.rand(2).tolist())"],
                [],
            ),
            "unseeded_too": (
                ["import random\nimport numpy as np\nprint(random.random(), np.random.rand(2).tolist())"],
                [],
            ),
        },
        {"unseeded": None, "unseeded_too": None},
    ),
    Example(
        "two parents with different states: the later one in notebook order wins",
        {
            "seed_one": (["import random\nrandom.seed(1)"], []),
            "seed_two": (["import random\nrandom.seed(2)"], []),
            "seed_use": (["import random\nprint([random.random()])"], {"parents": ["seed_two", "seed_one"]}),
        },
        {"seed_use": standard(2, 1)},
    ),
]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    made = build(tmp_path_factory.mktemp("ambient"), EXAMPLES)
    made.project.environment["TO_GO"] = "here"
    return made.visit()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_ambient_state_arrives(gallery: Gallery, example: Example) -> None:
    gallery.check(example)


def test_only_those_that_use_it_depend_on_it(gallery: Gallery) -> None:
    project = gallery.project.copy(gallery.project.folder.parent / "other-seed")
    project.append("np_seed", "unrelated = 1")
    project.append("py_between", "import random\nrandom.random();")
    project.edit("np_seed", 0, "seed(0)", "seed(1)")
    project.edit("style", 0, "= 7", "= 6")
    report = project.run()
    changed = {
        "np_seed",
        "np_draw",
        "np_draw_on",
        "np_sibling",
        "style",
        "style_use",
        "py_between",
        "py_draw",
    }
    assert report.executed == changed
    assert project.text("np_draw") == legacy(1, 2)
    assert project.text("style_use").startswith("6.0 ")


def test_a_state_set_to_what_it_was_is_cut_off(gallery: Gallery) -> None:
    project = gallery.project.copy(gallery.project.folder.parent / "same-seed")
    project.edit("np_seed", 0, "seed(0)", "seed(5 - 5)")
    assert project.run().executed == {"np_seed"}


def test_different_blocks_draw_different_numbers(gallery: Gallery) -> None:
    texts = gallery.texts["first"]
    assert texts["unseeded"] != texts["unseeded_too"]


def test_status_says_which_state_won(gallery: Gallery) -> None:
    done = gallery.project.cli("status")
    said = [line for line in (done.out + done.err).splitlines() if "seed_one" in line and "seed_two" in line]
    assert any("random" in line for line in said), done.out + done.err


def test_seeding_can_be_switched_off(project) -> None:
    p = project(
        {"a": ["import random\nimport numpy as np\nprint(random.random(), np.random.rand())"]}, seed=None
    )
    p.run()
    first = p.text("a")
    assert p.run().executed == set()
    p.run("--force")
    assert p.text("a") != first
    p.declare(seed=7)
    p.run()
    seeded = p.text("a")
    p.declare(seed=8)
    p.run()
    assert p.text("a") != seeded
    p.declare(seed=7)
    assert p.run().restored == {"a"}
    assert p.text("a") == seeded


def test_prelude(project) -> None:
    p = project(
        {
            "setup": [
                "import math\nHOUSE = 'blue'\ndef shout(text): return text.upper() + HOUSE",
                "print('quiet')",
            ],
            "a": ["x = math.floor(2.5)\nprint(shout('a'), HOUSE)"],
            "b": (["print(shout(str(x)))\nHOUSE = 'red'\nprint(shout('b'))"], {"parents": ["a"]}),
            "c": (["print(HOUSE)"], {"parents": ["b"]}),
        },
        prelude="setup",
    )
    assert p.run().executed == {"setup", "a", "b", "c"}
    assert p.text("a") == "Ablue blue\n"
    assert p.text("b") == "2blue\nBred\n"
    assert p.text("c") == "red\n"  # b changed it, so it is b's to hand on
    assert "math" not in p.exports("a") and "HOUSE" not in p.exports("a")
    assert p.run().executed == set()
    p.edit("setup", 0, "blue", "green")
    assert {"setup", "a", "b"} <= p.run().executed
    assert p.text("a") == "Agreen green\n"
    p.edit("setup", 0, "import math", "# what is needed\nimport math")
    assert p.run().executed == set()

"""Ambient state carried from block to block, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from values_session import Sessions

Run = Callable[..., list[dict[str, Any]]]
USUAL = "import os, random, sys, warnings"
SEED = "000102030405060708090a0b0c0d0e0f"


@pytest.fixture(scope="module", params=["preimported", "bare"])
def sessions(request: Any) -> Iterator[Sessions]:
    """Workers forked from a zygote that imported the packages, and workers that import them in the block."""
    made = Sessions(
        sys.executable, ["numpy", "pandas", "matplotlib.pyplot"] if request.param == "preimported" else []
    )
    yield made
    made.close()


@pytest.fixture
def run(sessions: Sessions, tmp_path: Path) -> Run:
    counter = iter(range(1000))

    def run_blocks(*blocks: str | dict[str, Any]) -> list[dict[str, Any]]:
        folder = tmp_path / f"run{next(counter)}"
        folder.mkdir()
        described = [{"code": block} if isinstance(block, str) else block for block in blocks]
        results = sessions.run(
            folder, *({**block, "code": f"{USUAL}\n{block['code']}"} for block in described)
        )
        for result in results:
            assert result["error"] is None, result["error"]
        return results

    return run_blocks


def changed(result: dict[str, Any]) -> list[str]:
    return [item["adapter"] for item in result["ambient"]]


def state(result: dict[str, Any], adapter: str) -> str:
    return next(str(item["state"]["digest"]) for item in result["ambient"] if item["adapter"] == adapter)


def printed(results: list[dict[str, Any]]) -> list[str]:
    return [str(result["printed"]).strip() for result in results]


# ---------------------------------------------------------------- random generators


@pytest.mark.parametrize(
    ("adapter", "start", "draw"),
    [
        ("random", "random.seed(0)", "random.random(), random.gauss(0, 1)"),
        ("numpy.random", "np.random.seed(0)", "np.random.rand(), np.random.randn()"),
    ],
)
def test_a_split_notebook_draws_what_the_whole_one_draws(
    run: Run, adapter: str, start: str, draw: str
) -> None:
    load = "" if adapter == "random" else "import numpy as np\n"
    whole = printed(run(f"{load}{start}\nprint({draw})\nprint({draw})\nprint({draw})"))[0].splitlines()
    split = run(load + start, *[f"{load}print({draw})"] * 3)
    assert printed(split)[1:] == whole
    assert [changed(result) for result in split] == [[adapter]] * 4
    assert [adapter in result["used"] for result in split] == [True] * 4


def test_generators_start_from_the_seed(run: Run) -> None:
    code = "import numpy as np\nprint(random.random(), np.random.rand())"
    one, again = run({"code": code, "seed": SEED}), run({"code": code, "seed": SEED})
    other = run({"code": code, "seed": SEED[::-1]})
    assert printed(one) == printed(again) != printed(other)
    assert changed(one[0]) == ["numpy.random", "random"]
    assert state(one[0], "random") == state(again[0], "random")


def test_an_inherited_state_comes_before_the_seed(run: Run) -> None:
    results = run(
        {"code": "random.seed(5)", "seed": SEED},
        {"code": "print(random.random())", "seed": SEED[::-1]},
        "random.seed(5); print(random.random())",
    )
    assert printed(results)[1] == printed(results)[2]


def test_blocks_that_draw_nothing_use_nothing(run: Run) -> None:
    result = run({"code": "import numpy as np\nx = 1", "seed": SEED})[0]
    assert changed(result) == [] and not {"random", "numpy.random"} & set(result["used"])


@pytest.mark.parametrize(
    "code", ["random.getstate()", "random.seed(0)", "random.setstate(random.getstate())"]
)
def test_looking_at_or_setting_the_state_uses_it(run: Run, code: str) -> None:
    results = run("random.seed(0)", f"_ = {code}")
    assert changed(results[1]) == [] and "random" in results[1]["used"]


def test_imported_functions_draw_from_the_global_generator(run: Run) -> None:
    results = run(
        "import numpy as np\nfrom random import randint\nfrom numpy.random import randint as nrandint\n"
        "random.seed(1); np.random.seed(1)",
        "a = randint(0, 10**9), nrandint(10**9)\nrandom.seed(1); np.random.seed(1)\n"
        "print(a == (randint(0, 10**9), nrandint(10**9)))",
    )
    assert printed(results)[1] == "True"


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("adapter", "package", "change", "show"),
    [
        (
            "pandas",
            "pandas",
            "pd.set_option('display.max_rows', 7); pd.options.display.float_format = '{:.1f}'.format",
            "pd.get_option('display.max_rows'), pd.DataFrame({'a': [1.23]})",
        ),
        (
            "matplotlib",
            "matplotlib",
            "plt.style.use('dark_background'); plt.rcParams['figure.figsize'] = (3, 2)",
            "list(plt.rcParams['figure.figsize']), plt.rcParams['axes.prop_cycle'], plt.rcParams['axes.facecolor']",
        ),
    ],
)
def test_options_reach_the_next_blocks(run: Run, adapter: str, package: str, change: str, show: str) -> None:
    imports = "import pandas as pd" if package == "pandas" else "import matplotlib.pyplot as plt"
    results = run(
        f"{imports}\n{change}",
        {"code": f"{imports}\nprint({show})", "touched": [package]},
        "pass",
        {"code": f"{imports}\nprint({show})", "touched": [package]},
        {"code": f"{imports}\n{change}\nprint({show})", "parents": {}},
    )
    assert [changed(result) for result in results] == [[adapter], [], [], [], [adapter]]
    assert [adapter in result["used"] for result in results][1:4] == [True, False, True]
    assert printed(results)[1] == printed(results)[3] == printed(results)[4]
    assert state(results[0], adapter) == state(results[4], adapter)


def test_options_set_back_are_a_change(run: Run) -> None:
    code = "import pandas as pd\n"
    results = run(
        code + "pd.set_option('display.width', 33)",
        code + "pd.reset_option('display.width')",
        code + "print(pd.get_option('display.width'))",
    )
    assert changed(results[1]) == ["pandas"] and printed(results)[2] == "80"


def test_what_the_prelude_sets_is_not_stored(run: Run) -> None:
    prelude = "import pandas as pd, os, warnings\npd.set_option('display.width', 33); os.environ['PRE'] = '1'"
    result = run({"code": "print(pd.get_option('display.width'))", "prelude": prelude})[0]
    assert result["printed"].strip() == "33" and changed(result) == []


def test_importing_libraries_changes_nothing(run: Run) -> None:
    code = "import numpy, pandas, matplotlib.pyplot, sklearn, scipy.stats, seaborn"
    result = run({"code": code, "seed": SEED})[0]
    assert changed(result) == []


def test_warning_filters(run: Run) -> None:
    warn = """
with warnings.catch_warnings(record=True) as seen:
    warnings.warn('w', UserWarning)
print(len(seen))
"""
    results = run(
        "warnings.filterwarnings('ignore', message='.*', category=UserWarning)",
        warn,
        "warnings.resetwarnings(); warnings.simplefilter('always')",
        warn,
        {
            "code": "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')",
            "parents": {},
        },
    )
    assert [changed(result) for result in results] == [["warnings"], [], ["warnings"], [], []]
    assert [printed(results)[1], printed(results)[3]] == ["0", "1"]
    assert all("warnings" in result["used"] for result in results)


# ---------------------------------------------------------------- the process


def test_working_folder(run: Run) -> None:
    results = run(
        "os.makedirs('sub', exist_ok=True); os.chdir('sub')",
        "print(os.path.basename(os.getcwd())); os.chdir('..')",
        "print(os.path.basename(os.getcwd()))",
    )
    assert [changed(result) for result in results] == [["cwd"], ["cwd"], []]
    assert printed(results)[1:] == ["sub", "project"]
    again = run("os.makedirs('sub', exist_ok=True); os.chdir('sub')")
    assert state(again[0], "cwd") == state(results[0], "cwd"), "the project lies in another folder now"


def test_module_path(run: Run) -> None:
    results = run(
        "sys.path.insert(0, os.path.abspath('lib')); sys.path.append('/elsewhere')",
        "print(sys.path[0] == os.path.abspath('lib'), sys.path[-1]); sys.path.pop(0)",
        "print(sys.path[0] == os.path.abspath('lib'), sys.path[-1])",
    )
    assert [changed(result) for result in results] == [["sys.path"], ["sys.path"], []]
    assert printed(results)[1:] == ["True /elsewhere", "False /elsewhere"]


def test_environment_stores_only_the_sessions_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    results = run(
        "os.environ['DAGPY_A'] = '1'; os.environ.pop('PATH'); os.environ['DAGPY_B'] = '2'",
        "print(os.environ['DAGPY_A'], 'PATH' in os.environ); del os.environ['DAGPY_B']",
        "print(os.environ['DAGPY_A'], 'DAGPY_B' in os.environ)",
    )
    assert [changed(result) for result in results] == [["os.environ"], ["os.environ"], []]
    assert printed(results)[1:] == ["1 False", "1 False"]
    stored = Path(results[0]["ambient"][0]["state"]["path"]).read_bytes()
    assert b"DAGPY_A" in stored and b"HOME" not in stored and len(stored) < 120


def test_everything_at_once_is_canonical(run: Run) -> None:
    one = "os.environ['A1'] = 'x'; os.environ['B1'] = 'y'; random.seed(3)"
    other = "os.environ['B1'] = 'z'; random.seed(3); os.environ['B1'] = 'y'; os.environ['A1'] = 'x'"
    first, second = run(one)[0], run(other)[0]
    assert [item["state"]["digest"] for item in first["ambient"]] == [
        item["state"]["digest"] for item in second["ambient"]
    ]

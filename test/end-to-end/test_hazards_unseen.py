"""Ways to depend on the world that are easily overlooked: after each change the block that asked has to run again."""

from __future__ import annotations

import sqlite3

ASKS = {
    "folder_gone": "import os; print(os.path.isdir('gone' + ''))",
    "link": "from pathlib import Path; print(Path('current' + '').resolve().name)",
    "from_import": "try:\n    from pkg import extra\nexcept ImportError:\n    print('none')",
    "import_part": "try:\n    import pkg.other\nexcept ImportError:\n    print('none')",
    "shadow": "from pkg import part; print(part.y)",
    "find_spec": "import importlib.util; print(importlib.util.find_spec('helper_' + 'module'))",
    "open_folder": (
        "import os\nat = os.open('data', os.O_RDONLY)\n"
        "print(os.read(os.open('x' + '', os.O_RDONLY, dir_fd=at), 9))\ndel at"
    ),
    "stat_folder": "import os\nat = os.open('data', os.O_RDONLY)\nprint(os.stat('x' + '', dir_fd=at).st_size)\ndel at",
    "kept": (
        "import os\nname = 'kept' + '.txt'\nif not os.path.exists(name):\n    open(name, 'w').write('made')\n"
        "print(open(name).read())"
    ),
    "variables": "import os; print(sorted(k for k in os.environ if k.startswith('APP_')))",
    "items": "import os; print(sorted(k for k, v in os.environ.items() if k.startswith('APP_')))",
    "user": "import os; print(os.environ.get('USER'))",
    "log_ahead": (
        "import sqlite3\nc = sqlite3.connect('base' + '.db')\n"
        "print(c.execute('select x from t').fetchall()); c.close(); del c"
    ),
}


def test_what_is_easily_overlooked(project) -> None:
    p = project({name: [code] for name, code in ASKS.items()})
    p.environment["USER"] = "one"
    p.write("gone/file", "")
    p.write("v1/file", "")
    p.write("v2/file", "")
    (p.folder / "current").symlink_to("v1")
    p.write("pkg/__init__.py", "")
    p.write("pkg/part.py", "y = 1")
    p.write("data/x", "1")
    base = sqlite3.connect(p.folder / "base.db")
    base.execute("pragma journal_mode = wal")
    base.execute("create table t (x)")
    base.commit()
    base.close()
    p.run("-j", "2")
    assert p.run().executed == set()

    (p.folder / "gone" / "file").unlink()
    (p.folder / "gone").rmdir()
    (p.folder / "current").unlink()
    (p.folder / "current").symlink_to("v2")
    p.write("pkg/extra.py", "")
    p.write("pkg/other.py", "")
    p.write("pkg/part/__init__.py", "y = 2")
    p.write("helper_module.py", "")
    p.write("data/x", "22")
    p.write("kept.txt", "by hand")
    p.environment.update(APP_NEW="1", USER="two")
    base = sqlite3.connect(p.folder / "base.db")
    base.execute("insert into t values (2)")
    base.commit()
    assert p.run().executed == set(ASKS)
    base.close()
    assert p.text("shadow") == "2\n"
    assert p.text("kept") == "by hand\n"
    assert p.text("link") == "v2\n"
    assert p.text("log_ahead") == "[(2,)]\n"


def test_a_module_loaded_by_hand_from_its_compiled_file(project) -> None:
    p = project(
        {
            "a": [
                "import importlib.util\nfrom pathlib import Path\nfile = next(Path('plug').glob('*.py'))\n"
                "spec = importlib.util.spec_from_file_location('by_hand', file)\n"
                "made = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(made)\nprint(made.y)\n"
                "del file, spec, made"
            ]
        }
    )
    p.write("plug/it.py", "y = 1")
    p.run()
    p.edit("a", 0, "print(made.y)", "print(made.y, 0)")
    p.run()
    p.write("plug/it.py", "y = 22")
    assert p.run().executed == {"a"}


def test_what_python_reads_before_any_code_runs(project) -> None:
    p = project(
        {"a": ["import datetime; print(datetime.datetime.fromtimestamp(0))"], "b": ["print(__debug__)"]}
    )
    p.environment["TZ"] = "UTC"
    p.run()
    p.environment["TZ"] = "Asia/Tokyo"
    p.run()
    assert p.text("a") == "1970-01-01 09:00:00\n"
    p.environment["PYTHONOPTIMIZE"] = "1"
    p.run()
    assert p.text("b") == "False\n"


def test_whether_an_error_ends_the_block(project) -> None:
    p = project({"a": ["1 / 0", "x = 1"], "b": (["print(x)"], {"parents": ["a"]})})

    def tagged(*tags: str) -> None:
        p.rewrite("a", lambda cells: cells[0]["metadata"].update(tags=list(tags)))

    tagged("raises-exception")
    assert p.run().executed == {"a", "b"}
    tagged()
    assert p.run(code=1).failed == {"a"}
    tagged("raises-exception")
    assert p.run().executed == set()


def test_a_lazy_frame_reads_its_file_where_it_is_used(project) -> None:
    p = project(
        {
            "a": ["import polars as pl\nlazy = pl.scan_csv('table' + '.csv')"],
            "b": (["print(lazy.collect()['x'][0])"], {"parents": ["a"]}),
            "c": [
                "import polars as pl\nprint(pl.sql(\"select x from read_csv('table.csv')\").collect()['x'][0])"
            ],
        }
    )
    p.write("table.csv", "x\n1\n")
    p.run()
    p.write("table.csv", "x\n2\n")
    p.run()
    assert p.text("b") == p.text("c") == "2\n"

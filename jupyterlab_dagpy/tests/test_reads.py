"""What a block is seen to read: files, folders, modules, packages, environment, other hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Engine, Ran, engine


def test_files_read_are_found_with_their_stamp(workers: Engine) -> None:
    data = workers.project / "data.csv"
    data.write_text("a\n1\n")
    ran = workers.run("open('data.csv').read()", "from pathlib import Path\nPath('data.csv').read_text()")
    (entry,) = ran.discovered("files")
    status = data.stat()
    assert entry == {
        "path": str(data),
        "stamp": {
            "device": str(status.st_dev),
            "inode": str(status.st_ino),
            "size": 4,
            "mtime": str(status.st_mtime_ns),
            "ctime": str(status.st_ctime_ns),
        },
    }
    assert ran.discovered("written") == []


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    open('absent.txt')\nexcept OSError: pass",
        "import os\nos.path.exists('absent.txt')",
        "import os\nos.path.isfile('absent.txt')",
        "from pathlib import Path\nPath('absent.txt').exists()",
        "from pathlib import Path\nPath('absent.txt').is_file()",
        "import os\nos.access('absent.txt', os.R_OK)",
    ],
)
def test_what_was_looked_for_in_vain_counts(host: Engine, code: str) -> None:
    assert host.run(code).files() == {"absent.txt": None}


def test_existence_counts_and_own_files_do_not(workers: Engine) -> None:
    (workers.project / "there.txt").write_text("x")
    ran = workers.run(
        "import os\nos.path.exists('there.txt')\nif not os.path.exists('out'): os.mkdir('out')\n"
        "open('out/mine.txt', 'w').write('1'); open('out/mine.txt').read(); os.listdir('out')\n"
        "with open('log.txt', 'a') as log: log.write('line')",
    )
    assert list(ran.files()) == ["there.txt"]
    assert [Path(path).name for path in ran.discovered("written")] == ["log.txt", "mine.txt"]
    assert ran.discovered("folders") == []


def test_a_log_that_is_read_after_appending_counts(host: Engine) -> None:
    (host.project / "history.txt").write_text("old\n")
    ran = host.run("open('history.txt', 'a').write('new\\n')\nopen('history.txt').read()")
    assert ran.files()["history.txt"]["size"] == 4


def test_changed_in_place_is_read_and_written(host: Engine) -> None:
    (host.project / "table.bin").write_text("12345")
    ran = host.run("with open('table.bin', 'r+') as f: f.write('9')")
    assert "table.bin" in ran.files() and len(ran.discovered("written")) == 1


def test_rename_and_removal(host: Engine) -> None:
    ran = host.run(
        "import os\nopen('a.tmp', 'w').write('1'); os.replace('a.tmp', 'a.final')\nopen('b.tmp', 'w').close(); os.remove('b.tmp')"  # noqa: E501
    )
    assert [Path(path).name for path in ran.discovered("written")] == ["a.final"]


def test_folders_are_listed_by_their_entries(workers: Engine) -> None:
    (workers.project / "many").mkdir()
    for name in ("b.csv", "a.csv"):
        (workers.project / "many" / name).touch()
    for code in (
        "import os; os.listdir('many')",
        "import glob; glob.glob('many/*.csv')",
        "list(__import__('pathlib').Path('many').iterdir())",
    ):
        folders = {
            Path(entry["path"]).name: entry["entries"] for entry in workers.run(code).discovered("folders")
        }
        assert folders["many"] == ["a.csv", "b.csv"], code


def test_local_modules_count_with_what_they_import(workers: Engine) -> None:
    (workers.project / "helper_a.py").write_text("import helper_b\nvalue = helper_b.value\n")
    (workers.project / "helper_b.py").write_text("import yaml\nvalue = 2\n")
    package = workers.project / "package_c"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("x = open('inside.txt').read()")
    (workers.project / "inside.txt").write_text("i")
    ran = workers.run("import helper_a", "from package_c import part")
    modules = {
        (entry["name"], Path(entry["path"]).name): entry["stamp"] for entry in ran.discovered("modules")
    }
    for name in ("helper_a", "helper_b"):
        assert modules[(name, f"{name}.py")]["size"] > 0
    assert (
        modules[("package_c", "__init__.py")] is not None
        and modules[("package_c.part", "part.py")] is not None
    )
    # a package folder of the same name would come first
    assert modules[("helper_a", "__init__.py")] is None
    assert modules[("yaml", "yaml.py")] is None and modules[("yaml", "__init__.py")] is None
    assert list(ran.files()) == ["inside.txt"]
    assert "PyYAML" in packages(ran)
    assert "yaml" in ran.discovered("imports") and "helper_a" not in ran.discovered("imports")
    # compiled files are there now: the same dependencies
    again = workers.run("import helper_a", "from package_c import part")
    assert again.discovered("modules") == ran.discovered("modules")


def test_a_module_that_is_missing_is_looked_for_again(host: Engine) -> None:
    ran = host.run("try:\n    import optional_thing\nexcept ImportError:\n    pass")
    assert {Path(entry["path"]).name for entry in ran.discovered("modules")} == {
        "optional_thing.py",
        "__init__.py",
    }


def packages(ran: Ran) -> set[str]:
    return {entry["name"] for entry in ran.discovered("packages")}


def test_packages_count_with_what_they_bring_pre_imported_or_not(host: Engine, tmp_path: Path) -> None:
    code = "import pandas as pd\nframe = pd.DataFrame({'a': [1]})"
    forked = host.run(code)
    with engine(tmp_path) as spawning:
        spawned = spawning.run(code)
    for ran in (forked, spawned):
        assert {"pandas", "numpy", "python-dateutil"} <= packages(ran)
        assert "matplotlib" not in packages(ran) and "scipy" not in packages(ran)
        assert all(Path(entry["location"]).is_dir() for entry in ran.discovered("packages"))
        assert ran.discovered("imports") == ["pandas"]
    assert packages(spawned) <= packages(forked)


def test_an_unused_pre_import_counts_for_nobody(host: Engine) -> None:
    ran = host.run("import json\nx = json.dumps({})")
    assert packages(ran) == {"ipython"}
    assert ran.discovered("environment") == [] and ran.discovered("files") == []


def test_lazy_imports_of_libraries_count(host: Engine) -> None:
    ran = host.run("import pandas as pd\npd.Series([1, 2]).plot();")
    assert {"matplotlib", "pandas"} <= packages(ran)


def test_what_the_zygote_read_for_a_package_counts_for_its_user(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    settings = tmp_path / "settings.ini"
    settings.write_text("[x]")
    (site / "configured.py").write_text(
        f"import os\nmode = os.environ.get('CONFIGURED_MODE', 'none')\ntext = open({str(settings)!r}).read()\n"
    )
    with engine(
        tmp_path, ["configured"], environment={"PYTHONPATH": str(site), "CONFIGURED_MODE": "fast"}
    ) as made:
        assert made.ready["modules"] == ["configured"]
        used = made.run("import configured")
        unused = made.run("1")
    assert used.discovered("environment") == [{"name": "CONFIGURED_MODE", "value": "fast"}]
    assert list(used.files()) == ["settings.ini"]
    assert unused.discovered("environment") == [] and unused.files() == {}


def test_environment_variables_are_noted_whoever_asks(tmp_path: Path) -> None:
    with engine(tmp_path, [], environment={"STAGE": "test"}) as made:
        for code in (
            "os.environ['STAGE']",
            "os.getenv('STAGE')",
            "'STAGE' in os.environ",
            "os.environ.get('STAGE')",
        ):
            assert made.run(f"import os\n{code}").discovered("environment") == [
                {"name": "STAGE", "value": "test"}
            ], code
        ran = made.run(
            "import os\nos.getenv('NOT_THERE'); os.environ.get('TERM'); os.environ['MINE'] = '1'; os.environ['MINE']"
        )
        assert ran.discovered("environment") == [{"name": "NOT_THERE", "value": None}]
        ran = made.run(
            "import subprocess, copy\nfrom subprocess import run\ncopied = __import__('os').environ.copy()"
        )
        names = {entry["name"] for entry in ran.discovered("environment")}
        assert "STAGE" in names, "the block's own code took everything"


def test_processes_started_by_the_block_make_it_untracked(workers: Engine) -> None:
    for code in (
        "!echo hello",
        "%%bash\necho hello",
        "import subprocess\nsubprocess.run(['echo', 'hello'])",
        "import os\nos.system('echo hello')",
        "import asyncio\np = await asyncio.create_subprocess_exec('echo', 'hello')\nawait p.wait()",
    ):
        (reason,) = workers.run(code).discovered("untracked")
        assert "hello" in reason or "bash" in reason, reason


def test_processes_started_by_libraries_do_not(workers: Engine) -> None:
    ran = workers.run(
        "import platform, ctypes.util, uuid\nplatform.uname(); platform.processor(); ctypes.util.find_library('c'); uuid.getnode()\n"  # noqa: E501
        "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, 2]))"
    )
    assert ran.text() == "[1, 2]\n"
    assert ran.discovered("untracked") == []


def test_pools_of_new_interpreters_count_where_the_block_makes_them(host: Engine) -> None:
    made = host.run(
        "from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(n) for n in range(3))"
    )
    assert made.discovered("untracked") == ["the block starts another Python process"]
    library = host.run(
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression\n"
        "from sklearn.model_selection import cross_val_score\n"
        "cross_val_score(LinearRegression(), np.ones((50, 2)), np.arange(50.0), n_jobs=2).shape"
    )
    assert library.shown() == "(5,)"
    assert library.discovered("untracked") == []


def test_forked_children_report_what_they_read(workers: Engine) -> None:
    for name in ("one.txt", "two.txt"):
        (workers.project / name).write_text(name)
    ran = workers.run(
        "import multiprocessing as m\nfrom pathlib import Path\n"
        "with m.get_context('fork').Pool(2) as pool: print(pool.map(Path.read_text, [Path('one.txt'), Path('two.txt')]))"  # noqa: E501
    )
    assert set(ran.files()) == {"one.txt", "two.txt"}


def test_connections_make_a_block_external(workers: Engine) -> None:
    ran = workers.run(
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\nport = server.getsockname()[1]\n"
        "client = socket.create_connection(('localhost', port)); client.close(); server.close(); print(port)"
    )
    assert ran.discovered("external") == [f"localhost:{ran.text().strip()}"]
    assert workers.run("import asyncio\nawait asyncio.sleep(0)").discovered("external") == []


def test_databases_are_files(host: Engine) -> None:
    import sqlite3

    connection = sqlite3.connect(host.project / "base.db")
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    ran = host.run(
        "import sqlite3\nsqlite3.connect('base.db').execute('select * from t').fetchall()\nsqlite3.connect(':memory:');"
    )
    assert list(ran.files()) == ["base.db"]


NATIVE = [
    "pd.read_parquet('t.parquet')",
    "pd.read_csv('t.csv')",
    "pd.read_csv('t.csv', engine='pyarrow')",
    "import pyarrow.parquet as pq; pq.read_table('t.parquet')",
    "import pyarrow.parquet as pq; pq.ParquetFile('t.parquet').read()",
    "from pyarrow import csv; csv.read_csv('t.csv')",
    "import pyarrow as pa; pa.memory_map('t.csv').read()",
    "import pyarrow.dataset as ds; ds.dataset('t.parquet').to_table()",
    "import polars as pl; pl.read_csv('t.csv')",
    "import polars as pl; pl.scan_parquet('t.parquet').collect()",
    "from polars import read_parquet; read_parquet(source='t.parquet')",
    "import numpy as np; np.loadtxt('t.csv', skiprows=1); np.memmap('t.csv', mode='r'); np.fromfile('t.csv', 'u1')",
]


@pytest.mark.parametrize("code", NATIVE)
def test_native_readers_are_seen(host: Engine, code: str) -> None:
    pytest.importorskip("polars")
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2]})
    frame.to_csv(host.project / "t.csv", index=False)
    frame.to_parquet(host.project / "t.parquet")
    ran = host.run(f"import pandas as pd\n{code}")
    assert ran.done["status"] == "ok", ran.done["error"]
    wanted = "t.parquet" if "parquet" in code else "t.csv"
    assert ran.files().get(wanted) is not None, ran.discovered("files")


def test_nothing_of_ours_or_of_the_system_counts(host: Engine) -> None:
    ran = host.run(
        "import matplotlib.pyplot as plt, pandas as pd, numpy as np\nplt.plot([1]); plt.title('x'); plt.show()\n"
        "pd.Timestamp.now(tz='Europe/Zagreb'); open('/proc/self/status').read()",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    import traceback; traceback.print_exc()",
    )
    paths = [entry["path"] for entry in ran.discovered("files") if entry["stamp"] is not None]
    assert paths == []


def test_declared_outputs_are_always_told(host: Engine) -> None:
    (host.project / "made").mkdir(exist_ok=True)
    (host.project / "made" / "earlier.bin").write_text("1")
    ran = host.run("1", outputs=["made/*.bin"])
    assert [Path(path).name for path in ran.discovered("written")] == ["earlier.bin"]

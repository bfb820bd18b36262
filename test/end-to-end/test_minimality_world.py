"""Files, the environment and parameters: what changed runs who reads it, and nobody else."""

from __future__ import annotations

import http.server
import os
import threading
import time
import zipfile


def test_data_files(project) -> None:
    p = project(
        {
            "reads": ["print(open('data/one.csv').read().strip())"],
            "lists": ["import os\nprint(sorted(os.listdir('data')))"],
            "globs": ["import glob\nprint(sorted(glob.glob('data/*.csv')))"],
            "maybe": ["from pathlib import Path\nprint(Path('data/two.csv').exists())"],
            "tries": [
                "try:\n    print(open('override.txt').read())\nexcept FileNotFoundError:\n    print('default')"
            ],
            "pandas": ["import pandas as pd\nprint(pd.read_csv('data/one.csv')['v'].sum())"],
            "arrow": ["import pandas as pd\nprint(pd.read_parquet('frame.parquet')['v'].sum())"],
            "polars": ["import polars as pl\nprint(pl.scan_csv('data/one.csv').collect()['v'].sum())"],
            "sqlite": [
                "import sqlite3\nwith sqlite3.connect('base.db') as base:\n"
                "    print(base.execute('select v from t').fetchall())\n"
                "base.close()"
            ],
            "numpy": ["import numpy as np\nprint(np.load('array.npy', mmap_mode='r').sum())"],
            "memory": [
                "import mmap\nwith open('data/one.csv') as f: print(len(mmap.mmap(f.fileno(), 0, prot=1)))"
            ],
        }
    )
    import sqlite3

    import numpy as np
    import pandas as pd

    def save(number: int) -> None:
        p.write("data/one.csv", f"v\n{number}\n")
        pd.DataFrame({"v": [number]}).to_parquet(p.folder / "frame.parquet")
        np.save(p.folder / "array.npy", np.array([number]))
        (p.folder / "base.db").unlink(missing_ok=True)
        base = sqlite3.connect(p.folder / "base.db")
        base.execute("create table t (v)")
        base.execute("insert into t values (?)", (number,))
        base.commit()
        base.close()

    save(1)
    assert p.run().executed == set(p.dag["blocks"])
    p.idle()
    # Touched, rewritten with the same bytes, another inode.
    one = p.folder / "data" / "one.csv"
    os.utime(one, (1, 1))
    p.idle()
    p.write("spare.csv", one.read_bytes()).replace(one)
    p.idle()
    # Changed: each reader, and those who only look at names do not.
    save(2)
    assert "file" in p.reasons("reads")
    assert p.run().executed == {"reads", "pandas", "arrow", "polars", "sqlite", "numpy", "memory"}
    for id, shown in {
        "reads": "v\n2\n",
        "pandas": "2\n",
        "arrow": "2\n",
        "polars": "2\n",
        "sqlite": "[(2,)]\n",
        "numpy": "2\n",
    }.items():
        assert p.text(id) == shown, id
    # Created, where it was looked for in vain.
    p.write("data/two.csv", "v\n5\n")
    p.write("override.txt", "mine")
    assert p.run().executed == {"lists", "globs", "maybe", "tries"}
    assert p.text("tries") == "mine\n" and p.text("maybe") == "True\n"
    # Deleted again: as it was.
    (p.folder / "data" / "two.csv").unlink()
    (p.folder / "override.txt").unlink()
    report = p.run()
    assert report.executed == set() and report.restored == {"lists", "globs", "maybe", "tries"}
    # The size and the time of the last change are those of before.
    before = one.stat()
    one.write_text("v\n7\n")
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert {"reads", "pandas"} <= p.run().executed
    assert p.text("reads") == "v\n7\n"


# All that NumPy, pandas, archives, threads and processes read is seen, too.
READERS = {
    "numpy_text": "import numpy as np\nprint(np.loadtxt('data.txt'))",
    "numpy_raw": "import numpy as np\nprint(np.fromfile('data.txt', dtype='u1'))",
    "descriptor": "import os\nprint(os.read(os.open('data.txt', os.O_RDONLY), 99))",
    "thread": "import asyncio\nprint(await asyncio.to_thread(lambda: open('data.txt').read()))",
    "processes": "import multiprocessing as mp\ndef read(name): return open(name).read()\n"
    "with mp.get_context('fork').Pool(1) as pool: print(pool.map(read, ['data.txt']))",
    "script": "%run script.py",
    "executed": "exec(open('script.py').read())",
    "arrow": "import pyarrow.dataset as ds\nprint(ds.dataset('parts').to_table().to_pydict())",
    "polars": "import polars as pl\nprint(pl.read_parquet('parts/*.parquet')['v'].sum())",
    "archive": "import zipfile\nprint(zipfile.ZipFile('data.zip').read('x'))",
    "link": "print(open('link.txt').read())",
    "tree": "import os\nprint(sorted(file for _, _, files in os.walk('tree') for file in files))",
    "pattern": "from pathlib import Path\nprint(sorted(map(str, Path('tree').rglob('*.txt'))))",
    "image": "import matplotlib.pyplot as plt\nprint(plt.imread('data.png').sum())",
    # Nobody sees a C library read; the name in the code counts.
    "c_library": "import ctypes\nc = ctypes.CDLL(None)\ninto = ctypes.create_string_buffer(9)\n"
    "c.read(c.open('data.txt'.encode(), 0), into, 8);\nprint(into.value)",
}


def test_ways_to_read(project) -> None:
    p = project({id: [code] for id, code in READERS.items()})

    def save(number: int) -> None:
        import pandas as pd
        from PIL import Image

        p.write("data.txt", f"{number}\n")
        p.write("script.py", f"print({number})\n")
        p.write(f"tree/deep/file{number}.txt", "")
        p.write("target1.txt", "one")
        p.write("target2.txt", "two")
        (p.folder / "link.txt").unlink(missing_ok=True)
        (p.folder / "link.txt").symlink_to(f"target{number}.txt")
        (p.folder / "parts").mkdir(exist_ok=True)
        pd.DataFrame({"v": [number]}).to_parquet(p.folder / "parts" / "a.parquet")
        with zipfile.ZipFile(p.folder / "data.zip", "w") as archive:
            archive.writestr("x", str(number))
        Image.new("L", (1, 1), number).save(p.folder / "data.png")

    save(1)
    assert p.run().executed == set(READERS)
    first = {id: p.text(id) for id in READERS}
    p.idle()
    save(2)
    assert p.run().executed == set(READERS)
    assert {id for id in READERS if p.text(id) == first[id]} == set()


def test_declared_files_and_variables(project) -> None:
    p = project(
        {
            "declared": (["print('inputs')"], {"inputs": ["data/*.csv"], "env": ["REGION"]}),
            "reads": ["import os\nprint(os.environ.get('REGION', 'nowhere'))"],
            "getenv": ["import os\nprint(os.getenv('OTHER'))"],
            "bytes": ["import os\nprint(os.getenvb(b'OTHER'))"],
            "none": ["print('none')"],
        }
    )
    p.write("data/a.csv", "1")
    p.run()
    p.idle()
    p.write("data/a.csv", "2")
    assert p.run().executed == {"declared"}
    p.write("data/b.csv", "1")
    assert p.run().executed == {"declared"}
    p.write("data/b.txt", "1")
    p.idle()
    p.environment["REGION"] = "north"
    assert "environment" in p.reasons("reads")
    assert p.run().executed == {"declared", "reads"}
    assert p.text("reads") == "north\n"
    p.environment["OTHER"] = ""
    assert p.run().executed == {"getenv", "bytes"}
    p.environment["UNRELATED"] = "1"
    p.idle()
    del p.environment["REGION"]
    report = p.run()
    assert report.executed == set() and report.restored == {"declared", "reads"}


def test_parameters(project) -> None:
    p = project(
        {
            "a": ["print(year + 1)"],
            "b": ["def f(): return rate\nprint(rate)"],
            "c": (["print(f())"], {"parents": ["b"]}),
            "none": ["year_of = 1"],
        },
        parameters={"year": 2024, "rate": 0.5, "unused": [1]},
    )
    p.run()
    assert p.text("a") == "2025\n" and p.text("c") == "0.5\n"
    assert p.run("-p", "year=2030").executed == {"a"}
    assert p.text("a") == "2031\n"
    report = p.run()
    assert report.executed == set() and report.restored == {"a"}
    assert p.run("-p", "rate=0.75").executed == {"b", "c"}
    assert p.text("c") == "0.75\n"
    p.declare(parameters={"year": 2024, "rate": 0.75, "unused": [2]})
    p.idle()
    p.declare(parameters={"year": "2024", "rate": 0.75, "unused": [2]})
    assert "parameter" in p.reasons("a")
    assert p.run(code=1).failed == {"a"}
    before = p.digest(hidden=True)
    done = p.cli("run", "-p", "yaer=1", code=2)
    assert "yaer" in done.err and "year" in done.err
    done = p.cli("run", "-p", "year", code=2)
    assert "year" in done.err
    assert p.digest(hidden=True) == before


class _Page(http.server.BaseHTTPRequestHandler):
    body = b"first"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None: ...


def test_what_came_from_the_network_is_kept_until_it_is_too_old(project) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        get = (
            "import urllib.request\n"
            f"print(urllib.request.urlopen('http://127.0.0.1:{server.server_port}/').read())"
        )
        p = project({"kept": [get], "aged": ([get], {"ttl": "1s"}), "local": ["print(1)"]})
        p.run()
        _Page.body = b"second"
        time.sleep(1.1)
        assert "external" in p.reasons("aged") and "external" not in p.reasons("kept")
        assert p.run().executed == {"aged"}
        assert p.text("aged") == "b'second'\n" and p.text("kept") == "b'first'\n"
        p.declare_block("aged", ttl="1h")
        p.idle()
        assert p.run("kept", "--force").executed == {"kept"}
        assert p.text("kept") == "b'second'\n"
        server.shutdown()

"""Files that blocks write and others read."""

from __future__ import annotations

import pytest


def test_reading_what_a_block_without_an_edge_wrote(project) -> None:
    p = project(
        {
            "writer": ["open('out.csv', 'w').write('v\\n1\\n');"],
            "reader": ["print('alone')"],
        }
    )
    p.run()
    p.edit("reader", 0, "'alone'", "open('out.csv').read()")
    done = p.cli("run", "reader", code=None)
    assert done.code in (1, 2)
    for word in ("writer", "reader", "out.csv", "link writer reader"):
        assert word in done.err
    assert p.text("reader") == "v\n1\n\n"  # what it showed now, and not the last good time
    p.cli("link", "writer", "reader")
    assert p.run().executed >= {"reader"}
    assert p.text("reader") == "v\n1\n\n"
    assert p.run().executed == set()
    p.edit("writer", 0, "1", "2")
    assert p.run().executed == {"writer", "reader"}
    assert p.text("reader") == "v\n2\n\n"


def test_order_without_values_is_an_edge_too(project) -> None:
    p = project(
        {
            "writer": ["open('out.csv', 'w').write('1');"],
            "reader": (["print(open('out.csv').read())"], {"after": ["writer"]}),
        }
    )
    assert p.run().executed == {"writer", "reader"}
    assert p.run().executed == set()
    p.edit("writer", 0, "'1'", "'2'")
    assert p.run().executed == {"writer", "reader"}
    assert p.text("reader") == "2\n"
    p.edit("writer", 0, "'2'", "str(2)")
    assert p.run().executed == {"writer"}


WRITING = {
    "writer": (
        [
            "import pathlib\nbody = 'one'\npathlib.Path('result').mkdir(exist_ok=True)\n"
            "pathlib.Path('result/out.txt').write_text(body)\nopen('undeclared.log', 'a').write('ran ');"
        ],
        {"outputs": ["result/*.txt"]},
    ),
    "reader": (["print(open('result/out.txt').read())"], {"parents": ["writer"]}),
}


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "read by another block"])
def test_a_written_file_comes_back_on_a_hit(project, declared: bool) -> None:
    p = project(WRITING)
    if not declared:
        p.declare_block("writer", outputs=None)
    p.run()
    assert p.run().executed == set()
    out, log = p.folder / "result" / "out.txt", p.folder / "undeclared.log"
    # Deleted: put back, or made again; then all is as it was.
    out.unlink()
    report = p.run()
    assert out.read_text() == "one"
    assert "reader" not in report.executed
    if declared:
        assert report.executed == set()
    # An undo puts the older content back.
    p.edit("writer", 0, "'one'", "'two'")
    assert p.run().executed == {"writer", "reader"}
    assert out.read_text() == "two"
    p.edit("writer", 0, "'two'", "'one'")
    report = p.run()
    assert out.read_text() == "one" and p.text("reader") == "one\n"
    if declared:
        assert report.executed == set() and report.restored == {"writer", "reader"}
    # A file that nobody reads or declares is a side effect: it may go.
    log.unlink()
    assert p.run().executed == set()
    assert not log.exists()


def test_a_file_that_a_person_changed_is_not_overwritten_by_a_restore(project) -> None:
    p = project(WRITING)
    p.run()
    p.edit("writer", 0, "'one'", "'two'")
    p.run()
    out = p.folder / "result" / "out.txt"
    out.write_text("by hand")
    p.edit("writer", 0, "'two'", "'one'")
    report = p.run()
    assert out.read_text() == "by hand" and p.text("reader") == "by hand\n"
    assert report.executed == {"reader"} and report.restored == {"writer"}
    warning = next(line for line in report.err.splitlines() if "by hand" in line)
    assert "writer" in warning and "result/out.txt" in warning
    # Deleted: the block's own version again.
    out.unlink()
    assert p.run().executed == set()
    assert out.read_text() == "one" and p.text("reader") == "one\n"


def test_many_blocks_append_to_one_log(project) -> None:
    blocks = {id: [f"with open('steps.log', 'a') as log: log.write('{id} ')"] for id in "abc"}
    p = project(blocks)
    assert p.run().executed == set("abc")
    assert p.run().executed == set()
    p.edit("a", 0, "log.write('a ')", "log.write('A ')")
    assert p.run().executed == {"a"}
    assert sorted((p.folder / "steps.log").read_text().split()) == ["A", "a", "b", "c"]


def test_a_block_that_reads_back_what_it_wrote_is_not_stale(project) -> None:
    p = project(
        {
            "a": [
                "import os, json\nos.makedirs('made/here', exist_ok=True)\n"
                "json.dump([1], open('made/here/x.json', 'w'))",
                "print(json.load(open('made/here/x.json')), os.listdir('made/here'), os.path.exists('made'))",
            ],
            "seen": ["import os\nprint(os.path.exists('cache.txt'))\nopen('cache.txt', 'w').write('x');"],
        }
    )
    p.run()
    assert p.run().executed == set()
    assert p.text("a") == "[1] ['x.json'] True\n"


def test_temporary_files_and_renames(project) -> None:
    p = project(
        {
            "a": (
                [
                    "import os, tempfile\n"
                    "with tempfile.NamedTemporaryFile('w', dir='.', delete=False) as f: f.write('x')\n"
                    "os.replace(f.name, 'final.txt')"
                ],
                {"outputs": ["final.txt"]},
            ),
            "b": (["print(open('final.txt').read())"], {"parents": ["a"]}),
        }
    )
    p.run()
    assert p.run().executed == set()
    (p.folder / "final.txt").unlink()
    assert p.run().executed == set()
    assert (p.folder / "final.txt").read_text() == "x"

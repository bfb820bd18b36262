"""What can not be stored is never dropped in silence, and what two parents both export is never guessed."""

from __future__ import annotations

import pytest
from project import create

OPAQUE = {
    "generator": ("thing = (n for n in range(3))", "print(next(thing))", "0\n"),
    "connection": (
        "import sqlite3\nthing = sqlite3.connect(':memory:')\nthing.execute('create table t (v)');",
        "print(thing.execute('select count(*) from t').fetchone())",
        "(0,)\n",
    ),
    "lock": (
        "import threading\nthing = threading.Lock()",
        "print(thing.acquire(), thing.locked())",
        "True True\n",
    ),
    "coroutine": ("async def work():\n    return 5\nthing = work()", "print(await thing)", "5\n"),
    "open_file": (
        "open('note.txt', 'w').write('hello')\nthing = open('note.txt')",
        "print(thing.read())",
        "hello\n",
    ),
    # Pickles, and fails only when it is loaded.
    "loads_badly": (
        "class Trap:\n    def __init__(self): self.v = 1\n"
        "    def __setstate__(self, state): raise RuntimeError('can not be loaded')\nthing = Trap()",
        "print(thing.v)",
        "1\n",
    ),
}


@pytest.fixture(scope="module")
def opaque(tmp_path_factory):

    blocks = {}
    for name, (make, use, _) in OPAQUE.items():
        blocks[name] = ([make, "beside = [1]"], {})
        blocks[f"{name}_use"] = ([use], {"parents": [name]})
        blocks[f"{name}_other"] = (["print(beside)"], {"parents": [name]})
    return create(tmp_path_factory.mktemp("opaque"), blocks)


@pytest.fixture(scope="module")
def first(opaque):
    return opaque.run()


@pytest.mark.parametrize("name", OPAQUE)
def test_a_reader_gets_it_made_again(opaque, first, name: str) -> None:
    assert {name, f"{name}_use"} <= first.executed and name in first.replayed
    assert opaque.text(f"{name}_use") == OPAQUE[name][2]
    # once for itself and once for the reader, not for who reads only what is stored
    assert first.tally.count(name) == 2
    assert opaque.status()[f"{name}_use"]["state"] == "fresh"


@pytest.mark.parametrize("name", OPAQUE)
def test_what_stands_beside_it_is_stored(opaque, first, name: str) -> None:
    assert f"{name}_other" in first.executed
    assert opaque.text(f"{name}_other") == "[1]\n"
    exported = opaque.exports(name)
    assert exported["beside"]["digest"] is not None
    assert exported.get("thing", {"digest": None})["digest"] is None


def test_a_fresh_reader_replays_nothing(opaque, first) -> None:
    assert opaque.idle().replayed == set()


def test_a_changed_reader_replays_its_maker_only(opaque, first) -> None:
    changed = opaque.copy(opaque.folder.parent / "changed")
    changed.edit("generator_use", 0, "next(thing)", "next(thing), next(thing)")
    report = changed.run()
    assert report.executed == {"generator", "generator_use"} and report.replayed == {"generator"}
    assert report.tally == ["generator", "generator_use"]
    assert changed.text("generator_use") == "0 1\n"
    changed.edit("generator_other", 0, "beside", "beside, 1")
    report = changed.run()
    assert report.executed == {"generator_other"} and report.replayed == set()


def test_the_whole_session_where_the_filter_is_off(opaque, first) -> None:
    remedied = opaque.copy(opaque.folder.parent / "remedied")
    for name in OPAQUE:
        remedied.cli("filter", name, "off")
    report = remedied.run()
    assert {f"{name}_use" for name in OPAQUE} <= report.executed
    for name, (_, _, printed) in OPAQUE.items():
        assert remedied.text(f"{name}_use") == printed
    again = remedied.run()
    assert again.executed == set() and again.tally == []


def test_replay_of_a_chain(project) -> None:
    """Two blocks with the filter off above each other, and one stored result before them."""
    p = project(
        {
            "stored": ["start = 10"],
            "one": (["numbers = iter(range(start, start + 5))"], {"parents": ["stored"], "filter": "off"}),
            "two": (["first = next(numbers)"], {"parents": ["one"], "filter": "off"}),
            "three": (["print(first, next(numbers))"], {"parents": ["two"]}),
        }
    )
    report = p.run()
    assert p.text("three") == "10 11\n"
    assert {"one", "two", "three"} <= report.executed
    assert p.run().executed == set()
    p.edit("three", 0, "next(numbers)", "next(numbers) + 0")
    report = p.run()
    assert p.text("three") == "10 11\n"
    assert "stored" not in report.executed
    p.edit("stored", 0, "10", "20")
    p.run()
    assert p.text("three") == "20 21\n"


# ------------------------------------------------------------------- two parents export one name


CLASH = {
    "north": ["wind = 'n'"],
    "south": ["wind = 's'"],
    "calm": (["print('no wind')"], {"parents": ["north", "south"]}),
    "read": (["print(wind)"], {"parents": ["north", "south"]}),
}


def test_two_parents_with_one_name_are_an_error(project) -> None:
    p = project(CLASH)
    done = p.cli("run", code=2)
    for word in ("wind", "north", "south", "read", "use"):
        assert word in done.err
    assert p.text("calm") == "no wind\n"  # it does not read the name
    assert p.text("read") == ""


def test_use_settles_which_parent_is_meant(project) -> None:
    p = project(CLASH)
    p.cli("link", "south", "read", "--use", "wind=wind")
    p.declare_block("read", parents=[{"block": "north", "use": {}}, *p.dag["blocks"]["read"]["parents"][1:]])
    p.run()
    assert p.text("read") == "s\n"
    p.cli("link", "north", "read", "--use", "wind=other")
    p.edit("read", 0, "wind", "wind, other")
    assert p.run().executed == {"read"}
    assert p.text("read") == "s n\n"


def test_parents_that_become_equal_are_fine(project) -> None:
    p = project(CLASH)
    p.cli("run", code=2)
    p.edit("south", 0, "'s'", "'n'")
    report = p.run()
    assert "read" in report.executed and p.text("read") == "n\n"

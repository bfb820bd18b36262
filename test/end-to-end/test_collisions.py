"""What other tools confuse: no false hit for any pair, and no run for what is the same. See `collisions.py`."""

from __future__ import annotations

from collisions import DIFFERENT_SOURCES, DIFFERENT_VALUES, EQUAL_SOURCES, EQUAL_VALUES, SETUP
from project import lines
from proof import counted


def cells_of(source: str | list[str]) -> list[str]:
    return [source] if isinstance(source, str) else source


def test_sources(project) -> None:
    """Every pair is a block; all are edited at once, there and back."""
    pairs = {f"differs{number}": pair for number, pair in enumerate(DIFFERENT_SOURCES)}
    pairs |= {f"equal{number}": pair for number, pair in enumerate(EQUAL_SOURCES)}
    p = project({id: cells_of(before) for id, (before, _) in pairs.items()})
    p.run()
    for id, (_, after) in pairs.items():
        save(p, id, cells_of(after))
    report = p.run()
    ran = {id: pair for id, pair in pairs.items() if id in report.executed}
    assert [pair for id, pair in pairs.items() if id.startswith("differs") and id not in ran] == []
    assert [pair for id, pair in ran.items() if id.startswith("equal")] == []
    for id, (before, _) in pairs.items():
        save(p, id, cells_of(before))
    # nobody can follow what a shell reads, so these run each time
    assert {id: pairs[id] for id in p.run().executed if "!echo" not in str(pairs[id])} == {}
    counted("pairs of sources", len(pairs))


def save(p, id: str, sources: list[str]) -> None:
    def change(cells) -> None:
        old = list(cells)
        cells[:] = [
            {**(old[number] if number < len(old) else old[0]), "id": f"c{number}", "source": lines(source)}
            for number, source in enumerate(sources)
        ]

    p.rewrite(id, change)


def test_values(project) -> None:
    """One block makes the first of every pair, and then the second; a block each reads one."""
    pairs = {f"differs{number}": pair for number, pair in enumerate(DIFFERENT_VALUES)}
    pairs |= {f"equal{number}": pair for number, pair in enumerate(EQUAL_VALUES)}

    def makers(place: int) -> list[str]:
        return [f"{id} = {pair[place]}" for id, pair in pairs.items()]

    blocks = {"make": ["\n".join(makers(0))]}
    blocks |= {id: ([f"print(type({id}))"], {"parents": ["make"]}) for id in pairs}
    p = project({"setup": [SETUP], **blocks}, prelude="setup")
    p.run()
    save(p, "make", ["\n".join(makers(1))])
    report = p.run()
    assert [
        pair for id, pair in pairs.items() if id.startswith("differs") and id not in report.executed
    ] == []
    assert [pair for id, pair in pairs.items() if id.startswith("equal") and id in report.executed] == []
    save(p, "make", ["\n".join(makers(0))])
    p.idle()
    counted("pairs of values", len(pairs))


def test_another_working_folder(project) -> None:
    p = project({"a": (["print(open('x.txt').read())"], {"cwd": "one"})})
    p.write("one/x.txt", "first")
    p.write("two/x.txt", "second")
    p.run()
    p.declare_block("a", cwd="two")
    assert p.run().executed == {"a"}
    assert p.text("a") == "second\n"


def test_what_a_sibling_does_to_a_large_array(project) -> None:
    """Its memory is mapped from one stored file in both."""
    p = project(
        {
            "make": ["import numpy as np\nx = np.ones(2_000_000)"],
            "change": (["x[:] = 7\nprint(x.sum())"], {"parents": ["make"]}),
            "sibling": (["print(x.sum())"], {"parents": ["make"]}),
            "below": (["print(x.sum())"], {"parents": ["change"]}),
        }
    )
    p.run("make", "change", "below", "-j", "1")
    p.run()
    assert [p.text(id) for id in ("change", "sibling", "below")] == [
        "14000000.0\n",
        "2000000.0\n",
        "14000000.0\n",
    ]
    p.run("sibling", "change", "--force", "-j", "1")
    assert [p.text(id) for id in ("change", "sibling", "below")] == [
        "14000000.0\n",
        "2000000.0\n",
        "14000000.0\n",
    ]
    p.cli("cache", "verify")

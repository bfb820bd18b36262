"""Edits of a project through the daemon: made, taken back, done again, and suggested."""

from __future__ import annotations

import pytest
from serving import RefusedError, refusal, serving


def test_edits_undone_and_done_again(project) -> None:
    p = project({"load": ["raw = [3, 1]"], "sort": (["done = sorted(raw)"], {"parents": ["load"]})})
    p.run()
    dag = (p.folder / "dag.json").read_text()
    with serving(p) as daemon:
        follower = daemon.follow()
        made = follower.call(
            "addBlock",
            id="show",
            sources=["# Show it\nprint(done)", "last = done[-1]"],
            parents=None,
            filter={"kind": "names", "patterns": ["last"]},
            after="load",
        )
        assert made == {"block": "show", "notebook": "show.ipynb"}
        # clients saw it before the call was answered
        assert follower.states() == {"load": "fresh", "show": "never", "sort": "fresh"}
        assert p.dag["blocks"]["show"] == {"notebook": "show.ipynb", "filter": ["last"]}
        follower.call("link", parent="sort", child="show")
        follower.call("renameBlock", block="sort", to="order")
        follower.call("setFilter", block="order", filter={"kind": "off"})
        follower.call("unlink", parent="order", child="show")
        follower.call("reorderBlocks", order=["load", "order", "show"])
        follower.call("removeBlock", block="load")
        assert [b["id"] for b in follower.view["blocks"]] == ["order", "show"]
        assert follower.view["undo"] == "remove load" and follower.view["redo"] is None
        assert (p.folder / "load.ipynb").exists()
        end = (p.folder / "dag.json").read_text()
        words = []
        while follower.view["undo"] is not None:
            words.append(follower.view["undo"])
            follower.call("undo")
        assert words == [
            "remove load",
            "reorder the blocks",
            "unlink order from show",
            "choose what order hands on",
            "rename sort to order",
            "link sort to show",
            "add show",
        ]
        assert (p.folder / "dag.json").read_text() == dag
        assert not (p.folder / "show.ipynb").exists() and (p.folder / "sort.ipynb").exists()
        assert follower.states() == {"load": "fresh", "sort": "fresh"}
        with pytest.raises(RefusedError, match="nothing to undo"):
            follower.call("undo")
        while follower.view["redo"] is not None:
            follower.call("redo")
        assert (p.folder / "dag.json").read_text() == end
        assert p.source("show", 0) == "# Show it\nprint(done)"


def test_nothing_of_others_is_undone(project) -> None:
    p = project({"a": ["x = 1"], "b": ["y = 1"]})
    with serving(p) as daemon:
        follower = daemon.follow()
        follower.call("link", parent="a", child="b")
        p.cli("filter", "a", "x")
        follower.until(lambda: follower.view["undo"] is None, "it can not be undone")
        before = (p.folder / "dag.json").read_text()
        with pytest.raises(RefusedError) as refused:
            follower.call("undo")
        assert refused.value.code == "changed-since"
        assert (p.folder / "dag.json").read_text() == before
        follower.call("addBlock", id="c", sources=["z = 1"], parents=[], filter={"kind": "auto"})
        p.append("c", "z = 2")
        follower.call("undo")
        # the block is gone, and what somebody wrote into its notebook is not
        assert set(follower.states()) == {"a", "b"} and "z = 2" in p.folder.joinpath("c.ipynb").read_text()
        with pytest.raises(RefusedError, match="circle"):
            follower.call("link", parent="b", child="a")
        with pytest.raises(RefusedError) as refused:
            follower.call("reorderBlocks", order=["a"])
        assert refused.value.code == "order"
        with pytest.raises(RefusedError) as refused:
            follower.call("addBlock", id="a b/../c", sources=[], parents=[], filter={"kind": "auto"})
        assert refused.value.code == "block-id"


def test_what_a_new_block_would_be(project) -> None:
    p = project(
        {
            "tools": ["import math\ndef half(n): return n / 2"],
            "load": ["raw = [3, 1, 2]\nname = 'x'"],
            "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
        },
        prelude="tools",
        parameters={"limit": 3},
    )
    p.run()
    with serving(p) as daemon:
        found = daemon.call(
            "suggest",
            project="",
            sources=["# The best ones!\nbest = ordered[:limit]\nprint(half(name), nobody)"],
        )
        assert found["name"] == "the-best-ones"
        assert {each["block"]: [v["name"] for v in each["variables"]] for each in found["parents"]} == {
            "load": ["name"],
            "sort": ["ordered"],
        }
        [ordered] = [v for each in found["parents"] for v in each["variables"] if v["name"] == "ordered"]
        assert ordered["type"] == "list" and ordered["bytes"] > 0
        assert found["makes"] == [{"name": "best", "type": None}]
        assert found["missing"] == ["nobody"]
        above = daemon.call("suggest", project="", sources=["print(ordered)"], after="load")
        assert above["parents"] == [] and above["missing"] == ["ordered"]
        assert daemon.call("value", project="", block="sort", name="ordered") == {"text": "[1, 2, 3]"}
        assert refusal(daemon, "value", project="", block="sort", name="nothing") == "unknown-name"
        planned = daemon.call("preview", project="", target={"kind": "all"}, force=True)
        assert set(planned["runs"]) == {"tools", "load", "sort"}
        assert all(each["reasons"] for each in planned["planned"])
        assert daemon.call("collectCache", project="") == {"freedBytes": 0}

"""What a page saves replaces the version that it has seen, and no newer one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

NAME = "made.ipynb"


def content(source: str) -> dict[str, Any]:
    cell = {"cell_type": "markdown", "id": "only", "metadata": {}, "source": source}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


async def put(jp_fetch: Any, source: str, **more: str) -> Any:
    body = {"type": "notebook", "format": "json", "content": content(source), **more}
    answer = await jp_fetch("api", "contents", NAME, method="PUT", body=json.dumps(body))
    return json.loads(answer.body)


async def seen(jp_fetch: Any) -> Any:
    answer = await jp_fetch("api", "contents", NAME, params={"content": "0", "hash": "1"})
    return json.loads(answer.body)["last_modified"]


async def test_only_the_version_that_was_seen_is_replaced(jp_fetch: Any, jp_root_dir: Path) -> None:
    file = jp_root_dir / NAME
    first = (await put(jp_fetch, "first"))["last_modified"]
    assert first == await seen(jp_fetch)
    second = (await put(jp_fetch, "second", dagpy_replaces=first))["last_modified"]
    assert second == await seen(jp_fetch)
    assert "second" in file.read_text()
    assert "dagpy_replaces" not in file.read_text()
    text = json.dumps(content("of a colleague"))
    file.write_text(text)
    with pytest.raises(HTTPClientError) as refused:
        await put(jp_fetch, "third", dagpy_replaces=second)
    assert refused.value.code == 409
    assert file.read_text() == text
    # whoever does not say what is replaced replaces whatever there is
    await put(jp_fetch, "fourth")
    assert "fourth" in file.read_text()


async def test_the_answer_tells_what_was_written_though_it_was_replaced_since(
    jp_fetch: Any, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    file = jp_root_dir / NAME
    first = (await put(jp_fetch, "first"))["last_modified"]
    checkpoints = jp_serverapp.contents_manager.checkpoints
    listing = checkpoints.list_checkpoints

    async def replaced(path: str) -> Any:
        """The server asks for them when the notebook is written and before it looks at it."""
        other = file.with_suffix(".other")
        other.write_text(json.dumps(content("of a colleague")))
        os.utime(other, (1, 1))
        other.replace(file)
        return await listing(path)

    checkpoints.list_checkpoints = replaced
    second = (await put(jp_fetch, "second", dagpy_replaces=first))["last_modified"]
    assert "of a colleague" in file.read_text()
    assert second != await seen(jp_fetch)
    checkpoints.list_checkpoints = listing
    with pytest.raises(HTTPClientError) as refused:
        await put(jp_fetch, "third", dagpy_replaces=second)
    assert refused.value.code == 409

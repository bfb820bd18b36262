"""Who is let through to the daemon, and what the daemon is told of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

HELLO = ("dagpy", "v1", "calls", "hello")
JSON = {"Content-Type": "application/json"}


def body(response: HTTPResponse | None) -> Any:
    assert response is not None
    return json.loads(response.body)


async def refusal(asked: Any) -> HTTPClientError:
    with pytest.raises(HTTPClientError) as error:
        await asked
    return error.value


async def test_a_call_is_answered_by_the_daemon(jp_fetch, jp_root_dir, ready) -> None:
    response = await jp_fetch(*HELLO, method="POST", body="{}")
    hello = body(response)
    assert hello["pid"] == ready.daemon.pid
    assert hello["root"] == str(jp_root_dir.resolve())
    assert response.headers["Content-Type"].startswith("application/json")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_the_daemon_refuses_arrives_as_it_said_it(jp_fetch, ready) -> None:
    error = await refusal(jp_fetch("dagpy", "v1", "calls", "noSuchCall", method="POST", body="{}"))
    assert 400 <= error.code < 500
    assert {"code", "message", "remedy"} <= body(error.response)["problems"][0].keys()


async def test_the_description_is_served(jp_fetch, ready) -> None:
    assert body(await jp_fetch("dagpy", "v1", "openapi.json"))["openapi"].startswith("3.")


async def test_the_stream_carries_messages_both_ways(jp_ws_fetch, ready) -> None:
    socket = await jp_ws_fetch("dagpy", "v1", "stream")
    assert json.loads(await socket.read_message())["kind"] == "hello"
    await socket.write_message(json.dumps({"kind": "call", "id": 7, "name": "hello", "parameters": {}}))
    answer = json.loads(await asyncio.wait_for(socket.read_message(), 20))
    assert (answer["kind"], answer["id"]) == ("answer", 7)
    assert answer["result"]["pid"] == ready.daemon.pid
    socket.close()


async def test_large_messages_pass(jp_ws_fetch, ready) -> None:
    socket = await jp_ws_fetch("dagpy", "v1", "stream")
    await socket.read_message()
    # more than tornado takes by itself
    notebook = {"cells": ["x" * (12 << 20)]}
    parameters = {"project": "none", "path": "none.ipynb", "content": notebook}
    await socket.write_message(
        json.dumps({"kind": "call", "id": 1, "name": "mergeFlow", "parameters": parameters})
    )
    answer = json.loads(await asyncio.wait_for(socket.read_message(), 20))
    assert (answer["kind"], answer["id"]) == ("refusal", 1)
    socket.close()


@pytest.mark.parametrize("path", [HELLO, ("dagpy", "start")])
async def test_strangers_are_refused(jp_fetch, ready, path: tuple[str, ...]) -> None:
    for header in ["", "token wrong"]:
        asked = jp_fetch(*path, method="POST", body="{}", headers={"Authorization": header})
        assert (await refusal(asked)).code == 403


async def test_strangers_get_no_stream_and_no_description(jp_fetch, jp_ws_fetch, ready) -> None:
    stranger = {"Authorization": ""}
    assert (await refusal(jp_ws_fetch("dagpy", "v1", "stream", headers=dict(stranger)))).code == 403
    asked = jp_fetch("dagpy", "v1", "openapi.json", headers=stranger, follow_redirects=False)
    assert (await refusal(asked)).code == 403


class Recorder:
    """Stands between server and daemon, and notes the heads of requests."""

    def __init__(self, daemon: Any) -> None:
        self.secret: str = daemon.secret
        self.requests: list[str] = []
        self._behind: str = daemon.socket

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head.decode())
        behind_reader, behind_writer = await asyncio.open_unix_connection(self._behind)
        behind_writer.write(head)

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(1 << 16):
                target.write(data)
            target.close()

        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))


@pytest.fixture
def recorder(jp_asyncio_loop, ready, tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(ready.daemon)
    path = str(tmp_path / "recorder")
    server = jp_asyncio_loop.run_until_complete(asyncio.start_unix_server(made.pass_on, path))
    ready.daemon.socket = path
    yield made
    server.close()


class Nobody:
    """An authorizer that lets nobody run code."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def is_authorized(self, _handler: object, _user: object, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return False


async def test_users_who_may_not_run_code_are_refused(jp_fetch, jp_ws_fetch, jp_serverapp, ready) -> None:
    authorizer = jp_serverapp.web_app.settings["authorizer"] = Nobody()
    for path in [HELLO, ("dagpy", "start")]:
        assert (await refusal(jp_fetch(*path, method="POST", body="{}"))).code == 403
    assert (await refusal(jp_fetch("dagpy", "v1", "openapi.json"))).code == 403
    assert (await refusal(jp_ws_fetch("dagpy", "v1", "stream"))).code == 403
    assert authorizer.asked == [("execute", "dagpy")] * 4


class Browser:
    """Logged in by cookie, as a page is."""

    def __init__(self, responses: list[HTTPResponse]) -> None:
        cookies = SimpleCookie()
        for response in responses:
            for header in response.headers.get_list("Set-Cookie"):
                cookies.load(header)
        self.xsrf = cookies["_xsrf"].value
        self.headers = {
            "Authorization": "",
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
        }


@pytest.fixture
def page(jp_asyncio_loop, jp_fetch, ready) -> Browser:
    async def responses() -> list[HTTPResponse]:
        form = await jp_fetch("login", headers={"Authorization": ""})
        return [form, await jp_fetch("api", "status")]

    return Browser(jp_asyncio_loop.run_until_complete(responses()))


@pytest.mark.parametrize("path", [HELLO, ("dagpy", "start")])
async def test_a_page_must_prove_that_it_is_its_own_doing(jp_fetch, page, path: tuple[str, ...]) -> None:
    """Another site's form is sent with the same cookies, and can not read the token in them."""
    error = await refusal(jp_fetch(*path, method="POST", body="{}", headers=dict(page.headers)))
    assert error.code == 403
    proof = {**page.headers, "X-XSRFToken": page.xsrf}
    assert "pid" in body(await jp_fetch(*path, method="POST", body="{}", headers=proof))


async def test_other_sites_are_refused(jp_fetch, page) -> None:
    other = {**page.headers, "X-XSRFToken": page.xsrf, "Origin": "https://elsewhere.example"}
    assert (await refusal(jp_fetch(*HELLO, method="POST", body="{}", headers=dict(other)))).code == 404
    assert (await refusal(jp_fetch("dagpy", "v1", "openapi.json", headers=dict(other)))).code == 404


async def test_only_the_page_itself_gets_its_stream(jp_http_port, jp_base_url, page) -> None:
    # cookies are of one host; `jp_ws_fetch` asks another one than `jp_fetch`
    address = f"127.0.0.1:{jp_http_port}"

    def joined(origin: str) -> Any:
        headers = {**page.headers, "Origin": origin}
        return websocket_connect(HTTPRequest(f"ws://{address}{jp_base_url}dagpy/v1/stream", headers=headers))

    assert (await refusal(joined("https://elsewhere.example"))).code == 403
    socket = await joined(f"http://{address}")
    assert json.loads(await socket.read_message())["kind"] == "hello"
    socket.close()


@pytest.mark.parametrize(
    "path",
    [
        "v1/../v1/openapi.json",
        "v1/%2e%2e/v1/openapi.json",
        "v1/%252e%252e/openapi.json",
        "v1/calls%2f..%2fopenapi.json",
        "v1//openapi.json",
        "v1/..%5copenapi.json",
        "v1/.openapi.json",
        "v1/openapi.json%00",
        "v1/openapi.json%0d%0aX-Forged: 1",
        "v1/",
    ],
)
async def test_odd_paths_never_reach_the_daemon(
    jp_serverapp, http_server, jp_auth_header, recorder: Recorder, path: str
) -> None:
    """Written to the wire as they are: clients tidy paths up."""
    raw = f"{jp_serverapp.base_url}dagpy/{path}".replace(" ", "%20")
    reader, writer = await asyncio.open_connection("localhost", jp_serverapp.port)
    head = [f"GET {raw} HTTP/1.1", f"Host: localhost:{jp_serverapp.port}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in jp_auth_header.items()]
    writer.write("\r\n".join([*head, "", ""]).encode())
    status = (await reader.read()).split(b" ")[1]
    writer.close()
    assert status in (b"400", b"404")
    assert recorder.requests == []


async def test_credentials_stay_in_the_server(jp_fetch, jp_ws_fetch, jp_auth_header, page, recorder) -> None:
    token = jp_auth_header["Authorization"].split()[1]
    secrets = [token, page.xsrf, "_xsrf", "username-"]
    headers = {**page.headers, "X-XSRFToken": page.xsrf, **jp_auth_header, "X-Dagpy-Secret": "forged"}
    headers["Referer"] = f"http://localhost/lab?token={token}"
    address = {"token": token}
    await jp_fetch(*HELLO, method="POST", body="{}", headers=dict(headers), params=address)
    await jp_fetch("dagpy", "v1", "openapi.json", headers=dict(headers), params=address)
    socket = await jp_ws_fetch("dagpy", "v1", "stream", headers=dict(headers), params=address)
    await socket.read_message()
    socket.close()
    assert len(recorder.requests) == 3
    for said in recorder.requests:
        assert "authorization" not in said.lower()
        assert "cookie" not in said.lower()
        assert "forged" not in said
        assert f"X-Dagpy-Secret: {recorder.secret}" in said
        for secret in secrets:
            assert secret not in said


async def test_the_secret_stays_between_server_and_daemon(
    jp_fetch, jp_root_dir, log: pytest.LogCaptureFixture, ready
) -> None:
    secret = ready.daemon.secret
    for asked in [jp_fetch(*HELLO, method="POST", body="{}"), jp_fetch("dagpy", "v1", "openapi.json")]:
        response = await asked
        assert secret not in response.body.decode()
        assert secret not in str(dict(response.headers.get_all()))
    error = await refusal(jp_fetch("dagpy", "v1", "calls", "noSuchCall", method="POST", body="{}"))
    assert secret not in error.response.body.decode()
    assert secret not in log.text
    assert all(secret.encode() not in file.read_bytes() for file in jp_root_dir.rglob("*") if file.is_file())


async def test_the_daemon_answers_nobody_else(ready) -> None:
    """Whoever can open its socket still has to know the secret."""
    for header in ["", "X-Dagpy-Secret: wrong\r\n"]:
        reader, writer = await asyncio.open_unix_connection(ready.daemon.socket)
        writer.write(
            f"POST /v1/calls/hello HTTP/1.1\r\nHost: localhost\r\n{header}"
            "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}".encode()
        )
        status = (await reader.read()).split(b" ")[1]
        writer.close()
        assert status in (b"401", b"403")

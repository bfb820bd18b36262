"""Asks a daemon over its socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server_proxy.unixsock import UnixResolver
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

if TYPE_CHECKING:
    from .daemon import Daemon

SECRET_HEADER = "X-Dagpy-Secret"
#: A daemon that judges a large project is busy for a while.
SECONDS_TO_ANSWER = 10.0


async def answers(daemon: Daemon) -> bool:
    """Whether it says hello."""
    client = SimpleAsyncHTTPClient(force_instance=True, resolver=UnixResolver(daemon.socket))
    try:
        answer = await client.fetch(
            HTTPRequest(
                "http://localhost/v1/calls/hello",
                method="POST",
                body="{}",
                headers={SECRET_HEADER: daemon.secret, "Content-Type": "application/json"},
                connect_timeout=SECONDS_TO_ANSWER,
                request_timeout=SECONDS_TO_ANSWER,
            ),
            raise_error=False,
        )
    except (OSError, HTTPClientError):
        return False
    finally:
        client.close()
    return answer.code == 200

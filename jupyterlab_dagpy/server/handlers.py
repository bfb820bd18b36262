"""What the server part answers: ``dagpy/v1/…`` is passed to the daemon, ``dagpy/start`` starts one."""

from __future__ import annotations

import asyncio
import json
import re
from http.client import responses
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server_proxy.handlers import LocalProxyHandler, RewritableResponse
from jupyter_server_proxy.unixsock import UnixResolver
from tornado import web
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from .activity import note_activity
from .client import SECRET_HEADER
from .supervisor import Supervisor

#: What authorizers are asked about: whoever may run code may use the daemon.
RESOURCE = "dagpy"
#: Of one message on the stream: a notebook with its outputs.
LARGEST_MESSAGE = 512 * 1024 * 1024
#: What the daemon is told of a request. All else, credentials above all, stays here.
REQUEST_HEADERS = ("Accept", "Content-Type", "User-Agent")
#: What a client is told of an answer.
RESPONSE_HEADERS = ("Allow", "Cache-Control", "Content-Encoding", "Content-Type", "ETag")
#: No empty part, none that begins with a dot, nothing encoded.
PATH = re.compile(r"v1(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+")
#: Of WebSockets: the service restarts.
TRY_AGAIN = 1012


def problems(code: str, message: str, remedy: str) -> dict[str, list[dict[str, str]]]:
    """The body of a refusal, as the daemon's own refusals have it."""
    return {"problems": [{"code": code, "message": message, "remedy": remedy}]}


def not_running(supervisor: Supervisor) -> dict[str, list[dict[str, str]]]:
    """The body of an answer without a daemon."""
    return problems(
        "daemon-down",
        f"DAGpy is not running: {supervisor.trouble or 'it has just ended'}",
        "it is started again by itself; the log of the Jupyter server says more",
    )


class StartHandler(APIHandler):
    """``POST dagpy/start``: a daemon that is down is started now."""

    def initialize(self, supervisor: Supervisor) -> None:
        """Take what the application hands to its handlers."""
        self.supervisor = supervisor

    @web.authenticated
    async def post(self) -> None:
        """Answer when it is ready, or with what stands against it."""
        await authorise(self)
        daemon = await self.supervisor.kick()
        if daemon is None:
            self.set_status(503)
            await self.finish(json.dumps(not_running(self.supervisor)))
        else:
            await self.finish(json.dumps({"pid": daemon.pid}))


class DaemonHandler(LocalProxyHandler):  # type: ignore[misc]
    """``dagpy/v1/…``: passes requests and the stream to the daemon, for users who may run code on this server."""

    SUPPORTED_METHODS = ("GET", "POST", "OPTIONS")
    #: Of the WebSocket between page and server.
    max_message_size = LARGEST_MESSAGE

    def __init__(self, *args: Any, supervisor: Supervisor, **kwargs: Any) -> None:
        super().__init__(*args, rewrite_response=(lambda response: self._outward(response),), **kwargs)
        self.supervisor = supervisor
        self.upstream: WebSocketClientConnection | None = None

    # -- who may ask

    async def prepare(self) -> None:
        """Refuse whom Jupyter's own API would refuse, and odd paths."""
        # The library's own `prepare` would send scripts and sockets to the login page.
        await JupyterHandler.prepare(self, _redirect_to_login=False)
        if self.request.method == "OPTIONS":
            return
        if self.current_user is None:
            raise web.HTTPError(403)
        # for a socket this is asked later, and answered with 403
        if not self._is_socket and not self.check_origin():
            raise web.HTTPError(404)
        await authorise(self)
        if PATH.fullmatch(self.path_args[0]) is None:
            self._refuse(400, problems("bad-path", "DAGpy has no such address", "see dagpy/v1/openapi.json"))
        elif self.supervisor.daemon is None:
            self._refuse(503, not_running(self.supervisor))

    def check_xsrf_cookie(self) -> None:
        """As everywhere in Jupyter; the library leaves it to the program behind, which knows no cookies."""
        JupyterHandler.check_xsrf_cookie(self)

    def options(self, *_: Any) -> None:
        """A browser asks what another site may ask."""
        APIHandler.options(self)

    options.__allow_unauthenticated = True  # type: ignore[attr-defined]

    @property
    def content_security_policy(self) -> str:
        """As that of Jupyter's API: nothing here is a page."""
        return f"{super().content_security_policy}; default-src 'none'"

    # -- requests

    async def http_get(self, path: str) -> None:
        """Pass it on."""
        await self.proxy(path)

    async def post(self, path: str) -> None:
        """Pass it on, and remember that somebody works here."""
        note_activity(self.settings)
        await self.proxy(path)

    async def proxy(self, path: str) -> None:
        """Pass a request to the daemon; where it is lost meanwhile, say so."""
        if self.supervisor.daemon is None:
            self._refuse(503, not_running(self.supervisor))
            return
        # nothing there is a stream of events; the library would hand such a one on as it comes, headers and all
        self.request.headers["Accept"] = "application/json"
        try:
            await super().proxy(0, path)
        except (web.HTTPError, OSError) as error:
            self.log.warning("DAGpy could not be asked: %s", error)
            self._refuse(503, not_running(self.supervisor))

    @property
    def unix_socket(self) -> str:
        """Where the library finds the daemon."""
        daemon = self.supervisor.daemon
        return "" if daemon is None else daemon.socket

    def get_client_uri(self, protocol: str, host: str, port: int, proxied_path: str) -> str:
        """Where the daemon is asked. Its calls know no query, and a token may stand in one."""
        return f"{protocol}://localhost/{proxied_path}"

    def proxy_request_headers(self) -> HTTPHeaders:
        """What the daemon is told."""
        headers = HTTPHeaders()
        for name in REQUEST_HEADERS:
            for value in self.request.headers.get_list(name):
                headers.add(name, value)
        daemon = self.supervisor.daemon
        if daemon is not None:
            headers[SECRET_HEADER] = daemon.secret
        return headers

    def proxy_request_options(self) -> dict[str, Any]:
        """A call takes as long as it takes."""
        return {"follow_redirects": False, "connect_timeout": 10.0, "request_timeout": 0}

    def _outward(self, response: RewritableResponse) -> None:
        """The library drops the headers that Jupyter sets on everything."""
        headers = HTTPHeaders(self._headers)
        for name in RESPONSE_HEADERS:
            if name in response.headers:
                headers[name] = response.headers[name]
        response.headers = headers

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As an API does: the library's page is for people."""
        error = kwargs.get("exc_info", (None, None))[1]
        message = getattr(error, "log_message", None) or responses.get(status_code, "Unknown HTTP Error")
        self._refuse(
            status_code, problems("refused", message, "log in to the Jupyter server, or ask its owner")
        )

    def _refuse(self, status: int, body: dict[str, Any]) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    # -- the stream

    @property
    def _is_socket(self) -> bool:
        return str(self.request.headers.get("Upgrade", "")).lower() == "websocket"

    async def open(self, path: str) -> None:
        """Join a page's socket to one of its own at the daemon."""
        daemon = self.supervisor.daemon
        if daemon is None:
            self.close(TRY_AGAIN)
            return
        # many short messages: without it each waits for the receipt of the last
        self.set_nodelay(True)
        try:
            self.upstream = await websocket_connect(
                HTTPRequest(self.get_client_uri("ws", "", 0, path), headers=self.proxy_request_headers()),
                resolver=UnixResolver(daemon.socket),
                max_message_size=LARGEST_MESSAGE,
            )
        except Exception as error:
            self.log.warning("DAGpy could not be reached: %s", error)
            self.close(TRY_AGAIN)
            return
        self._pump = asyncio.create_task(self._to_page(self.upstream))

    async def on_message(self, message: str | bytes) -> None:
        """From the page to the daemon, no faster than it takes them."""
        note_activity(self.settings)
        if self.upstream is not None:
            try:
                await self.upstream.write_message(message, binary=isinstance(message, bytes))
            except WebSocketClosedError:
                self.close(TRY_AGAIN)

    async def _to_page(self, upstream: WebSocketClientConnection) -> None:
        """From the daemon to the page, no faster than it takes them."""
        try:
            while (message := await upstream.read_message()) is not None:
                await self.write_message(message, binary=isinstance(message, bytes))
        except WebSocketClosedError:
            upstream.close()
        self.close(TRY_AGAIN)

    def on_close(self) -> None:
        """The page has gone."""
        if self.upstream is not None:
            self.upstream.close()

    def on_ping(self, data: bytes) -> None:
        """Answered here already."""

    @property
    def ping_interval(self) -> float:
        """Seconds, as for kernels: what stands between closes connections that are silent for long."""
        asked = self.settings.get("websocket_ping_interval")
        return float(asked if asked is not None else self.settings.get("ws_ping_interval", 30_000) / 1000)

    def select_subprotocol(self, _subprotocols: list[str]) -> None:
        """None: some carry tokens."""

    # -- what keeps the server awake

    def _record_activity(self) -> None:
        """Not all that comes by is a person's doing: clients' calls are, and the daemon's runs."""


async def authorise(handler: JupyterHandler) -> None:
    """Refuse users who may not run code."""
    is_allowed = await ensure_async(
        handler.authorizer.is_authorized(handler, handler.current_user, "execute", RESOURCE)
    )
    if not is_allowed:
        raise web.HTTPError(403, f"User is not authorized to execute on resource: {RESOURCE}.")

"""Frames between this process and the engine: ``u32 big-endian length + msgpack map`` over a local socket."""

from __future__ import annotations

import os
import socket
import struct
import threading
from typing import Any

from .vendored import msgpack

#: Both ends refuse another version in the handshake.
PROTOCOL = 4

Message = dict[str, Any]

_HEADER = struct.Struct(">I")
#: As at the other end: a longer frame is no message.
_LARGEST_FRAME = 1 << 30
_LARGEST_INTEGER = 2**64
_SMALLEST_INTEGER = -(2**63)


class Disconnected(ConnectionError):  # noqa: N818 - an end more often than an error
    """The engine closed its end."""


class ProtocolError(Exception):
    """The engine sent what this end does not understand. The message says what, and is shown to people."""


def encode(message: Message) -> bytes:
    """One frame. Integers beyond 64 bits become floats, lone surrogates question marks: JavaScript has neither."""
    try:
        body: bytes = msgpack.packb(message, use_bin_type=True, unicode_errors="strict")
    except (OverflowError, UnicodeEncodeError):
        body = msgpack.packb(_plain(message), use_bin_type=True, unicode_errors="replace")
    return _HEADER.pack(len(body)) + body


def decode(body: bytes) -> Message:
    """The message in a frame.

    Raises:
        ProtocolError: it is none.
    """
    try:
        message = msgpack.unpackb(body, raw=False, strict_map_key=False)
    except Exception as error:
        # whatever the library throws, also for want of stack, comes from the bytes alone
        raise ProtocolError(f"a frame that can not be decoded ({type(error).__name__}: {error})") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("a frame that is no message")
    return message


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not _SMALLEST_INTEGER <= value < _LARGEST_INTEGER:
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return value


class Connection:
    """A connected socket that sends whole frames from any thread and receives them in one."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._sending = threading.Lock()
        self._peer = ("", "")
        self._holding = False
        self._interrupted = False

    @classmethod
    def open(cls, address: str, secret: str, role: str, job: str = "") -> Connection:
        """Connect to ``unix:/path`` or ``tcp:host:port`` and say hello.

        Raises:
            OSError: when nobody listens there.
            ValueError: for another form of address.
        """
        kind, _, rest = address.partition(":")
        if kind == "unix":
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            end.connect(rest)
        elif kind == "tcp":
            host, _, port = rest.rpartition(":")
            end = socket.create_connection((host, int(port)))
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(None)
        else:
            raise ValueError(f"address {address!r} starts with neither unix: nor tcp:")
        connection = cls(end)
        connection._peer = (address, secret)
        connection.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "secret": secret,
                "role": role,
                "pid": os.getpid(),
                "job": job,
            }
        )
        return connection

    def another(self, role: str, job: str) -> Connection:
        """A further connection to the same engine, for another process.

        Raises:
            OSError: the engine is gone.
        """
        address, secret = self._peer
        return Connection.open(address, secret, role, job)

    def send(self, message: Message) -> None:
        """Send one frame; `Disconnected` when the engine is gone."""
        frame = encode(message)
        main = threading.get_ident() == threading.main_thread().ident
        with self._sending:
            # half a frame would end the conversation: an interrupt waits for the rest
            self._holding = self._holding or main
            try:
                self.socket.sendall(frame)
            except OSError as error:
                raise Disconnected(str(error)) from error
            finally:
                if main:
                    self._holding = False
        if main and self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def holds_interrupts(self) -> bool:
        """For the handler of SIGINT: whether the main thread is sending, and will raise when it is done."""
        self._interrupted = self._interrupted or self._holding
        return self._holding

    def receive(self) -> Message:
        """Wait for one frame; `Disconnected` at the end of the stream.

        Raises:
            ProtocolError: it is no message.
        """
        (length,) = _HEADER.unpack(self._exactly(_HEADER.size))
        if length > _LARGEST_FRAME:
            raise ProtocolError(f"a frame of {length} bytes")
        return decode(self._exactly(length))

    def _exactly(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            try:
                part = self.socket.recv(min(length - len(parts), 1 << 20))
            except OSError as error:
                raise Disconnected(str(error)) from error
            if not part:
                raise Disconnected("the engine closed the connection")
            parts += part
        return bytes(parts)

    def fileno(self) -> int:
        """Descriptor to wait on with ``select``."""
        return self.socket.fileno()

    def close(self) -> None:
        """Close this process's end, without telling the other processes that share it."""
        self.socket.close()

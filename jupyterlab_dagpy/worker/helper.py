"""The helper: answers questions about code; starts no session."""

from __future__ import annotations

from .messages import sources_of
from .wire import Connection, Disconnected


def serve(address: str, secret: str) -> None:
    """Answer ``analyse`` until told to leave or the engine is gone."""
    connection = Connection.open(address, secret, "helper")
    try:
        while True:
            message = connection.receive()
            if message["type"] == "shutdown":
                return
            if message["type"] == "analyse":
                from .analysis import analyse

                request, sources = sources_of(message)
                connection.send({"type": "facts", "request": request, "cells": analyse(sources)})
    except Disconnected:
        return

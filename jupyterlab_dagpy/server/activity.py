"""Tells the server that something happens here, so that nobody ends it as idle."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

#: Name among those that tell.
SOURCE = "jupyterlab_dagpy"


def note_activity(settings: dict[str, Any]) -> None:
    """Just now. `settings` are those of the server's web application."""
    settings["last_activity_times"][SOURCE] = datetime.now(timezone.utc)

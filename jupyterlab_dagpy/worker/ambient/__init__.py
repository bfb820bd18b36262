"""State outside a session's variables that one block leaves to the next: random generators, options, environment."""

from .adapter import Adapter
from .ambient import Ambient, AmbientError

__all__ = ["Adapter", "Ambient", "AmbientError"]

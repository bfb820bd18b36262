"""Which paths are the user's and which belong to Python, to libraries, to the system or to us."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import lru_cache

#: The folder of this payload.
PAYLOAD = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: Below these, content is the machine's: it says nothing about the block.
SYSTEM = (
    "/proc",
    "/sys",
    "/dev",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/share/mime",
    "/usr/lib",
    "/lib",
    "/etc/fonts",
    "/etc/ssl",
    "/System",
    "/Library/Fonts",
)
SYSTEM_FILES = frozenset(
    f"/etc/{name}"
    for name in (
        "hosts",
        "resolv.conf",
        "nsswitch.conf",
        "localtime",
        "timezone",
        "mime.types",
        "ld.so.cache",
        "passwd",
        "group",
        "services",
        "gai.conf",
        "host.conf",
    )
)
#: Folders, wherever they lie, whose files are caches of something that is recorded itself.
CACHE_PARTS = frozenset(("__pycache__", ".dagpy", ".ipython", "fontconfig", ".ipynb_checkpoints"))


def _library_roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {sysconfig.get_path(name) for name in names}
    roots.update(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
    user = site.getusersitepackages() if hasattr(site, "getusersitepackages") else None
    if isinstance(user, str):
        roots.add(user)
    # frozen and zipped standard libraries, and what a virtual environment's interpreter reads of itself
    roots.update(os.path.join(prefix, "lib64") for prefix in (sys.prefix, sys.base_prefix))
    roots.update(entry for entry in sys.path if entry.endswith((".zip", "site-packages", "dist-packages")))
    found = {os.path.abspath(root) for root in roots if root}
    found |= {os.path.realpath(root) for root in found}
    return tuple(sorted(root + os.sep for root in found))


LIBRARY_ROOTS = _library_roots()
_OWN_ROOT = PAYLOAD + os.sep
_SYSTEM_ROOTS = tuple(root + os.sep for root in SYSTEM) + tuple(
    os.path.join(prefix, "share", "locale") + os.sep for prefix in {sys.prefix, sys.base_prefix}
)
_INTERPRETER = frozenset(
    os.path.abspath(path)
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}
    for path in (os.path.join(prefix, "pyvenv.cfg"), sys.executable)
)


def in_library(path: str) -> bool:
    """Whether an absolute path lies in the standard library, in a site-packages folder or in this payload."""
    if path.startswith(_OWN_ROOT):
        return True
    return path.startswith(LIBRARY_ROOTS)


@lru_cache(maxsize=4096)
def ignored(path: str) -> bool:
    """Whether accesses to an absolute path say nothing about what the block depends on."""
    if (
        in_library(path)
        or path.startswith(_SYSTEM_ROOTS)
        or path in SYSTEM
        or path in SYSTEM_FILES
        or path in _INTERPRETER
    ):
        return True
    if path + os.sep in LIBRARY_ROOTS or path == PAYLOAD:
        return True
    parts = path.split(os.sep)
    if not CACHE_PARTS.isdisjoint(parts):
        return True
    # matplotlib keeps its font list in a cache; its style files and matplotlibrc count
    return "matplotlib" in parts and (".cache" in parts or parts[-1].startswith(("fontlist-", "tex.cache")))


def absolute(path: object) -> str | None:
    """Absolute path of what was handed to ``open`` and the like; `None` for descriptors and what is no path."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    text = os.fsdecode(path)
    if not text or "\0" in text:
        return None
    return os.path.abspath(text)

"""Runs the blocks of ``blocks.json`` that changed, and all below them, with papermill; in the working folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import papermill

DIGESTS = Path("digests.json")


def main() -> None:
    """Blocks stand in topological order."""
    blocks = json.loads(Path("blocks.json").read_text())
    known = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    ran: set[str] = set()
    for name, block in blocks.items():
        digest = hashlib.sha256(b"".join(Path(file).read_bytes() for file in block["files"])).hexdigest()
        if known.get(name) == digest and ran.isdisjoint(block["parents"]):
            continue
        papermill.execute_notebook(f"{name}.ipynb", f"out/{name}.ipynb", progress_bar=False)
        ran.add(name)
        known[name] = digest
        DIGESTS.write_text(json.dumps(known))


if __name__ == "__main__":
    main()

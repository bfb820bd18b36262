"""Fetch the notebooks of the corpus named in ``manifest.json``.

    python fetch.py [DEST] [--only ID,ID] [--quick]

They come out of the source distributions of the packages that publish them (through pip, so its
configuration decides which index is asked; nothing is built and no set-up code runs) and, for one,
out of a Debian documentation package (through ``apt-get download``; unpacked, not installed).
Every notebook is checked against its sha256. What cannot be had here is named with the reason, on
stderr, and left out; the folder of each notebook that was fetched is printed. DEST is
``test/corpus/.cache/notebooks`` unless given. Exit 0 when all are there, 1 otherwise.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEFAULT_DEST = HERE / ".cache" / "notebooks"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def download_sdist(name: str, version: str, folder: Path) -> Path:
    """The source distribution of one exact version, downloaded but never built.

    ``pip download`` would run the package's build backend to learn its metadata, so this asks
    pip's finder for the link and fetches it through pip's session. Raises LookupError if the
    index has none.
    """
    from pip._internal.commands import create_command
    from pip._internal.network.utils import HEADERS

    command = create_command("download")
    options, _ = command.parse_args([name, "--quiet", "--no-deps", "--no-binary", ":all:"])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
        for candidate in finder.find_all_candidates(name):
            link = candidate.link
            if link.is_wheel or str(candidate.version) != version:
                continue
            target = folder / link.filename
            if link.is_file:
                shutil.copyfile(link.file_path, target)
                return target
            # Not decoded: servers label a .tar.gz as gzip-encoded, and the digest is of the archive.
            response = session.get(link.url_without_fragment, headers=HEADERS, stream=True)
            response.raise_for_status()
            target.write_bytes(response.raw.read(decode_content=False))
            return target
    raise LookupError(f"no source distribution of {name} {version} on the configured package index")


def download_deb(name: str, folder: Path) -> Path:
    """The Debian package `name`, of whatever version the machine's sources offer."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise LookupError(f"{name} is a Debian package, and this machine has no apt-get")
    done = subprocess.run(["apt-get", "download", "-qq", name], cwd=folder, capture_output=True, text=True)
    found = list(folder.glob(f"{name}_*.deb"))
    if not found:
        reason = (done.stderr.strip().splitlines() or ["apt-get download brought nothing"])[-1]
        raise LookupError(f"{name}: {reason}")
    return found[0]


def read_members(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    """The bytes of the `wanted` members of an archive; a tarball's top folder is not part of names."""
    if archive.suffix == ".deb":
        with tempfile.TemporaryDirectory() as unpacked:
            subprocess.run(["dpkg-deb", "-x", str(archive), unpacked], check=True)
            return {
                name: (Path(unpacked) / name).read_bytes()
                for name in wanted
                if (Path(unpacked) / name).is_file()
            }
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.partition("/")[2]
            if name in wanted and member.isfile():
                handle = tar.extractfile(member)
                assert handle is not None
                found[name] = handle.read()
    return found


def is_fetched(entry: dict[str, Any], dest: Path) -> bool:
    """Whether the very notebook of `entry` already lies in `dest`."""
    notebook = dest / entry["id"] / entry["notebook"]
    return notebook.is_file() and sha256(notebook.read_bytes()) == entry["sha256"]


def fetch(entries: list[dict[str, Any]], archives: dict[str, Any], dest: Path) -> dict[str, str]:
    """Bring the notebooks of `entries` to ``dest/<id>/<notebook>``; returns id -> why not, for the rest."""
    missing: dict[str, str] = {}
    wanted: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if not is_fetched(entry, dest):
            wanted.setdefault(entry["archive"], []).append(entry)
    for key, group in wanted.items():
        archive = archives[key]
        with tempfile.TemporaryDirectory() as scratch:
            try:
                if archive["kind"] == "sdist":
                    path = download_sdist(archive["name"], archive["version"], Path(scratch))
                else:
                    path = download_deb(archive["name"], Path(scratch))
                members = read_members(path, {entry["member"] for entry in group})
            except Exception as failure:  # no network, no index, no space: all end in "not fetched, because"
                missing.update({entry["id"]: f"{type(failure).__name__}: {failure}" for entry in group})
                continue
        for entry in group:
            content = members.get(entry["member"])
            if content is not None and entry["member"].endswith(".gz"):
                content = gzip.decompress(content)
            if content is None:
                missing[entry["id"]] = f"{entry['member']} is not in {key}"
            elif sha256(content) != entry["sha256"]:
                missing[entry["id"]] = (
                    f"{entry['member']} of {key} is not the notebook that was recorded (sha256)"
                )
            else:
                folder = dest / entry["id"]
                folder.mkdir(parents=True, exist_ok=True)
                (folder / entry["notebook"]).write_bytes(content)
    return missing


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fetch the notebooks of the corpus.")
    parser.add_argument("dest", nargs="?", type=Path, default=DEFAULT_DEST)
    parser.add_argument("--only", help="ids, separated by commas")
    parser.add_argument("--quick", action="store_true", help="only the quick ones")
    options = parser.parse_args(argv)
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    entries = [
        entry
        for entry in manifest["notebooks"]
        if (not options.only or entry["id"] in options.only.split(","))
        and (not options.quick or entry["quick"])
    ]
    missing = fetch(entries, manifest["archives"], options.dest)
    for entry in entries:
        if entry["id"] in missing:
            print(f"not fetched: {entry['id']}: {missing[entry['id']]}", file=sys.stderr)
        else:
            print(options.dest / entry["id"])
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

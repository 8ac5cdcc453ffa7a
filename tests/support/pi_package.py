"""pi's own example extensions out of its npm package, as published."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

PACKAGE = "@mariozechner/pi-coding-agent@0.73.1"
_WITHIN_S = 100


def fetch_examples(folder: Path) -> Path:
    """Fetch the package into *folder* and return the directory of its examples."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is needed to fetch what is tested here")
        pytest.skip("npm is not installed")
    subprocess.run(
        ["npm", "pack", PACKAGE, "--silent", "--ignore-scripts", "--pack-destination", folder],
        check=True,
        timeout=_WITHIN_S,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        wanted = [
            member
            for member in packed.getmembers()
            if member.name.startswith("package/examples/extensions/")
        ]
        packed.extractall(folder, members=wanted, filter="data")
    archive.unlink()
    return folder / "package" / "examples" / "extensions"


def published(examples: Path, name: str, digests: Mapping[str, str]) -> Path:
    """The path of the example *name*, once it has proved to be the published one."""
    path = examples / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digests[name]
    return path

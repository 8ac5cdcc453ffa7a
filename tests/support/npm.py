"""Packages of a lock file, for tests that use them as published."""

import shutil
import subprocess
from pathlib import Path


def install_locked(
    source: Path, folder: Path, within_s: float, *, optional: bool = True
) -> None:
    """Install into *folder* what *source*'s lock file names; no script of any package is run."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        + ([] if optional else ["--omit=optional"]),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]

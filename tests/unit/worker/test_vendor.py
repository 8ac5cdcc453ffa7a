"""Vendored JavaScript: declared, locked, hashed, licensed, and the same when it is made again."""

import hashlib
import json
import re
import subprocess
import sys
from typing import Final

from tests.unit.worker.build_support import ROOT
from worker.lazy import read_lazy

VENDOR: Final = ROOT / "worker" / "vendor"
FREE: Final = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "(MIT AND Zlib)"}
WITHIN_S: Final = 110


def vendored() -> dict[str, dict[str, object]]:
    """What ``build.py`` wrote about each bundle."""
    read: dict[str, dict[str, object]] = json.loads((VENDOR / "dist/vendored.json").read_text())
    return read


def test_every_bundle_is_the_one_that_was_written_down() -> None:
    """By its hash, and nothing lies beside them."""
    for name, about in vendored().items():
        data = (VENDOR / "dist" / f"{name}.js").read_bytes()
        assert hashlib.sha256(data).hexdigest() == about["sha256"], name
    assert {path.stem for path in (VENDOR / "dist").glob("*.js")} == set(vendored())


def test_every_package_is_locked_and_free() -> None:
    """Exact versions, an integrity of SHA-512, a licence that lets us, and its text."""
    lock = json.loads((VENDOR / "package-lock.json").read_text())["packages"]
    licences = (VENDOR / "dist/LICENSES.txt").read_text()
    declared = json.loads((VENDOR / "package.json").read_text())
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", version)
        for version in (declared["dependencies"] | declared["devDependencies"]).values()
    )
    assert not any("resolved" in about for about in lock.values())
    for name, about in vendored().items():
        packages = about["packages"]
        assert isinstance(packages, list)
        assert packages, name
        for package in packages:
            assert package["integrity"].startswith("sha512-")
            assert package["license"] in FREE, package
            assert f"{package['name']} {package['version']} ({package['license']})" in licences


def test_building_again_gives_the_same_bytes() -> None:
    """From the lock file alone, on this machine, with no script of a package run."""
    done = subprocess.run(
        [sys.executable, VENDOR / "build.py", "--check"],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_worker_has_them_as_text() -> None:
    """By the names that the runtime asks for."""
    lazy = read_lazy()

    assert {f"vendor/{name}" for name in vendored()} <= set(lazy)
    assert all(lazy.values())

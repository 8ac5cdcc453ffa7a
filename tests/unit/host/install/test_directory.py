"""Plugins from paths: what is copied of a directory and what is not, single files, archives, and what is refused."""

import base64
import gzip
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.directory import fetch_path
from host.install.plain_tree import Caps
from host.install.spec import PathSpec
from host.install.values import Fetched, Origin
from tests.support.tars import END, file

PACKAGE: Final = b'{"name":"x","version":"1.2.3"}'
SMALL: Final = Caps(entries=20, file_bytes=1000, total_bytes=2000)


def fetch(path: Path, tmp_path: Path) -> Fetched:
    into = tmp_path / "into"
    into.mkdir(mode=0o700)
    return fetch_path(PathSpec(path), into, caps=SMALL)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_a_directory_comes_along_with_what_it_imports(tmp_path: Path) -> None:
    """Not with its repository, nor with the programs of its packages."""
    source = write(
        tmp_path / "plugin",
        {
            "package.json": PACKAGE,
            "src/index.ts": b"1",
            "node_modules/dep/index.js": b"2",
            "node_modules/.bin/tool": b"3",
            "packages/a/node_modules/.bin/tool": b"3",
            "my_node_modules/.bin/tool": b"4",
            ".git/config": b"[core]",
            "vendor/.git": b"gitdir: elsewhere",
            ".gitignore": b"x",
        },
    )
    (source / "run.sh").write_bytes(b"#!/bin/sh\n")
    (source / "run.sh").chmod(0o4775)
    (source / "empty").mkdir()
    found = fetch(source, tmp_path)

    assert contents(found.directory) == {
        "package.json": PACKAGE,
        "src/index.ts": b"1",
        "node_modules/dep/index.js": b"2",
        "my_node_modules/.bin/tool": b"4",
        ".gitignore": b"x",
        "run.sh": b"#!/bin/sh\n",
    }
    assert (found.directory / "run.sh").stat().st_mode & 0o7777 == 0o700
    assert found.version == "1.2.3"
    assert found.resolved == str(source)
    assert found.origin == Origin("directory", str(source))
    assert found.notes == ()


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Neither out of the directory nor within, nor to a pipe that nobody writes to; it is said."""
    source = write(tmp_path / "plugin", {"package.json": PACKAGE, "real/a.js": b"1"})
    write(tmp_path, {"secret/key": b"precious"})
    (source / "key").symlink_to(tmp_path / "secret/key")
    (source / "secret").symlink_to(tmp_path / "secret")
    (source / "again").symlink_to("real")
    (source / "around").symlink_to(".")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(source / "socket"))
        found = fetch(source, tmp_path)

    assert contents(found.directory) == {"package.json": PACKAGE, "real/a.js": b"1"}
    assert found.notes == (
        "4 links left out: again, around, key, secret; link the directory to keep them",
        "neither files nor directories, left out: pipe, socket",
    )
    assert (source / "secret/key").read_bytes() == b"precious"  # the control: a look-up follows


def test_the_directory_itself_may_be_named_by_a_link(tmp_path: Path) -> None:
    """The user named it; an update follows the link to wherever it leads then."""
    source = write(tmp_path / "plugin", {"index.js": b"1"})
    (tmp_path / "link").symlink_to(source)
    found = fetch(tmp_path / "link", tmp_path)

    assert contents(found.directory) == {"index.js": b"1"}
    assert found.origin.spec == str(tmp_path / "link")


@pytest.mark.parametrize("name", ["guard.ts", "guard.mjs", "G.JS", "a b.tsx"])
def test_a_single_file(name: str, tmp_path: Path) -> None:
    """It is kept as the entry of a directory."""
    found = fetch(write(tmp_path, {name: b"export {}"}) / name, tmp_path)

    assert contents(found.directory) == {f"index{Path(name).suffix.lower()}": b"export {}"}
    assert found.origin == Origin("file", str(tmp_path / name))


@pytest.mark.parametrize("name", ["x.tgz", "x-1.2.3.tar.gz", "x.tar"])
def test_an_archive(name: str, tmp_path: Path) -> None:
    """Its name and version are what it says inside; it is known by its SHA-512, as npm writes it."""
    archive = file("package/package.json", PACKAGE) + file("package/index.js") + END
    data = archive if name.endswith(".tar") else gzip.compress(archive)
    found = fetch(write(tmp_path, {name: data}) / name, tmp_path)

    assert contents(found.directory) == {"package.json": PACKAGE, "index.js": b"x"}
    assert found.version == "1.2.3"
    assert found.origin == Origin("file", str(tmp_path / name))
    sha512 = base64.b64encode(hashlib.sha512(data).digest()).decode()
    assert found.integrity == f"sha512-{sha512}"


@pytest.mark.parametrize(
    ("package", "notes"),
    [
        (b'{"dependencies":{"here":"1"}}', ()),
        (b'{"dependencies":{"typebox":"1","@mariozechner/pi-ai":"1"},"devDependencies":{"zod":"1"}}', ()),
        (b'{"dependencies":{"zod":"1"}}', ("it depends on a package that it does not bring along: zod",)),
        (
            b'{"dependencies":{"a":"1","b":"1","@c/d":"1","e":"1","f":"1","g":"1"}}',
            ("it depends on 6 packages that it does not bring along: a, b, @c/d, e, f and 1 more",),
        ),
        (b'{"dependencies":{"../..":"1",".":"1","a/b":"1","@a/..":"1"}}', ()),
        (b'{"dependencies":["zod"],"version":7,"name":{}}', ()),
        (b"[1]", ()),
        (b"{", ()),
        (b"[" * 100_000, ()),
    ],
)  # fmt: skip
def test_what_it_does_not_bring_along_is_said(
    package: bytes, notes: tuple[str, ...], tmp_path: Path
) -> None:
    """But not what the runtime provides; a package.json that says nothing is judged elsewhere."""
    source = write(
        tmp_path / "plugin", {"package.json": package, "node_modules/here/index.js": b"1"}
    )
    into = tmp_path / "into"
    into.mkdir()

    assert fetch_path(PathSpec(source), into).notes == notes


def unreadable(place: Path) -> Path:
    (place / "x").mkdir()
    (place / "x/gone").touch()
    return place / "x/gone/index.js"


def deep(place: Path) -> Path:
    write(place, {"deep/" + "d/" * 70 + "f": b"1"})
    return place / "deep"


def pipe(place: Path) -> Path:
    os.mkfifo(place / "plugin.js")
    return place / "plugin.js"


def odd(name: str | bytes) -> Callable[[Path], Path]:
    def build(place: Path) -> Path:
        (place / "odd").mkdir()
        with open(os.path.join(os.fsencode(place), b"odd", os.fsencode(name)), "wb") as file_:
            file_.write(b"1")
        return place / "odd"

    return build


@pytest.mark.parametrize(
    ("build", "code", "says"),
    [
        (lambda place: place / "none", "E_NOT_FOUND", "No such file"),
        (unreadable, "E_NOT_FOUND", "Not a directory"),
        (lambda place: write(place, {"notes.md": b"x"}) / "notes.md", "E_SPEC", "no plugin"),
        (lambda place: write(place, {"types.d.ts": b"x"}) / "types.d.ts", "E_SPEC", "no plugin"),
        (lambda place: write(place, {"x.zip": b"PK"}) / "x.zip", "E_SPEC", "no plugin"),
        (lambda place: write(place, {"x.tgz": b"noise"}) / "x.tgz", "E_ARCHIVE", "not whole"),
        (pipe, "E_SPEC", "neither a file nor a directory"),
        (lambda place: write(place / "b", {"HEAD": b"", "objects/x": b"", "refs/x": b""}), "E_SPEC", "write git.file:/"),
        (lambda place: place, "E_SPEC", "our own files"),
        (lambda place: place / "into", "E_SPEC", "our own files"),
        (lambda place: write(place / "e", {".git/config": b"x"}), "E_ARCHIVE", "holds no file"),
        (lambda place: write(place / "l", {"a.js": bytes(1001)}), "E_ARCHIVE", "larger than 1000 bytes"),
        (lambda place: write(place, {"a.js": bytes(1001)}) / "a.js", "E_ARCHIVE", "larger than 1000 bytes"),
        (lambda place: write(place / "m", {f"{n}": b"" for n in range(21)}), "E_ARCHIVE", "more than 20 files"),
        (lambda place: write(place / "t", {f"{n}": bytes(900) for n in range(3)}), "E_ARCHIVE", "2000 bytes in all"),
        (lambda place: write(place / "c", {"A": b"", "a": b""}), "E_ARCHIVE", "same name"),
        (deep, "E_ARCHIVE", "more than 20 files"),
        (odd("a\nb"), "E_ARCHIVE", "cannot be shown"),
        (odd(b"\xff"), "E_ARCHIVE", "not UTF-8"),
        (odd("a\\b"), "E_ARCHIVE", "on some systems"),
    ],
)  # fmt: skip
def test_what_is_refused(
    build: Callable[[Path], Path], code: str, says: str, tmp_path: Path
) -> None:
    """In one line."""
    place = tmp_path / "place"
    place.mkdir()
    path = build(place)
    with pytest.raises(InstallError, match=says) as caught:
        fetch(path, place)

    assert caught.value.code == code
    assert str(caught.value).isprintable()


def test_a_directory_that_is_too_deep(tmp_path: Path) -> None:
    """Though there are few of them."""
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(InstallError, match="64 directories deep"):
        fetch_path(PathSpec(deep(tmp_path)), into)

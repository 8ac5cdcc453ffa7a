"""Archives of strangers: what a package is made of comes out, and of everything else nothing, whatever the bytes say.

Each refused archive stands beside its benign twin, which unpacks: it is the trick that is refused. Where a careless
installer would have been harmed, that is shown too.
"""

import gzip
import io
import os
import shutil
import stat
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.errors import InstallError
from host.install.archive import unpack
from host.install.plain_tree import CAPS
from tests.support.archive_tricks import INDEX, PACKAGE, SMALL, TRICKS, Place, with_end
from tests.support.tars import (
    BLOCK,
    END,
    Endless,
    bomb,
    extract_trusting,
    file,
    header,
    long_name,
    pax,
    record,
    sealed,
)


@pytest.fixture
def place() -> Iterator[Place]:
    """A short path: old headers have room for 100 bytes of a name."""
    with tempfile.TemporaryDirectory(prefix="a", dir="/tmp") as root:
        yield Place(Path(root))


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_refused_and_its_twin_unpacked(name: str, place: Place) -> None:
    """In one line with the code E_ARCHIVE; nothing is written outside."""
    trick = TRICKS[name]
    with pytest.raises(InstallError) as caught:
        unpack(place.here(trick.archive), place.into, called="x.tgz", caps=SMALL)

    assert caught.value.code == "E_ARCHIVE"
    assert trick.says in str(caught.value)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("x.tgz")
    place.check_untouched()

    shutil.rmtree(place.into)
    place.into.mkdir()
    unpack(trick.twin, place.into, called="x.tgz", caps=SMALL)
    assert os.listdir(place.into)
    place.check_untouched()


@pytest.mark.parametrize("name", [name for name, trick in TRICKS.items() if trick.harms])
def test_the_trick_works_on_a_careless_installer(name: str, place: Place) -> None:
    """The control: unpacked with trust, the same bytes do what they are there for."""
    trick = TRICKS[name]
    assert trick.harms is not None

    extract_trusting(place.here(trick.archive), place.into)

    assert trick.harms(place.root)


@pytest.mark.parametrize(
    "kind",
    ["character device", "block device", "sparse by GNU", "large file that is not there"],
)
def test_others_take_it_for_what_it_says(kind: str) -> None:
    """The control for what a careless installer could only do as root, or on a very large disk."""
    with tarfile.open(fileobj=io.BytesIO(TRICKS[kind].archive)) as tar:
        member = tar.next()

    assert member is not None
    assert member.isdev() or member.sparse is not None or member.size == 8**11 - 1


def test_what_npm_packs_comes_out(place: Place) -> None:
    """Files and directories with their bytes; modes are ours, but for the bit that says program."""
    archive = with_end(
        PACKAGE,
        file("package/bin/run", b"#!/bin/sh\n", mode=0o4777),
        header("package/empty/", kind=b"5", mode=0o777),
        header("package/old/", kind=b"\0"),
        file("package/lib/ü.js", b"1"),
        pax(record("path", "package/" + "n" * 150 + ".js"), record("mtime", "1.5")),
        file("package/cut", b"2"),
        long_name("package/" + "g" * 150 + ".js\0"),
        file("package/cut", b"3"),
        header("deep.js", prefix=b"package/a/b"),
        header("timed.js", prefix=b"package/c".ljust(131, b"\0") + b"00000000001\0" * 2),
    )
    unpack(gzip.compress(archive), place.into)

    found = {
        str(path.relative_to(place.into)): path.read_bytes() if path.is_file() else None
        for path in place.into.rglob("*")
    }
    assert found == {
        "package.json": b'{"name":"x"}',
        "bin": None,
        "bin/run": b"#!/bin/sh\n",
        "empty": None,
        "old": None,
        "lib": None,
        "lib/ü.js": b"1",
        "n" * 150 + ".js": b"2",
        "g" * 150 + ".js": b"3",
        "a": None,
        "a/b": None,
        "a/b/deep.js": b"",
        "c": None,
        "c/timed.js": b"",
    }
    assert stat.S_IMODE((place.into / "bin/run").stat().st_mode) == 0o700
    assert stat.S_IMODE((place.into / "package.json").stat().st_mode) == 0o600
    place.check_untouched()


@pytest.mark.parametrize("folder", ["package", "node-v1", ".", "a b", "paquet-é"])
def test_the_leading_folder_is_left_out_whatever_its_name(folder: str, place: Place) -> None:
    """npm packs ``package``, others the name and version."""
    unpack(
        with_end(header(f"{folder}/", kind=b"5"), file(f"{folder}/lib/a.js", b"a")), place.into
    )

    assert (place.into / "lib/a.js").read_bytes() == b"a"
    assert os.listdir(place.into) == ["lib"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_other_programs_pack_comes_out(form: int, mode: str, place: Place) -> None:
    """In each of the formats in use."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as tar:  # type: ignore[call-overload]
        info = tarfile.TarInfo("package/" + "d" * 80 + "/" + "n" * 90 + ".js")
        info.size, info.mtime, info.uname = 3, 1_700_000_000.5, "ada"
        tar.addfile(info, io.BytesIO(b"abc"))
    unpack(made.getvalue(), place.into)

    assert (place.into / ("d" * 80) / ("n" * 90 + ".js")).read_bytes() == b"abc"


READ_AHEAD: Final = 128 * 1024


def numbered(made: Callable[[int], bytes]) -> Iterator[bytes]:
    return map(made, range(1_000_000))


@pytest.mark.parametrize(
    "made",
    [
        lambda n: header(f"package/{n}"),
        lambda n: header(f"package/{n}/", kind=b"5"),
        lambda n: pax(record("comment", "x"), kind=b"g"),
        lambda n: pax(record("mtime", "1")) + header(f"package/{n}"),
    ],
    ids=["files", "directories", "headers for all", "headers for each"],
)
def test_a_million_entries_are_not_counted_to_the_end(
    made: Callable[[int], bytes], place: Place
) -> None:
    """The first that is too many ends it."""
    stream = Endless(numbered(made))
    with pytest.raises(InstallError, match="more than 500 files"):
        unpack(stream, place.into, caps=replace(CAPS, entries=500))

    assert stream.given <= 3 * 500 * BLOCK * 2 + READ_AHEAD
    place.check_untouched()


def test_headers_full_of_records_are_not_read_to_the_end(place: Place) -> None:
    """They are dearer to read than files; 200 MiB of them would take minutes."""
    header_ = file("x", record("a", "") * 40_000, kind=b"x")
    stream = Endless(header_ + header(f"package/{n}") for n in range(1000))
    with pytest.raises(InstallError, match="many large ones"):
        unpack(stream, place.into)

    assert stream.given < 9 << 20


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (INDEX + END, "bombs"),
        (INDEX + header("package/a", size=b"%012o" % (10 << 30)), "is larger than 64 MiB"),
        (INDEX + header("package/a", size=60 << 20), "bombs"),
    ],
    ids=["padding", "one file", "files"],
)
def test_ten_gigabytes_in_ten_megabytes_are_not_unpacked(
    first: bytes, says: str, place: Place
) -> None:
    """Not after the archive's end, nor as a file, nor as many."""
    packed = bomb(10 * 1024, first)
    assert len(packed) < 16 << 20
    smaller = zlib.decompressobj(31).decompress(bomb(3, first)[:-8])
    assert len(smaller) == len(first) + (3 << 20)  # the control: each MiB of it is one

    with pytest.raises(InstallError, match=says) as caught:
        unpack(packed, place.into)

    assert caught.value.code == "E_ARCHIVE"
    held = sum(path.stat().st_size for path in place.into.rglob("*"))
    assert held <= CAPS.ratio_from + (1 << 20)


def test_the_place_must_be_empty(place: Place) -> None:
    """What was there already could be taken for the package's."""
    (place.into / "x").touch()
    with pytest.raises(ValueError, match="not empty"):
        unpack(with_end(INDEX), place.into)


def test_an_archive_that_is_a_pipe_or_not_there(place: Place, tmp_path: Path) -> None:
    """Nobody waits for a writer."""
    pipe = tmp_path / "x.tgz"
    os.mkfifo(pipe)
    with pytest.raises(InstallError, match="not a plain file"):
        unpack(pipe, place.into, called="x.tgz")
    with pytest.raises(InstallError, match="No such file") as caught:
        unpack(tmp_path / "none.tgz", place.into)
    assert caught.value.code == "E_NOT_FOUND"


WHOLE: Final = with_end(
    PACKAGE, pax(record("path", "package/a/b.js"), record("size", "1")), file("package/cut"), long_name("package/c\0"), INDEX,
    header("package/d/", kind=b"5"), header("package/l", kind=b"2", link="../../outside"), file("package/l/evil"),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An archive with some bytes changed, its checksums right again or not, cut, doubled, compressed or not."""
    data = bytearray(WHOLE)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data) - 1))
        if draw(st.booleans()):
            at = at // BLOCK * BLOCK + draw(
                st.sampled_from([0, 8, 100, 124, 135, 148, 156, 257, 345])
            )
        new = draw(
            st.binary(min_size=1, max_size=4)
            | st.sampled_from([b"../", b"/", b"\0", b"7777", b"\xff", b"5", b"0", b"x"])
        )
        data[at : at + len(new)] = new
    if draw(st.booleans()):
        for at in range(0, len(data) - BLOCK, BLOCK):
            if data[at + 257 : at + 262] == b"ustar":
                data[at : at + BLOCK] = sealed(bytes(data[at : at + BLOCK]))
    start, end = draw(st.integers(0, 2)) * BLOCK, draw(st.integers(0, len(data)))
    found = bytes(data[start:]) if draw(st.booleans()) else bytes(data[:end])
    if draw(st.booleans()):
        found = gzip.compress(found, 1)
        if draw(st.booleans()):
            at = draw(st.integers(0, len(found) - 1))
            found = found[:at] + draw(st.binary(max_size=3)) + found[at + 1 :]
    return found


@settings(deadline=None)
@given(mutated() | st.binary(max_size=2000))
def test_no_bytes_do_anything_else(data: bytes) -> None:
    """They unpack to plain files beneath the directory, or are refused with E_ARCHIVE."""
    with tempfile.TemporaryDirectory() as root:
        place = Place(Path(root))
        try:
            unpack(data, place.into, caps=SMALL)
        except InstallError as error:
            assert (error.code, str(error).isprintable()) == ("E_ARCHIVE", True)  # noqa: PT017 - or no error
        place.check_untouched()

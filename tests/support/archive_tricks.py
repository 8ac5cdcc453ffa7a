"""Archives as strangers may make them, each beside its benign twin, and a place to unpack them in."""

import gzip
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from host.install.plain_tree import Caps
from tests.support.tars import (
    BLOCK,
    END,
    file,
    header,
    long_name,
    padded,
    pax,
    record,
    sealed,
)

SMALL: Final = Caps(
    entries=30,
    file_bytes=4096,
    total_bytes=128 * 1024,
    archive_bytes=100 * 1024,
    ratio=100,
    ratio_from=32 * 1024,
)
OUTSIDE: Final = "OUTSIDE"
"""Stands in a name for the absolute path of a directory beside the one that is unpacked into."""
LONG: Final = "/".join(["package", *["d" * 200] * 6])


@dataclass(frozen=True)
class Trick:
    """An archive, its benign twin, words of the refusal, and what it does to a careless installer."""

    says: str
    archive: bytes
    twin: bytes = file("package/index.js") + END
    harms: Callable[[Path], bool] | None = None


def is_outside(name: str) -> Callable[[Path], bool]:
    return lambda place: os.path.lexists(place / name)


def overwritten(place: Path) -> bool:
    return (place / "outside" / "precious").read_bytes() != b"precious"


def kept(name: str, check: Callable[[Path], bool]) -> Callable[[Path], bool]:
    return lambda place: check(place / "into" / name)


def with_end(*members: bytes) -> bytes:
    return b"".join(members) + END


PACKAGE: Final = file("package/package.json", b'{"name":"x"}')
INDEX: Final = file("package/index.js", b"export {}\n")

TRICKS: Final[dict[str, Trick]] = {
    # Out of the directory.
    "absolute": Trick("leads out", with_end(file("/OUTSIDE/evil")), harms=is_outside("outside/evil")),
    "absolute, twice slashed": Trick("leads out", with_end(file("//OUTSIDE/evil"))),
    "dots first": Trick("leads out", with_end(file("../evil")), harms=is_outside("evil")),
    "dots behind the folder": Trick("leads out", with_end(INDEX, file("package/../../evil")), harms=is_outside("evil")),
    "dots deeper": Trick(
        "leads out",
        with_end(header("package/a/b/", kind=b"5"), file("package/a/b/../../../../evil")),
        harms=is_outside("evil"),
    ),
    "dots that stay inside": Trick("leads out", with_end(file("package/a/../b"))),
    "dots in a directory": Trick("leads out", with_end(INDEX, header("package/../../evil/", kind=b"5")), harms=is_outside("evil")),
    "dots in the prefix": Trick(
        "leads out",
        with_end(INDEX, header("evil", prefix=b"package/../..")),
        with_end(header("evil", prefix=b"package/lib")),
        is_outside("evil"),
    ),
    "dots by a pax header": Trick(
        "leads out",
        with_end(INDEX, pax(record("path", "package/../../evil")), INDEX),
        with_end(pax(record("path", "package/lib/evil")), INDEX),
        is_outside("evil"),
    ),
    "absolute by a pax header": Trick(
        "leads out", with_end(pax(record("path", "/OUTSIDE/evil")), INDEX), harms=is_outside("outside/evil")
    ),
    "dots by a long name": Trick(
        "leads out",
        with_end(INDEX, long_name("package/../../evil\0"), INDEX),
        with_end(long_name("package/lib/evil\0"), INDEX),
        is_outside("evil"),
    ),
    # Links of both kinds.
    "symbolic link out": Trick(
        "symbolic link",
        with_end(header("package/l", kind=b"2", link="/etc/passwd")),
        harms=kept("package/l", Path.is_symlink),
    ),
    "symbolic link inside": Trick("symbolic link", with_end(INDEX, header("package/l", kind=b"2", link="index.js"))),
    "written through a link": Trick(
        "symbolic link",
        with_end(header("package/l", kind=b"2", link="../../outside"), file("package/l/evil")),
        with_end(header("package/l/", kind=b"5"), file("package/l/evil")),
        is_outside("outside/evil"),
    ),
    "link to itself": Trick("symbolic link", with_end(header("package/l", kind=b"2", link="l"))),
    "hard link": Trick(
        "hard link",
        with_end(header("package/l", kind=b"1", link="OUTSIDE/precious"), file("package/l", b"changed")),
        with_end(file("package/l", b"changed")),
        overwritten,
    ),
    "hard link with content": Trick("hard link", with_end(header("package/l", kind=b"1", link="package/x", size=1) + padded(b"x"))),
    "long link": Trick("is a link", with_end(long_name("x" * 200, kind=b"K"), INDEX)),
    "link by a pax header": Trick("holds a link", with_end(pax(record("linkpath", "/etc/passwd")), INDEX)),
    # What is no file.
    "character device": Trick("device", with_end(header("package/null", kind=b"3"))),
    "block device": Trick("device", with_end(header("package/sda", kind=b"4"))),
    "pipe": Trick(
        "pipe",
        with_end(header("package/p", kind=b"6")),
        harms=kept("package/p", lambda path: stat.S_ISFIFO(path.lstat().st_mode)),
    ),
    "unknown kind": Trick("no package needs", with_end(header("package/x", kind=b"Z"))),
    "volume label": Trick("no package needs", with_end(header("package", kind=b"V"))),
    "continued from another volume": Trick("no package needs", with_end(header("package/x", kind=b"M"))),
    "directory with content": Trick("directory with content", with_end(header("package/d/", kind=b"5", size=512), bytes(512))),
    # Names.
    "NUL in a name": Trick("NUL", with_end(file(b"package/a\0b"))),
    "NUL in a pax path": Trick("NUL", with_end(pax(record("path", b"package/a\0b")), INDEX)),
    "NUL in a long name": Trick("NUL", with_end(long_name(b"package/a\0b"), INDEX)),
    "line break": Trick("cannot be shown", with_end(file("package/a\nb")), harms=kept("package/a\nb", Path.exists)),
    "escape sequence": Trick("cannot be shown", with_end(file("package/\x1b[2J"))),
    "turned direction": Trick("cannot be shown", with_end(file("package/\u202egpj.js"))),
    "no UTF-8": Trick("not UTF-8", with_end(file(b"package/\xff\xfe"))),
    "no UTF-8 in a pax path": Trick("not UTF-8", with_end(pax(record("path", b"package/\xff")), INDEX)),
    "another character set": Trick(
        "not UTF-8",
        with_end(pax(record("hdrcharset", "BINARY"), record("path", "package/a")), INDEX),
        with_end(pax(record("hdrcharset", "ISO-IR 10646 2000 UTF-8"), record("path", "package/a")), INDEX),
    ),
    "backslashes": Trick("on some systems", with_end(file("package/..\\..\\evil"))),
    "drive letter": Trick("on some systems", with_end(file("package/C:/evil"))),
    "drive letter alone": Trick("on some systems", with_end(file("package/c:evil"))),
    "no name": Trick("without a name", with_end(file(""))),
    "only a slash": Trick("leads out", with_end(header("/", kind=b"5"))),
    "part too long": Trick(
        "too long",
        with_end(pax(record("path", "package/" + "n" * 256)), INDEX),
        with_end(pax(record("path", "package/" + "n" * 255)), INDEX),
    ),
    "path too long": Trick(
        "too long",
        with_end(pax(record("path", LONG)), INDEX),
        with_end(pax(record("path", LONG[:1000])), INDEX),
    ),
    "too deep": Trick(
        "directories deep",
        with_end(pax(record("path", "package/" + "d/" * 64 + "f")), INDEX),
        with_end(pax(record("path", "package/" + "d/" * 25 + "f")), INDEX),
    ),
    "a repository": Trick(
        "no repository",
        with_end(file("package/.git/config", b"[core]\n\tfsmonitor = touch /evil\n")),
        with_end(file("package/.gitignore"), file("package/.github/x")),
        kept("package/.git/config", Path.exists),
    ),
    "a repository in capitals": Trick("no repository", with_end(file("package/lib/.GIT/config"))),
    "beside the package": Trick("npm pack", with_end(file("index.js"))),
    # The same name twice.
    "twice": Trick("twice", with_end(INDEX, INDEX), with_end(INDEX, file("package/other.js"))),
    "twice, written otherwise": Trick("twice", with_end(INDEX, file("package/.//index.js"))),
    "twice, in another folder": Trick("twice", with_end(INDEX, file("other/index.js"))),
    "other case": Trick(
        "same name",
        with_end(file("package/Index.js"), INDEX),
        with_end(file("package/Index.jsx"), INDEX),
        lambda place: len(list((place / "into/package").iterdir())) == 2,
    ),
    "other case of a directory": Trick("same name", with_end(file("package/lib/a"), file("package/LIB/b"))),
    "letters that fold": Trick("same name", with_end(file("package/straße"), file("package/STRASSE"))),
    "a sign that folds": Trick("same name", with_end(file("package/\u212a"), file("package/k"))),
    "composed and not": Trick("same name", with_end(file("package/\u00e9"), file("package/e\u0301"))),
    "file where a directory is": Trick("twice", with_end(file("package/a/b"), file("package/a"))),
    "directory where a file is": Trick("twice", with_end(file("package/a"), file("package/a/b"))),
    "empty directory where a file is": Trick("twice", with_end(file("package/a"), header("package/a/", kind=b"5"))),
    # Too much.
    "too many files": Trick(
        "more than 30", with_end(*(file(f"package/{n}", b"") for n in range(31))), with_end(*(file(f"package/{n}", b"") for n in range(30)))
    ),
    "too many directories, unnamed": Trick("more than 30", with_end(pax(record("path", "package/" + "d/" * 30 + "f")), INDEX)),
    "too many headers": Trick("more than 30", with_end(*[pax(record("comment", "x"), kind=b"g")] * 91, INDEX)),
    "large file": Trick(
        "larger than", with_end(file("package/a", bytes(4097))), with_end(file("package/a", bytes(4096)))
    ),
    "large file that is not there": Trick("larger than", with_end(header("package/a", size=8**11 - 1))),
    "too much in all": Trick(
        "in all",
        gzip.compress(with_end(*(file(f"package/{n}", os.urandom(2048) + bytes(2048)) for n in range(29)))),
        gzip.compress(with_end(*(file(f"package/{n}", os.urandom(128) + bytes(3000)) for n in range(8)))),
    ),
    "too much padding": Trick("bombs", gzip.compress(with_end(INDEX) + bytes(70_000))),
    "large archive": Trick("is larger than", gzip.compress(with_end(*(file(f"package/{n}", os.urandom(4096)) for n in range(27))))),
    "a bomb": Trick("bombs", gzip.compress(with_end(*(file(f"package/{n}", bytes(4096)) for n in range(12))))),
    # Headers that overrule headers.
    "another size by pax": Trick(
        "two sizes",
        with_end(pax(record("size", "1024")), INDEX, file("package/evil")),
        with_end(pax(record("size", "10")), INDEX, file("package/evil")),
    ),
    "size zero by pax": Trick("two sizes", with_end(pax(record("size", "0")), INDEX)),
    "negative size by pax": Trick("two sizes", with_end(pax(record("size", "-512")), INDEX)),
    "path for all": Trick(
        "same path",
        with_end(pax(record("path", "package/evil"), kind=b"g"), INDEX),
        with_end(pax(record("comment", "0123456789abcdef"), kind=b"g"), INDEX),
    ),
    "size for all": Trick("same size", with_end(pax(record("size", "0"), kind=b"g"), INDEX)),
    "link for all": Trick("holds a link", with_end(pax(record("linkpath", "x"), kind=b"g"), INDEX)),
    "character set for all": Trick("not UTF-8", with_end(pax(record("hdrcharset", "BINARY"), kind=b"g"), INDEX)),
    "two paths in one header": Trick("or two", with_end(pax(record("path", "package/a"), record("path", "package/b")), INDEX)),
    "empty path": Trick("no path", with_end(pax(record("path", "")), INDEX)),
    "two pax headers": Trick("twice in its headers", with_end(pax(record("path", "package/a")), pax(record("path", "package/b")), INDEX)),
    "pax and GNU": Trick("twice in its headers", with_end(long_name("package/a\0"), pax(record("path", "package/b")), INDEX)),
    "two long names": Trick("twice in its headers", with_end(long_name("package/a\0"), long_name("package/b\0"), INDEX)),
    "header for nothing": Trick("ends after a header", with_end(INDEX, pax(record("path", "package/a")))),
    "large header": Trick("headers larger", with_end(header("x", kind=b"x", size=256 * 1024 + 1), bytes(256 * 1024 + BLOCK))),
    "endless header": Trick("headers larger", with_end(header("x", kind=b"L", size=8**11 - 1))),
    "record longer than its header": Trick("cannot be read", with_end(file("x", b"99 path=package/a\n", kind=b"x"), INDEX)),
    "record of no length": Trick("cannot be read", with_end(file("x", b"0 path=package/a\n", kind=b"x"), INDEX)),
    "record of negative length": Trick("cannot be read", with_end(file("x", b"-9 path=package/a\n", kind=b"x"), INDEX)),
    "record shorter than itself": Trick("cannot be read", with_end(file("x", b"3 path=package/a\n", kind=b"x"), INDEX)),
    "record without a value": Trick("cannot be read", with_end(file("x", b"8 path\n\n\n", kind=b"x"), INDEX)),
    "record of very many digits": Trick("cannot be read", with_end(file("x", b"9" * 5000 + b" path=a\n", kind=b"x"), INDEX)),
    # Sparse files.
    "sparse by GNU": Trick("sparse", with_end(header("package/x", kind=b"S", magic=b"ustar  \0"))),
    "sparse by pax": Trick(
        "sparse",
        with_end(
            pax(record("GNU.sparse.major", "1"), record("GNU.sparse.minor", "0"), record("GNU.sparse.realsize", str(2**40))), INDEX
        ),
    ),
    "sparse by pax, older": Trick(
        "sparse", with_end(pax(record("GNU.sparse.size", "1"), record("GNU.sparse.map", "0,1")), INDEX)
    ),
    "renamed by a sparse header": Trick("sparse", with_end(pax(record("GNU.sparse.name", "/OUTSIDE/evil")), INDEX)),
    # Damaged.
    "nothing": Trick("is empty", b""),
    "only an end": Trick("holds no file", END),
    "only a folder": Trick("holds no file", with_end(header("package/", kind=b"5"))),
    "noise": Trick("no tar archive", bytes(range(1, 256)) * 9),
    "wrong checksum": Trick("checksum", INDEX[:100] + b"1" + INDEX[101:] + END),
    "blank checksum": Trick("checksum", INDEX[:148] + b" " * 8 + INDEX[156:] + END),
    "size of letters": Trick("no size", with_end(header("package/a", size=b"zzzzzzzzzzz"))),
    "size below zero": Trick("no size", with_end(header("package/a", size=b"-0000000001"))),
    "size in base 256": Trick("no size", with_end(header("package/a", size=b"\x80" + bytes(10) + b"\x01"), padded(b"x"))),
    "negative size in base 256": Trick("no size", with_end(header("package/a", size=b"\xff" * 11 + b"\x00"))),
    "cut in a header": Trick("not whole", INDEX + INDEX[:300]),
    "cut in a file": Trick("in the middle", header("package/a", size=2048) + bytes(700)),
    "cut before its end": Trick("not whole", INDEX),
    "cut in an extended header": Trick("not whole", header("x", kind=b"x", size=100) + b"20 path=packag"),
    "cut in compression": Trick("too early", gzip.compress(with_end(INDEX))[:-10], gzip.compress(with_end(INDEX))),
    "wrong sum of compression": Trick(
        "cannot be decompressed", gzip.compress(with_end(INDEX))[:-8] + bytes(8), gzip.compress(with_end(INDEX))
    ),
    "noise in compression": Trick("cannot be decompressed", b"\x1f\x8b\x08\x00" + bytes(range(1, 100))),
    "after its end": Trick("after its end", with_end(INDEX) + file("package/evil") + END, with_end(INDEX) + bytes(8 * BLOCK)),
    "a byte after its end": Trick("after its end", with_end(INDEX) + b"x"),
    "after its compression": Trick("after its compressed", gzip.compress(with_end(INDEX)) + b"x"),
    "a second compression": Trick(
        "after its compressed", gzip.compress(with_end(INDEX)) + gzip.compress(with_end(file("package/evil")))
    ),
    "zip": Trick("packed by zip", b"PK\x03\x04" + bytes(600)),
    "xz": Trick("packed by xz", b"\xfd7zXZ\0" + bytes(600)),
    "zstd": Trick("packed by zstd", b"\x28\xb5\x2f\xfd" + bytes(600)),
    "bzip2": Trick("packed by bzip2", b"BZh9" + bytes(600)),
}  # fmt: skip


@dataclass
class Place:
    """A directory to unpack into, with a precious file beside it."""

    root: Path
    into: Path = field(init=False)

    def __post_init__(self) -> None:
        self.into = self.root / "into"
        self.into.mkdir(mode=0o700)
        (self.root / "outside").mkdir()
        (self.root / "outside" / "precious").write_bytes(b"precious")

    def here(self, archive: bytes) -> bytes:
        """*archive* with its absolute names leading to this place, its checksums right again."""
        outside = str(self.root / "outside").encode()
        blocks = [archive[at : at + BLOCK] for at in range(0, len(archive), BLOCK)]
        for at, block in enumerate(blocks):
            if OUTSIDE.encode() not in block:
                continue
            if block[257:262] == b"ustar":
                name = block[:100].rstrip(b"\0").replace(b"/OUTSIDE", outside)
                link = block[157:257].rstrip(b"\0").replace(b"OUTSIDE", outside)
                assert max(len(name), len(link)) <= 100
                blocks[at] = sealed(
                    name.ljust(100, b"\0")
                    + block[100:157]
                    + link.ljust(100, b"\0")
                    + block[257:]
                )
            else:
                key, _, value = (
                    block.rstrip(b"\0").rstrip(b"\n").partition(b" ")[2].partition(b"=")
                )
                again = record(key.decode(), value.replace(b"/OUTSIDE", outside))
                blocks[at] = padded(again)
                head = blocks[at - 1]
                blocks[at - 1] = sealed(head[:124] + b"%011o\0" % len(again) + head[136:])
        return b"".join(blocks)

    def check_untouched(self) -> None:
        """Nothing happened outside, and inside are plain things only."""
        assert sorted(os.listdir(self.root)) == ["into", "outside"]
        assert os.listdir(self.root / "outside") == ["precious"]
        assert not overwritten(self.root)
        for folder, directories, files in os.walk(self.into):
            for name in (*directories, *files):
                status = os.lstat(os.path.join(folder, name))
                assert stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
                assert not status.st_mode & 0o7077
                assert stat.S_ISDIR(status.st_mode) or status.st_nlink == 1

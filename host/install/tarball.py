"""Reading a stranger's tar archive, one member after another, from bytes that may be anything.

Promises    Memory is bounded: some blocks, and one extended header of at most 256 KiB. Work is bounded: every byte that
            comes out of the decompression counts, headers and padding too, and so does every header. A member is
            a plain file or a directory; links, devices, sparse files and all else are refused, not skipped. Nothing
            may be missing at the end, nor follow it.
Otherwise   Python's tarfile is not used. It takes sizes and paths from wherever a header says, more than once, follows
            sparse maps, and had endless loops on such bytes (CVE-2019-20907, CVE-2025-8194). What packs plugins
            writes five kinds of headers.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from host.install.plain_tree import Caps, UnfitError, size_text

_BLOCK: Final = 512
_CHUNK: Final = 64 * 1024
_OUT: Final = 256 * 1024
_ZEROS: Final = bytes(_BLOCK)
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # zlib's word for: gzip, with its checksum and length verified
_MAX_EXTENDED: Final = 256 * 1024
_MAX_EXTENDED_IN_ALL: Final = 8 * 1024 * 1024
"""They are read record by record, which costs far more than as many bytes of a file."""
_HEADERS_PER_ENTRY: Final = 3
_OCTAL: Final = re.compile(rb" *([0-7]{1,12})[ \0]*")
_USTAR: Final = b"ustar\x0000"
_XSTAR_PREFIX: Final = 130
_RECORD_LENGTH: Final = re.compile(rb"([1-9][0-9]{0,6}) ")
_OTHER_PACKERS: Final = {
    b"PK": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}

_KINDS: Final = {
    b"1": "is a hard link",
    b"2": "is a symbolic link",
    b"3": "is a device",
    b"4": "is a device",
    b"6": "is a pipe",
    b"K": "is a link",
    b"S": "is a sparse file",
}
_PLAIN: Final = (b"0", b"\0", b"7")

_GLOBAL_REFUSED: Final = ("path", "linkpath", "size", "hdrcharset")
_UTF8: Final = ("UTF-8", "ISO-IR 10646 2000 UTF-8")


class Readable(Protocol):
    """Where the bytes of an archive come from: at most *size* at once, none at its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""


@dataclass(slots=True)
class Member:
    """One of the archive's files and directories. ``path`` is as it stands there, ``size`` in bytes."""

    path: str
    size: int
    is_directory: bool
    is_executable: bool
    _bytes: "_Bytes"
    _left: int = field(init=False)

    def __post_init__(self) -> None:
        self._left = self.size

    def chunks(self) -> Iterator[bytes]:
        """What the file holds. To be read before the next member is asked for, which skips what was not."""
        while self._left:
            chunk = self._bytes.read(min(self._left, _CHUNK))
            if not chunk:
                raise UnfitError("ends in the middle of the archive", self.path)
            self._left -= len(chunk)
            yield chunk


def read_members(raw: Readable, caps: Caps) -> Iterator[Member]:
    """Yield each member of the archive in *raw*: tar, or gzip of it. Raises UnfitError."""
    data = _Bytes(raw, caps)
    extended: dict[str, str] = {}
    headers = in_headers = 0
    while True:
        block = data.read(_BLOCK)
        if len(block) < _BLOCK:
            raise UnfitError("is not whole: it ends without an end mark")
        if block == _ZEROS:
            break
        headers += 1
        if headers > caps.entries * _HEADERS_PER_ENTRY:
            raise UnfitError(f"holds more than {caps.entries} files and directories")
        _check_sum(block)
        size = _octal(block[124:136], "size")
        kind = block[156:157]
        if kind in (b"x", b"g", b"L"):
            in_headers += size
            if size > _MAX_EXTENDED or in_headers > _MAX_EXTENDED_IN_ALL:
                raise UnfitError(
                    f"has headers larger than {_MAX_EXTENDED >> 10} KiB, or many large ones"
                )
            told = _extension(kind, _extended(data, size))
            if told.keys() & extended.keys():
                raise UnfitError("names one file twice in its headers")
            extended.update(told)
            continue
        member = _member(block, kind, size, extended, data)
        extended = {}
        yield member
        for _ in member.chunks():
            pass
        data.read(-size % _BLOCK)
    if extended:
        raise UnfitError("is not whole: it ends after a header")
    while chunk := data.read(_CHUNK):
        if chunk.strip(b"\0"):
            raise UnfitError("has something after its end mark")


def _member(
    block: bytes, kind: bytes, size: int, extended: dict[str, str], data: "_Bytes"
) -> Member:
    path = extended.get("path") or _name(block)
    if kind in _KINDS:
        raise UnfitError(f"{_KINDS[kind]}; a package holds plain files and directories", path)
    if kind not in (*_PLAIN, b"5"):
        raise UnfitError("is of a kind that no package needs", path)
    if not path:
        raise UnfitError("holds a file without a name")
    if extended.get("size", str(size)) != str(size):
        raise UnfitError("is of two sizes in its headers", path)
    # Before there was a kind for directories, a slash at the end was what made one.
    is_directory = kind == b"5" or path.endswith("/")
    if is_directory and size:
        raise UnfitError("is a directory with content", path)
    mode = _octal(block[100:108], "mode")
    return Member(path, size, is_directory, bool(mode & 0o111), data)


def _name(block: bytes) -> str:
    name, _, rest = block[:100].partition(b"\0")
    if rest.strip(b"\0"):
        raise UnfitError("has a name with a NUL in it")
    if block[257:265] == _USTAR:
        # Some write times behind 130 bytes of prefix, and a NUL between.
        field_ = (
            block[345:500] if block[345 + _XSTAR_PREFIX] else block[345 : 345 + _XSTAR_PREFIX]
        )
        prefix = field_.partition(b"\0")[0]
        if prefix:
            name = prefix + b"/" + name
    return _text(name)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnfitError("has a name that is not UTF-8", raw.decode("latin-1")) from None


def _octal(raw: bytes, what: str) -> int:
    found = _OCTAL.fullmatch(raw)
    if found is not None:
        return int(found[1], 8)
    if not raw.strip(b" \0"):
        return 0
    raise UnfitError(f"is damaged: a header has no {what} that can be one")


def _check_sum(block: bytes) -> None:
    found = _OCTAL.fullmatch(block[148:156])
    if found is None or int(found[1], 8) != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        raise UnfitError("is damaged, or no tar archive: a header's checksum is wrong")


def _extended(data: "_Bytes", size: int) -> bytes:
    found = data.read(size)
    padding = -size % _BLOCK
    if len(found) < size or len(data.read(padding)) < padding:
        raise UnfitError("is not whole: it ends in a header")
    return found


def _extension(kind: bytes, raw: bytes) -> dict[str, str]:
    """Return what an extended header says of the member after it: ``path``, ``size``."""
    if kind == b"L":
        name, _, rest = raw.partition(b"\0")
        if rest.strip(b"\0") or not name:
            raise UnfitError("has a name with a NUL in it")
        return {"path": _text(name)}
    found: dict[str, str] = {}
    for key, value in _records(raw):
        if key.startswith("GNU.sparse."):
            raise UnfitError("holds a sparse file; a package holds plain files and directories")
        if key == "linkpath":
            raise UnfitError("holds a link; a package holds plain files and directories")
        if key == "hdrcharset" and value.decode("latin-1") not in _UTF8:
            raise UnfitError("has names that are not UTF-8")
        if kind == b"g" and key in _GLOBAL_REFUSED:
            raise UnfitError(f"gives every file in it the same {key}")
        if key in ("path", "size"):
            if key in found or not value:
                raise UnfitError(f"has a header with no {key}, or two")
            found[key] = _text(value)
    if "\0" in found.get("path", ""):
        raise UnfitError("has a name with a NUL in it", found["path"])
    return found


def _records(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the ``LENGTH KEY=VALUE`` lines of a pax header."""
    at = 0
    while at < len(raw):
        length = _RECORD_LENGTH.match(raw, at)
        if length is None:
            raise UnfitError("is damaged: a header cannot be read")
        end = at + int(length[1])
        key, equals, value = raw[length.end() : end - 1].partition(b"=")
        if end <= length.end() or end > len(raw) or raw[end - 1] != ord("\n") or not equals:
            raise UnfitError("is damaged: a header cannot be read")
        yield key.decode("latin-1"), value
        at = end


class _Bytes:
    """The bytes of the tar archive, decompressed as they are asked for and counted on both sides."""

    def __init__(self, raw: Readable, caps: Caps) -> None:
        self._raw = raw
        self._caps = caps
        self._came = self._gave = 0
        self._ready, self._at = b"", 0
        first = self._take()
        if not first:
            raise UnfitError("is empty")
        for start, packer in _OTHER_PACKERS.items():
            if first.startswith(start):
                raise UnfitError(f"is packed by {packer}; pack it as .tgz or .tar")
        self._source = self._inflated(first) if first.startswith(_GZIP) else self._plain(first)

    def read(self, count: int) -> bytes:
        """Return *count* bytes, fewer only where the archive ends."""
        found = self._ready[self._at : self._at + count]
        self._at += len(found)
        if len(found) == count:
            return found
        pieces = [found]
        missing = count - len(found)
        while missing:
            self._ready, self._at = self._more(), 0
            if not self._ready:
                break
            piece = self._ready[:missing]
            self._at = len(piece)
            missing -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _take(self) -> bytes:
        data = self._raw.read(_CHUNK)
        self._came += len(data)
        if self._came > self._caps.archive_bytes:
            raise UnfitError(f"is larger than {size_text(self._caps.archive_bytes)}")
        return data

    def _more(self) -> bytes:
        data = next(self._source, b"")
        self._gave += len(data)
        if self._gave > self._caps.total_bytes:
            raise UnfitError(f"unpacks to more than {size_text(self._caps.total_bytes)} in all")
        if self._gave > self._caps.ratio_from and self._gave > self._caps.ratio * self._came:
            raise UnfitError(
                f"unpacks to more than {self._caps.ratio} times its size, as only bombs do"
            )
        return data

    def _plain(self, first: bytes) -> Iterator[bytes]:
        yield first
        while data := self._take():
            yield data

    def _inflated(self, first: bytes) -> Iterator[bytes]:
        inflate = zlib.decompressobj(_GZIP_WINDOW)
        waiting = first
        while not inflate.eof:
            data = waiting or self._take()
            try:
                found = inflate.decompress(data, _OUT)
            except zlib.error:
                raise UnfitError("is damaged: it cannot be decompressed") from None
            waiting = inflate.unconsumed_tail
            if found:
                yield found
            elif not data:
                raise UnfitError("is not whole: its compressed bytes end too early")
        if inflate.unused_data or self._take():
            raise UnfitError("has something after its compressed bytes")

"""Hostcalls that look at files. Each gives an object; times are in milliseconds since 1970, sizes in bytes."""

import errno
import os
import stat
from base64 import b64encode
from codecs import getincrementaldecoder
from typing import Final

import msgspec

from host.hostcalls.files import FileCall, must_be_file, text_of, whole
from host.outcome import Json
from host.reached import Reached

_CHUNK_BYTES: Final = 4 * 1024 * 1024
_MAX_ENTRIES: Final = 50_000
_TYPES: Final = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "link"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "character"),
    (stat.S_ISBLK, "block"),
)


def read(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "offset"?, "length"?, "text"?, "id"?}`` -> ``{"data" (base64) or, asked for, "text", "next"}``.

    ``next`` is where to go on, null at the end; a text ends between two characters.
    """
    offset = whole(args, "offset", 0)
    chunk = min(_CHUNK_BYTES, max((files.max_answer_bytes - 4096) * 3 // 4, 64))
    length = min(whole(args, "length", chunk), chunk)
    with files.look("fs_read", files.path(args)) as found:
        must_be_file(found)
        check_id(found, args)
        data = _read(found, offset, length)
    is_all = len(data) < length
    if args.get("text") is not True:
        return {
            "data": b64encode(data).decode(),
            "next": None if is_all else offset + len(data),
        }
    while True:
        text, rest = _decoded(data, is_all=is_all)
        following = None if is_all else offset + len(data) - rest
        answer: dict[str, Json] = {"text": text, "next": following}
        # Control characters take six bytes each in JSON.
        if len(data) * 6 < chunk or len(msgspec.json.encode(answer)) <= files.max_answer_bytes:
            return answer
        data, is_all = data[: len(data) // 2], False


def _decoded(data: bytes, *, is_all: bool) -> tuple[str, int]:
    """Return *data* as text, and how many bytes at its end belong to a character that goes on."""
    decoder = getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, is_all)
    return text, len(decoder.getstate()[0])


def _read(found: Reached, offset: int, length: int) -> bytes:
    fd = found.reopen(os.O_RDONLY)
    try:
        parts: list[bytes] = []
        left = length
        while left and (part := os.pread(fd, left, offset + length - left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def check_id(found: Reached, args: dict[str, Json]) -> None:
    """Raise unless *found* is the file that an earlier answer called ``id``."""
    if args.get("id", found.id) != found.id:
        raise FileNotFoundError(errno.ENOENT, "another file has its name by now")


def stat_(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "id"?}`` -> what :func:`described` gives; a link is followed."""
    with files.look("fs_read", files.path(args)) as found:
        check_id(found, args)
        return described(found.stat)


def lstat(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path"}`` -> what :func:`described` gives, of a link itself."""
    with files.look("fs_read", files.path(args), follow=False) as found:
        return described(found.stat)


def described(info: os.stat_result) -> dict[str, Json]:
    """``{"type", "mode", "size", "ino", "dev", "nlink", "uid", "gid", "rdev", "blksize", "blocks", "atime", "mtime",
    "ctime"}``."""
    return {
        "type": type_of(info.st_mode),
        "mode": info.st_mode,
        "size": info.st_size,
        "ino": info.st_ino,
        "dev": info.st_dev,
        "nlink": info.st_nlink,
        "uid": info.st_uid,
        "gid": info.st_gid,
        "rdev": info.st_rdev,
        "blksize": info.st_blksize,
        "blocks": info.st_blocks,
        "atime": info.st_atime_ns / 1e6,
        "mtime": info.st_mtime_ns / 1e6,
        "ctime": info.st_ctime_ns / 1e6,
    }


def type_of(mode: int) -> str:
    """``file``, ``directory``, ``link``, ``fifo``, ``socket``, ``character``, ``block`` or ``unknown``."""
    return next((name for matches, name in _TYPES if matches(mode)), "unknown")


def list_(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path"}`` -> ``{"entries": [[name, type], ...]}``, sorted; at most 50,000 of them."""
    with files.look("fs_read", files.path(args)) as found:
        if not stat.S_ISDIR(found.stat.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        fd = found.reopen(os.O_RDONLY)
    try:
        entries: list[tuple[str, str]] = []
        with os.scandir(fd) as scan:
            for entry in scan:
                if len(entries) >= _MAX_ENTRIES:
                    raise OSError(errno.EFBIG, f"more than {_MAX_ENTRIES} entries")
                entries.append((text_of(entry.name), _type_in(entry)))
    finally:
        os.close(fd)
    entries.sort()
    return {"entries": [[name, type_] for name, type_ in entries]}


def _type_in(entry: "os.DirEntry[str]") -> str:
    try:
        if entry.is_symlink():
            return "link"
        if entry.is_file(follow_symlinks=False):
            return "file"
        if entry.is_dir(follow_symlinks=False):
            return "directory"
        return type_of(entry.stat(follow_symlinks=False).st_mode)
    except OSError:  # removed meanwhile
        return "unknown"


def exists(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path"}`` -> ``{"exists"}``; refused where reading is."""
    try:
        with files.look("fs_read", files.path(args)):
            return {"exists": True}
    except OSError:
        return {"exists": False}


def realpath(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path"}`` -> ``{"path"}`` without links."""
    with files.look("fs_read", files.path(args)) as found:
        return {"path": text_of(found.place)}


def readlink(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path"}`` -> ``{"target"}``: what the link says."""
    with files.look("fs_read", files.path(args), follow=False) as found:
        if not stat.S_ISLNK(found.stat.st_mode):
            raise OSError(errno.EINVAL, "not a symbolic link")
        return {"target": text_of(os.readlink("", dir_fd=found.fd))}


def access(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "mode"?}`` -> ``{}`` if that may be done with it: bits as in access(2), by the chain and the system."""
    mode = whole(args, "mode", os.F_OK, 7)
    path = files.path(args)
    with files.look("fs_read" if mode != os.W_OK else "fs_write", path) as found:
        if mode & os.W_OK:
            files.grant("fs_write", found.place, path)
        if not os.access(found.handle, mode, effective_ids=True):
            raise PermissionError(errno.EACCES, "permission denied")
    return {}

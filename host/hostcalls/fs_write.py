"""Hostcalls that make and change files.

Promises    What exists is written through the descriptor that was decided about; what does not is made by its name in a
            directory that is held open, and only if nothing has that name. Nothing is written through a link that
            appeared meanwhile, into a pipe or device, or into a file that has other names (hard links).
"""

import errno
import os
import secrets
import stat
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from host.hostcalls.files import (
    MAX_FILE_BYTES,
    FileCall,
    must_be_alone,
    must_be_file,
    text_of,
    whole,
)
from host.hostcalls.fs_read import check_id
from host.hostcalls.granted import ArgumentsError
from host.outcome import Json
from host.reached import Entry, Reached, below, reach, reach_entry
from host.realpath import resolve
from host.tree_lock import TREE

_TRIES: Final = 8
_CHUNK_BYTES: Final = 1024 * 1024
_CREATE: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
)
_HOWS: Final = ("replace", "append", "create", "at")


def write(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "text" or "data" (base64), "how"?, "mode"?, "offset"?, "id"?}`` -> ``{"written"}`` in bytes.

    ``how``: ``replace`` what is there (the default), ``append``, ``create`` what must not be there yet, or write
    ``at`` an offset into what must.
    """
    how = args.get("how", "replace")
    if how not in _HOWS:
        raise ArgumentsError(f"how must be one of {', '.join(_HOWS)}")
    data = _content(args)
    path = files.path(args)
    with TREE.changing():
        if how == "at":
            offset = whole(args, "offset", 0, MAX_FILE_BYTES)
            _write_at(files, path, data, offset, args)
        else:
            fill(files, path, [data], str(how), _mode(args))
    return {"written": len(data)}


def _content(args: dict[str, Json]) -> bytes:
    text, data = args.get("text"), args.get("data")
    if isinstance(text, str):
        return text.encode()
    if not isinstance(data, str):
        raise ArgumentsError("text or data must hold what is to be written")
    try:
        return b64decode(data, validate=True)
    except (Base64Error, ValueError):
        raise ArgumentsError("data must be base64") from None


def _mode(args: dict[str, Json], fallback: int = 0o666) -> int:
    # No setuid, setgid or sticky bit, whoever asks.
    return whole(args, "mode", fallback, 0o177777) & 0o777


def fill(files: FileCall, path: str, parts: Iterable[bytes], how: str, mode: int) -> None:
    """Write *parts* into what *path* leads to, made if it is not there; see :func:`write`."""
    for _ in range(_TRIES):
        if how != "create":
            try:
                with files.look("fs_write", path) as found:
                    _fill_existing(found, parts, how)
                return
            except FileNotFoundError:
                pass
        with files.entry(path, follow=how != "create") as entry:
            try:
                fd = os.open(entry.name, _CREATE, mode, dir_fd=entry.fd)
            except FileExistsError:
                if how == "create":
                    raise
                continue  # somebody made it, or a link, in between: look again
        _pour(fd, parts)
        return
    raise OSError(errno.EBUSY, "it changes faster than it can be looked at")


def _fill_existing(found: Reached, parts: Iterable[bytes], how: str) -> None:
    must_be_file(found)
    if how == "append":
        must_be_alone(found)
        _pour(found.reopen(os.O_WRONLY | os.O_APPEND), parts)
    elif found.stat.st_nlink > 1:
        _replace(found, parts)
    else:
        _pour(found.reopen(os.O_WRONLY | os.O_TRUNC), parts)


def _replace(found: Reached, parts: Iterable[bytes]) -> None:
    """Put another file in the place of *found*, whose other names keep what they hold."""
    with reach_entry(found.place) as entry:
        now = entry.lstat()
        if now is None or not os.path.samestat(now, found.stat):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        name = f".{secrets.token_hex(8)}.new"
        fd = os.open(name, _CREATE, found.stat.st_mode & 0o777, dir_fd=entry.fd)
        try:
            _pour(fd, parts)
            os.rename(name, entry.name, src_dir_fd=entry.fd, dst_dir_fd=entry.fd)
        except BaseException:
            os.unlink(name, dir_fd=entry.fd)
            raise


def _pour(fd: int, parts: Iterable[bytes]) -> None:
    with open(fd, "wb", buffering=0) as file:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[file.write(view) :]


def _write_at(
    files: FileCall, path: str, data: bytes, offset: int, args: dict[str, Json]
) -> None:
    if offset + len(data) > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with files.look("fs_write", path) as found:
        must_be_file(found)
        must_be_alone(found)
        check_id(found, args)
        with open(found.reopen(os.O_WRONLY), "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                count = os.pwrite(file.fileno(), view, offset)
                offset, view = offset + count, view[count:]


def open_(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "read"?, "write"?, "create"?, "exclusive"?, "truncate"?, "mode"?}`` -> ``{"path", "id", "size"}``.

    Nothing stays open: ``path`` and ``id`` name the file in later calls, which are decided again.
    """
    path = files.path(args)
    wanted = {
        key
        for key in ("read", "write", "create", "exclusive", "truncate")
        if args.get(key) is True
    }
    with TREE.changing():
        if "create" in wanted:
            _make_empty(files, path, _mode(args), is_new="exclusive" in wanted)
        changes = bool(wanted & {"write", "create", "truncate"})
        with files.look("fs_write" if changes else "fs_read", path) as found:
            if changes and "read" in wanted:
                files.grant("fs_read", found.place, path)
            if changes or not stat.S_ISDIR(found.stat.st_mode):
                must_be_file(found)
            size = found.stat.st_size
            if "truncate" in wanted:
                must_be_alone(found)
                os.close(found.reopen(os.O_WRONLY | os.O_TRUNC))
                size = 0
            elif changes:
                must_be_alone(found)
                os.close(found.reopen(os.O_WRONLY))  # whether the system lets us, too
            if "read" in wanted or not changes:
                os.close(found.reopen(os.O_RDONLY))
            return {"path": text_of(found.place), "id": found.id, "size": size}


def _make_empty(files: FileCall, path: str, mode: int, *, is_new: bool) -> None:
    try:
        if not is_new:
            with files.look("fs_write", path):
                return
    except FileNotFoundError:
        pass
    with files.entry(path, follow=not is_new) as entry:
        try:
            os.close(os.open(entry.name, _CREATE, mode, dir_fd=entry.fd))
        except FileExistsError:
            if is_new:
                raise


def truncate(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "size"?, "id"?}`` -> ``{}``."""
    size = whole(args, "size", 0, MAX_FILE_BYTES)
    with TREE.changing(), files.look("fs_write", files.path(args)) as found:
        must_be_file(found)
        must_be_alone(found)
        check_id(found, args)
        with open(found.reopen(os.O_WRONLY), "wb", buffering=0) as file:
            file.truncate(size)
    return {}


def sync(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "id"?}`` -> ``{}`` once the file is on the disk."""
    with files.look("fs_write", files.path(args)) as found:
        check_id(found, args)
        fd = found.reopen(os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    return {}


def chmod(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "mode"}`` -> ``{}``; the bits for setuid, setgid and sticky stay as they are not."""
    with TREE.changing(), files.look("fs_write", files.path(args)) as found:
        _must_be_plain(found)
        os.chmod(found.handle, _mode(args))
    return {}


def utimes(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "atime", "mtime"}`` in milliseconds -> ``{}``."""
    times = tuple(whole(args, key, 0, 2**43) * 1_000_000 for key in ("atime", "mtime"))
    with TREE.changing(), files.look("fs_write", files.path(args)) as found:
        _must_be_plain(found)
        os.utime(found.handle, ns=(times[0], times[1]))
    return {}


def _must_be_plain(found: Reached) -> None:
    if not stat.S_ISDIR(found.stat.st_mode):
        must_be_file(found)
        must_be_alone(found)


def mkdir(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"path", "recursive"?, "mode"?}`` -> ``{"made"}``: the first directory that was made, null if none was."""
    path, mode = files.path(args), _mode(args, 0o777)
    with TREE.changing():
        if args.get("recursive") is not True:
            with files.entry(path) as entry:
                os.mkdir(entry.name, mode, dir_fd=entry.fd)
                return {"made": text_of(entry.place)}
        return {"made": _make_all(files, path, mode)}


def _make_all(files: FileCall, path: str, mode: int) -> str | None:
    try:
        place = resolve(path)
    except OSError:
        files.grant("fs_write", os.path.normpath(path), path)
        raise
    files.grant("fs_write", place, path)
    directory, missing = _deepest(place)
    made = None
    try:
        if not stat.S_ISDIR(directory.stat.st_mode):
            number = errno.ENOTDIR if missing else errno.EEXIST
            raise OSError(number, os.strerror(number))
        while missing:
            name = missing.pop()
            entry = Entry(directory, name)
            files.grant("fs_write", entry.place)
            try:
                os.mkdir(name, mode, dir_fd=entry.fd)
                made = made or text_of(entry.place)
            except FileExistsError:
                pass  # by somebody else, just now; if it is no directory, the next step fails
            directory = _step(directory, name)
    finally:
        os.close(directory.fd)
    return made


def _deepest(place: str) -> tuple[Reached, list[str]]:
    """Open *place*, or the deepest directory above it that there is; return it with the names that are missing."""
    missing: list[str] = []
    while True:
        try:
            return reach(place, no_links=True), missing
        except FileNotFoundError:
            place, _, name = place.rpartition("/")
            place = place or "/"
            missing.append(name)


def _step(directory: Reached, name: str) -> Reached:
    """Go from *directory*, which is closed, into *name*, which is no link."""
    fd = os.open(
        name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory.fd
    )
    found = Reached(fd, below(directory.place, name), os.fstat(fd))
    os.close(directory.fd)
    return found


def mkdtemp(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"prefix"}`` -> ``{"suffix"}``: the six characters after the prefix that name the new directory."""
    prefix = files.path(args, "prefix")
    with TREE.changing():
        for _ in range(_TRIES):
            suffix = secrets.token_hex(3)
            with files.entry(prefix + suffix) as entry:
                try:
                    os.mkdir(entry.name, 0o700, dir_fd=entry.fd)
                except FileExistsError:
                    continue
                return {"suffix": suffix}
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def symlink(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"target", "path"}`` -> ``{}``: a link, only to where the plugin may both read and write."""
    target = args.get("target")
    if not isinstance(target, str) or not target or "\0" in target:
        raise ArgumentsError("target must be a path without NUL")
    names = [name for name in target.split("/") if name not in ("", ".")]
    if any(before != ".." and name == ".." for before, name in pairwise(names)):
        # Something else may be put in the place of that name, and then it leads elsewhere.
        raise ArgumentsError("target has .. after a name; write where that leads")
    with TREE.changing(), files.entry(files.path(args)) as entry:
        files.grant_link(entry.place)
        leads_to = resolve(os.path.join(entry.directory.place, target))
        files.grant("fs_read", leads_to)
        files.grant("fs_write", leads_to)
        os.symlink(target, entry.name, dir_fd=entry.fd)
    return {}


def copy(files: FileCall, args: dict[str, Json]) -> dict[str, Json]:
    """``{"from", "to", "exclusive"?}`` -> ``{"written"}`` in bytes: one regular file, its mode with it if it is new."""
    source, to = files.path(args, "from"), files.path(args, "to")
    with TREE.changing(), files.look("fs_read", source) as found:
        must_be_file(found)
        if found.stat.st_size > MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        how = "create" if args.get("exclusive") is True else "replace"
        if how == "replace" and _is_same(files, found, to):
            return {"written": 0}
        written = [0]
        with open(found.reopen(os.O_RDONLY), "rb", buffering=0) as file:
            parts = _chunks(files, file.fileno(), written)
            fill(files, to, parts, how, found.stat.st_mode & 0o777)
    return {"written": written[0]}


def _is_same(files: FileCall, found: Reached, to: str) -> bool:
    try:
        with files.look("fs_write", to) as there:
            return there.id == found.id  # truncating it would lose what is to be copied
    except FileNotFoundError:
        return False


def _chunks(files: FileCall, fd: int, written: list[int]) -> Iterator[bytes]:
    while part := os.read(fd, _CHUNK_BYTES):
        files.charge(len(part))
        written[0] += len(part)
        if written[0] > MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        yield part

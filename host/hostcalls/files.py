"""What all hostcalls on files share: their paths, their decisions, their threads and their errors.

Promises    A path is looked up once (``host/reached.py``), decided about by where it led and how it was named, and
            acted upon through what was opened. Whether something exists is told only to who may do what it asked for:
            what cannot be opened is decided about by where it would be.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from host.hostcalls.granted import (
    ArgumentsError,
    Granted,
    Judge,
    OpenError,
    RefusedError,
    decided,
)
from host.hostcalls.refusal import over_quota, refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.reached import Entry, Reached, reach, reach_entry
from host.reactor import now_s
from host.realpath import resolve
from policies.capability import FileRequest, Request
from policies.decision import Decision
from policies.paths import MAX_NAME_BYTES, MAX_PATH_BYTES

if TYPE_CHECKING:
    from host.instance import Instance

FileKind: TypeAlias = Literal["fs_read", "fs_write"]
FileHandler: TypeAlias = "Callable[[FileCall, dict[str, Json]], dict[str, Json]]"

MAX_FILE_BYTES: Final = 1024 * 1024 * 1024
"""Of a file that a plugin copies or stretches."""
_PLUGIN: Final = "/plugin"
"""How a plugin sees its own directory: in ``import.meta.url`` and ``__dirname``."""
_CODES: Final = {errno.ENOENT: "E_NOT_FOUND", errno.EFBIG: "E_TOO_LARGE"}
"""Other errors of the system have its own name: ``ENOTDIR`` is ``E_NOTDIR``."""


class _StoppedError(Exception):
    """The hostcall was cancelled."""


class _OverQuotaError(Exception):
    """The plugin wrote more than it may. The text is for the plugin."""


class FileCall:
    """One hostcall on files, in its thread."""

    def __init__(self, instance: "Instance", answers: dict[Request, Decision]) -> None:
        plugin = instance.plugin
        self._answers = answers
        self._judge = Judge(instance, answers)
        self._root = str(plugin.spec.root)
        self._data = str(plugin.data_dir())
        self._quota = plugin.quota
        self.max_answer_bytes = plugin.limits.payload_in_bytes
        self.is_cancelled = False

    def cancel(self) -> None:
        """Nobody waits for it any more: it ends at its next step."""
        self.is_cancelled = True

    def check(self) -> None:
        """Raise if nobody waits for this any more."""
        if self.is_cancelled:
            raise _StoppedError

    def charge(self, size: int) -> None:
        """Count *size* bytes that will be written although the arguments do not hold them; raises over the quota."""
        self.check()
        why = self._quota.write(size, now_s())
        if why is not None:
            raise _OverQuotaError(why)

    # Arguments.

    def path(self, args: dict[str, Json], key: str = "path") -> str:
        """Return the absolute path under *key*; makes the plugin's data directory when it is in there."""
        path = args.get(key)
        if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
            raise ArgumentsError(f"{key} must be an absolute path without NUL")
        if len(os.fsencode(path)) >= MAX_PATH_BYTES or any(
            len(os.fsencode(name)) > MAX_NAME_BYTES for name in path.split("/")
        ):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        if path == _PLUGIN or path.startswith(_PLUGIN + "/"):
            path = self._root + path[len(_PLUGIN) :]
        if path == self._data or path.startswith(self._data + "/"):
            os.makedirs(self._data, mode=0o700, exist_ok=True)
        return path

    # Deciding.

    def may(self, kind: FileKind, place: str, named: str = "") -> bool:
        """Whether it is allowed, by the rules or as part of what a person allowed in this call. Written down only when
        it is not and somebody asks :meth:`grant`."""
        self.check()
        decision = self._judge.decide(FileRequest(kind, place, named=named))
        return decision.allowed or (
            decision.verdict == "ask" and any(self._is_within(kind, place))
        )

    def _is_within(self, kind: FileKind, place: str) -> Iterator[bool]:
        for asked, answer in self._answers.items():
            if isinstance(asked, FileRequest) and asked.kind == kind and answer.allowed:
                yield place.startswith(asked.path.rstrip("/") + "/")

    def grant(self, kind: FileKind, place: str, named: str = "") -> None:
        """Raise unless the chain allows *kind* of what is at *place* and was called *named*."""
        self._judge.grant(FileRequest(kind, place, named=named))

    def grant_link(self, place: str) -> None:
        """Raise if a link at *place* could hide what is protected."""
        self._judge.grant_link(place)

    def note(self) -> None:
        """Write down what was decided; in the reactor's turn."""
        self._judge.note()

    def must_not_be_data(self, place: str) -> None:
        """Raise if *place* is the plugin's data directory itself.

        It may be emptied, but stays a directory of ours: a link in its place would be taken for it at the next load.
        """
        if place == os.path.realpath(self._data):
            raise OSError(errno.EBUSY, "the data directory itself stays")

    # Looking up.

    def look(self, kind: FileKind, path: str, *, follow: bool = True) -> Reached:
        """Open what *path* leads to and is allowed; raises OSError only to who may know."""
        try:
            found = reach(path, follow=follow)
        except OSError:
            self.grant(kind, _would_be(path, follow=follow), path)
            raise
        try:
            self.grant(kind, found.place, path)
        except BaseException:
            os.close(found.fd)
            raise
        return found

    def entry(self, path: str, kind: FileKind = "fs_write", *, follow: bool = False) -> Entry:
        """Open the directory of the name at the end of *path*, which is allowed; a link of that name is followed as
        far as it leads to nothing with *follow*, else not."""
        try:
            found = reach_entry(path)
            if follow and _is_link(found):
                os.close(found.fd)
                found = reach_entry(resolve(path))
        except OSError:
            self.grant(kind, _would_be(path, follow=follow), path)
            raise
        try:
            self.grant(kind, found.place, path)
        except BaseException:
            os.close(found.fd)
            raise
        return found


def _is_link(entry: Entry) -> bool:
    info = entry.lstat()
    return info is not None and stat.S_ISLNK(info.st_mode)


def _would_be(path: str, *, follow: bool) -> str:
    """Where *path*, which could not be opened, leads as far as that can be known."""
    head, _, name = path.rstrip("/").rpartition("/")
    try:
        if follow or name in ("", ".", ".."):
            return resolve(path)
        return f"{resolve(head or '/').rstrip('/')}/{name}"
    except OSError:
        return os.path.normpath(path)


def must_be_file(found: Reached) -> None:
    """Raise unless *found* is a regular file: a pipe, device or socket is nothing to read or write here."""
    if stat.S_ISDIR(found.stat.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.stat.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")


def must_be_alone(found: Reached) -> None:
    """Raise if *found* has other names: they may lie where the plugin may not write."""
    if stat.S_ISREG(found.stat.st_mode) and found.stat.st_nlink > 1:
        raise OSError(errno.EMLINK, "it has other names (hard links)")


def whole(args: dict[str, Json], key: str, fallback: int, most: int = 2**53) -> int:
    """Return the integer from 0 to *most* under *key*, or *fallback* where there is none."""
    value = args.get(key)
    if value is None:
        return fallback
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ArgumentsError(f"{key} must be an integer from 0 to {most}")
    return value


def text_of(name: str) -> str:
    """*name* as text: bytes that are none become U+FFFD, as in node."""
    return os.fsencode(name).decode("utf-8", "replace")


def answer_in_thread(
    instance: "Instance",
    act: FileHandler,
    args: dict[str, Json],
    request: HostcallRequest,
    answers: dict[Request, Decision] | None = None,
) -> None:
    """Have *act* done in a thread and *request* answered with what it returns, or with the error it raised.

    When it comes to something that the rules leave open, a person is asked, and it begins again with the *answers*: it
    asks before it acts.
    """
    known = answers or {}
    files = FileCall(instance, known)
    request.on_cancel(files.cancel)

    def job() -> Callable[[], None]:
        try:
            text, code, wanted = _perform(files, act, args, request)
        except Exception as error:  # noqa: BLE001 - a mistake of ours, which must cost neither thread nor answer
            mistake = error

            def tell() -> None:
                refuse(request, "E_INTERNAL", "the host failed")
                raise mistake  # and is not kept to itself

            return tell

        def then() -> None:
            files.note()
            if wanted is not None and not files.is_cancelled:
                decided(
                    instance,
                    wanted,
                    request,
                    again,
                    lambda told: refuse(request, "E_DENIED", told),
                )
            elif code == "E_QUOTA":
                over_quota(instance, request, text)
            elif code:
                refuse(request, code, text)
            else:
                request.answer(text)

        return then

    def again(granted: Granted) -> None:
        answers = {**known, granted.request: granted.decision}
        answer_in_thread(instance, act, args, request, answers)

    instance.plugin.runtime.files.submit(instance.plugin.name, job)


def _perform(
    files: FileCall, act: FileHandler, args: dict[str, Json], request: HostcallRequest
) -> tuple[str, str, Request | None]:
    """Return the text of the answer or of the error, the code of that, and what a person must be asked first."""
    try:
        files.check()
        text = msgspec.json.encode(act(files, args)).decode()
    except OpenError as error:
        return "nobody was asked", "E_DENIED", error.wanted
    except RefusedError as error:
        return str(error), "E_DENIED", None
    except ArgumentsError as error:
        return f"{request.name}: {error}", "E_INVALID", None
    except _OverQuotaError as error:
        return str(error), "E_QUOTA", None
    except _StoppedError:
        return "the call was cancelled", "E_CANCELLED", None
    except OSError as error:
        return (*_told(error, args), None)
    except MemoryError:
        return "the host has not the memory for it", "E_TOO_LARGE", None
    if len(text) > files.max_answer_bytes:
        return "the answer exceeds what a worker may be sent", "E_TOO_LARGE", None
    return text, "", None


def _told(error: OSError, args: dict[str, Json]) -> tuple[str, str]:
    number = error.errno or errno.EIO
    code = _CODES.get(number) or "E_" + errno.errorcode.get(number, "EIO")[1:]
    told = (error.strerror or os.strerror(number)).lower()
    return f"{told}: {str(args.get('path', args.get('from', '')))[:200]}", code

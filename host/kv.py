"""A plugin's key-value store: one SQLite file for each, shared by every process that runs it.

Promises    When :meth:`KvStore.set` returns, the value survives a power cut. Several processes may
            write at once; each sees at the next write, or when it asks, that another one did.
            Nothing is ever deleted to get going again: a damaged file is an error that names it.
Relies on   A directory that plugins cannot write to. SQLite follows what the file is replaced by, so
            it must not stand in the data directory that a plugin's own ``fs`` calls reach.
Threads     One at a time. It need not always be the same one.
"""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from host.errors import HostError

MAX_KEY_BYTES: Final = 512
"""Of the key in UTF-8."""
MAX_VALUE_BYTES: Final = 1024 * 1024
"""Of the value's JSON text in UTF-8."""

_VERSION_LIMIT: Final = 2**31 - 1
"""``user_version`` is a signed 32-bit field of the file's header."""

_CODES: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: ("E_BUSY", "another process holds it"),
    sqlite3.SQLITE_LOCKED: ("E_BUSY", "another connection holds it"),
    sqlite3.SQLITE_CORRUPT: ("E_CORRUPT", "the file is damaged; restore or move it away"),
    sqlite3.SQLITE_NOTADB: ("E_CORRUPT", "the file is no database; restore or move it away"),
    sqlite3.SQLITE_FULL: ("E_IO", "the disk is full"),
    sqlite3.SQLITE_READONLY: ("E_IO", "the file is read-only"),
    sqlite3.SQLITE_CANTOPEN: ("E_IO", "the file cannot be opened"),
}


class KvError(HostError):
    """An operation of a store that was not done.

    ``code`` is stable and reaches the plugin: ``E_INVALID`` (key or value), ``E_TOO_LARGE`` (one
    value), ``E_QUOTA`` (all of them), ``E_BUSY`` (may be tried again), ``E_CORRUPT``, ``E_IO``. The
    message of the last three names the file and is for the operator.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class KvStore:
    """The entries of one plugin in one file; *max_bytes* bounds keys and values together."""

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        *,
        max_value_bytes: int = MAX_VALUE_BYTES,
        busy_timeout_s: float = 2.0,
    ) -> None:
        """Open the store, or create it with a directory and a file that only we can read.

        Raises :class:`KvError`.
        """
        self.path: Final = path
        self._max_bytes = max_bytes
        self._max_value_bytes = max_value_bytes
        self._used: tuple[int, int] | None = None  # version, and the bytes in use as of it
        self._known_version = 0  # up to here every change is loaded, or our own
        self._last_version = 0
        with self._guarded():
            _create_private(path)
            # Autocommit: this class says itself where a transaction begins and ends.
            self._db = sqlite3.connect(
                path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
            )
        try:
            with self._guarded():
                self._prepare()
                self._known_version = self._version()
        except KvError:
            self._db.close()
            raise

    def get_all(self) -> tuple[dict[str, str], int]:
        """Return every key with its JSON text, and the version that this is."""
        with self._transaction("DEFERRED"):
            version = self._version()
            rows: list[tuple[bytes, bytes]] = self._db.execute(
                "SELECT key, value FROM entries ORDER BY key"
            ).fetchall()
        with self._guarded():
            entries = {key.decode(): value.decode() for key, value in rows}
        self._known_version = version
        return entries, version

    def apply(self, writes: Iterable[tuple[str, str | None]]) -> list[KvError | None]:
        """Make all *writes*, ``(key, JSON text)`` or ``(key, None)`` to delete, in one transaction.

        Returns what is wrong with each, or None; the others are durable. Raises :class:`KvError`
        when none could be made. This is one new version, or none if nothing changed.
        """
        refused: list[KvError | None] = []
        with self._transaction("IMMEDIATE"):
            before = version = self._version()
            used = self._used_bytes(before)
            has_changed = False
            for key, text in writes:
                try:
                    used, did = self._write(key, text, used)
                except KvError as error:
                    refused.append(error)
                else:
                    refused.append(None)
                    has_changed = has_changed or did
            if has_changed:
                version = self._advance(before)
        self._used = (version, used)
        if self._known_version == before:
            self._known_version = version
        self._last_version = version
        return refused

    def set(self, key: str, json_text: str) -> int:
        """Store *json_text* under *key* durably; return the version that this made.

        If that is not one more than the caller's last version, another process has written too, and
        a mirror has to be loaded again.
        """
        return self._apply_one(key, json_text)

    def delete(self, key: str) -> int:
        """Remove *key* durably, if it is there; return the version, which is a new one if it was."""
        return self._apply_one(key, None)

    def _apply_one(self, key: str, json_text: str | None) -> int:
        (refused,) = self.apply([(key, json_text)])
        if refused is not None:
            raise refused
        return self._last_version

    def version(self) -> int:
        """Return the current version. Any process that writes makes a new one."""
        with self._guarded():
            return self._version()

    def changed_since(self, version: int) -> bool:
        """Whether anyone has written since *version*. Costs a few microseconds."""
        return self.version() != version

    def was_changed_elsewhere(self) -> bool:
        """Whether another connection has written since :meth:`get_all`, or since this was opened."""
        return self.version() != self._known_version

    def close(self) -> None:
        """Close the file. Everything that was acknowledged is in it already."""
        with self._guarded():
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        db = self._db
        tables: list[tuple[str]] = db.execute("SELECT name FROM sqlite_master").fetchall()
        if tables:
            # Before anything is written, the mode of the journal included: is it ours, and readable?
            db.execute("SELECT key, value FROM entries LIMIT 1").fetchall()
        attempts = 10
        for attempt in range(attempts):
            try:
                # A reader that wants to become the writer gets SQLITE_BUSY at once, without
                # waiting: two processes that create a store together meet here.
                db.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if _primary(error) != sqlite3.SQLITE_BUSY or attempt == attempts - 1:
                    raise
                db.execute("BEGIN IMMEDIATE")  # waits until the other one is done
                db.execute("COMMIT")
        # NORMAL would not sync the log at a commit, and a power cut could take back what was
        # acknowledged.
        db.execute("PRAGMA synchronous = FULL")
        # Blobs, because SQLite's text functions stop at a NUL, which a key may contain.
        db.execute(
            "CREATE TABLE IF NOT EXISTS entries "
            "(key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID"
        )
        db.execute(
            "SELECT key, value FROM entries LIMIT 1"
        ).fetchall()  # is it ours, and readable?

    def _version(self) -> int:
        row: tuple[int] = self._db.execute("PRAGMA user_version").fetchone()
        return row[0]

    def _advance(self, before: int) -> int:
        # In the header of the file, so that it belongs to the transaction and to all processes;
        # ``PRAGMA data_version`` means something to one connection only.
        version = before % _VERSION_LIMIT + 1
        self._db.execute(f"PRAGMA user_version = {version:d}")
        return version

    def _write(self, key: str, text: str | None, used: int) -> tuple[int, bool]:
        """Make one write while *used* bytes are in use; return how many are then, and if it did."""
        name = _key_bytes(key)
        old = self._size_of(name)
        if text is None:
            self._db.execute("DELETE FROM entries WHERE key = ?", (name,))
            return used - old, old > 0
        value = _utf8(text, "a value")
        if len(value) > self._max_value_bytes:
            raise KvError(
                "E_TOO_LARGE",
                f"a value of {len(value)} bytes; {self._max_value_bytes} may be kept",
            )
        after = used - old + len(name) + len(value)
        # A store over its quota (it was lowered, say) may still shrink.
        if after > self._max_bytes and after > used:
            raise KvError(
                "E_QUOTA",
                f"more than {self._max_bytes} bytes in its key-value store; limits.kv_bytes raises it",
            )
        self._db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?)", (name, value))
        return after, True

    def _used_bytes(self, version: int) -> int:
        if self._used is not None and self._used[0] == version:
            return self._used[1]
        row: tuple[int] = self._db.execute(
            "SELECT coalesce(sum(length(key) + length(value)), 0) FROM entries"
        ).fetchone()
        return row[0]

    def _size_of(self, name: bytes) -> int:
        row: tuple[int] | None = self._db.execute(
            "SELECT length(key) + length(value) FROM entries WHERE key = ?", (name,)
        ).fetchone()
        return row[0] if row else 0

    @contextlib.contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        with self._guarded():
            self._db.execute(f"BEGIN {kind}")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # SQLite may have rolled back by itself (disk full); then there is nothing left to.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what SQLite and the file system raise into a :class:`KvError` that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            code, what = _CODES.get(_primary(error), ("E_IO", str(error)))
            if str(error).startswith(("no such column", "no such table")):
                code, what = "E_CORRUPT", "the file is somebody else's database; move it away"
            raise KvError(code, f"{self.path}: {what}") from error
        except OSError as error:
            raise KvError("E_IO", f"{self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise KvError("E_CORRUPT", f"{self.path}: holds text that is not UTF-8") from error


def _primary(error: sqlite3.Error) -> int:
    """Return the primary result code; the extended ones hold it in their low byte."""
    code: int = getattr(error, "sqlite_errorcode", 0)  # absent on misuse of the module itself
    return code & 0xFF


def _create_private(path: Path) -> None:
    missing = []
    folder = path.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)  # parents=True would give the outer ones 0777
    try:
        # SQLite gives its -wal and -shm files the mode of this one. An existing file is not
        # opened here: closing any descriptor of it would drop the locks that another
        # connection of this process holds.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise KvError("E_IO", f"{path}: is not a regular file") from None


def _key_bytes(key: str) -> bytes:
    name = _utf8(key, "a key")
    if not name:
        raise KvError("E_INVALID", "a key must not be empty")
    if len(name) > MAX_KEY_BYTES:
        raise KvError("E_INVALID", f"a key of {len(name)} bytes; {MAX_KEY_BYTES} are allowed")
    return name


def _utf8(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise KvError("E_INVALID", f"{what} must not contain a lone surrogate") from None

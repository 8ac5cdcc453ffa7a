"""Appending to a log that several processes share.

Promises    Under the lock: what others appended is caught up with and checked, then the new lines go out in
            one write; then the head is replaced, or a moment later. A process that dies before leaves lines that
            the next one recognises by their signature, and half a line that it marks. Whatever the log looks like,
            appending goes on; what was found is a record of its own, and verification reports it for good.
Relies on   One thread at a time. After a fork, the child calls :meth:`Store.abandon`.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic, time
from typing import Final

from host.errors import AuditError
from host.trail import processes, segments
from host.trail.files import MAX_LINE_BYTES, open_file
from host.trail.head import Head, Segment, encode, load, save
from host.trail.key import exposure, make_key
from host.trail.place import Place, Policy
from host.trail.seal import encode_body, fingerprint, read, seal

E_TORN: Final = "E_TORN"
"""Half a line: its writer died. The only gap that is no sign of tampering."""
E_CRASHED: Final = "E_CRASHED"
"""A writer ended without a word: what it had not written yet is lost."""
E_CUT: Final = "E_CUT"
"""The log was shorter than its head says, or gone."""
E_FORGED: Final = "E_FORGED"
"""Lines that the key did not sign, or not in this place."""
E_HEAD: Final = "E_HEAD"
"""The head was gone or changed: whether lines are missing at the end cannot be told."""

_MAX_CATCH_UP_BYTES: Final = 256 * 1024 * 1024

SAVE_EVERY_S: Final = 0.1
"""How far behind the lines the head may be. What a process that is killed wrote since can be cut off unnoticed."""

Signature = tuple[int, int, int, int]


def trail_body(kind: str, code: str, detail: str, **data: int | str) -> bytes:
    """Return the body of a line that the log writes about itself."""
    return encode_body(
        {
            "time": round(time(), 3),
            "kind": kind,
            "plugin": "",
            "code": code,
            "detail": detail,
            "data": dict(data),
            "pid": os.getpid(),
        }
    )


class Store:
    """See the module's text. *clock* gives seconds since the epoch."""

    def __init__(
        self, place: Place, policy: Policy, *, clock: Callable[[], float] = time
    ) -> None:
        self.place = place
        self.policy = policy
        self.complaint: str | None = None
        """What does not keep lines from being written, in one line."""
        self._clock = clock
        self._key = b""
        self._lock_fd = -1
        self._log_fd = -1
        self._head = Head()
        self._seen: Signature | None = None  # of the head's file that _head is
        self._me = processes.this_writer()
        self._is_known = False
        self._saved = 0.0
        self.is_behind = False
        """Whether lines stand after the last saved head; an append of nothing saves it."""

    @property
    def is_writer(self) -> bool:
        """Whether this process appended, and has not said that it is done."""
        return self._is_known

    def open(self) -> None:
        """Make what is missing and see that all of it can be used. Raises :class:`AuditError`."""
        try:
            self.place.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._key = make_key(self.place.key)
            self.complaint = exposure(self.place.key)
            self._open_lock()
            self._open_log()
            self.place.segments_there()
            if not os.access(self.place.keys, os.W_OK | os.X_OK):
                raise PermissionError(
                    errno.EACCES, os.strerror(errno.EACCES), str(self.place.keys)
                )
        except OSError as error:
            self.close()
            raise AuditError(told(error)) from error
        except AuditError:
            self.close()
            raise

    def append(self, bodies: Sequence[bytes], *, is_last: bool = False) -> None:
        """Write one line for each of *bodies*; *is_last* says that this process is done with the log.

        Raises OSError or :class:`AuditError` when that cannot be; half a line of what was tried may stand there.
        """
        if not self._key:
            self.open()  # it could not be at the start, and may be now
        self._take_lock()
        try:
            self._append(bodies, is_last=is_last)
        finally:
            fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def sync(self) -> None:
        """Have what was appended outlive a crash of the machine. Raises OSError."""
        if self._log_fd >= 0:
            os.fdatasync(self._log_fd)

    def close(self) -> None:
        """Let go of the files."""
        for fd in (self._lock_fd, self._log_fd):
            if fd >= 0:
                os.close(fd)
        self._lock_fd = self._log_fd = -1

    def abandon(self) -> None:
        """In a forked child: the lock's description is shared, and must not be held by both."""
        with suppress(OSError):
            self.close()

    # Under the lock.

    def _append(self, bodies: Sequence[bytes], *, is_last: bool) -> None:
        self._open_log()
        head, before, marks = self._catch_up()
        if not self._is_known and not is_last:
            gone = processes.ended(head.writers)
            marks += [
                trail_body(
                    "gap",
                    E_CRASHED,
                    f"process {writer.pid} ended without closing the log; entries that it had not written yet are lost",
                    ended=writer.pid,
                )
                for writer in gone
            ]
            head = replace(head, writers=(*head.without(gone).writers, self._me))
        elif is_last:
            head = head.without((self._me,))
        if before == b"" and segments.is_full(head, self.policy, bodies, self._clock()):
            head, notes = self._rotate(head)
            marks += notes
        blob, head = self._seal(head, before, [*marks, *bodies])
        self._write(blob)
        is_first, self._is_known = not self._is_known, not is_last
        self._head = head
        # Replacing a file costs ten times as much as the lines, and under a flood it would be most of the work.
        self.is_behind = True
        if is_first or is_last or not bodies or monotonic() - self._saved >= SAVE_EVERY_S:
            self._save(head)

    def _seal(self, head: Head, before: bytes, bodies: Sequence[bytes]) -> tuple[bytes, Head]:
        parts, seq, last = [before], head.seq, head.hash
        for body in bodies:
            seq += 1
            line, last = seal(self._key, body, seq, last)
            parts.append(line)
        blob = b"".join(parts)
        began = head.began if head.size else self._clock()
        return blob, replace(head, seq=seq, hash=last, size=head.size + len(blob), began=began)

    def _write(self, blob: bytes) -> None:
        start = os.fstat(self._log_fd).st_size
        rest = memoryview(blob)
        try:
            while rest:
                rest = rest[os.write(self._log_fd, rest) :]
        except OSError:
            # No half a line on a full disk, if it can be helped; else the next append marks it.
            with suppress(OSError):
                os.ftruncate(self._log_fd, start)
            raise

    def _save(self, head: Head) -> None:
        self._head = head
        try:
            save(self.place.head, encode(head, self._key, self.place.log))
            self._seen = _signature(self.place.head)
            self._saved, self.is_behind = monotonic(), False
        except OSError as error:
            # The lines are there and signed; whoever appends next catches up with them.
            self.complaint = told(error)

    # What others did since.

    def _catch_up(self) -> tuple[Head, bytes, list[bytes]]:
        """Return the head as of now, what must stand before the next line, and records of what was found."""
        head, marks = self._current_head()
        size = os.fstat(self._log_fd).st_size
        if size == head.size:
            # Nothing of a new file may have been in the head when the file was full again.
            return (head if size else self._end_rotation(head)), b"", marks
        if size < head.size and self._seen is not None:
            self._seen = None  # look once more before somebody is accused
            head, marks = self._current_head()
            if size >= head.size:
                return self._after_more(head, size, marks)
        if size < head.size:
            head = self._end_rotation(head)
            if size < head.size:
                return self._after_cut(head, size, marks)
        return self._after_more(head, size, marks)

    def _end_rotation(self, head: Head) -> Head:
        """Return the head after a rotation whose writer died between the renaming and the head, or *head*."""
        found = segments.interrupted(self.place, head, self._key)
        if found is None:
            return head
        self._save(found)  # before the new file has a line: it tells that rotation from none
        return found

    def _current_head(self) -> tuple[Head, list[bytes]]:
        seen = _signature(self.place.head)
        if seen is not None and seen == self._seen:
            return self._head, []
        if seen is None and self._seen is None and self._head.seq:
            return self._head, []  # ours could not be saved so far
        head = load(self.place.head, self._key, self.place.log) if seen is not None else None
        if head is not None:
            self._head, self._seen = head, seen
            return head, []
        there = self.place.segments_there()
        if seen is None and not there and os.fstat(self._log_fd).st_size == 0:
            return Head(), []
        found = segments.rebuilt(self.place, there, self._key)
        return found, [
            trail_body(
                "gap",
                E_HEAD,
                f"{self.place.head.name} was {'gone' if seen is None else 'changed'}; lines that stood at the end before may be missing",
            )
        ]

    def _after_cut(
        self, head: Head, size: int, marks: list[bytes]
    ) -> tuple[Head, bytes, list[bytes]]:
        mark = trail_body(
            "gap",
            E_CUT,
            f"the log has {size} bytes where {head.size} were written; lines up to {head.seq} are missing",
            had=head.size,
            has=size,
        )
        return replace(head, size=size), self._break_at(size), [*marks, mark]

    def _after_more(
        self, head: Head, size: int, marks: list[bytes]
    ) -> tuple[Head, bytes, list[bytes]]:
        """Take over lines of writers that died before they saved the head; mark what is none."""
        more = os.pread(self._log_fd, min(size - head.size, _MAX_CATCH_UP_BYTES), head.size)
        seq, last, at = head.seq, head.hash, 0
        began = head.began or self._clock()
        while (end := more.find(b"\n", at)) >= 0:
            line = read(more[at:end], self._key)
            if line is None or not line.follows(seq, last):
                break
            seq, last, at = line.seq, line.hash, end + 1
        rest, before = more[at:], b""
        line = read(rest, self._key)
        if line is not None and line.follows(seq, last):  # all but its line break was written
            seq, last, rest, before = line.seq, line.hash, b"", b"\n"
        head = replace(head, seq=seq, hash=last, size=size, began=began)
        if not rest:
            return head, before, marks
        is_torn = b"\n" not in rest and len(rest) < MAX_LINE_BYTES
        mark = trail_body(
            "gap",
            E_TORN if is_torn else E_FORGED,
            "a writer died in the middle of this line"
            if is_torn
            else "lines were added that were not signed with this key, or not here",
            bytes=len(rest),
            fingerprint=fingerprint(rest),
        )
        return head, self._break_at(size), [*marks, mark]

    def _break_at(self, size: int) -> bytes:
        """Return a line break if what stands before *size* does not end in one."""
        return b"\n" if size and os.pread(self._log_fd, 1, size - 1) != b"\n" else b""

    def _rotate(self, head: Head) -> tuple[Head, list[bytes]]:
        """Begin a new file; returns the head for it and what its first line says."""
        number = segments.next_number(self.place, head)
        try:
            os.fdatasync(self._log_fd)
            os.rename(self.place.log, self.place.segment(number))
        except OSError as error:
            self.complaint = f"{told(error)}; the log grows on, it cannot be rotated"
            return head, []
        full = Segment(number, head.active_first, head.seq, head.hash, self._clock())
        head = replace(head, size=0, began=0.0, segments=(*head.segments, full))
        head, removed = segments.without_old(head, self.policy, self._clock())
        self._save(head)  # first: a file that is gone without a word would be a missing one
        segments.unlink(self.place, head)
        os.close(self._log_fd)
        self._log_fd = -1
        self._open_log()
        told_of = f"segment {number} is full"
        if removed:
            told_of += f"; segments {removed[0].number}..{removed[-1].number} (lines {removed[0].first}..{removed[-1].last}) removed by rotation"
        return head, [trail_body("trail", "rotated", told_of, segment=number)]

    # Files.

    def _take_lock(self) -> None:
        while True:
            if self._lock_fd < 0:
                self._open_lock()
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
            if _is_at(self._lock_fd, self.place.lock):
                return
            os.close(self._lock_fd)  # removed meanwhile: others hold another
            self._lock_fd = -1

    def _open_lock(self) -> None:
        if self._lock_fd < 0:
            self.place.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_fd = open_file(self.place.lock, os.O_RDWR | os.O_CREAT)

    def _open_log(self) -> None:
        if self._log_fd >= 0:
            if _is_at(self._log_fd, self.place.log):
                return
            os.close(self._log_fd)  # rotated, or removed
            self._log_fd = -1
        self.place.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log_fd = open_file(self.place.log, os.O_RDWR | os.O_APPEND | os.O_CREAT)


def told(error: OSError) -> str:
    """Return *error* in one line: what, and what to do."""
    where = f"{error.filename}: " if error.filename is not None else ""
    return (
        f"{where}{error.strerror or error}; make room or make it writable, or name another file in "
        "JCODE_PLUGIN_AUDIT_PATH or [plugin.audit] path"
    )


def _signature(path: "os.PathLike[str]") -> Signature | None:
    try:
        known = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return known.st_ino, known.st_mtime_ns, known.st_ctime_ns, known.st_size


def _is_at(fd: int, path: "os.PathLike[str]") -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), there)

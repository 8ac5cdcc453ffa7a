"""Whether a log is what was written: every line in its place, every file there, nothing added.

Finds       with the key: a line edited, removed, moved, repeated, inserted or cut off; a file removed, swapped
            or added; a log written anew by whoever cannot read the key; a head that was changed.
            Without the key: the same, as long as the one who changed it did not make the hashes anew.
Cannot find what somebody with the key did; lines that stood after the last saved head and were cut off, which
            look like lines never written; an older head together with an older log.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from host.errors import AuditError
from host.outcome import JsonObject
from host.trail.files import MAX_LINE_BYTES, open_file
from host.trail.head import Head, Segment, load
from host.trail.key import exposure, read_key
from host.trail.place import Place
from host.trail.seal import GENESIS, Line, fingerprint, read
from host.trail.store import E_CRASHED, E_CUT, E_FORGED, E_HEAD, E_TORN, told
from host.trail.writer import E_DROPPED

MAX_PROBLEMS: Final = 100
_TAMPERING: Final = frozenset({E_CUT, E_FORGED, E_HEAD})
_LOSSES: Final = frozenset({E_CRASHED, E_DROPPED, E_TORN})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one place of a log; *line* is one-based, None where it is about the file."""

    path: Path
    line: int | None
    text: str

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: {self.text}"
            if self.line
            else f"{self.path}: {self.text}"
        )


@dataclass(slots=True)
class Report:
    """What verification found. *problems* are signs of tampering; *notes* are losses and removals that are known."""

    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    lines: int = 0
    files: int = 0
    is_signed: bool = True
    """Whether there was a key to check with."""

    @property
    def is_intact(self) -> bool:
        """Whether nothing speaks for tampering."""
        return not self.problems

    def bad(self, path: Path, line: int | None, text: str) -> None:
        """Add a sign of tampering; after MAX_PROBLEMS they are no longer told apart."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Finding(path, line, text))

    def note(self, path: Path, line: int | None, text: str) -> None:
        """Add what an operator should know."""
        if len(self.notes) < MAX_PROBLEMS:
            self.notes.append(Finding(path, line, text))


def verify(place: Place) -> Report:
    """Read all of the log at *place*. Changes nothing. Raises :class:`AuditError` when it cannot be read."""
    report = Report()
    try:
        key = _key(place, report)
        with _opened(place, key, report) as (head, files):
            _Walk(place, key, head, report).run(files)
    except OSError as error:
        raise AuditError(told(error)) from error
    return report


def _key(place: Place, report: Report) -> bytes | None:
    try:
        key = read_key(place.key)
    except FileNotFoundError:
        report.is_signed = False
        if place.log.exists():
            report.bad(
                place.key,
                None,
                "is gone: who wrote the lines cannot be told; restore it from a backup",
            )
        return None
    except PermissionError:
        report.is_signed = False
        report.note(
            place.key, None, "may not be read by you: hashes are checked, signatures are not"
        )
        return None
    exposed = exposure(place.key)
    if exposed is not None:
        report.note(place.key, None, exposed.removeprefix(f"{place.key}: "))
    return key


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    number: int | None
    fd: int
    size: int


@contextmanager
def _opened(
    place: Place, key: bytes | None, report: Report
) -> Iterator[tuple[Head | None, list[_File]]]:
    """Open everything under the lock, so that what is read belongs together; reading needs no lock then."""
    files: list[_File] = []
    try:
        with _locked(place.lock):
            head = _head(place, key, report)
            numbers = place.segments_there() if place.log.parent.is_dir() else []
            paths: list[tuple[int | None, Path]] = [(n, place.segment(n)) for n in numbers]
            for number, path in (*paths, (None, place.log)):
                fd = _open(path)
                if fd is not None:
                    files.append(_File(path, number, fd, os.fstat(fd).st_size))
        yield head, files
    finally:
        for file in files:
            os.close(file.fd)


def _open(path: Path) -> int | None:
    try:
        return open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        fd = open_file(path, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        yield  # nobody has written yet, or not for us to hold up
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


def _head(place: Place, key: bytes | None, report: Report) -> Head | None:
    if key is None:
        return None
    try:
        head = load(place.head, key, place.log)
    except FileNotFoundError:
        there = place.log.exists() and place.log.stat().st_size
        if there or (place.log.parent.is_dir() and place.segments_there()):
            report.bad(
                place.head, None, "is gone: whether lines are missing at the end cannot be told"
            )
        return None
    if head is None:
        report.bad(place.head, None, "was changed: it is not what was signed for this log")
    return head


class _Walk:
    def __init__(
        self, place: Place, key: bytes | None, head: Head | None, report: Report
    ) -> None:
        self.place = place
        self.key = key
        self.head = head
        self.report = report
        self.seq = 0
        self.last = GENESIS
        self.is_first = head is None  # without a head the log may begin anywhere
        self.reached_head = head is None or head.seq == 0

    def run(self, files: list[_File]) -> None:
        head, report = self.head, self.report
        removed = head.removed if head is not None else None
        known = {one.number: one for one in head.segments} if head is not None else {}
        if removed is not None:
            self.seq, self.last = removed.last, removed.end
            report.note(
                self.place.log,
                None,
                f"segments up to {removed.number} (lines up to {removed.last}) were removed by rotation",
            )
            if head is not None and head.seq == removed.last:
                self.reached_head = True
        there = {file.number for file in files}
        for number in sorted(set(known) - there):
            report.bad(
                self.place.segment(number), None, f"is missing: {_lines_of(known[number])}"
            )
        pending = [file for file in files if self._is_pending(file)]
        if head is not None and head.size and None not in there and not pending:
            report.bad(
                self.place.log, None, f"is missing: lines {head.active_first}..{head.seq}"
            )
        for file in files:
            if (
                removed is not None
                and file.number is not None
                and file.number <= removed.number
            ):
                report.note(file.path, None, "was removed by rotation and is still there")
                continue
            segment = known.get(file.number) if file.number is not None else None
            if file.number is not None and segment is None and head is not None:
                self._stray(file)
            report.files += 1
            self._file(file)
            if segment is not None and (self.seq, self.last) != (segment.last, segment.end):
                report.bad(
                    file.path,
                    None,
                    f"ends with line {self.seq}, but was closed with {segment.last}",
                )
        if head is not None and self.seq < head.seq:
            report.bad(
                self.place.log,
                None,
                f"ends with line {self.seq}, but had {head.seq}: what came after is cut off or edited",
            )
        elif not self.reached_head and head is not None:
            report.bad(
                self.place.log,
                None,
                f"line {head.seq}, the last that was signed for, is not where it was",
            )

    def _is_pending(self, file: _File) -> bool:
        """Whether its writer may have died between renaming a full file and saying so in the head."""
        head = self.head
        return (
            head is not None
            and file.number == head.newest_segment + 1
            and head.size <= file.size
        )

    def _stray(self, file: _File) -> None:
        if self._is_pending(file):
            self.report.note(
                file.path, None, "its rotation was interrupted; the next append ends it"
            )
        else:
            self.report.bad(file.path, None, "is no part of this log")

    def _file(self, file: _File) -> None:
        with os.fdopen(os.dup(file.fd), "rb") as stream:
            stream.seek(0)
            number, left = 0, file.size
            torn: tuple[int, bytes] | None = None
            while left > 0:
                text = stream.readline(min(left, MAX_LINE_BYTES))
                if not text:
                    break
                if len(text) == MAX_LINE_BYTES and not text.endswith(b"\n"):
                    self.report.bad(
                        file.path, number + 1, "too long for a line; the rest is not read"
                    )
                    break
                left -= len(text)
                number += 1
                if text.endswith(b"\n"):
                    torn = self._line(file.path, number, text[:-1], torn)
                elif self.reached_head and file.number is None:
                    self.report.note(
                        file.path, number, "half a line: its writer died, or is at work"
                    )
                else:
                    self.report.bad(file.path, number, "the line is cut off")
            if torn is not None:
                self.report.bad(file.path, torn[0], "not a line of this log, or edited")

    def _line(
        self, path: Path, number: int, text: bytes, torn: tuple[int, bytes] | None
    ) -> tuple[int, bytes] | None:
        """Judge one line; returns it when the next one has to explain it."""
        report = self.report
        report.lines += 1
        line = read(text, self.key)
        if line is None:
            if torn is not None:
                report.bad(path, torn[0], "not a line of this log, or edited")
            return number, text
        is_ours = line.is_signed is not False
        if not is_ours:
            report.bad(path, number, f"line {line.seq} was not signed with this log's key")
        self._place(path, number, line)
        if text.find(b'"kind":"gap"') >= 0 and is_ours:
            self._gap(path, number, text, torn)
        elif torn is not None:
            report.bad(path, torn[0], "not a line of this log, or edited")
        self.seq, self.last, self.is_first = line.seq, line.hash, False
        head = self.head
        if head is not None and line.seq == head.seq:
            if line.hash == head.hash:
                self.reached_head = True
            else:
                report.bad(path, number, f"line {line.seq} is not the one that was signed for")
        return None

    def _place(self, path: Path, number: int, line: Line) -> None:
        if self.is_first:
            if line.seq != 1:
                self.report.note(path, number, f"begins with line {line.seq}")
            return
        wanted = self.seq + 1
        if line.seq == wanted and line.prev == self.last:
            return
        if line.seq > wanted:
            gone = f"{wanted}..{line.seq - 1}" if line.seq - 1 > wanted else str(wanted)
            self.report.bad(
                path, number, f"line {line.seq} where {wanted} belongs: {gone} removed or moved"
            )
        elif line.seq < wanted:
            self.report.bad(
                path, number, f"line {line.seq} after {self.seq}: repeated, inserted or moved"
            )
        else:
            self.report.bad(
                path,
                number,
                f"line {line.seq} does not follow the line before it, which was changed or removed",
            )

    def _gap(
        self, path: Path, number: int, text: bytes, torn: tuple[int, bytes] | None
    ) -> None:
        entry = decode(text)
        code, data = entry.get("code"), entry.get("data")
        told_of = data if isinstance(data, dict) else {}
        if torn is not None:
            is_explained = code == E_TORN and told_of.get("fingerprint") == fingerprint(torn[1])
            if not is_explained:
                self.report.bad(path, torn[0], "not a line of this log, or edited")
        elif code == E_TORN and entry.get("kind") == "gap":
            self.report.bad(path, number, "the half line that this record is about was removed")
        detail = str(entry.get("detail", ""))
        if entry.get("kind") != "gap":
            return
        if code in _TAMPERING:
            self.report.bad(path, number, f"{code}: when this line was written, {detail}")
        elif code in _LOSSES:
            self.report.note(path, number, f"{code}: {detail}")


def decode(text: bytes) -> JsonObject:
    """Return the entry in a line; an empty one when it is none."""
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _lines_of(segment: Segment) -> str:
    return f"lines {segment.first}..{segment.last}"

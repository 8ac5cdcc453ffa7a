"""Full files of a log: when one is full, which are removed, and what they tell when the head is lost."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from host.trail.files import read_file
from host.trail.head import Head, Removed, Segment
from host.trail.place import Place, Policy
from host.trail.seal import GENESIS, Line, read

_SEALED_BYTES: Final = 240
"""What sealing adds to a body, about."""


def is_full(head: Head, policy: Policy, bodies: Sequence[bytes], now: float) -> bool:
    """Whether the active file must not take *bodies* any more."""
    if not head.size:
        return False
    coming = sum(map(len, bodies)) + _SEALED_BYTES * len(bodies)
    if head.size + coming > policy.max_bytes:
        return True
    return policy.max_age_s is not None and now - head.began > policy.max_age_s


def next_number(place: Place, head: Head) -> int:
    """Return a number for the next full file: above all there are, so that nothing is written over."""
    return max([head.newest_segment, *place.segments_there()]) + 1


def without_old(head: Head, policy: Policy, now: float) -> tuple[Head, tuple[Segment, ...]]:
    """Return *head* without what *policy* keeps no longer, and what that is, the oldest first."""
    keep = len(head.segments)
    if policy.max_age_s is not None:
        keep = sum(1 for one in head.segments if now - one.until <= policy.max_age_s)
    keep = min(keep, policy.max_files)
    gone = head.segments[: len(head.segments) - keep]
    if not gone:
        return head, ()
    removed = Removed(gone[-1].number, gone[-1].last, gone[-1].end)
    return replace(head, segments=head.segments[len(gone) :], removed=removed), gone


def unlink(place: Place, head: Head) -> None:
    """Remove the files that *head* says are removed. What cannot be is tried again the next time."""
    if head.removed is None:
        return
    for number in place.segments_there():
        if number <= head.removed.number:
            with suppress(OSError):
                os.unlink(place.segment(number))


class _End(NamedTuple):
    line: Line
    offset: int
    """Where the byte after it stands."""


def interrupted(place: Place, head: Head, key: bytes) -> Head | None:
    """Return the head after a rotation whose writer died before it saved one, or None if there was none."""
    newer = [number for number in place.segments_there() if number > head.newest_segment]
    if len(newer) != 1:
        return None
    path = place.segment(newer[0])
    data = read_file(path)
    end = _last_signed(data, key)
    if end is None or end.offset != len(data):
        return None
    seq, last = head.seq, head.hash
    for line in (read(text, key) for text in data[head.size :].splitlines()):
        if line is None or not line.follows(seq, last):
            return None
        seq, last = line.seq, line.hash
    if last != end.line.hash:
        return None
    full = Segment(newer[0], head.active_first, seq, last, path.stat().st_mtime)
    return replace(head, seq=seq, hash=last, size=0, began=0.0, segments=(*head.segments, full))


def rebuilt(place: Place, there: Sequence[int], key: bytes) -> Head:
    """Return a head from what the files themselves vouch for: signed lines and their order."""
    full: list[Segment] = []
    seq, last = 0, GENESIS
    for number in there:
        path = place.segment(number)
        with suppress(OSError):
            end = _last_signed(read_file(path), key)
            if end is not None:
                full.append(
                    Segment(number, seq + 1, end.line.seq, end.line.hash, path.stat().st_mtime)
                )
                seq, last = end.line.seq, end.line.hash
    if any(one.last >= two.last for one, two in pairwise(full)):
        full.sort(key=lambda one: one.last)
        seq, last = full[-1].last, full[-1].end
    end = _last_signed(_bytes_of(place.log), key)
    if end is None:
        return Head(seq, last, 0, 0.0, tuple(full))
    return Head(end.line.seq, end.line.hash, end.offset, place.log.stat().st_mtime, tuple(full))


def _bytes_of(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileNotFoundError:
        return b""


def _last_signed(data: bytes, key: bytes) -> _End | None:
    end = data.rfind(b"\n")
    while end >= 0:
        start = data.rfind(b"\n", 0, end) + 1
        line = read(data[start:end], key)
        if line is not None and line.is_signed:
            return _End(line, end + 1)
        end = start - 1
    return None

"""Answers that a person gave for longer than a session: ``approvals.json`` in our home.

Promises    Written whole or not at all, readable for its owner only, by one process at a time. A file that cannot be
            trusted (damaged, newer than this program, writable for others, not a plain file) is reported and
            left as it is; until it is mended nothing counts as remembered, so that a person is asked again.
Relies on   Layer 0: no plugin reads or writes our home. Expiry is by the wall clock, as ``date`` shows it.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import Final

import msgspec

from host.errors import ApprovalsError
from host.outcome import JsonObject
from host.state_file import (
    StateFileError,
    lock_state,
    read_state,
    signature_of,
    write_state,
)

VERSION: Final = 1
MAX_ANSWERS: Final = 10_000
"""The oldest make room for newer ones."""
_MAX_BYTES: Final = 16 * 1024 * 1024
_SKEW_S: Final = 300.0
MAX_SUMMARY_CHARS: Final = 200


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One remembered answer. Times are in seconds since the epoch; ``target`` is a digest of the input."""

    id: str
    plugin: str
    content: str
    subject: str
    tier: str
    target: str
    project: str
    summary: str
    answered: float
    expires: float

    def to_json(self) -> JsonObject:
        """Plain data, as ``approvals --json`` lists it."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    answers: list[Approval]


def approval_id(*key: str) -> str:
    """Return the name of the answer to the question *key*."""
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


class Remembered:
    """The answers in one file. *on_problem* is told once of each thing that is wrong with it."""

    def __init__(
        self,
        path: Path,
        *,
        on_problem: Callable[[str], None],
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self.path = path
        self._on_problem = on_problem
        self._clock = wall_clock
        self._seen: tuple[int, ...] | None = None
        self._answers: dict[str, Approval] = {}
        self._told = ""

    def find(self, id_: str) -> Approval | None:
        """Return the answer *id_* if there is one that still holds."""
        found = self._current().get(id_)
        return found if found is not None and self._holds(found) else None

    def list(self) -> "list[Approval]":
        """Every answer that still holds, the newest first."""
        holding = [answer for answer in self._current().values() if self._holds(answer)]
        return sorted(holding, key=lambda answer: -answer.answered)

    def add(self, answer: Approval) -> None:
        """Keep *answer*. Raises ApprovalsError or StateBusyError, and then nothing has changed."""
        with self._locked():
            self._write({**self._read(), answer.id: answer})

    def remove(self, id_: str) -> bool:
        """Forget the answer *id_*; False when there is none. Raises as :meth:`add`."""
        with self._locked():
            answers = self._read()
            if answers.pop(id_, None) is None:
                return False
            self._write(answers)
            return True

    def _holds(self, answer: Approval) -> bool:
        return answer.answered - _SKEW_S <= self._clock() < answer.expires

    def _current(self) -> dict[str, Approval]:
        try:
            seen = signature_of(self.path)
            if seen != self._seen:
                self._answers, self._seen = self._read(), seen
        except ApprovalsError as error:
            self._answers, self._seen = {}, None
            if str(error) != self._told:
                self._told = str(error)
                self._on_problem(self._told)
        return self._answers

    def _read(self) -> dict[str, Approval]:
        try:
            data = read_state(self.path, _MAX_BYTES)
            return {} if data is None else _decode(data)
        except StateFileError as error:
            raise self._unusable(error) from error

    def _write(self, answers: dict[str, Approval]) -> None:
        now = self._clock()
        kept = [answer for answer in answers.values() if now < answer.expires]
        kept.sort(key=lambda answer: -answer.answered)
        data = msgspec.json.encode(_File(VERSION, kept[:MAX_ANSWERS]))
        try:
            write_state(self.path, msgspec.json.format(data, indent=1))
        except StateFileError as error:
            raise self._unusable(error) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                # Never waits: the caller may hold up every plugin meanwhile, and tries again.
                stack.enter_context(lock_state(self.path, wait_s=0))
            except StateFileError as error:
                raise self._unusable(error) from error
            yield

    def _unusable(self, error: StateFileError) -> ApprovalsError:
        return ApprovalsError(
            f"{self.path}: {error}; no answer is remembered until it is mended or moved away"
        )


def _decode(data: bytes) -> dict[str, Approval]:
    try:
        head: object = msgspec.json.decode(data)
        version = head.get("version") if isinstance(head, dict) else None
        if type(version) is int and version > VERSION:
            raise StateFileError(f"is of version {version}, and this program knows {VERSION}")
        answers = msgspec.json.decode(data, type=_File).answers
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise StateFileError(f"is damaged ({error})") from error
    if version != VERSION:
        raise StateFileError(f"has no version {VERSION}")
    return {answer.id: answer for answer in answers}

"""Asking a person, and what becomes of the answer.

Promises    No answer in time, no approver, an approver that raises or answers something else: each is a denial. The same
            question is open once, however many wait for it. An answer that comes after everybody stopped waiting
            serves the next call that asks the same. Nothing here is unbounded.
Elsewhere   What needs an answer: ``policies/gate.py``. How a front end lets a person be asked: ``aio.py`` (a coroutine),
            ``blocking.py`` (a thread for each question), ``cli/prompt.py`` (a terminal).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from host.audit import Kind, printable
from host.errors import ApprovalsError
from host.outcome import JsonObject
from host.reactor import now_s
from host.remembered import (
    MAX_SUMMARY_CHARS,
    Approval,
    Remembered,
    approval_id,
)
from host.state_file import StateBusyError
from host.waits import Wait, start
from policies.decision import Source
from policies.gate import Tier

if TYPE_CHECKING:
    from host.runtime import Runtime

Answer = Literal["once", "session", "always", "deny"]
"""``once``: this call. ``session``: the same call, until its session ends. ``always``: the same call, in this project,
until the answer expires. ``deny``: no."""

ANSWERS: Final = ("once", "session", "always", "deny")

CAPABILITY: Final = "capability:"
"""How the ``subject`` of a question begins that is about a hostcall, not about a tool or a command."""
MAX_OPEN: Final = 16
"""Questions at a time; one more is a denial."""
LATE_FOR_S: Final = 120.0
"""How long an answer that nobody waited for may still serve."""
FORGOTTEN_AFTER_S: Final = 600.0
"""A question that nobody waits for and nobody answered may be asked anew after this."""
_MAX_LATE: Final = 64
_MAX_OF_SESSIONS: Final = 4096
_HEAD_CHARS: Final = 1400
_TAIL_CHARS: Final = 600
_TRIES: Final = 40
_PAUSE_S: Final = 0.025
_DAY_S: Final = 86_400.0

_logger = logging.getLogger("jcode_plugins")


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked. Every text is fit for a terminal: one line, nothing that it would obey.

    ``plugin`` is empty for a tool of the agent's own. ``summary`` is the input with what does not fit left out of its
    middle; ``input`` is all of it, as it came. ``explanation`` says why it is asked; ``timeout_s`` is how long the
    answer is waited for. ``key`` is what makes two questions the same.
    """

    plugin: str
    tool: str
    tier: Tier
    summary: str
    explanation: str
    project: str
    session_id: str
    timeout_s: float
    input: JsonObject = field(repr=False, compare=False)
    content: str = field(repr=False)
    subject: str = field(repr=False)
    target: str = field(repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        """Code, subject, tier, input, project: all that an answer is about."""
        return self.content, self.subject, self.tier, self.target, self.project


Approver: TypeAlias = Callable[[Question], Awaitable[Answer]]
"""What :class:`host.aio.PluginHost` takes: called on its loop, once for each open question."""
BlockingApprover: TypeAlias = Callable[[Question], Answer]
"""What :class:`host.blocking.BlockingPluginHost` takes: called in a thread of its own."""

AskPerson: TypeAlias = Callable[[Question, Callable[[object], None]], None]
"""A front end's: have *question* answered, and hand on the answer in the reactor's turn."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What an approver gave instead of an answer: it raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking. ``code`` is stable, ``told`` one line."""

    is_yes: bool
    code: str
    source: Source
    told: str


@dataclass(slots=True)
class _Open:
    """A question without an answer yet."""

    question: Question
    began: float
    waiting: list[Wait[object]]


class _NoAnswer:
    """Time was up."""


class Approvals:
    """The questions of one runtime, and the answers that hold for longer than a call."""

    def __init__(self, runtime: "Runtime", *, wall_clock: Callable[[], float] = time) -> None:
        self._runtime = runtime
        self._clock = wall_clock
        self.ask_person: AskPerson | None = None
        """Set by the front end when it was given an approver."""
        self.remembered = Remembered(
            runtime.home / "approvals.json", on_problem=self._report, wall_clock=wall_clock
        )
        self._open: dict[tuple[str, ...], _Open] = {}
        self._late: dict[tuple[str, ...], tuple[float, object]] = {}
        self._of_sessions: dict[tuple[str, ...], None] = {}

    def find(self, question: Question) -> Source | None:
        """Return the earlier answer that allows what *question* asks, if one still holds."""
        if (question.session_id, *question.key) in self._of_sessions:
            return Source("consent", "for this session")
        if not self._runtime.config.remember_days:
            return None
        found = self.remembered.find(approval_id(*question.key))
        if found is None or not _is_answer_to(found, question):
            return None
        return Source("consent", f"approval {found.id}")

    async def ask(self, question: Question) -> Reply:
        """Have *question* answered within its time; whatever else happens is a denial."""
        key = (question.session_id, *question.key)
        answer = self._take_late(key)
        if isinstance(answer, _NoAnswer):
            if self.ask_person is None:
                told = "nobody can be asked (no approver is set)"
                return Reply(False, "deny.no_approver", Source("api"), told)
            if question.timeout_s <= 0:
                return _late_reply(question)
            if (asked := self._put(key, question)) is None:
                told = f"{MAX_OPEN} questions are open already"
                return Reply(False, "deny.too_many", Source("built-in"), told)
            answer = await self._await(asked, question.timeout_s)
        if isinstance(answer, _NoAnswer):
            return _late_reply(question)
        return await self._settle(key, question, answer)

    def _put(self, key: tuple[str, ...], question: Question) -> _Open | None:
        """Return the open question of *key*, asked now if it was not."""
        now = now_s()
        asked = self._open.get(key)
        if asked is not None and (asked.waiting or now - asked.began < FORGOTTEN_AFTER_S):
            return asked
        if asked is not None:
            self._forget(key)
        elif len(self._open) >= MAX_OPEN:
            for old, one in list(self._open.items()):
                if not one.waiting and now - one.began >= FORGOTTEN_AFTER_S:
                    self._forget(old)
            if len(self._open) >= MAX_OPEN:
                return None
        asked = self._open[key] = _Open(question, now, [])
        self._runtime.reactor.demand += 1  # an answer is taken also when no caller waits
        if self.ask_person is not None:
            self.ask_person(question, lambda answer: self._answered(key, asked, answer))
        return asked

    def _forget(self, key: tuple[str, ...]) -> None:
        del self._open[key]
        self._runtime.reactor.demand -= 1

    async def _await(self, asked: _Open, timeout_s: float) -> object:
        turn: Wait[object] = Wait()
        asked.waiting.append(turn)
        timer = self._runtime.reactor.at(now_s() + timeout_s, lambda: turn.set(_NoAnswer()))
        try:
            return await turn
        finally:
            timer.cancel()
            if turn in asked.waiting:
                asked.waiting.remove(turn)

    def _answered(self, key: tuple[str, ...], asked: _Open, answer: object) -> None:
        if self._open.get(key) is not asked:
            return  # asked anew meanwhile, or the host was closed
        self._forget(key)
        if asked.waiting:
            for turn in list(asked.waiting):
                turn.set(answer)
        elif answer in ("session", "always"):
            start(self._settle(key, asked.question, answer))
        elif answer in ("once", "deny"):
            while len(self._late) >= _MAX_LATE:
                del self._late[next(iter(self._late))]
            self._late[key] = (now_s() + LATE_FOR_S, answer)

    def _take_late(self, key: tuple[str, ...]) -> object:
        until, answer = self._late.pop(key, (0.0, _NoAnswer()))
        return answer if now_s() < until else _NoAnswer()

    async def _settle(self, key: tuple[str, ...], question: Question, answer: object) -> Reply:
        person = Source("consent", "a person's answer")
        if not isinstance(answer, str) or answer not in ANSWERS:
            what = (
                f"raised {type(answer.error).__name__}: {answer.error}"
                if isinstance(answer, Unanswered)
                else f"answered {ascii(answer)[:60]}, which is none of {', '.join(ANSWERS)}"
            )
            told = f"the approver {printable(what)}"
            self._report(told)
            return Reply(False, "deny.approver", Source("api"), told)
        if answer == "deny":
            return Reply(
                False, "deny.person", person, "it was denied by the person who was asked"
            )
        if answer == "session":
            while len(self._of_sessions) >= _MAX_OF_SESSIONS:
                del self._of_sessions[next(iter(self._of_sessions))]
            self._of_sessions[key] = None
        elif answer == "always":
            await self._remember(question)
        return Reply(True, f"allow.{answer}", person, f"approved by a person ({answer})")

    async def _remember(self, question: Question) -> None:
        days = self._runtime.config.remember_days
        if not days:
            return
        now = self._clock()
        answer = Approval(
            approval_id(*question.key),
            question.plugin,
            question.content,
            question.subject,
            question.tier,
            question.target,
            question.project,
            self._runtime.audit.masked(question.summary, MAX_SUMMARY_CHARS),
            now,
            now + days * _DAY_S,
        )
        await self._change(lambda: self.remembered.add(answer))

    async def forget(self, id_: str) -> bool:
        """Take back a remembered answer; False when there is none of that id."""
        removed: list[bool] = []
        error = await self._change(lambda: removed.append(self.remembered.remove(id_)))
        if error is not None:
            raise error
        return removed == [True]

    async def _change(self, change: Callable[[], None]) -> ApprovalsError | None:
        """Do *change* when no other process is at it; what goes wrong is reported, and nothing kept."""
        error = ApprovalsError(f"{self.remembered.path}: another process keeps it locked")
        for _ in range(_TRIES):
            try:
                change()
            except StateBusyError:
                pause: Wait[None] = Wait()
                self._runtime.reactor.at(now_s() + _PAUSE_S, lambda: pause.set(None))  # noqa: B023 - awaited below
                await pause
            except ApprovalsError as found:
                error = found
                break
            else:
                return None
        self._report(str(error))
        return error

    def end_session(self, session_id: str) -> None:
        """What was answered for that session holds no longer."""
        for key in [key for key in self._of_sessions if key[0] == session_id]:
            del self._of_sessions[key]

    def close(self) -> None:
        """Answers that come from now on are nobody's."""
        for key in list(self._open):
            self._forget(key)
        self._late.clear()

    def _report(self, what: str) -> None:
        self._runtime.audit.record(Kind.REFUSED, plugin="", code="E_APPROVALS", detail=what)
        _logger.warning("%s", printable(what))


def summary_of(text: str) -> str:
    """*text* with its middle left out where it is long, and that said: an end is as telling as a beginning."""
    if len(text) <= _HEAD_CHARS + _TAIL_CHARS:
        return text
    left_out = len(text) - _HEAD_CHARS - _TAIL_CHARS
    return (
        f"{text[:_HEAD_CHARS]} [... {left_out} characters left out ...] {text[-_TAIL_CHARS:]}"
    )


def _is_answer_to(found: Approval, question: Question) -> bool:
    """The id is a digest; the fields themselves have to agree, too."""
    kept = (found.content, found.subject, found.tier, found.target, found.project)
    return kept == question.key


def _late_reply(question: Question) -> Reply:
    told = f"nobody answered within {max(question.timeout_s, 0):.0f} s"
    return Reply(False, "deny.no_answer", Source("built-in"), told)

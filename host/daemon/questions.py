"""Questions that wait for a person at another terminal, and who may answer them.

Promises    What nobody answers is denied: the gate waits no longer than it would for any approver. An answer counts from
            a process that has a terminal and stands outside the tree of whoever asked: not a descendant of the agent, and
            not at its terminal. Who asked is looked up while they wait for the answer.
            With ``daemon.elicit`` the client that makes a call may be handed the question about it, and answer for once.
Gap         Processes of one user can do anything to each other. One that gives itself a terminal and has its parent die
            looks like a person's; see ``docs/approval.md``.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Final

from host.approvals import ANSWERS, FORGOTTEN_AFTER_S, Question
from host.audit import AuditRing, Kind
from host.daemon.peers import Peer, Process, lineage_of
from host.daemon.wire import RefusedError
from host.errors import InputError
from host.outcome import JsonObject
from host.reactor import now_s

_MAX_PENDING: Final = 64
_FOR_THIS_ONCE: Final = frozenset({"once", "deny"})
_AT_LEAST: Final = 2
"""The process that asked and its parent: a hook, and the agent that ran it."""


@dataclass(slots=True)
class Pending:
    """A question without an answer yet. ``asked_by``: the processes that stand behind it, the nearest first."""

    id: str
    question: Question
    answered: Callable[[object], None]
    asked_by: Sequence[Process]
    client: Peer | None = None
    """Who was handed the question with the call that it is about, and may answer it for this once."""
    began: float = field(default_factory=now_s)
    asked_at: float = field(default_factory=time)

    @property
    def is_waited_for(self) -> bool:
        """Whether an answer now still serves the call that asked."""
        return now_s() - self.began < self.question.timeout_s

    def to_json(self) -> JsonObject:
        """What, who, why, and until when. Every text is fit for a terminal."""
        question = self.question
        left = max(0.0, self.question.timeout_s - (now_s() - self.began))
        return {
            "id": self.id,
            "plugin": question.plugin,
            "tool": question.tool,
            "subject": question.subject,
            "tier": question.tier,
            "summary": question.summary,
            "explanation": question.explanation,
            "project": question.project,
            "session_id": question.session_id,
            "asked_at": round(self.asked_at, 3),
            "left_s": round(left, 1),
            "is_waited_for": self.is_waited_for,
            "asked_by": [process.pid for process in self.asked_by[:1]],
            "choices": list(ANSWERS),
        }


class Questions:
    """See the module's text. *find_askers* gives the peers whose calls a question may come from."""

    def __init__(
        self, audit: AuditRing, find_askers: Callable[[Question], Iterable[Peer]]
    ) -> None:
        self._audit = audit
        self._find_askers = find_askers
        self._pending: dict[str, Pending] = {}
        self.on_asked: Callable[[Pending], None] = lambda pending: None

    def __len__(self) -> int:
        return len(self.list())

    def ask(self, question: Question, answered: Callable[[object], None]) -> None:
        """Take a question of the gate's; see :data:`host.approvals.AskPerson`."""
        self._forget_old()
        while len(self._pending) >= _MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        asked_by = _union(tree_of(lineage_of(peer.pid)) for peer in self._find_askers(question))
        id_ = secrets.token_hex(4)
        pending = self._pending[id_] = Pending(id_, question, answered, asked_by)
        self.on_asked(pending)

    def list(self) -> list[Pending]:
        """Return what waits, the oldest first."""
        self._forget_old()
        return list(self._pending.values())

    def list_for(self, peer: Peer) -> Sequence[JsonObject]:
        """The same as JSON, each with ``yours``, the answers that count from *peer*, and ``why_not`` where those are not all."""
        listed = self.list()
        answerer = lineage_of(peer.pid) if listed else ()
        found: list[JsonObject] = []
        for one in listed:
            counting, why = _counting(one, peer, answerer)
            found.append(one.to_json() | {"yours": [*counting], "why_not": why})
        return found

    def answer(self, id_: str, answer: str, peer: Peer) -> Pending:
        """Take a person's answer. Raises InputError, RefusedError for who may not answer."""
        if answer not in ANSWERS:
            raise InputError(f"{answer[:60]!a} is no answer; one of {', '.join(ANSWERS)}")
        self._forget_old()
        pending = self._pending.get(id_)
        if pending is None:
            raise InputError(
                f"no question {id_[:60]!a} waits for an answer; see jcode-plugin approve --list"
            )
        counting, why = _counting(pending, peer, lineage_of(peer.pid))
        told = f"{answer} to {pending.question.tool} by process {peer.pid}"
        if answer not in counting:
            self._audit.record(
                Kind.REFUSED, pending.question.plugin, "E_ANSWERER", f"{told}: {why}"
            )
            raise RefusedError(
                "denied", "E_ANSWERER", f"{why}; answer from another terminal of yours"
            )
        del self._pending[id_]
        pending.answered(answer)
        return pending

    def _forget_old(self) -> None:
        before = now_s() - FORGOTTEN_AFTER_S
        for id_ in [id_ for id_, one in self._pending.items() if one.began < before]:
            del self._pending[id_]


def _counting(
    pending: Pending, peer: Peer, answerer: Sequence[Process]
) -> tuple[Sequence[str], str | None]:
    """Return the answers that count from *peer*, with its parents in *answerer*, and why those are not all."""
    why = why_not(answerer, pending.asked_by)
    if why is None:
        return ANSWERS, None
    is_handed = peer == pending.client
    return [one for one in ANSWERS if is_handed and one in _FOR_THIS_ONCE], why


def why_not(answerer: Sequence[Process], asked_by: Sequence[Process]) -> str | None:
    """Return why the process at the head of *answerer*, with its parents, may not answer what *asked_by* asked; or None."""
    if not answerer:
        return "the process that answers is gone"
    person = answerer[0]
    if not person.terminal:
        return "whoever answers has no terminal"
    if any(process.terminal == person.terminal for process in asked_by):
        return "whoever answers is at the terminal of whoever asked"
    behind = {(process.pid, process.started) for process in answerer}
    for process in asked_by:
        if (process.pid, process.started) in behind:
            return f"whoever answers was started by whoever asked (process {process.pid})"
    return None


def tree_of(lineage: Sequence[Process]) -> list[Process]:
    """Return the part of *lineage*, a process and its parents, that is the asking agent's own.

    Up to the shell of the terminal that the agent is at: beyond are a terminal's own program or a multiplexer, which a
    person at another terminal descends from as well. Without a terminal, all but what everything of a user descends from.
    """
    terminal = next((process.terminal for process in lineage if process.terminal), 0)
    if not terminal:
        return [process for process in lineage if not _is_manager(process)]
    last = max(at for at, process in enumerate(lineage) if process.terminal == terminal)
    return list(lineage[: max(last + 1, _AT_LEAST)])


def _is_manager(process: Process) -> bool:
    """Whether *process* is the system's first one, or a user's manager of services."""
    if process.pid == 1:
        return True
    try:
        with open(f"/proc/{process.pid}/comm", encoding="utf-8", errors="replace") as file:
            return process.parent == 1 and file.read().strip() == "systemd"
    except OSError:
        return False


def _union(lineages: Iterable[Sequence[Process]]) -> list[Process]:
    found: dict[tuple[int, int], Process] = {}
    for lineage in lineages:
        for process in lineage:
            found.setdefault((process.pid, process.started), process)
    return list(found.values())

"""The one place where a hostcall is decided: what a row needs, what the chain says of it, what is written down.

Promises    A handler of a row that needs something runs only with a :class:`Granted`, which is made here alone, and
            acts on the request in it, not on the arguments once more. What a row on files needs is known when its
            paths were looked up, in a thread: it asks a :class:`Judge` before it acts. A refusal tells the plugin the
            kind, the target and a stable code; what it rests on stays on the host. Each decision is audited when it is
            first made for a plugin, a kind and a target, and again when it was repeated 10, 100, 1000, ... times.
Elsewhere   What is decided: ``policies/chain.py``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from host.audit import AuditRing
from host.hostcalls.asking import ask_for
from host.hostcalls.flow import begin
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.rate import Rate, is_told
from host.reactor import now_s
from policies.capability import FileRequest, Kind, Request, target
from policies.decision import BUILT_IN, Decision, Verdict

if TYPE_CHECKING:
    from host.instance import Instance
    from host.plugin import Plugin
    from host.workspace import Workspace

T = TypeVar("T")

_MINT: Final = object()
_ASKED_AND_DENIED: Final = (
    "deny.person",
    "deny.no_answer",
    "deny.no_approver",
    "deny.too_many",
    "deny.approver",
    "deny.dont_ask",
)
_STRICTNESS: Final[dict[Verdict, int]] = {"allow": 0, "ask": 1, "deny": 2}
_SHOWN_CHARS: Final = 200
_COUNTED: Final = 512
"""Targets of one kind and verdict that are counted for one plugin."""
_NEW_PER_S: Final = 2.0
"""How many more are told after those: a plugin must not hide what it does behind what it did, nor bury it. What exceeds
that is counted together."""


class ArgumentsError(ValueError):
    """The arguments of a hostcall have not the shape that its row takes; the text says which it takes."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The permission that a hostcall takes: one of *kind*, for what *request* reads from the arguments.

    *request* may raise :class:`ArgumentsError`. It runs in the reactor's turn and does not block, or, if it looks at
    files, ``in_thread``.
    """

    kind: Kind
    request: Callable[["Instance", dict[str, Json]], Request]
    in_thread: bool = False


class Granted:
    """Proof that the chain allowed :attr:`request` to a plugin."""

    __slots__ = ("decision", "request")

    def __init__(self, request: Request, decision: Decision, *, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("a Granted comes from host.hostcalls.granted.grant()")
        self.request: Final = request
        self.decision: Final = decision


def decide(plugin: "Plugin", request: Request) -> Decision:
    """Return what holds for *plugin* now; nothing is written down."""
    # One instance may serve several projects: what it may do, all of them allow.
    return _strictest(decided for _, decided in _decisions(plugin, request))


def _strictest(decisions: Iterable[Decision]) -> Decision:
    return max(decisions, key=lambda decided: _STRICTNESS[decided.verdict])


def _decisions(plugin: "Plugin", request: Request) -> "list[tuple[Workspace, Decision]]":
    asked = plugin.users or [plugin.workspace]
    return [(one, one.chain_for(plugin).decide(plugin.name, request)) for one in asked]


class RefusedError(Exception):
    """The chain does not allow it. The text is for the plugin."""


class OpenError(Exception):
    """The chain leaves it open, and a person is to be asked about :attr:`wanted`."""

    def __init__(self, wanted: Request) -> None:
        super().__init__(target(wanted))
        self.wanted: Final = wanted


class Judge:
    """What one hostcall of *instance* may do, by the chains as they are when it is made and by *answers* of people.

    Made in the reactor's turn; the rest may be called in any thread, by one at a time. What it decided is written
    down by :meth:`note`, in the reactor's turn again.
    """

    def __init__(self, instance: "Instance", answers: dict[Request, Decision]) -> None:
        plugin = instance.plugin
        self._plugin = plugin.name
        self._decisions = plugin.runtime.decisions
        self._chains = [user.chain_for(plugin) for user in plugin.users or [plugin.workspace]]
        self._answers = answers
        self._noted: list[tuple[Request, Decision]] = []

    def decide(self, wanted: Request) -> Decision:
        """Return the strictest answer to *wanted*, which is written down only if somebody asks :meth:`grant`."""
        decision = _strictest(chain.decide(self._plugin, wanted) for chain in self._chains)
        return self._answers.get(wanted, decision) if decision.verdict == "ask" else decision

    def grant(self, wanted: Request) -> Granted:
        """Return the proof that *wanted* is allowed; raises :class:`RefusedError` or :class:`OpenError`."""
        decision = self.decide(wanted)
        if decision.verdict == "ask":
            raise OpenError(wanted)
        self._noted.append((wanted, decision))
        if decision.allowed:
            return Granted(wanted, decision, mint=_MINT)
        raise RefusedError(denial(wanted, decision))

    def grant_link(self, place: str) -> None:
        """Raise :class:`RefusedError` if a link at *place* could hide what layer 0 protects."""
        if any(chain.is_above_protected(self._plugin, place) for chain in self._chains):
            told = "what is protected may lie beneath it; make a directory"
            decision = Decision("deny", 0, "deny.protected", BUILT_IN, told)
            wanted = FileRequest("fs_write", place)
            self._noted.append((wanted, decision))
            raise RefusedError(
                f"fs_write: {_shown(place)}: no link there: {told} (deny.protected)"
            )

    def note(self) -> None:
        """Write down what was decided."""
        noted, self._noted = self._noted, []
        for wanted, decision in noted:
            self._decisions.note(self._plugin, wanted, decision)


def grant(
    instance: "Instance",
    needs: Needs,
    args: dict[str, Json],
    request: HostcallRequest,
    act: Callable[[Granted], None],
) -> None:
    """Decide about a hostcall with *args* and *act* if it is allowed: now, or when a person has allowed it.

    A hostcall that is refused has its answer.
    """
    if needs.in_thread:
        work_in_thread(
            instance,
            request,
            lambda: _read(instance, needs, args),
            lambda wanted: _decide_read(instance, wanted, request, act),
        )
    else:
        _decide_read(instance, _read(instance, needs, args), request, act)


def _read(
    instance: "Instance", needs: Needs, args: dict[str, Json]
) -> Request | ArgumentsError:
    try:
        return needs.request(instance, args)
    except ArgumentsError as error:
        return error


def _decide_read(
    instance: "Instance",
    wanted: Request | ArgumentsError,
    request: HostcallRequest,
    act: Callable[[Granted], None],
) -> None:
    if isinstance(wanted, ArgumentsError):
        refuse(request, "E_INVALID", str(wanted))
    else:
        decided(instance, wanted, request, act, lambda told: refuse(request, "E_DENIED", told))


def work_in_thread(
    instance: "Instance",
    request: HostcallRequest,
    work: Callable[[], T],
    then: Callable[[T], None],
) -> None:
    """Do *work*, which does not raise, in a thread; *then* is called in the reactor's turn, unless *request* was cancelled."""
    runtime = instance.plugin.runtime
    runtime.reactor.demand += 1

    def job() -> Callable[[], None]:
        result = work()

        def finish() -> None:
            runtime.reactor.demand -= 1
            if not request.is_cancelled:
                then(result)

        return finish

    runtime.files.submit(instance.plugin.name, job)


def decided(
    instance: "Instance",
    wanted: Request,
    request: HostcallRequest,
    act: Callable[[Granted], None],
    refused: Callable[[str], None],
    stopped: Callable[[], None] = lambda: None,
) -> None:
    """Decide about *wanted* and *act*, or have *refused* tell the plugin why not: now, or when a person has answered.

    Also for what a hostcall turns out to need while it is under way, such as whom a redirect leads to. *stopped* is
    called if *request* is cancelled while a person is asked.
    """
    decision = decide(instance.plugin, wanted)
    if decision.verdict == "ask":
        begin(_ask_everybody(instance, wanted, request, act, refused), request, stopped)
    else:
        _settle(instance, wanted, decision, act, refused)


async def _ask_everybody(
    instance: "Instance",
    wanted: Request,
    request: HostcallRequest,
    act: Callable[[Granted], None],
    refused: Callable[[str], None],
) -> None:
    """Have a person asked for each project that leaves it open; what was denied meanwhile is denied."""
    answer: Decision | None = None
    for workspace, decision in _decisions(instance.plugin, wanted):
        if decision.verdict == "ask":
            answer = await ask_for(instance, workspace, wanted, decision, request)
            if not answer.allowed:
                break
    if request.is_cancelled:
        return
    request.on_cancel(_nothing)  # what follows must not end this flow while it runs
    by_now = decide(instance.plugin, wanted)
    decision = answer if by_now.verdict == "ask" and answer is not None else by_now
    _settle(instance, wanted, decision, act, refused)


def _nothing() -> None:
    """Whoever acts says anew how to stop."""


def _settle(
    instance: "Instance",
    wanted: Request,
    decision: Decision,
    act: Callable[[Granted], None],
    refused: Callable[[str], None],
) -> None:
    plugin = instance.plugin
    plugin.runtime.decisions.note(plugin.name, wanted, decision)
    if decision.allowed:
        act(Granted(wanted, decision, mint=_MINT))
        return
    refused(denial(wanted, decision))


def denial(wanted: Request, decision: Decision) -> str:
    """Return what a plugin is told of a *decision* that is no permission."""
    why = decision.detail if decision.code in _ASKED_AND_DENIED else "not allowed"
    return f"{wanted.kind}: {_shown(target(wanted))}: {why} ({decision.code})"


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "\u2026"


class _Targets:
    """How often each target was decided about; the oldest make room."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._new = Rate(_NEW_PER_S, now_s())
        self._others = 0

    def count(self, name: str) -> int:
        """Return how often *name*, or whatever is counted with it, was decided about by now."""
        if name not in self._counts and len(self._counts) >= _COUNTED:
            if not self._new.take(now_s()):
                self._others += 1
                return self._others
            del self._counts[next(iter(self._counts))]
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return count


class Decisions:
    """What was decided, counted by plugin, kind and target, and written to *audit* now and then."""

    def __init__(self, audit: AuditRing) -> None:
        self._audit = audit
        self._counts: dict[str, dict[tuple[Kind, Verdict], _Targets]] = {}

    def note(self, plugin: str, request: Request, decision: Decision) -> None:
        """Count *decision*; write it down when it is new, or was repeated ten times as often as when it was last."""
        kinds = self._counts.setdefault(plugin, {})
        alike = kinds.get((request.kind, decision.verdict))
        if alike is None:
            alike = kinds[request.kind, decision.verdict] = _Targets()
        count = alike.count(_shown(target(request)))
        if is_told(count):
            self._audit.record_decision(
                plugin, request, decision, repeats=count if count > 1 else None
            )

    def forget(self, plugin: str) -> None:
        """*plugin* was unloaded."""
        self._counts.pop(plugin, None)

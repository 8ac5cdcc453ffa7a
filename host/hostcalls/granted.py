"""The one place where a hostcall is decided: what a row needs, what the chain says of it, what is written down.

Promises    A handler of a row that needs something runs only with a :class:`Granted`, which is made here alone, and
            acts on the request in it, not on the arguments once more. A refusal tells the plugin the kind, the target
            and a stable code; what it rests on stays on the host. Each decision is audited when it is first made for
            a plugin, a kind and a target, and again when it was repeated 10, 100, 1000, ... times.
Elsewhere   What is decided: ``policies/chain.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host.audit import AuditRing
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from policies.capability import Kind, Request, target
from policies.decision import Decision, Verdict

if TYPE_CHECKING:
    from host.instance import Instance
    from host.plugin import Plugin

_MINT: Final = object()
_STRICTNESS: Final[dict[Verdict, int]] = {"allow": 0, "ask": 1, "deny": 2}
_SHOWN_CHARS: Final = 200
_COUNTED: Final = 512
"""Targets that are counted for one plugin. Whatever comes after them is counted together, by kind."""
_OTHERS: Final = "(others)"


class ArgumentsError(ValueError):
    """The arguments of a hostcall have not the shape that its row takes; the text says which it takes."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The permission that a hostcall takes: one of *kind*, for what *request* reads from the arguments.

    *request* may raise :class:`ArgumentsError`. It runs in the reactor's turn and does not block.
    """

    kind: Kind
    request: Callable[["Instance", dict[str, Json]], Request]


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
    asked = plugin.users or [plugin.workspace]
    return max(
        (workspace.snapshot.chain.decide(plugin.name, request) for workspace in asked),
        key=lambda decided: _STRICTNESS[decided.verdict],
    )


def grant(
    instance: "Instance", needs: Needs, args: dict[str, Json], request: HostcallRequest
) -> Granted | None:
    """Decide about a hostcall with *args*; None when it was refused, in which case it has its answer."""
    try:
        wanted = needs.request(instance, args)
    except ArgumentsError as error:
        refuse(request, "E_INVALID", str(error))
        return None
    plugin = instance.plugin
    decision = decide(plugin, wanted)
    plugin.runtime.decisions.note(plugin.name, wanted, decision)
    if decision.allowed:
        return Granted(wanted, decision, mint=_MINT)
    why = "nobody was asked" if decision.verdict == "ask" else "not allowed"
    told = f"{wanted.kind}: {_shown(target(wanted))}: {why} ({decision.code})"
    refuse(request, "E_DENIED", told)
    return None


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "\u2026"


class Decisions:
    """What was decided, counted by plugin, kind and target, and written to *audit* now and then."""

    def __init__(self, audit: AuditRing) -> None:
        self._audit = audit
        self._counts: dict[str, dict[tuple[str, str, Verdict], int]] = {}

    def note(self, plugin: str, request: Request, decision: Decision) -> None:
        """Count *decision*; write it down when it is new, or was repeated ten times as often as when it was last."""
        counts = self._counts.setdefault(plugin, {})
        key = (request.kind, _shown(target(request)), decision.verdict)
        if key not in counts and len(counts) >= _COUNTED:
            key = (request.kind, _OTHERS, decision.verdict)
        count = counts[key] = counts.get(key, 0) + 1
        if is_power_of_ten(count):
            self._audit.record_decision(
                plugin, request, decision, repeats=count if count > 1 else None
            )

    def forget(self, plugin: str) -> None:
        """*plugin* was unloaded."""
        self._counts.pop(plugin, None)


def is_power_of_ten(count: int) -> bool:
    """Whether *count* is one of those that are written down: 1, 10, 100, ..."""
    while count % 10 == 0:
        count //= 10
    return count == 1

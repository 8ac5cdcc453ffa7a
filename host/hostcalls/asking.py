"""A hostcall that nobody allowed or denied: a person is asked, as about a tool.

Promises    No approver, no answer in time, too many questions at once: each is a denial. While a person thinks, the
            deadlines of what waits for the answer wait, too. A call that is cancelled waits for no answer; one that
            comes all the same serves the next call that asks the same. A yes is judged again by the rules of then,
            and holds for this code, this capability, this target and this project alone.
Elsewhere   Open questions, remembered answers: ``host/approvals.py``. What is asked about: ``granted.py``.
"""

import hashlib
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from host.approvals import CAPABILITY, Question, Reply, summary_of
from host.audit import printable
from host.lineage import all_waiting
from host.listener import HostcallRequest
from host.reactor import now_s
from host.thinking import thinking_about
from policies.capability import Kind, Request, ShellRequest, target
from policies.decision import Decision, Source
from policies.gate import Tier

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance
    from host.workspace import Workspace

MAX_ASKED: Final = 4
"""Questions that one plugin may have open with its hostcalls: the others' must find room, and a person is no queue."""
DENIED_FOR_S: Final = 30.0
"""How long a person's no answers the same question, so that nobody is asked until they give in."""
_MAX_DENIED: Final = 64
_INFINITY: Final = float("inf")
_TIERS: Final[dict[Kind, Tier]] = {
    "fs_read": "read",
    "env": "read",
    "config_read": "read",
    "fs_write": "write",
    "config_write": "write",
}
"""How much is at stake; whatever is not named is taken for the most."""


class Asked:
    """What one plugin has asked for through its hostcalls, and was told no to."""

    def __init__(self) -> None:
        self._open = 0
        self._denied: dict[tuple[str, ...], float] = {}

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Whether there is room for one question more, which is open for the body."""
        self._open += 1
        try:
            yield self._open <= MAX_ASKED
        finally:
            self._open -= 1

    def note_denial(self, question: Question) -> None:
        """A person said no."""
        while len(self._denied) >= _MAX_DENIED:
            del self._denied[next(iter(self._denied))]
        self._denied[question.session_id, *question.key] = now_s() + DENIED_FOR_S

    def was_denied(self, question: Question) -> bool:
        """Whether a person said no to this a moment ago."""
        return now_s() < self._denied.get((question.session_id, *question.key), 0.0)


async def ask_for(
    instance: "Instance",
    workspace: "Workspace",
    wanted: Request,
    decision: Decision,
    request: HostcallRequest,
) -> Decision:
    """Have a person decide about *wanted*, which *decision* leaves open, for the project of *workspace*."""
    question = _question(instance, workspace, wanted, decision, request.call)
    approvals, asked = workspace.runtime.approvals, instance.plugin.asked
    mode = workspace.modes.of(question.session_id)
    # As the gate has it: plan asks everything anew, dont_ask nobody at all.
    if mode != "plan" and (known := approvals.find(question)) is not None:
        return Decision("allow", decision.layer, "allow.remembered", known)
    if mode == "dont_ask":
        told = "permission mode dont_ask asks nobody"
        return Decision("deny", decision.layer, "deny.dont_ask", Source("built-in"), told)
    if asked.was_denied(question):
        told = "a person denied it a moment ago"
        return Decision("deny", decision.layer, "deny.person", Source("consent"), told)
    link = instance.link
    concerned = all_waiting(link.concerned_by(request)) if link is not None else []
    with asked.one() as has_room, thinking_about(concerned):
        if not has_room:
            told = f"{MAX_ASKED} questions of {instance.plugin.name} are open already"
            return Decision("deny", decision.layer, "deny.too_many", Source("built-in"), told)
        reply = await approvals.ask(question)
    if reply.code == "deny.person":
        asked.note_denial(question)
    return _decision(reply, decision)


def _decision(reply: Reply, asked: Decision) -> Decision:
    return Decision(
        "allow" if reply.is_yes else "deny", asked.layer, reply.code, reply.source, reply.told
    )


def about(wanted: Request) -> str:
    """What a person is told that *wanted* is: of a command where each argument ends, and which file would run."""
    if not isinstance(wanted, ShellRequest):
        return target(wanted)
    command = shlex.join(wanted.argv)
    return f"{command} ({wanted.program})" if wanted.program else command


def _question(
    instance: "Instance",
    workspace: "Workspace",
    wanted: Request,
    decision: Decision,
    call: "Call | None",
) -> Question:
    plugin = instance.plugin
    wait_s = workspace.config.timeouts.approval_ms / 1000
    if call is not None and call.agent_until < _INFINITY:
        wait_s = min(wait_s, call.agent_until - now_s())
    told = about(wanted).encode("utf-8", "backslashreplace").decode()
    return Question(
        plugin=printable(plugin.name),
        tool=wanted.kind,
        tier=_TIERS.get(wanted.kind, "exec"),
        summary=printable(summary_of(told)),
        explanation=printable(f"no rule allows it ({decision.source})"),
        project=str(workspace.project_dir),
        session_id=call.session_id if call is not None else instance.key or "",
        timeout_s=wait_s,
        input={"kind": wanted.kind, "target": told},
        content=plugin.spec.content,
        subject=f"{CAPABILITY}{wanted.kind}",
        target=hashlib.sha256(repr(wanted).encode("utf-8", "backslashreplace")).hexdigest(),
    )

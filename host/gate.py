"""The approval gate of a workspace: what is decided about one call, who is asked, what is said of a refusal.

Promises    A tool runs only with an allowed :class:`ToolVerdict` for the very input that it gets. A person's yes is judged
            again before it counts: what was denied meanwhile stays denied.
Elsewhere   The decision itself: ``policies/gate.py``. Asking and remembering: ``approvals.py``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from host.approvals import Question, Reply, summary_of
from host.audit import Kind, printable
from host.errors import InputError, ToolError
from host.lineage import Lineage
from host.outcome import JsonObject
from host.plugin import Plugin
from host.reactor import now_s
from host.snapshot import CommandRoute, ToolRoute
from host.switching import named
from host.thinking import thinking_about
from policies.capability import NameRequest
from policies.chain import Chain
from policies.decision import Decision, Rule, Source
from policies.gate import (
    LAST_DENIAL,
    TIERS,
    GateDecision,
    Override,
    OverrideWord,
    PermissionMode,
    Tier,
    judge,
    strictest,
)
from policies.layers import PluginPolicy

if TYPE_CHECKING:
    from host.workspace import Workspace

PREFIXES: Final = ("plugin_", "plugin:")
"""What agents and people put before the name of a plugin's tool."""

_OF_AGENT: Final = "agent"
"""The content of a tool of the agent's own: it is no plugin's code."""
_TYPED: Final = Source("consent", "typed by a person")
_STRICTEST: Final[tuple[OverrideWord, ...]] = ("deny", "prompt", "allow")


@dataclass(frozen=True, slots=True)
class Subject:
    """What wants to run. Without a *plugin* it is a tool of the agent's own."""

    plugin: Plugin | None
    kind: Literal["tools", "commands"]
    name: str
    tier: Tier

    @property
    def public(self) -> str:
        """The name that agents and people use."""
        if self.kind == "commands":
            return f"/{self.name}"
        return self.name if self.plugin is None else f"plugin_{self.name}"

    @property
    def owner(self) -> str:
        """The plugin's name, or nothing."""
        return self.plugin.name if self.plugin is not None else ""


@dataclass(frozen=True, slots=True)
class ToolVerdict:
    """Whether a tool may run. ``reason`` says of a refusal which rule it was and what to do about it.

    ``code``, ``step``, ``layer`` and ``source`` are what the audit holds. ``asked_ms`` is how long a person thought.
    """

    allowed: bool
    tool: str
    plugin: str
    tier: Tier
    mode: PermissionMode
    step: str
    code: str
    source: str
    layer: int | None = None
    reason: str | None = None
    asked_ms: float = 0.0

    def to_json(self) -> JsonObject:
        """Plain data, for output."""
        return {
            "allowed": self.allowed,
            "tool": self.tool,
            "plugin": self.plugin,
            "tier": self.tier,
            "mode": self.mode,
            "step": self.step,
            "code": self.code,
            "source": self.source,
            "layer": self.layer,
            "reason": self.reason,
            "asked_ms": round(self.asked_ms, 3),
        }


def of_tool(route: ToolRoute) -> Subject:
    """A plugin's tool as the gate sees it."""
    return Subject(route.plugin, "tools", route.spec.name, route.spec.tier)


def of_command(route: CommandRoute) -> Subject:
    """A plugin's command: what it does nobody declares, so it is taken for the most."""
    return Subject(route.plugin, "commands", route.spec.name, "exec")


def of_agent(workspace: "Workspace", name: str, tier: str) -> Subject:
    """What an agent means by *name*: a tool of its own, or a plugin's under its public name.

    A bare name is the agent's own, whatever plugins registered; a prefixed one never is. Raises InputError for a tier
    that is none, ToolError for a plugin's tool that is not offered.
    """
    known = next((one for one in TIERS if one == tier), None)
    if known is None:
        raise InputError(f"unknown tier {tier!r}; one of {', '.join(TIERS)}")
    if not name.startswith(PREFIXES):
        return Subject(None, "tools", name, known)
    route = find_tool(workspace.snapshot.tools, name)
    if route is None:
        raise ToolError("E_NO_TOOL", workspace.unknown_tool(name))
    return Subject(route.plugin, "tools", route.spec.name, strictest(route.spec.tier, known))


def find_tool(tools: Mapping[str, ToolRoute], name: str) -> ToolRoute | None:
    """Return the tool an agent means by ``plugin_<name>``, ``plugin:<name>`` or the bare name."""
    for prefix in PREFIXES:
        if name.startswith(prefix):
            route = tools.get(name[len(prefix) :])
            if route is not None:
                return route
    return tools.get(name)


def turned_down(
    workspace: "Workspace", kind: Literal["tools", "commands"], name: str
) -> ToolVerdict | None:
    """The refusal of what a plugin registered under *name* and the chain denies, so that it is not offered."""
    found = workspace.refusal_of(kind, name)
    if found is None or found.request is None or found.decision is None:
        return None
    decision = found.decision
    subject = Subject(None, kind, found.request.name, "exec")
    public = f"plugin_{subject.name}" if kind == "tools" else subject.public
    because = ", ".join(part for part in (decision.detail, str(decision.source)) if part)
    return ToolVerdict(
        False,
        public,
        found.plugin,
        subject.tier,
        workspace.modes.default,
        "denial" if decision.layer <= LAST_DENIAL else "chain",
        decision.code,
        str(decision.source),
        decision.layer,
        printable(
            f"{public} of {found.plugin} is denied by rule {decision.code} ({because}); whoever set it can take it away"
        ),
    )


async def pass_gate(
    workspace: "Workspace",
    subject: Subject,
    args: JsonObject,
    *,
    session_id: str,
    until: float | None = None,
    typed: bool = False,
    changed_by: str = "",
    lineage: Lineage | None = None,
) -> ToolVerdict:
    """Decide about one call with the input *args*, asking whoever has to be asked.

    *until* is when the calling agent waits no longer (``now_s``). *typed* says that a person asked for this very
    call, which answers every question about it and lifts no denial. *changed_by* names who rewrote the input.
    *lineage* says which plugin makes the call, if one does; the time of what waits for it does not pass meanwhile.
    """
    decided = _judge(workspace, subject, args, session_id, typed=typed)
    reply: Reply | None = None
    began = now_s()
    if decided.verdict == "ask" and not typed:
        question = _question(
            workspace, subject, args, session_id, until, _why(decided, changed_by, lineage)
        )
        with thinking_about(lineage.calls if lineage is not None else ()):
            reply = await workspace.runtime.approvals.ask(question)
        # A person takes half a minute: what was denied meanwhile is denied.
        decided = _judge(workspace, subject, args, session_id, typed=typed)
    if decided.verdict == "deny":
        return _refused(workspace, subject, decided, session_id, _ms_since(began, reply))
    step, code, source = str(decided.step), decided.code, str(decided.source)
    allowed, reason = True, None
    if reply is not None:
        allowed, step, code, source = reply.is_yes, "asked", reply.code, str(reply.source)
        reason = None if allowed else _unapproved(subject, decided, reply)
    elif decided.verdict == "ask":
        step, code, source = "override", "allow.typed", str(_TYPED)
    return ToolVerdict(
        allowed,
        subject.public,
        subject.owner,
        subject.tier,
        workspace.modes.of(session_id),
        step,
        code,
        source,
        decided.layer,
        reason,
        _ms_since(began, reply),
    )


def denied_now(
    workspace: "Workspace", subject: Subject, args: JsonObject, session_id: str, *, typed: bool
) -> ToolVerdict | None:
    """The refusal of a call that was allowed, if a rule or a switch denies it by now. Nobody is asked."""
    decided = _judge(workspace, subject, args, session_id, typed=typed)
    if decided.verdict == "deny" and decided.code != "deny.dont_ask":
        return _refused(workspace, subject, decided, session_id)
    return None


def _refused(
    workspace: "Workspace",
    subject: Subject,
    decided: GateDecision,
    session_id: str,
    asked_ms: float = 0.0,
) -> ToolVerdict:
    return ToolVerdict(
        False,
        subject.public,
        subject.owner,
        subject.tier,
        workspace.modes.of(session_id),
        str(decided.step),
        decided.code,
        str(decided.source),
        decided.layer,
        _refusal(subject, decided),
        asked_ms,
    )


def _ms_since(began: float, reply: Reply | None) -> float:
    return (now_s() - began) * 1000 if reply is not None else 0.0


def verdict_data(verdict: ToolVerdict) -> JsonObject:
    """What an audit entry says of a call and the gate."""
    return {
        "tool": verdict.tool,
        "tier": verdict.tier,
        "decision": "allow" if verdict.allowed else "deny",
        "step": verdict.step,
        "layer": verdict.layer,
        "source": verdict.source,
        "mode": verdict.mode,
        "asked_ms": round(verdict.asked_ms, 3),
    }


async def check_tool(
    workspace: "Workspace",
    name: str,
    args: JsonObject,
    *,
    tier: str,
    session_id: str,
    until: float | None,
) -> ToolVerdict:
    """Judge a tool of the agent's own; see :meth:`host.aio.PluginHost.check_tool`."""
    if not isinstance(args, dict):
        raise InputError(f"input of {name} must be an object")
    began = now_s()
    verdict: ToolVerdict | None = None
    if name.startswith(PREFIXES) and find_tool(workspace.snapshot.tools, name) is None:
        verdict = turned_down(workspace, "tools", name)
    if verdict is None:
        subject = of_agent(workspace, name, tier)
        verdict = await pass_gate(workspace, subject, args, session_id=session_id, until=until)
    data = verdict_data(verdict)
    data["capability"], data["target"] = "tools", name
    data["duration_ms"] = round((now_s() - began) * 1000, 3)
    workspace.runtime.audit.record(
        Kind.DECISION, verdict.plugin, verdict.code, verdict.reason or "", data=data
    )
    return verdict


def _judge(
    workspace: "Workspace", subject: Subject, args: JsonObject, session_id: str, *, typed: bool
) -> GateDecision:
    forbidden, wary = _manifest_says(subject)
    return judge(
        tier=subject.tier,
        # A person's own call answers what the mode would ask; what anybody denies stays denied.
        mode="bypass_permissions" if typed else workspace.modes.of(session_id),
        chain=_chain(workspace, subject),
        override=_override(workspace, subject),
        forbidden=forbidden,
        wary=wary,
        remembered=lambda: workspace.runtime.approvals.find(
            _question(workspace, subject, args, session_id, None, "")
        ),
    )


def _manifest_says(subject: Subject) -> tuple[Source | None, Source | None]:
    """Where the plugin's own manifest denies the tool, and where it wants every call asked."""
    if subject.plugin is None or subject.kind != "tools":
        return None, None
    manifest = subject.plugin.spec.manifest
    said = manifest.tool_approval(subject.name)
    source = Source("manifest", manifest.where)
    return (source if said == "deny" else None), (source if said == "prompt" else None)


def _chain(workspace: "Workspace", subject: Subject) -> Decision:
    request = NameRequest(subject.kind, subject.name)
    if subject.plugin is not None:
        return workspace.chain_for(subject.plugin).decide(subject.plugin.name, request)
    decided = _for_agent(workspace.snapshot.chain.deny).decide(_OF_AGENT, request)
    if decided.verdict != "allow":
        return decided
    return Decision("allow", 3, "allow.agent", Source("api"), "a tool of the agent's own")


@lru_cache(maxsize=8)
def _for_agent(deny: tuple[Rule, ...]) -> Chain:
    """The chain for the agent's own tools: global denials count.

    Modes, defaults and ``force_deny`` are about what plugins may do, and so is a rule that spells a plugin's tool.
    """
    rules = [rule for rule in deny if not rule.pattern.startswith(PREFIXES)]
    return Chain(mode="permissive", deny=tuple(rules), plugins={_OF_AGENT: PluginPolicy()})


def _override(workspace: "Workspace", subject: Subject) -> Override | None:
    """What ``[plugin.approval]`` says: by a tool's public names, and where it tightens by its bare one.

    ``bash = "allow"`` is said of the agent's own tool: a plugin that registers a ``bash`` must not inherit it.
    """
    words = workspace.config.approval
    if not words:
        return None
    names = [subject.public]
    if subject.plugin is not None:
        names += [f"plugin:{subject.name}"] if subject.kind == "tools" else []
    found = {words[name]: name for name in names if name in words}
    bare = words.get(subject.name)
    if bare is not None and bare != "allow":
        found.setdefault(bare, subject.name)
    for word in _STRICTEST:
        if word in found:
            return Override(word, workspace.config.source_of("approval", found[word]))
    return None


def _question(
    workspace: "Workspace",
    subject: Subject,
    args: JsonObject,
    session_id: str,
    until: float | None,
    explanation: str,
) -> Question:
    text = _canonical(args)
    wait_s = workspace.config.timeouts.approval_ms / 1000
    if until is not None:
        wait_s = min(wait_s, until - now_s())
    plugin = subject.plugin
    return Question(
        plugin=printable(subject.owner),
        tool=printable(subject.public),
        tier=subject.tier,
        summary=printable(summary_of(text)),
        explanation=printable(explanation),
        project=str(workspace.project_dir),
        session_id=session_id,
        timeout_s=wait_s,
        input=args,
        content=plugin.spec.content if plugin is not None else _OF_AGENT,
        subject=f"{subject.kind}:{subject.name}",
        target=hashlib.sha256(text.encode()).hexdigest(),
    )


def _canonical(args: JsonObject) -> str:
    """The same text for the same input, however its keys are ordered. Raises InputError for what is not JSON."""
    try:
        return json.dumps(args, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the input is not JSON: {error}") from None


# Words.


def _why(decided: GateDecision, changed_by: str, lineage: Lineage | None = None) -> str:
    told = {
        "ask.override": f"it is to be asked about ({decided.source})",
        "ask.manifest": "the plugin's own manifest wants it asked about",
        "ask.chain": f"no rule allows it ({decided.source})",
    }.get(decided.code, decided.detail)
    if lineage is not None:
        told = f"{told}; it is called by the plugin {lineage.plugin}"
    return f"{told}; its input was changed by {changed_by}" if changed_by else told


def _refusal(subject: Subject, decided: GateDecision) -> str:
    """One line about a denial: which rule it was, and what to do."""
    name, source = subject.public, str(decided.source)
    match decided.code:
        case "deny.manifest":
            told = f"{name} is denied by the manifest of {subject.owner} ({source}); use another tool"
        case "deny.override":
            told = f"{name} is denied by [plugin.approval] ({source}); change that line to allow it"
        case "deny.switch":
            told = f"{named(decided.source)} denies whatever plugins offer or ask for"
        case "deny.dont_ask":
            told = f"{name} ({subject.tier}) would need a question, and permission mode dont_ask asks nobody; {_how(subject)}"
        case _:
            because = ", ".join(part for part in (decided.detail, source) if part)
            what = f"{name} is denied by rule {decided.code} ({because})"
            told = (
                f"{what}; whoever set it can take it away"
                if decided.step == "denial"
                else f'{what}; put "{subject.name}" under {subject.kind} in [plugin.allow] to allow it'
            )
    return printable(told)


def _unapproved(subject: Subject, decided: GateDecision, reply: Reply) -> str:
    need = _why(decided, "")
    told = f"{subject.public} ({subject.tier}) needs a person's approval ({need}), and {reply.told}"
    if reply.code in ("deny.person", "deny.no_answer"):
        return printable(f"{told}; do without it, or ask again when somebody is there")
    return printable(f"{told}; {_how(subject)}")


def _how(subject: Subject) -> str:
    return (
        f'set {json.dumps(subject.public)} = "allow" under [plugin.approval], choose another permission_mode, '
        "or give the host an approver"
    )

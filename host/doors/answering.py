"""What an agent is told: the outcome of its event in its own words.

Promises    Pure. A block is a block in every agent that can be stopped there. What an agent cannot express is never
            silently dropped where that would loosen something: a changed input that it cannot take becomes a block,
            a question that it cannot ask becomes a denial. Nothing at all is said for a plain continue.
Elsewhere   Exit codes and streams of each agent: ``docs/agents.md``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from host.doors.hearing import Heard
from host.doors.mapping import Agent
from host.events import PluginEvent as P
from host.outcome import Json, JsonObject, Outcome

BLOCK: Final = 2
"""The exit code with which every one of them takes the standard error for the reason of a block."""
_JCODE_MAX_BYTES: Final = 2000
_NO_REASON: Final = "a plugin blocked this and gave no reason"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hook's process prints, and how it ends."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


def answer(heard: Heard, outcomes: Mapping[P, Outcome]) -> Answer:
    """Return what *heard*'s agent is told, given the outcomes of those of its events that decide."""
    found: Answer | None = None
    for told in heard.told:
        outcome = outcomes.get(told.event) if told.decides else None
        said = None if outcome is None else _ANSWERS[heard.agent](heard, outcome)
        if said is not None:
            found = said if found is None else _both(found, said)
    return found or Answer()


def _both(first: Answer, second: Answer) -> Answer:
    """Two answers to one event of an agent: what is only added is added together, else the first counts."""
    texts = [_added(first), _added(second)]
    if None in texts:
        return first
    said: dict[str, JsonObject] = json.loads(first.stdout)
    said["hookSpecificOutput"]["additionalContext"] = "\n\n".join(filter(None, texts))
    return _said({**said})


def _added(said: Answer) -> str | None:
    if not said.stdout:
        return None
    specific = json.loads(said.stdout).get("hookSpecificOutput")
    found = specific.get("additionalContext") if isinstance(specific, dict) else None
    return found if isinstance(found, str) else None


def reason_of(outcome: Outcome) -> str:
    """Why it was blocked, and by whom: never empty."""
    who = f" ({outcome.blocked_by})" if outcome.blocked_by else ""
    return f"{outcome.reason or _NO_REASON}{who}"


def _said(value: JsonObject) -> Answer:
    # ASCII: what reads it may not be told how it is encoded.
    return Answer(stdout=json.dumps(value) + "\n")


def _blocked(reason: str) -> Answer:
    return Answer(stderr=reason + "\n", code=BLOCK)


def _stop(outcome: Outcome) -> JsonObject:
    return {"decision": "block", "reason": reason_of(outcome)}


def _deny(outcome: Outcome) -> JsonObject:
    return {"decision": "deny", "reason": reason_of(outcome)}


def _rewritten(outcome: Outcome, field: str) -> Json:
    return outcome.output.get(field)


def _texts(value: Json) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


# Claude Code, and Codex, which speaks a strict part of the same.


def _specific(name: str, **fields: Json) -> Answer:
    return _said({"hookSpecificOutput": {"hookEventName": name, **fields}})


def _claude(heard: Heard, outcome: Outcome) -> Answer | None:
    match outcome.event:
        case P.PRE_TOOL_USE:
            return _claude_tool(heard.name, outcome)
        case P.PERMISSION_REQUEST:
            return _claude_permission(heard.name, outcome)
        case P.POST_TOOL_USE if "modified_output" in outcome.output:
            return _specific(heard.name, updatedToolOutput=outcome.output["modified_output"])
        case P.USER_PROMPT_SUBMIT if (
            not outcome.blocked and "modified_prompt" in outcome.output
        ):
            return _specific(heard.name, additionalContext=_changed_prompt(outcome))
        case P.AGENT_START if texts := _texts(outcome.output.get("additional_system_prompt")):
            return _specific(heard.name, additionalContext="\n\n".join(texts))
        case P.STOP:
            return _claude_stop(heard, outcome)
        case _:
            return _said(_stop(outcome)) if outcome.blocked else None


def _claude_tool(name: str, outcome: Outcome) -> Answer | None:
    changed = _rewritten(outcome, "modified_input")
    if outcome.blocked:
        return _specific(
            name, permissionDecision="deny", permissionDecisionReason=reason_of(outcome)
        )
    if outcome.action in ("ask", "allow"):
        fields: JsonObject = {"permissionDecision": outcome.action}
        if outcome.reason:
            fields["permissionDecisionReason"] = outcome.reason
        return _specific(
            name, **fields, **({} if changed is None else {"updatedInput": changed})
        )
    if changed is not None:
        # Without a decision that counts as an approval: a changed command is shown before it runs.
        why = f"changed by {_changers(outcome, 'modified_input')}"
        return _specific(
            name,
            permissionDecision="ask",
            permissionDecisionReason=why,
            updatedInput=changed,
        )
    return None


def _claude_permission(name: str, outcome: Outcome) -> Answer | None:
    if outcome.blocked:
        return _specific(name, decision={"behavior": "deny", "message": reason_of(outcome)})
    if outcome.action == "allow":
        return _specific(name, decision={"behavior": "allow"})
    return None


def _claude_stop(heard: Heard, outcome: Outcome) -> Answer | None:
    reason = _go_on(heard, outcome)
    return None if reason is None else _said({"decision": "block", "reason": reason})


def _go_on(heard: Heard, outcome: Outcome) -> str | None:
    """What the agent is to do before it stops; never twice in a row, which might not end."""
    reason = outcome.output.get("reason")
    if (
        heard.fields.get("stop_hook_active") is True
        or not isinstance(reason, str)
        or not reason
    ):
        return None
    return reason


def _changers(outcome: Outcome, field: str) -> str:
    names = [result.plugin for result in outcome.results if field in result.output]
    return ", ".join(names) or "a plugin"


def _changed_prompt(outcome: Outcome) -> str:
    who = _changers(outcome, "modified_prompt")
    return f"{who} changed the user's prompt to:\n\n{outcome.output['modified_prompt']}"


def _codex(heard: Heard, outcome: Outcome) -> Answer | None:
    match outcome.event:
        case P.PRE_TOOL_USE:
            changed = _rewritten(outcome, "modified_input")
            if outcome.action == "ask" and not outcome.blocked:
                return _specific(
                    heard.name,
                    permissionDecision="deny",
                    permissionDecisionReason=_would_ask(outcome),
                )
            if outcome.blocked:
                return _claude_tool(heard.name, outcome)
            if changed is not None:  # the one form in which it takes a changed input
                return _specific(heard.name, permissionDecision="allow", updatedInput=changed)
        case P.PERMISSION_REQUEST:
            return _claude_permission(heard.name, outcome)
        case P.STOP:
            return _claude_stop(heard, outcome)
        case P.USER_PROMPT_SUBMIT if outcome.blocked:
            return _said(_stop(outcome))
        case P.USER_PROMPT_SUBMIT if "modified_prompt" in outcome.output:
            return _specific(heard.name, additionalContext=_changed_prompt(outcome))
        case _:
            return _blocked(reason_of(outcome)) if outcome.blocked else None
    return None


def _would_ask(outcome: Outcome) -> str:
    why = f": {outcome.reason}" if outcome.reason else ""
    return f"a plugin wants a person to be asked, which cannot be done from here{why}"


# Gemini CLI.


def _gemini(heard: Heard, outcome: Outcome) -> Answer | None:
    match outcome.event:
        case P.PRE_TOOL_USE:
            return _gemini_tool(heard, outcome)
        case P.POST_TOOL_USE if "modified_output" in outcome.output:
            # A denial after the fact hides the result; its reason is what the model reads instead.
            return _said(
                {"decision": "deny", "reason": _as_text(outcome.output["modified_output"])}
            )
        case P.USER_PROMPT_SUBMIT if (
            not outcome.blocked and "modified_prompt" in outcome.output
        ):
            return _specific(heard.name, additionalContext=_changed_prompt(outcome))
        case P.AGENT_START if texts := _texts(outcome.output.get("additional_system_prompt")):
            return _specific(heard.name, additionalContext="\n\n".join(texts))
        case P.STOP:
            reason = _go_on(heard, outcome)
            return None if reason is None else _said({"decision": "deny", "reason": reason})
        case _:
            return _said(_deny(outcome)) if outcome.blocked else None


def _gemini_tool(heard: Heard, outcome: Outcome) -> Answer | None:
    if outcome.blocked:
        return _said(_deny(outcome))
    if outcome.action == "ask":
        return _said({"decision": "deny", "reason": _would_ask(outcome)})
    changed = _rewritten(outcome, "modified_input")
    if changed is None:
        return None
    before = heard.fields.get("tool_input")
    # It lays the change over the input: what is to be gone would still be there.
    if not isinstance(changed, dict) or (
        isinstance(before, dict) and _loses_keys(before, changed)
    ):
        who = _changers(outcome, "modified_input")
        return _said(
            {
                "decision": "deny",
                "reason": f"{who} takes something out of the input, which this agent cannot do",
            }
        )
    return _specific(heard.name, tool_input=changed)


def _loses_keys(before: JsonObject, after: JsonObject) -> bool:
    for key, value in before.items():
        if key not in after:
            return True
        inner = after[key]
        if isinstance(value, dict) and isinstance(inner, dict) and _loses_keys(value, inner):
            return True
    return False


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# jcode.


def _jcode(heard: Heard, outcome: Outcome) -> Answer | None:
    if outcome.blocked:
        return _short(reason_of(outcome))
    if outcome.action == "ask":
        return _short(_would_ask(outcome))
    if _rewritten(outcome, "modified_input") is not None:
        who = _changers(outcome, "modified_input")
        return _short(
            f"{who} wants another input, which this hook cannot give: call it as the plugin says"
        )
    return None


def _short(reason: str) -> Answer:
    cut = reason.encode("utf-8", "replace")[: _JCODE_MAX_BYTES - 1].decode("utf-8", "ignore")
    return _blocked(cut)


def _jcode_v2(heard: Heard, outcome: Outcome) -> Answer | None:
    if outcome.blocked:
        return _blocked(reason_of(outcome))
    specific: JsonObject = {}
    if outcome.action in ("ask", "allow"):
        specific["permission_decision"] = outcome.action
    for field, theirs in (
        ("modified_input", "updated_input"),
        ("modified_prompt", "updated_prompt"),
        ("system_prompt", "updated_system_prompt"),
    ):
        if field in outcome.output:
            specific[theirs] = outcome.output[field]
    if texts := _texts(outcome.output.get("additional_system_prompt")):
        specific["additional_context"] = "\n\n".join(texts)
    if not specific:
        return None
    said: JsonObject = {"continue_": True, "hook_specific_output": specific}
    if "permission_decision" in specific:
        said["decision"] = specific["permission_decision"]
    return _said(said)


# opencode: for our own file in its process, which acts on it.


def _opencode(heard: Heard, outcome: Outcome) -> Answer | None:
    if outcome.event is P.PERMISSION_REQUEST:
        status = "deny" if outcome.blocked else outcome.action
        return None if status == "continue" else _said({"status": status})
    if outcome.blocked:
        return _said({"throw": reason_of(outcome)})
    if outcome.event is P.PRE_TOOL_USE and outcome.action == "ask":
        return _said({"throw": _would_ask(outcome)})
    for field, theirs in (
        ("modified_input", "args"),
        ("modified_output", "output"),
        ("modified_prompt", "prompt"),
        ("instructions", "context"),
    ):
        if field in outcome.output:
            return _said({theirs: outcome.output[field]})
    return None


_ANSWERS: Final[Mapping[Agent, Callable[[Heard, Outcome], Answer | None]]] = {
    "jcode": _jcode,
    "jcode-v2": _jcode_v2,
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}

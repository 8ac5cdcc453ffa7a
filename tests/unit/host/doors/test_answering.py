"""What each agent is told for every kind of outcome, to the byte where the agent is strict."""

import json

import pytest

from host.doors.answering import BLOCK, Answer, answer
from host.doors.hearing import Heard
from host.events import PluginEvent as P
from host.outcome import Action, JsonObject, Outcome, PluginResult, Status
from tests.unit.host.doors.test_recorded import heard

REASON = "no, bäd"


def outcome(
    event: P, action: Action = "continue", reason: str | None = None, **output: object
) -> Outcome:
    fields: JsonObject = dict(output)  # type: ignore[arg-type]  # JSON by what the tests give
    blocker = "guard" if action in ("block", "deny") else None
    results = (PluginResult("guard", Status.ANSWERED, action, fields),)
    return Outcome(event, action, fields, blocker, reason, results)


def said(found: Heard, given: Outcome) -> Answer:
    return answer(found, {given.event: given})


def spoken(found: Heard, given: Outcome) -> object:
    """The object on standard output, where that is all there is."""
    told = said(found, given)
    assert (told.stderr, told.code) == ("", 0)
    assert told.stdout.isascii()
    return json.loads(told.stdout)


def specific(name: str, **fields: object) -> dict[str, object]:
    return {"hookSpecificOutput": {"hookEventName": name, **fields}}


TOOL = {
    "claude": "PreToolUse",
    "codex": "PreToolUse",
    "gemini": "BeforeTool",
    "jcode": "pre_tool",
    "jcode-v2": "PreToolUse",
    "opencode": "tool.execute.before",
}
WHY = f"{REASON} (guard)"
CHANGED = {"command": "ls -l"}


@pytest.mark.parametrize(("agent", "name"), TOOL.items())
def test_nothing_is_said_when_nothing_is_to_be_said(agent: str, name: str) -> None:
    assert said(heard(agent, name), outcome(P.PRE_TOOL_USE)) == Answer()


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
def test_an_empty_reason_is_never_told(agent: str) -> None:
    told = said(heard(agent, TOOL[agent]), outcome(P.PRE_TOOL_USE, "block"))
    assert "gave no reason" in told.stdout


def test_claude_on_a_tool() -> None:
    pre = heard("claude", "PreToolUse")
    name = "PreToolUse"
    deny = {"permissionDecision": "deny", "permissionDecisionReason": WHY}
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "block", REASON)) == specific(name, **deny)
    ask = {"permissionDecision": "ask", "permissionDecisionReason": REASON}
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "ask", REASON)) == specific(name, **ask)
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "allow")) == specific(
        name, permissionDecision="allow"
    )
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "allow", modified_input=CHANGED)) == specific(
        name, permissionDecision="allow", updatedInput=CHANGED
    )


def test_claude_shows_a_changed_input_before_it_runs() -> None:
    told = spoken(
        heard("claude", "PreToolUse"), outcome(P.PRE_TOOL_USE, modified_input=CHANGED)
    )
    assert told == specific(
        "PreToolUse",
        permissionDecision="ask",
        permissionDecisionReason="changed by guard",
        updatedInput=CHANGED,
    )


def test_claude_on_everything_else_that_decides() -> None:
    post = outcome(P.POST_TOOL_USE, modified_output="[redacted]")
    assert spoken(heard("claude", "PostToolUse"), post) == specific(
        "PostToolUse", updatedToolOutput="[redacted]"
    )
    permission = heard("claude", "PermissionRequest")
    denied = outcome(P.PERMISSION_REQUEST, "deny", REASON)
    assert spoken(permission, denied) == specific(
        "PermissionRequest", decision={"behavior": "deny", "message": WHY}
    )
    assert spoken(permission, outcome(P.PERMISSION_REQUEST, "allow")) == specific(
        "PermissionRequest", decision={"behavior": "allow"}
    )
    assert said(permission, outcome(P.PERMISSION_REQUEST, "ask")) == Answer()
    block = {"decision": "block", "reason": WHY}
    prompt = heard("claude", "UserPromptSubmit")
    assert spoken(prompt, outcome(P.USER_PROMPT_SUBMIT, "block", REASON)) == block
    assert (
        spoken(heard("claude", "PreCompact"), outcome(P.PRE_COMPACT, "block", REASON)) == block
    )
    changed = said(prompt, outcome(P.USER_PROMPT_SUBMIT, modified_prompt="new"))
    assert "guard changed the user's prompt to:\\n\\nnew" in changed.stdout
    lines = outcome(P.AGENT_START, additional_system_prompt=["a", "b"])
    assert spoken(heard("claude", "SubagentStart"), lines) == specific(
        "SubagentStart", additionalContext="a\n\nb"
    )


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_an_agent_is_kept_from_stopping_once(agent: str) -> None:
    stop = heard(agent, "Stop")
    more = Outcome(P.STOP, output={"reason": "run the tests"})
    assert spoken(stop, more) == {"decision": "block", "reason": "run the tests"}
    stop.fields["stop_hook_active"] = True
    assert said(stop, more) == Answer()


def test_codex_hears_only_what_it_understands() -> None:
    pre = heard("codex", "PreToolUse")
    name = "PreToolUse"
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "block", REASON)) == specific(
        name, permissionDecision="deny", permissionDecisionReason=WHY
    )
    asked = spoken(pre, outcome(P.PRE_TOOL_USE, "ask", REASON))
    assert isinstance(asked, dict)
    assert asked["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert REASON in asked["hookSpecificOutput"]["permissionDecisionReason"]
    assert said(pre, outcome(P.PRE_TOOL_USE, "allow")) == Answer()
    assert spoken(pre, outcome(P.PRE_TOOL_USE, modified_input=CHANGED)) == specific(
        name, permissionDecision="allow", updatedInput=CHANGED
    )
    # A changed input beside a question must not pass for an approval.
    both = spoken(pre, outcome(P.PRE_TOOL_USE, "ask", modified_input=CHANGED))
    assert isinstance(both, dict)
    assert both["hookSpecificOutput"]["permissionDecision"] == "deny"
    compact = said(heard("codex", "PreCompact"), outcome(P.PRE_COMPACT, "block", REASON))
    assert compact == Answer(stderr=WHY + "\n", code=BLOCK)


def test_gemini_merges_so_what_is_taken_out_is_denied() -> None:
    before = heard("gemini", "BeforeTool")
    given = {"command": "ls", "dir": "src", "env": {"A": "1", "B": "2"}}
    assert spoken(before, outcome(P.PRE_TOOL_USE, "block", REASON)) == {
        "decision": "deny",
        "reason": WHY,
    }
    more = {**given, "command": "ls -l"}
    assert spoken(before, outcome(P.PRE_TOOL_USE, modified_input=more)) == specific(
        "BeforeTool", tool_input=more
    )
    for less in ({"command": "ls"}, {**given, "env": {"A": "1"}}, "text", None):
        told = said(before, outcome(P.PRE_TOOL_USE, modified_input=less))
        if less is None:
            assert told == Answer()
        else:
            assert json.loads(told.stdout)["decision"] == "deny"
    assert json.loads(said(before, outcome(P.PRE_TOOL_USE, "ask")).stdout)["decision"] == "deny"


def test_gemini_on_the_rest() -> None:
    hidden = outcome(P.POST_TOOL_USE, modified_output={"a": 1})
    assert spoken(heard("gemini", "AfterTool"), hidden) == {
        "decision": "deny",
        "reason": '{"a": 1}',
    }
    agent = heard("gemini", "BeforeAgent")
    assert spoken(agent, outcome(P.USER_PROMPT_SUBMIT, "block", REASON)) == {
        "decision": "deny",
        "reason": WHY,
    }
    lines = outcome(P.AGENT_START, additional_system_prompt=["a"])
    assert spoken(agent, lines) == specific("BeforeAgent", additionalContext="a")
    stop = Outcome(P.STOP, output={"reason": "go on"})
    assert spoken(heard("gemini", "AfterAgent"), stop) == {
        "decision": "deny",
        "reason": "go on",
    }


@pytest.mark.parametrize(
    "given",
    [
        outcome(P.PRE_TOOL_USE, "block", REASON),
        outcome(P.PRE_TOOL_USE, "block"),
        outcome(P.PRE_TOOL_USE, "ask"),
        outcome(P.PRE_TOOL_USE, modified_input=CHANGED),
        outcome(P.PRE_TOOL_USE, "block", "é" * 5000),
    ],
)
def test_jcode_blocks_with_a_text_whatever_it_cannot_do(given: Outcome) -> None:
    told = said(heard("jcode", "pre_tool"), given)
    assert (told.stdout, told.code) == ("", BLOCK)
    assert told.stderr.strip()
    assert len(told.stderr.encode()) <= 2000


def test_jcode_is_let_go_on_for_an_allow() -> None:
    assert said(heard("jcode", "pre_tool"), outcome(P.PRE_TOOL_USE, "allow")) == Answer()


def test_jcode_v2_in_its_own_words() -> None:
    pre = heard("jcode-v2", "PreToolUse")
    assert said(pre, outcome(P.PRE_TOOL_USE, "block", REASON)) == Answer(
        stderr=WHY + "\n", code=BLOCK
    )
    assert spoken(pre, outcome(P.PRE_TOOL_USE, "ask", modified_input=CHANGED)) == {
        "continue_": True,
        "decision": "ask",
        "hook_specific_output": {"permission_decision": "ask", "updated_input": CHANGED},
    }
    assert spoken(
        heard("jcode-v2", "UserPromptSubmit"),
        outcome(P.USER_PROMPT_SUBMIT, modified_prompt="new"),
    ) == {"continue_": True, "hook_specific_output": {"updated_prompt": "new"}}


def test_opencode_gets_what_its_file_acts_on() -> None:
    before = heard("opencode", "tool.execute.before")
    assert spoken(before, outcome(P.PRE_TOOL_USE, "block", REASON)) == {"throw": WHY}
    assert spoken(before, outcome(P.PRE_TOOL_USE, modified_input=CHANGED)) == {"args": CHANGED}
    asked = spoken(before, outcome(P.PRE_TOOL_USE, "ask"))
    assert isinstance(asked, dict)
    assert "throw" in asked
    permission = heard("opencode", "permission.ask")
    assert spoken(permission, outcome(P.PERMISSION_REQUEST, "deny")) == {"status": "deny"}
    assert said(permission, outcome(P.PERMISSION_REQUEST)) == Answer()
    prompt = outcome(P.USER_PROMPT_SUBMIT, modified_prompt="new")
    assert spoken(heard("opencode", "chat.message"), prompt) == {"prompt": "new"}


def test_what_only_watches_is_never_answered() -> None:
    for agent, name in (
        ("claude", "Notification"),
        ("jcode", "turn_end"),
        ("gemini", "Notification"),
    ):
        found = heard(agent, name)
        assert not found.decides
        assert (
            answer(
                found, {told.event: outcome(told.event, "block", REASON) for told in found.told}
            )
            == Answer()
        )


def test_what_two_events_of_one_hook_add_is_told_together() -> None:
    agent = heard("gemini", "BeforeAgent")
    prompt = outcome(P.USER_PROMPT_SUBMIT, modified_prompt="new")
    lines = outcome(P.AGENT_START, additional_system_prompt=["a", "b"])
    both = answer(agent, {prompt.event: prompt, lines.event: lines})
    told = json.loads(both.stdout)["hookSpecificOutput"]["additionalContext"]
    assert told.endswith("new\n\na\n\nb")
    block = outcome(P.USER_PROMPT_SUBMIT, "block", REASON)
    blocked = answer(agent, {block.event: block, lines.event: lines})
    assert json.loads(blocked.stdout) == {"decision": "deny", "reason": WHY}

"""The session that ``demo`` plays, chapter by chapter. See ``demo.py`` for how it is told."""

from host.audit import AuditEntry, Kind
from host.blocking import BlockingPluginHost
from host.cli.demo import DEADLINE_MS, GRACE_MS, Telling
from host.cli.show import compact
from host.events import PluginEvent
from host.outcome import Json, JsonObject, Outcome, PluginResult, Status

_SESSION = "demo"
_RETURNS_WITHIN = 20  # events, each of which waits for the restarting worker up to its deadline


def play(host: BlockingPluginHost, telling: Telling) -> None:
    """Play every chapter after the loading."""
    _start(host, telling)
    _commands(host, telling)
    _files(host, telling)
    _prompts(host, telling)
    _tools(host, telling)
    _hang(host, telling)
    _audit(host, telling)
    _latencies(host, telling)


def _send(
    host: BlockingPluginHost, telling: Telling, event: PluginEvent, **payload: Json
) -> Outcome:
    """Send one event and tell how it ended."""
    outcome = host.dispatch(event, {**payload, "session_id": _SESSION})
    what = payload.get("tool_input") or payload.get("content") or payload.get("model") or ""
    shown = what if isinstance(what, str) else compact(what)
    telling.say(f"{event.wire_name} {shown}", "cyan")
    said = f": {outcome.reason}" if outcome.reason else ""
    changed = {name: value for name, value in outcome.output.items() if name != "block"}
    told = f" {compact(changed)}" if changed else ""
    telling.say(f"  -> {outcome.action}{said}{told}   ({outcome.elapsed_ms:.1f} ms)")
    return outcome


def _bash(command: str) -> JsonObject:
    return {"tool_name": "bash", "tool_input": {"command": command}}


def _start(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The session starts")
    outcome = _send(
        host,
        telling,
        PluginEvent.SESSION_START,
        project_dir="project",
        model="some-model",
        provider="some-provider",
    )
    telling.check("plugins that only observe let it go on", outcome.action == "continue")
    prompt = _send(
        host,
        telling,
        PluginEvent.AGENT_START,
        system_prompt="You are a coding agent.",
        tools=[],
    )
    lines = prompt.output.get("additional_system_prompt")
    telling.check(
        "two plugins each add a line to the system prompt",
        isinstance(lines, list) and len(lines) == 2,
    )


def _commands(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The model runs commands")
    fine = _send(host, telling, PluginEvent.PRE_TOOL_USE, **_bash("ls -la"))
    telling.check("a harmless command goes on", fine.action == "continue" and not fine.output)
    bad = _send(host, telling, PluginEvent.PRE_TOOL_USE, **_bash("rm -rf /"))
    telling.check(
        "guard blocks rm -rf / and says why",
        bad.blocked and bad.blocked_by == "guard" and bad.reason,
    )
    changed = _send(host, telling, PluginEvent.PRE_TOOL_USE, **_bash("npm install"))
    expected = {"command": "pnpm install"}
    telling.check(
        "rewrite turns npm into pnpm", changed.output.get("modified_input") == expected
    )


def _files(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The model writes files")
    for path, is_blocked in (
        ("src/main.py", False),
        (".env", True),
        ("docs/../.git/hooks/pre-commit", True),
    ):
        payload: JsonObject = {
            "tool_name": "write",
            "tool_input": {"path": path, "content": "x"},
        }
        outcome = _send(host, telling, PluginEvent.PRE_TOOL_USE, **payload)
        by = "protect" if is_blocked else None
        told = f"protect keeps {path} as it is" if is_blocked else f"{path} may be written"
        telling.check(told, outcome.blocked == is_blocked and outcome.blocked_by == by)


def _prompts(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The user types")
    outcome = _send(host, telling, PluginEvent.USER_PROMPT_SUBMIT, content="!test please")
    prompt = outcome.output.get("modified_prompt")
    told = "a shorthand becomes a whole prompt"
    telling.check(
        told,
        isinstance(prompt, str)
        and prompt.startswith("Run the test suite")
        and prompt.endswith("please"),
    )


def _tools(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The model calls plugins' tools")
    offered = [tool.name for tool in host.tools()]
    telling.say(f"offered: {', '.join(offered)}")
    telling.say("tools that read run by themselves; about the others the user is asked")
    kept = host.call_tool(
        "plugin_note_add", {"text": "the build is green"}, session_id=_SESSION
    )
    telling.say(
        f'plugin_note_add {{"text": "the build is green"}} -> {kept.output}   ({kept.elapsed_ms:.1f} ms)'
    )
    _tell_question(telling)
    listed = host.call_tool("plugin_note_list", {}, session_id=_SESSION)
    telling.say(f"plugin_note_list {{}} -> {listed.output}   ({listed.elapsed_ms:.1f} ms)")
    telling.check(
        "a note is kept on disk and read back",
        kept.ok and listed.output == "the build is green",
    )
    removed = host.call_tool("plugin_note_remove", {"id": "1"}, session_id=_SESSION)
    _tell_question(telling)
    telling.say(f'plugin_note_remove {{"id": "1"}} -> {removed.error}')
    telling.check(
        "the user was asked twice: about adding, and about removing, which did not run",
        [answer for _, answer in telling.asked] == ["session", "deny"]
        and removed.code == "E_DENIED",
    )
    verdict = host.check_tool("bash", tier="exec", args={"command": "ls"}, session_id=_SESSION)
    host.set_mode("dont_ask")
    refused = host.check_tool("bash", tier="exec", args={"command": "pwd"}, session_id=_SESSION)
    host.set_mode("default")
    telling.say(f"in mode dont_ask: {refused.reason}")
    telling.check(
        "the agent's own bash passes the same gate, and is denied where nobody may be asked",
        verdict.allowed and not refused.allowed,
    )
    command = host.run_command("journal", "", session_id=_SESSION)
    telling.say(f"/journal -> {compact(command.output)}")
    entries = command.output if isinstance(command.output, list) else []
    first = entries[0] if entries else None
    telling.check(
        "the journal has this session",
        isinstance(first, dict) and first.get("session") == _SESSION,
    )


def _tell_question(telling: Telling) -> None:
    """The last question that the user had, and the answer."""
    if telling.asked:
        question, answer = telling.asked[-1]
        telling.say(
            f"{question.plugin} wants to run {question.tool} ({question.tier}) {question.summary}: {answer}"
        )


def _of(outcome: Outcome, plugin: str) -> PluginResult | None:
    return next((result for result in outcome.results if result.plugin == plugin), None)


def _pid(host: BlockingPluginHost, plugin: str) -> int | None:
    return next(
        (info.pids[0] for info in host.plugins() if info.name == plugin and info.pids), None
    )


def _seen(host: BlockingPluginHost) -> int:
    """How many tool calls hang's worker remembers; -1 when it does not say."""
    output = host.call_tool("hang_seen", {}, session_id=_SESSION).output
    return output if isinstance(output, int) else -1


def _hang(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("One plugin never returns")
    before, seen_before = _pid(host, "hang"), _seen(host)
    outcome = _send(host, telling, PluginEvent.PRE_TOOL_USE, **_bash("hang on"))
    for result in outcome.results:
        telling.say(
            f"  {result.plugin:<10} {result.status.value:<10} {result.elapsed_ms:7.1f} ms"
        )
    hung, guard = _of(outcome, "hang"), _of(outcome, "guard")
    told = f"hang runs while (true) and misses its deadline of {DEADLINE_MS} ms"
    telling.check(told, hung is not None and hung.status in (Status.TIMED_OUT, Status.KILLED))
    in_time = (
        guard is not None
        and guard.status is Status.ANSWERED
        and guard.elapsed_ms < DEADLINE_MS / 2
    )
    telling.check("guard answers the same event in time", in_time)
    limit_ms = DEADLINE_MS + GRACE_MS
    telling.check(
        f"the agent has its outcome within {limit_ms} ms", outcome.elapsed_ms < limit_ms
    )

    blocked = _send(host, telling, PluginEvent.PRE_TOOL_USE, **_bash("rm -rf /"))
    telling.check(
        "guard blocks as before, while hang's worker is being replaced",
        blocked.blocked_by == "guard",
    )

    back = None
    for _ in range(_RETURNS_WITHIN):
        back = _of(
            host.dispatch(PluginEvent.PRE_TOOL_USE, {**_bash("ls"), "session_id": _SESSION}),
            "hang",
        )
        if back is not None and back.status is Status.ANSWERED:
            break
    after = _pid(host, "hang")
    killed = host.audit.recent(1000, plugin="hang", kind=Kind.KILLED)
    telling.say(
        f"  pid {before} was killed ({killed[-1].detail if killed else '?'}); pid {after} serves now"
    )
    telling.check("its worker was killed", len(killed) == 1)
    is_back = back is not None and back.status is Status.ANSWERED
    telling.check("a new one is back and answers", is_back and after not in (None, before))
    telling.check(
        "it started from nothing: its variables are gone", 0 < _seen(host) < seen_before
    )


def _audit(host: BlockingPluginHost, telling: Telling) -> None:
    telling.chapter("The audit trail")
    entries = [entry for entry in host.audit.recent(1000) if entry.kind is not Kind.LOADED]
    for entry in entries[-12:]:
        telling.say(
            f"{entry.seq:>3}  {entry.kind.value:<10} {entry.plugin:<10} {_detail(entry)}"
        )
    kinds = {entry.kind for entry in entries}
    telling.check(
        "vetoes, tool calls, the kill and the restart are in it",
        {Kind.VETO, Kind.TOOL, Kind.KILLED, Kind.RESTART} <= kinds,
    )


def _detail(entry: AuditEntry) -> str:
    event = f"{entry.event.wire_name}: " if entry.event is not None else ""
    text = f"{event}{entry.detail}"
    return text if len(text) <= 90 else f"{text[:89]}\u2026"


def _latencies(host: BlockingPluginHost, telling: Telling) -> None:
    host.unload("hang")
    payload: JsonObject = {**_bash("ls"), "session_id": _SESSION}
    bad: JsonObject = {**_bash("rm -rf /"), "session_id": _SESSION}
    telling.measure(
        "PreToolUse to four plugins, continue",
        lambda: host.dispatch(PluginEvent.PRE_TOOL_USE, payload),
    )
    telling.measure(
        "PreToolUse to four plugins, blocked",
        lambda: host.dispatch(PluginEvent.PRE_TOOL_USE, bad),
    )
    turn: JsonObject = {"session_id": _SESSION, "turn_number": 1, "duration_ms": 1}
    telling.measure("TurnEnd to one plugin", lambda: host.dispatch(PluginEvent.TURN_END, turn))
    telling.measure(
        "TurnStart to nobody",
        lambda: host.dispatch(PluginEvent.TURN_START, {"session_id": _SESSION}),
    )
    telling.measure(
        "a tool call, PreToolUse and PostToolUse included",
        lambda: host.call_tool("note_list", {}),
    )

"""Every shape of a handler's answer, through a real worker."""

from collections.abc import Iterator

import pytest

from host import BlockingPluginHost, Status
from host.outcome import JsonObject
from tests.integration.host_support import Write, bash, on, plugin, result_of

# name -> (what the handler does, reason of the block)
BLOCKS = {
    "field": ('return { block: "why" };', "why"),
    "flag": ("return { block: true };", "blocked by shapes"),
    "flag_and_reason": ('return { block: true, reason: "why" };', "why"),
    "action_and_text": ('return { action: "block", output: "why" };', "why"),
    "action_and_reason": ('return { action: "block", reason: "why" };', "why"),
    "action_and_fields": ('return { action: "block", output: { block: "why" } };', "why"),
    "action_object": ('return { action: { block: "why" } };', "why"),
    "bare_action": ('return { action: "block" };', "blocked by shapes"),
    "deny_action": ('return { action: "deny", output: "why" };', "why"),
    "deny_object": ('return { action: { deny: "why" } };', "why"),
    "written": ('output.block = "why";', "why"),
    "written_flag": ("output.block = true;", "blocked by shapes"),
    "written_beside_a_rewrite": (
        'output.block = "why"; return { modified_input: { command: "true" } };',
        "why",
    ),
    "written_before_a_throw": ('output.block = "why"; throw new Error("later");', "why"),
    "beside_an_unknown_field": ('return { block: "why", nonsense: 1 };', "why"),
    "beside_an_unreadable_field": (
        'return { get nonsense() { throw new Error("no"); }, block: "why" };',
        "why",
    ),
    "own_beside_inherited": (
        'return Object.assign(Object.create({ action: "continue" }), { block: "why" });',
        "why",
    ),
}

CONTINUES = {
    "undefined": "return undefined;",
    "nothing": "",
    "empty": "return {};",
    "action": 'return { action: "continue" };',
    "block_false": "return { block: false };",
    "block_null": "return { block: null };",
    "inherited_block": 'return Object.create({ block: "why", action: "block" });',
    "polluted_prototype": (
        'Object.prototype.block = "why"; queueMicrotask(() => { delete Object.prototype.block; });'
        " return {};"
    ),
}

REWRITES = {
    "field": 'return { modified_input: { command: "new" } };',
    "camel_case": 'return { modifiedInput: { command: "new" } };',
    "action_and_fields": 'return { action: "continue", output: { modified_input: { command: "new" } } };',
    "action_and_camel_case": 'return { action: "continue", output: { modifiedInput: { command: "new" } } };',
    "written": 'output.modified_input = { command: "new" };',
    "written_camel_case": 'output.modifiedInput = { command: "new" };',
    "the_changed_event": 'event.tool_input.command = "new"; return { modified_input: event.tool_input };',
    "class_instance": (
        "class Input { constructor() { this.command = 'new'; } other() {} }"
        " return { modified_input: new Input() };"
    ),
}

# name -> (what the handler does, a part of the error)
MISTAKES = {
    "throw": ('throw new Error("my mistake");', "my mistake"),
    "throw_a_type": ('throw new TypeError("my mistake");', "TypeError: my mistake"),
    "throw_a_text": ('throw "my mistake";', "my mistake"),
    "throw_nothing": ("throw undefined;", "undefined"),
    "reject": ('return Promise.reject(new Error("my mistake"));', "my mistake"),
    "error_action": ('return { action: "error", error: "my mistake" };', "my mistake"),
    "error_object": ('return { action: { error: "my mistake" } };', "my mistake"),
    "error_text": ('return { action: "error", output: "my mistake" };', "my mistake"),
    "bare_error": ('return { action: "error" };', "error"),
    "number": ("return 42;", "number"),
    "text": ('return "block";', "string"),
    "null": ("return null;", "null"),
    "true": ("return true;", "boolean"),
    "array": ("return [];", "array"),
    "function": ("return () => 1;", "function"),
    "unknown_field": ("return { blok: true };", "blok"),
    "field_of_another_event": ('return { modified_prompt: "x" };', "modified_prompt"),
    "block_number": ("return { block: 5 };", "block"),
    "block_empty": ('return { block: "" };', "block"),
    "unknown_action": ('return { action: "explode" };', "explode"),
    "action_number": ("return { action: 7 };", "action"),
    "input_text": ('return { modified_input: "ls" };', "modified_input"),
    "input_array": ("return { modified_input: [] };", "modified_input"),
    "output_number": ('return { action: "continue", output: 3 };', "output"),
    "cycle": ("const a = {}; a.a = a; return { modified_input: a };", "modified_input"),
    "bigint": ("return { modified_input: { n: 1n } };", "modified_input"),
    "reason_alone": ('return { reason: "why" };', "reason"),
    "thenable": ("return { then(done) { done({ block: true }); } };", "then"),
}


def _handlers() -> str:
    rows = []
    tables = {
        "blocks": {name: body for name, (body, _) in BLOCKS.items()},
        "continues": CONTINUES,
        "rewrites": REWRITES,
        "mistakes": {name: body for name, (body, _) in MISTAKES.items()},
    }
    for table, bodies in tables.items():
        for name, body in bodies.items():
            rows.append(f"{table}_{name}(event, output, ctx) {{ {body} }}")
            rows.append(f"async {table}_{name}_async(event, output, ctx) {{ {body} }}")
            rows.append(
                f"async {table}_{name}_later(event, output, ctx) {{ await null; {body} }}"
            )
    return plugin(
        "const shapes = {\n" + ",\n".join(rows) + "\n};\n"
        'pi.on("PreToolUse", (event, output, ctx) => shapes[event.tool_name](event, output, ctx));'
    )


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingPluginHost]:
    """One host for the whole file: every answer is a handler of one plugin."""
    root = tmp_path_factory.mktemp("shapes")
    (root / "shapes.js").write_text(_handlers())
    with BlockingPluginHost(home=root / "home", project_dir=root) as host:
        host.load(root / "shapes.js")
        yield host


def _ask(host: BlockingPluginHost, name: str) -> JsonObject:
    outcome = host.dispatch(
        "PreToolUse", {"tool_name": name, "tool_input": {"command": "old"}, "session_id": "s"}
    )
    shown = outcome.to_json()
    del shown["elapsed_ms"], shown["generation"]
    return shown


WAYS = pytest.mark.parametrize("way", ["", "_async", "_later"])


@WAYS
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_understood(shapes: BlockingPluginHost, name: str, way: str) -> None:
    """However it is said, a block blocks, with its reason."""
    outcome = _ask(shapes, f"blocks_{name}{way}")

    reason = BLOCKS[name][1]
    assert (outcome["action"], outcome["blocked_by"], outcome["reason"]) == (
        "block",
        "shapes",
        reason,
    )
    assert outcome["output"] == {"block": reason}


@WAYS
@pytest.mark.parametrize("name", CONTINUES)
def test_nothing_said_is_a_continue(shapes: BlockingPluginHost, name: str, way: str) -> None:
    """What decides nothing lets the event go on, and is no error."""
    outcome = _ask(shapes, f"continues_{name}{way}")

    (result,) = outcome["results"]  # type: ignore[misc]
    assert outcome["action"] == "continue"
    assert outcome["output"] == {}
    assert (result["status"], result["error"]) == ("answered", None)  # type: ignore[call-overload,index]


@WAYS
@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_is_understood(shapes: BlockingPluginHost, name: str, way: str) -> None:
    """Returned or written, in both spellings, the new input is in the outcome."""
    outcome = _ask(shapes, f"rewrites_{name}{way}")

    assert outcome["action"] == "continue"
    assert outcome["output"] == {"modified_input": {"command": "new"}}


# An async function adopts whatever has a ``then``: that is the language, and no mistake.
MISTAKEN_WAYS = [
    (name, way)
    for name in MISTAKES
    for way in ("", "_async", "_later")
    if not (name == "thenable" and way)
]


@pytest.mark.parametrize(("name", "way"), MISTAKEN_WAYS)
def test_a_mistake_is_an_error_of_the_handler(
    shapes: BlockingPluginHost, name: str, way: str
) -> None:
    """Anything else is that handler's error, with words, and the event goes on."""
    outcome = _ask(shapes, f"mistakes_{name}{way}")

    (result,) = outcome["results"]  # type: ignore[misc]
    assert outcome["action"] == "continue"
    assert outcome["output"] == {}
    assert result["status"] == "failed"  # type: ignore[call-overload,index]
    assert MISTAKES[name][1] in result["error"]  # type: ignore[call-overload,index,operator]


# event, payload, handler, action, output of the outcome
OTHER_EVENTS: list[tuple[str, JsonObject, str, str, JsonObject]] = [
    (
        "PermissionRequest",
        {"action": "shell", "session_id": "s"},
        'return { decision: "deny", message: "no" };',
        "deny",
        {"decision": "deny", "message": "no"},
    ),
    (
        "PermissionRequest",
        {"action": "shell", "session_id": "s"},
        'return { block: "no" };',
        "deny",
        {"decision": "deny", "message": "no"},
    ),
    (
        "PermissionRequest",
        {"action": "shell", "session_id": "s"},
        'return { action: "ask" };',
        "ask",
        {"decision": "ask"},
    ),
    (
        "PermissionRequest",
        {"action": "shell", "session_id": "s"},
        'output.decision = "ask"; output.message = "sure?";',
        "ask",
        {"decision": "ask", "message": "sure?"},
    ),
    (
        "PreCompact",
        {"session_id": "s"},
        "return { prevent: true };",
        "block",
        {"prevent": True},
    ),
    (
        "SessionBeforeSwitch",
        {"session_id": "s", "reason": "resume", "target_session_id": "t"},
        "return { block: `${event.targetSessionId} is not safe` };",
        "block",
        {"cancel": True, "block": "t is not safe"},
    ),
    (
        "SessionBeforeFork",
        {"session_id": "s", "entry_id": "e", "position": "at"},
        "output.cancel = true;",
        "block",
        {"cancel": True, "block": "blocked by p"},
    ),
    (
        "PreCompact",
        {"session_id": "s"},
        'return { action: "block", output: "not now" };',
        "block",
        {"prevent": True},
    ),
    (
        "PreCompact",
        {"session_id": "s", "system_prompt": "old"},
        'return { system_prompt: "new", instructions: "keep names" };',
        "continue",
        {"system_prompt": "new", "instructions": "keep names"},
    ),
    (
        "UserPromptSubmit",
        {"content": "hi", "session_id": "s"},
        "return { modified_prompt: event.content.toUpperCase() };",
        "continue",
        {"modified_prompt": "HI"},
    ),
    (
        "UserPromptSubmit",
        {"content": "hi", "session_id": "s"},
        'return { action: "block", output: "handled" };',
        "block",
        {"block": "handled"},
    ),
    (
        "PostToolUse",
        {"tool_name": "t", "tool_output": {"a": 1}, "session_id": "s"},
        "return { modified_output: { a: event.tool_output.a + 1 } };",
        "continue",
        {"modified_output": {"a": 2}},
    ),
    (
        "PostToolUse",
        {"tool_name": "t", "tool_output": "secret", "session_id": "s"},
        "return { modified_output: null };",
        "continue",
        {"modified_output": None},
    ),
    (
        "AgentStart",
        {"session_id": "s", "system_prompt": "p"},
        'return { additional_system_prompt: "one line" };',
        "continue",
        {"additional_system_prompt": ["one line"]},
    ),
    (
        "AgentStart",
        {"session_id": "s", "system_prompt": "p"},
        'return { additionalSystemPrompt: ["one", "two"] };',
        "continue",
        {"additional_system_prompt": ["one", "two"]},
    ),
    (
        "Stop",
        {"session_id": "s"},
        'return { reason: "go on" };',
        "continue",
        {"reason": "go on"},
    ),
    (
        "Notification",
        {"level": "info", "message": "m"},
        "return { suppress: true };",
        "continue",
        {"suppress": True},
    ),
    (
        "Notification",
        {"level": "info", "message": "m"},
        "return { modifiedMessage: event.message + '!' };",
        "continue",
        {"modified_message": "m!"},
    ),
]


@pytest.mark.parametrize(
    ("event", "payload", "body", "action", "output"),
    OTHER_EVENTS,
    ids=[f"{row[0]}-{n}" for n, row in enumerate(OTHER_EVENTS)],
)
def test_each_event_takes_its_own_outputs(
    host: BlockingPluginHost,
    write: Write,
    event: str,
    payload: JsonObject,
    body: str,
    action: str,
    output: JsonObject,
) -> None:
    """The outputs of the event table arrive in the outcome under their own names."""
    host.load(write("p.js", on(event, body)))

    outcome = host.dispatch(event, payload)

    assert (outcome.action, outcome.output) == (action, output)
    assert outcome.results[0].status is Status.ANSWERED


def test_a_block_of_an_event_that_cannot_be_blocked_is_told(
    host: BlockingPluginHost, write: Write
) -> None:
    """A veto where none is possible is not silently dropped."""
    host.load(write("p.js", on("TurnStart", 'return { block: "no" };')))

    outcome = host.dispatch("TurnStart", {"session_id": "s"})

    assert outcome.action == "continue"
    assert "block" in (outcome.results[0].error or "")


def test_an_error_of_one_handler_does_not_cost_the_rewrite_of_another(
    host: BlockingPluginHost, write: Write
) -> None:
    """Handlers of one plugin stand for themselves; what failed is told beside what counts."""
    body = """
      pi.on("PreToolUse", () => { throw new Error("mine"); });
      pi.on("PreToolUse", () => ({ modified_input: { command: "new" } }));
    """
    host.load(write("p.js", plugin(body)))

    outcome = host.dispatch("PreToolUse", bash("old"))

    assert outcome.output == {"modified_input": {"command": "new"}}
    assert "mine" in (outcome.results[0].error or "")


def test_an_error_names_the_authors_file_and_line(
    host: BlockingPluginHost, write: Write
) -> None:
    """Positions are those of the source, not of what was built from it."""
    source = 'import { fail } from "./lib/fail.ts";\n' + on("PreToolUse", "fail();")
    path = write("p.ts", source)
    write(
        "lib/fail.ts",
        "type T = string;\n\nexport function fail(): T {\n  throw new Error('no');\n}\n",
    )
    host.load(path)

    error = result_of(host.dispatch("PreToolUse", bash()), "p").error or ""

    assert "lib/fail.ts:4" in error
    assert "p.ts:3" in error
    assert "<input>" not in error

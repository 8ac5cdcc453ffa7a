"""Tools from end to end: names, schemas, hooks around a call, turns, and what an agent is told."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginHost, Status, Timeouts, ToolError
from host.audit import Kind
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin, yes, yes_soon


@pytest.fixture
def host(make_host: MakeHost) -> BlockingPluginHost:
    """A host whose person agrees to every call: what the gate decides is tested elsewhere."""
    return make_host(approver=yes)


ECHO = plugin("""
  pi.registerTool({
    name: "echo", description: "says it again", tier: "read",
    parameters: { type: "object", properties: { text: { type: "string" }, n: { type: "integer" } }, required: ["text"] },
    handler: (params, ctx) => ({ output: params.text, metadata: { params, session: ctx.sessionId } }),
  });
""")


@pytest.mark.parametrize("name", ["plugin_echo", "plugin:echo", "echo"])
def test_a_tool_is_found_under_its_names(
    host: BlockingPluginHost, write: Write, name: str
) -> None:
    """As agents see it, as people write it, and bare."""
    host.load(write("p.js", ECHO))

    result = host.call_tool(name, {"text": "hi"}, session_id="s")

    assert (result.ok, result.output, result.tool, result.plugin) == (
        True,
        "hi",
        "plugin_echo",
        "p",
    )
    assert result.metadata == {"params": {"text": "hi"}, "session": "s"}
    (entry,) = audited(host, Kind.TOOL)
    assert entry.code == "ok"
    assert entry.data is not None
    assert entry.data["tool"] == "plugin_echo"


def test_a_tool_whose_own_name_has_the_prefix(host: BlockingPluginHost, write: Write) -> None:
    """``plugin_x`` may be a bare name; the other one is not shadowed by it."""
    body = "".join(
        f'pi.registerTool({{ name: "{name}", description: "", handler: () => "{name}" }});'
        for name in ("x", "plugin_x")
    )
    host.load(write("p.js", plugin(body)))

    assert {tool.name for tool in host.tools()} == {"plugin_x", "plugin_plugin_x"}
    assert host.call_tool("plugin_x", {}).output == "x"
    assert host.call_tool("plugin_plugin_x", {}).output == "plugin_x"


BAD_INPUT: list[tuple[object, str]] = [
    ({}, "text"),
    ({"text": 1}, "text: 1 is not of type"),
    ({"text": "x", "n": 1.5}, "n: 1.5 is not of type"),
    ([], "must be an object"),
    ("x", "must be an object"),
]


@pytest.mark.parametrize(("params", "words"), BAD_INPUT)
def test_input_that_the_schema_refuses_never_reaches_the_worker(
    host: BlockingPluginHost, write: Write, params: object, words: str
) -> None:
    """Nor the hooks; the caller is told what and where."""
    host.load(write("p.js", ECHO))
    host.load(write("hook.js", on("PreToolUse", "throw new Error('called');")))

    with pytest.raises(ToolError, match="echo") as caught:
        host.call_tool("echo", params)  # type: ignore[arg-type]

    assert caught.value.code == "E_INVALID"
    assert words in str(caught.value)
    assert audited(host, Kind.FAILED) == []


def test_an_unknown_tool_names_the_nearest(host: BlockingPluginHost, write: Write) -> None:
    """And lists what there is."""
    host.load(write("p.js", ECHO))

    with pytest.raises(ToolError, match="did you mean plugin_echo") as caught:
        host.call_tool("ecko", {})
    assert caught.value.code == "E_NO_TOOL"
    with pytest.raises(ToolError, match="no command"):
        host.run_command("nothing")


UNUSABLE = {
    "wrong_type": '{ type: "nonsense" }',
    "remote_reference": '{ $ref: "https://example.com/schema.json" }',
    "file_reference": '{ $ref: "file:///etc/passwd" }',
    "bad_pattern": '{ properties: { a: { pattern: "(" } } }',
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_an_unusable_schema_is_an_error_of_the_call(
    host: BlockingPluginHost, write: Write, what: str
) -> None:
    """No reference is followed, and nothing runs unchecked."""
    body = (
        f'pi.registerTool({{ name: "t", description: "", parameters: {UNUSABLE[what]},'
        ' handler: () => "ran" });'
    )
    host.load(write("p.js", plugin(body)))

    with pytest.raises(ToolError, match="not a usable JSON Schema") as caught:
        host.call_tool("t", {"a": "x"})
    assert caught.value.code == "E_SCHEMA"


RESULTS: dict[str, tuple[str, JsonObject]] = {
    "text": ('"plain"', {"output": "plain"}),
    "number": ("42", {"output": 42}),
    "nothing": ("undefined", {"output": None}),
    "data": ("({ a: [1] })", {"output": {"a": [1]}}),
    "data_that_says_output": (
        '({ output: "x", lines: 3 })',
        {"output": {"output": "x", "lines": 3}},
    ),
    "full": (
        '({ output: "x", title: "T", metadata: { m: 1 }, images: ["i"] })',
        {"output": "x", "title": "T", "metadata": {"m": 1}, "images": ["i"]},
    ),
    "blocks": (
        '({ content: [{ type: "text", text: "a" }, { type: "image", data: "AA==", mimeType: "image/png" },'
        ' { type: "text", text: "b" }], details: { d: 1 } })',
        {
            "output": "a\nb",
            "details": {"d": 1},
            "content": [
                {"type": "text", "text": "a"},
                {"type": "image", "data": "AA==", "mimeType": "image/png"},
                {"type": "text", "text": "b"},
            ],
        },
    ),
    "promise": ('pi.sleep(1).then(() => "later")', {"output": "later"}),
}


@pytest.mark.parametrize("what", RESULTS)
def test_every_shape_of_a_result(host: BlockingPluginHost, write: Write, what: str) -> None:
    """Text, data, the full object, content blocks; now or later."""
    body = (
        f'pi.registerTool({{ name: "t", description: "", handler: () => {RESULTS[what][0]} }});'
    )
    host.load(write("p.js", plugin(body)))

    shown = host.call_tool("t", {}).to_json()

    assert shown["ok"] is True
    assert {key: shown[key] for key in RESULTS[what][1]} == RESULTS[what][1]


FAILURES = {
    "throw": ('{ throw new Error("mine"); }', "mine"),
    "reject": ('Promise.reject(new TypeError("mine"))', "TypeError: mine"),
    "is_error": ('({ content: [{ type: "text", text: "mine" }], isError: true })', "mine"),
    "function": ("() => 1", "function"),
    "cycle": ("{ const a = {}; a.a = a; return a; }", "E_"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_is_told_and_has_its_own_event(
    host: BlockingPluginHost, write: Write, what: str
) -> None:
    """PostToolUseFailure, not PostToolUse, and the error as the agent sees it."""
    body = f'pi.registerTool({{ name: "t", description: "", handler: () => {FAILURES[what][0]} }});'
    host.load(write("p.js", plugin(body)))
    watch = plugin("""
      const seen = [];
      for (const name of ["PostToolUse", "PostToolUseFailure"]) {
        pi.on(name, (event) => { seen.push(`${event.event} ${event.tool_name} ${event.error}`); });
      }
      pi.registerCommand("seen", { handler: () => ({ output: seen }) });
    """)
    host.load(write("watch.js", watch))

    result = host.call_tool("t", {})

    assert not result.ok
    if what != "cycle":
        assert FAILURES[what][1] in (result.error or "")
    assert host.run_command("seen").output == [f"PostToolUseFailure plugin_t {result.error}"]
    (entry,) = audited(host, Kind.TOOL)
    assert entry.code != "ok"


# The hooks around a call.


def test_a_hook_sees_the_call_and_may_block_it(host: BlockingPluginHost, write: Write) -> None:
    """The tool does not run, and the agent is told whose word it was."""
    counted = plugin("""
      let runs = 0;
      pi.registerTool({ name: "t", description: "", handler: () => { runs += 1; } });
      pi.registerCommand("runs", { handler: () => ({ output: runs }) });
    """)
    host.load(write("p.js", counted))
    body = "return { block: `${event.toolName} ${event.toolInput.a} ${event.sessionId}` };"
    host.load(write("guard.js", on("PreToolUse", body)))

    result = host.call_tool("t", {"a": 1}, session_id="s")

    assert (result.ok, result.status, result.code) == (False, "blocked", "E_BLOCKED")
    assert result.error == "plugin_t 1 s"
    assert host.run_command("runs").output == 0


def test_a_rewritten_input_is_what_the_tool_gets(
    host: BlockingPluginHost, write: Write
) -> None:
    """And what the events after it name."""
    host.load(write("p.js", ECHO))
    hook = plugin("""
      pi.on("PreToolUse", (event) => ({ modified_input: { text: event.tool_input.text + "!" } }));
      pi.on("PostToolUse", (event) => ({ modified_output: [event.tool_input.text, event.tool_output] }));
    """)
    host.load(write("hook.js", hook))

    result = host.call_tool("echo", {"text": "hi"})

    assert result.output == ["hi!", "hi!"]
    assert result.metadata == {"params": {"text": "hi!"}, "session": ""}


def test_a_rewritten_input_is_validated_again(host: BlockingPluginHost, write: Write) -> None:
    """A hook cannot give a tool what its schema refuses."""
    host.load(write("p.js", ECHO))
    host.load(write("hook.js", on("PreToolUse", "return { modified_input: { text: 5 } };")))

    with pytest.raises(ToolError, match="text: 5 is not of type") as caught:
        host.call_tool("echo", {"text": "hi"})
    assert caught.value.code == "E_INVALID"


def test_a_changed_output_of_blocks_stays_blocks(
    host: BlockingPluginHost, write: Write
) -> None:
    """The text that goes with them follows."""
    blocks = 'pi.registerTool({ name: "t", description: "", handler: () => ({ content: [{ type: "text", text: "secret" }] }) });'
    host.load(write("p.js", plugin(blocks)))
    body = (
        "return { modified_output: event.tool_output.map((b) => ({ ...b, text: 'hidden' })) };"
    )
    host.load(write("hook.js", on("PostToolUse", body)))

    result = host.call_tool("t", {})

    assert result.content == ({"type": "text", "text": "hidden"},)
    assert result.output == "hidden"


def test_exact_integers_reach_a_tool_as_far_as_javascript_can(
    host: BlockingPluginHost, write: Write
) -> None:
    """A rewrite beside them does not round them for whoever comes after."""
    host.load(write("p.js", ECHO))
    host.load(
        write(
            "hook.js",
            on(
                "PreToolUse",
                "event.tool_input.text = 'x'; return { modified_input: event.tool_input };",
            ),
        )
    )
    seen = on("PostToolUse", "")
    host.load(write("seen.js", seen))

    result = host.call_tool("echo", {"text": "a", "n": 2**53 - 1})

    assert result.metadata == {"params": {"text": "x", "n": 2**53 - 1}, "session": ""}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_not_sent_as_null(
    host: BlockingPluginHost, write: Write, value: float
) -> None:
    """The tool would get another value than its caller gave."""
    body = 'pi.registerTool({ name: "t", description: "", handler: (p) => String(p.n) });'
    host.load(write("p.js", plugin(body)))

    result = host.call_tool("t", {"n": value})

    assert not result.ok
    assert "E_UNDELIVERED" in (result.error or "")


# Turns.

TURNS = plugin("""
  let running = 0;
  let most = 0;
  const run = async () => {
    running += 1;
    most = Math.max(most, running);
    await pi.sleep(2);
    running -= 1;
    return { output: most };
  };
  for (const tier of ["write", "exec"]) {
    pi.registerTool({ name: tier, description: "", tier, handler: run });
  }
  pi.registerTool({ name: "undeclared", description: "", handler: run });
  let arrived = 0;
  let open;
  const all = new Promise((done) => { open = done; });
  pi.registerTool({ name: "together", description: "", tier: "read", handler: () => {
    arrived += 1;
    if (arrived === 6) open();
    return all;
  } });
""")


@pytest.mark.asyncio
async def test_reading_tools_run_side_by_side(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """None of the six ends before all of them run."""
    async with PluginHost(
        home=tmp_path / "home", project_dir=tmp_path, approver=yes_soon
    ) as host:
        await host.load(write("p.js", TURNS))

        results = await asyncio.gather(*(host.call_tool("together", {}) for _ in range(6)))

    assert all(result.ok for result in results)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "names",
    [
        ["write"] * 6,
        ["exec"] * 6,
        ["undeclared"] * 6,
        ["write", "exec", "write", "undeclared"],
    ],
    ids=["write", "exec", "undeclared", "mixed"],
)
async def test_tools_that_change_something_take_turns(
    tmp_path: Path, write: Write, nothing_stays: None, names: list[str]
) -> None:
    """One at a time for each plugin; an undeclared tier is the strictest one."""
    async with PluginHost(
        home=tmp_path / "home", project_dir=tmp_path, approver=yes_soon
    ) as host:
        await host.load(write("p.js", TURNS))

        results = await asyncio.gather(*(host.call_tool(name, {}) for name in names))

    assert [result.output for result in results] == [1] * len(names)


def test_two_plugins_do_not_wait_for_each_others_turn(
    host: BlockingPluginHost, write: Write
) -> None:
    """One's tool ends only when the other's has run."""
    waits = plugin("""
      let open;
      const opened = new Promise((done) => { open = done; });
      pi.registerTool({ name: "waits", description: "", handler: () => opened });
      pi.on("Stop", () => { open("opened"); });
    """)
    host.load(write("a.js", waits))
    host.load(write("b.js", ECHO))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(host.call_tool, "waits", {})
        assert host.call_tool("echo", {"text": "x"}).ok
        host.dispatch("Stop", {"session_id": "s"})
        assert waiting.result().output == "opened"


def test_an_event_behind_a_busy_tool_does_not_cost_the_worker(
    make_host: MakeHost, write: Write
) -> None:
    """The event is busy, the tool finishes: who waits behind is never the reason for a kill."""
    host = make_host(
        Config(timeouts=Timeouts(actionable_ms=200, max_busy_ms=20_000)), approver=yes
    )
    busy = plugin("""
      pi.registerTool({ name: "busy", description: "", handler: () => {
        const until = Date.now() + 1500;
        while (Date.now() < until);
        return "done";
      } });
      pi.on("TurnStart", () => {});
    """)
    host.load(write("p.js", busy))
    pids = host.plugins()[0].pids

    with ThreadPoolExecutor(1) as pool:
        tool = pool.submit(host.call_tool, "busy", {})
        (instance,) = host.workspace.plugin("p").all_instances()
        while instance.link is None or not instance.link.watchdog.has_entry:
            pass  # somebody is still asked whether it may run
        statuses = [
            host.dispatch("TurnStart", {"session_id": "s"}).results[0].status for _ in range(3)
        ]
        assert tool.result().output == "done"

    assert statuses == [Status.BUSY] * 3
    assert host.plugins()[0].pids == pids
    assert audited(host, Kind.KILLED) == []


# Registration.


def test_a_second_tool_of_one_name_is_refused_and_audited(
    host: BlockingPluginHost, write: Write
) -> None:
    """The first one stays what it was."""
    for name in ("first", "second"):
        body = f'pi.registerTool({{ name: "same", description: "{name}", handler: () => "{name}" }});'
        host.load(write(f"{name}.js", plugin(body)))

    assert [(tool.name, tool.plugin) for tool in host.tools()] == [("plugin_same", "first")]
    assert host.call_tool("same", {}).output == "first"
    refused = audited(host, Kind.REFUSED)
    assert refused
    assert all("same" in entry.detail and "second" in entry.detail for entry in refused)

    host.unload("first")
    assert host.call_tool("same", {}).output == "second"


def test_a_refusal_is_written_once(host: BlockingPluginHost, write: Write) -> None:
    """Not again for every change of somebody else's registrations."""
    for name in ("first", "second"):
        body = 'pi.registerTool({ name: "same", description: "", handler: () => 1 });'
        host.load(write(f"{name}.js", plugin(body)))
    for name in ("x", "y", "z"):
        host.load(write(f"{name}.js", on("Stop", "")))

    assert len(audited(host, Kind.REFUSED)) == 1


def test_registering_and_unregistering_is_seen_at_once(
    host: BlockingPluginHost, write: Write
) -> None:
    """By the host and by the plugin, in the middle of an event."""
    body = """
      const define = (name) => pi.registerTool({ name, description: name, handler: () => name });
      define("one");
      pi.on("TurnStart", () => { define("two"); pi.unregisterTool("one"); });
      pi.registerCommand("mine", { handler: () => ({ output: pi.getTools().map((t) => t.name) }) });
    """
    host.load(write("p.js", plugin(body)))
    assert [tool.name for tool in host.tools()] == ["plugin_one"]

    host.dispatch("TurnStart", {"session_id": "s"})

    assert [tool.name for tool in host.tools()] == ["plugin_two"]
    assert host.run_command("mine").output == ["two"]
    assert host.call_tool("two", {}).output == "two"
    with pytest.raises(ToolError, match="no tool 'one'"):
        host.call_tool("one", {})


def test_a_tool_registered_again_is_replaced(host: BlockingPluginHost, write: Write) -> None:
    """Of one plugin, the last one counts."""
    body = """
      for (const word of ["a", "b"]) {
        pi.registerTool({ name: "t", description: word, handler: () => word });
      }
    """
    host.load(write("p.js", plugin(body)))

    (tool,) = host.tools()
    assert tool.description == "b"
    assert host.call_tool("t", {}).output == "b"


BAD_DEFINITIONS = [
    "{ description: 'no name' }",
    "{ name: 'no description' }",
    "{ name: 'white space', description: '' }",
    "{ name: 'x', description: '', handler: 5 }",
    "{ name: 'x', description: '', tier: 'root' }",
    "{ name: 'x', description: '', parameters: [] }",
    "null",
    "'x'",
]


@pytest.mark.parametrize("definition", BAD_DEFINITIONS)
def test_a_bad_definition_throws_at_its_author(
    host: BlockingPluginHost, write: Write, definition: str
) -> None:
    """Where it was written, catchable, and nothing is registered."""
    body = f"""
      let told = "nothing";
      try {{ pi.registerTool({definition}); }} catch (error) {{ told = error.name; }}
      pi.registerCommand("told", {{ handler: () => ({{ output: told }}) }});
    """
    host.load(write("p.js", plugin(body)))

    assert host.run_command("told").output == "TypeError"
    assert host.tools() == []


def test_commands_of_one_name_are_numbered(host: BlockingPluginHost, write: Write) -> None:
    """As in pi: all are kept, in load order; their arguments are the raw text."""
    for name in ("a", "b"):
        body = f'pi.registerCommand("say", {{ handler: (args) => "{name}:" + args }});'
        host.load(write(f"{name}.js", plugin(body)))

    assert host.commands() == ["say", "say:2"]
    assert host.run_command("say", " x  y ").output == "a: x  y "
    assert host.run_command("/say:2", "z").output == "b:z"


def test_a_failing_command_is_told(host: BlockingPluginHost, write: Write) -> None:
    """In the same shape as a tool's failure."""
    body = 'pi.registerCommand("bad", { handler: async () => { throw new Error("mine"); } });'
    host.load(write("p.js", plugin(body)))

    result = host.run_command("bad")

    assert (result.ok, result.status) == (False, "failed")
    assert "mine" in (result.error or "")
    assert host.dispatch("PreToolUse", bash()).results == ()

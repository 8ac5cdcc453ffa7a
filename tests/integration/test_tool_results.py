"""What a tool tells while it runs, and what it said that it returns."""

import asyncio
import threading
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginHost, ToolUpdate
from host.audit import Kind
from host.hostcalls.updates import PER_S
from tests.integration.host_support import Write, audited, plugin


def tool(body: str, more: str = "", name: str = "work") -> str:
    return plugin(
        f'pi.registerTool({{ name: "{name}", description: "d", tier: "read", {more} {body} }});'
    )


@pytest.mark.parametrize(
    "body",
    [
        "async execute(id, params, signal, onUpdate, ctx) { onUpdate({ content: [{ type: 'text', text: 'half' }], details: { n: 1 } }); await ctx.sleep(1); return 'all'; }",
        "async execute(id, params, onUpdate, ctx, signal) { onUpdate({ content: [{ type: 'text', text: 'half' }], details: { n: 1 } }); await ctx.sleep(1); return 'all'; }",
        "async handler(params, ctx) { ctx.onUpdate({ content: [{ type: 'text', text: 'half' }], details: { n: 1 } }); await ctx.sleep(1); return 'all'; }",
    ],
    ids=["pi", "pi before 0.51", "jcode"],
)
def test_updates_come_while_it_runs(host: BlockingPluginHost, write: Write, body: str) -> None:
    """In every way to write a tool; when the call returns, all of them were heard."""
    host.load(write("work.js", tool(body)))
    heard: list[ToolUpdate] = []
    result = host.call_tool("work", {}, on_update=heard.append)

    assert (result.ok, result.output) == (True, "all")
    assert heard == [ToolUpdate("work", "half", ({"type": "text", "text": "half"},), {"n": 1})]
    assert host.call_tool("work", {}).output == "all"  # nobody listens


def test_a_listener_may_use_the_host_and_fail(
    host: BlockingPluginHost, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """It runs in a thread of its own; its mistakes are logged, and the call goes on."""
    host.load(
        write(
            "work.js",
            tool("handler(p, ctx) { ctx.onUpdate('a'); ctx.onUpdate('b'); return 1; }"),
        )
    )
    seen: list[tuple[object, int]] = []

    def listen(update: ToolUpdate) -> None:
        seen.append((update.output, len(host.plugins())))
        if update.output == "a":
            raise ValueError("mine")

    assert host.call_tool("work", {}, on_update=listen).ok
    assert seen == [("a", 1), ("b", 1)]
    assert "what listens" in caplog.text
    assert not [t for t in threading.enumerate() if t.name == "jcode-plugins-updates"]


def test_a_flood_of_updates_is_thinned(host: BlockingPluginHost, write: Write) -> None:
    """The result is not held up by them."""
    body = "handler(p, ctx) { for (let i = 0; i < 1000; i += 1) ctx.onUpdate(`${i}`); return 'done'; }"
    host.load(write("work.js", tool(body)))
    heard: list[ToolUpdate] = []
    assert host.call_tool("work", {}, on_update=heard.append).output == "done"
    assert 0 < len(heard) < 1000
    assert len(heard) >= PER_S


@pytest.mark.parametrize("given", ["() => {}", "[1n]", "{ content: 7 }", "'x'.repeat(300000)"])
def test_what_is_no_update_is_not_passed_on(
    host: BlockingPluginHost, write: Write, given: str
) -> None:
    """An author's mistake is an error where it is made, or data like any."""
    body = (
        f"handler(p, ctx) {{ try {{ ctx.onUpdate({given}); }} catch (e) {{}} return 'done'; }}"
    )
    host.load(write("work.js", tool(body)))
    heard: list[ToolUpdate] = []
    assert host.call_tool("work", {}, on_update=heard.append).output == "done"
    assert len(heard) <= 1
    assert all(len(str(update.output)) < 1000 for update in heard)


def test_the_agent_cancels_a_running_tool(tmp_path: Path) -> None:
    """Its signal is aborted in the worker; updates come on the loop."""

    async def cancel() -> object:
        body = "async execute(id, params, signal, onUpdate, ctx) { signal.addEventListener('abort', () => { why = signal.reason.code; }); onUpdate('began'); await new Promise(() => {}); }"
        path = tmp_path / "work.js"
        path.write_text(
            "let why = null;\n"
            + tool(body)
            + 'pi.registerTool({ name: "why", description: "d", tier: "read", handler: () => why });'
        )
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(path)
            began = asyncio.Event()
            task = asyncio.create_task(
                host.call_tool("work", {}, on_update=lambda _: began.set())
            )
            await asyncio.wait_for(began.wait(), 60)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while (why := (await host.call_tool("why", {})).output) is None:
                pass
            return why

    assert asyncio.run(cancel()) == "E_CANCELLED"


SCHEMA = '{ type: "object", required: ["n"], properties: { n: { type: "number" } } }'


@pytest.mark.parametrize("key", ["outputSchema", "returns"])
def test_a_result_is_what_the_tool_says_it_returns(
    host: BlockingPluginHost, write: Write, key: str
) -> None:
    """Judged by the host, also when it comes from an event's rewrite of nothing: what fits passes as it is."""
    host.load(
        write("work.js", tool("handler: (p) => ({ output: p.value })", f"{key}: {SCHEMA},"))
    )
    assert host.call_tool("work", {"value": {"n": 1}}).output == {"n": 1}

    wrong = host.call_tool("work", {"value": {"n": "one"}})
    assert (wrong.ok, wrong.code) == (False, "E_RESULT")
    assert "output of work: n:" in str(wrong.error)


@pytest.mark.parametrize("schema", ["7", "[]", '"x"'])
def test_what_is_no_schema_is_an_error_when_it_is_registered(
    host: BlockingPluginHost, write: Write, schema: str
) -> None:
    """For its author, at once."""
    from host import PluginLoadError

    with pytest.raises(PluginLoadError, match="outputSchema must be"):
        host.load(write("work.js", tool("handler: () => 1", f"outputSchema: {schema},")))


def test_a_schema_that_nobody_can_read_lets_nothing_pass(
    host: BlockingPluginHost, write: Write
) -> None:
    """It refers to something elsewhere, or is none."""
    for n, schema in enumerate(('{ type: "nonsense" }', '{ $ref: "http://x.test/y" }')):
        name = f"work{n}"
        host.load(
            write(f"{name}.js", tool("handler: () => 1", f"outputSchema: {schema},", name))
        )
        assert host.call_tool(name, {}).code == "E_RESULT"


PROVIDER = """
pi.registerProvider("local", { baseUrl: "http://127.0.0.1:8080/v1", api: "openai-completions", models: [{ id: "small", contextWindow: 8000 }], stream() {} });
"""


def test_providers_are_offered_where_they_are_allowed(make_host: object, write: Write) -> None:
    """As plain data, with whose it is; without the permission there is none, and the audit says why."""
    assert callable(make_host)
    path = write("models.js", plugin(PROVIDER))
    host: BlockingPluginHost = make_host(Config(allow={"providers": ("local",)}))
    host.load(path)
    (provider,) = host.providers()
    assert (provider.name, provider.plugin) == ("local", "models")
    assert provider.definition["baseUrl"] == "http://127.0.0.1:8080/v1"
    assert provider.definition["models"] == [{"id": "small", "contextWindow": 8000}]

    host.set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})
    assert host.providers() == []

    host = make_host(home="second")
    host.load(path)
    assert host.providers() == []
    assert [e.code for e in audited(host, Kind.DECISION, "models")] == ["deny.mode"]


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ('{ baseUrl: "file:///etc/passwd" }', "http or https"),
        ("{ baseUrl: 7 }", "baseUrl is a text"),
        ("{ models: 7 }", "models is a list"),
        ("{ models: [{}] }", "an id"),
        ('{ extra: "x".repeat(70000) }', "more than"),
    ],
)
def test_what_is_no_provider_is_left_out(
    make_host: object, write: Write, definition: str, problem: str
) -> None:
    """And that is said."""
    assert callable(make_host)
    host: BlockingPluginHost = make_host(Config(allow={"providers": ("*",)}))
    info = host.load(write("models.js", plugin(f'pi.registerProvider("p", {definition});')))
    assert host.providers() == []
    assert any(problem in told for told in info.registry.problems)


COMPLETES = plugin(
    """
    pi.registerCommand("deploy", {
      description: "d",
      getArgumentCompletions: (prefix) => ["prod", "preview"].filter((v) => v.startsWith(prefix))
        .map((value) => ({ value, label: value.toUpperCase() })),
      handler: (args) => `to ${args}`,
    });
    pi.registerCommand("plain", { handler: () => 1 });
    pi.registerCommand("odd", { getArgumentCompletions: async () => ["text", 7, {}, { value: "v", description: "d" }], handler: () => 1 });
    pi.registerCommand("bad", { getArgumentCompletions: () => { throw new Error("mine"); }, handler: () => 1 });
    """
)


def test_completions_of_a_command(host: BlockingPluginHost, write: Write) -> None:
    """What its plugin says, as far as it is usable; nothing for a command that offers none."""
    from host import Completion, ToolError

    host.load(write("deploy.js", COMPLETES))
    assert host.complete_command("/deploy", "pr") == [
        Completion("prod", "PROD"),
        Completion("preview", "PREVIEW"),
    ]
    assert host.complete_command("plain", "") == []
    assert host.complete_command("odd") == [
        Completion("text", "text"),
        Completion("v", "v", "d"),
    ]
    with pytest.raises(ToolError, match="mine"):
        host.complete_command("bad")
    with pytest.raises(ToolError, match="there is no command"):
        host.complete_command("none")
    assert host.run_command("deploy", "prod").output == "to prod"

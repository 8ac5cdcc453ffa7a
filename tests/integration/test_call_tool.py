"""pi.callTool: another plugin's tool, with the caller's permission and the tool's own gate, and nobody entered twice."""

import threading

import pytest

from host import BlockingPluginHost, Config, Question
from host.approvals import Answer
from host.audit import Kind
from host.config.model import Timeouts
from host.outcome import Json
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, plugin

ALLOWED = Config(allow={"tools": ("*:call",)})


def tool(name: str, body: str, *, tier: str = "read", more: str = "") -> str:
    """Source of a plugin with one tool."""
    return plugin(
        f'{more}\npi.registerTool({{ name: "{name}", description: "d of {name}", tier: "{tier}", '
        f"handler: async (params, ctx) => {{ {body} }} }});"
    )


GREET = tool("greet", "return { output: `hello ${params.who}`, title: 't' };")
RELAY = tool(
    "relay",
    """
    try { return await ctx.callTool(params.tool ?? "greet", params.params ?? { who: "you" }); }
    catch (e) { return { output: { code: e.code, message: e.message } }; }
    """,
)


def call(host: BlockingPluginHost, name: str = "relay", **params: Json) -> Json:
    result = host.call_tool(name, dict(params), session_id="s")
    assert result.ok, result.error
    return result.output


def code(host: BlockingPluginHost, name: str = "relay", **params: Json) -> Json:
    answer = call(host, name, **params)
    assert isinstance(answer, dict)
    return answer["code"]


def test_a_tool_of_another_plugin_answers(make_host: MakeHost, write: Write) -> None:
    """Through ctx and pi, by any of its names; the audit has the caller's permission and the call."""
    host = make_host(ALLOWED)
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", RELAY))
    host.load(
        write(
            "other.js",
            tool("other", 'return (await pi.callTool("greet", { who: "me" })).output;'),
        )
    )

    # What a tool returns is taken as a tool's result.
    assert call(host) == "hello you"
    assert call(host, tool="plugin_greet") == call(host, tool="plugin:greet") == "hello you"
    assert call(host, "other") == "hello me"
    (decision,) = audited(host, Kind.DECISION, "other")
    assert (decision.code, decision.data and decision.data["target"]) == (
        "allow.global",
        "greet:call",
    )
    assert [e.plugin for e in audited(host, Kind.TOOL)].count("greet") == 4


def test_a_plugin_needs_a_permission(make_host: MakeHost, write: Write) -> None:
    """Loading by hand lets it offer tools, and not call others'; whoever is denied a tool cannot call it either."""
    host = make_host()
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", RELAY))
    denied = call(host)
    assert denied == {
        "code": "E_DENIED",
        "message": "tools: greet:call: not allowed (deny.mode)",
    }

    config = Config(
        allow={"tools": ("*:call",)}, plugins={"relay": {"deny": {"tools": ("greet",)}}}
    )
    host = make_host(config, home="second")
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", RELAY))
    assert code(host) == "E_DENIED"


def test_the_manifest_asks_for_it(make_host: MakeHost, write: Write) -> None:
    """In the profile hardened it gets what it declares: requires_tools."""
    head = """
    export const manifest = { schema: "jcode-plugin.v2", name: "relay", capabilities: { register_tools: ["relay"], requires_tools: ["greet"] } };
    """
    host = make_host()
    host.load(write("greet.js", GREET))
    info = host.load(write("relay.js", head + RELAY))
    declared = info.manifest.declared()
    assert ("tools", "greet:call") in [(rule.kind, rule.pattern) for rule in declared]
    bound = info.manifest.bound()
    assert bound is not None
    assert ("tools", "greet:call") in [(rule.kind, rule.pattern) for rule in bound]


@pytest.mark.parametrize(("answer", "ok"), [("once", True), ("deny", False)])
def test_the_tool_passes_its_own_gate(
    make_host: MakeHost, write: Write, answer: Answer, ok: bool
) -> None:
    """A person is asked about an exec tool, told who calls it, and may think longer than the caller's deadline."""
    asked: list[Question] = []

    def person(question: Question) -> Answer:
        asked.append(question)
        return answer

    host = make_host(ALLOWED, approver=person)
    host.load(write("greet.js", tool("greet", "return 'done';", tier="exec")))
    host.load(write("relay.js", RELAY))

    assert (call(host) == "done") == ok
    (question,) = asked
    assert (question.plugin, question.tool, question.tier) == ("greet", "plugin_greet", "exec")
    assert "called by the plugin relay" in question.explanation


def test_schema_errors_and_failures_have_codes(make_host: MakeHost, write: Write) -> None:
    """For the caller's author; a tool's own error keeps its text, a rule stays on the host."""
    host = make_host(Config(allow={"tools": ("*:call",)}, deny={"tools": ("secret",)}))
    host.load(write("bad.js", tool("bad", "throw new Error('my own words');")))
    host.load(write("secret.js", tool("secret", "return 1;")))
    host.load(write("relay.js", RELAY))
    strict = plugin(
        'pi.registerTool({ name: "strict", description: "d", tier: "read", handler: () => 1,'
        ' parameters: { type: "object", required: ["n"], properties: { n: { type: "number" } } } });'
    )
    host.load(write("strict.js", strict))

    assert code(host, tool="strict") == "E_INVALID"
    assert code(host, tool="none_such") == "E_NOT_FOUND"
    failed = call(host, tool="bad")
    assert isinstance(failed, dict)
    assert "my own words" in str(failed["message"])
    denied = call(host, tool="secret")
    assert isinstance(denied, dict)
    assert denied["code"] == "E_DENIED"
    assert "config" not in str(denied["message"])


def test_who_may_veto_and_waits_is_not_passed_over(make_host: MakeHost, write: Write) -> None:
    """The caller guards tools itself: it cannot be asked, so its own call fails. Without the right it is skipped."""
    guarding = RELAY.replace(
        "export default (pi) => {", 'export default (pi) => { pi.on("PreToolUse", () => {});'
    )
    host = make_host(ALLOWED)
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", guarding))
    answer = call(host)
    assert isinstance(answer, dict)
    assert answer["code"] == "E_REENTRANT"
    assert "relay may veto PreToolUse" in str(answer["message"])

    milder = Config(allow={"tools": ("*:call",)}, deny={"events": ("PreToolUse:veto",)})
    host = make_host(milder, home="second")
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", guarding))
    assert call(host) == "hello you"
    assert [e.code for e in audited(host, Kind.REFUSED, "relay")] == ["reentrant"]


def test_another_guard_sees_the_call(make_host: MakeHost, write: Write) -> None:
    """It blocks what a plugin calls as it blocks what the agent calls."""
    host = make_host(ALLOWED)
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", RELAY))
    guard = plugin(
        'pi.on("PreToolUse", (e) => e.tool_name === "plugin_greet" && e.tool_input.who === "you" ? { block: "not you" } : undefined);'
    )
    host.load(write("guard.js", guard))

    blocked = call(host)
    assert blocked == {"code": "E_BLOCKED", "message": "not you"}
    assert call(host, params={"who": "me"}) == "hello me"


def test_a_circle_is_broken(make_host: MakeHost, write: Write) -> None:
    """a calls b, which calls a, through ctx or pi: the second entry into a is refused."""
    for way in ("ctx", "pi"):
        host = make_host(ALLOWED, home=way)
        for name, other in (("a", "b"), ("b", "a")):
            body = f"try {{ return await {way}.callTool('{other}', {{}}); }} catch (e) {{ return e.code; }}"
            host.load(write(f"{name}.js", tool(name, body)))
        assert call(host, "a") == "E_REENTRANT"


def test_calls_are_four_deep_at_most(make_host: MakeHost, write: Write) -> None:
    """The fifth is refused."""
    host = make_host(ALLOWED)
    for n in range(6):
        body = f"try {{ return 1 + (await ctx.callTool('t{n + 1}', {{}})).output; }} catch (e) {{ return `:${{e.code}}`; }}"
        host.load(write(f"t{n}.js", tool(f"t{n}", body)))

    assert call(host, "t0") == "1111:E_DEPTH"


def test_a_guard_that_calls_tools_does_not_go_round(make_host: MakeHost, write: Write) -> None:
    """A handler of PreToolUse calls a tool, which fires PreToolUse: it is on the stack already."""
    host = make_host(ALLOWED)
    host.load(write("greet.js", GREET))
    body = """
    let n = 0;
    pi.on("PreToolUse", async (event, output, ctx) => {
      n += 1;
      const how = await ctx.callTool("greet", { who: "you" }).then(() => "ok", (e) => e.code);
      return { block: `${n} ${how}` };
    });
    """
    host.load(write("guard.js", plugin(body)))
    result = host.call_tool("greet", {"who": "you"})
    assert (result.ok, result.error) == (False, "1 E_REENTRANT")


def test_a_child_has_no_longer_than_its_parent(make_host: MakeHost, write: Write) -> None:
    """The caller's deadline ends the call in the other plugin's worker as well."""
    host = make_host(ALLOWED)
    more = 'let ended = "no"; pi.registerTool({ name: "ended", description: "d", tier: "read", handler: () => ended });'
    slow = "try { await ctx.sleep(60000); } catch (e) { ended = e.code; throw e; }"
    host.load(write("slow.js", tool("slow", slow, more=more)))
    host.load(write("relay.js", RELAY))
    result = host.call_tool("relay", {"tool": "slow"}, timeout_s=0.5)
    assert result.code == "E_TIMED_OUT"
    while call(host, "ended") == "no":
        pass
    assert call(host, "ended") == "E_CANCELLED"
    assert host.workspace.plugin("relay").tool_calls == 0


def test_a_person_s_time_is_nobody_s(make_host: MakeHost, write: Write) -> None:
    """An event handler whose tool call is asked about outlives its deadline while a person thinks."""
    asked, may_answer = threading.Event(), threading.Event()

    def person(_: Question) -> Answer:
        asked.set()
        may_answer.wait(60)
        return "once"

    config = Config(allow={"tools": ("*:call",)}, timeouts=Timeouts(actionable_ms=700))
    host = make_host(config, approver=person)
    host.load(write("greet.js", tool("greet", "return 'done';", tier="exec")))
    asks = plugin(
        'pi.on("UserPromptSubmit", async (e, o, ctx) => ({ modified_prompt: (await ctx.callTool("greet", {})).output }));'
        'pi.on("Stop", async (e, o, ctx) => { await ctx.sleep(60000); });'
    )
    host.load(write("asks.js", asks))

    def answer_late() -> None:
        asked.wait(60)
        # A deadline of the same length passes meanwhile.
        host.dispatch("Stop", {"reason": "r", "session_id": "s"})
        may_answer.set()

    thread = threading.Thread(target=answer_late)
    thread.start()
    outcome = host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
    thread.join()
    assert outcome.output == {"modified_prompt": "done"}


def test_tools_are_listed(make_host: MakeHost, write: Write) -> None:
    """One's own and those that may be called; not those that are denied."""
    host = make_host(Config(allow={"tools": ("greet:call",)}))
    host.load(write("greet.js", GREET))
    host.load(write("hidden.js", tool("hidden", "return 1;")))
    host.load(
        write(
            "lists.js", tool("lists", "return pi.getAllTools().map((t) => [t.name, t.plugin]);")
        )
    )
    assert call(host, "lists") == [["greet", "greet"], ["lists", "lists"]]


def test_an_instance_of_several_projects_calls_none(make_host: MakeHost, write: Write) -> None:
    """Nobody could say which project's."""
    host = make_host(ALLOWED)
    host.load(write("greet.js", GREET))
    host.load(write("relay.js", RELAY), scope="global")
    assert code(host) == "E_UNAVAILABLE"

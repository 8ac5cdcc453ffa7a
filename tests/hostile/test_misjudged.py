"""What looks like an attack and is none, and what looks like an honest failure and was meant for us."""

import pytest

from host import BlockingPluginHost, Config, PluginLoadError, Status
from host.audit import Kind
from tests.integration.conftest import MakeHost, host, make_host, nothing_stays, write
from tests.integration.host_support import Write, audited, bash, pid_of, plugin, yes

__all__ = ["host", "make_host", "nothing_stays", "write"]

HALF = '"\\ud83d\\ude00".slice(0, 1)'
"""An emoji cut in the middle, as every ``text.slice(0, n)`` may do it."""

HALVES = {
    "log": f"pi.logger.info('cut: ' + {HALF});",
    "console": f"console.log({HALF}, {{ a: {HALF} }});",
    "unhandled": f"queueMicrotask(() => {{ throw new Error({HALF}); }});",
    "unknown event": f"pi.on({HALF}, () => {{}});",
    "registry": f"pi.registerTool({{ name: 'late', description: {HALF} }});",
}


@pytest.mark.parametrize("where", HALVES)
def test_a_text_that_was_cut_in_the_middle_of_a_pair_is_no_violation(
    host: BlockingPluginHost, write: Write, where: str
) -> None:
    """It is told with a replacement character, and its worker lives."""
    host.load(
        write("p.js", plugin(f'pi.on("PreToolUse", () => {{ {HALVES[where]} }});')), name="p"
    )

    first = host.dispatch("PreToolUse", bash())
    pid = pid_of(host, "p")
    again = host.dispatch("PreToolUse", bash())

    assert [o.results[0].status for o in (first, again)] == [Status.ANSWERED] * 2
    assert pid_of(host, "p") == pid
    assert audited(host, Kind.VIOLATION) == []


def test_half_a_pair_in_what_is_registered_and_answered(
    make_host: MakeHost, write: Write
) -> None:
    """Descriptions, results and errors reach the agent as text that can be encoded."""
    host = make_host(approver=yes)
    body = f"""
      pi.registerTool({{ name: "cut", description: "d" + {HALF}, handler: () => "out" + {HALF} + "put" }});
      pi.registerTool({{ name: "fail", description: "", handler() {{ throw new Error("bad" + {HALF}); }} }});
    """
    host.load(write("p.js", plugin(body)))

    result = host.call_tool("plugin_cut", {})

    assert host.tools()[0].description == "d\ufffd"
    assert (result.ok, result.output) == (True, "out\ufffdput")
    assert "bad\ufffd" in (host.call_tool("plugin_fail", {}).error or "")


def test_what_must_be_kept_exactly_is_refused_in_words(
    make_host: MakeHost, write: Write
) -> None:
    """A key-value store that gave back another text than it was given would be worse than none."""
    host = make_host(approver=yes)
    body = f"""
      pi.registerTool({{ name: "keep", description: "", handler: async () => {{
        try {{ await pi.kv.set("k", {HALF}); return "kept"; }} catch (error) {{ return error.code + " " + error.message; }}
      }} }});
    """
    host.load(write("p.js", plugin(body)))

    output = host.call_tool("plugin_keep", {}).output

    assert str(output).startswith("E_INVALID ")
    assert "toWellFormed" in str(output)


QUOTES_OF_MEMORY = {
    "result": "pi.on('PreToolUse', () => ({ modified_input: { command: 'echo InternalError: out of memory' } }));",
    "error": "pi.on('PreToolUse', () => { throw new Error('cc: out of memory'); });",
    "null": "pi.on('PreToolUse', () => { throw null; });",
}


@pytest.mark.parametrize("where", QUOTES_OF_MEMORY)
def test_to_speak_of_memory_is_not_to_be_out_of_it(
    host: BlockingPluginHost, write: Write, where: str
) -> None:
    """Only the engine's own error retires a worker, not the words of a compiler that a plugin passes on."""
    host.load(write("p.js", plugin(QUOTES_OF_MEMORY[where])), name="p")
    pid = pid_of(host, "p")

    for _ in range(4):
        host.dispatch("PreToolUse", bash())

    assert pid_of(host, "p") == pid
    assert audited(host, Kind.KILLED) == []


@pytest.mark.parametrize("thrown", ["new Error('cc1: out of memory allocating')", "null"])
def test_a_tool_that_passes_on_a_compilers_words_or_throws_nothing_keeps_its_worker(
    make_host: MakeHost, write: Write, thrown: str
) -> None:
    """Three of these within five minutes would have switched the plugin off. The engine, too, throws null: but then the
    worker has used its memory."""
    host = make_host(approver=yes)
    body = (
        f'pi.registerTool({{ name: "cc", description: "", handler() {{ throw {thrown}; }} }});'
    )
    host.load(write("p.js", plugin(body)), name="p")
    pid = pid_of(host, "p")

    for _ in range(4):
        assert not host.call_tool("plugin_cc", {}).ok

    assert pid_of(host, "p") == pid
    assert audited(host, Kind.KILLED) == []


@pytest.mark.parametrize("code", ["E_LOCKDOWN", "E_SPAWN", "E_BREAKER", "E_SYNTAX"])
def test_a_code_that_only_we_give_cannot_be_thrown(
    make_host: MakeHost, write: Write, code: str
) -> None:
    """With the first of them, one plugin kept the whole host from starting."""
    throws = f'throw Object.assign(new Error("mine"), {{ code: "{code}" }});'
    path = write("p.js", throws)

    with pytest.raises(PluginLoadError) as caught:
        make_host().load(path)
    sources = ({"type": "file", "path": str(path)},)
    started = make_host(Config(sources=sources), project="b", home="b")  # type: ignore[arg-type]

    assert caught.value.code == "E_LOAD"
    assert started.plugins() == []


def test_a_ctx_that_was_kept_is_of_use_after_its_call(
    make_host: MakeHost, write: Write
) -> None:
    """A handler that starts something and logs when it is done names a call that has ended: no violation."""
    host = make_host(approver=yes)
    body = """
      const kept = [];
      pi.on("PreToolUse", (event, output, ctx) => { kept.push(ctx); });
      pi.on("PermissionRequest", async (event, output, ctx) => { await null; kept.push(ctx); });
      pi.registerTool({ name: "late", description: "", handler: async (params, ctx) => {
        kept.push(ctx);
        for (const old of kept) { old.logger.info("late"); await old.kv.set("k", 1); old.kv.get("k"); await old.sleep(1); }
        return kept.length;
      } });
    """
    host.load(write("p.js", plugin(body)), name="p")
    host.dispatch("PreToolUse", bash())
    host.dispatch("PermissionRequest", {"action": "bash", "session_id": "s"})

    assert host.call_tool("plugin_late", {}).output == 4  # its own PreToolUse comes first
    assert audited(host, Kind.VIOLATION) == []

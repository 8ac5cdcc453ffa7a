"""The ways in which authors write plugins, the original system's included."""

import re

import pytest

from host import BlockingPluginHost, Config
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, bash

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")

# Everything at module scope, through the global ``jcode``, as the original system's plugins do.
MODULE_SCOPE = """
var greeting = jcode.getConfig("greeting") || "hello";
var count = 0;

jcode.on("SessionStart", function (event) {
  count = count + 1;
  jcode.logger.info("session " + event.sessionId + " in " + event.projectDir);
  jcode.kv.set("last", event.sessionId);
});

jcode.on("PreToolUse", function (event) {
  if (event.toolName === "bash") {
    return { block: greeting + " " + jcode.kv.get("last") + " " + count };
  }
});

jcode.registerTool({ name: "listed_only", description: "has no handler" });
jcode.registerCommand("ids", {
  handler: function () { return [jcode.uuid(), jcode.uuid()]; },
});
"""


@pytest.mark.parametrize("suffix", [".js", ".ts", ".mjs", ".cjs"])
def test_module_scope_does_the_work(
    host: BlockingPluginHost, write: Write, suffix: str
) -> None:
    """No export at all: the file registers itself by running."""
    host.load(write(f"old{suffix}", MODULE_SCOPE))

    start = {"session_id": "s-1", "project_dir": "/p", "model": "m", "provider": "x"}
    assert host.dispatch("SessionStart", start).results[0].error is None

    assert host.dispatch("PreToolUse", bash()).reason == "hello s-1 1"


def test_a_setting_beats_the_authors_fallback(make_host: MakeHost, write: Write) -> None:
    """``getConfig(key) || default`` is answered at once, from the configuration."""
    host = make_host(Config(settings={"old": {"greeting": "moin"}}))
    host.load(write("old.js", MODULE_SCOPE))

    assert host.dispatch("PreToolUse", bash()).reason == "moin null 0"


def test_uuids_are_uuids_and_differ(host: BlockingPluginHost, write: Write) -> None:
    """Version 4, never twice, not even from two plugins of one zygote."""
    host.load(write("one.js", MODULE_SCOPE))
    first = host.run_command("ids").output
    host.unload("one")
    host.load(write("two.js", MODULE_SCOPE))
    second = host.run_command("ids").output

    ids = [*first, *second]  # type: ignore[misc]
    assert all(UUID.match(str(one)) for one in ids)
    assert len(set(map(str, ids))) == 4


def test_a_tool_without_a_handler_is_listed_and_says_so(
    host: BlockingPluginHost, write: Write
) -> None:
    """Only name and description are required; a call is an error that explains itself."""
    host.load(write("old.js", MODULE_SCOPE))
    (tool,) = host.tools()

    result = host.call_tool("plugin_listed_only", {})

    assert (tool.name, tool.description) == ("plugin_listed_only", "has no handler")
    assert not result.ok
    assert "without a handler" in (result.error or "")


METADATA = {
    "default_object": 'export default { name: "m", description: "d", tags: ["a"] };',
    "nested": 'export default { manifest: { name: "m", description: "d", tags: ["a"] } };',
    "named_export": 'export const manifest = { name: "m", description: "d", tags: ["a"] };',
    "common_js": 'module.exports = { manifest: { name: "m", description: "d", tags: ["a"] } };',
    "beside_a_function": (
        'export const manifest = { name: "m", description: "d", tags: ["a"] };'
        " export default () => {};"
    ),
}


@pytest.mark.parametrize("form", METADATA)
def test_metadata_is_taken_from_the_file(
    host: BlockingPluginHost, write: Write, form: str
) -> None:
    """Default-exported, nested under ``manifest``, or named; module scope still does the work."""
    source = 'jcode.on("Stop", () => ({ reason: "ran" }));\n' + METADATA[form]
    info = host.load(write("p.js", source))

    manifest = info.manifest
    assert (info.name, manifest.description, manifest.tags) == ("m", "d", ("a",))
    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "ran"}


FUNCTIONS = {
    "function": 'export default function (pi) { pi.on("Stop", stop(pi)); }',
    "named_function": 'export default function main(pi) { pi.on("Stop", stop(pi)); }',
    "arrow": 'export default (pi) => { pi.on("Stop", stop(pi)); };',
    "variable": 'const main = (pi) => { pi.on("Stop", stop(pi)); }; export default main;',
    "renamed": 'function main(pi) { pi.on("Stop", stop(pi)); } export { main as default };',
    "async_function": (
        "export default async function (pi) { await pi.sleep(1); pi.on('Stop', stop(pi)); }"
    ),
    "async_arrow": 'export default async (pi) => { await null; pi.on("Stop", stop(pi)); };',
    "promise": (
        "export default (pi) =>"
        ' new Promise((done) => setTimeout(() => { pi.on("Stop", stop(pi)); done(); }, 1));'
    ),
    "top_level_await": (
        'await null; await pi.sleep(1); export default (pi) => { pi.on("Stop", stop(pi)); };'
    ),
    "common_js": 'module.exports = (pi) => { pi.on("Stop", stop(pi)); };',
    "compiled_to_common_js": (
        'Object.defineProperty(exports, "__esModule", { value: true });'
        ' exports.default = (pi) => { pi.on("Stop", stop(pi)); };'
    ),
    "method_of_a_class": (
        'class P { static start(pi) { pi.on("Stop", stop(pi)); } } export default P.start;'
    ),
}
STOP = 'const stop = (pi) => () => ({ reason: pi === globalThis.pi && pi === jcode ? "same" : "?" });\n'


@pytest.mark.parametrize("form", FUNCTIONS)
def test_a_default_exported_function_gets_pi(
    host: BlockingPluginHost, write: Write, form: str
) -> None:
    """Sync or async, it is awaited before the plugin counts as loaded; its ``pi`` is the global one."""
    host.load(write("p.js", STOP + FUNCTIONS[form]))

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "same"}


def test_typescript_and_jsx_and_several_files(host: BlockingPluginHost, write: Write) -> None:
    """Types, enums, decorators of private fields, JSON and a CommonJS neighbour."""
    write("lib/words.json", '{"no": "not today"}')
    write("lib/old.cjs", "exports.shout = (text) => text.toUpperCase();")
    write("lib/kinds.ts", "export enum Kind { A, B }\nexport type Only = Kind.A;\n")
    source = """
import words from "./lib/words.json";
import { shout } from "./lib/old.cjs";
import { Kind, type Only } from "./lib/kinds";

class Guard<T extends string> {
  #word: T;
  constructor(word: T) { this.#word = word; }
  answer(only: Only): string { return `${shout(this.#word)} ${only} ${Kind.B}`; }
}

export default function (pi: any): void {
  const guard = new Guard(words.no);
  pi.on("PreToolUse", (event: { tool_input: unknown }) => ({ block: guard.answer(Kind.A) }) as const);
}
"""
    host.load(write("p.ts", source))

    assert host.dispatch("PreToolUse", bash()).reason == "NOT TODAY 0 1"


def test_timers_run_at_module_scope(host: BlockingPluginHost, write: Write) -> None:
    """setTimeout, setInterval and their clearing, before and after the load."""
    source = """
let ticks = 0;
const never = setTimeout(() => { ticks = -1000; }, 1);
clearTimeout(never);
let reached;
const five = new Promise((done) => { reached = done; });
const interval = setInterval(() => { if (++ticks === 5) { clearInterval(interval); reached(); } }, 1);
jcode.on("Stop", async () => { await five; await pi.sleep(5); return { reason: String(ticks) }; });
"""
    host.load(write("p.js", source))

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "5"}


def test_a_directory_with_an_index_and_one_with_a_package(
    host: BlockingPluginHost, write: Write
) -> None:
    """Both are loaded by their directory; the package's name and version are the plugin's."""
    index = write("plain/index.ts", 'jcode.on("Stop", () => ({ reason: "plain" }));')
    write(
        "packed/package.json",
        '{"name": "@me/Packed", "version": "1.2.3", "jcode": {"entry": "src/main.ts"}}',
    )
    entry = write("packed/src/main.ts", 'jcode.on("Stop", () => undefined);')

    plain = host.load(index.parent)
    packed = host.load(entry.parent.parent)

    assert (plain.name, plain.version) == ("plain", "0.0.0")
    assert (packed.name, packed.version, packed.path) == ("@me/packed", "1.2.3", str(entry))


def test_pi_knows_its_plugin_and_its_project(host: BlockingPluginHost, write: Write) -> None:
    """id, name, version, cwd, dataDir and settings."""
    source = """
jcode.registerCommand("who", { handler: () => ({
  output: [pi.id, pi.name, pi.version, pi.cwd, pi.dataDir, pi.settings, pi.getSettings()],
}) });
"""
    path = write("who.js", source)
    host.load(path, settings={"a": {"b": 1}})

    who = host.run_command("who").output

    assert isinstance(who, list)
    assert who[:4] == [f"file:{path}", "who", "0.0.0", str(host.workspace.project_dir)]
    assert str(who[4]).startswith(str(host.home / "data" / "who"))
    assert who[5:] == [{"a": {"b": 1}}, {"a": {"b": 1}}]

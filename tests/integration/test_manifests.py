"""What a manifest says, with real workers: it is never run, and what it declares takes effect."""

import json
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginOptions
from host.errors import PluginLoadError
from host.outcome import Json, JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, bash, result_of

TOOLS = """
pi.registerTool({ name: "plain", description: "", handler: () => 1 });
pi.registerTool({ name: "loud", description: "", tier: "exec", handler: () => 1 });
pi.registerTool({ name: "quiet", description: "", tier: "read", handler: () => 1 });
"""


def package(root: Path, manifest: JsonObject, source: str, **more: object) -> Path:
    """Write a package with this manifest and this main file."""
    root.mkdir()
    (root / "package.json").write_text(json.dumps({"jcode": manifest, **more}, indent=1))
    (root / "index.ts").write_text(source)
    return root


# The same effect, in the plugin and in its manifest: the first is the control.
EFFECT = "(globalThis.pi.registerTool({ name: 'ran', description: '', handler() {} }), 'x')"


def test_a_manifest_that_computes_is_not_run(make_host: MakeHost, write: Write) -> None:
    """The load ends before any worker has the plugin's code."""
    host = make_host()
    control = host.load(
        write("control.ts", f"const version = {EFFECT};\nexport const v = version;")
    )
    assert [tool.name for tool in control.registry.tools] == ["ran"]

    with pytest.raises(PluginLoadError) as caught:
        host.load(write("m.ts", f"export const manifest = {{\n  version: {EFFECT},\n}};"))

    assert (caught.value.code, caught.value.line) == ("E_MANIFEST", 2)
    assert [info.name for info in host.plugins()] == ["control"]


@pytest.mark.parametrize(
    ("manifest", "tiers"),
    [
        ("", {"plain": "exec", "loud": "exec", "quiet": "read"}),
        ("export const manifest = { tier: 'read' };", {"plain": "read", "loud": "exec", "quiet": "read"}),
        ("export const manifest = { tier: 'write' };", {"plain": "write", "loud": "exec", "quiet": "write"}),
        (
            "export const manifest = { tier: 'read', approval: { quiet: 'exec', loud: 'read' } };",
            {"plain": "read", "loud": "exec", "quiet": "exec"},
        ),
    ],
)  # fmt: skip
def test_a_tool_has_the_higher_of_both_tiers(
    make_host: MakeHost, write: Write, manifest: str, tiers: dict[str, str]
) -> None:
    """Its own may only raise the manifest's; said by neither it is exec."""
    info = make_host().load(write("p.ts", f"{manifest}\n{TOOLS}"))

    assert {tool.name: tool.tier for tool in info.registry.tools} == tiers


def test_an_older_manifest_makes_every_tool_exec(make_host: MakeHost, tmp_path: Path) -> None:
    """Whatever its tools say."""
    root = package(tmp_path / "p", {}, TOOLS)
    (root / "package.json").write_text('{"jcode-plugin": {"tier": "read"}}')
    info = make_host().load(root)

    assert {tool.tier for tool in info.registry.tools} == {"exec"}


def test_the_scope_is_the_operator_s_else_the_manifest_s(
    make_host: MakeHost, write: Write
) -> None:
    """The configuration stands above the manifest, and a caller above both."""
    path = write("p.ts", "export const manifest = { scope: 'session' };")
    host = make_host()
    assert host.load(path).scope == "session"
    host.unload("p")
    assert host.load(path, scope="global").scope == "global"

    configured = make_host(Config(plugins={"p": PluginOptions(scope="project")}))

    assert configured.load(path).scope == "project"


def test_another_engine_is_refused(make_host: MakeHost, tmp_path: Path) -> None:
    """One line with the place, before anything starts."""
    root = package(tmp_path / "p", {"engines": {"jcode": "^2"}}, "")
    with pytest.raises(PluginLoadError) as caught:
        make_host().load(root)

    assert caught.value.code == "E_ENGINE"
    assert str(caught.value) == (
        f"{root}/package.json:4: engines.jcode wants '^2', and this is 0.30"
    )


def test_a_plugin_is_called_what_its_manifest_says(
    make_host: MakeHost, tmp_path: Path, write: Write
) -> None:
    """Name and version; two of one name are two plugins too many, wherever the name stands."""
    host = make_host()
    info = host.load(package(tmp_path / "p", {"name": "Acme Guard", "version": "2.1.0"}, ""))
    assert (info.name, info.version) == ("acme-guard", "2.1.0")
    assert (info.manifest.title, info.manifest.origin) == ("Acme Guard", "jcode")

    with pytest.raises(PluginLoadError, match="a plugin named acme-guard is already loaded"):
        host.load(write("other.ts", "export const manifest = { name: 'acme-guard' };"))


def test_a_cached_build_has_the_same_manifest(make_host: MakeHost, write: Write) -> None:
    """The builder is not asked twice, and its answer keeps the lines."""
    path = write("p.ts", "export const manifest = {\n capabilities: {\n  fs_read: ['src'] } };")

    def rules(host: BlockingPluginHost) -> list[str]:
        return [str(rule.source) for rule in host.load(path).manifest.declared()]

    assert rules(make_host()) == rules(make_host()) == [f"manifest {path}:3"]


GUARD = """
pi.on("PreToolUse", (event) => event.tool_input.command === "bad"
  ? { block: "no" } : { modified_input: { command: "changed" } });
pi.on("PermissionRequest", () => ({ decision: "deny", message: "never" }));
"""
ASK: JsonObject = {"action": "run", "session_id": "s"}


@pytest.mark.parametrize(
    ("capabilities", "blocked", "rewritten", "denied"),
    [
        ("undefined", True, True, True),
        ("{ events: {} }", False, False, False),
        ("{ fs_read: [] }", True, True, True),
        ("{ events: ['PreToolUse'] }", True, False, False),
        ("{ events: { PreToolUse: ['rewrite'] } }", False, True, False),
        ("{ events: { PreToolUse: [], PermissionRequest: ['veto'] } }", False, False, True),
    ],
)
def test_declared_events_are_the_most_that_a_plugin_gets(
    make_host: MakeHost,
    write: Write,
    capabilities: str,
    blocked: bool,
    rewritten: bool,
    denied: bool,
) -> None:
    """The code is the same each time; the first row is the control, without a declaration."""
    manifest = f"export const manifest = {{ capabilities: {capabilities} }};"
    host = make_host()
    host.load(write("g.ts", ("" if capabilities == "undefined" else manifest) + GUARD))

    assert host.dispatch("PreToolUse", bash("bad")).blocked is blocked
    output = host.dispatch("PreToolUse", bash("good")).output
    assert (output == {"modified_input": {"command": "changed"}}) is rewritten
    assert (host.dispatch("PermissionRequest", ASK).action == "deny") is denied


def test_features_that_are_on_extend_the_bound(make_host: MakeHost, write: Write) -> None:
    """By default, or by the operator's choice."""
    path = write(
        "g.ts",
        "export const manifest = { capabilities: { events: [] }, features: {"
        " a: { default: true, additional_capabilities: { events: ['PreToolUse'] } },"
        " b: { additional_capabilities: { events: { PermissionRequest: ['veto'] } } } } };"
        + GUARD,
    )

    def effects(config: Config) -> tuple[bool, bool]:
        host = make_host(config)
        host.load(path)
        found = (
            host.dispatch("PreToolUse", bash("bad")).blocked,
            host.dispatch("PermissionRequest", ASK).action == "deny",
        )
        host.unload("g")
        return found

    assert effects(Config()) == (True, False)
    assert effects(Config(features={"g": ("b",)})) == (False, True)
    assert effects(Config(features={"g": ("a", "b")})) == (True, True)
    assert effects(Config(features={"g": ()})) == (False, False)


def test_a_session_scope_keeps_sessions_apart(make_host: MakeHost, write: Write) -> None:
    """The manifest's scope decides how many realms there are; the control is the same code without it."""
    source = 'let n = 0; pi.on("Stop", () => ({ reason: String(++n) }));'
    host = make_host()
    host.load(write("one.ts", source))
    host.load(write("each.ts", f"export const manifest = {{ scope: 'session' }};{source}"))

    seen: dict[str, list[Json]] = {"one": [], "each": []}
    for session in ("a", "b", "a"):
        outcome = host.dispatch("Stop", {"session_id": session, "reason": ""})
        for name, reasons in seen.items():
            reasons.append((result_of(outcome, name).output or {}).get("reason"))

    assert seen == {"one": ["1", "2", "3"], "each": ["1", "1", "2"]}


def listed(host: BlockingPluginHost, path: Path) -> list[str]:
    """Names of the tools that the plugin at *path* registers."""
    info = host.load(path)
    host.unload(info.name)
    return [tool.name for tool in info.registry.tools]


def tool(name: str) -> str:
    """Source that registers a tool."""
    return f'pi.registerTool({{ name: "{name}", description: "" }});\n'


def test_the_files_of_features_run_after_the_main_one(
    make_host: MakeHost, tmp_path: Path
) -> None:
    """Those that are on, in the order of the manifest, each when the one before has finished."""
    features: JsonObject = {
        "a": {"entry": "a.ts", "default": True},
        "b": {"entry": "./more/b.ts"},
        "plain": {"default": True},
    }
    source = (
        tool("main") + "export default async () => { await pi.sleep(5); " + tool("late") + "};"
    )
    root = package(tmp_path / "p", {"features": features}, source)
    (root / "more").mkdir()
    (root / "a.ts").write_text("await pi.sleep(1);\n" + tool("a"))
    (root / "more" / "b.ts").write_text(f"export default (api) => {{ {tool('b')} }};")

    assert listed(make_host(), root) == ["main", "late", "a"]
    assert listed(make_host(Config(features={"p": ("b",)})), root) == ["main", "late", "b"]
    assert listed(make_host(Config(features={"p": ("*",)})), root) == ["main", "late", "a", "b"]
    assert listed(make_host(Config(features={"p": ()})), root) == ["main", "late"]


def test_features_of_a_single_file_have_files_too(make_host: MakeHost, write: Write) -> None:
    """Which are on is known once the main file was read."""
    write("extra.ts", tool("extra"))
    path = write(
        "p.ts",
        "export const manifest = { features: { x: { default: true, entry: 'extra.ts' },"
        " same: { default: true, entry: 'p.ts' } } };" + tool("main"),
    )

    assert listed(make_host(), path) == ["main", "extra"]


@pytest.mark.parametrize(
    ("entry", "code"), [("../out.ts", "E_ESCAPE"), ("missing.ts", "E_RESOLVE")]
)
def test_a_feature_s_file_is_within_the_plugin(
    make_host: MakeHost, tmp_path: Path, entry: str, code: str
) -> None:
    """As every other file of it."""
    (tmp_path / "out.ts").write_text(tool("out"))
    features: JsonObject = {"x": {"default": True, "entry": entry}}
    root = package(tmp_path / "p", {"features": features}, "")
    with pytest.raises(PluginLoadError) as caught:
        make_host().load(root)

    assert caught.value.code == code


def test_a_feature_s_failure_is_the_load_s(make_host: MakeHost, tmp_path: Path) -> None:
    """With its own file and line."""
    features: JsonObject = {"x": {"default": True, "entry": "x.ts"}}
    root = package(tmp_path / "p", {"features": features}, "await pi.sleep(1);")
    (root / "x.ts").write_text("\nthrow new Error('broken');")
    with pytest.raises(PluginLoadError, match="broken") as caught:
        make_host().load(root)

    assert "x.ts:2" in (caught.value.stack or "")

"""The capability chain in a running host: rights, registrations, switches, explanations."""

from pathlib import Path

import pytest

from host import (
    BlockingPluginHost,
    Config,
    FileRequest,
    InputError,
    NameRequest,
    PluginEvent,
    ShellRequest,
)
from host.audit import Kind
from host.config import load_config
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, plugin, result_of

REWRITES = plugin(
    'pi.on("PreToolUse", () => ({modified_input: {command: "true"}}));\n'
    'pi.registerTool({name: "hello", description: "h", tier: "read", handler: () => "hi"});\n'
    'pi.registerCommand("greet", {description: "g", handler: () => "hi"});'
)
DECIDES = plugin('pi.on("PermissionRequest", () => ({decision: "allow"}));')
VETOES = plugin('pi.on("PreToolUse", () => ({block: "no"}));')


def config(tmp_path: Path, text: str) -> Config:
    """Read *text* as a configuration file, so that rules have lines."""
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "config.toml").write_text(text)
    return load_config(tmp_path / "home")


def tools(host: BlockingPluginHost) -> list[str]:
    return [tool.name for tool in host.tools()]


def test_a_denied_tool_is_not_offered_and_the_line_is_named(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Audited once, however often anything is published; whoever calls it hears why. Beside it, the control."""
    denying = config(tmp_path, '[plugin]\n[plugin.deny]\ntools = ["hel*"]\ncommands = ["*"]\n')
    host, control = make_host(denying), make_host(home="other")
    for one in (host, control):
        one.load(write("a.js", REWRITES))
    for _ in range(3):
        host.workspace.publish()

    assert tools(control) == ["plugin_hello"]
    assert control.commands() == ["greet"]
    assert tools(host) == []
    assert host.commands() == []
    assert [
        (e.code, e.data and e.data["target"]) for e in audited(host, Kind.DECISION, "a")
    ] == [
        ("deny.global", "hello"),
        ("deny.global", "greet"),
    ]
    refused = (host.call_tool("plugin_hello", {}), host.run_command("greet"))
    assert [result.code for result in refused] == ["E_DENIED"] * 2
    assert "denied by rule deny.global (hel*, " in str(refused[0].error)
    assert all("config.toml:" in str(result.error) for result in refused)


@pytest.mark.parametrize(
    ("text", "rewrites"),
    [
        ("", True),
        ('deny = {events = ["PreToolUse:rewrite"]}', False),
        ('deny = {events = ["*:rewrite"]}', False),
        ('plugins.a.deny = {events = ["PreToolUse:rewrite"]}', False),
        ('plugins.b.deny = {events = ["PreToolUse:rewrite"]}', True),
        ('deny = {events = ["Stop:rewrite"]}', True),
        ('mode = "interactive"', False),
        ('mode = "permissive"\ndeny = {events = ["PreToolUse:rewrite"]}', False),
    ],
)
def test_an_output_without_its_right_does_not_count(
    make_host: MakeHost, write: Write, tmp_path: Path, text: str, rewrites: bool
) -> None:
    """The handler is still told; what it rewrites is dropped and audited."""
    host = make_host(config(tmp_path, f"[plugin]\n{text}\n"))
    host.load(write("a.js", REWRITES))

    outcome = host.dispatch(PluginEvent.PRE_TOOL_USE, bash("rm -rf /"))

    assert result_of(outcome, "a").status.value == "answered"
    assert ("modified_input" in outcome.output) is rewrites
    assert bool(audited(host, Kind.DROPPED_OUTPUT, "a")) is not rewrites


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('deny = {events = ["PreToolUse"]}', False),
        ('deny = {events = ["*"]}', False),
        ('mode = "disabled"', False),
        ('mode = "interactive"', True),
        ('mode = "prompt"', True),
        ('mode = "strict"', True),
    ],
)
def test_a_handler_without_any_right_is_not_told(
    make_host: MakeHost, write: Write, tmp_path: Path, text: str, told: bool
) -> None:
    """And that is in the audit, with what decided it."""
    host = make_host(config(tmp_path, f"[plugin]\n{text}\n"))
    host.load(write("a.js", VETOES))

    outcome = host.dispatch(PluginEvent.PRE_TOOL_USE, bash())

    assert outcome.blocked is told
    assert host.has_handler(PluginEvent.PRE_TOOL_USE) is told
    assert bool(audited(host, Kind.DECISION, "a")) is not told


def test_an_approval_by_a_plugin_takes_the_operators_word(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Loading by hand is no consent to decide; a line of the configuration is."""
    path = write("a.js", DECIDES)
    payload = {"action": "run", "session_id": "s"}
    hand = make_host()
    operator = make_host(
        config(
            tmp_path, '[plugin.plugins.a]\nallow = {events = ["PermissionRequest:decide"]}\n'
        )
    )
    for host in (hand, operator):
        host.load(path)

    actions = [h.dispatch("PermissionRequest", payload).action for h in (hand, operator)]
    assert actions == ["continue", "allow"]


def test_a_manifest_bounds_what_loading_consents_to(make_host: MakeHost, write: Write) -> None:
    """A plugin that declares its events is told of no others; one that declares nothing is bounded by nothing."""
    body = 'pi.on("PreToolUse", () => ({block: "no"})); pi.on("Stop", () => undefined);'
    manifest = 'export const manifest = {name: "m", capabilities: {events: ["Stop"]}};\n'
    host = make_host()
    host.load(write("declares.js", manifest + plugin(body)), name="declares")

    assert not host.has_handler("PreToolUse")
    assert host.has_handler("Stop")
    assert not host.dispatch("PreToolUse", bash()).blocked
    host.load(write("silent.js", plugin(body)), name="silent")
    assert host.dispatch("PreToolUse", bash()).blocked


def test_the_hardened_profile_takes_only_what_is_declared(
    make_host: MakeHost, write: Write
) -> None:
    """Loading by hand is no consent to the rest there."""
    manifest = (
        'export const manifest = {name: "a", capabilities: '
        '{events: {PreToolUse: ["rewrite"]}, register_tools: ["hello"]}};\n'
    )
    bare, declared = (
        make_host(Config(profile="hardened")),
        make_host(Config(profile="hardened")),
    )
    bare.load(write("bare.js", REWRITES))
    declared.load(write("declared.js", manifest + REWRITES), name="a")

    assert tools(bare) == []
    assert not bare.has_handler("PreToolUse")
    assert tools(declared) == ["plugin_hello"]
    assert "modified_input" in declared.dispatch("PreToolUse", bash()).output
    assert declared.commands() == []


def test_a_denial_that_is_switched_on_takes_tools_back(
    make_host: MakeHost, write: Write
) -> None:
    """And lifting it gives them back; the plugin runs on."""
    host = make_host()
    host.load(write("a.js", REWRITES))
    seen = [tools(host)]
    for denial in ("tools:hello", ""):
        host.set_switches({"JCODE_PLUGIN_DENY": denial})
        seen.append(tools(host))

    assert seen == [["plugin_hello"], [], ["plugin_hello"]]
    assert any(
        e.data is not None and e.data["source"] == "switch JCODE_PLUGIN_DENY"
        for e in audited(host, Kind.DECISION, "a")
    )


def test_the_host_explains_itself(make_host: MakeHost, write: Write, tmp_path: Path) -> None:
    """Layer by layer, with lines; a file by where its path leads."""
    text = '[plugin]\nallow = {fs_read = ["$CWD"], shell = ["git status"]}\n'
    host = make_host(config(tmp_path, text))
    host.load(write("a.js", REWRITES))
    project = tmp_path / "project"
    (project / "link").symlink_to("/etc")
    (project / "x").write_text("x")

    def decides(request: FileRequest | NameRequest | ShellRequest) -> str:
        (step,) = [step for step in host.explain("a", request) if step.decides]
        return f"{step.verdict} {step.layer} {step.source}"

    assert (
        decides(FileRequest("fs_read", f"{project}/x"))
        == f"allow 4 {tmp_path}/home/config.toml:2"
    )
    assert decides(FileRequest("fs_read", f"{project}/link/passwd")) == "deny 5 built-in"
    assert decides(ShellRequest(("git", "status"))).startswith("allow 4")
    assert decides(NameRequest("tools", "hello")) == "allow 3 consent loaded by hand"
    assert decides(FileRequest("fs_read", f"{tmp_path}/home/config.toml")) == "deny 0 built-in"
    with pytest.raises(InputError, match="no plugin named 'b'"):
        host.explain("b", NameRequest("tools", "hello"))


def test_a_single_file_may_read_itself_and_not_its_neighbours(
    make_host: MakeHost, write: Write
) -> None:
    """Its directory is whatever directory it lies in; a package's is the package's."""
    host = make_host()
    host.load(write("single.js", REWRITES), name="single")
    package = write("pack/index.js", plugin("")).parent
    host.load(package, name="pack")

    def may(name: str, path: Path) -> bool:
        steps = host.explain(name, FileRequest("fs_read", str(path)))
        return next(step.verdict for step in steps if step.decides) == "allow"

    assert may("single", package.parent / "single.js")
    assert not may("single", package.parent / "other.js")
    assert not may("single", package / "index.js")
    assert may("pack", package / "data.json")
    assert not may("pack", package.parent / "single.js")
    assert may("pack", host.workspace.plugin("pack").data_dir() / "x")
    assert not may("pack", host.workspace.plugin("single").data_dir() / "x")

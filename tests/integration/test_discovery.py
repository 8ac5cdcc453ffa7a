"""Discovery in real workers: everything that is found runs, a project's plugin only as it was trusted, and no plugin as
another one."""

import asyncio
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, PluginEvent, PluginHost
from host.audit import Kind
from host.config import load_config
from host.discovery import Found
from host.errors import PluginLoadError, ToolError
from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release
from host.project_code import project_code
from host.trusting import Trust, TrustedProject
from tests.integration.cli_support import ROOT, Cli
from tests.integration.host_support import audited

PAGE = (ROOT / "docs" / "discovery.md").read_text()


class Machine:
    """A home and a project; hosts in it that read their configuration as `from_config` does."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.own = self.home / "plugins"
        self.theirs = self.project / ".jcode" / "plugins"
        for path in (self.own, self.theirs):
            path.mkdir(parents=True)
        self._hosts: list[BlockingPluginHost] = []

    def put(self, path: Path, text: str) -> Path:
        """A file, with the directories on the way."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def install(self, name: str, source: str) -> Path:
        """An installed plugin of one file, and where it runs from."""
        given = self.put(self.home.parent / "given" / name / "index.js", source).parent
        with Snapshots(self.home).keep(given) as kept, Store(self.home).changing() as installed:
            accepted = (("events", "PreToolUse"), ("tools", "*"))
            release = Release(
                "1.0.0", f"npm:{name}@1.0.0", "", kept.tree, dict(kept.files), accepted
            )
            origin = Origin("npm", f"npm:{name}")
            installed[name] = Installed(name, origin.spec, origin, release, True, 1.0, 1.0)
        return Snapshots(self.home).path(kept.tree)

    def trust(self) -> None:
        """Trust the project as it is."""
        code = project_code(self.project)
        assert code is not None
        files = code.files()
        Trust(self.home).add(TrustedProject(str(code.root), tree_of(files), files, 1.0))

    def host(self, *, loads: bool = True, text: str = "") -> BlockingPluginHost:
        """A host with a `[plugin]` table of *text*; it *loads* what is found, or leaves that to the test."""
        (self.home / "config.toml").write_text(f"[plugin]\n{text}")
        config = load_config(self.home, project_dir=self.project, variables={})
        host = BlockingPluginHost(config, project_dir=self.project, home=self.home)
        host.workspace.loads_configured = loads
        self._hosts.append(host)
        host.__enter__()
        host.workspace.loads_configured = True
        return host

    def close(self) -> None:
        """End every host."""
        for host in self._hosts:
            host.close()


@pytest.fixture
def machine(tmp_path: Path, nothing_stays: None) -> Iterator[Machine]:
    """An empty one."""
    made = Machine(tmp_path.resolve())
    yield made
    made.close()


def tool(name: str) -> str:
    """Source of a plugin with one tool."""
    return f"export default (pi) => pi.registerTool({{ name: '{name}', description: 'd', handler: () => '{name}' }});"


def names(host: BlockingPluginHost) -> list[str]:
    """Of its plugins, in the order of merges."""
    return [info.name for info in host.plugins()]


def test_a_host_and_the_command_line_find_the_same(machine: Machine) -> None:
    """Both load one list: sources, directories, tools, installed packages, the trusted project."""
    listed = machine.put(machine.home.parent / "elsewhere" / "listed.ts", tool("listed"))
    machine.put(machine.own / "own.ts", tool("own"))
    machine.put(machine.own / "folder" / "index.ts", tool("folder"))
    machine.put(machine.own / "broken.ts", "const = 1;")
    machine.put(
        machine.home / "tools" / "kept.ts",
        "export default { description: 'd', handler: () => 1 };",
    )
    machine.install("packaged", tool("packaged"))
    machine.put(machine.theirs / "theirs.ts", tool("theirs"))
    machine.put(
        machine.theirs.parent / "tools" / "deploy.ts",
        "export default [{ name: 'deploy', description: 'd', handler: () => 1 }];",
    )
    machine.trust()  # fmt: skip
    host = machine.host(text=f'sources = [{{ type = "file", path = "{listed}" }}]\n')
    expected = ["listed", "folder", "own", "kept", "packaged", "theirs", "deploy"]

    ran = Cli(machine.project, machine.home)("call", "nothing", check=1)

    assert names(host) == expected
    offered = re.search(r"offered: (.*)", ran.err)
    assert offered is not None
    assert offered[1].split(", ") == [one.name for one in host.tools()]
    assert [one.name for one in host.tools()] == [f"plugin_{name}" for name in expected]
    assert "warning: not loaded: " in ran.err
    assert "broken.ts:1" in ran.err
    loaded = {
        info.name: host.workspace.plugin(info.name).spec.loaded for info in host.plugins()
    }
    assert {name for name, how in loaded.items() if how == "project"} == {"theirs", "deploy"}
    assert {name for name, how in loaded.items() if how == "installed"} == {"packaged"}


def test_files_of_a_tools_directory_are_tools(machine: Machine) -> None:
    """Imports, packages, schemas, tiers and both orders of `execute`, without a call of registerTool."""
    tools = machine.home / "tools"
    machine.put(
        tools / "lib" / "greet.ts", "export const greet = (who: string) => `hi ${who}`;"
    )
    machine.put(
        tools / "hello.ts",
        """
        import { greet } from "./lib/greet";
        const more = "politely";
        export default {
            name: "hello", description: `greets ${more}`, tier: "read",
            parameters: { type: "object", properties: { who: { type: "string" } }, required: ["who"] },
            handler: (params) => greet(params.who),
        };
        """,
    )
    machine.put(
        tools / "pair" / "index.ts",
        """
        import { Type } from "@sinclair/typebox";
        const factory = async (pi) => [
            { name: "old", label: "O", description: "d", parameters: pi.typebox.Type.Object({}),
              execute: async (id, params, onUpdate, ctx, signal) => ({ content: [{ type: "text", text: `${typeof onUpdate} ${ctx.cwd === pi.cwd} ${signal.aborted}` }] }) },
            { name: "new", label: "N", description: "d", parameters: Type.Object({}),
              execute: async (id, params, signal, onUpdate, ctx) => ({ content: [{ type: "text", text: `${typeof onUpdate} ${ctx.cwd === pi.cwd} ${signal.aborted}` }] }) },
        ];
        export default factory;
        """,
    )
    machine.put(tools / "empty.ts", "export const tool = { name: 'x' };")
    host = machine.host(text='permission_mode = "bypass_permissions"\n')

    assert names(host) == [
        "hello",
        "pair",
    ]  # neither lib, which has no entry, nor what offers nothing
    assert [(one.name, one.tier) for one in host.tools()] == [
        ("plugin_hello", "read"),
        ("plugin_old", "exec"),
        ("plugin_new", "exec"),
    ]
    assert host.call_tool("plugin_hello", {"who": "Ada"}).output == "hi Ada"
    with pytest.raises(ToolError, match="required"):
        host.call_tool("plugin_hello", {})
    for name in ("plugin_old", "plugin_new"):
        assert host.call_tool(name, {}).output == "function true false"
    (failed,) = audited(host, Kind.LOAD_FAILED)
    assert "exports a tool as default" in failed.detail


# --- the project -----------------------------------------------------------------------------------------------


def test_all_extensions_of_a_package_run(machine: Machine) -> None:
    """As one plugin: a package of pi's lists files, directories and patterns."""
    package = {
        "name": "several",
        "pi": {"extensions": ["./first.ts", "./more", "!./more/not.ts"]},
    }
    machine.put(machine.own / "several" / "package.json", json.dumps(package))
    machine.put(machine.own / "several" / "first.ts", tool("first"))
    machine.put(machine.own / "several" / "more" / "not.ts", "const = 1;")
    machine.put(machine.own / "several" / "more" / "second.ts", tool("second"))
    machine.put(machine.own / "several" / "more" / "third" / "index.js", tool("third"))
    host = machine.host()

    assert names(host) == ["several"]
    assert [one.name for one in host.tools()] == [
        "plugin_first",
        "plugin_second",
        "plugin_third",
    ]


def test_a_package_of_oh_my_pi_runs_its_hooks_and_tools(machine: Machine) -> None:
    """Beside each other in one plugin: hooks register, tools are exported."""
    package = {"name": "theirs", "omp": {"hooks": "hooks/pre.ts", "tools": "./tools"}}
    machine.put(machine.own / "theirs" / "package.json", json.dumps(package))
    machine.put(
        machine.own / "theirs" / "hooks" / "pre.ts",
        'export default (pi) => { pi.on("tool_call", () => ({ block: true, reason: "hooked" })); };',
    )
    machine.put(
        machine.own / "theirs" / "tools" / "one" / "index.ts",
        "export default (pi) => ({ name: 'one', label: 'l', description: 'd', parameters: pi.typebox.Type.Object({}), execute: async (id, params, onUpdate, ctx, signal) => ({ content: [{ type: 'text', text: typeof signal.aborted }] }) });",
    )
    host = machine.host(text='permission_mode = "bypass_permissions"\n')  # fmt: skip

    assert [one.name for one in host.tools()] == ["plugin_one"]
    payload = {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
    assert host.dispatch(PluginEvent.PRE_TOOL_USE, payload).reason == "hooked"


def test_what_the_page_shows_works(machine: Machine) -> None:
    """Its tool file is a tool; its sources are read, and those that are not there are told."""
    tool_file = re.findall(r"```ts\n(.*?)```", PAGE, re.DOTALL)[0]
    sources = re.findall(r"```toml\n\[plugin\]\n(.*?)```", PAGE, re.DOTALL)[0]
    machine.put(machine.home / "tools" / "clock.ts", tool_file)
    host = machine.host(text=sources)
    told = [missed.line for missed in host.discover().missed]

    assert str(host.call_tool("plugin_clock", {}).output).endswith("Z")
    assert [line.partition(" is not installed")[0].rpartition(": ")[2] for line in told] == [
        "npm:@acme/guard@^1.2",
        "git+https://git.example/acme/relay.git#v2",
    ]
    paths = [str(one.path) for one in host.discover().found]
    assert paths[1:] == [
        str(machine.home / "mine" / "workbench"),
        str(machine.home / "tools" / "clock.ts"),
    ]


def test_nothing_of_a_project_runs_until_it_is_trusted(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says how many there are and what to do; what does not parse shows that nothing was read."""
    machine.put(machine.theirs / "theirs.ts", tool("theirs"))
    machine.put(machine.theirs / "worse.ts", "const = 1;")
    with caplog.at_level(logging.WARNING, "jcode_plugins"):
        host = machine.host()
    lines = [record.getMessage() for record in caplog.records]

    assert names(host) == []
    assert lines == [
        f"2 plugins of this project will not run: {machine.project} is not trusted; to see them and decide: "
        f"jcode-plugin trust {machine.project}"
    ]
    (refused,) = audited(host, Kind.REFUSED)
    assert (refused.code, refused.detail) == ("E_TRUST", lines[0])
    assert audited(host, Kind.LOAD_FAILED) == []
    (machine.theirs / "worse.ts").unlink()
    machine.trust()
    assert names(machine.host()) == ["theirs"]  # the control


def swap_text(machine: Machine) -> None:
    """The main file becomes another one."""
    (machine.theirs / "pack" / "index.ts").write_text(tool("evil"))


def swap_import(machine: Machine) -> None:
    """What it imports becomes another one."""
    (machine.theirs / "pack" / "lib" / "index.ts").write_text("export const name = 'evil';")


def shadow_import(machine: Machine) -> None:
    """A file that an import finds before the one that was meant."""
    (machine.theirs / "pack" / "lib.ts").write_text("export const name = 'evil';")


def add_manifest(machine: Machine) -> None:
    """A package.json, which names another main file."""
    machine.put(machine.theirs / "pack" / "package.json", '{"main": "./lib/index.ts"}')


def swap_directory(machine: Machine) -> None:
    """A link to a directory with the very same files, where others may be tomorrow."""
    shutil.copytree(machine.theirs / "pack", machine.home.parent / "copy")
    shutil.rmtree(machine.theirs / "pack")
    (machine.theirs / "pack").symlink_to(machine.home.parent / "copy")


def take_away(machine: Machine) -> None:
    """What it imports is gone."""
    (machine.theirs / "pack" / "lib" / "index.ts").unlink()


@pytest.mark.parametrize(
    "change", [swap_text, swap_import, shadow_import, add_manifest, swap_directory, take_away]
)
def test_what_changes_after_it_was_looked_at_is_not_run(
    machine: Machine, change: Callable[[Machine], None]
) -> None:
    """Between the hash and the build nobody has a chance: the build itself takes only the bytes that were trusted."""
    machine.put(
        machine.theirs / "pack" / "index.ts",
        f"import {{ name }} from './lib';\n{tool('good')}\nvoid name;",
    )
    machine.put(machine.theirs / "pack" / "lib" / "index.ts", "export const name = 'good';")  # fmt: skip
    machine.trust()
    host = machine.host(loads=False)
    (found,) = host.discover().found
    host.load_found(found)  # the control, which also leaves a build in the cache
    host.unload("pack")
    change(machine)

    with pytest.raises(PluginLoadError) as refused:
        host.load_found(found)

    assert refused.value.code == "E_INTEGRITY"
    assert f"since {machine.project} was trusted" in str(refused.value) or (
        f"there when {machine.project} was trusted" in str(refused.value)
    )
    assert names(host) == []
    assert audited(host, Kind.LOAD_FAILED)[-1].code == "E_INTEGRITY"


def test_failing_closed_a_changed_project_stops_the_host(machine: Machine) -> None:
    """Who breaks a guard must not be rid of it. That nobody trusted it yet is no failure."""
    guard = machine.put(machine.theirs / "guard.ts", tool("guard"))
    assert names(machine.host(text="fail_closed = true\n")) == []
    machine.trust()
    assert names(machine.host(text="fail_closed = true\n")) == ["guard"]
    guard.write_text(tool("other"))

    with pytest.raises(PluginLoadError, match=r"plugins/guard\.ts changed") as refused:
        machine.host(text="fail_closed = true\n")
    assert refused.value.code == "E_TRUST"


# --- names -----------------------------------------------------------------------------------------------------

ASKS = """
export const manifest = {{ name: "{name}", settings: {{ key: {{ type: "string" }} }} }};
export default (pi) => pi.on("PreToolUse", async () => {{
    const found = await pi.fs.readText({path}).catch((error) => error.code);
    const told = [found, pi.getConfig("key"), pi.kv.get("secret")];
    if (pi.kv.get("secret") === null) await pi.kv.set("secret", "{kept}");
    return {{ modified_input: {{ told }} }};
}});
"""


def told(host: BlockingPluginHost) -> object:
    """What the one plugin learns."""
    payload = {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
    outcome = host.dispatch(PluginEvent.PRE_TOOL_USE, payload)
    changed = outcome.output["modified_input"]
    assert isinstance(changed, dict), outcome
    return changed["told"]


def test_a_projects_plugin_gets_nothing_that_is_anothers_by_its_name(machine: Machine) -> None:
    """Rules, settings and the store of the user's plugin; what is written for the project's counts."""
    secret = machine.put(machine.home.parent / "secret.txt", "s3cret")
    allowed = f'[plugin.plugins."{{name}}".allow]\nfs_read = ["{secret}"]\n[plugin.settings."{{name}}"]\nkey = "k"\n'
    text = allowed.format(name="guard")
    own = machine.put(
        machine.own / "guard.js", ASKS.format(name="guard", path=json.dumps(str(secret)), kept="mine")
    )  # fmt: skip
    first = machine.host(text=text)
    assert told(first) == ["s3cret", "k", None]
    assert told(first) == ["s3cret", "k", "mine"]  # the control
    first.close()
    own.rename(machine.theirs / "guard.js")
    machine.trust()

    assert told(machine.host(text=text)) == ["E_DENIED", "", None]
    assert told(machine.host(text=allowed.format(name="project:guard"))) == [
        "s3cret",
        "k",
        "mine",
    ]


def test_what_is_denied_to_a_name_is_denied_to_all_that_have_it(machine: Machine) -> None:
    """And a switch for the name switches all of them off."""
    secret = machine.put(machine.project / "notes.txt", "n0te")
    source = ASKS.format(name="guard", path=json.dumps(str(secret)), kept="x")
    machine.put(machine.theirs / "guard.js", source)
    machine.trust()
    allowed = f'[plugin.plugins."project:guard".allow]\nfs_read = ["{secret}"]\n'

    assert told(machine.host(text=allowed))[0] == "n0te"  # type: ignore[index]
    denied = f'{allowed}[plugin.plugins."guard".deny]\nfs_read = ["{secret}"]\n'
    assert told(machine.host(text=denied))[0] == "E_DENIED"  # type: ignore[index]
    for name in ("guard", "project:guard"):
        assert names(machine.host(text=f'disable = ["{name}"]\n')) == []


@pytest.mark.parametrize("name", ["guard", "g\u03c5ard", "Guard", "gu\u200bard"])
def test_the_name_of_what_is_installed_is_taken(machine: Machine, name: str) -> None:
    """By whatever file, however it is spelt, loaded or not; both places are named."""
    machine.install("guard", tool("one"))
    path = machine.put(
        machine.own / "mine.js",
        f"export const manifest = {{ name: {json.dumps(name)} }};\n{tool('two')}",
    )
    host = machine.host()  # fmt: skip
    (failed,) = audited(host, Kind.LOAD_FAILED)
    with pytest.raises(PluginLoadError, match="is installed, from npm:guard in ") as given:
        machine.host(loads=False).load(
            machine.put(machine.project / "x.js", tool("x")), name=name
        )

    assert names(host) == ["guard"]
    assert failed.code == given.value.code == "E_DUPLICATE"
    assert str(path) in failed.detail
    assert str(machine.home / "cache" / "packages") in failed.detail


def test_an_installed_plugin_does_not_choose_its_name(machine: Machine) -> None:
    """Neither that of another one: the record's is the one it has."""
    machine.install("plain", f"export const manifest = {{ name: 'guard' }};\n{tool('one')}")
    machine.put(machine.own / "guard.js", tool("two"))
    host = machine.host()

    assert names(host) == ["guard", "plain"]
    assert host.workspace.plugin("guard").spec.path == machine.own / "guard.js"


def test_two_that_read_alike_are_not_both_loaded(machine: Machine) -> None:
    """The second one is refused, with both places."""
    machine.put(machine.own / "memory.js", tool("one"))
    second = machine.put(machine.own / "rnemory.js", tool("two"))
    host = machine.host()
    (failed,) = audited(host, Kind.LOAD_FAILED)

    assert names(host) == ["memory"]
    assert failed.detail == (
        f"{second} calls itself rnemory, and a plugin named memory (which reads like rnemory) is already loaded from "
        f"{machine.own / 'memory.js'}"
    )


def test_found_is_loaded_as_it_was_found(machine: Machine) -> None:
    """A file that one names by hand is by hand, wherever it lies."""
    path = machine.put(machine.theirs / "theirs.ts", tool("theirs"))
    host = machine.host()
    host.load(path)

    assert host.workspace.plugin("theirs").spec.loaded == "hand"
    host.unload("theirs")
    host.load_found(Found(path, "here"))
    assert host.workspace.plugin("theirs").spec.loaded == "hand"


def test_a_tool_file_that_is_named_by_hand_is_one(machine: Machine) -> None:
    """Where it lies says what it is; elsewhere the same file offers nothing."""
    source = "export default { description: 'd', handler: () => 'x' };"
    host = machine.host()
    host.load(machine.put(machine.project / ".jcode" / "tools" / "here.js", source))
    host.load(machine.put(machine.project / "there.js", source))

    assert [one.name for one in host.tools()] == ["plugin_here"]


def test_the_name_of_all_is_nobodys(machine: Machine) -> None:
    """A word that means every plugin must not mean one."""
    machine.put(machine.own / "all.js", tool("one"))
    host = machine.host()
    (failed,) = audited(host, Kind.LOAD_FAILED)

    assert names(host) == []
    assert (
        failed.detail
        == f"{machine.own / 'all.js'} calls itself all, which stands for every plugin"
    )


def test_from_config_finds_everything(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The asyncio host, from the variables alone."""
    machine.put(machine.own / "own.ts", tool("own"))
    machine.put(
        machine.home / "tools" / "kept.ts",
        "export default { description: 'd', handler: () => 1 };",
    )
    machine.put(machine.theirs / "theirs.ts", tool("theirs"))
    machine.trust()  # fmt: skip
    monkeypatch.setenv("JCODE_HOME", str(machine.home))

    async def found() -> list[str]:
        async with PluginHost.from_config(project_dir=machine.project) as host:
            return [info.name for info in host.plugins()]

    assert asyncio.run(found()) == ["own", "kept", "theirs"]


def test_a_program_may_load_one_plugin_under_two_names(machine: Machine) -> None:
    """What it calls itself does not count then; twice under one name is refused all the same."""
    package = machine.put(
        machine.project / "pack" / "package.json", '{"name": "pack", "main": "main.js"}'
    ).parent
    machine.put(package / "main.js", "export default (pi) => pi.on('Stop', () => {});")
    host = machine.host()
    for name in ("one", "two"):
        host.load(package, name=name)
    host.load(package)

    with pytest.raises(PluginLoadError, match="a plugin named two is already loaded from"):
        host.load(package, name="two")
    assert names(host) == ["one", "two", "pack"]

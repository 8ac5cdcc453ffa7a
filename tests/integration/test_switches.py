"""Kill switches on real workers, at start and while they run, with and without an event loop."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from host import (
    BlockingPluginHost,
    Config,
    InputError,
    Outcome,
    PluginDisabledError,
    PluginHost,
    ToolError,
)
from host.audit import Kind
from host.core import HostCore
from host.outcome import JsonObject
from host.plugin_info import PluginInfo
from host.tools import ToolResult
from tests.integration.host_support import Write, bash, plugin
from tests.support.processes import wait_gone

DISABLE = ("JCODE_DISABLE_PLUGINS", "JCODE_PLUGIN_KILL_ALL")
SKIP = ("JCODE_SKIP_PLUGINS", "JCODE_PLUGIN_SKIP_HOOKS")
DENY = ("JCODE_TEAM_WORKER", "JCODE_PLUGIN_FORCE_DENY")
KILL = ("JCODE_PLUGIN_KILL_GUARD",)

GUARD = plugin("""
  pi.on("PreToolUse", () => ({ block: "guarded" }));
  pi.on("PermissionRequest", () => undefined);
  pi.registerTool({ name: "greet", description: "d", tier: "read", handler: () => "hello" });
  pi.registerCommand("hi", { description: "d", handler: () => "hi" });
""")


class Front:
    """Either front end, by the same words."""

    def __init__(self, host: HostCore) -> None:
        self.host = host

    def load(self, path: Path) -> PluginInfo:
        raise NotImplementedError

    def dispatch(self, event: str, payload: JsonObject) -> Outcome:
        raise NotImplementedError

    def call(self, tool: str) -> ToolResult:
        raise NotImplementedError

    def command(self, name: str) -> ToolResult:
        raise NotImplementedError

    def tick(self) -> None:
        """Let the time come at which the switches are read again."""
        raise NotImplementedError

    def wait_gone(self, pids: "set[int]") -> None:
        """Wait until these processes have ended."""
        raise NotImplementedError


class Blocking(Front):
    host: BlockingPluginHost

    def load(self, path: Path) -> PluginInfo:
        return self.host.load(path)

    def dispatch(self, event: str, payload: JsonObject) -> Outcome:
        return self.host.dispatch(event, payload)

    def call(self, tool: str) -> ToolResult:
        return self.host.call_tool(tool, {})

    def command(self, name: str) -> ToolResult:
        return self.host.run_command(name)

    def tick(self) -> None:
        self.host.runtime.look_at = 0.0  # half a second later

    def wait_gone(self, pids: set[int]) -> None:
        assert wait_gone(pids) == set()


class Async(Front):
    host: PluginHost

    def __init__(self, host: PluginHost, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(host)
        self.loop = loop

    def load(self, path: Path) -> PluginInfo:
        return self.loop.run_until_complete(self.host.load(path))

    def dispatch(self, event: str, payload: JsonObject) -> Outcome:
        return self.loop.run_until_complete(self.host.dispatch(event, payload))

    def call(self, tool: str) -> ToolResult:
        return self.loop.run_until_complete(self.host.call_tool(tool, {}))

    def command(self, name: str) -> ToolResult:
        return self.loop.run_until_complete(self.host.run_command(name))

    def tick(self) -> None:
        self.loop.run_until_complete(self._ticked())

    async def _ticked(self) -> None:
        # Nobody calls anything: the loop's own timer has to do it.
        before = self.host.runtime.look_at
        async with asyncio.timeout(30):
            while self.host.runtime.look_at == before:
                await asyncio.sleep(0.01)  # until the value changes, not for a time

    def wait_gone(self, pids: set[int]) -> None:
        left = self.loop.run_until_complete(asyncio.to_thread(wait_gone, pids))
        assert left == set()


MakeFront = Callable[..., Front]


@pytest.fixture(params=["blocking", "asyncio"])
def front(
    request: pytest.FixtureRequest, tmp_path: Path, nothing_stays: None
) -> Iterator[MakeFront]:
    """Return a function that opens a host of either kind."""
    ends: list[Callable[[], object]] = []

    def make(config: Config | None = None) -> Front:
        if request.param == "blocking":
            blocking = BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home")
            ends.append(blocking.close)
            return Blocking(blocking.__enter__())
        loop = asyncio.new_event_loop()
        host = PluginHost(config, project_dir=tmp_path, home=tmp_path / "home")
        ends.append(lambda: (loop.run_until_complete(host.close()), loop.close()))
        return Async(loop.run_until_complete(host.__aenter__()), loop)

    yield make
    for end in ends:
        end()


@pytest.fixture(autouse=True)
def no_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the tests has set."""
    for name in (*DISABLE, *SKIP, *DENY, *KILL):
        monkeypatch.delenv(name, raising=False)


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def switch_audit(host: HostCore, kind: Kind, switch: str) -> list[str]:
    """Entries of *kind* that name *switch*."""
    return [e.detail for e in host.audit.recent(1000, kind=kind) if switch in e.detail]


def configured(path: Path, **more: object) -> Config:
    source = {"type": "file", "path": str(path)}
    return Config.model_validate({"sources": [source], **more})


PERMISSION: JsonObject = {"action": "write", "session_id": "s"}


def test_without_a_switch_all_of_it_works(front: MakeFront, write: Write) -> None:
    """The control of everything below."""
    ours = front(configured(write("guard.js", GUARD)))

    assert ours.dispatch("PreToolUse", bash()).reason == "guarded"
    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"
    assert [tool.name for tool in ours.host.tools()] == ["plugin_greet"]
    assert ours.command("hi").output == "hi"


# At start.


@pytest.mark.parametrize("fail_closed", [False, True])
@pytest.mark.parametrize("switch", [*DISABLE, "enable = false", "kill.all"])
def test_switched_off_nothing_is_started(
    front: MakeFront,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
    fail_closed: bool,
) -> None:
    """No process, no tool, and every event goes on at once, whatever the failure mode."""
    more: dict[str, object] = {"fail_closed": fail_closed}
    if switch == "enable = false":
        more["enable"] = False
    elif switch == "kill.all":
        more["kill"] = {"all": True}
    else:
        monkeypatch.setenv(switch, "1")
    before = children()
    path = write("guard.js", GUARD)
    ours = front(configured(path, **more))

    outcome = ours.dispatch("PreToolUse", bash())
    assert (outcome.action, outcome.results) == ("continue", ())
    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"
    assert (ours.host.tools(), ours.host.plugins(), ours.host.commands()) == ([], [], [])
    with pytest.raises(ToolError, match="no tool"):
        ours.call("plugin_greet")
    with pytest.raises(PluginDisabledError) as refused:
        ours.load(path)
    if switch in DISABLE:
        assert refused.value.switch == switch
        assert switch_audit(ours.host, Kind.REFUSED, switch)
    assert children() == before


@pytest.mark.parametrize("switch", [*SKIP, "skip_hooks"])
def test_without_hooks_tools_still_work(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    """Not even those of the tool call itself."""
    config = configured(write("guard.js", GUARD), skip_hooks=switch == "skip_hooks")
    if switch != "skip_hooks":
        monkeypatch.setenv(switch, "yes")
    ours = front(config)

    assert ours.dispatch("PreToolUse", bash()).results == ()
    assert not ours.host.has_handler("PreToolUse")
    assert ours.call("plugin_greet").output == "hello"


@pytest.mark.parametrize("switch", [*DENY, "force_deny"])
def test_denying_everything(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    """Tools, commands and permissions are refused by name; a guard still guards."""
    config = configured(write("guard.js", GUARD), force_deny=switch == "force_deny")
    if switch == "force_deny":
        switch = "the embedding program"
    else:
        monkeypatch.setenv(switch, "on")
    ours = front(config)

    assert ours.dispatch("PreToolUse", bash()).reason == "guarded"
    asked = ours.dispatch("PermissionRequest", PERMISSION)
    assert (asked.action, asked.blocked_by) == ("deny", switch)
    for result in (ours.call("plugin_greet"), ours.command("hi")):
        assert (result.ok, result.status, result.code) == (False, "blocked", "E_SWITCH")
        assert switch in str(result.error)
    assert len(switch_audit(ours.host, Kind.REFUSED, switch)) == 3


def test_a_permission_that_no_plugin_is_asked_about_is_not_ours_to_deny(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent's own gate goes on as it would without plugins."""
    monkeypatch.setenv("JCODE_TEAM_WORKER", "1")
    ours = front(configured(write("other.js", plugin('pi.on("Stop", () => undefined);'))))

    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"


def test_a_rewrite_is_a_request_and_is_denied(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under force-deny a plugin sees and vetoes; it changes nothing."""
    source = plugin('pi.on("PreToolUse", () => ({ modified_input: { command: "evil" } }));')
    ours = front(configured(write("rewriter.js", source)))
    assert ours.dispatch("PreToolUse", bash()).output["modified_input"] == {"command": "evil"}

    ours.host.set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})

    assert ours.dispatch("PreToolUse", bash()).output == {}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"disable": ["guard"]},
        {"kill": {"guard": True}},
        {"enable": ["other"]},
        {"plugins": {"guard": {"enable": False}}},
    ],
)
def test_one_plugin_is_off(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, more: dict[str, object]
) -> None:
    """By the environment or the configuration; it is no failure, so the start goes on even when failing closed."""
    path, other = write("guard.js", GUARD), write("other.js", GUARD.replace("guarded", "other"))
    if not more:
        monkeypatch.setenv("JCODE_PLUGIN_KILL_GUARD", "1")
    ours = front(configured(path, fail_closed=True, **more))
    ours.load(other)

    assert [info.name for info in ours.host.plugins()] == ["other"]
    assert ours.dispatch("PreToolUse", bash()).reason == "other"
    with pytest.raises(PluginDisabledError, match="guard is switched off by"):
        ours.load(path)


def test_a_name_that_only_the_plugin_knows_is_enough(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may call itself otherwise; its worker is gone before anything of it is routed."""
    monkeypatch.setenv("JCODE_PLUGIN_KILL__ACME_REAL", "1")
    source = 'export const manifest = { name: "@acme/real" };\n' + GUARD
    ours = front()

    with pytest.raises(PluginDisabledError) as refused:
        ours.load(write("guard.js", source))

    assert refused.value.switch == "JCODE_PLUGIN_KILL__ACME_REAL"
    assert ours.host.tools() == []


# While running.


@pytest.mark.parametrize("by", ["environment", "program"])
@pytest.mark.parametrize("switch", [*DISABLE, *KILL])
def test_a_switch_kills_running_workers_and_lifting_it_lets_them_back(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, switch: str, by: str
) -> None:
    """The processes are gone, the zygotes as well when all is off; then the plugin serves as before."""
    before = children()
    ours = front(configured(write("guard.js", GUARD), fail_closed=True))
    assert ours.dispatch("PreToolUse", bash()).blocked
    (info,) = ours.host.plugins()
    assert info.pids

    if by == "program":
        ours.host.set_switches({switch: "1"})
    else:
        monkeypatch.setenv(switch, "1")
        ours.tick()
        assert not ours.dispatch("PreToolUse", bash()).blocked
    ours.wait_gone(set(info.pids))

    assert ours.dispatch("PreToolUse", bash()).results == ()
    assert ours.host.tools() == []
    (off,) = ours.host.plugins()
    assert (off.state, off.pids) == ("disabled", ())
    with pytest.raises(PluginDisabledError, match=switch):
        ours.host.enable("guard")  # type: ignore[attr-defined] # both front ends have it
    if switch in DISABLE:
        assert children() == before
    assert switch_audit(ours.host, Kind.SWITCH, switch)
    assert switch_audit(ours.host, Kind.REFUSED, switch)

    if by == "program":
        ours.host.set_switches({})
    else:
        monkeypatch.delenv(switch)
        ours.tick()
        # A first event after the tick is what looks, where there is no loop.
        ours.dispatch("Stop", {})

    assert ours.dispatch("PreToolUse", bash()).reason == "guarded"
    assert ours.call("plugin_greet").status == "blocked"  # by the guard itself
    while not ours.host.plugins()[0].pids:  # its answer may be read before the zygote's word
        ours.dispatch("PreToolUse", bash())
    (back,) = ours.host.plugins()
    assert set(back.pids).isdisjoint(info.pids)


@pytest.mark.parametrize("switch", [*SKIP, *DENY])
def test_hooks_stop_and_requests_are_denied_while_running(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    """The workers stay: only what they are asked changes."""
    ours = front(configured(write("guard.js", GUARD)))
    (info,) = ours.host.plugins()
    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"

    monkeypatch.setenv(switch, "1")
    ours.tick()
    asked = ours.dispatch("PermissionRequest", PERMISSION)

    assert asked.action == ("deny" if switch in DENY else "continue")
    assert ours.dispatch("PreToolUse", bash()).blocked == (switch in DENY)
    assert ours.call("plugin_greet").ok == (switch in SKIP)
    assert [i.pids for i in ours.host.plugins()] == [info.pids]

    monkeypatch.delenv(switch)
    ours.tick()
    ours.dispatch("Stop", {})
    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"
    assert ours.dispatch("PreToolUse", bash()).blocked


HIGHER_FIRST = [
    (DISABLE[0], SKIP[0]),
    (DISABLE[0], DENY[0]),
    (SKIP[0], DENY[0]),
    (DISABLE[1], KILL[0]),
]


@pytest.mark.parametrize(("higher", "lower"), HIGHER_FIRST)
def test_the_higher_switch_decides(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch, higher: str, lower: str
) -> None:
    """With both on, a permission is not denied by plugins that are not asked."""
    ours = front(configured(write("guard.js", GUARD)))

    ours.host.set_switches({higher: "1", lower: "1"})

    assert ours.dispatch("PermissionRequest", PERMISSION).action == "continue"
    assert ours.dispatch("PreToolUse", bash()).results == ()
    assert (ours.host.tools() == []) == (higher in DISABLE)


def test_the_program_cannot_lift_what_the_environment_sets(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its switches only add."""
    monkeypatch.setenv("JCODE_PLUGIN_SKIP_HOOKS", "1")
    ours = front(configured(write("guard.js", GUARD)))

    ours.host.set_switches({"JCODE_PLUGIN_SKIP_HOOKS": "0", "JCODE_SKIP_PLUGINS": "off"})

    assert ours.dispatch("PreToolUse", bash()).results == ()


@pytest.mark.parametrize(
    "name", ["JCODE_PLUGIN_KIL_GUARD", "PATH", "JCODE_PLUGIN_KILL_", "JCODE_PLUGIN_MODE"]
)
def test_a_switch_that_is_none_is_refused(front: MakeFront, name: str) -> None:
    """Misspelt, it would switch nothing off."""
    ours = front()

    with pytest.raises(InputError, match="no switch"):
        ours.host.set_switches({name: "1"})


def test_a_denial_that_cannot_be_understood_denies_everything(
    front: MakeFront, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At start it is an error; while running there is nobody to tell, so nothing is allowed."""
    ours = front(configured(write("guard.js", GUARD)))

    monkeypatch.setenv("JCODE_PLUGIN_DENY", "shel:rm")
    ours.tick()

    assert ours.dispatch("PermissionRequest", PERMISSION).blocked_by == "JCODE_PLUGIN_DENY"


# While something is under way.

SLOW = plugin("""
  let open;
  const opened = new Promise((done) => { open = done; });
  pi.on("PreToolUse", async () => { await opened; return undefined; });
  pi.on("Stop", () => { open(); });
  pi.registerTool({ name: "late", description: "d", tier: "read", handler: () => "too late" });
""")


async def _started(host: PluginHost, path: Path, event: str) -> "asyncio.Task[Outcome]":
    """Load *path* and dispatch *event*; return once the worker has it."""
    await host.load(path)
    task = asyncio.create_task(host.dispatch(event, bash()))
    (info,) = [i for i in host.plugins() if i.name == path.stem]
    instance = host.workspace.plugin(info.name).instance_for("s")
    async with asyncio.timeout(30):
        while instance.link is None or not instance.link.calls:
            await asyncio.sleep(0.005)  # until the worker has it, not for a time
    return task


@pytest.mark.parametrize("switch", [*DISABLE, "JCODE_PLUGIN_KILL_SLOW"])
def test_a_call_that_is_under_way_ends_at_once(
    tmp_path: Path, write: Write, nothing_stays: None, switch: str
) -> None:
    """Its worker is gone, and the agent has its answer long before the deadline."""

    async def run() -> None:
        config = Config.model_validate({"timeouts": {"actionable_ms": 600_000}})
        async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
            task = await _started(host, write("slow.js", SLOW), "PreToolUse")
            host.set_switches({switch: "1"})
            async with asyncio.timeout(30):
                outcome = await task

            (result,) = outcome.results
            assert (result.status.value, outcome.blocked) == ("blocked", False)
            assert switch in str(result.error)

    asyncio.run(run())


def test_who_holds_an_older_snapshot_starts_no_worker_of_what_is_off(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """In a chain the second plugin's turn comes after it was killed."""

    async def run() -> None:
        config = Config.model_validate(
            {"dispatch": "chain", "timeouts": {"actionable_ms": 600_000}}
        )
        async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
            slow, second = write("slow.js", SLOW), write("second.js", GUARD)
            await host.load(slow)
            await host.load(second, scope="session")
            task = asyncio.create_task(host.dispatch("PreToolUse", bash()))
            instance = host.workspace.plugin("slow").instance_for("")
            async with asyncio.timeout(30):
                while instance.link is None or not instance.link.calls:
                    await asyncio.sleep(0.005)  # until the first one has it
            host.set_switches({"JCODE_PLUGIN_KILL_SECOND": "1"})
            await host.dispatch("Stop", {})  # lets the first one answer
            outcome = await task

            states = {result.plugin: result.status.value for result in outcome.results}
            assert states == {"slow": "answered", "second": "blocked"}
            (off,) = [info for info in host.plugins() if info.name == "second"]
            assert off.pids == ()

    asyncio.run(run())


def test_a_tool_call_that_waits_for_a_hook_is_denied_before_it_runs(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The switch came on while PreToolUse had the floor."""

    async def run() -> None:
        config = Config.model_validate({"timeouts": {"actionable_ms": 600_000}})
        async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(write("slow.js", SLOW))
            task = asyncio.create_task(host.call_tool("plugin_late", {}, typed=True))
            instance = host.workspace.plugin("slow").instance_for("")
            async with asyncio.timeout(30):
                while instance.link is None or not instance.link.calls:
                    await asyncio.sleep(0.005)  # until the hook has it
            host.set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})
            await host.dispatch("Stop", {})
            result = await task

            assert (result.ok, result.status, result.code) == (False, "blocked", "E_SWITCH")

    asyncio.run(run())

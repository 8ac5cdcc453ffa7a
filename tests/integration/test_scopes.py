"""Projects and sessions: what an instance of one must never learn of another."""

from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, InputError, Limits, PluginHost, PluginOptions
from host.outcome import JsonObject
from host.plugin_info import PluginInfo
from host.waits import start
from host.workspace import Workspace
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, on, plugin, yes

# Remembers everything that it is ever told, and tells it.
MEMORY = plugin("""
  const seen = [];
  pi.on("UserPromptSubmit", (event) => { seen.push(event.content); });
  pi.on("SessionStart", async (event) => { await pi.kv.set(event.session_id, event.project_dir); });
  pi.registerCommand("tell", { handler: (_, ctx) => ({ output: {
    seen, cwd: pi.cwd, ctx_cwd: ctx.cwd, data: pi.dataDir, settings: pi.getSettings(),
    kv: Object.fromEntries(pi.kv.list().map((key) => [key, pi.kv.get(key)])),
    session: ctx.sessionId,
  } }) });
""")


def tell(host: BlockingPluginHost, session: str = "") -> JsonObject:
    """Everything that the instance of *session* knows."""
    output = host.run_command("tell", session_id=session).output
    assert isinstance(output, dict)
    return output


def test_two_hosts_on_one_home_share_nothing_between_projects(
    make_host: MakeHost, write: Write
) -> None:
    """The same plugin, the same home: each project has its own events, kv, cwd and settings."""
    path = write("memory.js", MEMORY)
    hosts = {
        name: make_host(Config(settings={"memory": {"of": name}}), project=name)
        for name in ("one", "two")
    }
    for name, host in hosts.items():
        host.load(path)
        for session in "ab":
            host.dispatch(
                "SessionStart", {"session_id": f"{name}-{session}", "project_dir": name}
            )
            host.dispatch(
                "UserPromptSubmit", {"content": f"{name} {session}", "session_id": session}
            )

    for name, host in hosts.items():
        known = tell(host)
        assert known["seen"] == [f"{name} a", f"{name} b"]
        assert known["kv"] == {f"{name}-a": name, f"{name}-b": name}
        assert known["cwd"] == known["ctx_cwd"] == str(host.workspace.project_dir)
        assert known["settings"] == {"of": name}
    assert tell(hosts["one"])["data"] != tell(hosts["two"])["data"]


class Project:
    """A second workspace on the runtime of a host, used from its thread."""

    def __init__(self, host: BlockingPluginHost, config: Config, folder: Path) -> None:
        folder.mkdir()
        self.host = host
        self.workspace = Workspace(host.runtime, config, folder.resolve())

    def load(self, path: Path, **options: object) -> PluginInfo:
        """As the host's, in this workspace."""
        with self.host._lock:
            return self.host._wait(start(self.workspace.loads.load(path, **options)))  # type: ignore[arg-type]

    def as_host(self) -> BlockingPluginHost:
        """The host with this workspace in the place of its own."""
        twin = object.__new__(BlockingPluginHost)
        twin.__dict__ = self.host.__dict__ | {"workspace": self.workspace}
        return twin


@pytest.fixture
def other(host: BlockingPluginHost, tmp_path: Path) -> Project:
    """Another project on the same runtime."""
    return Project(host, Config(settings={"memory": {"of": "other"}}), tmp_path / "other")


def test_two_workspaces_of_one_runtime_share_nothing(
    host: BlockingPluginHost, other: Project, write: Write
) -> None:
    """One process, one store directory, two projects."""
    path = write("memory.js", MEMORY)
    host.load(path)
    other.load(path)
    twin = other.as_host()
    for name, each in (("host", host), ("other", twin)):
        each.dispatch("SessionStart", {"session_id": "s", "project_dir": name})
        each.dispatch("UserPromptSubmit", {"content": name, "session_id": "s"})

    first, second = tell(host), tell(twin)

    assert (first["seen"], second["seen"]) == (["host"], ["other"])
    assert (first["kv"], second["kv"]) == ({"s": "host"}, {"s": "other"})
    assert (first["settings"], second["settings"]) == ({}, {"of": "other"})
    assert first["cwd"] == str(host.workspace.project_dir)
    assert second["cwd"] == second["ctx_cwd"] == str(other.workspace.project_dir)


def test_a_project_instance_serves_every_session(
    host: BlockingPluginHost, write: Write
) -> None:
    """The default: one worker for the project, whose handler is told which session speaks."""
    host.load(write("memory.js", MEMORY))
    for session in "abc":
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})

    assert tell(host, "a")["seen"] == ["a", "b", "c"]
    assert tell(host, "b")["session"] == "b"
    assert len(host.plugins()[0].pids) == 1


def test_session_instances_keep_their_own_state(host: BlockingPluginHost, write: Write) -> None:
    """Three sessions, three workers; the first one that was started is nobody's second."""
    host.load(write("memory.js", MEMORY), scope="session")
    for session in "abcab":
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})

    assert [tell(host, session)["seen"] for session in "abc"] == [["a", "a"], ["b", "b"], ["c"]]
    assert [tell(host, session)["session"] for session in "abc"] == ["a", "b", "c"]
    assert len(set(host.plugins()[0].pids)) == 3


def test_session_instances_share_their_projects_kv(
    host: BlockingPluginHost, write: Write
) -> None:
    """The store belongs to the project; what one session wrote, another may read."""
    host.load(write("memory.js", MEMORY), scope="session")
    for session in "ab":
        host.dispatch("SessionStart", {"session_id": session, "project_dir": "p"})

    assert tell(host, "a")["kv"] == tell(host, "b")["kv"] == {"a": "p", "b": "p"}


@pytest.mark.parametrize("end", ["SessionEnd", "SessionShutdown"])
def test_a_session_instance_ends_with_its_session(
    host: BlockingPluginHost, write: Write, end: str
) -> None:
    """After it has seen the end itself; the same id later starts afresh."""
    body = MEMORY.replace(
        "const seen", f'pi.on("{end}", (e) => pi.kv.set("end", e.session_id)); const seen'
    )
    host.load(write("memory.js", body), scope="session")
    for session in "ab":
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})
    assert len(host.plugins()[0].pids) == 2

    host.dispatch(end, {"session_id": "a", "duration_seconds": 1, "message_count": 1})

    assert len(host.plugins()[0].pids) == 1
    assert tell(host, "b")["kv"] == {"end": "a"}
    assert tell(host, "b")["seen"] == ["b"]
    assert tell(host, "a")["seen"] == []


def test_an_ended_session_is_gone_even_if_nobody_listens_to_ends(
    host: BlockingPluginHost, write: Write
) -> None:
    """A plugin need not subscribe to the end of a session to be ended with it."""
    host.load(write("memory.js", MEMORY), scope="session")
    for session in "ab":
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})

    host.dispatch("SessionEnd", {"session_id": "a"})

    assert len(host.plugins()[0].pids) == 1
    assert tell(host, "a")["seen"] == []


PI_STYLE = """
export default (pi) => {
  const seen = [];
  pi.on("input", (event) => { seen.push(event.text); });
  pi.registerCommand("tell", { handler: () => ({ output: { seen } }) });
};
"""


def test_a_plugin_that_speaks_pi_gets_session_scope(
    host: BlockingPluginHost, write: Write
) -> None:
    """It was written for one process per session."""
    info = host.load(write("p.js", PI_STYLE))
    for session in "ab":
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})

    assert info.scope == "session"
    assert (tell(host, "a")["seen"], tell(host, "b")["seen"]) == (["a"], ["b"])


def test_the_operators_scope_beats_the_format(make_host: MakeHost, write: Write) -> None:
    """Configured for the project, and again by the caller for the session."""
    host = make_host(Config(plugins={"p": PluginOptions(scope="project")}))

    assert host.load(write("p.js", PI_STYLE)).scope == "project"
    assert host.load(write("q.js", PI_STYLE), scope="global").scope == "global"


def test_a_global_instance_is_shared_and_survives_one_leaving(
    host: BlockingPluginHost, other: Project, write: Write
) -> None:
    """Two workspaces, one worker, one store; the last one to leave ends it."""
    path = write("memory.js", MEMORY)
    mine = host.load(path, scope="global")
    theirs = other.load(path, scope="global")
    twin = other.as_host()
    host.dispatch("UserPromptSubmit", {"content": "mine", "session_id": "s"})
    twin.dispatch("UserPromptSubmit", {"content": "theirs", "session_id": "s"})

    assert mine.pids == theirs.pids
    assert tell(host)["seen"] == tell(twin)["seen"] == ["mine", "theirs"]
    assert tell(host)["cwd"] == ""

    host.unload("memory")
    with pytest.raises(InputError, match="no plugin named"):
        host.unload("memory")
    assert tell(twin)["seen"] == ["mine", "theirs"]

    twin.unload("memory")
    assert host.runtime.shared == {}


def test_global_instances_of_different_code_are_not_shared(
    host: BlockingPluginHost, other: Project, write: Write
) -> None:
    """The name alone is no identity."""
    mine = host.load(write("memory.js", MEMORY), scope="global")
    theirs = other.load(write("else/memory.js", MEMORY + "//"), scope="global")

    assert set(mine.pids).isdisjoint(theirs.pids)


def test_too_many_sessions_cost_the_idlest(make_host: MakeHost, write: Write) -> None:
    """The limit holds, and what was used last stays."""
    host = make_host(Config(limits=Limits(max_sessions=2)))
    host.load(write("memory.js", MEMORY), scope="session")
    for session in ("a", "b", "a", "c"):
        host.dispatch("UserPromptSubmit", {"content": session, "session_id": session})

    assert len(host.plugins()[0].pids) == 2
    assert tell(host, "a")["seen"] == ["a", "a"]
    assert tell(host, "c")["seen"] == ["c"]
    assert tell(host, "b")["seen"] == []


def test_order_of_plugins_is_the_order_of_loading(
    host: BlockingPluginHost, write: Write
) -> None:
    """And an unloaded plugin that comes back stands last."""
    for name in "abc":
        host.load(write(f"{name}.js", on("PreToolUse", f'return {{ block: "{name}" }};')))
    assert host.dispatch("PreToolUse", {}).blocked_by == "a"

    host.unload("a")
    assert host.dispatch("PreToolUse", {}).blocked_by == "b"
    host.load(write("a.js", on("PreToolUse", 'return { block: "a" };')))

    assert host.dispatch("PreToolUse", {}).blocked_by == "b"
    assert [info.name for info in host.plugins()] == ["b", "c", "a"]


@pytest.mark.asyncio
async def test_two_asyncio_hosts_in_one_loop(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Each has its own runtime; nothing is global to the process."""
    path = write("memory.js", MEMORY)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        PluginHost(home=tmp_path / "home", project_dir=tmp_path / "one") as one,
        PluginHost(home=tmp_path / "home", project_dir=tmp_path / "two") as two,
    ):
        for name, host in (("one", one), ("two", two)):
            await host.load(path)
            await host.dispatch("UserPromptSubmit", {"content": name, "session_id": "s"})
        told = [(await host.run_command("tell")).output for host in (one, two)]

    assert [t["seen"] for t in told if isinstance(t, dict)] == [["one"], ["two"]]


def test_a_second_end_of_a_session_starts_nothing(
    host: BlockingPluginHost, write: Write
) -> None:
    """SessionEnd and SessionShutdown both come; the state they are about is gone with the first."""
    host.load(
        write(
            "ends.js",
            """export default (pi) => {
              pi.on("SessionEnd", () => {});
              pi.on("SessionShutdown", () => {});
            };""",
        ),
        scope="session",
    )
    first = host.dispatch("SessionEnd", {"session_id": "a"})
    second = host.dispatch("SessionShutdown", {"session_id": "a"})

    assert [result.plugin for result in first.results] == ["ends"]
    assert second.results == ()
    assert host.plugins()[0].pids == ()


def test_a_tool_of_pi_has_its_state_for_each_session(make_host: MakeHost, write: Write) -> None:
    """Without a handler, the import of one of pi's packages tells."""
    host = make_host(approver=yes)
    host.load(
        write(
            "tool.ts",
            """import { defineTool } from "@mariozechner/pi-coding-agent";
            let n = 0;
            export default (pi: any) => pi.registerTool(defineTool({
              name: "n", description: "counts", parameters: { type: "object" },
              async execute() { n += 1; return { content: [{ type: "text", text: String(n) }] }; } }));
            """,
        )
    )

    counted = [host.call_tool("n", {}, session_id=s).output for s in ("a", "a", "b")]

    assert counted == ["1", "2", "1"]

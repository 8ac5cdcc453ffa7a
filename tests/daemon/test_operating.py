"""What whoever looks after plugins asks the daemon: what there is, what happened, what a plugin may do and why."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host.outcome import Json
from jcode_plugins import AnswerError, AsyncClient, Client, InputError, ToolError
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, ROOT, Daemon

CONFIG: Final = """
[plugin]
mode = "strict"
permission_mode = "bypass_permissions"
[plugin.deny]
env = ["SECRET_*"]
[plugin.plugins.busy.allow]
env = ["LANG"]
[plugin.settings.busy]
token = "hunter2hunter2"
"""
BUSY: Final = """
export const manifest = { name: "busy", version: "1.2.3", tier: "read",
  capabilities: { env_read: ["LANG", "SECRET_KEY"], events: ["PreToolUse"], max_bytes_written: 1000 },
  settings: { token: { type: "string", secret: true } } };
export default (pi) => {
  pi.on("PreToolUse", (event) => event.tool_name?.startsWith("plugin_") ? undefined : { block: "no" });
  pi.registerCommand("greet", { description: "Greets",
    getArgumentCompletions: (prefix) => ["ada", "alan", "grace"].filter((one) => one.startsWith(prefix)),
    handler: () => {} });
  pi.registerTool({ name: "say", description: "Logs", tier: "read", parameters: {
      type: "object", properties: { level: { type: "string" }, text: { type: "string" }, times: { type: "number" } } },
    handler: ({ level, text, times }) => { for (let i = 0; i < (times ?? 1); i++) pi.logger[level](text); } });
  pi.registerTool({ name: "look", description: "Asks for more than it may", tier: "read", handler: async () => {
    await pi.env.get("LANG");
    try { await pi.env.get("PATH"); } catch (error) { return error.code; } } });
};
"""
OTHER: Final = """
export default (pi) => { pi.registerTool({ name: "other", description: "", tier: "read",
  handler: () => { pi.logger.info("from the other one"); } }); };
"""

HANGS: Final = """
export default (pi) => { pi.registerTool({ name: "hang", description: "", tier: "read",
  handler: () => { for (;;) {} } }); };
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for what changes nothing of it."""
    base = tmp_path_factory.mktemp("operating")
    daemon = Daemon(base / "home", base / "project")
    daemon.write(CONFIG, {"busy": BUSY, "other": OTHER})
    daemon.start()
    yield daemon
    assert daemon.end() == 0


# What there is.


def test_an_overview_has_every_project_with_its_workers(daemon: Daemon, tmp_path: Path) -> None:
    """Also those that this client is not in; counted is what was asked for, and what was not allowed of it."""
    with daemon.client() as client, daemon.client(tmp_path) as elsewhere:
        elsewhere.tools()
        assert client.call_tool("plugin_look", {}).ok
        projects = {project.cwd: project for project in client.overview()}

    assert projects.keys() == {str(daemon.project), str(tmp_path)}
    here = projects[str(daemon.project)]
    assert (here.permission_mode, here.is_loading) == ("bypass_permissions", False)
    plugins = {plugin.name: plugin for plugin in here.plugins}
    busy = plugins["busy"]
    assert (busy.version, busy.state, busy.kind) == ("1.2.3", "active", "server")
    assert (busy.events, busy.commands, busy.last_error) == (["PreToolUse"], ["greet"], None)
    assert busy.hostcalls >= 2
    assert busy.refused >= 1
    (instance,) = busy.instances
    assert [instance.pid] == busy.pids
    assert (instance.state, instance.session, instance.restarts) == ("active", "", 0)
    assert plugins["other"].refused == 0


def test_what_was_refused_is_counted_beyond_a_worker(start: StartDaemon) -> None:
    """Its worker dies, and the next one goes on counting."""
    daemon = start(config=CONFIG, busy=BUSY)
    with daemon.client() as client:
        client.call_tool("plugin_look", {})
        (before,) = client.overview()[0].plugins
        os.kill(before.pids[0], signal.SIGKILL)
        while (now := client.overview()[0].plugins[0]).pids in ([], before.pids):
            pass
        client.call_tool("plugin_look", {})
        (after,) = client.overview()[0].plugins

    assert (before.refused, now.restarts) == (1, 1)
    assert after.refused == 2
    assert after.last_error


def test_a_daemon_without_projects_has_an_empty_overview(start: StartDaemon) -> None:
    """Nothing is loaded for the asking."""
    daemon = start(busy=BUSY)
    with daemon.client() as client:
        assert client.overview() == []
        assert client.stats()["workers"] == 0


# What happened.


def test_the_audit_is_told_newest_last(daemon: Daemon) -> None:
    """As many as were asked for, of one plugin, of some kinds."""
    with daemon.client() as client:
        client.dispatch("PreToolUse", {"tool_name": "bash"})
        client.dispatch("PreToolUse", {"tool_name": "edit"})
        entries = client.audit_entries(1000)
        vetoes = client.audit_entries(1000, plugin="busy", kinds=["veto"])
        newest = client.audit_entries(1, plugin="busy", kinds=["veto"])

    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    assert {"loaded", "veto"} <= {entry.kind for entry in entries}
    assert {(entry.kind, entry.plugin, entry.event) for entry in vetoes} == {
        ("veto", "busy", "PreToolUse")
    }
    assert newest == vetoes[-1:]
    assert (newest[0].repeats, newest[0].dropped) == (1, 0)


@pytest.mark.parametrize("recent", [0, -1, 1001, True, 1.5, "1", None])
def test_a_number_of_entries_is_one(daemon: Daemon, recent: object) -> None:
    """Refused with what it may be."""
    with daemon.client() as client, pytest.raises(InputError, match="from 1 to 1000"):
        client.request("audit", {"recent": recent})  # type: ignore[dict-item]


def test_log_lines_come_old_and_new(daemon: Daemon) -> None:
    """What was logged before is told at once, what is logged after as it comes; harmless, and without secrets."""
    with daemon.client() as client:
        client.call_tool(
            "plugin_say", {"level": "warn", "text": "before \x1b[2J hunter2hunter2"}
        )
        lines = client.logs("busy")
        old = next(line for line in lines if line.text.startswith("before"))
        client.call_tool("plugin_other", {})
        client.call_tool("plugin_say", {"level": "debug", "text": "after"})
        new = next(lines)
        lines.close()  # type: ignore[attr-defined]  # a generator

    assert (old.plugin, old.level, old.project) == ("busy", "warn", str(daemon.project))
    assert old.text.startswith(r"before \x1b[2J ")
    assert "hunter2" not in old.text
    assert old.at > 1e9
    assert (new.level, new.text, new.dropped) == ("debug", "after", 0)


def test_what_is_logged_is_logged_as_before(start: StartDaemon) -> None:
    """The daemon's own log has the line, in its form."""
    daemon = start(config=CONFIG, busy=BUSY)
    with daemon.client() as client:
        client.call_tool("plugin_say", {"level": "warn", "text": "for the log"})

    assert daemon.log_until("for the log").rstrip().endswith("WARNING [busy] for the log")


def test_a_reader_of_logs_that_does_not_read_costs_nothing(start: StartDaemon) -> None:
    """Lines are dropped for it alone, and it is told how many."""
    daemon = start(
        config=CONFIG
        + "[plugin.limits]\nlogs_per_s = 4000\n[plugin.daemon]\nread_ms = 600000\n"
        + "[plugin.timeouts]\nmax_busy_ms = 60000\n",
        busy=BUSY,
    )
    text = "x" * 8000
    with daemon.client() as client, daemon.raw() as slow:
        client.tools()
        slow.request(1, "logs")
        assert slow.answer()["result"] == {"lines": []}
        for _ in range(12):
            assert client.call_tool(
                "plugin_say", {"level": "debug", "text": text, "times": 100}
            ).ok
        dropped = 0
        client.call_tool("plugin_say", {"level": "info", "text": "the last one"})
        while True:
            event = slow.answer()["event"]
            assert isinstance(event, dict)
            line = event["log"]
            assert isinstance(line, dict)
            dropped += int(str(line["dropped"]))
            if line["text"] == "the last one":
                break

    assert dropped > 0


def test_a_connection_is_told_of_eight_streams(daemon: Daemon) -> None:
    """The ninth is refused, not forgotten."""
    with daemon.raw() as raw:
        for number in range(8):
            raw.request(number, "logs")
            assert "result" in raw.answer()
        raw.request(8, "events")

        assert raw.error()["code"] == "E_FULL"


# What a plugin may do.


def test_capabilities_say_what_a_plugin_may_do_and_why(daemon: Daemon) -> None:
    """Each rule with its kind, pattern, verdict, layer and source, for a person to read."""
    with daemon.client() as client:
        found = client.capabilities("busy")

    by_pattern = {(one.kind, one.pattern): one for one in found.entries}
    lang, secret = by_pattern["env", "LANG"], by_pattern["env", "SECRET_*"]
    assert (lang.verdict, lang.layer, lang.layer_name) == ("allow", 3, "plugin allow")
    assert "config.toml:" in lang.source
    assert lang.reason == "reads the variable LANG"
    assert (secret.verdict, secret.layer) == ("deny", 2)
    last = found.entries[-1]
    assert (last.kind, last.pattern, last.verdict, last.layer) == ("*", "*", "deny", 5)
    assert "strict" in last.reason
    assert {(one["kind"], one["pattern"]) for one in found.declared or ()} >= {
        ("env", "LANG"),
        ("env", "SECRET_KEY"),
    }
    assert found.rights["PreToolUse"] == ["observe", "veto"]
    assert found.limits["max_bytes_written"]["value"] == 1000
    assert "manifest" in str(found.limits["max_bytes_written"]["told"])
    assert (found.tier, found.mode, found.loaded) == ("read", "strict", "hand")
    assert {"name": "say", "tier": "read"} in found.tools


@pytest.mark.parametrize(
    ("kind", "target", "verdict", "layer"),
    [
        ("env", "LANG", "allow", 3),
        ("env", "SECRET_KEY", "deny", 2),
        ("env", "PATH", "deny", 5),
        ("fs_read", "README.md", "deny", 5),
        ("fs_read", "~/.ssh/id_ed25519", "deny", 0),
        ("fs_write", ".git/config", "deny", 0),
        ("http_hosts", "example.com:8080", "deny", 5),
        ("http_hosts", "https://example.com/x", "deny", 5),
        ("http_hosts", "[::1]:80", "deny", 5),
        ("shell", "git log --format='%h %s'", "deny", 5),
        ("events", "PreToolUse:veto", "allow", 3),
        ("events", "PreToolUse:decide", "deny", 5),
    ],
)
def test_one_question_is_explained_layer_by_layer(
    daemon: Daemon, kind: str, target: str, verdict: str, layer: int
) -> None:
    """One step decides, and those before it say why they do not."""
    with daemon.client() as client:
        steps = client.explain("busy", kind, target)

    (deciding,) = [step for step in steps if step.decides]
    assert (deciding.verdict, deciding.layer) == (verdict, layer)
    assert all(step.name and step.reason and step.source for step in steps)


@pytest.mark.parametrize(
    ("plugin", "kind", "target", "told"),
    [
        ("buzy", "env", "LANG", "did you mean busy"),
        ("busy", "fs_reed", "x", "did you mean fs_read"),
        ("busy", "http_hosts", "http://", "is no host"),
        ("busy", "shell", "echo 'x", "is no command"),
        ("busy", "shell", "  ", "a command"),
        ("busy", "env", "", "target is a text"),
        ("busy", "fs_read", "a\0b", "target is a text"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(
    daemon: Daemon, plugin: str, kind: str, target: str, told: str
) -> None:
    """With what to write."""
    with daemon.client() as client, pytest.raises(InputError, match=told):
        client.explain(plugin, kind, target)


def test_a_command_is_completed(daemon: Daemon) -> None:
    """By its plugin; an unknown command is an error."""
    with daemon.client() as client:
        assert [one.value for one in client.complete("greet", "a")] == ["ada", "alan"]
        assert client.complete("/greet", "zz") == []
        with pytest.raises(ToolError, match="there is no command"):
            client.complete("greeet")


# Off and back.


def test_what_was_killed_is_enabled_again(start: StartDaemon) -> None:
    """By name and altogether; in force when the answer is there, for every host, and in the audit."""
    daemon = start(config=CONFIG, busy=BUSY)
    with daemon.client() as client:
        assert client.dispatch("PreToolUse", {}).blocked
        client.kill("busy")
        assert not client.dispatch("PreToolUse", {}).blocked
        assert client.enable("busy")["lifted"] == ["kill"]
        assert client.dispatch("PreToolUse", {}).blocked
        assert json.loads((daemon.home / "off.json").read_text())["plugins"] == {}

        client.kill()
        assert client.tools() == []
        assert client.enable()["lifted"] == ["kill --all"]
        assert client.dispatch("PreToolUse", {}).blocked
        (entry,) = client.audit_entries(1000, plugin="busy", kinds=["enabled"])
        assert "lifted kill" in (entry.detail or "")

        with pytest.raises(InputError, match="is not in force"):
            client.enable()
        with pytest.raises(InputError, match="nobody is not off"):
            client.enable("nobody")


def test_a_blocked_plugin_is_enabled(start: StartDaemon) -> None:
    """One that hung too often starts again with a person's word."""
    daemon = start(
        config=CONFIG + "[plugin.timeouts]\nmax_busy_ms = 100\n", hangs=HANGS, busy=BUSY
    )

    def state(client: Client) -> str:
        return next(one.state for one in client.plugins() if one.name == "hangs")

    with daemon.client() as client:
        while state(client) != "blocked":
            client.call_tool("plugin_hang", {})
        assert client.enable("hangs")["lifted"] == []
        while state(client) != "active":
            pass
        (found,) = [one for one in client.overview()[0].plugins if one.name == "hangs"]

    assert found.instances[0].state == "active"


SCRIPT: Final = """
import sys
from jcode_plugins import Client
with Client(project_dir=sys.argv[1]) as client:
    try:
        print(client.enable("busy"))
    except Exception as error:
        print(error.code)
"""


def enables(daemon: Daemon, argv: list[str]) -> str:
    """What a process says that tries to enable."""
    run = subprocess.run(
        [sys.executable, *argv, str(daemon.project)],
        cwd=ROOT,
        env=daemon.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    )
    return run.stdout.strip()


def test_what_a_client_started_does_not_enable(start: StartDaemon) -> None:
    """A command of its model's could; the same from elsewhere may."""
    daemon = start(config=CONFIG, busy=BUSY)
    with daemon.client() as client:
        client.tools()
        client.kill("busy")
        # We are a client that is connected, and the process is our child.
        assert enables(daemon, ["-c", SCRIPT]) == "E_ANSWERER"
        assert client.plugins()[0].state == "disabled"
    while True:  # until the daemon has noticed that we went
        told = enables(daemon, ["-c", SCRIPT])
        if told != "E_ANSWERER":
            break
    assert "'lifted': ['kill']" in told


def test_who_is_gone_gives_nothing_back(start: StartDaemon) -> None:
    """Neither a plugin nor a looser mode: nobody knows who started them. Taking away is anybody's."""
    daemon = start(config=CONFIG, busy=BUSY)
    with daemon.client() as client:
        client.tools()
        client.kill("busy")
        connection = daemon.connection_of_the_dead()

        def code(method: str, **params: Json) -> object:
            answer = daemon.ask(connection, method, **params)
            error = answer.get("error")
            return error["code"] if isinstance(error, dict) else answer["result"]

        assert code("enable", name="busy") == "E_ANSWERER"
        assert code("set_mode", mode="plan") == {"mode": "plan"}
        assert code("set_mode", mode="bypass_permissions") == "E_MODE"
        connection.close()
        assert client.plugins()[0].state == "disabled"


# The client for asyncio has the same verbs.


@pytest.mark.asyncio
async def test_the_asyncio_client_is_told_the_same(daemon: Daemon) -> None:
    """Values of the same types."""
    environment = daemon.environment()
    with daemon.client() as client:
        async with AsyncClient(
            project_dir=daemon.project, environment=environment, timeout_s=HANG_S
        ) as plugins:
            await plugins.tools()
            ours = {project.cwd for project in await plugins.overview()}
            assert ours == {project.cwd for project in client.overview()}
            assert await plugins.explain("busy", "env", "LANG") == client.explain(
                "busy", "env", "LANG"
            )
            assert await plugins.capabilities("busy") == client.capabilities("busy")
            assert await plugins.complete("greet", "g") == client.complete("greet", "g")
            found = await plugins.audit_entries(5, kinds=["loaded"])
            assert {entry.kind for entry in found} == {"loaded"}
            with pytest.raises(AnswerError):
                await plugins.enable("nobody")

            lines = plugins.logs()
            async with asyncio.timeout(HANG_S):
                await plugins.call_tool("plugin_say", {"level": "error", "text": "async"})
                async for line in lines:
                    if line.text == "async":
                        break
            assert line.level == "error"
            await lines.aclose()  # type: ignore[attr-defined]  # a generator

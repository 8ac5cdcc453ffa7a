"""Who shares plugins with whom, and what a configuration that is read again changes."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from jcode_plugins import Client, ConfigError, LoadError, ToolError
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, Daemon

COUNTS: Final = """
let seen = [];
export default (pi) => {
  pi.on("UserPromptSubmit", (event) => { seen.push(event.content); });
  pi.registerTool({ name: "seen", description: "What it saw", tier: "read",
    handler: () => ({ output: { seen, cwd: pi.cwd } }) });
};
"""
GLOBAL: Final = (
    COUNTS.replace('"seen"', '"all"')
    + """
export const manifest = { name: "everywhere", scope: "global" };
"""
)
GUARD: Final = """
export default (pi) => {
  pi.on("PreToolUse", (event) => event.tool_name?.startsWith("plugin_") ? undefined : { block: "%s" });
};
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for what changes nothing of it."""
    base = tmp_path_factory.mktemp("projects")
    daemon = Daemon(base / "home", base / "project")
    daemon.write("", {"counts": COUNTS, "everywhere": GLOBAL, "guard": GUARD % "guarded"})
    daemon.start()
    yield daemon
    assert daemon.end() == 0


def seen(client: Client, tool: str = "seen") -> object:
    output = client.call_tool(tool, {}).output
    assert isinstance(output, dict)
    return output["seen"]


def test_a_project_s_plugins_never_see_another_s_events(daemon: Daemon) -> None:
    """Two directories are two workers; two clients of one directory share one."""
    other = daemon.project.parent / "other"
    other.mkdir()
    with daemon.client() as one, daemon.client() as same, daemon.client(other) as two:
        one.dispatch("UserPromptSubmit", {"content": "of one"})
        two.dispatch("UserPromptSubmit", {"content": "of two"})

        assert seen(one) == seen(same) == ["of one"]
        assert seen(two) == ["of two"]
        cwd = [client.call_tool("seen", {}).output["cwd"] for client in (one, two)]  # type: ignore[index, call-overload]
        assert cwd == [str(daemon.project), str(other)]
        # What says that it is for all of them is.
        assert sorted(seen(one, "all")) == sorted(seen(two, "all"))  # type: ignore[call-overload]
        assert set(seen(one, "all")) >= {"of one", "of two"}  # type: ignore[call-overload]


def test_a_link_to_a_project_is_that_project(daemon: Daemon) -> None:
    """By where it really is."""
    link = daemon.project.parent / "link"
    link.symlink_to(daemon.project)
    with daemon.client() as one, daemon.client(link) as two:
        before = one.stats()["projects"]
        one.tools()
        two.tools()
        pids = [{p.name: p.pids for p in client.plugins()} for client in (one, two)]

        assert pids[0] == pids[1]
        assert one.stats()["projects"] in (before, int(str(before)) + 1)


def test_variables_that_differ_are_another_workspace(daemon: Daemon) -> None:
    """What one client's plugins were given is not for another's."""
    with daemon.client() as one, daemon.client(USER="ada") as two:
        pids = [
            {p.name: tuple(p.pids) for p in client.plugins() if p.scope == "project"}
            for client in (one, two)
        ]

        assert pids[0].keys() == pids[1].keys()
        assert not set(pids[0].values()) & set(pids[1].values())


def test_a_switch_of_one_client_is_for_that_client(daemon: Daemon) -> None:
    """Whatever it switches off, others go on with the same plugins, those of scope global included."""
    with (
        daemon.client() as free,
        daemon.client(JCODE_DISABLE_PLUGINS="1") as nothing,
        daemon.client(JCODE_PLUGIN_KILL_GUARD="1", JCODE_PLUGIN_KILL_EVERYWHERE="1") as killed,
        daemon.client(JCODE_SKIP_PLUGINS="1") as skipped,
        daemon.client(JCODE_TEAM_WORKER="1") as denied,
    ):
        assert free.dispatch("PreToolUse", {}).blocked
        pids = {plugin.name: plugin.pids for plugin in free.plugins()}

        assert nothing.plugins() == []
        assert nothing.dispatch("PreToolUse", {}).results == ()
        assert not nothing.has_handler("PreToolUse")
        assert {plugin.name for plugin in killed.plugins()} == {"counts"}
        assert not killed.dispatch("PreToolUse", {}).blocked
        with pytest.raises(ToolError):
            killed.call_tool("all", {})
        assert not skipped.dispatch("PreToolUse", {}).blocked
        assert skipped.call_tool("seen", {}).ok
        assert denied.call_tool("seen", {}).code == "E_SWITCH"

        assert {plugin.name: plugin.pids for plugin in free.plugins()} == pids
        assert free.dispatch("PreToolUse", {}).blocked
        assert free.call_tool("all", {}).ok


def test_a_mode_is_of_a_session_or_of_the_project(daemon: Daemon) -> None:
    """Two agents in one directory do not decide for each other."""
    with daemon.client() as one, daemon.client() as two:

        def verdict(client: Client, session: str) -> str:
            return client.check_tool(
                "bash", tier="exec", session_id=session, timeout_s=0.05
            ).code

        one.set_mode("bypass_permissions", session_id="s1")
        assert verdict(one, "s1") == verdict(two, "s1") == "allow.tier"
        assert verdict(two, "s2") == "deny.no_answer"
        two.set_mode("dont_ask")
        assert verdict(two, "s2") == "deny.dont_ask"
        assert verdict(one, "s1") == "allow.tier"
        one.dispatch("SessionShutdown", {"session_id": "s1"})
        assert verdict(one, "s1") == "deny.dont_ask"


def test_a_configuration_that_cannot_be_read_is_one_project_s_trouble(daemon: Daemon) -> None:
    """Its clients are told where; others are served; once it is corrected, so is it."""
    broken = daemon.project.parent / "broken"
    (broken / ".jcode").mkdir(parents=True)
    file = broken / ".jcode" / "config.toml"
    file.write_text("[plugin]\nforce_deny = 5\n")
    with daemon.client(broken) as client, daemon.client() as other:
        with pytest.raises(ConfigError, match=r"\.jcode/config\.toml:2: "):
            client.tools()
        assert other.dispatch("PreToolUse", {}).blocked
        file.write_text("[plugin]\nforce_deny = true\n")

        assert client.call_tool("seen", {}).code == "E_SWITCH"


def test_a_configuration_is_read_again_between_two_calls(start: StartDaemon) -> None:
    """While a thread calls without a pause, none of its calls is dropped; those after the change obey it."""
    daemon = start(
        config='[plugin]\ndisable = ["second"]\n',
        first=GUARD % "first",
        second=GUARD % "second",
    )
    outcomes: list[str | None] = []
    stop = threading.Event()

    def go_on() -> None:
        with daemon.client() as client:
            while not stop.is_set():
                outcomes.append(client.dispatch("PreToolUse", {}).blocked_by)

    calling = threading.Thread(target=go_on)
    calling.start()
    with daemon.client() as client:
        while len(outcomes) < 10:
            pass
        assert {plugin.name for plugin in client.plugins()} == {"first"}
        (daemon.home / "config.toml").write_text('[plugin]\ndisable = ["first"]\n')
        done = client.reload()
        told = done["projects"]
        assert told == [{"cwd": str(daemon.project), "error": None}]
        at = len(outcomes)
        while len(outcomes) < at + 10:
            pass
        assert {plugin.name for plugin in client.plugins()} == {"second"}

        (daemon.home / "config.toml").write_text("[plugin]\nmode = 7\n")
        (project,) = client.reload()["projects"]  # type: ignore[misc, union-attr]
        assert "config.toml:2: " in project["error"]  # type: ignore[index, call-overload, operator]
        assert {plugin.name for plugin in client.plugins()} == {"second"}
    stop.set()
    calling.join(HANG_S)

    changed = outcomes.index("second")
    assert set(outcomes[:changed]) == {"first"}
    assert set(outcomes[changed:]) == {"second"}


def test_what_did_not_change_keeps_what_it_knows(start: StartDaemon) -> None:
    """A plugin whose source is another one by now is replaced, and a new one is found."""
    daemon = start(counts=COUNTS, guard=GUARD % "old")
    with daemon.client() as client:
        client.dispatch("UserPromptSubmit", {"content": "before"})
        daemon.write("", {"guard": GUARD % "new"})
        client.reload()
        assert client.dispatch("PreToolUse", {}).reason == "new"
        assert seen(client) == ["before"]

        daemon.write("", {"later": GUARD % "later"})
        client.reload()
        while {plugin.name for plugin in client.plugins()} != {"counts", "guard", "later"}:
            pass
        assert seen(client) == ["before"]


def test_a_signal_has_the_configuration_read_again(start: StartDaemon) -> None:
    """SIGHUP, as services do it."""
    daemon = start(config="[plugin]\nskip_hooks = true\n", guard=GUARD % "guarded")
    with daemon.client() as client:
        assert not client.dispatch("PreToolUse", {}).blocked
        (daemon.home / "config.toml").write_text("")
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.log_until("configuration was read again")

        assert client.dispatch("PreToolUse", {}).blocked


def test_what_a_person_kills_is_off_for_every_client(
    start: StartDaemon, tmp_path: Path
) -> None:
    """In projects that are open and in those to come."""
    daemon = start(guard=GUARD % "guarded", other=COUNTS)
    later = tmp_path / "later"
    later.mkdir()
    with daemon.client() as client, daemon.client(later) as other:
        assert client.dispatch("PreToolUse", {}).blocked
        client.kill("guard")
        assert not client.dispatch("PreToolUse", {}).blocked
        assert not other.dispatch("PreToolUse", {}).blocked
        assert other.call_tool("seen", {}).ok
        client.kill()

        assert client.tools() == other.tools() == []
    assert set(json.loads((daemon.home / "off.json").read_text())["plugins"]) == {"guard"}


def test_what_happens_is_told_to_whoever_listens(start: StartDaemon) -> None:
    """Kinds that were asked for, repeats as one when it is not read."""
    daemon = start(guard=GUARD % "guarded")
    with daemon.client() as client, daemon.client() as watcher:
        events = watcher.events(["veto", "loaded"])
        heard = threading.Thread(target=lambda: told.append(next(events)))
        told: list[object] = []
        heard.start()
        while client.stats()["watchers"] != 1:
            pass
        client.tools()
        heard.join(HANG_S)
        client.dispatch("PreToolUse", {})
        second = next(events)

    (first,) = told
    assert (first.kind, first.plugin) == ("loaded", "guard")  # type: ignore[attr-defined]
    assert (second.kind, second.plugin, second.repeats) == ("veto", "guard", 1)


def test_failing_closed_nothing_goes_on_without_a_plugin(start: StartDaemon) -> None:
    """Every call is told which one did not load; once it is mended, the next call goes on."""
    daemon = start(config="[plugin]\nfail_closed = true\n", guard="export default (")
    with daemon.client() as client:
        for _ in range(2):
            with pytest.raises(LoadError, match=r"guard\.js"):
                client.dispatch("PreToolUse", {})
        assert client.stats()["projects"] == 0
        daemon.write("", {"guard": GUARD % "mended"})

        assert client.dispatch("PreToolUse", {}).reason == "mended"

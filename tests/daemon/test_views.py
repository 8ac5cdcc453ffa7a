"""What real plugins show, by way of the socket, and what a person does with it."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from host.outcome import Json
from jcode_plugins import (
    AnswerError,
    AsyncClient,
    AsyncViewStream,
    Client,
    FullError,
    InputError,
    ToolResult,
)
from jcode_plugins.connecting import Connection
from tests.daemon.conftest import StartDaemon
from tests.daemon.looking import Looking, Mirror, looking, text
from tests.daemon.running import HANG_S, ROOT, Daemon, until

CONFIG: Final = """
[plugin]
permission_mode = "bypass_permissions"
[plugin.timeouts]
actionable_ms = 60000
max_busy_ms = 60000
[plugin.daemon]
read_ms = 600000
"""
"""On a busy machine nobody is ended for being slow: that is not what is tested here."""
SHOWS: Final = """
export const manifest = { name: "shows" };
const command = (name, run) => pi.registerCommand(name, { description: name, handler: async (args, ctx) => ({
  output: (await run(ctx.ui, args, ctx)) ?? null }) });
command("status", (ui, args) => ui.setStatus("mood", args));
command("widget", (ui, args) => { const [key, size] = args.split(" "); ui.setWidget(key, [key + "x".repeat(+size)]); });
command("confirm", (ui) => ui.confirm("Sure?", ""));
command("which", (ui) => ui.select("Which?", ["a", "b"]));
command("has", (ui, args, ctx) => ctx.hasUI);
command("count", (ui) => ui.custom((tui, theme, keys, done) => {
  let n = 0;
  return { render: (width) => [`n ${n} of ${width}`],
    handleInput(data) { if (data === "q") done(n); else { n += 1; } } };
}));
pi.registerShortcut("alt+enter", { description: "sends", handler: (ctx) => ctx.ui.setStatus("mood", "pressed") });
const { slot, ui, route } = pi.tui;
slot.fill("Sidebar", ui.box("Todos", [ui.list([{ id: "one", line: "first" }], {
  onSelect: (item, action) => pi.ui.setStatus("mood", `${item} ${action}`) })]));
route.register("board", { title: "Board", component: () => ({ render: () => ["a board"], handleInput() {} }) });
"""
FLOOD: Final = """
let round = 0;
pi.registerCommand("flood", { handler: (args, ctx) => {
  round += 1;
  for (let i = 0; i < 15; i++) ctx.ui.setWidget(`w${i}`, Array.from({ length: 100 }, () => `${round} ` + "x".repeat(500)));
  return { output: round };
} });
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for what changes nothing of it but what is shown."""
    base = tmp_path_factory.mktemp("views")
    daemon = Daemon(base / "home", base / "project")
    daemon.write(CONFIG, {"shows": SHOWS})
    daemon.start()
    yield daemon
    assert daemon.end() == 0


class Asking:
    """A command of a plugin that waits for a person, in a thread."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self.result: ToolResult | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.result = self._client.command(self._name)

    def end(self) -> ToolResult:
        """How it ended."""
        self._thread.join(HANG_S)
        assert self.result is not None
        return self.result

    def output(self) -> Json:
        """What it gave."""
        result = self.end()
        assert result.ok, result
        return result.output


def until_has(client: Client, *, ui: bool) -> None:
    """Wait until the plugin has an interface, or none."""

    def has() -> bool:
        result = client.command("has")
        assert result.ok, result  # else it would never come
        return result.output is ui

    until(has)


@contextmanager
def attached(client: Client, **ui: Json) -> Iterator[Looking]:
    """Somebody at an interface, of which the plugin knows."""
    with looking(client, attach=True, **ui) as person:
        until_has(client, ui=True)
        yield person


def mood(person: Looking, expected: str) -> None:
    """Wait until the plugin's status is *expected*."""

    def look(mirror: Mirror) -> bool | None:
        status = mirror.area("status").get("mood")
        return (status is not None and text(status.get("line", [])) == expected) or None

    person.until(look)


# Looking.


def test_what_a_plugin_shows_is_told(daemon: Daemon) -> None:
    """What was there before in the snapshot, what changes as it does; until nobody looks."""
    with daemon.client() as client:
        client.command("status", "before")
        with looking(client) as person:
            mood(person, "before")
            assert person.shown("plugin", "")["state"] == "active"
            assert person.mirror.snapshots == 1
            client.command("status", "after")
            mood(person, "after")
            assert person.mirror.snapshots == 1
            assert person.mirror.changes >= 1


def test_plugins_have_an_interface_while_somebody_is_attached(daemon: Daemon) -> None:
    """Not by one who only looks; until the connection ends."""
    with daemon.client() as client:
        with looking(client) as person:
            until_has(client, ui=False)
            assert person.until(lambda mirror: mirror.ui is None or None)
        with looking(client, attach=True, width=40, height=10, theme="light") as person:
            until_has(client, ui=True)
            ui = person.until(lambda mirror: mirror.ui)
            assert isinstance(ui, dict)
            assert (ui["width"], ui["height"], ui["theme"]) == (40, 10, "light")
            client.update_ui(width=50)
            person.until(
                lambda mirror: (
                    (
                        isinstance(mirror.ui, dict)
                        and mirror.ui["width"] == 50
                        and mirror.ui["height"] == 10
                    )
                    or None
                )
            )
        until_has(client, ui=False)


@pytest.mark.parametrize(
    "wrong", [{"theme": "neon"}, {"width": 0}, {"width": 10**9}, {"height": "high"}]
)
def test_an_interface_that_is_none_is_refused(daemon: Daemon, wrong: dict[str, Json]) -> None:
    """When it is attached, and when it changes: told where the stream is read, which goes on."""
    with daemon.client() as client:
        with pytest.raises(InputError):
            client.view(attach=True, **wrong)  # type: ignore[arg-type]
        with looking(client, attach=True) as person:
            person.stream.update(wrong, HANG_S)
            assert isinstance(person.until_error(), InputError)
            client.command("status", str(wrong))
            mood(person, str(wrong))


def test_only_who_attached_has_an_interface_to_change(daemon: Daemon) -> None:
    """On its own connection."""
    with daemon.client() as client, daemon.raw() as raw:
        with pytest.raises(InputError, match="no interface is attached"):
            client.update_ui(width=10)
        with pytest.raises(InputError, match="send attach"):
            client.request("view", {"width": 10})
        raw.request(1, "view")
        assert "result" in raw.answer()
        raw.request(2, "ui", width=10)
        while (answer := raw.answer()).get("id") != 2:
            pass
        assert "no interface is attached" in str(answer["error"])


def test_fifty_who_look_see_the_same(daemon: Daemon) -> None:
    """And the last change reaches each of them."""
    with daemon.client() as client, ExitStack() as stack:
        people = [stack.enter_context(looking(client)) for _ in range(50)]
        for number in range(30):
            client.command("status", f"number {number}")
        for person in people:
            person.until(
                lambda mirror: (
                    text(mirror.area("status")["mood"]["line"]) == "number 29" or None
                )
            )

        first = people[0].mirror
        assert all(
            (one.mirror.version, one.mirror.entries) == (first.version, first.entries)
            for one in people
        )
        assert all(one.mirror.snapshots == 1 for one in people)


def test_ten_megabytes_that_nobody_reads_cost_nothing(start: StartDaemon) -> None:
    """Neither the daemon's memory nor anybody's time; the reader catches up with what is there then."""
    floods = {f"flood{n}": FLOOD.replace("flood", f"flood{n}") for n in range(8)}
    daemon = start(config=CONFIG, **floods)
    mirror = Mirror()
    with daemon.client() as client, client.view() as slow:
        mirror.apply(next(slow))
        before = _resident(daemon.pid)
        told = 0
        with looking(client) as person:
            for number in range(1, 3):  # each takes as long as the rate of a plugin makes it
                for plugin in floods:
                    assert client.command(plugin).output == number
                for plugin in floods:
                    person.until(partial(_has_round, plugin, number))
                told += sum(len(str(value)) for value in person.mirror.entries.values())
            grown = _resident(daemon.pid) - before
            expected = dict(person.mirror.entries)
        assert told > 10_000_000
        while mirror.entries != expected:
            mirror.apply(next(slow))

    assert mirror.changes + mirror.snapshots < person.mirror.changes / 3
    assert grown < 64 * 1024 * 1024


def _has_round(plugin: str, number: int, mirror: Mirror) -> bool | None:
    """True when all of round *number* is there."""
    found = [
        int(text(value["lines"][0]).split()[0])  # type: ignore[index, call-overload]
        for key, value in mirror.entries.items()
        if key[0] == plugin and key[2] == "widget" and isinstance(value, dict)
    ]
    return found == [number] * 15 or None


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


LOOKS: Final = """
import sys
from jcode_plugins import Client
with Client(project_dir=sys.argv[1]) as client:
    for change in client.view(attach=True):
        print("looks", flush=True)
"""


def test_a_client_that_is_killed_looks_no_more(daemon: Daemon) -> None:
    """In the middle of a dialog: it is cancelled, and plugins have no interface."""
    with daemon.client() as client, looking(client) as person:
        process = subprocess.Popen(
            [sys.executable, "-c", LOOKS, str(daemon.project)],
            cwd=ROOT,
            env=daemon.environment(
                PYTHONCOERCECLOCALE="0"
            ),  # else it has a variable more than we
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"looks\n"
            until_has(client, ui=True)
            asking = Asking(client, "confirm")
            person.dialog()
            assert client.stats()["watchers"] == 2
        finally:
            process.kill()
            process.communicate(timeout=HANG_S)

        assert asking.output() is False
        until_has(client, ui=False)
        assert client.stats()["watchers"] == 1


def test_a_client_that_sends_no_more_looks_until_it_is_gone(daemon: Daemon) -> None:
    """Half of a connection says nothing of its end, so the daemon looks for it."""
    with daemon.client() as client:
        with socket.socket(socket.AF_UNIX) as half:
            half.connect(str(daemon.path))
            connection = Connection(half)
            assert "result" in daemon.ask(connection, "view", attach=True)
            half.shutdown(socket.SHUT_WR)
            until_has(client, ui=True)
            client.command("status", "still told")
            while "still told" not in str(connection.receive(monotonic() + HANG_S)):
                pass
            assert client.stats()["watchers"] == 1
        until(lambda: client.stats()["watchers"] == 0)
        until_has(client, ui=False)


def test_who_begins_to_look_does_not_keep_the_daemon(start: StartDaemon) -> None:
    """Their plugins were still loading when it was told to end: they are answered, and that is all."""
    slow = "export default async (pi) => { await pi.sleep(1500); };"
    daemon = start(config=CONFIG + "grace_ms = 600000\n", slow=slow)
    with daemon.raw() as raw, daemon.client() as client:
        raw.request(1, "view", attach=True)
        until(lambda: client.stats()["calls"] == 2)  # theirs, and this one
        assert daemon.end() == 0
        assert "result" in raw.answer()
        assert raw.is_closed()


# What a person does.


def test_a_key_goes_to_who_bound_it(daemon: Daemon) -> None:
    """Nobody: it is not handled. What is none, or never a plugin's, is refused."""
    with daemon.client() as client, attached(client) as person:
        assert client.press_key("Alt+Enter") == {"handled": True, "plugin": "shows"}
        mood(person, "pressed")
        assert client.press_key("alt+x") == {"handled": False, "plugin": ""}
        for wrong in ("", "alt+", "hyper+x", "f12"):
            with pytest.raises(InputError):
                client.press_key(wrong)


def test_a_component_gets_keys_and_says_when_it_is_done(daemon: Daemon) -> None:
    """While it is open; its frame is told."""
    with daemon.client() as client, attached(client, width=30) as person:
        asking = Asking(client, "count")
        frame = person.until(lambda mirror: next(iter(mirror.area("frame")), None))
        assert client.press_key("x", frame=frame, plugin="shows")["handled"]
        person.until(
            lambda mirror: text(mirror.area("frame")[frame]["lines"][0]) == "n 1 of 30" or None  # type: ignore[index, call-overload]
        )
        client.press_key("q", frame=frame, plugin="shows")

        assert asking.output() == 1
        person.gone("frame", frame)


def test_a_dialog_is_answered_once(daemon: Daemon) -> None:
    """With what its kind takes; by whoever is first."""
    with daemon.client() as client, attached(client) as person:
        asking = Asking(client, "which")
        dialog = person.dialog()
        for wrong in (
            {},
            {"index": 2},
            {"index": -1},
            {"value": "a"},
            {"index": 0, "value": "a"},
        ):
            with pytest.raises(InputError):
                client.answer_dialog(dialog, **wrong)  # type: ignore[arg-type]
        client.answer_dialog(dialog, index=1)
        assert asking.output() == "b"
        person.gone("dialog", dialog)
        with pytest.raises(InputError, match="no dialog"):
            client.answer_dialog(dialog, index=1)

        asking = Asking(client, "confirm")
        client.answer_dialog(person.dialog(), cancelled=True)
        assert asking.output() is False


def test_items_are_chosen_and_views_opened(daemon: Daemon) -> None:
    """By the plugin whose they are."""
    with daemon.client() as client, attached(client) as person:
        slot = person.until(lambda mirror: next(iter(mirror.area("slot")), None))
        assert client.select_item("shows", slot, "one", "toggle")["handled"]
        mood(person, "one toggle")
        assert client.open_route("shows", "board")["handled"]
        frame = person.until(lambda mirror: mirror.area("route")["board"]["frame"])
        person.shown("frame", str(frame))
        client.open_route("shows", "board", is_open=False)
        person.gone("frame", str(frame))


# Who may.

TRIES: Final = """
import sys
from jcode_plugins import AnswerError, Client
with Client(project_dir=sys.argv[1]) as client:
    for try_ in (
        lambda: client.press_key("alt+enter"),
        lambda: client.select_item("shows", sys.argv[3], "one"),
        lambda: client.open_route("shows", "board", False),
        lambda: client.answer_dialog(sys.argv[2], value=True),
    ):
        try:
            try_()
            print("ok")
        except AnswerError as error:
            print(error.code)
"""
ASKS: Final = """
import sys
from jcode_plugins import Client
with Client(project_dir=sys.argv[1]) as client:
    print(client.command("confirm").output)
"""


def _run(daemon: Daemon, script: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(daemon.project), *words],
        cwd=ROOT,
        env=daemon.environment(PYTHONCOERCECLOCALE="0"),  # else it has a variable more than we
        stdout=subprocess.PIPE,
        text=True,
    )


def _said(process: "subprocess.Popen[str]") -> list[str]:
    out, _ = process.communicate(timeout=HANG_S)
    return out.split()


def test_what_whoever_asked_has_started_does_not_answer(daemon: Daemon) -> None:
    """A command that an agent's model runs does not press a key, nor answer; the same from elsewhere does."""
    with daemon.client() as client, attached(client) as person:
        slot = person.until(lambda mirror: next(iter(mirror.area("slot")), None))
        # The call is ours, and the process is our child.
        asking = Asking(client, "confirm")
        dialog = person.dialog()
        refused = _said(_run(daemon, TRIES, dialog, slot))
        assert refused == ["E_ANSWERER"] * 4
        client.answer_dialog(dialog, value=False)
        assert asking.output() is False
        person.gone("dialog", dialog)
        entries = client.audit_entries(100, kinds=["refused"])
        assert [entry.code for entry in entries][-4:] == ["E_ANSWERER"] * 4
        assert "answer to a dialog of shows by process" in (entries[-1].detail or "")

        # The call is another child's.
        other = _run(daemon, ASKS)
        allowed = _said(_run(daemon, TRIES, person.dialog(), slot))
        assert allowed == ["ok"] * 4
        assert _said(other) == ["True"]


def test_who_is_gone_does_not_answer(daemon: Daemon) -> None:
    """Nobody knows whose child they were; where no call asks anything, they may press a key."""
    with daemon.client() as client, attached(client) as person:
        connection = daemon.connection_of_the_dead()
        asking = Asking(client, "confirm")
        dialog = person.dialog()
        refused = daemon.ask(connection, "answer_dialog", dialog=dialog, value=True)
        assert refused["error"]["code"] == "E_ANSWERER"  # type: ignore[index, call-overload]
        client.answer_dialog(dialog, value=False)
        assert asking.output() is False
        pressed = daemon.ask(connection, "key", key="alt+enter")
        assert pressed["result"] == {"handled": True, "plugin": "shows"}
        connection.close()


# Workspaces come and go.


def test_who_looks_stays_when_a_configuration_is_read_again(start: StartDaemon) -> None:
    """They get what the new workspace shows, by the same stream and with their interface."""
    daemon = start(config=CONFIG, shows=SHOWS)
    with daemon.client() as client, attached(client, width=33) as person:
        client.command("status", "old")
        person.shown("status", "mood")
        (daemon.home / "config.toml").write_text(CONFIG + "[plugin.limits]\nmax_sessions = 7\n")
        client.reload()
        person.until(lambda mirror: mirror.snapshots == 2 or None)
        assert person.shown("plugin", "")["state"] == "active"
        assert "mood" not in person.mirror.area("status")
        ui = person.until(lambda mirror: mirror.ui)
        assert isinstance(ui, dict)
        assert ui["width"] == 33
        until_has(client, ui=True)
        client.update_ui(width=44)
        client.command("status", "new")
        mood(person, "new")
        person.until(
            lambda mirror: (isinstance(mirror.ui, dict) and mirror.ui["width"] == 44) or None
        )
        assert client.stats()["projects"] == 1


def test_a_project_stays_while_somebody_looks(start: StartDaemon, tmp_path: Path) -> None:
    """Others go when they were idle for long enough, and it goes when nobody looks any more."""
    daemon = start(config=CONFIG + "idle_project_secs = 1\n", shows=SHOWS)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with daemon.client() as client, daemon.client(elsewhere) as other:
        with looking(client) as person:
            (before,) = client.plugins()
            other.tools()
            until(lambda: client.stats()["projects"] == 1)
            ((still,),) = [project.plugins for project in client.overview()]
            assert still.pids == before.pids
            assert not person.has_ended
        until(lambda: client.stats()["projects"] == 0)


def test_projects_that_are_looked_at_make_no_room(start: StartDaemon, tmp_path: Path) -> None:
    """For another one there is none, until somebody looks away."""
    daemon = start(config=CONFIG + "max_projects = 1\n", shows=SHOWS)
    with daemon.client() as client, daemon.client(tmp_path) as other:
        with looking(client), pytest.raises(FullError):
            other.tools()

        def has_room() -> bool:
            try:
                other.tools()
            except FullError:
                return False
            return True

        until(has_room)


def test_what_is_killed_is_shown_no_more(start: StartDaemon) -> None:
    """At once, and its dialog ends; enabled, it shows again."""
    daemon = start(config=CONFIG, shows=SHOWS)
    with daemon.client() as client, attached(client) as person:
        client.command("status", "here")
        person.shown("status", "mood")
        slot = person.until(lambda mirror: next(iter(mirror.area("slot")), None))
        asking = Asking(client, "confirm")
        dialog = person.dialog()
        client.kill("shows")
        person.gone("dialog", dialog)
        person.until(lambda mirror: mirror.area("plugin")[""]["state"] == "disabled" or None)
        assert asking.end().code == "E_BLOCKED"
        assert client.press_key("alt+enter")["handled"] is False
        assert "line" not in person.mirror.area("status").get("mood", {})

        client.enable("shows")
        person.until(lambda mirror: mirror.area("plugin")[""]["state"] == "active" or None)
        person.until(lambda mirror: "node" in mirror.area("slot").get(slot, {}) or None)


def test_a_stream_ends_with_its_daemon(start: StartDaemon) -> None:
    """Without an error: it is the end."""
    daemon = start(config=CONFIG, shows=SHOWS)
    with daemon.client() as client:
        person = Looking(client.view(attach=True))
        person.shown("plugin", "")
        assert daemon.end() == 0
        person.until_end()
        person.close()


# For asyncio.


async def _read_on(mirror: Mirror, stream: AsyncViewStream) -> None:
    async for told in stream:
        mirror.apply(told)


@pytest.mark.asyncio
async def test_the_asyncio_client_looks_and_acts(daemon: Daemon) -> None:
    """As the blocking one: snapshot, changes, interface, keys, dialogs."""
    async with (
        AsyncClient(
            project_dir=daemon.project, environment=daemon.environment(), timeout_s=HANG_S
        ) as plugins,
        asyncio.timeout(HANG_S),
    ):
        mirror = Mirror()
        with pytest.raises(InputError):
            await plugins.update_ui(width=10)
        async with plugins.view(attach=True, width=20) as stream:
            await plugins.update_ui(width=60)  # before it connects
            mirror.apply(await anext(stream))
            while not isinstance(mirror.ui, dict) or mirror.ui["width"] != 60:
                mirror.apply(await anext(stream))
            while (await plugins.command("has")).output is not True:
                pass
            asking = asyncio.create_task(plugins.command("which"))
            while not mirror.area("dialog"):
                mirror.apply(await anext(stream))
            (dialog,) = mirror.area("dialog")
            with pytest.raises(AnswerError):
                await plugins.answer_dialog(dialog, index=9)
            await plugins.answer_dialog(dialog, index=0)
            assert (await asking).output == "a"
            assert (await plugins.press_key("alt+enter"))["handled"]
            (slot,) = mirror.area("slot")
            assert (await plugins.select_item("shows", slot, "one"))["handled"]
            assert (await plugins.open_route("shows", "board"))["handled"]
            assert (await plugins.open_route("shows", "board", is_open=False))["handled"]
            await plugins.update_ui(theme="neon")
            with pytest.raises(InputError):
                await _read_on(mirror, stream)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

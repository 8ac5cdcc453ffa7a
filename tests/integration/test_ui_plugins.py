"""Plugins with an interface, in real workers: what they show, what they ask, and the keys of a person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from host import PluginHost, ToolResult
from host.outcome import Json, JsonObject
from host.view import dialogs
from tests.integration.host_support import Write, plugin
from tests.integration.person import Person, words

Body = Callable[[PluginHost, Person], Awaitable[None]]

ASKS = """
const command = (name, run) => pi.registerCommand(name, { description: `asks by ${name}`, handler: async (args, ctx) => {
  const got = await run(ctx.ui, ctx);
  return { got: got === undefined ? "undefined" : got };
} });
command("select", (ui) => ui.select("Which?", ["a", "b"]));
command("quick", (ui) => ui.quickPick([{ label: "A", description: "first", value: 1 }], { title: "Which?" }));
command("confirm", (ui) => ui.confirm("Sure?", "one\\ntwo"));
command("input", (ui) => ui.input("Name", "Ada"));
command("editor", (ui) => ui.editor("Text", "a\\nb"));
command("timed", (ui) => ui.confirm("Sure?", "", { timeout: 30 }));
command("has", (ui, ctx) => ctx.hasUI);
const stop = new AbortController();
command("aborted", (ui) => ui.select("Which?", ["a"], { signal: stop.signal }));
pi.registerCommand("stop", { handler: () => stop.abort() });
pi.registerCommand("list", { handler: () => pi.getCommands().filter((one) => one.name === "select") });
pi.registerCommand("run", { handler: (args, ctx) => ctx.ui.executeCommand("has", "") });
"""

COUNTER = """
pi.registerCommand("count", { handler: (args, ctx) => ctx.ui.custom((tui, theme, keys, done) => {
  let n = 0;
  return {
    render: (width) => [theme.fg("accent", `n ${n} of ${width}`)],
    handleInput(data) { if (data === "q") done(n); else n += 1; },
  };
}) });
"""


def with_plugin(tmp_path: Path, write: Write, source: str, body: Body) -> None:
    """Run *body* with a host that has the plugin ``ui``, and a person who looks at it."""

    async def main() -> None:
        project = tmp_path / "project"
        project.mkdir()
        async with PluginHost(project_dir=project, home=tmp_path / "home") as host:
            await host.load(write("ui.js", plugin(source)), name="ui")
            async with Person(host) as person:
                await body(host, person)

    asyncio.run(main())


def start(host: PluginHost, name: str) -> asyncio.Task[ToolResult]:
    """Run a command of the plugin while the test goes on."""
    return asyncio.create_task(host.run_command(name, "", session_id="s1"))


@pytest.mark.parametrize(
    ("name", "answer", "got"),
    [
        ("select", {"index": 1}, "b"),
        ("quick", {"index": 0}, {"label": "A", "description": "first", "value": 1}),
        ("confirm", {"value": True}, True),
        ("confirm", {"value": False}, False),
        ("input", {"value": "Grace"}, "Grace"),
        ("editor", {"value": "c\nd"}, "c\nd"),
        ("select", {"cancelled": True}, "undefined"),
        ("quick", {"cancelled": True}, "undefined"),
        ("confirm", {"cancelled": True}, False),
        ("input", {"cancelled": True}, "undefined"),
        ("editor", {"cancelled": True}, "undefined"),
    ],
)
def test_a_dialog_is_answered_by_a_person(
    tmp_path: Path, write: Write, name: str, answer: dict[str, bool | int | str], got: Json
) -> None:
    """It is in the view while it is open, and the plugin gets what was answered."""

    async def body(host: PluginHost, person: Person) -> None:
        asking = start(host, name)
        key, value = await person.dialog()
        assert value["kind"] == {"quick": "quickpick"}.get(name, name)
        person.view.answer(key, **answer)  # type: ignore[arg-type]  # one of its three
        assert (await asking).output == {"got": got}
        await person.no("dialog")

    with_plugin(tmp_path, write, ASKS, body)


def test_a_dialog_ends_by_itself(tmp_path: Path, write: Write) -> None:
    """When its time is over, and when the plugin aborts it: cancelled, and gone from the view."""

    async def body(host: PluginHost, person: Person) -> None:
        assert (await start(host, "timed")).output == {"got": False}
        asking = start(host, "aborted")
        await person.dialog()
        await start(host, "stop")
        assert (await asking).output == {"got": "undefined"}
        await person.no("dialog")

    with_plugin(tmp_path, write, ASKS, body)


def test_there_is_an_interface_while_somebody_looks(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after, dialogs are cancelled at once; one that is open when the person goes is, after a while."""
    monkeypatch.setattr(dialogs, "DETACHED_S", 0.2)

    async def main() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(write("ui.js", plugin(ASKS)), name="ui")
            outputs = [(await start(host, name)).output for name in ("has", "select")]
            async with Person(host) as person:
                while (await start(host, "has")).output != {"got": True}:
                    pass
                asking = start(host, "select")
                await person.dialog()
            outputs.append((await asking).output)
            while (await start(host, "has")).output != {"got": False}:
                pass
            outputs.append((await start(host, "select")).output)
            none = {"got": "undefined"}
            assert outputs == [{"got": False}, none, none, none]

    asyncio.run(main())


def test_commands_are_listed_and_its_own_are_run(tmp_path: Path, write: Write) -> None:
    """With the path of its own; through the host, as if a person had typed it."""

    async def body(host: PluginHost, person: Person) -> None:
        listed = (await start(host, "list")).output
        assert isinstance(listed, list)
        (command,) = listed
        assert isinstance(command, dict)
        assert (command["name"], command["description"]) == ("select", "asks by select")
        about = command["sourceInfo"]
        assert isinstance(about, dict)
        assert str(about["path"]).endswith("ui.js")
        while (await start(host, "run")).output != {"got": True}:
            pass

    with_plugin(tmp_path, write, ASKS, body)


def test_a_component_is_drawn_and_takes_keys(tmp_path: Path, write: Write) -> None:
    """Its lines are in the view with styles, each key changes them, another size draws it anew, done ends it."""

    async def body(host: PluginHost, person: Person) -> None:
        counting = start(host, "count")
        _, dialog = await person.dialog()
        assert (dialog["kind"], dialog["frame"]) == ("custom", "f1")
        assert (await person.shown("frame", "f1"))["lines"] == [[["n 0 of 40", "fg:accent"]]]
        for _ in range(2):
            pressed = await host.press_key("x", frame="f1", plugin="ui", session="s1")
            assert (pressed.handled, pressed.plugin) == (True, "ui")
        await person.lines(["n 2 of 40"])
        person.attachment.update(width=30)
        await person.lines(["n 2 of 30"])
        assert (await host.press_key("q", frame="f1", plugin="ui", session="s1")).handled
        assert (await counting).output == 2
        await person.no("frame")
        await person.no("dialog")
        assert not (await host.press_key("x", frame="f1", plugin="ui", session="s1")).handled

    with_plugin(tmp_path, write, COUNTER, body)


def test_a_person_closes_a_component(tmp_path: Path, write: Write) -> None:
    """Whatever it does with keys: the dialog is cancelled, and the plugin's promise has no value."""

    async def body(host: PluginHost, person: Person) -> None:
        counting = start(host, "count")
        key, _ = await person.dialog()
        person.view.answer(key, cancelled=True)
        assert (await counting).output is None
        await person.no("frame")

    with_plugin(tmp_path, write, COUNTER, body)


SHOWS = """
pi.ui.setStatus("s", pi.ui.theme.bold("ready"), { severity: "success" });
pi.ui.setWidget("w", ["one", "two"], { placement: "belowEditor" });
pi.ui.setTitle("title");
pi.setSessionName("Work");
pi.ui.setWorkingMessage("thinking");
pi.ui.setEditorText("wish");
pi.ui.setFooter((tui, theme) => ({ render: (width) => [`footer ${width}`] }));
pi.ui.notify("hello", "warning");
process.stdout.write("\\x1b]777;notify;Pi;Ready\\x07");
const { slot, ui, keymap, route, theme } = pi.tui;
theme.setColor("accent", "#ff0000");
slot.fill("Sidebar", ui.box("Todos", [ui.list([{ id: "one", line: "first", checked: false }], { onSelect: (item, action) => pi.ui.setStatus("s", `${item} ${action}`) })]), { order: 2 });
keymap.register("Ctrl+K", () => pi.ui.setStatus("s", "ctrl+k"), { description: "opens it" });
pi.registerShortcut("alt+enter", { description: "sends it", handler: (ctx) => ctx.ui.setStatus("s", `alt+enter ${ctx.sessionId}`) });
route.register("board", { title: "Board", component: (tui, theme, keys, done) => ({ render: (width) => [`board ${width}`], handleInput: () => done() }) });
"""


def test_what_is_shown_is_in_the_view(tmp_path: Path, write: Write) -> None:
    """Also what was set while the plugin loaded, before anybody looked; a component once somebody does."""

    async def body(_: PluginHost, person: Person) -> None:
        status = await person.shown("status", "s")
        assert (words(status["line"]), status["severity"]) == ("ready", "success")
        widget = await person.shown("widget", "w")
        assert (widget["placement"], widget["lines"]) == (
            "belowEditor",
            [[["one", ""]], [["two", ""]]],
        )
        assert words((await person.shown("title", ""))["line"]) == "title"
        assert words((await person.shown("session_name", ""))["line"]) == "Work"
        assert words((await person.shown("working", ""))["line"]) == "thinking"
        assert (await person.shown("editor", ""))["text"] == "wish"
        assert (await person.shown("theme", "accent"))["color"] == "#ff0000"
        assert words((await person.shown("keymap", "ctrl+k"))["description"]) == "opens it"
        assert words((await person.shown("keymap", "alt+enter"))["description"]) == "sends it"
        assert (await person.shown("slot", "Footer/pi"))["node"] == {
            "kind": "text",
            "lines": [[["footer 40", ""]]],
        }
        notices = [words(notice["line"]) for notice in person.values("notice").values()]
        assert notices == ["hello", "Pi: Ready"]

    with_plugin(tmp_path, write, SHOWS, body)


def test_keys_and_choices_reach_their_handlers(tmp_path: Path, write: Write) -> None:
    """A bound key, a shortcut of pi, an item of a list; what nobody bound is nobody's."""

    async def body(host: PluginHost, person: Person) -> None:
        async def says(text: str) -> None:
            await person.until(
                lambda: True if words(person.values("status")["s"]["line"]) == text else None
            )

        assert (await host.press_key("ctrl+k", session="s1")).handled
        await says("ctrl+k")
        assert (await host.press_key("alt+enter", session="s1")).handled
        await says("alt+enter s1")
        assert (await host.select_item("ui", "Sidebar/main", "one", action="toggle")).handled
        await says("one toggle")
        assert not (await host.press_key("ctrl+l", session="s1")).handled

    with_plugin(tmp_path, write, SHOWS, body)


def test_a_view_is_opened_and_closed(tmp_path: Path, write: Write) -> None:
    """Its frame is there while it is open; its own keys can close it."""

    async def body(host: PluginHost, person: Person) -> None:
        for _ in range(2):
            assert (await host.open_route("ui", "board")).handled
            frame = await person.until(lambda: person.values("route")["board"]["frame"])
            assert isinstance(frame, str)
            await person.lines(["board 40"], frame)
            assert (await host.press_key("x", frame=frame, plugin="ui")).handled
            await person.no("frame")
            assert person.values("route")["board"]["frame"] is None

    with_plugin(tmp_path, write, SHOWS, body)


TWO_SESSIONS = (
    COUNTER
    + """
pi.on("session_start", (event, ctx) => { pi.appendEntry("from", ctx.sessionId); ctx.ui.setStatus("s", ctx.sessionId); });
pi.registerCommand("entries", { handler: (args, ctx) => ctx.sessionManager.getEntries().map((entry) => entry.data) });
"""
)


def test_each_session_has_its_own(tmp_path: Path, write: Write) -> None:
    """Its entries, what it shows, and its components: a key goes to the session that it was pressed in."""

    async def main() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(write("ui.js", plugin(TWO_SESSIONS)), name="ui")
            async with Person(host) as person:
                for session in ("s1", "s2"):
                    started: JsonObject = {
                        "session_id": session,
                        "project_dir": "/",
                        "model": "m",
                        "provider": "p",
                    }
                    await host.dispatch("SessionStart", started)
                    assert (
                        words((await person.shown("status", "s", session))["line"]) == session
                    )
                    entries = await host.run_command("entries", "", session_id=session)
                    assert entries.output == [session]
                counts = [
                    asyncio.create_task(host.run_command("count", "", session_id=session))
                    for session in ("s1", "s2")
                ]
                for session, presses in (("s1", 1), ("s2", 3)):
                    await person.shown("frame", "f1", session)
                    for _ in range(presses):
                        assert (
                            await host.press_key("x", frame="f1", plugin="ui", session=session)
                        ).handled
                for session in ("s2", "s1"):
                    assert (
                        await host.press_key("q", frame="f1", plugin="ui", session=session)
                    ).handled
                assert [(await count).output for count in counts] == [1, 3]

    asyncio.run(main())


SPINS = COUNTER.replace(
    'if (data === "q") done(n);', 'if (data === "s") for (;;); else if (data === "q") done(n);'
)


def test_a_component_that_never_returns_is_taken_away(tmp_path: Path, write: Write) -> None:
    """The press is nobody's when its time is over, the worker is replaced, and what it drew is gone; others stay."""

    async def body(host: PluginHost, person: Person) -> None:
        await host.load(write("calm.js", plugin("pi.ui.setStatus('s', 'calm');")), name="calm")
        counting = start(host, "count")
        await person.dialog()
        pressed = await host.press_key("s", frame="f1", plugin="ui", session="s1")
        assert not pressed.handled
        assert not (await counting).ok
        await person.no("frame")
        await person.no("dialog")
        assert words((await person.shown("status", "s"))["line"]) == "calm"
        counting = start(host, "count")  # the next worker's
        await person.lines(["n 0 of 40"])
        assert (await host.press_key("q", frame="f1", plugin="ui", session="s1")).handled
        assert (await counting).output == 0

    with_plugin(tmp_path, write, SPINS, body)

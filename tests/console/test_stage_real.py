"""What real plugins show in the console, through a real daemon: their places, questions, components and keys."""

import asyncio
import contextlib
import os
import signal
from time import monotonic

import pytest
from textual.pilot import Pilot

from host.console.bar import KeyLine
from host.console.guard import QUIET_S
from host.console.stage.component import Component
from host.console.stage.dialogs import Dialog
from host.console.stage.session import SessionPane
from tests.console.consoles import (
    console,
    console_on,
    lines_of,
    screen_text,
    until,
    until_shown,
)
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S

pytestmark = pytest.mark.asyncio

ALLOWED = '[plugin]\npermission_mode = "bypass_permissions"\n'
SIZE = (100, 40)

PLACES = """
pi.ui.setStatus("s", "status text");
pi.ui.setWidget("above", ["above text", "\\u001b[31mred text\\u001b[0m \\u001b[2J"], {placement: "aboveEditor"});
pi.ui.setTitle("title text");
pi.tui.slot.fill("Header", "header text");
pi.tui.slot.fill("Footer", pi.tui.ui.box("A box", [pi.tui.ui.text("in the box")]));
pi.tui.slot.fill("Sidebar", pi.tui.ui.list(["one", "two", "three"].map(id => ({id, line: "item " + id})),
  {selectable: true, onSelect: (item, action) => pi.ui.notify(`chose ${item.id ?? item} by ${action}`)}));
pi.tui.keymap.register("ctrl+t", () => { pi.ui.notify("the key was pressed", "success"); }, {description: "toggles"});
"""
ASKS = """
pi.registerCommand("ask", {description: "asks", handler: async (args, ctx) => {
  const name = await ctx.ui.input("Your name?", "a name");
  const sure = await ctx.ui.confirm("Sure?", "think first");
  const which = await ctx.ui.select("Which?", ["red", "green", "blue"]);
  const text = await ctx.ui.editor("Edit it", "first\\nsecond");
  return `${name} ${sure} ${which} ${JSON.stringify(text)}`;
}});
pi.registerCommand("line", {description: "writes the line", handler: (args, ctx) => { ctx.ui.setEditorText("from\\nthe plugin"); return "ok"; }});
pi.registerCommand("read", {description: "reads the line", getArgumentCompletions: prefix => [{value: prefix + "x", label: "an x more"}],
  handler: (args, ctx) => `it has [${ctx.ui.getEditorText()}]`});
"""
COMPONENT = """
pi.registerCommand("open", {description: "opens", handler: async (args, ctx) => {
  const got = await ctx.ui.custom((tui, theme, keybindings, done) => {
    let keys = [];
    return {
      render: width => ["keys: " + keys.join(" "), "width " + width],
      handleInput: data => { keys.push(JSON.stringify(data)); if (data === "q") done(keys.length); tui.requestRender(); },
      invalidate: () => {},
    };
  });
  return `done with ${got}`;
}});
pi.tui.route.register("board", {title: "The board", component: () => ({render: width => ["board text"], handleInput: () => false, invalidate: () => {}})});
"""
DIES = """
pi.ui.setStatus("s", "alive");
pi.tui.slot.fill("Sidebar", "sidebar text");
"""


def session(pilot: Pilot[int]) -> SessionPane:
    """The session pane."""
    return pilot.app.query_one(SessionPane)


async def type_line(pilot: Pilot[int], text: str) -> None:
    """Type *text* and Enter."""
    session(pilot).stage.prompt.line.focus()
    await pilot.press(*text, "enter")


async def answer(pilot: Pilot[int], title: str, *keys: str) -> None:
    """Answer the question *title* once it takes an answer."""
    await until_shown(pilot, title)
    dialog = pilot.app.query_one(Dialog)
    guard = dialog._guard
    await until(
        pilot,
        lambda: (
            dialog.has_focus_within
            and guard._since is not None
            and monotonic() - guard._since > QUIET_S
        ),
    )
    await pilot.press(*keys)


async def test_plugins_fill_their_places(start: StartDaemon) -> None:
    """In frames with their names; what a list and a key do reaches them, and they answer."""
    async with console_on(start(config=ALLOWED, places=PLACES), size=SIZE) as pilot:
        await until_shown(
            pilot,
            "header text",
            "status text",
            "above text",
            "in the box",
            "title text",
            "item two",
        )
        whole = screen_text(pilot)
        for title in (
            "places header",
            "places sidebar",
            "places footer",
            "places widget",
            "▌places: status text",
        ):
            assert title in whole, whole
        assert "\x1b" not in whole
        assert "project" in lines_of(pilot)[0]
        assert pilot.app.query_one(KeyLine).region.bottom == len(lines_of(pilot))
        assert "text" not in lines_of(pilot)[-1]

        await pilot.press("ctrl+t")
        await until_shown(pilot, "▌places success: the key was pressed")
        frame = next(
            frame
            for place in session(pilot).stage.places
            for key, frame in place.frames.items()
            if key.key.startswith("Sidebar")
        )
        frame.view.focus()
        await pilot.press("down", "enter")
        await until_shown(pilot, "chose two by activate")


async def test_questions_of_a_command_are_answered_in_turn(start: StartDaemon) -> None:
    """Each kind comes back to the plugin as the person meant it."""
    async with console_on(start(config=ALLOWED, asks=ASKS), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/ask")
        await answer(pilot, "Your name?", *"Ada", "enter")
        await answer(pilot, "Sure?", "n")
        await answer(pilot, "Which?", "down", "down", "enter")
        await answer(pilot, "Edit it", *"zero ", "ctrl+s")
        await until_shown(pilot, '▌asks: Ada false blue "zero first\\nsecond"')


async def test_a_dismissed_question_is_cancelled_for_the_plugin(start: StartDaemon) -> None:
    """And the next one comes."""
    async with console_on(start(config=ALLOWED, asks=ASKS), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/ask")
        await answer(pilot, "Your name?", "escape")
        await answer(pilot, "Sure?", "y")
        await until_shown(pilot, "Which?")


async def test_the_line_is_read_and_written_by_plugins(start: StartDaemon) -> None:
    """What stands in it is known to them a moment later; what they write is one line."""
    async with console_on(start(config=ALLOWED, asks=ASKS), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/line")
        line = session(pilot).stage.prompt.line
        await until(pilot, lambda: line.value == "from the plugin")
        await until_shown(pilot, "asks wrote into the line below")

        async def read() -> str:
            return (await session(pilot)._doing.command("read", "", typed=True)).output  # type: ignore[return-value]

        async with asyncio.timeout(30):
            while await read() != "it has [from the plugin]":
                await pilot.pause(0.05)


async def test_commands_and_their_arguments_are_completed(start: StartDaemon) -> None:
    """Names come with the view, arguments from the plugin."""
    async with console_on(start(config=ALLOWED, asks=ASKS), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        session(pilot).stage.prompt.line.focus()
        await pilot.press(*"/re")
        await until_shown(pilot, "asks: reads the line")
        await pilot.press("tab", "y")
        await until_shown(pilot, "an x more")
        await pilot.press("tab")
        assert session(pilot).stage.prompt.line.value == "/read yx"


async def test_a_component_has_the_keys_until_it_is_done(start: StartDaemon) -> None:
    """In order, whatever they are; the prompt has them again afterwards."""
    async with console_on(start(config=ALLOWED, comp=COMPONENT), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/open")
        await until_shown(pilot, "keys:", "comp component", "F12 leaves")
        stage = session(pilot).stage
        await until(
            pilot, lambda: any(one.has_focus_within for one in pilot.app.query(Component))
        )
        await pilot.press("a", "up", "ctrl+k", "escape")
        await until_shown(pilot, 'keys: "a" "\\u001b[A" "\\u000b" "\\u001b"')
        await pilot.press("q")
        await until_shown(pilot, "▌comp: done with 5")
        await until(pilot, lambda: pilot.app.focused is stage.prompt.line)


async def test_f12_leaves_a_component_and_the_command_goes_on(start: StartDaemon) -> None:
    """For the plugin it was cancelled."""
    async with console_on(start(config=ALLOWED, comp=COMPONENT), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/open")
        await until_shown(pilot, "keys:")
        await pilot.press("f12")
        await until_shown(pilot, "▌comp: done with undefined")
        assert "keys:" not in screen_text(pilot)


async def test_a_view_is_opened_and_left(start: StartDaemon) -> None:
    """From the palette; the bar and the keys stay."""
    async with console_on(start(config=ALLOWED, comp=COMPONENT), size=SIZE) as pilot:
        await until(pilot, session(pilot).stage.routes)
        name, _, run = session(pilot).actions()[0]
        assert name == "plugin view board of comp"
        run()
        await until_shown(pilot, "board text", "comp view board")
        assert "project" in lines_of(pilot)[0]
        assert pilot.app.query_one(KeyLine).region.bottom == len(lines_of(pilot))
        assert "text" not in lines_of(pilot)[-1]
        await pilot.press("f12")
        await until(pilot, lambda: "board text" not in screen_text(pilot))
        assert console(pilot).is_connected


async def test_a_plugin_that_dies_is_shown_as_gone(start: StartDaemon) -> None:
    """Until it is back; nothing else of the screen is touched."""
    daemon = start(config=ALLOWED, dies=DIES, places=PLACES)
    async with console_on(daemon, size=SIZE) as pilot:
        await until_shown(pilot, "alive", "sidebar text", "header text")
        link = console(pilot).link

        async def kill() -> None:
            for plugin in await link.ask(lambda client: client.plugins()):
                if plugin.name == "dies":
                    for pid in plugin.pids:
                        with contextlib.suppress(ProcessLookupError):  # it died meanwhile
                            os.kill(pid, signal.SIGKILL)

        async with asyncio.timeout(HANG_S):
            while "gone: dies is restarting" not in screen_text(pilot):
                await kill()
                await pilot.pause(0.02)
        assert "header text" in screen_text(pilot)
        await until_shown(pilot, "▌dies: alive", "sidebar text", "header text")


async def test_without_attaching_plugins_know_of_no_interface(start: StartDaemon) -> None:
    """What they show is seen all the same; the control is the console that attaches."""
    tells = 'pi.registerCommand("tell", {description: "tells", handler: (args, ctx) => `interface ${ctx.hasUI}`}); pi.ui.setStatus("s", "status text");'
    daemon = start(config=ALLOWED, tells=tells)
    for attach in (False, True):
        async with console_on(daemon, size=SIZE, attach=attach) as pilot:
            await until_shown(pilot, "status text", "SessionStart continue")
            await type_line(pilot, "/tell")
            await until_shown(pilot, f"▌tells: interface {str(attach).lower()}")


FLOODS = """
const items = Array.from({length: 1000}, (_, at) => ({id: `i${at}`, line: `item ${at}`}));
let n = 0;
const flood = () => {
  n++;
  pi.ui.setStatus("s", `flood ${n}`);
  pi.ui.setWidget("w", Array.from({length: 100}, () => `line ${n} ` + "\u6f22".repeat(100)));
  pi.tui.slot.fill("Sidebar", pi.tui.ui.list(items.map(item => ({...item, line: item.line + " " + n})), {selectable: true}));
  pi.ui.notify(`notice ${n}`);
};
setInterval(flood, 10);  // five times what is let through, of each
"""
SPINS = """
pi.registerCommand("spin", {description: "opens one that hangs", handler: (args, ctx) => ctx.ui.custom((tui, theme, keys, done) => ({
  render: () => ["it is open"], handleInput: () => { for (;;); }, invalidate: () => {} }))});
"""


async def test_a_flood_of_changes_leaves_the_person_typing(start: StartDaemon) -> None:
    """What is typed stands there, the console's rows are whole, and it is drawn no more often than may be."""
    async with console_on(start(config=ALLOWED, floods=FLOODS), size=SIZE) as pilot:
        await until_shown(pilot, "▌floods: flood", "item 3")
        stage = session(pilot).stage
        stage.prompt.line.focus()
        began, flushes = monotonic(), stage.flushes
        await pilot.press(*"a whole sentence is typed meanwhile")
        await until_shown(pilot, "a whole sentence is typed meanwhile")
        assert stage.flushes - flushes <= (monotonic() - began) * 30 + 2
        assert pilot.app.focused is stage.prompt.line
        assert "project" in lines_of(pilot)[0]
        await type_line(pilot, " and sent")
        log = stage.transcript  # notices push the line out of sight while nobody looks
        await until(pilot, lambda: any("AgentEnd continue" in told for told in log.texts()))
        await until(pilot, lambda: log.texts()[-1] in screen_text(pilot))


async def test_a_component_that_hangs_at_a_key_is_left(start: StartDaemon) -> None:
    """With F12, while its worker spins; the line takes text at once."""
    async with console_on(start(config=ALLOWED, spins=SPINS), size=SIZE) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await type_line(pilot, "/spin")
        await until_shown(pilot, "it is open")
        stage = session(pilot).stage
        await until(pilot, lambda: pilot.app.focused is not stage.prompt.line)
        await pilot.press("x", "y", "f12")
        await until(pilot, lambda: pilot.app.focused is stage.prompt.line)
        await pilot.press(*"free again")
        await until_shown(pilot, "free again")
        assert "it is open" not in screen_text(pilot)

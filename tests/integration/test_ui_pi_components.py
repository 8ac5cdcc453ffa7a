"""pi's components in plugins as people write them: in a real worker, seen in the view, driven by the keys of a person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from host import PluginHost, ToolResult
from host.outcome import Json
from tests.integration.host_support import Write
from tests.integration.person import Person, words

Body = Callable[[PluginHost, Person], Awaitable[None]]

PLUGIN: Final = """
import { BorderedLoader, CustomEditor, DynamicBorder, getMarkdownTheme, getSelectListTheme, keyHint } from "@mariozechner/pi-coding-agent";
import { Container, Markdown, SelectList, Spacer, Text } from "@mariozechner/pi-tui";

class Shouting extends CustomEditor {
  render(width) {
    return [...super.render(width), this.getText().toUpperCase()];
  }
}

export default (pi) => {
  const shows = (name, make) => pi.registerCommand(name, { handler: (args, ctx) => ctx.ui.custom(make) });
  shows("choose", (tui, theme, keys, done) => {
    const box = new Container();
    box.addChild(new DynamicBorder((text) => theme.fg("border", text)));
    box.addChild(new Text(theme.fg("accent", theme.bold("Choose")), 1, 0));
    const list = new SelectList(["one", "two", "three"].map((value) => ({ value, label: value })), 5, getSelectListTheme());
    list.onSelect = (item) => done(item.value);
    list.onCancel = () => done(null);
    box.addChild(list);
    box.addChild(new Text(keyHint("tui.select.cancel", "to leave"), 1, 0));
    return { render: (width) => box.render(width), invalidate: () => box.invalidate(), handleInput: (data) => list.handleInput(data) };
  });
  shows("write", (tui, theme, keys, done) => {
    const editor = new Shouting(tui, { borderColor: (text) => theme.fg("borderMuted", text), selectList: getSelectListTheme() }, keys);
    editor.onSubmit = (text) => done(text);
    return editor;
  });
  shows("read", (tui, theme, keys, done) => {
    const page = new Markdown("# Title\\n\\nSome **bold** `code`.", 0, 0, getMarkdownTheme());
    return { render: (width) => page.render(width), invalidate: () => page.invalidate(), handleInput: () => done(undefined) };
  });
  shows("wait", (tui, theme, keys, done) => {
    const loader = new BorderedLoader(tui, theme, "Working");
    loader.onAbort = () => done(loader.signal.aborted);
    return loader;
  });
};
"""


def with_plugin(tmp_path: Path, write: Write, body: Body) -> None:
    """Run *body* with a host that has the plugin, and a person who looks at it."""

    async def main() -> None:
        project = tmp_path / "project"
        project.mkdir()
        async with PluginHost(project_dir=project, home=tmp_path / "home") as host:
            await host.load(write("ui.js", PLUGIN), name="ui")
            async with Person(host) as person:
                await body(host, person)

    asyncio.run(main())


async def opened(host: PluginHost, person: Person, name: str) -> asyncio.Task[ToolResult]:
    """Run a command of the plugin whose component the person then sees."""
    task = asyncio.create_task(host.run_command(name, "", session_id="s1"))
    await person.dialog()
    await person.shown("frame", "f1")
    return task


async def press(host: PluginHost, *keys: str) -> None:
    """Press *keys* in the component, which takes all of them."""
    for key in keys:
        assert (await host.press_key(key, frame="f1", plugin="ui", session="s1")).handled


def styled(lines: Json) -> list[list[tuple[str, str]]]:
    """The lines of a frame as spans, without what fills them up."""
    assert isinstance(lines, list)
    found = []
    for line in lines:
        assert isinstance(line, list)
        spans = [(str(span[0]), str(span[1])) for span in line if isinstance(span, list)]
        if spans and spans[-1][1] == "":
            spans[-1] = (spans[-1][0].rstrip(), "")
        found.append([span for span in spans if span[0].strip()])
    return found


def test_a_list_is_drawn_in_the_theme_and_answers(tmp_path: Path, write: Write) -> None:
    """The cursor moves with the keys; colours are names that the interface knows."""

    async def body(host: PluginHost, person: Person) -> None:
        choosing = await opened(host, person, "choose")
        await press(host, "down")
        await person.until(
            lambda: True if "\u2192 two" in (person.frame() or [""] * 9)[3] else None
        )
        lines = styled((await person.shown("frame", "f1"))["lines"])
        assert lines[0] == [("\u2500" * 40, "fg:border")]
        assert lines[1] == [("Choose", "bold fg:accent")]
        assert lines[3] == [("\u2192 two", "fg:accent")]
        assert lines[5] == [("escape/ctrl+c", "fg:dim"), (" to leave", "fg:muted")]
        await press(host, "enter")
        assert (await choosing).output == "two"

    with_plugin(tmp_path, write, body)


def test_an_editor_of_a_plugin_is_written_in(tmp_path: Path, write: Write) -> None:
    """The cursor is where the person writes; Shift+Enter is a new line, Enter sends."""

    async def body(host: PluginHost, person: Person) -> None:
        writing = await opened(host, person, "write")
        await press(host, "h", "shift+i", "shift+enter", "y", "o", "left")
        frame = await person.until(
            lambda: next(
                (
                    frame
                    for frame in person.values("frame").values()
                    if frame["cursor"] == [2, 1]
                ),
                None,
            )
        )
        lines = frame["lines"]
        assert isinstance(lines, list)
        assert [words(line).rstrip() for line in lines] == [
            "\u2500" * 40,
            "hI",
            "yo",
            "\u2500" * 40,
            "HI",
            "YO",
        ]
        assert styled(lines)[2] == [("y", ""), ("o", "reverse")]
        await press(host, "enter")
        assert (await writing).output == "hI\nyo"

    with_plugin(tmp_path, write, body)


def test_markdown_is_styled(tmp_path: Path, write: Write) -> None:
    """By the colours of the theme for it."""

    async def body(host: PluginHost, person: Person) -> None:
        reading = await opened(host, person, "read")
        assert styled((await person.shown("frame", "f1"))["lines"]) == [
            [("Title", "bold underline fg:mdHeading")],
            [],
            [("Some ", ""), ("bold", "bold"), ("code", "fg:mdCode"), (".", "")],
        ]
        await press(host, "x")
        await reading

    with_plugin(tmp_path, write, body)


def test_a_loader_turns_until_it_is_left(tmp_path: Path, write: Write) -> None:
    """Its frames come by themselves; Escape ends what it stands for."""

    async def body(host: PluginHost, person: Person) -> None:
        waiting = await opened(host, person, "wait")
        first = person.frame()
        await person.until(lambda: True if person.frame() != first else None)
        assert "Working" in "".join(person.frame() or [])
        await press(host, "escape")
        assert (await waiting).output is True
        await person.no("frame")

    with_plugin(tmp_path, write, body)

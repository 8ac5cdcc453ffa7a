"""docs/ui.md: its example runs, and what it says of bounds and keys is so."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TypeAlias

from host import PluginHost
from host.view import limits, text
from host.view.asked import KINDS
from ipc.ui import KEY_NAMES, OPERATOR_KEYS, RESERVED_KEYS, SEVERITIES, SLOTS, WRITABLE_AREAS
from tests.integration.host_support import Write, plugin

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ui.md").read_text()
ASKS = """
pi.registerCommand("go", { handler: async (args, ctx) => {
  ctx.ui.setStatus("s", "\\u001b[1mready\\u001b[0m");
  ctx.ui.notify("hello", "success");
  const sure = await ctx.ui.confirm("Sure?", "really");
  return { sure, name: await ctx.ui.input("Name?", "") ?? "none" };
} });
"""
Interface: TypeAlias = Callable[
    [PluginHost, Callable[[str], None], Callable[[str], Awaitable[bool]]],
    Coroutine[None, None, None],
]


def example() -> Interface:
    """The function ``interface`` of the page."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, Interface] = {}
    exec(compile(source, "docs/ui.md", "exec"), names)  # noqa: S102 - our own page
    return names["interface"]


def test_the_example_shows_and_asks(tmp_path: Path, write: Write) -> None:
    """As it stands on the page, with a plugin in a real worker."""
    said: list[str] = []

    async def ask(question: str) -> bool:
        said.append(question)
        return True

    async def main() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(write("ui.js", plugin(ASKS)), name="ui")
            looking = asyncio.create_task(example()(host, said.append, ask))
            await asyncio.sleep(0)
            result = await host.run_command("go")
            assert result.output == {"sure": True, "name": "none"}
            looking.cancel()
            await asyncio.wait([looking])
            assert host.view.snapshot()["ui"] is None

    asyncio.run(main())

    assert sorted(said) == ["[ui] Sure?", "[ui] hello", "[ui] ready"]


def number(value: int) -> str:
    return f"{value:,}"


def test_the_page_has_the_bounds_of_the_code() -> None:
    """Each by its row."""
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE, re.M))
    expected = {
        "entries of one area, of one instance": [limits.MAX_ENTRIES],
        "one entry; all of a plugin": [
            limits.MAX_VALUE_BYTES >> 10,
            limits.MAX_PLUGIN_BYTES >> 20,
        ],
        "a dialog": [limits.MAX_DIALOG_BYTES >> 10, limits.MAX_ITEMS],
        "lines, nodes, depth, items of a slot": [
            limits.MAX_LINES,
            limits.MAX_NODES,
            limits.MAX_DEPTH,
            limits.MAX_ITEMS,
        ],
        "a line": [text.MAX_COLUMNS, text.MAX_CHARACTERS, text.MAX_SPANS],
        "entries applied a second": [int(limits.UPDATES_PER_S), int(2 * limits.UPDATES_PER_S)],
        "notices a second": [int(limits.NOTICES_PER_S), int(2 * limits.NOTICES_PER_S)],
        "dialogs a second; of one instance at once": [
            int(limits.DIALOGS_PER_S),
            int(2 * limits.DIALOGS_PER_S),
            1,
            limits.MAX_DIALOGS - 1,
        ],
    }
    for what, numbers in expected.items():
        assert re.findall(r"\d(?:[\d,]*\d)?", rows[what]) == [
            number(value) for value in numbers
        ], what


def test_the_page_names_what_there_is() -> None:
    """Areas, places, severities, kinds, keys."""
    words = set(re.findall(r"[\w+]+", PAGE))
    assert set(WRITABLE_AREAS) | set(SLOTS) | set(SEVERITIES) | set(KINDS) <= words
    assert {name for name in KEY_NAMES if not name.startswith("f")} <= words
    assert {"up", "down", "left", "right"} <= words
    listed = set(re.findall(r"`([^`\s]+)`", PAGE)) | {"up", "down", "left", "right"}
    assert set(RESERVED_KEYS) | set(OPERATOR_KEYS) <= listed

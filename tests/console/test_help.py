"""F1, the palette, and what is not in it."""

import pytest
from textual.command import CommandPalette

from host.console.help import HELP, HelpScreen
from host.console.result import ResultScreen
from tests.console.consoles import console, console_on, screen_text, until, until_shown
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import ROOT

GREETER = """
pi.registerCommand("greet", {
  description: "greets", getArgumentCompletions: prefix => ["ada", "alan"].filter(n => n.startsWith(prefix)),
  handler: args => `hello [bold]${args}[/bold]\\u001b[31m\\nsecond line`,
});
"""
ALLOWED = '[plugin]\npermission_mode = "bypass_permissions"\n'


@pytest.mark.asyncio
async def test_f1_shows_every_key(start: StartDaemon) -> None:
    """On a screen that is large enough, all at once; F1 or Escape closes it."""
    daemon = start()
    async with console_on(daemon, size=(100, 50)) as pilot:
        await pilot.press("f1")
        await until_shown(pilot, *(key.key for key in HELP))
        await pilot.press("f1")
        await until(pilot, lambda: not isinstance(console(pilot).screen, HelpScreen))


@pytest.mark.asyncio
async def test_the_palette_has_the_consoles_actions_and_no_others(start: StartDaemon) -> None:
    """What Textual would put there (screenshots, maximizing) is not an operator's."""
    daemon = start()
    async with console_on(daemon, size=(100, 60)) as pilot:
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Pane Audit", "Theme plain", "Reload", "Quit")
        text = screen_text(pilot)
        assert "Screenshot" not in text
        assert "Maximize" not in text

        await pilot.press(*"pane audit")
        await until_shown(pilot, "Pane Audit")
        await pilot.press("enter")
        await until(pilot, lambda: console(pilot).place == "audit")


@pytest.mark.asyncio
async def test_a_plugins_command_completes_and_runs_from_the_palette(
    start: StartDaemon,
) -> None:
    """Its answer is in a frame with its name, and is text."""
    daemon = start(config=ALLOWED, greeter=GREETER)
    async with console_on(daemon, size=(100, 40)) as pilot:
        await until(pilot, lambda: console(pilot).is_connected)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(console(pilot).screen, CommandPalette))
        await pilot.press(*"greet ad")
        await until_shown(pilot, "/greet ada", "plugin command")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(console(pilot).screen, ResultScreen))
        await until_shown(
            pilot, "plugin greeter", "[bold]ada[/bold]", "second line", "\\x1b[31m"
        )


def test_the_page_has_every_key() -> None:
    """The same rows as F1, in the same order."""
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    rows = "\n".join(f"| {key.where} | {key.key} | {key.what} |" for key in HELP)

    assert rows in page

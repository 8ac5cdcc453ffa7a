"""The packages of examples/plugins that show something, on the screen of the console and under a person's fingers."""

import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from host.console.guard import QUIET_S
from host.console.stage.component import Component
from host.console.stage.dialogs import Dialog
from host.console.stage.session import SessionPane
from jcode_plugins import PluginInfo
from tests.console.consoles import console_on, screen_text, until, until_shown
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import Daemon

PACKAGES = Path(__file__).resolve().parents[2] / "examples" / "plugins"
CONFIG = '[plugin]\npermission_mode = "bypass_permissions"\n'

pytestmark = pytest.mark.asyncio


def start_with(start: StartDaemon, tmp_path: Path, name: str, config: str = CONFIG) -> Daemon:
    """A daemon whose user has put the package *name* among their plugins."""
    shutil.copytree(PACKAGES / name, tmp_path / "home" / "plugins" / name)
    return start(config=config)


async def test_the_meter_counts_what_is_typed(start: StartDaemon, tmp_path: Path) -> None:
    """In the status bar from the first prompt on; the command tells the rest."""
    more = '[plugin.settings."token-meter"]\nbytes_per_token = 1\nprice_in = 1e6\nbudget = 10\n'
    daemon = start_with(start, tmp_path, "token-meter", CONFIG + more)
    async with console_on(daemon, size=(110, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue")
        await pilot.press(*"count these words", "enter")
        await until_shown(pilot, "AgentEnd continue", "token-meter: error: ~$")
        await pilot.press(*"/meter", "enter")
        await until_shown(pilot, "token-meter: session", "Budget of a session: $10.00")
        await pilot.press(*"/meter reset", "enter")
        await until_shown(pilot, "token-meter: $0.00 (0%), 0 in 0 out")


async def asked(pilot: Pilot[int]) -> Input:
    """The line of the question, once an answer would count."""
    await until(pilot, lambda: pilot.app.query(Dialog), "no question")
    line = pilot.app.query_one(Dialog).query_one(Input)
    await until(pilot, lambda: line.has_focus, "the question has not the focus")
    return line


async def answered(pilot: Pilot[int]) -> None:
    """Press Enter as a person does who was too quick for the question: again, after a moment."""
    while pilot.app.query(Dialog):
        await pilot.press("enter")
        await pilot.pause(QUIET_S * 1.25)


def is_active(plugins: list[PluginInfo]) -> bool:
    """Whether the half that shows the board has loaded: a key that comes before is not its."""
    return any(one.tui is not None and one.tui.state == "active" for one in plugins)


async def on_the_board(pilot: Pilot[int]) -> None:
    """Wait until the keys are the board's."""
    await until(
        pilot,
        lambda: any(one.view.has_focus for one in pilot.app.query(Component)),
        "the board has not the focus",
    )


async def test_the_board_under_a_persons_fingers(start: StartDaemon, tmp_path: Path) -> None:
    """Ctrl+T, a, a text, Enter; Space; Escape; then Tab to the list beside the prompt, and Space there."""
    daemon = start_with(start, tmp_path, "todo-board")
    async with console_on(daemon, size=(110, 40)) as pilot:
        await until_shown(pilot, "SessionStart continue", "Press ctrl+t to add")
        stage = pilot.app.query_one(SessionPane).stage
        with daemon.client() as client:
            await until(pilot, lambda: is_active(client.plugins()), "the half is not there")
        await until(pilot, stage.plugin_keys, "no key is bound")
        await pilot.press("ctrl+t")
        await on_the_board(pilot)
        await pilot.press("a")
        line = await asked(pilot)
        await pilot.press(*"write it")
        assert line.value == "write it"
        await answered(pilot)
        await until_shown(pilot, "> [ ] 1. write it", ": 1 open")
        await on_the_board(pilot)
        await pilot.press("space")
        await until_shown(pilot, "> [x] 1. write it", ": ok: all done")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.query(Component), "the board is open")

        await until(pilot, lambda: stage.prompt.line.has_focus, "the prompt has not the focus")
        await pilot.press("tab")
        await until_shown(pilot, "> [x] write it")
        await pilot.press("space")
        await until_shown(pilot, "> [ ] write it", ": 1 open")
        with daemon.client() as client:
            assert (
                client.call_tool("plugin_todo", {"action": "list"}).output == "[ ] 1. write it"
            )
        assert "error" not in screen_text(pilot)

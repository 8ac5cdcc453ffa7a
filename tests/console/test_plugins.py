"""The plugins pane: numbers of live workers, and what its keys do to them."""

import os
import signal

import pytest

from host.console.confirm import Confirm
from host.console.detail import Detail
from host.console.guard import QUIET_S
from host.console.table import Table
from tests.console.consoles import (
    console,
    console_on,
    screen_text,
    until,
    until_shown,
)
from tests.console.test_guard import Clock
from tests.daemon.conftest import StartDaemon

BUSY = """
pi.registerTool({name: "store", description: "stores", tier: "read", handler: async () => {
  for (let i = 0; i < 50; i++) await pi.kv.set("k", i);
  return "done";
}});
pi.on("TurnEnd", () => {});
"""
QUIET = 'pi.registerCommand("nothing", {description: "", handler: () => "x"});'
ALLOWED = '[plugin]\npermission_mode = "bypass_permissions"\n'


def row_of(pilot: object, name: str) -> dict[str, str]:
    """The cells of the plugin *name*, by column."""
    table = console(pilot).query_one("#plugins Table", Table)  # type: ignore[arg-type]
    for row in table.rows:
        if row.cells[0] == name:
            return {
                column.name: cell
                for column, cell in zip(table._columns, row.cells, strict=True)
            }
    return {}


@pytest.mark.asyncio
async def test_a_row_says_what_a_plugin_has_and_uses(start: StartDaemon) -> None:
    """State, handlers, tools, memory of its worker, hostcalls a second."""
    daemon = start(config=ALLOWED, busy=BUSY, quiet=QUIET)
    async with console_on(daemon, size=(140, 30)) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: row_of(pilot, "busy").get("state") == "active")
        row = row_of(pilot, "busy")
        assert (row["events"], row["tools"], row["restarts"]) == ("1", "1", "0")
        await until(pilot, lambda: float(row_of(pilot, "busy")["MiB"] or 0) > 1)
        await until(pilot, lambda: row_of(pilot, "quiet").get("state") == "active")
        assert row_of(pilot, "quiet")["tools"] == "0"
        rates = []
        with daemon.client() as client:
            await until(
                pilot,
                lambda: rates.append(row_of(pilot, "busy")["calls/s"]) or rates[-1] == "0",
            )
            client.call_tool("plugin_store", {})
        await until(pilot, lambda: int(row_of(pilot, "busy")["calls/s"] or 0) > 5)
        assert console(pilot).mode == "bypass_permissions"


@pytest.mark.asyncio
async def test_a_worker_that_dies_is_seen_to_start_again(start: StartDaemon) -> None:
    """In place: the row is the same one, the cursor on it."""
    daemon = start(busy=BUSY, quiet=QUIET)
    async with console_on(daemon, size=(140, 30)) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: row_of(pilot, "quiet").get("state") == "active")
        with daemon.client() as client:
            (pid,) = next(one.pids for one in client.plugins() if one.name == "quiet")
        table = console(pilot).query_one("#plugins Table", Table)
        table.move_to(next(row.key for row in table.rows if row.cells[0] == "quiet"))
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: row_of(pilot, "quiet")["restarts"] == "1")
        await until(pilot, lambda: "signal" in row_of(pilot, "quiet")["last error"])

        assert table.current is not None
        assert table.current.cells[0] == "quiet"


@pytest.mark.asyncio
async def test_kill_asks_first_and_enable_takes_it_back(start: StartDaemon) -> None:
    """A key that was typed ahead is no yes; n is no; y, when it can be read, kills."""
    daemon = start(quiet=QUIET)
    clock = Clock()
    async with console_on(daemon, size=(110, 30), clock=clock) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: row_of(pilot, "quiet").get("state") == "active")
        await pilot.press("k")
        await until_shown(pilot, "Kill quiet in every host", console(pilot).mark)
        await pilot.press("y")
        assert isinstance(console(pilot).screen, Confirm)
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(console(pilot).screen, Confirm))
        assert row_of(pilot, "quiet")["state"] == "active"

        await pilot.press("k")
        await until_shown(pilot, "Kill quiet in every host")
        clock.now += QUIET_S
        await pilot.press("y")
        await until_shown(pilot, "quiet is killed")
        await until(pilot, lambda: row_of(pilot, "quiet").get("state") == "disabled")
        await pilot.press("e")
        await until_shown(pilot, "Enable quiet again")
        clock.now += QUIET_S
        await pilot.press("y")
        await until_shown(pilot, "quiet is enabled")
        await until(pilot, lambda: row_of(pilot, "quiet").get("state") == "active")


@pytest.mark.asyncio
async def test_enter_shows_all_about_it(start: StartDaemon) -> None:
    """Below the table; Escape closes it; r has everything read again."""
    daemon = start(busy=BUSY)
    async with console_on(daemon) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: row_of(pilot, "busy").get("state") == "active")
        assert "events: TurnEnd" not in screen_text(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "events: TurnEnd", "tools: store")
        await pilot.press("escape")
        await until(
            pilot, lambda: not console(pilot).query_one("#plugins Detail", Detail).display
        )
        await pilot.press("r")
        await until_shown(pilot, "every configuration was read again")
        (daemon.home / "config.toml").write_text("[plugin\n")
        await pilot.press("r")
        await until_shown(pilot, "error:")
        rows = [line.strip() for line in screen_text(pilot).splitlines()]
        assert "config.toml" in "".join(rows)  # the path may go on in the next row

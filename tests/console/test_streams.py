"""The audit and the logs: live, recent, filtered, bounded."""

import pytest

from host.console.filtering import Filter
from host.console.panes.audit import AuditPane
from host.console.panes.logs import LogsPane
from host.console.panes.stream import MOST
from host.console.table import Table
from jcode_plugins import ServerEvent
from tests.console.consoles import console, console_on, screen_text, until, until_shown
from tests.daemon.conftest import StartDaemon

TALKER = """
pi.registerCommand("say", {description: "", handler: text => { pi.logger.warn(`said ${text}`); return ""; }});
pi.registerCommand("look", {description: "", handler: async path => {
  try { await pi.fs.readText(path); } catch (error) { return error.code; }
  return "read";
}});
"""
ALLOWED = '[plugin]\nmode = "strict"\npermission_mode = "bypass_permissions"\n'
NAMES = frozenset({"kind", "plugin"})


def test_a_filter_is_fields_and_words() -> None:
    """Values of one field are alternatives, everything else has to hold."""
    found = Filter.read("kind:refused kind:veto plugin:Guard etc other:thing", NAMES)

    assert found.holds({"kind": "refused", "plugin": "guard"}, "read /ETC, other:thing")
    assert found.holds({"kind": "veto", "plugin": "guard"}, "/etc other:thing")
    assert not found.holds({"kind": "loaded", "plugin": "guard"}, "/etc other:thing")
    assert not found.holds({"kind": "veto", "plugin": "guard2"}, "/etc other:thing")
    assert not found.holds({"kind": "veto", "plugin": "guard"}, "/etc")
    assert Filter.read("  ", NAMES).holds({}, "")


@pytest.mark.asyncio
async def test_the_audit_has_what_was_and_what_comes(start: StartDaemon) -> None:
    """Each entry once; a filter by kind, plugin and word; Enter shows all of one."""
    daemon = start(config=ALLOWED, talker=TALKER)
    with daemon.client() as client:
        assert (
            client.command("look", "/etc/hostname").output == "E_DENIED"
        )  # before there is a console
        async with console_on(daemon, size=(120, 50)) as pilot:
            console(pilot).show_pane("audit")
            await until_shown(pilot, "loaded", "deny fs_read /etc/hostname")
            assert client.command("look", "/etc/hostid").output == "E_DENIED"
            table = console(pilot).query_one("#audit Table", Table)

            def denials() -> list[str]:
                return [
                    row.key for row in table.rows if "deny fs_read /etc/host" in row.cells[4]
                ]

            await until(pilot, lambda: len(denials()) == 2)
            assert len(set(denials())) == len(denials())
            await pilot.press("slash", *"plugin:talker decision:deny host", "enter")
            await until_shown(pilot, "only: plugin:talker decision:deny host")
            assert {row.key for row in table.rows} == set(denials())
            await pilot.press("enter")
            await until_shown(pilot, "capability: fs_read", "target: /etc/hostid")
            await pilot.press("escape", "escape")
            await until_shown(pilot, "loaded")
            assert len(table.rows) > len(denials())


@pytest.mark.asyncio
async def test_logs_of_plugins_and_of_the_console(start: StartDaemon) -> None:
    """What was logged before and since; a plugin's text is text; a daemon that comes back begins anew."""
    daemon = start(config=ALLOWED, talker=TALKER)
    with daemon.client() as client:
        client.command("say", "one \x1b[31m[red]")
        async with console_on(daemon, size=(100, 30)) as pilot:
            console(pilot).show_pane("logs")
            await until_shown(pilot, "said one", "[red]", "warn", "connected to the daemon")
            client.command("say", "two")
            await until_shown(pilot, "said two")
            await pilot.press("slash", *"plugin:talker two", "enter")
            await until(pilot, lambda: "said one" not in screen_text(pilot))
            assert "said two" in screen_text(pilot)
            await pilot.press("escape")
            await until_shown(pilot, "said one")

            assert all(line.isprintable() for line in screen_text(pilot).splitlines())
            pane = console(pilot).query_one(LogsPane)
            assert [line.text for line in pane._kept if line.text.startswith("said")] == [
                r"said one \x1b[31m[red]",
                "said two",
            ]


@pytest.mark.asyncio
async def test_a_flood_is_bounded_and_leaves_what_is_read(start: StartDaemon) -> None:
    """Rows that are dropped are the oldest; a cursor that is not at the end stays on its row."""
    daemon = start()
    async with console_on(daemon) as pilot:
        console(pilot).show_pane("audit")
        pane = console(pilot).query_one(AuditPane)
        table = pane.query_one(Table)
        await until(pilot, lambda: pane._is_filled)

        def flood(first: int, count: int) -> None:
            for seq in range(first, first + count):
                pane.take(
                    ServerEvent(
                        {"seq": seq, "time": 0.0, "kind": "log", "plugin": "p", "code": "c"}
                    )
                )

        flood(1_000_000, 2 * MOST)
        await until(
            pilot, lambda: table.rows and table.rows[-1].key == str(1_000_000 + 2 * MOST - 1)
        )
        assert len(table.rows) == MOST
        assert table.current is table.rows[-1]  # it follows
        await pilot.press("up", "up", "up")
        key = table.current.key
        flood(2_000_000, 100)
        await until(pilot, lambda: table.rows[-1].key == "2000099")
        assert table.current.key == key
        assert len(table.rows) == MOST

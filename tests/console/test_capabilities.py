"""What a plugin may do, and why."""

import pytest

from tests.console.consoles import console, console_on, screen_text, until, until_shown
from tests.daemon.conftest import StartDaemon

CONFIG = """
[plugin]
mode = "strict"
[plugin.deny]
fs_read = ["/etc/shadow"]
[plugin.plugins.reader.allow]
fs_read = ["/etc"]
"""
PLUGIN = 'pi.registerTool({name: "hello", description: "greets", tier: "read", handler: () => "hi"});'


@pytest.mark.asyncio
async def test_rules_with_their_sources_and_an_explanation(start: StartDaemon) -> None:
    """Left and right go through the plugins; x explains a request, layer by layer."""
    daemon = start(config=CONFIG, other=PLUGIN, reader=PLUGIN.replace("hello", "hello2"))
    async with console_on(daemon, size=(120, 40)) as pilot:
        console(pilot).show_pane("capabilities")
        await until_shown(pilot, "(1 of 2)", "mode strict", "/etc/shadow", "deny")
        while "reader (" not in screen_text(pilot):
            await pilot.press("right")
            await until_shown(pilot, " of 2)")
        await until_shown(pilot, "config.toml", "allow", "max_hostcalls_per_sec")
        await pilot.press("x", *"fs_read /etc/shadow", "enter")
        await until_shown(
            pilot, "explained: fs_read /etc/shadow of reader", "this decides", "deny"
        )
        assert screen_text(pilot).count("this decides") == 1


@pytest.mark.asyncio
async def test_what_cannot_be_explained_is_one_line(start: StartDaemon) -> None:
    """And the console goes on."""
    daemon = start(config=CONFIG, reader=PLUGIN)
    async with console_on(daemon, size=(120, 30)) as pilot:
        console(pilot).show_pane("capabilities")
        await until_shown(pilot, "reader (1 of 1)")
        await pilot.press("x", *"fs_raed /etc", "enter")
        await until_shown(pilot, "error: there is no kind")
        assert console(pilot).is_connected
        await pilot.press("escape", "escape")
        await until(pilot, lambda: console(pilot).place == "capabilities")

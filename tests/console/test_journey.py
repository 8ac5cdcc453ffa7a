"""One story through the whole console, with a picture of each station: real plugins, a real daemon, keys alone."""

import os
import signal

import pytest
from textual.pilot import Pilot

from host.console.guard import QUIET_S
from tests.console.consoles import console, console_on, lines_of, until, until_shown
from tests.console.pictures import keep, without_fonts
from tests.console.test_guard import Clock
from tests.console.test_plugins import row_of
from tests.daemon.conftest import StartDaemon

CONFIG = """
[plugin.daemon]
elicit = true
[plugin.approval]
"/greet" = "allow"
[plugin.timeouts]
actionable_ms = 1000
"""
RULES = """
pi.on("UserPromptSubmit", async (event, output, ctx) => {
  pi.ui.setStatus("rules", "reads the rules");
  return { modified_prompt: await ctx.fs.readText("rules.md") };
});
pi.registerCommand("greet", {description: "greets", handler: (args) => `good evening, ${args}`});
"""
STUCK = 'pi.on("AgentStart", () => { while (true) {} });'


def picture(pilot: Pilot[int], name: str) -> None:
    """Keep one of what is seen."""
    keep(f"journey-{name}", without_fonts(console(pilot).export_screenshot()))


@pytest.mark.asyncio
async def test_the_whole_of_it(start: StartDaemon) -> None:
    daemon = start(config=CONFIG, rules=RULES, stuck=STUCK)
    (daemon.project / "rules.md").write_text("five words of a rule")
    clock = Clock()
    async with console_on(daemon, size=(100, 30), clock=clock) as pilot:
        # It opens, and every pane is a key away.
        await until_shown(pilot, "SessionStart continue")
        picture(pilot, "1-open")
        for at, text in enumerate(
            ("stuck", "nothing waits", "sha256:", "connected to the daemon", "rules (1 of 2)")
        ):
            await pilot.press("f3")
            await until_shown(pilot, text)
            picture(pilot, f"2-pane-{at}")
        await pilot.press("f3")
        await until_shown(pilot, "type a prompt")

        # A plugin asks for a file; one key, when the question was read, lets it.
        await pilot.press(*"hello", "enter")
        await until_shown(pilot, "1 to approve: F2")
        await pilot.press("f2")
        await until_shown(pilot, "asks the host for: fs_read", "from here: once or deny")
        picture(pilot, "3-question")
        clock.now += QUIET_S
        await pilot.press("o")
        await until_shown(pilot, "fs_read: once")
        await pilot.press("escape")

        # Another plugin hangs meanwhile, and its worker is killed; the prompt goes on without it.
        await until_shown(pilot, "AgentStart continue (stuck: ", "count_words: words 5")
        await until_shown(pilot, "AgentEnd continue", "reads the rules")
        picture(pilot, "4-hang")
        await pilot.press("f3")
        await until(pilot, lambda: row_of(pilot, "stuck").get("restarts") == "1")
        await until(pilot, lambda: row_of(pilot, "stuck").get("state") == "active")
        picture(pilot, "5-back")

        # Its worker dies once more, by another hand; it comes back again.
        with daemon.client() as client:
            (pid,) = next(one.pids for one in client.plugins() if one.name == "stuck")
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: row_of(pilot, "stuck").get("restarts") == "2")
        await until(pilot, lambda: row_of(pilot, "stuck").get("state") == "active")

        # A command of a plugin's, from the palette.
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Pane Plugins")
        await pilot.press(*"/greet Kim")
        await until_shown(pilot, "/greet Kim", "plugin command")
        picture(pilot, "6-palette")
        await pilot.press("enter")
        await until_shown(pilot, "good evening, Kim")
        assert console(pilot).mark in lines_of(pilot)[0]
        picture(pilot, "7-command")

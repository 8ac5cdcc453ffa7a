"""The console as a person has it: in a shell of a real terminal, with keys, beside an agent at a terminal of its own."""

import os
import re
import signal
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.console.tmux import LOOK_S, PROMPT, Tmux, answer
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S
from tests.daemon.test_questions import asked

STUCK: Final = """
pi.registerCommand("greet", {description: "greets", handler: (args) => `good evening, ${args || "you"}`});
pi.on("UserPromptSubmit", (event) => { while (event.content.includes("hang")) {} });
"""
STATUS: Final = 'pi.ui.setStatus("s", "status text");'
SHOWS: Final = """
pi.ui.setStatus("s", "status text");
pi.on("UserPromptSubmit", async (event, output, ctx) => ({ modified_prompt: await ctx.fs.readText("rules.md") }));
"""
QUICK: Final = """
[plugin]
permission_mode = "default"
[plugin.timeouts]
actionable_ms = 1000
"""
COLOR: Final = re.compile(r"\x1b\[(?:\d*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
BOXES: Final = re.compile("[\u2500-\u259f]")
PANES: Final = {
    "plugins": "stuck",
    "approvals": "nothing waits for an answer",
    "audit": "sha256:",
    "logs": "connected to the daemon",
    "capabilities": "status (1 of 2)",
    "session": "type a prompt",
}
"""What each shows, in the order of F3."""


def gone(pid: int) -> bool:
    """Whether the process *pid* has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Before:
    """The shell's terminal before the console: how it reads keys, and what tmux knows of it."""

    NAMES: Final = ("alternate_on", "cursor_flag", "mouse_any_flag")

    def __init__(self, person: Tmux) -> None:
        self._person = person
        self._known = self._look("before")

    def _look(self, word: str) -> tuple[str, ...]:
        self._person.type(f"clear; stty -g | cksum | sed s/^/{word}-is-/")
        wanted = re.compile(rf"^{word}-is-(\d+)", re.M)
        found = wanted.search(self._person.until_so(wanted.search, "no answer of stty"))
        assert found is not None
        return (found[1], *(self._person.value(name) for name in self.NAMES))

    def is_again(self) -> None:
        """Whoever is at the shell now has it as it was."""
        self._person.until(PROMPT)
        assert self._look("after") == self._known


def test_an_evening_at_the_terminal(start: StartDaemon) -> None:
    """Open, every pane, an agent's question, a plugin's command, a plugin that hangs, is killed, and returns."""
    daemon = start(config=QUICK, status=STATUS, stuck=STUCK)
    with Tmux(daemon) as person:
        before = Before(person)
        person.run_console()
        person.until("SessionStart continue", "status text")
        person.keep("tmux-1-open")

        for at, (pane, text) in enumerate(PANES.items()):
            person.press("F3")
            person.until(text)
            person.keep(f"tmux-2-{at}-{pane}")

        with asked(daemon, "echo 1") as verdict:
            person.until("1 to approve: F2")
            assert "echo 1" not in person.text
            person.press("F2")
            person.until("wants to run: bash", '{"command":"echo 1"}', "o once")
            person.keep("tmux-3-question")
            answer(person, "o")
            assert verdict()["code"] == "allow.once"

        person.press("Escape")
        person.until("type a prompt")  # a key right after Escape is another one to a terminal
        person.press("C-p")
        person.until("Pane Plugins")
        person.press("-l", "/greet Kim")
        person.until("/greet Kim", "plugin command")
        person.press("Enter")
        person.until("good evening, Kim")
        person.keep("tmux-4-command")
        person.press("Escape")
        person.until_so(lambda text: "good evening" not in text, "the answer stays")

        person.type("hang, please")
        person.until("UserPromptSubmit continue", "(stuck: ")
        person.keep("tmux-5-hang")
        person.press("F3")
        row = re.compile(r"stuck +active +(?:\S+ +){4}1 ")
        person.until_so(row.search, "the plugin is not back")
        person.keep("tmux-6-back")

        person.press("F10")
        before.is_again()


def test_its_own_question_is_one_for_another_terminal(start: StartDaemon) -> None:
    """The rule holds in the terminal of whoever asked, which the screen says before any key; at another one there is an answer."""
    daemon = start(shows=SHOWS)
    (daemon.project / "rules.md").write_text("two words")
    with Tmux(daemon) as person, Tmux(daemon) as other:
        person.run_console()
        person.until("SessionStart continue")
        person.type("hello")
        person.until("1 to approve: F2")
        person.press("F2")
        text = person.until(
            "whoever answers is at the terminal of whoever asked", "elicit = true"
        )
        assert "o once" not in text
        other.run_console()
        other.press("F2")
        other.until("asks the host for: fs_read", "o once")
        answer(other, "o")
        person.press("Escape")
        person.until("count_words: words 2")


def test_without_colour(start: StartDaemon) -> None:
    """NO_COLOR in another size: not one colour on the screen; the control has some."""
    daemon = start(shows=SHOWS)
    with Tmux(daemon, 100, 30, NO_COLOR="1") as person, Tmux(daemon, 100, 30) as other:
        for one in (person, other):
            one.run_console()
            one.until("SessionStart continue", "status text")
        assert not COLOR.search(person.ansi())
        assert COLOR.search(other.ansi())
        assert "F1 help" in person.lines[29]
        person.keep("tmux-no-color")


def test_for_a_screen_reader(start: StartDaemon) -> None:
    """Words, no boxes; the control has some."""
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person, Tmux(daemon) as other:
        person.run_console("--reader")
        other.run_console()
        for one in (person, other):
            one.press("C-p")
            one.until("Pane Plugins")
        assert not BOXES.search(person.text)
        assert BOXES.search(other.text)
        person.keep("tmux-reader")


def test_nothing_is_sent_where_nothing_happens(start: StartDaemon) -> None:
    """No cursor blinks; a key is the control."""
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person:
        person.run_console()
        person.until("SessionStart continue")
        end = monotonic() + HANG_S
        while person.was_sent(3.0):  # longer than a cursor blinks
            assert monotonic() < end, "it does not come to rest"
        person.press("x")
        assert person.was_sent(HANG_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(
    start: StartDaemon, number: signal.Signals
) -> None:
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person:
        before = Before(person)
        person.run_console()
        os.kill(person.console_pid, number)
        before.is_again()


def test_a_terminal_that_goes_takes_the_console_with_it(start: StartDaemon) -> None:
    """As when a connection breaks; the daemon stays."""
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person:
        person.run_console()
        pid = person.console_pid
        person.end()
        end = monotonic() + HANG_S
        while not gone(pid):
            assert monotonic() < end, f"process {pid} is still there"
            person.was_sent(LOOK_S)
    with daemon.client() as client:
        assert client.hello()["pid"] == daemon.pid


def test_a_daemon_that_dies_is_told_of_and_the_console_ends_as_ever(start: StartDaemon) -> None:
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person:
        before = Before(person)
        person.run_console()
        daemon.kill()
        person.until("not connected")
        person.press("C-q")
        before.is_again()


def test_suspended_and_brought_back_in_another_size(start: StartDaemon) -> None:
    """Ctrl+Z gives the shell back as it was; fg brings the same console; a smaller terminal has its keys in the last row."""
    daemon = start(shows=SHOWS)
    with Tmux(daemon) as person:
        before = Before(person)
        person.run_console()
        pid = person.console_pid
        person.press("C-z")
        person.until("Stopped", PROMPT)
        before.is_again()
        person.type("fg")
        person.until("connected", "F1 help")
        assert person.console_pid == pid
        person.resize(70, 18)
        person.until_so(
            lambda text: "F1 help" in text.splitlines()[-1], "no keys in the last row"
        )
        assert len(person.lines) == 18
        person.press("F10")
        person.until(PROMPT)

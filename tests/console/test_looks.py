"""Themes, screen readers, small screens: what is written to the terminal, byte by byte."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from struct import pack
from time import monotonic
from typing import Final

import pytest
from textual.widgets import Input

from host.console.bar import Told, bar_text
from host.console.link import State
from tests.console.consoles import (
    console,
    console_on,
    lines_of,
    screen_text,
    until,
    until_shown,
)
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.daemon.test_questions import AT_TERMINAL

HELLO: Final = 'pi.registerTool({name: "hello", description: "greets", handler: () => "hi"});'
COLOR: Final = re.compile(rb"\x1b\[(?:\d*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
BOXES: Final = re.compile("[\u2500-\u259f]")


BROKEN: Final = """
import sys
from host.console import app
from jcode_plugin_start import main

def broken(*_):
    raise ValueError("broken by a test")

app.{what} = broken
sys.exit(main(["tui"]))
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all who only look at it."""
    base = tmp_path_factory.mktemp("looks")
    daemon = Daemon(base / "home", base / "project")
    daemon.write("", {"hello": HELLO})
    daemon.start()
    yield daemon
    assert daemon.end() == 0


class Terminal:
    """The other end of a terminal that ``jcode-plugin tui`` runs at."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.written = b""

    def press(self, data: bytes) -> None:
        """Send what a key sends."""
        os.write(self._fd, data)

    def read(self) -> bool:
        """Take what was written; False when nobody is at the other end any more."""
        if not select.select([self._fd], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        self.written += data
        return bool(data)

    def until(self, text: str) -> None:
        """Return when *text* was written, whatever else is between its words."""
        end = monotonic() + HANG_S
        while text not in self.text:
            assert self.read(), self.text[-2000:]
            assert monotonic() < end, self.text[-2000:]

    @property
    def text(self) -> str:
        """What was written, without what steers the terminal."""
        return re.sub(
            rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)?|.)",
            b"",
            self.written,
        ).decode(errors="replace")


@contextmanager
def at_a_terminal(
    daemon: Daemon, *words: str, rows: int = 24, columns: int = 80, code: str = "", **env: str
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """Run ``jcode-plugin tui`` with *words* at a terminal of that size."""
    import fcntl

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))
    variables = daemon.environment(**{"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | env)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            AT_TERMINAL,
            *(("-c", code) if code else ("-m", "host", "tui")),
            *words,
        ],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        cwd=daemon.project,
        env=variables,
    )
    os.close(theirs)
    terminal = Terminal(ours)
    try:
        yield process, terminal
    finally:
        process.kill()
        process.wait(HANG_S)
        os.close(ours)


@pytest.mark.parametrize(
    ("words", "env"), [(("--theme", "plain"), {}), ((), {"NO_COLOR": "1"})], ids=["word", "env"]
)
def test_plain_writes_no_colour_at_all(
    daemon: Daemon, words: tuple[str, ...], env: dict[str, str]
) -> None:
    """Neither of its own nor in what is dimmed or chosen; states are words."""
    with at_a_terminal(daemon, *words, **env) as (process, terminal):
        terminal.press(b"\x1bOR")  # F3
        terminal.until("active")
        terminal.press(b"\x1bOP")  # F1
        terminal.until("this list of keys")
        terminal.press(b"\x1b[21~")  # F10
        while terminal.read():
            pass

        assert process.wait(HANG_S) == 0
        assert not COLOR.findall(terminal.written)


def test_colours_are_written_without_it(daemon: Daemon) -> None:
    """The control of the test above."""
    with at_a_terminal(daemon, "--theme", "light") as (_, terminal):
        terminal.press(b"\x1bOR")
        terminal.until("active")

        assert COLOR.findall(terminal.written)


def test_ending_leaves_the_terminal_as_it_was(daemon: Daemon) -> None:
    """The other screen, the cursor, and a daemon that goes on."""
    with at_a_terminal(daemon) as (process, terminal):
        terminal.until("connected")
        terminal.press(b"\x11")  # Ctrl+Q
        while terminal.read():
            pass

        assert process.wait(HANG_S) == 0
        assert b"\x1b[?1049l" in terminal.written
        assert b"\x1b[?25h" in terminal.written
        assert b"Traceback" not in terminal.written
    with daemon.client() as client:
        assert client.hello()


def test_it_starts_a_daemon_if_none_runs(start: StartDaemon) -> None:
    """And that one is there for others when the console has ended."""
    daemon = start(hello=HELLO)
    daemon.end()
    with at_a_terminal(daemon) as (_, terminal):
        terminal.until(" connected ")
    with daemon.client() as client:
        assert [plugin.name for plugin in client.plugins()] == ["hello"]
        client.stop()


def test_without_a_terminal_it_says_so(daemon: Daemon) -> None:
    """One line, and the exit code of an error."""
    done = subprocess.run(
        [sys.executable, "-m", "host", "tui"],
        cwd=ROOT,
        env=daemon.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "error: the console needs a terminal; see jcode-plugin top --json for programs"
    ]


def test_a_terminal_that_places_no_cursor_gets_a_line(start: StartDaemon) -> None:
    """No escape sequence is written to a terminal that would show it as letters."""
    with at_a_terminal(start(), TERM="dumb") as (process, terminal):
        assert process.wait(HANG_S) == 1
        terminal.until("TERM is dumb")
        assert b"\x1b" not in terminal.written


@pytest.mark.asyncio
async def test_a_reader_has_lines_and_no_boxes(daemon: Daemon) -> None:
    """In every pane and in the help: words where others have columns."""
    async with console_on(daemon, reader=True, size=(100, 50)) as pilot:
        await pilot.press("f3")
        await until_shown(pilot, "pane Plugins", "hello, state active, ")
        for _ in range(6):
            assert not BOXES.search(screen_text(pilot)), screen_text(pilot)
            await pilot.press("f3")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Pane Audit")
        assert not BOXES.search(screen_text(pilot)), screen_text(pilot)
        await pilot.press("escape", "f1")
        await until_shown(pilot, "this list of keys")

        assert not BOXES.search(screen_text(pilot)), screen_text(pilot)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (200, 60)])
async def test_every_size_has_the_consoles_own_lines(
    daemon: Daemon, size: tuple[int, int]
) -> None:
    """The bar is row 0, the keys are the last one, and nothing is wider than the screen."""
    async with console_on(daemon, size=size) as pilot:
        await until(pilot, lambda: console(pilot).is_connected)
        for _ in range(6):
            await pilot.press("f3")
            lines = lines_of(pilot)
            assert len(lines) == size[1]
            assert console(pilot).mark in lines[0]
        await pilot.resize_terminal(60, 12)
        await until(pilot, lambda: len(lines_of(pilot)) == 12)
        await until(pilot, lambda: console(pilot).mark in lines_of(pilot)[0])


@pytest.mark.parametrize("width", range(16, 140, 7))
def test_the_mark_is_in_the_bar_whatever_else_there_is(width: int) -> None:
    """What is cut is the project and the mode, never what tells the console from others."""
    told = Told(
        "a-very-long-project-name" * 3,
        "bypass_permissions",
        State.LOST,
        "why " * 30,
        7,
        "ab cd",
    )
    text = bar_text(told, width).plain

    assert len(text) == width
    assert "[ab cd]" in text


@pytest.mark.parametrize(
    "what",
    [
        "HelpScreen.compose",  # what a key asks for
        "AuditPane.connected",  # what the link calls when the daemon is there,
        "LogsPane._begin",  # when a stream begins,
        "SessionPane._take",  # when a stream brings something,
        "SessionPane._view",  # and to open a stream
    ],
)
def test_a_mistake_of_ours_ends_it_with_one_line(daemon: Daemon, what: str) -> None:
    """No traceback over the screen of whoever was in the middle of something, and nothing that goes on without a word."""
    with at_a_terminal(daemon, code=BROKEN.format(what=what)) as (process, terminal):
        terminal.press(b"\x1bOP")
        while terminal.read():
            pass

        assert process.wait(HANG_S) == 1
        after = terminal.written.rpartition(b"\x1b[?1049l")[2].decode()
        assert (
            "error: ValueError: broken by a test; this is a mistake of jcode-plugin"
            in " ".join(after.split())
        )
        assert "Traceback" not in terminal.text


@pytest.mark.asyncio
async def test_no_cursor_blinks(start: StartDaemon) -> None:
    """Not in the session's line, a question, a filter or the palette: nothing is sent where nothing happens."""
    asks = 'pi.registerCommand("ask", {description: "", handler: (args, ctx) => ctx.ui.input("Name?")});'
    daemon = start(config='[plugin]\npermission_mode = "bypass_permissions"\n', asks=asks)
    async with console_on(daemon) as pilot:
        await until_shown(pilot, "SessionStart continue")

        def blinks() -> bool:
            focused = console(pilot).focused
            assert isinstance(focused, Input)
            return focused.cursor_blink

        assert not blinks()
        await pilot.press(*"/ask", "enter")
        await until_shown(pilot, "Name?")
        asked = console(pilot).query_one("Dialog Input", Input).focus()
        await until(pilot, lambda: console(pilot).focused is asked)
        assert not blinks()
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Pane Plugins")
        assert not blinks()

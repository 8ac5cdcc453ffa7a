"""The console in a terminal as people have one: a shell in tmux, keys, and what the screen shows then."""

import os
import secrets
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final, Self

from host.console.guard import QUIET_S
from tests.console.pictures import keep, svg_of
from tests.daemon.running import HANG_S, ROOT, Daemon

LOOK_S: Final = 0.2
"""How long a screen stays unread when the terminal was sent nothing."""
PROMPT: Final = "ready> "
_CONSOLE: Final = f"{shlex.quote(sys.executable)} -m host tui"


class Tmux:
    """A tmux of its own, with one shell in one pane, as long as it is open. *env* is what the shell has besides the daemon's."""

    def __init__(self, daemon: Daemon, columns: int = 80, rows: int = 24, **env: str) -> None:
        self._columns = columns
        self._rows = rows
        self._name = f"jcode-{secrets.token_hex(4)}"
        # Not below the test's directory: the path of a socket is short.
        self._run = Path(tempfile.mkdtemp(prefix="jcode-tmux-"))
        self._environment = daemon.environment(
            PYTHONPATH=str(ROOT),
            TERM="xterm-256color",
            COLORTERM="truecolor",
            LC_ALL="C.UTF-8",
            TMUX_TMPDIR=str(self._run),
            **env,
        )
        self._project = daemon.project

    def __enter__(self) -> Self:
        config = self._run / "tmux.conf"
        config.write_text(
            'set -g default-terminal "xterm-256color"\nset -g status off\nset -g escape-time 0\n'
        )
        (self._run / "bashrc").write_text(f"PS1={shlex.quote(PROMPT)}\n")
        size = ("-x", str(self._columns), "-y", str(self._rows))
        shell = f"exec bash --noprofile --rcfile {self._run}/bashrc"
        self.ask("-f", str(config), "new-session", "-d", *size, "-c", str(self._project), shell)
        fifo = self._run / "written"
        os.mkfifo(fifo)
        self._written = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.ask("pipe-pane", "-O", f"exec cat >{shlex.quote(str(fifo))}")
        self.until(PROMPT)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._written)
        shutil.rmtree(self._run)

    def end(self) -> None:
        """Take the terminal away, as a connection does that breaks."""
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-L", self._name, *words],
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            timeout=HANG_S,
            check=False,
        )

    def ask(self, *words: str) -> str:
        """Run a command of tmux's, and return what it prints."""
        done = self._tmux(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def value(self, name: str) -> str:
        """What tmux knows of the pane by *name*, as ``alternate_on``."""
        return self.ask("display-message", "-p", f"#{{{name}}}").strip()

    # What a person does.

    def press(self, *keys: str) -> None:
        """Press *keys*, each by tmux's name for it."""
        self.ask("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type *text*, and Enter."""
        self.ask("send-keys", "-l", text)
        self.press("Enter")

    def run_console(self, *words: str) -> None:
        """Begin ``jcode-plugin tui``, and return when it is there."""
        self.type(shlex.join(["clear"]) + f"; {_CONSOLE} {shlex.join(words)}")
        self.until("connected", "F1 help")

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        self.ask("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def console_pid(self) -> int:
        """The process that the shell runs."""
        shell = self.value("pane_pid")
        (pid,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(pid)

    # What they see.

    @property
    def lines(self) -> list[str]:
        """The rows of the screen."""
        return self.ask("capture-pane", "-p", "-N").splitlines()

    @property
    def text(self) -> str:
        """All of them."""
        return "\n".join(self.lines)

    def until(self, *texts: str) -> str:
        """Return the screen when it has every one of *texts*."""
        return self.until_so(lambda text: all(one in text for one in texts), f"not: {texts}")

    def until_so(self, holds: Callable[[str], object], what: str) -> str:
        """Return the screen when *holds* of it; a hang is told with the screen."""
        end = monotonic() + HANG_S
        while not holds(text := self.text):
            assert monotonic() < end, f"{what}\n{text}"
            self.was_sent(LOOK_S)
        return text

    def was_sent(self, within_s: float) -> bytes:
        """Return what is written to the terminal next, within a time, or nothing."""
        if not select.select([self._written], [], [], within_s)[0]:
            return b""
        return os.read(self._written, 65536)

    def ansi(self) -> str:
        """The screen with its colours."""
        return self.ask("capture-pane", "-e", "-p", "-N")

    def keep(self, name: str) -> str:
        """Keep a picture of the screen as *name*, and return it."""
        svg = svg_of(self.ansi(), self._columns)
        keep(name, svg)
        return svg


def answer(person: Tmux, key: str) -> None:
    """Press *key* until the question is gone: one that comes too early for its reader is not taken."""
    end = monotonic() + HANG_S
    while "nothing waits for an answer" not in person.text:
        assert monotonic() < end, person.text
        person.press(key)
        quiet_until = monotonic() + 2 * QUIET_S
        while (left := quiet_until - monotonic()) > 0:
            person.was_sent(left)

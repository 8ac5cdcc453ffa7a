"""A command that a person typed needs no second word of theirs; who says so has to look like a person."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.daemon.test_questions import AT_TERMINAL, at_terminal, read_all

GREET: Final = (
    'export default (pi) => pi.registerCommand("greet", {handler: (who) => `hello ${who}`});'
)

TYPE: Final = """
import json, sys
from jcode_plugins import Client
with Client() as client:
    result = client.command("greet", "Ada", typed=sys.argv[2] == "typed", timeout_s=20)
with open(int(sys.argv[1]), "w") as told:
    json.dump([result.ok, result.code, result.output], told)
"""
# A client of the daemon, as an agent is, that gives its command a terminal of its own.
AGENT: Final = """
import pty, subprocess, sys
from jcode_plugins import Client
with Client() as client:
    client.plugins()
    ours, theirs = pty.openpty()
    words = [sys.executable, "-c", sys.argv[2], "-c", sys.argv[3], sys.argv[1], "typed"]
    subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, pass_fds=[int(sys.argv[1])]
    ).wait()
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for this file, in which a question without an answer is denied soon."""
    base = tmp_path_factory.mktemp("typed")
    daemon = Daemon(base / "home", base / "project")
    daemon.write("[plugin.timeouts]\napproval_ms = 1500\n", {"greet": GREET})
    daemon.start()
    yield daemon
    assert daemon.end() == 0


def told_by(daemon: Daemon, *words: str) -> list[object]:
    """Run Python with *words*, of which ``FD`` is where it tells, at a terminal of its own; return what it told."""
    told, tell = os.pipe()
    replaced = [str(tell) if word == "FD" else word for word in words]
    with at_terminal(daemon, *replaced, keep=(tell,)) as (_, screen):
        os.close(tell)
        said = read_all(screen)
    with open(told, encoding="utf-8") as file:
        text = file.read()
    assert text, said
    found: list[object] = json.loads(text)
    return found


def test_what_a_person_types_at_a_terminal_runs(daemon: Daemon) -> None:
    """The control is the same command, of which nobody says that it was typed: it is asked about."""
    assert told_by(daemon, "-c", TYPE, "FD", "typed") == [True, None, "hello Ada"]
    assert told_by(daemon, "-c", TYPE, "FD", "not")[:2] == [False, "E_DENIED"]


def test_what_has_no_terminal_is_not_believed(daemon: Daemon) -> None:
    """A program can say what it wants."""
    told, tell = os.pipe()
    subprocess.run(
        [sys.executable, "-c", TYPE, str(tell), "typed"],
        cwd=ROOT,
        env=daemon.environment(),
        pass_fds=[tell],
        start_new_session=True,  # the tests may run at a terminal
        check=True,
        timeout=HANG_S,
    )
    os.close(tell)
    with open(told, encoding="utf-8") as file:
        assert json.load(file)[:2] == [False, "E_DENIED"]


def test_what_a_client_started_is_not_believed(daemon: Daemon) -> None:
    """An agent's model runs it, at a terminal that was made for it."""
    assert told_by(daemon, "-c", AGENT, "FD", AT_TERMINAL, TYPE)[:2] == [False, "E_DENIED"]


def test_a_denial_holds(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a person types is no more than an approval."""
    base = tmp_path_factory.mktemp("denied")
    daemon = Daemon(base / "home", base / "project")
    daemon.write('[plugin.approval]\n"/greet" = "deny"\n', {"greet": GREET})
    daemon.start()

    assert told_by(daemon, "-c", TYPE, "FD", "typed")[:2] == [False, "E_DENIED"]
    assert daemon.end() == 0

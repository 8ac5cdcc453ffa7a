"""Questions that a person answers at another terminal."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from host.daemon.peers import Process, lineage_of
from host.daemon.questions import tree_of, why_not
from jcode_plugins import AnswerError, Client, InputError
from tests.daemon.running import HANG_S, ROOT, Daemon

AT_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
AGENT: Final = """
import os, subprocess, sys
out = int(sys.argv[2])
hook = subprocess.Popen([sys.executable, "-c", sys.argv[1], *sys.argv[3:]], stdout=out)
hook.wait()
"""
ANSWER: Final = """
import sys
from jcode_plugins import Client
with Client() as client:
    client.answer(sys.argv[1], sys.argv[2])
"""
HOOK: Final = """
import json, sys
from jcode_plugins import Client
with Client() as client:
    verdict = client.check_tool("bash", tier="exec", args={"command": sys.argv[1]}, session_id="s1", timeout_s=60)
print(json.dumps(verdict.to_json()))
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for this file."""
    base = tmp_path_factory.mktemp("questions")
    daemon = Daemon(base / "home", base / "project")
    daemon.start()
    yield daemon
    assert daemon.end() == 0


@contextmanager
def at_terminal(
    daemon: Daemon, *words: str, keep: tuple[int, ...] = ()
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run Python with *words* at a terminal of its own; give the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=keep,
        start_new_session=True,
        cwd=ROOT,
        env=daemon.environment(PYTHONPATH=str(ROOT), TERM="dumb", COLUMNS="200"),
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.wait(HANG_S)
        os.close(ours)


@contextmanager
def asked(daemon: Daemon, command: str) -> Iterator[Callable[[], dict[str, object]]]:
    """Have an agent at a terminal of its own run a hook that asks; give a function that waits for the verdict."""
    told, tell = os.pipe()
    words = ("-c", AGENT, HOOK, str(tell), command)
    with at_terminal(daemon, *words, keep=(tell,)) as (agent, _):
        os.close(tell)

        def verdict() -> dict[str, object]:
            with open(told, "rb", closefd=False) as file:
                value: object = json.loads(file.read())
            assert isinstance(value, dict)
            return value

        yield verdict
        agent.wait(HANG_S)
        os.close(told)


def waiting(client: Client) -> dict[str, object]:
    """The one question that waits, as soon as it does."""
    while True:
        pending = client.approvals()["pending"]
        assert isinstance(pending, list)
        if pending:
            (one,) = pending
            assert isinstance(one, dict)
            return dict(one)


def read_all(fd: int) -> str:
    text = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:  # nobody is at the other end any more
            return text.decode()
        text += data


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("allow", "allow.once"),
        ("deny", "deny.person"),
        ("session", "allow.session"),
        ("always", "allow.always"),
    ],
)
def test_a_person_at_another_terminal_answers(daemon: Daemon, word: str, code: str) -> None:
    """The agent waits and has the answer."""
    with daemon.client() as client, asked(daemon, word) as verdict:
        question = waiting(client)
        assert (question["tool"], question["tier"]) == ("bash", "exec")
        assert question["summary"] == json.dumps({"command": word}, separators=(",", ":"))
        assert question["explanation"]
        assert question["project"] == str(ROOT)
        # The command for one of them: it does no more than this, and takes a second to import.
        how = ("-m", "host", "approve") if word == "allow" else ("-c", ANSWER)
        words = (*how, str(question["id"]), word)
        with at_terminal(daemon, *words) as (person, screen):
            said = read_all(screen)

        assert person.returncode == 0, said
        answered = verdict()
        assert answered["code"] == code
        assert answered["allowed"] is (word != "deny")
        assert client.approvals()["pending"] == []


def test_without_a_word_it_is_asked_with_a_key(daemon: Daemon) -> None:
    """What, who, why and the choices; one key answers."""
    with daemon.client() as client, asked(daemon, "key") as verdict:
        waiting(client)
        with at_terminal(daemon, "-m", "host", "approve") as (person, screen):
            said = b""
            while b"eny? " not in said:
                said += os.read(screen, 65536)
            os.write(screen, b"o")
            said += read_all(screen).encode()

        assert person.returncode == 0
        assert b"the agent wants to run bash (exec)" in said
        assert b'{"command":"key"}' in said
        assert verdict()["allowed"] is True


def test_what_waits_is_listed(daemon: Daemon) -> None:
    """From anywhere: looking is not answering."""
    with daemon.client() as client, asked(daemon, "listed") as verdict:
        question = waiting(client)
        listed = subprocess.run(
            [sys.executable, "-m", "host", "approve", "--list", "--json"],
            cwd=ROOT,
            env=daemon.environment(),
            capture_output=True,
            check=True,
            timeout=HANG_S,
        )
        (one,) = json.loads(listed.stdout)["pending"]
        assert one["id"] == question["id"]
        assert one["choices"] == ["once", "session", "always", "deny"]
        with at_terminal(daemon, "-c", ANSWER, str(one["id"]), "deny") as (_, screen):
            read_all(screen)
        assert verdict()["allowed"] is False


def test_whoever_may_not_answer_is_refused_and_the_question_stays(daemon: Daemon) -> None:
    """Without a terminal; and an id that is none."""
    with daemon.client() as client, asked(daemon, "refused") as verdict:
        question = waiting(client)
        with pytest.raises(
            AnswerError
        ) as caught:  # no terminal: the tests may run at one, but not their daemon's client
            answer_detached(daemon, str(question["id"]))
        assert caught.value.code == "E_ANSWERER"
        with pytest.raises(InputError, match="no question 'nothing'"):
            client.answer("nothing", "once")
        with pytest.raises(InputError, match="is no answer"):
            client.answer(str(question["id"]), "yes")
        assert waiting(client)["id"] == question["id"]
        with at_terminal(daemon, "-c", ANSWER, str(question["id"]), "deny") as (_, screen):
            read_all(screen)
        assert verdict()["code"] == "deny.person"


def answer_detached(daemon: Daemon, id_: str) -> None:
    """Answer from a session without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "host", "approve", id_, "allow", "--json"],
        cwd=ROOT,
        env=daemon.environment(),
        capture_output=True,
        check=False,
        start_new_session=True,
        timeout=HANG_S,
    )
    if done.returncode:
        told = json.loads(done.stdout)
        raise AnswerError(told["code"], told["error"])


INSIDE: Final = """
import fcntl, os, pty, subprocess, sys, termios
# An agent that asks, and then lets a command of its model answer, at a terminal that it makes for it.
hook = subprocess.Popen([sys.executable, "-c", sys.argv[1], "inside"], stdout=int(sys.argv[2]))
from jcode_plugins import Client
with Client() as client:
    while not (pending := client.approvals()["pending"]):
        pass
ours, theirs = pty.openpty()
answer = [sys.executable, "-c", sys.argv[3], "-m", "host", "approve", pending[0]["id"], "allow", "--json"]
done = subprocess.Popen(answer, stdin=theirs, stdout=int(sys.argv[2]), stderr=theirs, start_new_session=True)
done.wait()
same = subprocess.Popen([sys.executable, "-m", "host", "approve", pending[0]["id"], "allow", "--json"], stdout=int(sys.argv[2]))
same.wait()
hook.wait()
"""


def test_an_agent_does_not_answer_its_own_questions(tmp_path: Path) -> None:
    """Neither at a terminal that it makes, nor at its own: without an answer it is denied, in time."""
    daemon = Daemon(tmp_path / "home", tmp_path / "project")
    daemon.write("[plugin.timeouts]\napproval_ms = 4000\n", {})
    daemon.start()
    told, tell = os.pipe()
    words = ("-c", INSIDE, HOOK, str(tell), AT_TERMINAL)
    with at_terminal(daemon, *words, keep=(tell,)) as (_, screen):
        os.close(tell)
        read_all(screen)
    with open(told, "rb") as file:
        told_all = [json.loads(line) for line in file.read().splitlines()]
    (verdict,) = [one for one in told_all if "allowed" in one]  # it may come at any time
    made, own = [one for one in told_all if "error" in one]
    assert daemon.end() == 0

    assert "was started by whoever asked" in made["error"]
    assert "is at the terminal of whoever asked" in own["error"]
    assert (made["code"], own["code"]) == ("E_ANSWERER", "E_ANSWERER")
    assert (verdict["allowed"], verdict["code"]) == (False, "deny.no_answer")


def chain(*processes: tuple[int, int]) -> list[Process]:
    """A process and its parents, from pids and terminals."""
    pids = [*(pid for pid, _ in processes), 0]
    return [
        Process(pid, pids[at + 1], pid, terminal, pid)
        for at, (pid, terminal) in enumerate(processes)
    ]


@pytest.mark.parametrize(
    ("answerer", "asker", "told"),
    [
        # Two panes of a multiplexer: a person.
        (
            [(90, 2), (80, 2), (10, 0), (1, 0)],
            [(50, 1), (40, 1), (30, 1), (10, 0), (1, 0)],
            None,
        ),
        # A hook in a session of its own, an agent at a terminal.
        (
            [(90, 2), (80, 2), (10, 0), (1, 0)],
            [(50, 0), (40, 1), (30, 1), (10, 0), (1, 0)],
            None,
        ),
        (
            [(90, 2), (50, 2), (40, 1), (30, 1), (10, 0)],
            [(60, 0), (40, 1), (30, 1), (10, 0)],
            "process 40",
        ),
        # An agent without a terminal, and a terminal that it made.
        (
            [(90, 2), (40, 0), (10, 0), (1, 0)],
            [(50, 0), (40, 0), (10, 0), (1, 0)],
            "process 40",
        ),
        # A hook at a terminal that its agent made for it.
        (
            [(90, 3), (40, 0), (10, 0), (1, 0)],
            [(50, 2), (40, 0), (10, 0), (1, 0)],
            "process 40",
        ),
        ([(90, 2), (80, 2), (7, 0), (1, 0)], [(50, 0), (40, 0), (10, 0), (1, 0)], None),
        ([(90, 0), (80, 2)], [(50, 1)], "has no terminal"),
        ([(90, 1), (80, 1)], [(50, 0), (40, 1)], "at the terminal"),
        ([], [(50, 1)], "is gone"),
    ],
)
def test_who_may_answer(
    answerer: list[tuple[int, int]], asker: list[tuple[int, int]], told: str | None
) -> None:
    """By the two chains of processes."""
    why = why_not(chain(*answerer), tree_of(chain(*asker)))

    assert (why is None) is (told is None)
    assert told is None or told in str(why)


def test_a_chain_of_processes_is_read_from_the_kernel() -> None:
    """Ours, and our parent's."""
    lineage = lineage_of(os.getpid())

    assert [process.pid for process in lineage[:2]] == [os.getpid(), os.getppid()]
    assert lineage[0].session == os.getsid(0)
    assert lineage_of(2**22 + 1) == []


SETTER: Final = """
import sys
from jcode_plugins import AnswerError, Client
with Client() as client:
    for mode in sys.argv[1:]:
        try:
            client.set_mode(mode)
            print(mode)
        except AnswerError as error:
            print(error.code)
"""


def test_what_a_client_started_does_not_loosen_its_mode(daemon: Daemon) -> None:
    """It tightens it; the client itself, and whoever stands beside it, sets what it likes. All of it is audited."""

    def set_by_child(*modes: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", SETTER, *modes],
            cwd=daemon.project,
            env=daemon.environment(PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            check=True,
            timeout=HANG_S,
        )
        return done.stdout.split()

    assert set_by_child("bypass_permissions", "default") == ["bypass_permissions", "default"]
    with daemon.client() as client:
        client.hello()
        looser = "bypass_permissions", "accept_edits", "auto", "plan", "default"
        assert set_by_child(*looser) == ["E_MODE", "E_MODE", "auto", "plan", "E_MODE"]
        for mode in ("default", "bypass_permissions", "default"):
            client.set_mode(mode)
        record = subprocess.run(
            [sys.executable, "-m", "host", "audit", "--json"],
            cwd=ROOT,
            env=daemon.environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=HANG_S,
        ).stdout
    assert "permission mode bypass_permissions instead of default, by process" in record
    assert record.count("was started by a client") == 3

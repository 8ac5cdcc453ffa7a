"""Questions and answers at their edges: many at once, late ones, and a file that cannot be used."""

import fcntl
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import Answer, ApprovalsError, BlockingPluginHost, Config, Question
from host.approvals import LATE_FOR_S, MAX_OPEN
from host.audit import Kind
from tests.integration.conftest import MakeHost
from tests.integration.host_support import audited


class Desk:
    """An approver that answers when it is told to."""

    def __init__(self, answer: Answer = "once") -> None:
        self.answer: Answer = answer
        self.asked: list[Question] = []
        self.may_answer = threading.Event()
        self.answered = threading.Semaphore(0)

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        self.may_answer.wait(60)
        self.answered.release()
        return self.answer


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk whose questions all end with the test."""
    made = Desk()
    yield made
    made.may_answer.set()


def ask(host: BlockingPluginHost, n: int = 0, timeout_s: float | None = None) -> str:
    """Ask about call number *n*; the code of what was decided."""
    return host.check_tool("bash", args={"n": n}, timeout_s=timeout_s).code


def test_questions_do_not_pile_up(make_host: MakeHost, desk: Desk) -> None:
    """One more than there may be is a denial at once; answered ones make room."""
    host = make_host(approver=desk)
    n = 0
    while len(host.runtime.approvals._open) < MAX_OPEN:
        assert ask(host, n := n + 1, 0.05) == "deny.no_answer"

    assert ask(host, -1) == "deny.too_many"
    desk.may_answer.set()
    while host.runtime.approvals._open:
        pass  # the host takes it by itself
    assert ask(host, -1) == "allow.once"


def test_a_late_answer_grows_old(
    make_host: MakeHost, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered long ago is asked anew."""
    host = make_host(approver=desk)
    while not host.runtime.approvals._open:
        assert ask(host, timeout_s=0.05) == "deny.no_answer"
    desk.may_answer.set()
    desk.answered.acquire()
    while not host.runtime.approvals._late:
        pass  # the host takes it by itself
    late = host.runtime.approvals._late
    ((key, (until, answer)),) = late.items()
    late[key] = (until - LATE_FOR_S, answer)

    desk.answer = "deny"
    assert ask(host) == "deny.person"


def test_an_always_that_comes_late_is_remembered_all_the_same(
    make_host: MakeHost, desk: Desk
) -> None:
    """It was meant for every later call."""
    desk.answer = "always"
    host = make_host(approver=desk)
    while not host.runtime.approvals._open:
        assert ask(host, timeout_s=0.05) == "deny.no_answer"
    desk.may_answer.set()
    desk.answered.acquire()
    while not host.approvals():
        pass  # the host takes it by itself

    assert len(host.approvals()) == 1
    assert ask(host) == "allow.remembered"


def test_a_damaged_file_is_reported_kept_and_remembers_nothing(
    make_host: MakeHost, desk: Desk
) -> None:
    """The call that was answered runs; the next one is asked again."""
    desk.answer = "always"
    desk.may_answer.set()
    host = make_host(approver=desk)
    path = host.home / "approvals.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("not ours")

    assert [ask(host), ask(host)] == ["allow.always"] * 2

    assert len(desk.asked) == 2
    assert path.read_text() == "not ours"
    assert host.approvals() == []
    assert "is damaged" in audited(host, Kind.REFUSED)[0].detail
    with pytest.raises(ApprovalsError, match="is damaged"):
        host.forget_approval("x")


def test_a_file_that_is_locked_for_a_moment_is_waited_for(
    make_host: MakeHost, desk: Desk
) -> None:
    """The host goes on meanwhile, and the answer is kept in the end."""
    desk.answer = "always"
    host = make_host(approver=desk)
    host.home.mkdir(parents=True, exist_ok=True)
    lock = os.open(host.home / "approvals.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, host)
        desk.may_answer.set()
        desk.answered.acquire()
        assert host.check_tool("ls", tier="read").allowed
        os.close(lock)
        assert waiting.result() == "allow.always"

    assert ask(host) == "allow.remembered"


def test_a_file_that_stays_locked_is_given_up(make_host: MakeHost, desk: Desk) -> None:
    """The answered call runs, the answer is not kept, and that is told."""
    desk.answer = "always"
    desk.may_answer.set()
    host = make_host(approver=desk)
    host.home.mkdir(parents=True, exist_ok=True)
    lock = os.open(host.home / "approvals.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)

    assert ask(host) == "allow.always"
    os.close(lock)

    assert host.approvals() == []
    assert "keeps it locked" in audited(host, Kind.REFUSED)[0].detail


def test_with_no_days_nothing_is_remembered(make_host: MakeHost, desk: Desk) -> None:
    """Neither kept nor looked up."""
    desk.answer = "always"
    desk.may_answer.set()
    keeps, keeps_not = (
        make_host(approver=desk),
        make_host(Config(remember_days=0), approver=desk),
    )

    assert [ask(keeps), ask(keeps)] == ["allow.always", "allow.remembered"]
    assert [ask(keeps_not), ask(keeps_not)] == ["allow.always"] * 2


def test_no_secret_of_an_input_is_kept(make_host: MakeHost, desk: Desk, tmp_path: Path) -> None:
    """The person sees it, the file has a digest and a masked summary."""
    desk.answer = "always"
    desk.may_answer.set()
    host = make_host(approver=desk)

    host.check_tool(
        "bash", args={"command": "curl -H 'Authorization: Bearer abcdefgh12345678'"}
    )

    assert "abcdefgh12345678" in desk.asked[0].summary
    assert "abcdefgh12345678" not in (host.home / "approvals.json").read_text()


def test_a_long_input_shows_both_its_ends(make_host: MakeHost, desk: Desk) -> None:
    """What a person cannot see is said to be there: an end cannot hide behind a beginning."""
    desk.may_answer.set()
    host = make_host(approver=desk)

    host.check_tool("bash", args={"command": "echo " + "x" * 50_000 + "; rm -rf /"})

    summary = desk.asked[0].summary
    assert len(summary) < 2200
    assert summary.endswith('; rm -rf /"}')
    assert "characters left out" in summary


@pytest.mark.parametrize("args", [{"n": object()}, {"n": {1, 2}}])
def test_an_input_that_is_no_json_cannot_be_asked_about(
    make_host: MakeHost, desk: Desk, args: dict[str, object]
) -> None:
    """It is the caller's mistake, not a permission."""
    host = make_host(approver=desk)

    with pytest.raises(Exception, match="not JSON"):
        host.check_tool("bash", args=args)  # type: ignore[arg-type]
    assert desk.asked == []

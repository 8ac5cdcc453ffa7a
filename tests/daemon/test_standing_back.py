"""A daemon whose plugins want all of the processor weighs less than what the person runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from host.daemon import standing_back
from host.daemon.standing_back import CALM_S, NICE, StandingBack, wanted_s
from host.reactor import now_s
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import HANG_S, ROOT, until

GROUP: Final = Path("/proc/self/autogroup")
SPINS: Final = """
setInterval(() => { const end = Date.now() + 90; while (Date.now() < end); }, 1);
"""


@pytest.fixture
def spinner() -> Iterator[int]:
    """A process that wants a processor."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process be the first of its session, as a daemon in the background is."""
    monkeypatch.setattr(standing_back.os, "getsid", lambda _: os.getpid())


@pytest.mark.usefixtures("leads")
def test_it_stands_back_while_workers_want_much_and_for_a_while_after(
    spinner: int, tmp_path: Path
) -> None:
    """The time is the test's: so much was wanted within so little of it."""
    group = tmp_path / "autogroup"
    group.write_text("0")
    standing, now = StandingBack(group, 2), 100.0
    standing.look([spinner], now)
    assert group.read_text() == "0"

    wanted = wanted_s(spinner)
    assert wanted is not None
    until(lambda: (wanted_s(spinner) or 0.0) > wanted + 0.2)
    now += 0.1
    standing.look([spinner], now)
    assert (group.read_text(), standing.is_back) == (str(NICE), True)

    standing.look([], now + 1)
    standing.look([], now + CALM_S)
    assert standing.is_back
    standing.look([], now + 1 + CALM_S)
    assert (group.read_text(), standing.is_back) == ("0", False)


@pytest.mark.usefixtures("leads")
def test_what_a_worker_wanted_before_it_was_seen_first_is_its_life(tmp_path: Path) -> None:
    """An idle one, the control, is none that it stands back for, however often it looks."""
    group = tmp_path / "autogroup"
    group.write_text("0")
    standing = StandingBack(group, 1)
    for at in range(5):
        standing.look([os.getppid(), 2**22 + 1], 100.0 + 1000 * at)

    assert group.read_text() == "0"


def test_in_a_session_of_somebody_else_it_does_nothing(spinner: int, tmp_path: Path) -> None:
    """A terminal's shell is no lighter for what a daemon in it does."""
    group = tmp_path / "autogroup"
    group.write_text("0")
    standing = StandingBack(group, 1)
    assert os.getsid(0) != os.getpid()
    standing.look([spinner], 100.0)
    standing.look([spinner], 100.000001)

    assert group.read_text() == "0"


def test_a_real_daemon_in_the_background(start: StartDaemon) -> None:
    """It stands back for plugins that spin, and its own file says so, where the kernel has one; each is nice as before."""
    daemon = start()
    daemon.end()
    spinning = [f"spins{at}" for at in range(len(os.sched_getaffinity(0)))]
    daemon.write("", dict.fromkeys(spinning, SPINS))
    subprocess.run(
        [sys.executable, "-m", "host", "serve", "--background"],
        cwd=ROOT,
        env=daemon.environment(),
        check=True,
        timeout=HANG_S,
    )
    with daemon.client() as client:
        pid = client.hello()["pid"]
        assert isinstance(pid, int)
        group = Path(f"/proc/{pid}/autogroup")
        try:
            assert os.getsid(pid) == pid
            pids = [pid for plugin in client.plugins() for pid in plugin.pids]
            assert len(pids) == len(spinning)
            if GROUP.exists():
                until(lambda: group.read_text().split()[-2:] == ["nice", str(NICE)])
            assert {psutil.Process(pid).nice() for pid in pids} == {
                psutil.Process().nice() + 10
            }
        finally:
            client.request("stop")
            psutil.Process(pid).wait(HANG_S)


def test_the_time_that_is_counted_is_the_kernels(spinner: int) -> None:
    """It grows while a process spins; a process that is gone has none."""
    before, began = wanted_s(spinner), now_s()
    assert before is not None
    until(lambda: (wanted_s(spinner) or 0.0) >= before + 0.1)
    took = (wanted_s(spinner) or 0.0) - before
    assert took <= now_s() - began + 0.1
    assert wanted_s(2**22 + 1) is None

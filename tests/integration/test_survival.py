"""Workers and zygotes that die at any moment, and many of them at once."""

import asyncio
import os
import random
import signal
from pathlib import Path

import psutil
import pytest

from host import Config, Limits, PluginHost, Status, Timeouts
from host.audit import Kind

ECHO = """
let n = 0;
export default (pi) => pi.on("PreToolUse", async (event) => {
  n += 1;
  if (n % 3 === 0) await null;
  return { block: `NAME:${event.tool_input.command}` };
});
"""
PLUGINS = 4
KILLS = 200


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def open_fds() -> int:
    return len(os.listdir("/proc/self/fd"))


def write_plugins(folder: Path, count: int) -> list[Path]:
    paths = []
    for index in range(count):
        path = folder / f"p{index}.js"
        path.write_text(ECHO.replace("NAME", f"p{index}"))
        paths.append(path)
    return paths


async def killed_under_load(tmp_path: Path, kills: int) -> None:
    rng = random.Random(20261122)  # noqa: S311 - a reproducible order of kills, not a secret
    config = Config(timeouts=Timeouts(actionable_ms=20_000), limits=Limits(audit_entries=5000))
    async with PluginHost(config, home=tmp_path / "home", project_dir=tmp_path) as host:
        for path in write_plugins(tmp_path, PLUGINS):
            await host.load(path)
        stop = asyncio.Event()
        answers: dict[int, int] = {}
        bad: list[str] = []

        async def client(start: int) -> None:
            n = start
            while not stop.is_set():
                n += 10
                event = {
                    "tool_name": "bash",
                    "tool_input": {"command": str(n)},
                    "session_id": "s",
                }
                outcome = await host.dispatch("PreToolUse", event)
                answers[n] = answers.get(n, 0) + 1
                for result in outcome.results:
                    if result.status is Status.ANSWERED and result.output != {
                        "block": f"{result.plugin}:{n}"
                    }:
                        bad.append(f"{n}: {result}")
                if len(outcome.results) != PLUGINS:
                    bad.append(f"{n}: {len(outcome.results)} results")

        clients = [asyncio.create_task(client(start)) for start in range(4)]
        for kill in range(kills):
            before = len(answers)
            victims = [pid for info in host.plugins() for pid in info.pids]
            zygotes = [child.pid for child in psutil.Process().children()]
            if kill % 20 == 19 and zygotes:
                victims = zygotes
            if victims:
                with_pid = rng.choice(victims)
                try:
                    os.kill(with_pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            while len(answers) < before + 2:  # go on only when events flow again
                await asyncio.sleep(0)
        stop.set()
        await asyncio.gather(*clients)

        assert not bad
        assert set(answers.values()) == {1}
        final = await host.dispatch(
            "PreToolUse",
            {"tool_name": "bash", "tool_input": {"command": "x"}, "session_id": "s"},
        )
        assert {r.status for r in final.results} == {Status.ANSWERED}
        assert not host.audit.recent(5000, kind=Kind.BLOCKED), (
            "kills from outside are not the plugin's fault"
        )


def test_two_hundred_kills_lose_no_answer_and_leak_nothing(tmp_path: Path) -> None:
    """Every event ends with one result for each plugin, answered or named; nothing is left over."""
    fds = open_fds()

    asyncio.run(killed_under_load(tmp_path, KILLS))

    assert not children()
    assert open_fds() == fds


@pytest.mark.soak
def test_ten_thousand_kills_leak_nothing(tmp_path: Path) -> None:
    """The same for minutes: what grows by a little shows."""
    fds = open_fds()

    asyncio.run(killed_under_load(tmp_path, 10_000))

    assert not children()
    assert open_fds() == fds


def test_a_hundred_plugins_load_answer_and_stop(tmp_path: Path) -> None:
    """On two cores, with nothing left afterwards."""
    fds = open_fds()

    async def run() -> None:
        async with PluginHost(home=tmp_path / "home", project_dir=tmp_path) as host:
            for path in write_plugins(tmp_path, 100):
                await host.load(path)
            event = {"tool_name": "bash", "tool_input": {"command": "x"}, "session_id": "s"}
            outcome = await host.dispatch("PreToolUse", event)
            assert [r.status for r in outcome.results] == [Status.ANSWERED] * 100
            assert outcome.blocked_by == "p0"
            assert len({pid for info in host.plugins() for pid in info.pids}) == 100

    asyncio.run(run())

    assert not children()
    assert open_fds() == fds

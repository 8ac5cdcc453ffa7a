"""Reloads while events keep coming: each is answered by exactly one version, and nothing is left over."""

import asyncio
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil
import pytest

from host import BlockingPluginHost, Config, Outcome, PluginHost
from host.core import HostCore
from host.plugin_spec import Scope
from tests.integration.host_support import Write, plugin

SENDERS = 4

SOURCE = """
  pi.on("UserPromptSubmit", async (event) => {
    // Some are answered at once, some are under way when the next version comes.
    const id = Number(event.content);
    if (id % 3 === 0) await pi.sleep(id % 7);
    return { modified_prompt: `${VERSION} ${event.content}` };
  });
"""


def version(number: int) -> str:
    """The plugin's source in its version *number*."""
    return f"const VERSION = {number};\n{plugin(SOURCE)}"


@dataclass(frozen=True)
class Sent:
    """One event: when it was sent and answered (``monotonic``), and by which version."""

    began: float
    ended: float
    version: int


class Load:
    """What the senders have in common."""

    def __init__(self, per_s: float | None) -> None:
        self.per_s = per_s
        self.is_over = False
        self.sent: list[Sent] = []
        self.began = monotonic()

    def payload(self, sender: int, count: int) -> dict[str, object]:
        """The payload of the event number *count* of *sender*."""
        return {"content": str(count * SENDERS + sender), "session_id": f"s{sender}"}

    def due_in_s(self, count: int) -> float:
        """How long a sender that sent *count* events waits for its next turn."""
        if self.per_s is None:
            return 0.0
        return self.began + count * SENDERS / self.per_s - monotonic()

    def take(self, began: float, payload: dict[str, object], outcome: Outcome) -> None:
        """Judge one outcome: one plugin, one answer, to this very event."""
        (result,) = outcome.results
        assert result.status.value == "answered", result
        number, id_ = str(outcome.output["modified_prompt"]).split()
        assert id_ == payload["content"]
        self.sent.append(Sent(began, monotonic(), int(number)))


def assert_monotone(sent: list[Sent]) -> None:
    """Whoever sends an event after another one was answered hears of that version, or of a newer one."""
    newest, ended = 0, sorted(sent, key=lambda one: one.ended)
    position = 0
    for one in sorted(sent, key=lambda one: one.began):
        while ended[position].ended < one.began:
            newest = max(newest, ended[position].version)
            position += 1
        assert one.version >= newest


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def processes() -> set[int]:
    """The processes that descend from this one and live."""
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE
    }


def state(host: HostCore) -> tuple[int, int, int]:
    """How many descriptors and processes there are, and how many workers the host knows."""
    return descriptors(), len(processes()), len(host.runtime.links)


SIZES = [
    pytest.param(20, None, id="short"),
    pytest.param(200, None, marks=pytest.mark.soak, id="as fast as they go"),
    pytest.param(200, 1000.0, marks=pytest.mark.soak, id="1000 a second"),
]


@pytest.mark.parametrize(("reloads", "per_s"), SIZES)
def test_threads(
    tmp_path: Path, write: Write, nothing_stays: None, reloads: int, per_s: float | None
) -> None:
    """Through the blocking front end, from several threads."""
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(write("p.js", version(0)))
        settle(host)  # the builder of the first version
        before = state(host)
        load, failed = Load(per_s), list[BaseException]()
        pause = threading.Event()

        def send(sender: int) -> None:
            count = 0
            try:
                while not load.is_over:
                    payload = load.payload(sender, count)
                    began = monotonic()
                    load.take(began, payload, host.dispatch("UserPromptSubmit", payload))  # type: ignore[arg-type]
                    count += 1
                    if (due := load.due_in_s(count)) > 0:
                        pause.wait(due)
            except BaseException as error:  # noqa: BLE001 - told in the test's own thread
                failed.append(error)

        senders = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
        for thread in senders:
            thread.start()
        try:
            for number in range(1, reloads + 1):
                write("p.js", version(number))
                assert host.reload("p").changed
                seen = len(load.sent)
                while len(load.sent) < seen + 2 * SENDERS and not failed:
                    pause.wait(0.001)  # each version has some of its own
        finally:
            load.is_over = True
            for thread in senders:
                thread.join(60)
        assert failed == []
        judge(load, reloads)
        settle(host, before)
        assert host.runtime.replaced == {}


@pytest.mark.parametrize("scope", ["project", "session"])
@pytest.mark.parametrize(("reloads", "per_s"), SIZES)
def test_tasks(
    tmp_path: Path,
    write: Write,
    nothing_stays: None,
    reloads: int,
    per_s: float | None,
    scope: Scope,
) -> None:
    """Through the asyncio front end, from several tasks, each of which is a session."""

    async def run() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            load = Load(per_s)

            async def each_once() -> None:
                for sender in range(SENDERS):
                    await host.dispatch("UserPromptSubmit", load.payload(sender, 0))  # type: ignore[arg-type]

            await host.load(write("p.js", version(0)), scope=scope)
            await each_once()
            workers = 1 if scope == "project" else SENDERS
            async with asyncio.timeout(30):
                while len(host.runtime.links) > workers:
                    await asyncio.sleep(0.01)  # until the first version's builder is reaped
            before = state(host)

            async def send(sender: int) -> None:
                count = 0
                while not load.is_over:
                    payload = load.payload(sender, count)
                    began = monotonic()
                    load.take(
                        began,
                        payload,
                        await host.dispatch("UserPromptSubmit", payload),  # type: ignore[arg-type]
                    )
                    count += 1
                    await asyncio.sleep(max(load.due_in_s(count), 0))

            async with asyncio.TaskGroup() as senders:
                for number in range(SENDERS):
                    senders.create_task(send(number))
                for number in range(1, reloads + 1):
                    write("p.js", version(number))
                    assert (await host.reload("p")).changed
                    seen = len(load.sent)
                    while len(load.sent) < seen + 2 * SENDERS:
                        await asyncio.sleep(0.001)  # each version has some of its own
                load.is_over = True
            judge(load, reloads)
            await each_once()
            async with asyncio.timeout(30):
                while (
                    state(host) != before
                ):  # until the last one is reaped, and the audit is written
                    await asyncio.sleep(0.01)
            assert host.runtime.replaced == {}

    asyncio.run(run())


# A guard that knows what it was shown first: whoever takes the second look must be who took the first.
GUARD = """
  const seen = new Set();
  pi.on("PreToolUse", (event) => {
    const [word, id] = event.tool_input.command.split(" ");
    if (word === "ls") { seen.add(id); return undefined; }
    return seen.delete(id) ? undefined : { block: `version ${VERSION} was not shown ${id} first` };
  });
"""
REWRITER = """
  pi.on("PreToolUse", async (event) => {
    const id = event.tool_input.command.split(" ")[1];
    if (Number(id) % 2 === 0) await pi.sleep(Number(id) % 5);
    return { modified_input: { command: `rewritten ${id}` } };
  });
"""


@pytest.mark.parametrize("dispatch", ["parallel", "chain"])
def test_both_looks_of_a_guard_are_taken_by_one_version(
    tmp_path: Path, write: Write, nothing_stays: None, dispatch: str
) -> None:
    """Although the guard has answered, and is reloaded, before the rewrite comes that it must see."""

    def guard(number: int) -> Path:
        return write("guard.js", f"const VERSION = {number};\n{plugin(GUARD)}")

    async def run() -> None:
        config = Config.model_validate({"dispatch": dispatch})
        async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
            await host.load(guard(0))
            await host.load(write("rewriter.js", plugin(REWRITER)))
            answered, is_over = 0, False

            async def send(sender: int) -> None:
                nonlocal answered
                number = sender
                while not is_over:
                    payload = {"tool_name": "bash", "tool_input": {"command": f"ls {number}"}}
                    outcome = await host.dispatch("PreToolUse", payload)  # type: ignore[arg-type]
                    assert outcome.reason is None
                    assert outcome.output == {
                        "modified_input": {"command": f"rewritten {number}"}
                    }
                    assert len(outcome.results) == 2
                    number += SENDERS
                    answered += 1

            async with asyncio.TaskGroup() as senders:
                for sender in range(SENDERS):
                    senders.create_task(send(sender))
                for number in range(1, 16):
                    guard(number)
                    assert (await host.reload("guard")).changed
                    until = answered + 2 * SENDERS
                    while answered < until:
                        await asyncio.sleep(0.001)  # each version has some of its own
                is_over = True
            assert host.runtime.replaced == {}
            assert [one.holds for one in host.workspace.loaded()] == [0, 0]

    asyncio.run(run())


def judge(load: Load, reloads: int) -> None:
    """Every version answered something, and none after a newer one had."""
    assert {one.version for one in load.sent} >= set(range(1, reloads + 1))
    assert_monotone(load.sent)


def settle(host: BlockingPluginHost, before: tuple[int, int, int] | None = None) -> None:
    """Wait until the host knows one worker, and all is as it was *before*: it looks at what ended when it is called."""
    until = monotonic() + 30
    while len(host.runtime.links) > 1 or (before is not None and state(host) != before):
        host.dispatch("UserPromptSubmit", {"content": "3", "session_id": "s"})
        assert monotonic() < until, (state(host), before)

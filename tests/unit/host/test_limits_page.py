"""docs/limits.md has the numbers that hold."""

import re
from pathlib import Path

import pytest

from host import backlog, bus, channel, forwarding, kv
from host.config import Limits
from host.config.model import HOSTCALLS_PER_S
from host.hostcalls import quota, timers
from host.hostcalls.table import ASKS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "limits.md").read_text()
BOUNDS = (ROOT / "worker" / "js" / "05_limits.js").read_text()
LIMITS = Limits()


def row(start: str) -> str:
    """The row of a table that begins so."""
    (found,) = [line for line in PAGE.splitlines() if line.startswith(f"| {start}")]
    return found


def mib(size: int) -> str:
    assert size % (1 << 20) == 0
    return f"{size >> 20} MiB"


TOLD = {
    "hostcalls a second": [
        f"{HOSTCALLS_PER_S['strict']} in mode `strict` and `disabled`",
        f"{HOSTCALLS_PER_S['prompt']} `prompt` and `interactive`",
        f"{HOSTCALLS_PER_S['permissive']} `permissive`",
    ],
    "bytes written within an hour": [mib(LIMITS.max_bytes_written)],
    "hostcalls that wait": [f"| {backlog.MAX_PENDING_HOSTCALLS} of one worker"],
    "bytes in `pi.kv`": [mib(LIMITS.kv_bytes)],
    "one value in `pi.kv`": [mib(kv.MAX_VALUE_BYTES)],
    "log lines a second": [f"| {LIMITS.logs_per_s} |"],
    "bytes of a log line": [f"{LIMITS.log_bytes >> 10} KiB"],
    "callbacks of timers": [f"{timers.AT_ONCE_PER_S} a second"],
    "events that wait for a TUI half": [
        f"{forwarding.MAX_WAITING} of one worker",
        f"{forwarding.MAX_BYTES >> 10} KiB",
    ],
    "messages of `pi.events`": [f"{bus.SENT_PER_S} sent", f"{bus.HEARD_PER_S} heard"],
}


@pytest.mark.parametrize("start", TOLD)
def test_a_limit_is_as_the_page_says(start: str) -> None:
    """Each number of the table, from where it holds."""
    for told in TOLD[start]:
        assert told in row(start)


def test_the_modes_that_share_a_rate_do() -> None:
    """The table names two for one number."""
    assert HOSTCALLS_PER_S["disabled"] == HOSTCALLS_PER_S["strict"]
    assert HOSTCALLS_PER_S["interactive"] == HOSTCALLS_PER_S["prompt"]
    assert quota.BURST_S == 4
    assert quota.WRITTEN_WITHIN_S == 3600


def test_timers_are_bounded_as_the_page_says() -> None:
    """The bound is the worker's."""
    (most,) = re.findall(r"const MAX_TIMERS = (\d+);", BOUNDS)

    assert f"| {most} of one worker" in row("timers and sleeps")


def test_the_way_to_a_kill_has_the_numbers_that_hold() -> None:
    """Messages, refusals, and what is forgiven."""
    text = " ".join(PAGE.split())

    assert quota.REFUSED_COSTS == 1
    assert "A refusal costs twice what a message costs" in text
    assert (
        f"more than {channel._FLOOD_PER_S} a second, after {channel._FLOOD_BURST} at once"
        in text
    )
    assert (
        f"refused {quota.FLOOD_REFUSALS} times, less {quota.FORGIVEN_PER_S} for every second"
        in text
    )


def test_what_does_not_count_is_what_the_page_names() -> None:
    """A hostcall that counts as nothing is a plugin's own, or a piece of one that was counted."""
    free = {name for name, of in ASKS.items() if of.quota == "none"}
    named = set(re.findall(r"`((?:http|exec|kv)\.\w+)`", PAGE))

    assert named == free

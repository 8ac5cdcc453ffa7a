"""Minutes before a daemon at work: what the console uses of a core, and that neither it nor the daemon grows.

What is judged is the processor's time of the console's process, which another program on the machine changes little.
"""

from pathlib import Path
from typing import Final

import pytest

from benchmarks.busy import NEXT_PANE, PLUGINS, Busy, Window

MOST_PERCENT: Final = 30.0
WINDOW_S: Final = 20.0
WARM_UP: Final = 6
"""Windows in which what is kept up to a bound fills: two minutes."""
WINDOWS: Final = 30
"""With those, ten minutes."""
GROWS_MIB: Final = 4.0
PANES: Final = 6


def middle(numbers: list[float]) -> float:
    """The median."""
    return sorted(numbers)[len(numbers) // 2]


def growth(numbers: list[float]) -> float:
    """By how much the last third is above the first third; medians, so that one window decides nothing."""
    third = len(numbers) // 3
    return middle(numbers[-third:]) - middle(numbers[:third])


def told(windows: list[Window]) -> str:
    """What was seen, for whoever reads the failure or the log."""
    return "\n".join(
        f"{at:3} console {one.cpu_percent:5.1f} % {one.rss_mib:6.1f} MiB, "
        f"daemon {one.daemon_percent:5.1f} % {one.daemon_mib:6.1f} MiB, {one.events_a_second:5.0f} events/s"
        for at, one in enumerate(windows)
    )


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_minutes_before_a_hundred_plugins_and_a_thousand_events_a_second(
    tmp_path: Path,
) -> None:
    """Less than 30 % of a core in every pane; the memory of console and daemon is level."""
    with Busy(tmp_path) as busy:
        busy.show()
        busy.load()
        windows = [busy.watch(WINDOW_S) for _ in range(WINDOWS)]
        print(told(windows))
        panes: list[Window] = []
        for _ in range(PANES):
            busy.press(NEXT_PANE)
            panes.append(busy.watch(WINDOW_S))
        print(told(panes))
        with busy.client() as client:
            states = [one.state for one in client.plugins()]

    assert states == ["active"] * (PLUGINS + 1)
    level = windows[WARM_UP:]
    assert middle([one.events_a_second for one in level]) > 500, "too little was going on"
    assert middle([one.cpu_percent for one in windows]) < MOST_PERCENT, told(windows)
    assert all(one.cpu_percent < MOST_PERCENT for one in panes), told(panes)
    assert growth([one.rss_mib for one in level]) < GROWS_MIB, told(windows)
    assert growth([one.daemon_mib for one in level]) < GROWS_MIB, told(windows)

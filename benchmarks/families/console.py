"""What the console costs: the share of a core that it uses while it shows what a busy daemon does."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.busy import EVENTS_A_SECOND, Busy
from benchmarks.crowd import FIRST, Crowd
from benchmarks.names import (
    CONSOLE_AUDIT,
    CONSOLE_BUSY,
    CONSOLE_BUSY_RSS,
    CONSOLE_PLUGINS,
    CROWD_KEY,
    CROWD_KEY_P99,
)
from benchmarks.results import Figure
from benchmarks.row import Gauge, SkipRowError, WrongAnswerError

_ROOT = Path(__file__).resolve().parents[2]
_PLUGINS = 100
_SECONDS = 8.0
_BUSY_SECONDS = 30.0
_SETTLE_S = 3.0
_PATIENCE_S = 120.0
_CROWD_SETTLES_S = 10.0
_TURNS = 120
_PLUGIN = """
pi.registerTool({name: "tool", description: "a tool", tier: "read", handler: () => "x"});
pi.on("TurnEnd", () => {});
"""
_FLOODS = 20
_FLOOD = """
let n = 0;
setInterval(async () => {
  for (let i = 0; i < 25; i++) { try { await pi.fs.readText(`/x${n++}`); } catch {} }
}, 500);
"""
_CONFIG = '[plugin]\nmode = "strict"\n[plugin.limits]\nmax_hostcalls_per_sec = 1000\n'


class ConsoleCpu(Gauge):
    """The console on a screen of 120 by 40, its daemon and its plugins in processes of their own."""

    name = "console"

    def measure(self) -> list[Figure]:
        """Return both shares in percent of a core."""
        quiet = {
            f"plugin{at}": _PLUGIN.replace('"tool"', f'"tool{at}"') for at in range(_PLUGINS)
        }
        floods = {f"flood{at}": _FLOOD for at in range(_FLOODS)}
        with tempfile.TemporaryDirectory(prefix="bench-console-") as place:
            plugins = asyncio.run(_with_daemon(Path(place) / "quiet", quiet, "plugins"))
            audit = asyncio.run(_with_daemon(Path(place) / "flood", floods, "audit"))
        note = f"{audit[1]:.0f} entries a second"
        return [
            Figure(
                CONSOLE_PLUGINS, round(plugins[0], 1), "% of a core", "looked at once a second"
            ),
            Figure(CONSOLE_AUDIT, round(audit[0], 1), "% of a core", note),
        ]


async def _with_daemon(home: Path, plugins: dict[str, str], pane: str) -> tuple[float, float]:
    (home / "plugins").mkdir(parents=True)
    (home / "config.toml").write_text(_CONFIG)
    for name, source in plugins.items():
        (home / "plugins" / f"{name}.js").write_text(source)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "JCODE_HOME": str(home)}
    daemon = subprocess.Popen(
        [sys.executable, "-m", "host", "serve"],
        cwd=_ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        return await _watch(home, environment, pane, len(plugins))
    finally:
        daemon.terminate()
        daemon.wait(30)


async def _watch(
    home: Path, environment: dict[str, str], pane: str, plugins: int
) -> tuple[float, float]:
    """Return the share of a core, and how many rows came a second."""
    from host.console.app import Console
    from host.console.link import Place
    from host.console.options import Options
    from host.console.table import Table

    app = Console(Options(Place(environment, home), attach=False))
    async with app.run_test(size=(120, 40)):
        app.show_pane(pane)
        table = app.query_one(f"#{pane} Table", Table)
        until = time.monotonic() + _PATIENCE_S
        while len(table.rows) < plugins:
            if time.monotonic() > until:
                raise WrongAnswerError(f"console: {len(table.rows)} rows of {plugins}")
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        before = _number(table.rows[-1].key)
        began, used = time.monotonic(), time.process_time()
        await asyncio.sleep(_SECONDS)
        passed = time.monotonic() - began
        share = 100 * (time.process_time() - used) / passed
        return share, (_number(table.rows[-1].key) - before) / passed


def _number(key: str) -> int:
    return int(key) if key.isdigit() else 0


class ConsoleBusy(Gauge):
    """``jcode-plugin tui`` in a terminal of its own, before a daemon at work; see ``busy.py``."""

    name = CONSOLE_BUSY

    def measure(self) -> list[Figure]:
        """Return its share of a core, and its memory."""
        with (
            tempfile.TemporaryDirectory(prefix="bench-busy-") as place,
            Busy(Path(place)) as busy,
        ):
            try:
                busy.show()
            except WrongAnswerError as error:
                raise SkipRowError(str(error)) from error
            busy.load()
            time.sleep(_SETTLE_S)
            seen = busy.watch(_BUSY_SECONDS)
        if seen.events_a_second < EVENTS_A_SECOND / 2:
            raise SkipRowError(f"this machine does {seen.events_a_second:.0f} events a second")
        note = f"{seen.events_a_second:.0f} events a second; the daemon {seen.daemon_percent:.0f} %"
        return [
            Figure(CONSOLE_BUSY, round(seen.cpu_percent, 1), "% of a core", note),
            Figure(CONSOLE_BUSY_RSS, round(seen.rss_mib, 1), "MiB", "resident"),
        ]


class ConsoleCrowd(Gauge):
    """``jcode-plugin tui`` in a terminal of its own, before hostile plugins; see ``crowd.py``."""

    name = CROWD_KEY

    def measure(self) -> list[Figure]:
        """Return how long a key takes until the screen shows what it did."""
        with (
            tempfile.TemporaryDirectory(prefix="bench-crowd-") as place,
            Crowd(Path(place)) as crowd,
        ):
            crowd.show(until=FIRST)
            time.sleep(_CROWD_SETTLES_S)
            took = sorted(crowd.turn() for _ in range(_TURNS))
        note = f"{crowd.size} plugins, {_TURNS} keys, the slowest {1000 * took[-1]:.0f} ms"
        return [
            Figure(name, round(1000 * took[int(share * (_TURNS - 1))], 1), "ms", note)
            for name, share in ((CROWD_KEY, 0.5), (CROWD_KEY_P99, 0.99))
        ]


def gauges() -> list[Gauge]:
    """In the process of the benchmark, and in some of their own."""
    return [ConsoleCpu(), ConsoleBusy(), ConsoleCrowd()]

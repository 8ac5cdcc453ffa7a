"""``demo``: a session of a coding agent, played against the shipped examples, with every expectation checked.

The story is in ``demo_story.py``; here is where it is set up, told and summed up. Everything is kept in a temporary
directory, nothing of the user's is read or changed.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from host.approvals import Answer, Question
from host.audit import printable
from host.blocking import BlockingPluginHost
from host.cli.session import load
from host.cli.show import make_console, print_json, safe, table
from host.config import AuditOptions, Config, Timeouts
from host.errors import InputError
from host.outcome import JsonObject

DEADLINE_MS: Final = 500
GRACE_MS: Final = 200
PLUGINS: Final = (
    "guard.ts",
    "protect.ts",
    "rewrite.ts",
    "journal.js",
    "workbench.ts",
    "hang.js",
)

_EXAMPLES: Final = Path(__file__).resolve().parent.parent.parent / "examples"


@dataclass(slots=True)
class Telling:
    """What the demo says, counts and measures. ``console`` is None when only the record is wanted."""

    console: Console | None
    checks: list[tuple[str, bool]] = field(default_factory=list)
    medians_us: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[Question, Answer]] = field(default_factory=list)
    _chapters: int = 0

    def chapter(self, title: str) -> None:
        """Begin the next part."""
        self._chapters += 1
        self._print(Text())
        self._print(Text(f"{self._chapters}  {title}", "bold"))

    def say(self, text: str, style: str = "") -> None:
        """Tell one line; *text* may come from a plugin."""
        self._print(safe(f"   {text}", style))

    def check(self, told: str, ok: object) -> None:
        """Hold *told* against what happened."""
        self.checks.append((told, bool(ok)))
        mark, style = ("\u2713", "green") if ok else ("\u2717", "bold red")
        self._print(Text.assemble((f"   {mark} ", style), printable(told)))

    def approve(self, question: Question) -> Answer:
        """Stand for the user, who agrees to everything but to removing."""
        answer: Answer = "deny" if "remove" in question.tool else "session"
        self.asked.append((question, answer))
        return answer

    def measure(self, what: str, work: Callable[[], object], *, count: int = 300) -> None:
        """Time *work*, *count* times after some that do not count."""
        for _ in range(20):
            work()
        samples = []
        for _ in range(count):
            began = time.perf_counter_ns()
            work()
            samples.append(time.perf_counter_ns() - began)
        self.medians_us[what] = statistics.median(samples) / 1000

    def _print(self, text: Text) -> None:
        if self.console is not None:
            self.console.print(text, soft_wrap=True)

    @property
    def failed(self) -> list[str]:
        """Expectations that were not met."""
        return [told for told, ok in self.checks if not ok]


def find_examples(given: Path | None) -> Path:
    """Return the directory of the example plugins. Raises InputError when there is none."""
    folder = given if given is not None else _EXAMPLES
    missing = [name for name in (*PLUGINS, "standup.ts") if not (folder / name).is_file()]
    if not missing:
        return folder
    if given is None and not folder.is_dir():
        raise InputError(
            "the example plugins are not part of an installed package; run `make demo` in a checkout of "
            "jcode-plugins, or give --examples DIR"
        )
    raise InputError(
        f"{folder} lacks {', '.join(missing)}; give --examples the directory that has the examples"
    )


def run_demo(examples: Path | None, *, as_json: bool) -> int:
    """Play the session; return 0 when everything went as told, else 1."""
    from host.cli import demo_install
    from host.cli.demo_story import play

    folder = find_examples(examples)
    console = None if as_json else make_console()
    telling = Telling(console)
    began = time.perf_counter()
    # Short deadlines, so that nobody has to wait for the plugin that hangs.
    config = Config(
        timeouts=Timeouts(actionable_ms=DEADLINE_MS, grace_ms=GRACE_MS),
        audit=AuditOptions(enable=False),  # what a demonstration does is no part of the record
    )
    with tempfile.TemporaryDirectory(prefix="jcode-demo-") as scratch:
        project = Path(scratch, "project")
        project.mkdir()
        with BlockingPluginHost(
            config,
            project_dir=project,
            home=Path(scratch, "home"),
            approver=telling.approve,
        ) as host:
            telling.chapter("Six plugins, each in a process of its own")
            for name in PLUGINS:
                info = load(host, folder / name)
                pid = info.pids[0] if info.pids else 0
                what = ", ".join(info.registry.event_names())
                telling.say(
                    f"{info.name:<10} pid {pid:<8} ready in {info.load_ms:4.0f} ms   {what}"
                )
            pids = [pid for info in host.plugins() for pid in info.pids]
            telling.check("every plugin has its own process", len(set(pids)) == len(PLUGINS))
            demo_install.play(host, config, telling, folder, Path(scratch))
            play(host, telling)
    took_s = time.perf_counter() - began
    if console is None:
        print_json(_record(telling, took_s))
    else:
        _sum_up(console, telling, took_s)
    return 1 if telling.failed else 0


def _record(telling: Telling, took_s: float) -> JsonObject:
    return {
        "ok": not telling.failed,
        "checks": [{"told": told, "ok": ok} for told, ok in telling.checks],
        "p50_us": {what: round(value, 1) for what, value in telling.medians_us.items()},
        "seconds": round(took_s, 2),
    }


def _sum_up(console: Console, telling: Telling, took_s: float) -> None:
    console.print()
    rows = [
        [safe(what), safe(f"{value:,.0f} \u00b5s")]
        for what, value in telling.medians_us.items()
    ]
    console.print(table(("on this machine, there and back", "p50"), rows, right=("p50",)))
    console.print()
    failed = telling.failed
    for told in failed:
        console.print(safe(f"not as told: {told}", "bold red"))
    good = len(telling.checks) - len(failed)
    style = "bold red" if failed else "bold green"
    console.print(
        Text(f"{good} of {len(telling.checks)} expectations met in {took_s:.1f} s", style)
    )

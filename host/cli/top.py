"""``top``: the workers that live now, what they use, and what runs in them."""

import os
import sys
import threading
from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from host.cli.show import make_console, print_json, safe, table
from host.config import jcode_home
from host.outcome import Json, JsonObject
from host.top.rows import Row, View, Watch

_EVERY_S: Final = 1.0
_MIB: Final = 1024 * 1024
_STYLES: Final = {
    "active": "green",
    "starting": "yellow",
    "restarting": "yellow",
    "blocked": "bold red",
}


def run_top(*, once: bool, as_json: bool) -> int:
    """Show the workers, again and again on a terminal; return the exit code."""
    watch = Watch(jcode_home(os.environ))
    view = watch.look()
    if as_json:
        print_json(_as_json(view))
        return 0
    console = make_console()
    if once or not sys.stdout.isatty():
        console.print(_shown(view))
        return 0
    stop = threading.Event()
    try:
        with Live(_shown(view), console=console, screen=True, auto_refresh=False) as live:
            while not stop.wait(_EVERY_S):
                live.update(_shown(watch.look()), refresh=True)
    except KeyboardInterrupt:  # how one ends this; not an error
        return 0
    return 0


def _as_json(view: View) -> JsonObject:
    rows: list[Json] = [row.to_json() for row in view.rows]
    return {"ok": True, "error": None, "workers": rows, "silent_hosts": list(view.silent)}


def _shown(view: View) -> RenderableType:
    if not view.rows:
        return safe("no worker is running")
    columns = (
        "pid", "host", "plugin", "version", "session", "state", "cpu %", "rss MiB", "uss MiB",
        "hostcalls", "restarts", "age", "project",
    )  # fmt: skip
    right = ("pid", "host", "cpu %", "rss MiB", "uss MiB", "hostcalls", "restarts", "age")
    told: list[RenderableType] = [table(columns, map(_cells, view.rows), right=right)]
    if view.silent:
        pids = ", ".join(map(str, view.silent))
        told.append(
            safe(
                f"host {pids} did not say what runs in its workers: it has another home or user, or waits to be called",
                "dim",
            )
        )
    return Group(*told)


def _cells(row: Row) -> list[Text]:
    worker, plugin, instance = row.worker, row.plugin, row.instance
    usage = worker.usage if worker is not None else None
    name = plugin.name if plugin is not None else ""
    if plugin is not None and plugin.part != "server":
        name = f"{name} ({plugin.part})"
    if worker is not None and worker.role != "plugins":
        name = f"({worker.role})"
    state = instance.state if instance is not None else ""
    return [
        safe(worker.pid if worker is not None else "-"),
        safe(row.host_pid),
        safe(name or "?", "bold"),
        safe(plugin.version if plugin is not None else ""),
        safe((instance.session or "")[:24] if instance is not None else ""),
        safe(state, _STYLES.get(state, "")),
        safe(f"{usage.cpu_percent:.1f}" if usage is not None else "-"),
        safe(f"{usage.rss_bytes / _MIB:.1f}" if usage is not None else "-"),
        safe(
            f"{usage.uss_bytes / _MIB:.1f}"
            if usage is not None and usage.uss_bytes is not None
            else "-"
        ),
        safe(instance.hostcalls if instance is not None else ""),
        safe(instance.restarts if instance is not None else ""),
        safe(_age(usage.age_s) if usage is not None else "-"),
        safe(plugin.project if plugin is not None else ""),
    ]


def _age(seconds: float) -> str:
    for size, letter in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{letter}"
    return f"{int(seconds)}s"

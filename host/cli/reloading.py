"""``reload``: telling every host that runs to look at a plugin's source again."""

import os
import threading
from pathlib import Path
from typing import Final

from host.audit import Kind, printable
from host.cli.known import refuse_unknown
from host.cli.session import read_config
from host.cli.show import print_json
from host.config import Config
from host.errors import AuditError
from host.orders import Orders
from host.outcome import JsonObject
from host.reactor import now_s
from host.trail.place import place_of
from host.trail.reading import Follower

_OTHERS_WITHIN_S: Final = 1.0
"""All hosts look within half a second: once one has told, the others are not far."""
_TOLD: Final = (Kind.RELOADED.value, Kind.RELOAD_FAILED.value)


def run_reload(name: str, *, force: bool, wait_s: float, as_json: bool) -> int:
    """Tell them about the plugin *name*, and what they write into the audit within *wait_s*; return the exit code."""
    config, home = read_config()
    if not force:
        refuse_unknown(name, config, home, f"jcode-plugin reload {printable(name)}")
    follower = _follower(config, home)  # before they are told, so that nothing is missed
    try:
        order = Orders(home).give("reload", name)
        heard = _heard(follower, name, wait_s) if follower is not None else []
    finally:
        if follower is not None:
            follower.close()
    done = [entry for entry in heard if entry.get("kind") == Kind.RELOADED.value]
    unchanged = sum(entry.get("code") == "unchanged" for entry in done)
    failed = [str(e.get("detail")) for e in heard if e.get("kind") == Kind.RELOAD_FAILED.value]
    error = f"{name} was not reloaded and goes on as it is: {failed[0]}" if failed else None
    if as_json:
        print_json(
            {
                "ok": error is None,
                "error": error,
                "told": name,
                "order": order.number,
                "reloaded": len(done) - unchanged,
                "unchanged": unchanged,
                "failed": [*failed],
            }
        )
        return 0 if error is None else 1
    shown = printable(name)
    print(
        f"hosts that run were told to reload {shown}; {_what(done, unchanged, failed, wait_s)}"
    )
    for detail in failed:
        print(f"  {printable(detail)}")
    print(f"what else comes of it: jcode-plugin audit --plugin {shown}")
    return 0 if error is None else 1


def _what(done: list[JsonObject], unchanged: int, failed: list[str], wait_s: float) -> str:
    told = [
        f"{count} {what}"
        for count, what in (
            (len(done) - unchanged, "did"),
            (unchanged, "had it already"),
            (len(failed), "could not, and go on as they are:"),
        )
        if count
    ]
    none = f"within {wait_s:g} s none wrote of it: no host runs it, or none was called"
    return ", ".join(told) or none


def _follower(config: Config, home: Path) -> Follower | None:
    try:
        return (
            Follower(place_of(home, config.audit.path, os.environ))
            if config.audit.enable
            else None
        )
    except (AuditError, OSError):
        return None  # nothing to be heard of


def _heard(follower: Follower, name: str, wait_s: float) -> list[JsonObject]:
    heard: list[JsonObject] = []
    stop, until = threading.Event(), now_s() + wait_s
    while now_s() < until:
        follower.wait(stop)
        try:
            new = follower.take()
        except AuditError:
            break
        new = [e for e in new if e.get("plugin") == name and e.get("kind") in _TOLD]
        if new:
            until = min(until, now_s() + _OTHERS_WITHIN_S)
        heard += new
    return heard

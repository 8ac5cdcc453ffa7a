"""``audit``: what happened to plugins, read from the disk, and whether the record is what was written."""

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from host.audit import Kind
from host.cli.session import read_config
from host.cli.show import compact, make_console, print_json, safe, table
from host.errors import InputError
from host.outcome import Json, JsonObject
from host.trail.place import Place, place_of
from host.trail.reading import Follower, Wanted, newest
from host.trail.verify import Finding, Report, verify

_KINDS = frozenset(kind.value for kind in Kind)
_DENIALS = frozenset({"veto", "refused"})
"""Kinds that are denials by what they are; other entries say what was decided in their data."""

_STYLES = {
    "deny": "red",
    "ask": "yellow",
    "allow": "green",
}
_SHOWN_ELSEWHERE = ("tool", "tier", "decision", "capability")


def run_audit(
    *,
    recent: int,
    follow: bool,
    check: bool,
    plugin: str | None,
    decision: str | None,
    kind: str | None,
    as_json: bool,
) -> int:
    """Show entries, follow them, or verify the log; return the exit code."""
    if kind is not None and kind not in _KINDS:
        raise InputError(f"no such kind {kind!r}; one of {', '.join(sorted(_KINDS))}")
    config, home = read_config()
    place = place_of(home, config.audit.path, os.environ)
    if check:
        return _verify(place, as_json=as_json)

    def wanted(entry: JsonObject) -> bool:
        return (
            (plugin is None or entry.get("plugin") == plugin)
            and (kind is None or entry.get("kind") == kind)
            and (decision is None or decision_of(entry) == decision)
        )

    console = make_console()
    follower = (
        Follower(place) if follow else None
    )  # before reading, so that nothing is between the two
    try:
        entries = newest(place, recent, wanted)
        if as_json:
            _print_lines(entries)
        elif entries:
            console.print(
                table(
                    ["time", "kind", "plugin", "code", "about", "tier", "decision", "detail"],
                    [_cells(entry) for entry in entries],
                )
            )
        elif follower is None:
            console.print(safe(f"no entries in {place.log}"))
        if follower is not None:
            _follow(follower, _last_seq(entries), wanted, console, as_json=as_json)
    finally:
        if follower is not None:
            follower.close()
    return 0


def decision_of(entry: JsonObject) -> str | None:
    """Return allow, deny or ask, where *entry* is about such a decision."""
    data = entry.get("data")
    if isinstance(data, dict):
        told = data.get("decision")
        if isinstance(told, str):
            return told
        if data.get("status") == "blocked":
            return "deny"
    if entry.get("kind") in _DENIALS:
        return "deny"
    return "allow" if entry.get("kind") == "tool" else None


def _last_seq(entries: list[JsonObject]) -> int:
    last = entries[-1].get("seq") if entries else 0
    return last if isinstance(last, int) else 0


def _follow(
    follower: Follower, shown: int, wanted: Wanted, console: Console, *, as_json: bool
) -> None:
    stop = threading.Event()
    try:
        while True:
            for entry in follower.take():
                seq = entry.get("seq")
                if (isinstance(seq, int) and seq <= shown) or not wanted(entry):
                    continue
                if as_json:
                    _print_lines([entry])
                else:
                    console.print(Text("  ").join(cell for cell in _cells(entry) if cell.plain))
            sys.stdout.flush()
            follower.wait(stop)
    except KeyboardInterrupt:  # how one ends this; not an error
        return


def _print_lines(entries: list[JsonObject]) -> None:
    for entry in entries:
        print(json.dumps(entry))
    sys.stdout.flush()


def _cells(entry: JsonObject) -> list[Text]:
    decided = decision_of(entry) or ""
    data = entry.get("data")
    told = data if isinstance(data, dict) else {}
    return [
        safe(_when(entry.get("time")), "dim"),
        safe(entry.get("kind", "")),
        safe(entry.get("plugin", ""), "bold"),
        safe(entry.get("code", "")),
        safe(told.get("tool") or told.get("capability") or ""),
        safe(told.get("tier") or ""),
        safe(decided, _STYLES.get(decided, "")),
        safe(_detail(entry)),
    ]


def _detail(entry: JsonObject) -> str:
    given = entry.get("data")
    data: JsonObject = dict(given) if isinstance(given, dict) else {}
    for name in _SHOWN_ELSEWHERE:
        data.pop(name, None)
    parts = [entry.get("event"), entry.get("detail"), data.pop("target", None)]
    layer, layer_name = data.pop("layer", None), data.pop("layer_name", None)
    if layer is not None:
        parts.append(f"layer {layer}" + (f", {layer_name}" if layer_name else ""))
    parts.append(data.pop("source", None))
    took = data.pop("duration_ms", None)
    if isinstance(took, int | float):
        parts.append(f"{took:.1f} ms")
    left: JsonObject = {n: value for n, value in data.items() if value not in (None, "", 0)}
    if left:
        parts.append(compact(left))
    return "  ".join(str(part) for part in parts if part)


def _when(value: Json) -> str:
    if not isinstance(value, int | float):
        return ""
    try:
        at = datetime.fromtimestamp(value, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return str(value)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _verify(place: Place, *, as_json: bool) -> int:
    report = verify(place)
    code = 0 if report.is_intact else 1
    if as_json:
        print_json(_report_json(place, report))
        return code
    out = make_console()
    for finding in report.notes:
        out.print(safe(f"note: {finding}"), soft_wrap=True)
    for finding in report.problems:
        out.print(Text.assemble(("tampered: ", "bold red"), safe(finding)), soft_wrap=True)
    out.print(safe(_verdict(place, report)), soft_wrap=True)
    return code


def _verdict(place: Place, report: Report) -> str:
    many = f"{report.lines} lines in {report.files} files"
    if not report.lines and report.is_intact:
        return f"{place.log}: nothing was recorded yet"
    if not report.is_intact:
        return f"{place.log}: NOT what was written ({many}); keep these files, and compare them with a backup"
    how = "intact" if report.is_signed else "hashes are intact, signatures were not checked"
    return f"{place.log}: {how} ({many})"


def _report_json(place: Place, report: Report) -> JsonObject:
    def plain(findings: list[Finding]) -> list[Json]:
        return [
            {"file": str(one.path), "line": one.line, "message": one.text} for one in findings
        ]

    return {
        "ok": report.is_intact,
        "error": None if report.is_intact else str(report.problems[0]),
        "log": str(Path(place.log)),
        "signatures_checked": report.is_signed,
        "lines": report.lines,
        "files": report.files,
        "problems": plain(report.problems),
        "notes": plain(report.notes),
    }

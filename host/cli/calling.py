"""``dispatch``, ``call`` and ``command``."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from host.audit import printable
from host.blocking import BlockingPluginHost
from host.cli.inputs import read_input
from host.cli.prompt import terminal_approver
from host.cli.session import open_host
from host.cli.show import compact, make_console, print_json, print_value, safe, table
from host.errors import InputError
from host.events import BY_NAME, PluginEvent
from host.outcome import JsonObject, Outcome, PluginResult, Status
from host.permission_modes import read_mode
from host.spelling import read_event
from host.tool_result import ToolResult

FINE, ERROR, BLOCKED = 0, 1, 2

_STYLES = {
    "block": "bold red",
    "deny": "bold red",
    "ask": "yellow",
    "allow": "green",
    "continue": "green",
}


def event_named(text: str) -> PluginEvent:
    """Return the event that *text* names, by its name or its number. Raises InputError with the nearest names."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    try:
        return read_event(int(text) if is_number else text)
    except InputError as error:
        told = str(error)
        if "did you mean" not in told and not is_number:
            told += f"; the events are {', '.join(BY_NAME)}"
        raise InputError(told) from None


def run_dispatch(
    event_name: str,
    given: str | None,
    plugins: Sequence[Path],
    plugin_mode: str | None = None,
    *,
    as_json: bool,
) -> int:
    """Send one event; return the exit code."""
    event = event_named(event_name)
    payload = read_input(given)
    with open_host(plugins, plugin_mode) as host:
        outcome = host.dispatch(event, payload)
    if as_json:
        print_json(outcome.to_json())
    else:
        _print_outcome(outcome)
    return BLOCKED if outcome.blocked else FINE


def _print_outcome(outcome: Outcome) -> None:
    console = make_console()
    if outcome.results:
        columns = ("plugin", "status", "action", "ms", "says")
        rows = [_result_row(result) for result in outcome.results]
        console.print(table(columns, rows, right=("ms",)))
        console.print()
    for conflict in outcome.conflicts:
        told = f"conflict: {conflict.winner} and {conflict.loser} both changed {conflict.field} {conflict.path}; {conflict.winner} won"
        console.print(safe(told, "yellow"))
    for name, value in outcome.output.items():
        if name not in ("block", "decision", "message") or not outcome.blocked:
            console.print(Text.assemble((f"{printable(name)}: ", "bold"), compact(value)))
    console.print(_verdict(outcome))


def _result_row(result: PluginResult) -> list[Text]:
    is_fine = result.status is Status.ANSWERED
    said = result.error or _said(result.output)
    return [
        safe(result.plugin),
        safe(result.status.value, "" if is_fine else "red"),
        safe(result.action, _STYLES[result.action]),
        safe(f"{result.elapsed_ms:.2f}"),
        safe(said),
    ]


def _said(output: JsonObject) -> str:
    """A veto's reason as it is, anything else as JSON."""
    for name in ("block", "message"):
        reason = output.get(name)
        if isinstance(reason, str):
            return reason
    return compact(output) if output else ""


def _verdict(outcome: Outcome) -> Text:
    text = Text(f"{outcome.event.wire_name}: ")
    text.append(outcome.action, _STYLES[outcome.action])
    if outcome.blocked_by:
        text.append(f" by {printable(outcome.blocked_by)}")
    if outcome.reason:
        text.append(f": {printable(outcome.reason)}")
    elif not outcome.results:
        text.append(" (no plugin handles this event)")
    return text


@dataclass(frozen=True, slots=True)
class Gate:
    """How a call passes the gate: as a person's own, or *as_agent*, in the permission *mode* if one is given.

    *plugin_mode* is the mode of the capability chain instead of the configured one.
    """

    as_agent: bool = False
    mode: str | None = None
    plugin_mode: str | None = None

    def open(self, plugins: Sequence[Path]) -> AbstractContextManager[BlockingPluginHost]:
        """Start a host that asks on the terminal, where there is one and a question can come up."""
        if self.mode is not None:
            read_mode(self.mode)  # before anything is started
        approver = terminal_approver() if self.as_agent else None
        return open_host(plugins, self.plugin_mode, mode=self.mode, approver=approver)


def run_call(
    tool: str, given: str | None, plugins: Sequence[Path], gate: Gate, *, as_json: bool
) -> int:
    """Call one tool; return the exit code."""
    params = read_input(given)
    with gate.open(plugins) as host:
        result = host.call_tool(tool, params, typed=not gate.as_agent)
    return _finish(result, as_json=as_json)


def run_command(
    name: str, args: str, plugins: Sequence[Path], gate: Gate, *, as_json: bool
) -> int:
    """Run one command; return the exit code."""
    with gate.open(plugins) as host:
        result = host.run_command(name, args, typed=not gate.as_agent)
    return _finish(result, as_json=as_json)


def show_completions(
    name: str, prefix: str, plugins: Sequence[Path], gate: Gate, *, as_json: bool
) -> int:
    """Print what may follow *prefix* after the command *name*, a line each; return the exit code."""
    with gate.open(plugins) as host:
        found = host.complete_command(name, prefix)
    if as_json:
        print_json({"completions": [one.to_json() for one in found]})
    else:
        for one in found:
            told = f"{one.value}\t{one.description}" if one.description else one.value
            sys.stdout.write("\t".join(map(printable, told.split("\t", 1))) + "\n")
    return FINE


def _finish(result: ToolResult, *, as_json: bool) -> int:
    if as_json:
        print_json(result.to_json())
    elif result.ok:
        if result.title:
            make_console().print(safe(result.title, "bold"))
        print_value(result.output)
    else:
        _tell_failure(result)
    if result.ok:
        return FINE
    return BLOCKED if result.status == "blocked" else ERROR


def _tell_failure(result: ToolResult) -> None:
    """Write why a call did not succeed to standard error."""
    first, *rest = (result.error or result.status).splitlines() or [result.status]
    word = "blocked" if result.status == "blocked" else "error"
    sys.stderr.write(
        f"{word}: {printable(result.tool)} of {printable(result.plugin)}: {printable(first)}\n"
    )
    sys.stderr.writelines(f"  {printable(line.strip())}\n" for line in rest[:12])

"""``approvals``: the answers that hold for good."""

from datetime import UTC, datetime
from pathlib import Path

from host.blocking import BlockingPluginHost
from host.cli.session import read_config
from host.cli.show import make_console, print_json, safe, table
from host.errors import InputError
from host.outcome import Json


def run_approvals(forget: str | None, *, as_json: bool) -> int:
    """List what is remembered, or forget one answer; return the exit code."""
    config, home = read_config()
    host = BlockingPluginHost(config, project_dir=Path.cwd(), home=home)  # no worker is started
    try:
        if forget is not None:
            return _forget(host, forget, as_json=as_json)
        return _list(host, as_json=as_json)
    finally:
        host.close()


def _forget(host: BlockingPluginHost, id_: str, *, as_json: bool) -> int:
    if not host.forget_approval(id_):
        raise InputError(f"no remembered answer has the id {id_!r}; see jcode-plugin approvals")
    if as_json:
        print_json({"ok": True, "forgotten": id_})
    else:
        make_console().print(safe(f"forgotten: {id_}"))
    return 0


def _list(host: BlockingPluginHost, *, as_json: bool) -> int:
    answers = host.approvals()
    if as_json:
        listed: list[Json] = [answer.to_json() for answer in answers]
        print_json({"ok": True, "approvals": listed})
    elif answers:
        rows = [
            [
                safe(answer.id),
                safe(answer.plugin or "(the agent)"),
                safe(answer.subject.partition(":")[2]),
                safe(answer.tier),
                safe(datetime.fromtimestamp(answer.expires, UTC).date().isoformat()),
                safe(answer.project),
                safe(answer.summary),
            ]
            for answer in answers
        ]
        columns = ("id", "plugin", "tool", "tier", "until", "project", "input")
        make_console().print(table(columns, rows))
    else:
        make_console().print(safe("no answer is remembered"))
    return 0

"""``hook AGENT``: be the hook, or put it into the agent's configuration, take it out, try it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Final

from rich.text import Text

import jcode_plugins
from host.audit import printable
from host.cli.show import make_console, print_json, safe, table
from host.config import jcode_home
from host.doors.configs import Command
from host.doors.mapping import EVENTS, Agent
from host.doors.placing import Change, carry_out, place_of, planned
from host.errors import InputError
from host.outcome import Json, JsonObject
from jcode_plugins.place import socket_path
from jcode_plugins.starting import IDLE_EXIT_S
from jcode_plugins.starting import command as jcode_plugin

_PACKAGE: Final = Path(jcode_plugins.__file__).resolve().parent
_SAMPLES: Final = Path(__file__).resolve().parents[1] / "doors" / "samples"
_TRY_WITHIN_S: Final = 90.0
_TOLD: Final[dict[Agent, str]] = {
    "codex": "Codex runs it once you have trusted it: open /hooks there.",
    "jcode-v2": "jcode reads it at its next start.",
    "jcode": "jcode reads it the next time it reads its configuration; nothing is to be restarted.",
    "claude": "Claude Code runs it in sessions that start from now on.",
    "gemini": "Gemini CLI runs it in sessions that start from now on.",
    "opencode": "opencode loads it at its next start.",
}


def read_agent(word: str) -> Agent:
    """Return the agent called *word*. Raises InputError."""
    for agent in EVENTS:
        if agent == word:
            return agent
    raise InputError(f"no agent called {printable(word)}; known are {', '.join(EVENTS)}")


def be_the_hook(agent: Agent, *, fail_closed: bool) -> int:
    """Do what the client does, for whoever configured this command instead. Does not return."""
    from jcode_plugins.hooking import main

    main([agent, *(["--fail-closed"] if fail_closed else [])])


def command_for(agent: Agent, *, fail_closed: bool, all_events: bool) -> Command:
    """Return how *agent* is to start the client of this installation."""
    path = socket_path(os.environ)
    serve = ("serve", "--background", "--idle-exit", str(IDLE_EXIT_S), "--socket", path)
    return Command(
        sys.executable,
        str(_PACKAGE / "hook.py"),
        agent,
        socket=path,
        fail_closed=fail_closed,
        all_events=all_events,
        start=(*jcode_plugin(os.environ), *serve),
    )


def run_placing(
    agent: Agent, command: Command | None, *, project: bool, dry_run: bool, as_json: bool
) -> int:
    """Add *command* to the agent's configuration, or with None take it out; return the exit code."""
    state = jcode_home(os.environ)
    path = place_of(agent, Path.home(), state, Path.cwd() if project else None)
    change = planned(path, agent, command)
    backup = carry_out(change) if change.is_one and not dry_run else None
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "agent": agent,
                "path": str(path),
                "changed": change.is_one,
                "dry_run": dry_run,
                "diff": change.diff(),
                "backup": None if backup is None else str(backup),
            }
        )
        return 0
    _tell(agent, change, command, backup, dry_run=dry_run)
    return 0


def _tell(
    agent: Agent, change: Change, command: Command | None, backup: Path | None, *, dry_run: bool
) -> None:
    console = make_console()
    if dry_run:
        for line in change.diff().splitlines():
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            console.print(Text(printable(line), style), soft_wrap=True)
    if not change.is_one:
        console.print(safe(f"{change.path} is as it should be"), soft_wrap=True)
        return
    would = "would be " if dry_run else ""
    done = "removed from" if command is None else "added to"
    console.print(safe(f"the hook {would}{done} {change.path}"), soft_wrap=True)
    if backup is not None:
        console.print(safe(f"as it was before: {backup}", "dim"), soft_wrap=True)
    if command is not None and not dry_run:
        console.print(safe(_TOLD.get(agent, ""), "dim"), soft_wrap=True)
        console.print(safe(f"try it: jcode-plugin hook {agent} --test", "dim"), soft_wrap=True)


def run_test(agent: Agent, *, fail_closed: bool, as_json: bool) -> int:
    """Give the client one payload of each kind that *agent* has, as the agent would; return the exit code."""
    samples: dict[str, dict[str, Json]] = json.loads(
        (_SAMPLES / f"{agent}.json").read_text(encoding="utf-8")
    )
    tried = [_try(agent, name, sample, fail_closed) for name, sample in samples.items()]
    failed = [one for one in tried if one["exit_code"] not in (0, 2)]
    if as_json:
        print_json(
            {
                "ok": not failed,
                "error": failed[0]["stderr"] if failed else None,
                "agent": agent,
                "tried": [*tried],
            }
        )
    else:
        rows = [
            [
                safe(str(one["event"])),
                safe(str(one["exit_code"]), "green" if one["exit_code"] == 0 else "yellow"),
                safe(f"{one['elapsed_ms']} ms"),
                safe(f"{one['stdout']}{one['stderr']}".strip()[:200]),
            ]
            for one in tried
        ]
        make_console().print(table(("event", "exit", "took", "answer"), rows))
    return 1 if failed else 0


def _try(agent: Agent, name: str, sample: dict[str, Json], fail_closed: bool) -> JsonObject:
    variables = sample.get("env")
    texts = {k: str(v) for k, v in variables.items()} if isinstance(variables, dict) else {}
    texts.pop("JCODE_HOOK_CWD", None)  # the directory of the sample is not here
    given = json.dumps(sample["stdin"]) if "stdin" in sample else ""
    word = "jcode" if agent == "jcode-v2" else agent
    words = [sys.executable, "-I", "-S", str(_PACKAGE / "hook.py"), word]
    began = monotonic()
    done = subprocess.run(  # noqa: S603 - our own client, and words of ours
        [*words, "--fail-closed"] if fail_closed else words,
        input=given.encode(),
        capture_output=True,
        env={**os.environ, **texts},
        timeout=_TRY_WITHIN_S,
        check=False,
    )
    return {
        "event": name,
        "exit_code": done.returncode,
        "stdout": done.stdout.decode(errors="replace"),
        "stderr": done.stderr.decode(errors="replace"),
        "elapsed_ms": round((monotonic() - began) * 1000, 1),
    }

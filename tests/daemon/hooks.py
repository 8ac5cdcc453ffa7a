"""The command that agents run for their events, as an agent runs it."""

import json
import subprocess
import sys
from typing import Final

from host.doors import configs
from tests.daemon.running import HANG_S, ROOT, Daemon

CLIENT: Final = ROOT / configs.CLIENT


class Ended:
    """How a hook's process ended."""

    def __init__(self, process: "subprocess.CompletedProcess[bytes]") -> None:
        self.code = process.returncode
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()

    def __repr__(self) -> str:
        return f"{self.code} {self.out!r} {self.err!r}"

    @property
    def said(self) -> object:
        """The JSON on its standard output."""
        return json.loads(self.out)


def hook(
    daemon: Daemon,
    agent: str,
    given: object,
    *words: str,
    raw: bytes | None = None,
    command: list[str] | None = None,
    **env: str,
) -> Ended:
    """Run the command for *agent* as an agent does."""
    data = raw if raw is not None else json.dumps(given).encode()
    line = command or [sys.executable, "-I", "-S", str(CLIENT), agent, *words]
    done = subprocess.run(
        line,
        input=data,
        capture_output=True,
        cwd=daemon.project,
        env=daemon.environment(**env),
        timeout=HANG_S,
        check=False,
    )
    return Ended(done)


def tool(command: str, name: str = "PreToolUse", **more: object) -> dict[str, object]:
    """What Claude Code and Codex give to a hook."""
    given = {"command": command, **more}
    return {
        "session_id": "s",
        "hook_event_name": name,
        "tool_name": "Bash",
        "tool_input": given,
    }

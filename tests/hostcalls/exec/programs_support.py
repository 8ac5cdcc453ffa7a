"""A plugin that does what a prompt says, and what the tests of programs share."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host import BlockingPluginHost, Config
from host.outcome import Json

PLUGIN = """
import * as cp from "node:child_process";
const AsyncFunction = (async () => {}).constructor;
export default (pi) => {
  pi.on("UserPromptSubmit", async (event) => {
    try {
      const value = await new AsyncFunction("pi", "cp", event.content)(pi, cp);
      return { modified_prompt: JSON.stringify(value ?? null) };
    } catch (error) {
      return { modified_prompt: JSON.stringify({ threw: error.name, code: error.code, message: error.message }) };
    }
  });
};
"""

ALL = ("*",)


class Runner:
    """A host with that plugin loaded."""

    def __init__(self, host: BlockingPluginHost, folder: Path) -> None:
        self.host = host
        self.folder = folder

    def run(self, code: str) -> Json:
        """What the body *code* of an async function returns, or ``{threw, code, message}``."""
        outcome = self.host.dispatch("UserPromptSubmit", {"content": code})
        told = outcome.output.get("modified_prompt")
        assert isinstance(told, str), outcome.results
        value: Json = json.loads(told)
        return value

    def exec(self, command: str, *args: str, options: Json = None) -> dict[str, Json]:
        """What ``pi.exec`` gives."""
        found = self.run(
            f"return await pi.exec({json.dumps(command)}, {json.dumps(args)}, {json.dumps(options)})"
        )
        assert isinstance(found, dict)
        return found

    @property
    def worker_pid(self) -> int:
        """The plugin's one process."""
        (pid,) = self.host.plugins()[0].pids
        return pid


@contextmanager
def runner(
    folder: Path,
    *,
    commands: tuple[str, ...],
    variables: tuple[str, ...] = (),
    deadline_ms: int = 5000,
) -> Iterator[Runner]:
    """A host whose plugin may run *commands* and read *variables*, as patterns."""
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (folder / "plugin").mkdir(exist_ok=True)
    (folder / "plugin" / "programs.js").write_text(PLUGIN)
    config = Config.model_validate(
        {
            "allow": {"shell": commands, "env": variables},
            "limits": {"max_hostcalls_per_sec": 1000, "load_busy_ms": 30_000},
            "timeouts": {"actionable_ms": deadline_ms, "max_busy_ms": max(deadline_ms, 5000)},
        }
    )
    with BlockingPluginHost(config, project_dir=project, home=folder / "home") as host:
        host.load(folder / "plugin" / "programs.js")
        yield Runner(host, project)

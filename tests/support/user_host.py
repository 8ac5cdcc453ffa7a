"""A host with one plugin, for a user whom ``as_user`` made: ``python user_host.py FOLDER``; prints JSON.

The process keeps its host until a line comes in, so that a test can look at the worker.
"""

import json
import os
import sys
from pathlib import Path

PLUGIN = """
export default (pi) => {
  pi.on("PreToolUse", (event) => event.tool_name === "bash" ? { block: "no shell here" } : undefined);
  pi.on("TurnEnd", () => { for (;;) {} });
};
"""


def main(folder: Path) -> None:
    """Load the plugin, dispatch to it, say what became of it."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from host import BlockingPluginHost, Config
    from host.config import Timeouts
    from host.seccomp_readback import ReadbackError, read_filters

    path = folder / "guard.js"
    path.write_text(PLUGIN)
    config = Config(timeouts=Timeouts(actionable_ms=60_000, info_ms=500))
    with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as host:
        info = host.load(path)
        (pid,) = info.pids
        outcome = host.dispatch(
            "PreToolUse", {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
        )
        try:
            read_filters(pid)
            readback = ""
        except ReadbackError as error:
            readback = str(error)
        told = {
            "pid": pid,
            "layers": info.layers,
            "action": outcome.action,
            "reason": outcome.reason,
            "readback": readback,
            "uid": os.getresuid(),
        }
        print(json.dumps(told), flush=True)
        sys.stdin.readline()
        hung = host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 1, "duration_ms": 1})
        print(json.dumps({"status": str(hung.results[0].status.value)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""node:child_process, case by case: Node itself says what is right."""

import json
import os
import subprocess
from pathlib import Path

from tests.hostcalls.exec.programs_support import ALL, runner
from tests.webplatform.table import RUNNER

SETUP, _, _CASES = (
    Path(__file__).with_name("child_process.js").read_text().partition("// cases\n")
)
CASES = [line.removeprefix("await ") for line in _CASES.splitlines()]
_NODE = (
    RUNNER
    + """
globalThis.cp = require("node:child_process");
const request = JSON.parse(require("fs").readFileSync(0, "utf8"));
runTable(request).then((shown) => process.stdout.write(JSON.stringify(shown), () => process.exit(0)));
"""
)


def in_node() -> list[str]:
    done = subprocess.run(
        ["node", "-e", _NODE],
        input=json.dumps({"setup": SETUP, "cases": CASES}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": os.environ["HOME"],
        },
    )
    assert done.returncode == 0, done.stderr
    shown: list[str] = json.loads(done.stdout)
    return shown


def test_a_worker_does_what_node_does(tmp_path: Path) -> None:
    """More than sixty cases: events, results, errors with every property."""
    request = json.dumps({"setup": SETUP, "cases": CASES})
    with runner(tmp_path, deadline_ms=60_000, commands=ALL) as programs:
        shown = programs.run(f"globalThis.cp = cp; {RUNNER}; return await runTable({request})")

    assert isinstance(shown, list)
    assert len(CASES) > 60
    wrong = [
        (case, ours, theirs)
        for case, ours, theirs in zip(CASES, shown, in_node(), strict=True)
        if ours != theirs
    ]
    assert wrong == []

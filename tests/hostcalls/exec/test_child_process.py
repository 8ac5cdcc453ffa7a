"""node:child_process, case by case: Node itself says what is right."""

from pathlib import Path

from tests.hostcalls.exec.programs_support import ALL, runner
from tests.support.node_cases import read_cases
from tests.webplatform.table import RUNNER

CASES = read_cases(Path(__file__).with_name("child_process.js"))
IN_NODE = 'globalThis.cp = require("node:child_process");'


def test_a_worker_does_what_node_does(tmp_path: Path) -> None:
    """More than sixty cases: events, results, errors with every property."""
    code = f"globalThis.cp = cp; {RUNNER}; return await runTable({CASES.request()})"
    with runner(tmp_path, deadline_ms=60_000, commands=ALL) as programs:
        shown = programs.run(code)

    assert isinstance(shown, list)
    assert len(CASES.cases) > 60
    assert CASES.differences([str(text) for text in shown], IN_NODE) == []

"""Files of cases that run in Node and in a worker alike: setup code, a line ``// cases``, an expression on each line."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.webplatform.table import RUNNER

_NODE = (
    RUNNER
    + """
const request = JSON.parse(require("fs").readFileSync(0, "utf8"));
runTable(request).then((shown) => process.stdout.write(JSON.stringify(shown), () => process.exit(0)));
"""
)


@dataclass(frozen=True)
class NodeCases:
    """Such a file."""

    setup: str
    cases: tuple[str, ...]

    def request(self, *cases: str) -> str:
        """What ``runTable`` of the runner takes, as JSON: all cases, or those that are given."""
        return json.dumps({"setup": self.setup, "cases": cases or self.cases})

    def in_node(self, prelude: str) -> list[str]:
        """What Node gives for each case after *prelude*, in one process."""
        done = subprocess.run(
            ["node", "-e", prelude + _NODE],
            input=self.request(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"},
        )
        assert done.returncode == 0, done.stderr
        shown: list[str] = json.loads(done.stdout)
        return shown

    def differences(self, shown: list[str], prelude: str) -> list[tuple[str, str, str]]:
        """Each case that is not as in Node: the case, what was *shown*, what Node gives."""
        return [
            (case, ours, theirs)
            for case, ours, theirs in zip(self.cases, shown, self.in_node(prelude), strict=True)
            if ours != theirs
        ]


def read_cases(path: Path) -> NodeCases:
    """Read the file *path*."""
    setup, mark, cases = path.read_text().partition("// cases\n")
    assert mark, path
    return NodeCases(setup, tuple(line.removeprefix("await ") for line in cases.splitlines()))

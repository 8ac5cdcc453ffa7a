"""Tables of cases: JavaScript expressions, each with what it must give.

A table is a file of ``tables/``: setup code, a line ``// cases``, then lines ``expression // => text``, where the text
is the value as JSON or ``throws NAME``. Where Node differs from the standard, `` // node: text`` follows.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
RUNNER: Final = (HERE / "runner.js").read_text()
PLUGIN: Final = (
    RUNNER
    + """
export default (pi) => {
  pi.on("UserPromptSubmit", async (event) => ({ modified_prompt: JSON.stringify(await runTable(JSON.parse(event.content))) }));
};
"""
)
"""A plugin that runs a table: its setup and cases come as the content of a prompt."""
_NODE: Final = (
    RUNNER
    + """
setInterval(() => {}, 1000); // AbortSignal.timeout alone does not keep Node alive
runTable(JSON.parse(require("fs").readFileSync(0, "utf8"))).then((shown) => {
  process.stdout.write(JSON.stringify(shown), () => process.exit(0)); // timers of the cases may be left
});
"""
)
NAMES: Final = sorted(path.stem for path in (HERE / "tables").glob("*.js"))
_WITHIN_S: Final = 60


@dataclass(frozen=True, slots=True)
class Case:
    """One line: the expression, what it must give, and what Node gives."""

    code: str
    expected: str
    node: str


@dataclass(frozen=True, slots=True)
class Table:
    """One file."""

    setup: str
    cases: tuple[Case, ...]

    def request(self) -> str:
        """What the runner takes, as JSON text."""
        return json.dumps({"setup": self.setup, "cases": [case.code for case in self.cases]})


def read_table(name: str) -> Table:
    """Read ``tables/NAME.js``."""
    setup, mark, rest = (HERE / "tables" / f"{name}.js").read_text().partition("// cases\n")
    assert mark, name
    cases = []
    for line in rest.splitlines():
        if line and not line.startswith("//"):
            code, arrow, results = line.partition(" // => ")
            assert arrow, line
            expected, differs, node = results.partition(" // node: ")
            cases.append(Case(code, expected, node if differs else expected))
    return Table(setup, tuple(cases))


def shown_by_node(table: Table) -> list[str]:
    """What Node gives for every case, in one process."""
    done = subprocess.run(
        ["node", "-e", _NODE],
        input=table.request(),
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
        env={"TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    shown: list[str] = json.loads(done.stdout)
    return shown

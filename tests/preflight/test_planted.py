"""Every rule finds what was planted, where it was planted, and in minified code too; nothing else is found."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

from host.artifact import read_facts
from policies.preflight import RULES, Finding, judge
from tests.preflight.planted import HARMLESS, PLANTED, Planted
from tests.unit.worker.build_support import build_files

NOTHING_DECLARED = ()
WITHIN_S = 120

MINIFY = """
const { minify } = require("terser");
(async () => {
  const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const out = [];
  for (const code of cases) {
    const options = { module: true, mangle: { toplevel: true, module: true }, compress: false, format: { comments: false } };
    out.push((await minify(code, options)).code);
  }
  console.log(JSON.stringify(out));
})();
"""


def findings_of(
    folder: Path,
    code: str,
    name: str = "main.js",
    *,
    bound: tuple[()] | None = NOTHING_DECLARED,
) -> list[Finding]:
    """Build *code* as the builder does, and judge what it found."""
    others = {"mine.js": "export const fetch = 1;", "other.js": "export default 1;"}
    artifact = build_files(folder, {name: code, **others}, name)
    facts = read_facts(artifact["facts"])  # type: ignore[arg-type]  # plain data
    return list(judge(facts, bound=bound).findings)


@pytest.fixture(scope="session")
def minified(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every planted case through a minifier that is widely used: code -> minified code."""
    folder = tmp_path_factory.mktemp("terser")
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "terser@5"],
        cwd=folder, check=True, capture_output=True, timeout=WITHIN_S,
    )  # fmt: skip
    codes = [case.code for case in PLANTED]
    done = subprocess.run(
        ["node", "-e", MINIFY], cwd=folder, input=json.dumps(codes), text=True,
        check=True, capture_output=True, timeout=WITHIN_S,
    )  # fmt: skip
    return dict(zip(codes, json.loads(done.stdout), strict=True))


def test_there_are_many_and_of_every_rule() -> None:
    """At least eighty, and no rule without one."""
    assert len(PLANTED) >= 80
    assert {case.rule for case in PLANTED} >= set(RULES) - {
        "undeclared-llm",
        "undeclared-config",
    }


@pytest.mark.parametrize("case", PLANTED, ids=lambda c: f"{c.rule}:{c.code[:40]}")
def test_it_is_found_where_it_stands(case: Planted, tmp_path: Path) -> None:
    """The rule, and the line of the author's file."""
    found = {(one.rule, one.line) for one in findings_of(tmp_path, case.code)}

    assert (case.rule, case.line) in found


@pytest.mark.parametrize("case", PLANTED, ids=lambda c: f"{c.rule}:{c.code[:40]}")
def test_it_is_found_in_minified_code(
    case: Planted, minified: dict[str, str], tmp_path: Path
) -> None:
    """Short names and one line hide nothing. Escapes do not come this far: a minifier writes them out."""
    if "\\x72" in case.code:
        assert "\\x" not in minified[case.code]
        return
    found = {(one.rule, one.line) for one in findings_of(tmp_path, minified[case.code])}

    assert (case.rule, 1) in found, minified[case.code]


@pytest.mark.parametrize("case", PLANTED[::3], ids=lambda c: f"{c.rule}:{c.code[:40]}")
def test_typescript_keeps_its_lines(case: Planted, tmp_path: Path) -> None:
    """Types in front of it are erased, and the line is still the author's."""
    typed = (
        "interface Gone {\n  a: string;\n}\ntype Also<T> = T extends Gone ? 1 : 2;\n"
        + case.code
    )
    found = {(one.rule, one.line) for one in findings_of(tmp_path, typed, "main.ts")}

    assert (case.rule, case.line + 4) in found


@pytest.mark.parametrize("code", HARMLESS)
def test_harmless_code_has_no_finding(code: str, tmp_path: Path) -> None:
    """Comments, strings, regular expressions, and names that only look the same."""
    assert findings_of(tmp_path, code) == []


@cache
def _bundle(pieces: int) -> str:
    piece = 'function f%d(a,b){return a?b["x"+a]:[a,b,"s%d"].join("")};'
    return "".join(piece % (n, n) for n in range(pieces)) + 'eval("1");'


def test_work_grows_with_the_file_and_no_faster(tmp_path: Path) -> None:
    """A bundle of a megabyte in one line; its last statement is found."""
    found = findings_of(tmp_path, _bundle(16_000))

    assert [one.rule for one in found] == ["eval"]


def test_a_file_full_of_findings_is_cut(tmp_path: Path) -> None:
    """Two thousand are as bad as two hundred."""
    found = findings_of(tmp_path, 'eval("1");\n' * 2000)

    assert 1 <= len(found) <= 200

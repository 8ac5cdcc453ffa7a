"""Every case of module semantics in one real worker, as one plugin: what the engine alone answers, a worker answers."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from host import BlockingPluginHost
from tests.integration import test_modules_async, test_modules_interop, test_modules_static
from tests.unit.worker.build_support import HARNESS, Case, run_in_node, split_files, write_files

CASES = [*test_modules_static.CASES, *test_modules_async.CASES, *test_modules_interop.CASES]

_MAIN = (
    HARNESS
    + """
const names = %s;
const loads = [%s];
export default async (pi) => {
  const results = {};
  for (let i = 0; i < names.length; i++) results[names[i]] = await settle(loads[i]);
  pi.on("UserPromptSubmit", () => ({ modified_prompt: JSON.stringify(results) }));
};
"""
)


def test_there_are_enough_of_them() -> None:
    """No name twice: a case that hides another would not be tried."""
    assert len({case.name for case in CASES}) == len(CASES) >= 150


def test_a_worker_answers_as_node_does(
    tmp_path: Path, host: BlockingPluginHost, write: Callable[[str, str], Path]
) -> None:
    """One plugin imports the graphs one after another, each with a log of its own."""
    main = write("graphs/main.js", _main(CASES))
    for case in CASES:
        write_files(main.parent / case.name, split_files(case.files))
    host.load(main)
    outcome = host.dispatch("UserPromptSubmit", {"content": ""})
    answers = json.loads(str(outcome.output["modified_prompt"]))

    assert {case.name: answers[case.name] for case in CASES} == {
        case.name: case.expect for case in CASES
    }
    if shutil.which("node"):
        assert answers == run_in_node(tmp_path, CASES)


def _main(cases: list[Case]) -> str:
    names = json.dumps([case.name for case in cases])
    return _MAIN % (
        names,
        ", ".join(f'() => import("./{case.name}/main.js")' for case in cases),
    )

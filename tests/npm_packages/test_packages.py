"""Packages from npm in a real worker: each loads and does what it is known for, with the same answer as under Node."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host import BlockingPluginHost
from tests.npm_packages.table import PACKAGES, Package
from tests.support.npm import install_locked

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parents[1] / "docs" / "compatibility.md"
_WITHIN_S: Final = 240

_SHELL: Final = """
import * as ns from "./{file}";
export default (pi) => {{
  pi.on("UserPromptSubmit", async () => ({{ modified_prompt: JSON.stringify(await ns.default) }}));
}};
"""
_NODE: Final = """
const out = {};
for (const [name, file] of JSON.parse(process.argv[2])) {
  try { out[name] = await (await import(`./${file}`)).default; } catch (error) { out[name] = { threw: String(error) }; }
}
console.log(JSON.stringify(out));
process.exit(0);
"""

pytestmark = pytest.mark.timeout(_WITHIN_S + 60)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every package of the lock file; no script of any was run."""
    folder = tmp_path_factory.mktemp("packages")
    install_locked(HERE, folder, _WITHIN_S)
    for package in PACKAGES:
        (folder / package.file).write_text(package.code)
    return folder


@pytest.fixture(scope="session")
def in_node(installed: Path) -> dict[str, object]:
    """What the same code gives under Node."""
    script = installed / "run-all-under-node.mjs"
    script.write_text(_NODE)
    files = json.dumps([[package.name, package.file] for package in PACKAGES])
    run = subprocess.run(
        ["node", script.name, files],
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers: dict[str, object] = json.loads(run.stdout)
    return answers


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingPluginHost]:
    """One host for all of them; each is a plugin of its own in a worker of its own."""
    folder = tmp_path_factory.mktemp("host")
    with BlockingPluginHost(project_dir=folder, home=folder / "home") as running:
        yield running


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_works(
    package: Package, installed: Path, in_node: dict[str, object], host: BlockingPluginHost
) -> None:
    """As it was published: built, loaded and used without any right."""
    shell = installed / f"use-{package.file}"
    shell.write_text(_SHELL.format(file=package.file))
    loaded = host.load(shell)
    try:
        outcome = host.dispatch("UserPromptSubmit", {"content": ""})
    finally:
        host.unload(loaded.name)

    assert outcome.output, outcome.results
    assert json.loads(str(outcome.output["modified_prompt"])) == package.expect
    assert in_node[package.name] == package.expect


def test_the_page_lists_what_is_tried() -> None:
    """With the versions that are tried, and nothing else."""
    versions = json.loads((HERE / "package.json").read_text())["dependencies"]
    rows = re.findall(r"^\| `([^`]+)` \| ([^ ]+) \|", PAGE.read_text(), re.MULTILINE)

    assert [name for name, _ in rows] == [package.name for package in PACKAGES]
    assert dict(rows) == versions
    assert len(rows) >= 40

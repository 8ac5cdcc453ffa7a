"""node:fs in a worker does what node does: the same cases, the same values, the same errors."""

import json
import subprocess
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.config import Limits

CASES = Path(__file__).with_name("cases.mjs")
NAMES = [
    line.split('"')[1] for line in CASES.read_text().splitlines() if line.startswith('  "')
]
IN_NODE = """
import fs from "node:fs";
import { perform } from "CASES";
const found = {};
for (const [name, directory] of JSON.parse(process.argv[1])) found[name] = await perform(fs, name, directory);
console.log(JSON.stringify(found));
"""
IN_WORKER = """
import * as fs from "node:fs";
import { perform } from "./cases.mjs";
if (typeof Buffer === "undefined") globalThis.Buffer = fs.readFileSync("/plugin/index.js").constructor;
export default (pi) => {
  pi.on("UserPromptSubmit", async (event) => {
    const [name, directory] = JSON.parse(event.content);
    return { modified_prompt: JSON.stringify(await perform(fs, name, directory)) };
  });
};
"""
Found = dict[str, dict[str, object]]


def make(directory: Path) -> Path:
    (directory / "sub").mkdir(parents=True)
    (directory / "hello.txt").write_text("hello\n")
    (directory / "sub" / "deep.txt").write_text("deep")
    (directory / "link").symlink_to("hello.txt")
    return directory


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What node says, all cases in one process."""
    root = tmp_path_factory.mktemp("node")
    where = [[name, str(make(root / str(at)))] for at, name in enumerate(NAMES)]
    script = IN_NODE.replace("CASES", CASES.as_uri())
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, json.dumps(where)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def in_worker(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What a worker says."""
    root = tmp_path_factory.mktemp("worker")
    package = root / "plugin"
    package.mkdir()
    (package / "package.json").write_text('{"name": "files", "main": "index.js"}')
    (package / "index.js").write_text(IN_WORKER)
    (package / "cases.mjs").write_bytes(CASES.read_bytes())
    work = str(root / "work")
    config = Config(
        allow={"fs_read": (work,), "fs_write": (work,)},
        limits=Limits(max_hostcalls_per_sec=100_000, max_bytes_written=1 << 30),
    )
    found: Found = {}
    with BlockingPluginHost(config, project_dir=root, home=root / "home") as host:
        host.load(package)
        for at, name in enumerate(NAMES):
            directory = make(root / "work" / str(at))
            outcome = host.dispatch(
                "UserPromptSubmit", {"content": json.dumps([name, str(directory)])}
            )
            told = outcome.output.get("modified_prompt")
            found[name] = json.loads(str(told)) if told else {"lost": outcome.results[0].error}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_does_what_node_does(name: str, in_node: Found, in_worker: Found) -> None:
    """Value for value, error for error."""
    assert in_worker[name] == in_node[name]


def test_the_cases_are_no_empty_promise(in_node: Found) -> None:
    """Most of them give something, and a good part an error."""
    failing = [name for name, found in in_node.items() if "error" in found]

    assert len(in_node) > 100
    assert 20 < len(failing) < len(in_node) / 2

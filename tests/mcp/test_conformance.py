"""The protocol's own conformance suite, for what we declare: a handshake and tools."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.daemon.running import HANG_S, ROOT, Daemon

SUITE: Final = "@modelcontextprotocol/conformance@0.1.13"
"""The newest that runs on Node 20."""
SCENARIOS: Final = (
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-error",
    "tools-call-with-progress",
    "json-schema-2020-12",
)
PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PLUGIN: Final = """
export default (pi) => {
  const tool = (name, handler, parameters) => pi.registerTool({ name, description: "Of the conformance suite", tier: "read", handler, parameters });
  tool("test_simple_text", () => "This is a simple text response for testing.");
  tool("test_image_content", () => ({ content: [{ type: "image", data: "PIXEL", mimeType: "image/png" }] }));
  tool("test_error_handling", () => { throw new Error("This tool intentionally returns an error for testing"); });
  tool("test_tool_with_progress", async (params, ctx) => {
    for (const step of [0, 50, 100]) { ctx.onUpdate("step " + step); await ctx.sleep(50); }
    return "done";
  });
  tool("json_schema_2020_12_tool", (params) => JSON.stringify(params), {
    $schema: "https://json-schema.org/draft/2020-12/schema", type: "object",
    $defs: { address: { type: "object", properties: { street: { type: "string" }, city: { type: "string" } } } },
    properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } }, additionalProperties: false,
  });
};
""".replace("PIXEL", PIXEL)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where our server listens."""
    base = tmp_path_factory.mktemp("conformance")
    daemon = Daemon(base / "home", base / "project")
    daemon.write("", {"tools": PLUGIN})
    daemon.start()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.mcp.over_http", str(daemon.project)],
        cwd=ROOT,
        env=daemon.environment(),
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    yield f"http://127.0.0.1:{int(server.stdout.readline())}/mcp"
    server.terminate()
    server.communicate(timeout=HANG_S)
    assert daemon.end() == 0


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite, installed without scripts."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", SUITE],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_passes(scenario: str, url: str, suite: Path) -> None:
    done = subprocess.run(
        ["node_modules/.bin/conformance", "server", "--url", url, "--scenario", scenario],
        cwd=suite,
        env={"PATH": os.environ["PATH"], "HOME": str(suite)},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"Passed: (\d+)/(\d+), (\d+) failed", done.stdout)
    assert passed is not None, done.stdout
    assert passed[1] == passed[2] != "0"
    assert passed[3] == "0"


def test_the_suite_would_tell(url: str, suite: Path) -> None:
    """The control: something that we do not declare."""
    done = subprocess.run(
        ["node_modules/.bin/conformance", "server", "--url", url, "--scenario", "prompts-list"],
        cwd=suite,
        env={"PATH": os.environ["PATH"], "HOME": str(suite)},
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode != 0

"""node:zlib in a worker, case by case; Node says what is right, and each unpacks what the other packed."""

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.outcome import Json
from tests.support.node_cases import read_cases
from tests.webplatform.table import RUNNER

CASES = read_cases(Path(__file__).with_name("cases.js"))
PLUGIN = f"""
import zlib from "node:zlib";
import {{ Readable }} from "node:stream";
globalThis.zlib = zlib;
globalThis.Readable = Readable;
{RUNNER}
export default (pi) => {{
  pi.on("UserPromptSubmit", async (event) => ({{ modified_prompt: JSON.stringify(await runTable(JSON.parse(event.content))) }}));
}};
"""
IN_NODE = """
globalThis.zlib = require("node:zlib");
globalThis.Readable = require("node:stream").Readable;
"""


class Bench:
    """A plugin that gives what expressions give."""

    def __init__(self, host: BlockingPluginHost) -> None:
        self.host = host

    def show(self, *cases: str) -> list[str]:
        """The texts of *cases*, run one after another; of all of them without one."""
        request = CASES.request(*cases)
        outcome = self.host.dispatch("UserPromptSubmit", {"content": request})
        shown = outcome.output.get("modified_prompt")
        assert isinstance(shown, str), outcome.results
        found: list[str] = json.loads(shown)
        return found

    def value(self, case: str) -> Json:
        """What one expression gives."""
        (shown,) = self.show(case)
        found: Json = json.loads(shown)
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A host with that plugin, to which nothing is granted."""
    (tmp_path / "unpacker.js").write_text(PLUGIN)
    config = Config.model_validate(
        {"timeouts": {"actionable_ms": 30_000, "max_busy_ms": 30_000}}
    )
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "unpacker.js")
        yield Bench(host)


def test_a_worker_does_what_node_does(bench: Bench) -> None:
    """More than sixty cases: results, errors, streams."""
    assert len(CASES.cases) > 60
    assert CASES.differences(bench.show(), IN_NODE) == []


@pytest.mark.parametrize("size", [1, 1000, 100_000])
def test_what_others_packed_is_unpacked(bench: Bench, size: int) -> None:
    """Python's zlib, at every level, with bytes of every kind; and what a plugin packed is read by Python."""
    data = os.urandom(size // 2) + b"ab" * (size // 4)
    for level in (0, 1, 6, 9):
        text = base64.b64encode(gzip.compress(data, level)).decode()
        code = f'zlib.gzipSync(zlib.gunzipSync(Buffer.from("{text}", "base64")), {{level: {level}}}).toString("base64")'

        again = base64.b64decode(str(bench.value(code)))

        assert gzip.decompress(again) == data


def test_a_bomb_is_an_error(bench: Bench) -> None:
    """64 MiB in 64 KiB are refused at the bound, in one piece and as a stream; the worker lives on."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    text = base64.b64encode(bomb).decode()
    setup = f'Buffer.from("{text}", "base64")'

    at_once = bench.value(f"caught(() => zlib.gunzipSync({setup}))")
    in_pieces = bench.value(f"collect(zlib.createGunzip(), {setup})")

    assert at_once == [
        "RangeError",
        "ERR_BUFFER_TOO_LARGE",
        None,
        "Cannot create a Buffer larger than 16777216 bytes",
    ]
    assert in_pieces == at_once
    assert bench.value("zlib.gunzipSync(packed).toString()") == "hello world"

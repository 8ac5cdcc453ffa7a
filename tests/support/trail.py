"""Logs as tests make and break them: real files, and other processes that append to them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from host.outcome import JsonObject
from host.trail.place import Place, Policy
from host.trail.seal import encode_body
from host.trail.store import Store
from host.trail.verify import Report, verify

ROOT = Path(__file__).resolve().parent.parent.parent

APPENDER = """
import sys
from pathlib import Path
from host.trail.place import Place, Policy
from host.trail.seal import encode_body
from host.trail.store import Store

log, keys, who, batches, size, max_bytes, max_files = sys.argv[1:]
place = Place(Path(log), Path(keys))
store = Store(place, Policy(int(max_bytes), int(max_files)))
store.open()
print("ready", flush=True)
sys.stdin.readline()
for batch in range(int(batches)):
    store.append([encode_body({"who": who, "n": batch * int(size) + i}) for i in range(int(size))])
    print(batch, flush=True)
store.append([], is_last=True)
store.close()
"""


def place_in(directory: Path) -> Place:
    """The log of a test: keys and log in directories of their own."""
    return Place(directory / "audit" / "audit.jsonl", directory / "keys")


def open_store(place: Place, policy: Policy | None = None) -> Store:
    """A store that is ready to append."""
    store = Store(place, policy or Policy())
    store.open()
    return store


def bodies(n: int, start: int = 0, **more: str) -> list[bytes]:
    """Bodies of *n* lines that can be told apart."""
    return [encode_body({"n": start + i, **more}) for i in range(n)]


def fill(place: Place, lines: int, policy: Policy | None = None, *, batch: int = 3) -> None:
    """Append *lines* as one process would, and close."""
    store = open_store(place, policy)
    for start in range(0, lines, batch):
        store.append(bodies(min(batch, lines - start), start))
    store.append([], is_last=True)
    store.close()


def entries(place: Place) -> list[JsonObject]:
    """Every line of the log that is JSON, the oldest first."""
    paths = [*(place.segment(n) for n in place.segments_there()), place.log]
    found: list[JsonObject] = []
    for path in paths:
        for line in path.read_bytes().split(b"\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found


def codes(place: Place) -> list[str]:
    """The codes of what the log says about itself."""
    return [str(one["code"]) for one in entries(place) if one.get("kind") in ("gap", "trail")]


def problems(place: Place) -> list[str]:
    """What speaks for tampering, a line each."""
    return [str(one) for one in verify(place).problems]


def assert_intact(place: Place) -> Report:
    """The log is what was written."""
    report = verify(place)
    assert report.problems == []
    return report


def start_appender(
    place: Place,
    who: str,
    *,
    batches: int,
    size: int,
    policy: Policy | None = None,
    wrapper: Sequence[str] = (),
) -> "subprocess.Popen[str]":
    """Start a process that appends *batches* of *size* lines once its standard input has a line."""
    policy = policy or Policy()
    return subprocess.Popen(
        [
            *wrapper, sys.executable, "-c", APPENDER, str(place.log), str(place.keys), who, str(batches),
            str(size), str(policy.max_bytes), str(policy.max_files),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def say_go(process: "subprocess.Popen[str]") -> None:
    """Wait until *process* is ready and let it begin."""
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()

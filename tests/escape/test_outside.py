"""Layers as they look from outside: of real workers, and of processes that only claim to have them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost
from host.doctor import outside
from host.doctor.outside import ALLOWED, Seen, look
from host.outcome import JsonObject
from host.seccomp_readback import ReadbackError
from ipc.layers import LAYERS
from tests.support.processes import wait_gone
from worker.lockdown.syscalls import PROFILES

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGIN = 'export default (pi) => { pi.on("PreToolUse", () => ({ action: "continue" })); };'
CLAIMS = json.dumps(dict.fromkeys(LAYERS, True))
IS_ROOT = os.getuid() == 0
UNSEEN = {"landlock", "pdeathsig"}
needs_root = pytest.mark.skipif(not IS_ROOT, reason="a worker hides the rest from its own user")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    """A host with one plugin."""
    path = tmp_path / "plugin.js"
    path.write_text(PLUGIN)
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as made:
        made.load(path)
        yield made


def seen(host: BlockingPluginHost, told: str | None = None) -> dict[str, Seen]:
    (info,) = host.plugins()
    zygote = host.runtime.zygote("plugins").pid
    return look(info.pids[0], told if told is not None else info.layers, zygote_pid=zygote)


@needs_root
def test_everything_but_two_layers_is_seen_by_root(host: BlockingPluginHost) -> None:
    """Each by a file of the kernel's, none by the worker's word."""
    layers = seen(host)

    assert set(layers) == set(LAYERS)
    assert {name for name, layer in layers.items() if layer.verified_by == "worker"} == UNSEEN
    assert {name for name, layer in layers.items() if not layer.applied} <= {
        "cgroup",
        "landlock",
    }
    assert layers["seccomp"].verified_by == "filter read back"
    assert layers["seccomp"].detail.startswith("8 calls: brk, ")


def test_the_list_written_again_is_that_of_the_filter() -> None:
    """Neither grows without the other being looked at."""
    assert {row.name for row in PROFILES["plugins"]} == ALLOWED


def test_a_word_is_not_enough() -> None:
    """A process that claims every layer and has none is found out in each that can be seen."""
    with subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(15, print); input()"],
        stdin=subprocess.PIPE,
    ) as liar:
        while not int(_status(liar.pid, "SigCgt"), 16) & 1 << 14:
            os.sched_yield()
        layers = look(liar.pid, CLAIMS, zygote_pid=liar.pid)
        assert liar.stdin is not None
        liar.stdin.close()

    # As root it has root's rights to itself, and who may look into it cannot be told.
    unseen = UNSEEN | ({"not_dumpable"} if IS_ROOT else {"capabilities"})
    assert {name for name, layer in layers.items() if layer.applied} == unseen
    for name in set(LAYERS) - unseen:
        assert "although the worker says it holds" in layers[name].detail, name


def test_a_worker_that_claims_nothing_has_nothing(host: BlockingPluginHost) -> None:
    """What it leaves out is not applied, whatever is seen: something else may have put it there."""
    for told in ("{}", "[]", "", '{"seccomp": 1}', '{"why": 7}'):
        assert not any(layer.applied for layer in seen(host, told).values()), told


def test_a_worker_that_is_gone_has_nothing(host: BlockingPluginHost) -> None:
    """And asking is no error."""
    (pid,) = host.plugins()[0].pids
    host.close()
    assert not wait_gone([pid])

    assert {layer.detail for layer in look(pid, CLAIMS).values()} == {"the worker is gone"}


def test_without_a_tracer_the_filter_is_seen_but_not_read(
    host: BlockingPluginHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a host that is not root."""

    def refused(_: int) -> list[bytes]:
        raise ReadbackError("cannot trace")

    monkeypatch.setattr(outside, "read_filters", refused)

    assert seen(host)["seccomp"] == Seen(True, "proc status", "a filter is in force")


@pytest.fixture
def folder_of_another() -> Iterator[Path]:
    """A directory that belongs to user 54321, who can reach it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plugin.js").write_text(PLUGIN)
        (folder / "home").mkdir()
        for path in (folder, *folder.iterdir()):
            os.chown(path, 54321, 54321)
        yield folder


@needs_root
def test_a_host_that_is_not_root_sees_less_and_says_how(folder_of_another: Path) -> None:
    """The same command as another user: what is hidden comes from the zygote, from a count, or from the worker."""
    # Where this interpreter lies may be closed to others: reading is all that the user gets beside its own rights.
    as_user = [
        "setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
        "--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search",
        "--bounding-set", "-all,+dac_read_search",
    ]  # fmt: skip
    done = subprocess.run(
        [*as_user, sys.executable, "-B", "-m", "host", "inspect", "plugin.js", "--json"],
        env={
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder_of_another / "home"),
            "TMPDIR": str(folder_of_another),
            "PATH": os.environ["PATH"],
        },
        cwd=folder_of_another,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: JsonObject = json.loads(done.stdout)
    layers = report["worker"]["layers"]  # type: ignore[index,call-overload]

    by = {name: layer["verified_by"] for name, layer in layers.items()}  # type: ignore[union-attr,index,call-overload]
    assert by["environment"] == "zygote"
    assert by["descriptors"] in ("descriptor count", "worker")
    assert by["seccomp"] == by["capabilities"] == "proc status"
    assert by["not_dumpable"] == "owner in proc"
    held = {name for name, layer in layers.items() if layer["applied"]}  # type: ignore[union-attr,index,call-overload]
    assert set(LAYERS) - held == {"uid", "namespaces", "empty_root", "cgroup"}


def _status(pid: int, key: str) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return line.split()[1]
    return "0"

"""Workers of a real host, seen from outside."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.config import load_config, required_layers
from host.errors import ConfigError, IsolationError
from host.layers import missing_layers
from host.spawn import WorkerLimits
from ipc.layers import DEFAULT_REQUIRED, LAYERS, from_mask, to_mask
from worker.lockdown import landlock

PLUGIN = 'export default (pi) => { pi.on("PreToolUse", () => ({ action: "continue" })); };'
IS_ROOT = os.getuid() == 0


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[Callable[[Config | None], BlockingPluginHost]]:
    """Return a function that makes a host over the test's directory."""
    made: list[BlockingPluginHost] = []

    def make(config: Config | None = None) -> BlockingPluginHost:
        made.append(BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home"))
        return made[-1].__enter__()

    yield make
    for host in made:
        host.close()


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin that loads."""
    path = tmp_path / "plugin.ts"
    path.write_text(PLUGIN)
    return path


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def limits_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[1] for line in lines}


def test_the_kernel_says_that_a_worker_is_confined(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """Filter, privileges, capabilities, user, threads: from /proc, not from what the worker says."""
    host = make_host()
    (pid,) = host.load(plugin).pids
    status = status_of(pid)

    assert (status["Seccomp"], status["NoNewPrivs"], status["Threads"]) == ("2", "1", "1")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, name
    # Ignored: SIGPIPE and SIGXFSZ, which are errors of the call instead. A handler would need sigreturn.
    assert int(status["SigCgt"], 16) == 0
    if IS_ROOT:
        assert int(status["CapBnd"], 16) == 0
        assert status["Groups"] == ""
        for name in ("Uid", "Gid"):
            assert len(set(status[name].split())) == 1, name
            assert "0" not in status[name].split(), name


def test_the_kernel_has_the_limits(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """The hard ones, which are what counts."""
    host = make_host()
    (pid,) = host.load(plugin).pids
    limits = limits_of(pid)

    assert limits["Max open files"] == "5"
    assert limits["Max data size"] == str(WorkerLimits().data_bytes)
    for name in (
        "Max file size",
        "Max core file size",
        "Max processes",
        "Max locked memory",
        "Max pending signals",
        "Max msgqueue size",
        "Max nice priority",
        "Max realtime priority",
    ):
        assert limits[name] == "0", name


def test_two_workers_are_two_users(
    make_host: Callable[..., BlockingPluginHost], plugin: Path, tmp_path: Path
) -> None:
    """Of a host that is root: neither may signal or trace the other."""
    host = make_host()
    other = tmp_path / "other.ts"
    other.write_text(PLUGIN)
    users = {status_of(host.load(path).pids[0])["Uid"].split()[0] for path in (plugin, other)}

    assert len(users) == (2 if IS_ROOT else 1)
    assert "0" not in users


def test_a_worker_has_a_network_and_a_root_of_its_own(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """Where the host is root; else the layers say that they do not hold."""
    host = make_host()
    info = host.load(plugin)
    (pid,) = info.pids

    if IS_ROOT:
        for name in ("net", "ipc", "uts", "mnt"):
            assert os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}")
        assert os.listdir(f"/proc/{pid}/root/") == []
        assert '"empty_root":true' in info.layers
    else:
        assert '"namespaces":false' in info.layers


def test_a_worker_holds_its_channel_and_nothing_else(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """Two pipes and an empty environment, where we may look."""
    host = make_host()
    (pid,) = host.load(plugin).pids

    if IS_ROOT:
        assert sorted(os.listdir(f"/proc/{pid}/fd")) == ["3", "4"]
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    else:
        with pytest.raises(PermissionError):  # it is not dumpable
            os.listdir(f"/proc/{pid}/fd")


def test_every_layer_is_reported(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """By its name, with its state."""
    info = make_host().load(plugin)

    for layer in LAYERS:
        assert f'"{layer}":' in info.layers
    for layer in ("descriptors", "rlimits", "no_new_privs", "seccomp", "capabilities"):
        assert f'"{layer}":true' in info.layers
    if landlock.abi() > 0:
        assert '"landlock":true' in info.layers


def test_a_worker_is_still_killed_by_its_host(
    make_host: Callable[..., BlockingPluginHost], plugin: Path
) -> None:
    """Although it is another user's."""
    host = make_host()
    (pid,) = host.load(plugin).pids
    host.close()

    assert not Path(f"/proc/{pid}").exists()


def test_a_required_layer_that_is_missing_stops_everything(
    make_host: Callable[..., BlockingPluginHost], plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line: which, why, what to do. Workers that say no are simulated by a host that asks for more."""
    asked = "a layer of tomorrow"
    monkeypatch.setattr("host.runtime.required_layers", lambda _, **__: (asked,))
    monkeypatch.setattr("host.spawn.to_mask", lambda _: 0)
    host = make_host()

    with pytest.raises(IsolationError, match=asked) as caught:
        host.load(plugin)

    assert "\n" not in str(caught.value)
    assert "[plugin.sandbox] require" in str(caught.value)


def test_the_line_says_which_why_and_what_to_do() -> None:
    """From what a worker on an old kernel says."""
    layers = '{"seccomp":true,"landlock":false,"why":{"landlock":"the kernel has no Landlock"}}'

    assert missing_layers(layers, ["seccomp"]) == ""
    line = missing_layers(layers, ["seccomp", "landlock"])
    assert line.startswith(
        "layer landlock of the sandbox does not hold (the kernel has no Landlock"
    )
    assert "5.13" in line
    assert "require" in line


def test_a_worker_that_leaves_a_layer_out_is_not_believed() -> None:
    """No word is no."""
    assert "uid" in missing_layers("{}", ["uid"])
    assert missing_layers("[]", ["uid"])
    assert missing_layers('{"uid":1}', ["uid"])


def test_the_default_and_the_hardened_profile() -> None:
    """An empty list is the operator's word; hardened adds all that can be had, and lets nothing fail open."""

    def required(
        config: Config, *, is_root: bool = False, has_cgroups: bool = False
    ) -> set[str]:
        return set(required_layers(config, is_root=is_root, has_cgroups=has_cgroups))

    assert required(Config(), is_root=True, has_cgroups=True) == set(DEFAULT_REQUIRED)
    assert required(Config.model_validate({"sandbox": {"require": []}})) == set()
    hardened = Config(profile="hardened")
    assert required(hardened) == set(LAYERS) - {"uid", "namespaces", "empty_root", "cgroup"}
    assert required(hardened, is_root=True) == set(LAYERS) - {"cgroup"}
    assert required(hardened, is_root=True, has_cgroups=True) == set(LAYERS)
    assert hardened.fail_closed
    assert Config.model_validate({"profile": "hardened", "fail_closed": False}).fail_closed
    assert not Config().fail_closed


def test_a_layer_that_does_not_exist_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    """A misspelt requirement must not pass for one."""
    (tmp_path / "config.toml").write_text('[plugin.sandbox]\nrequire = ["secomp"]\n')

    with pytest.raises(ConfigError, match=r"config\.toml:2.*secomp"):
        load_config(tmp_path)


def test_a_mask_holds_what_was_put_into_it() -> None:
    """Both ways, for the socket of the zygote."""
    assert from_mask(to_mask(LAYERS)) == list(LAYERS)
    assert from_mask(to_mask(["seccomp"])) == ["seccomp"]
    assert to_mask(()) == 0
    with pytest.raises(ValueError, match="not in tuple"):
        to_mask(["secomp"])


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM, signal.SIGSYS])
def test_a_worker_that_is_ended_by_a_signal_reports_it(
    make_host: Callable[..., BlockingPluginHost], plugin: Path, signal_: int
) -> None:
    """No handler of Python's is left that would make it a death by the filter."""
    host = make_host()
    (pid,) = host.load(plugin).pids
    os.kill(pid, signal_)

    host.dispatch("PreToolUse", {"tool_name": "bash", "tool_input": {}, "session_id": "s"})
    assert signal.Signals(signal_).name in str(host.audit.recent(10))

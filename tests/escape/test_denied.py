"""Hosts on systems that deny a layer: a refusal in one line if it is required, and the layer's absence told if not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host.surroundings import SETUID, SYS_ADMIN, Surroundings, read_surroundings

ROOT = Path(__file__).resolve().parent.parent.parent
DENIED = ROOT / "tests" / "support" / "denied.py"
IS_ROOT = os.getuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root has what is denied here")

CASES = [
    pytest.param("landlock", "landlock", "landlock_create_ruleset is denied (EPERM)"),
    pytest.param("namespaces", "namespaces", "unshare failed: EPERM", marks=needs_root),
    pytest.param("setuid", "uid", "root without CAP_SETUID", marks=needs_root),
]


@pytest.fixture
def run(tmp_path: Path) -> "Run":
    """Runs ``inspect`` on a plugin, with something denied."""
    return Run(tmp_path)


class Run:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "plugin.js").write_text('pi.on("PreToolUse", () => {});')

    def __call__(self, what: str, config: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "config.toml").write_text(config)
        return subprocess.run(
            [
                *(sys.executable, "-I", "-S", str(DENIED), what),
                *(sys.executable, "-m", "host", "inspect", "plugin.js", "--json"),
            ],
            env={
                "PYTHONPATH": str(ROOT),
                "JCODE_HOME": str(self.folder),
                "PATH": os.environ["PATH"],
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def layers(self, what: str, config: str) -> dict[str, dict[str, object]]:
        done = self(what, config)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["worker"]["layers"]
        assert isinstance(found, dict)
        return found


@pytest.mark.parametrize(("denied", "layer", "why"), CASES)
def test_a_required_layer_that_is_denied_stops_everything(
    run: Run, denied: str, layer: str, why: str
) -> None:
    """One line: which, why, what to do; the control shows the same run where nothing is denied."""
    required = f'[plugin.sandbox]\nrequire = ["{layer}"]\n'
    assert run.layers("nothing", required)[layer]["applied"] is True

    done = run(denied, required)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert f"layer {layer} of the sandbox does not hold (" in line
    assert why in line
    assert "[plugin.sandbox] require" in line
    if denied != "setuid":
        assert "a seccomp filter is in force on this host already" in line


@pytest.mark.parametrize(("denied", "layer", "why"), CASES)
def test_the_profile_hardened_requires_it_too(
    run: Run, denied: str, layer: str, why: str
) -> None:
    """Without naming a layer."""
    hardened = '[plugin]\nprofile = "hardened"\n'
    assert run.layers("nothing", hardened)[layer]["applied"] is True

    done = run(denied, hardened)

    assert done.returncode == 1
    assert f"layer {layer} of the sandbox does not hold (" in done.stderr
    assert "profile hardened" in done.stderr


@pytest.mark.parametrize(("denied", "layer", "why"), CASES)
def test_a_layer_that_is_not_required_is_missed_aloud(
    run: Run, denied: str, layer: str, why: str
) -> None:
    """The plugin runs; the report says that the layer does not hold, and why."""
    layers = run.layers(denied, "")

    assert layers[layer]["applied"] is False
    assert why.partition(" failed")[0] in str(layers[layer]["detail"])
    assert layers["seccomp"]["applied"] is True


def around(**more: object) -> Surroundings:
    found: dict[str, object] = {
        "container": "",
        "is_filtered": False,
        "restricts_userns": False,
        "is_root": True,
        "capabilities": (1 << 41) - 1,
    }
    return Surroundings(**found | more)  # type: ignore[arg-type]


def test_what_stands_around_is_named_where_it_matters() -> None:
    """A container for what containers deny; AppArmor for user namespaces; missing capabilities for root."""
    assert around().hints("landlock") == ()
    docker = around(container="a Docker container")
    assert docker.hints("landlock") == ("this host runs in a Docker container",)
    assert docker.hints("pdeathsig") == ()
    assert around(capabilities=~(1 << SETUID)).hints("uid") == (
        "this host is root without CAP_SETUID",
    )
    assert around(capabilities=~(1 << SYS_ADMIN)).hints("empty_root") == (
        "this host is root without CAP_SYS_ADMIN",
    )
    strict = around(restricts_userns=True, is_root=False, capabilities=0)
    assert strict.hints("namespaces") == ("AppArmor restricts user namespaces",)
    assert strict.hints("uid") == ()


def test_the_files_of_containers_are_recognised(tmp_path: Path) -> None:
    """And no file means no container."""
    assert read_surroundings(str(tmp_path)).container == ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.containerenv").touch()
    assert read_surroundings(str(tmp_path)).container == "a Podman container"
    (tmp_path / ".dockerenv").touch()
    assert read_surroundings(str(tmp_path)).container == "a Docker container"
    kernel = tmp_path / "proc/sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "proc/self/status").write_text("CapEff:\tzz\nSeccomp:\t2\n")
    found = read_surroundings(str(tmp_path))
    assert (found.restricts_userns, found.is_filtered, found.capabilities) == (True, True, 0)

"""The doctor on this machine, on one that denies something, and on directories that are not as they should be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host.cgroup import Groups
from host.config import Config, Limits
from host.doctor import machine, packages, state
from host.doctor.outside import look
from host.doctor.specimen import specimen
from host.doctor.trial import is_denied_by_landlock
from host.outcome import JsonObject
from host.quarantine import Quarantine
from host.surroundings import read_surroundings
from ipc.layers import DEFAULT_REQUIRED, LAYERS
from policies.protected import ROWS
from tests.support.processes import wait_gone

ROOT = Path(__file__).resolve().parent.parent.parent
DENIED = ROOT / "tests" / "support" / "denied.py"
IS_ROOT = os.getuid() == 0
needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root may look at, or be denied, the rest"
)
needs_a_tracer = pytest.mark.skipif(
    not IS_ROOT or os.uname().machine != "x86_64", reason="traces with the registers of x86_64"
)


def doctor(home: Path, *words: str, denied: str = "nothing") -> tuple[int, str, str]:
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-S", str(DENIED), denied),
            *(sys.executable, "-m", "host", "doctor", *words),
        ],
        env={"PYTHONPATH": str(ROOT), "JCODE_HOME": str(home), "PATH": os.environ["PATH"]},
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def report_of(home: Path, *words: str, denied: str = "nothing") -> tuple[int, JsonObject]:
    code, out, err = doctor(home, "--json", *words, denied=denied)
    assert err == ""
    report = json.loads(out)
    assert isinstance(report, dict)
    return code, report


def test_the_report_has_every_layer_check_and_protected_row(tmp_path: Path) -> None:
    """As one object, and fine on a machine on which these tests run."""
    code, report = report_of(tmp_path / "home")

    assert (code, report["ok"], report["error"]) == (0, True, None)
    layers = report["layers"]
    assert isinstance(layers, dict)
    assert list(layers) == list(LAYERS)
    for name, layer in layers.items():
        assert isinstance(layer, dict)
        assert isinstance(layer["applied"], bool)
        assert isinstance(layer["available"], bool)
        assert layer["verified_by"]
        assert layer["required"] is (name in DEFAULT_REQUIRED)
        assert layer["applied"] or layer["todo"]
        if IS_ROOT and os.uname().machine == "x86_64":
            assert layer["verified_by"] != "worker", name
    checks = report["checks"]
    assert isinstance(checks, list)
    names = {check["name"] for check in checks if isinstance(check, dict)}
    assert {
        "engine", "python", "dependencies", "kernel", "architecture", "landlock ABI", "cgroup",
        "user namespaces", "state directory", "configuration", "ceiling",
    } <= names  # fmt: skip
    told = report["protected"]
    assert isinstance(told, list)
    assert len(told) == len(ROWS)


def test_a_person_reads_the_same(tmp_path: Path) -> None:
    """Tables with the verdict last."""
    code, out, err = doctor(tmp_path / "home")

    assert (code, err) == (0, "")
    assert out.rstrip().endswith("every required layer holds")
    for layer in LAYERS:
        assert f"\n{layer} " in out


@pytest.mark.parametrize(
    ("denied", "layer"),
    [
        ("landlock", "landlock"),
        pytest.param("namespaces", "namespaces", marks=needs_root),
        pytest.param("setuid", "uid", marks=needs_root),
    ],
)
def test_a_required_layer_that_is_missing_is_exit_code_1(
    tmp_path: Path, denied: str, layer: str
) -> None:
    """With the layer, why, and what to do; where nothing is denied, and where it is not required, it is 0."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    code, report = report_of(home, denied=denied)
    assert code == 0, report
    (home / "config.toml").write_text(f'[plugin.sandbox]\nrequire = ["{layer}"]\n')
    assert report_of(home)[0] == 0

    code, report = report_of(home, denied=denied)

    assert (code, report["ok"]) == (1, False)
    layers = report["layers"]
    assert isinstance(layers, dict)
    row = layers[layer]
    assert isinstance(row, dict)
    assert (row["applied"], row["required"]) == (False, True)
    assert row["todo"]
    assert f"required and missing: {layer}; nothing runs" in doctor(home, denied=denied)[1]


def test_a_configuration_that_cannot_be_read_is_told_and_not_raised(tmp_path: Path) -> None:
    """The rest is examined all the same."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("[plugin]\nmode = \n")

    code, report = report_of(home)

    assert code == 1
    (row,) = [c for c in report["checks"] if c["name"] == "configuration"]  # type: ignore[union-attr,index,call-overload]
    assert "config.toml:2:8" in str(row["value"])  # type: ignore[index,call-overload]


def test_the_doctor_leaves_nothing(tmp_path: Path) -> None:
    """No worker, and no state."""
    _, report = report_of(tmp_path / "home")

    worker = report["worker"]
    assert isinstance(worker, dict)
    assert isinstance(worker["pid"], int)
    assert not wait_gone([worker["pid"]])
    assert not (tmp_path / "home").exists()


@needs_a_tracer
def test_landlock_is_tried_and_the_trial_can_fail(tmp_path: Path) -> None:
    """A worker is refused its own empty root; a process without Landlock that waits alike is not."""
    with specimen(Config(), tmp_path) as worker:
        for _ in range(3):  # it goes on after each
            assert is_denied_by_landlock(worker.pid) is True
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as free:
        assert free.stdin is not None
        assert free.stdout is not None
        free.stdin.write(b"x")
        free.stdin.flush()
        assert free.stdout.read(1) == b"x"  # it reads again
        assert is_denied_by_landlock(free.pid) is False
        assert free.communicate(b"y")[0] == b"y"


def test_a_worker_ends_with_its_zygote_and_a_detached_process_does_not(tmp_path: Path) -> None:
    """Nobody but the kernel ends it."""
    with specimen(Config(), tmp_path) as worker:
        assert not worker.outlives_its_zygote()
        assert not wait_gone([worker.pid])


def test_the_specimen_has_the_limits_of_the_configuration(tmp_path: Path) -> None:
    """What is looked at is what would run."""
    config = Config(limits=Limits(data_bytes=48 << 20))
    with specimen(config, tmp_path) as worker:
        seen = look(worker.pid, worker.told, limits=worker.limits)["rlimits"]

    assert (seen.applied, seen.detail) == (True, "data 48 MiB, 5 descriptors")


def test_a_limit_that_is_higher_than_set_is_seen(tmp_path: Path) -> None:
    """The control of the one above."""
    with specimen(Config(), tmp_path) as worker:
        tighter = Config(limits=Limits(data_bytes=16 << 20))
        with specimen(tighter, tmp_path) as other:
            seen = look(worker.pid, worker.told, limits=other.limits)["rlimits"]

    assert not seen.applied
    assert "higher than set: Max data size" in seen.detail


def test_a_state_directory_that_others_may_write_is_put_right(tmp_path: Path) -> None:
    """Named with what to do; --fix does it, but follows no link and touches nobody else's."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    (home / "config.toml").write_text("")
    (home / "config.toml").chmod(0o666)
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o666)
    (home / "link").symlink_to(outside)
    assert report_of(home)[0] == 1
    assert {r.name: r.state for r in state.check_state(home, Config())} == {
        "state directory": "bad",
        "config.toml": "bad",
        "plugins off": "ok",
        "switched off": "ok",
        "configuration": "ok",
        "ceiling": "ok",
    }

    code, report = report_of(home, "--fix")

    assert (code, report["fixed"]) == (0, [str(home), str(home / "config.toml")])
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "config.toml").stat().st_mode & 0o777 == 0o644
    assert outside.stat().st_mode & 0o777 == 0o666
    assert report_of(home, "--fix")[1]["fixed"] == []


def test_plugins_that_are_off_are_listed(tmp_path: Path) -> None:
    """With the command that lets one run again."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    Quarantine(home).add("bad", "file:/bad.js", "socket")

    code, report = report_of(home)

    assert code == 0
    (row,) = [c for c in report["checks"] if c["name"] == "plugins off"]  # type: ignore[union-attr,index,call-overload]
    assert "bad" in str(row["value"])  # type: ignore[index,call-overload]
    assert "jcode-plugin enable" in str(row["todo"])  # type: ignore[index,call-overload]


@needs_root
def test_a_state_directory_of_somebody_else_is_bad(tmp_path: Path) -> None:
    """And is not put right behind their back."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    os.chown(home, 54321, 54321)

    assert state.check_state(home, Config())[0].value == f"{home} belongs to user 54321"
    assert state.fix_state(home) == []


@pytest.mark.parametrize(
    ("found", "floor", "is_enough"),
    [
        ("0.17.0.2", "0.17", True),
        ("0.17", "0.17.0", True),
        ("0.16.9", "0.17", False),
        ("1.0rc1", "1.0", True),
        ("6.10", "6.9", True),
        ("", "0.1", False),
        ("unknown", "0.1", False),
    ],
)
def test_versions_are_compared_by_their_numbers(
    found: str, floor: str, is_enough: bool
) -> None:
    """Not by their letters."""
    assert packages.at_least(found, floor) is is_enough


def test_an_engine_that_is_too_old_or_shadowed_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """The archived package has the same import name."""
    installed = {"quickjs-ng": "0.16.1"}
    monkeypatch.setattr(packages, "_installed", lambda name: installed.get(name, ""))
    assert packages._engine().state == "bad"
    installed["quickjs-ng"] = "0.18"
    assert packages._engine().state == "ok"
    installed["quickjs"] = "1.19.4"
    assert packages._engine().state == "bad"
    assert "same import name" in packages._engine().value


@pytest.mark.parametrize(
    ("textual", "state", "todo"),
    [
        ("8.2.1", "ok", ""),
        ("8.1.9", "warn", "pip install 'jcode-plugins[tui]'"),
        ("", "note", "for jcode-plugin tui: pip install 'jcode-plugins[tui]'"),
    ],
)
def test_what_the_console_needs_is_not_needed_by_the_rest(
    monkeypatch: pytest.MonkeyPatch, textual: str, state: str, todo: str
) -> None:
    """Without it nothing is bad, and the row says how to have it."""
    installed = {"textual": textual}
    known = packages._installed
    monkeypatch.setattr(packages, "_installed", lambda name: installed.get(name, known(name)))
    row = next(row for row in packages.check_packages() if row.name == "the console")

    assert (row.state, row.todo) == (state, todo)


@pytest.mark.parametrize(
    ("release", "expected"),
    [("6.18.44-fc", (6, 18)), ("5.3", (5, 3)), ("4.14.0", (4, 14)), ("what", (0, 0))],
)
def test_a_release_is_read(release: str, expected: tuple[int, int]) -> None:
    """The first two numbers of it."""
    assert machine.kernel_of(release) == expected


def test_every_row_that_is_not_fine_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """On an imagined machine that has nothing."""
    monkeypatch.setattr(machine, "landlock_abi", lambda: 0)
    monkeypatch.setattr(machine, "_text", lambda _: "")
    monkeypatch.setattr(
        machine.os, "uname", lambda: os.uname_result(("Linux", "h", "4.14.0", "v", "riscv64"))
    )
    around, groups = read_surroundings("/nonexistent"), Groups("off")
    rows = machine.check_machine(around, groups)

    assert all(row.todo for row in rows if row.state != "ok")
    assert {row.name for row in rows if row.state == "bad"} == {"kernel", "architecture"}
    lacking = {layer for layer in LAYERS if machine.not_available(layer, around, groups)}
    assert lacking == {"uid", "namespaces", "empty_root", "landlock", "seccomp", "cgroup"}

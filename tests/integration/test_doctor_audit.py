"""What doctor says of the audit: the same as a host would find, and nothing is made by looking."""

import os
from pathlib import Path

import pytest

from host import Config
from host.config import AuditOptions
from host.doctor.trail import check_trail
from host.trail.place import place_of
from tests.support.trail import fill

STRICT = Config(fail_closed=True)


def test_a_log_that_can_be_kept_is_fine(tmp_path: Path) -> None:
    """Before there is one, and after."""
    row = check_trail(tmp_path, Config(), {})
    assert (row.state, row.todo) == ("ok", "")
    assert "not there yet" in row.value
    assert list(tmp_path.iterdir()) == []

    place = place_of(tmp_path, None, {})
    fill(place, 1)
    row = check_trail(tmp_path, Config(), {})
    assert row.state == "ok"
    assert row.value == f"{place.log}; check it with jcode-plugin audit --verify"


def test_a_log_that_is_off_is_worth_knowing(tmp_path: Path) -> None:
    """It is the operator's word, and still."""
    config = Config(audit=AuditOptions(enable=False))

    assert check_trail(tmp_path, config, {}).state == "note"


@pytest.mark.parametrize("trouble", ["directory", "pipe", "key", "exposed", "elsewhere"])
def test_what_keeps_the_log_from_being_kept_is_named(tmp_path: Path, trouble: str) -> None:
    """A warning; where the host would not start, it is bad."""
    place, env = place_of(tmp_path, None, {}), {}
    fill(place, 1)
    match trouble:
        case "directory":
            place.log.unlink()
            place.log.parent.rmdir()
            place.log.parent.write_text("in the way")
        case "pipe":
            place.log.unlink()
            os.mkfifo(place.log)
        case "key":
            place.key.write_text("no key")
        case "exposed":
            place.key.chmod(0o640)
        case _:
            (tmp_path / "file").write_text("no directory")
            env = {"JCODE_PLUGIN_AUDIT_PATH": str(tmp_path / "file" / "logs" / "audit.jsonl")}

    row = check_trail(tmp_path, Config(), env)

    assert row.state == "warn"
    assert row.todo
    assert str(tmp_path) in row.value
    assert check_trail(tmp_path, STRICT, env).state == "bad"

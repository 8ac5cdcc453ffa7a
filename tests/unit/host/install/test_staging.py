"""The directory in which a plugin lies before it is kept: private, and gone afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host.errors import InstallError
from host.install.staging import staging

ROOT = Path(__file__).resolve().parents[4]
_DIES = """
import os, sys
from pathlib import Path
from host.install.staging import staging
with staging(Path(sys.argv[1])) as folder:
    (folder / "left").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def left_in(home: Path) -> list[str]:
    """What is left of anybody's work."""
    return sorted(path.name for path in (home / "cache" / "staging").glob("staged-*"))


def test_it_is_private_and_goes_away(tmp_path: Path) -> None:
    """Whatever is in it."""
    with staging(tmp_path) as folder:
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("x")
        mode = folder.stat().st_mode & 0o777

    assert mode == 0o700
    assert left_in(tmp_path) == []


def test_it_goes_away_when_the_user_interrupts(tmp_path: Path) -> None:
    """Ctrl-C is an exception like any other."""
    with pytest.raises(KeyboardInterrupt), staging(tmp_path):
        raise KeyboardInterrupt

    assert left_in(tmp_path) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(
    tmp_path: Path,
) -> None:
    """The next one to come cleans up."""
    words = [sys.executable, "-c", _DIES, str(tmp_path)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as process:
        assert process.stdout is not None
        held = Path(process.stdout.readline().decode().strip())
        with staging(tmp_path):
            while_alive = held.is_dir()
        process.send_signal(signal.SIGKILL)
    assert while_alive
    assert len(left_in(tmp_path)) == 1  # the control: it did leave something

    with staging(tmp_path):
        assert len(left_in(tmp_path)) == 1  # ours alone
    assert left_in(tmp_path) == []


def test_a_home_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """With the path."""
    (tmp_path / "cache").write_text("not a directory")

    with pytest.raises(InstallError, match="staging: Not a directory"), staging(tmp_path):
        pass

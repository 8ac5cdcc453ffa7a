"""docs/installing.md has the numbers that hold."""

from pathlib import Path

from host.install.snapshots import MAX_ENTRIES, MAX_FILE_BYTES, MAX_TOTAL_BYTES
from host.install.store import WAIT_S

PAGE = Path(__file__).resolve().parents[4] / "docs" / "installing.md"


def test_the_page_has_the_numbers_that_hold() -> None:
    """How much a package may hold, and how long a change waits."""
    text = " ".join(PAGE.read_text().split())

    assert f"a file of more than {MAX_FILE_BYTES >> 20} MiB" in text
    assert f"more than {MAX_ENTRIES:,} files and directories" in text
    assert f"or more than {MAX_TOTAL_BYTES >> 20} MiB" in text
    assert "up to a minute" in text
    assert WAIT_S == 60

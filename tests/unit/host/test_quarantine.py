"""What is remembered of plugins that went against their sandbox."""

from pathlib import Path

import pytest

from host.quarantine import Off, Quarantine

ID = "file:/plugins/bad.js"


def test_it_is_remembered_by_its_id_and_lifted_by_its_name(tmp_path: Path) -> None:
    """By another host, too; of two with one name, both are lifted."""
    Quarantine(tmp_path).add("bad", ID, "socket")
    Quarantine(tmp_path).add("bad", ID + "2", "getpid")
    quarantine = Quarantine(tmp_path)

    assert quarantine.find(ID) == Off("bad", "socket")
    assert quarantine.find("file:/plugins/good.js") is None
    assert quarantine.names() == ["bad", "bad"]
    assert not quarantine.lift("good")
    assert quarantine.lift("bad")
    assert quarantine.names() == []
    assert quarantine.find(ID) is None


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """The directory and its files are the user's alone."""
    Quarantine(tmp_path / "home").add("bad", ID, "socket")
    folder = tmp_path / "home" / "quarantine"
    (file,) = folder.iterdir()

    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("record", [b"", b"{", b"[" * 20_000, b"7", b'{"name": 7}', b"\xff"])
def test_a_record_that_cannot_be_read_counts(tmp_path: Path, record: bytes) -> None:
    """It is lifted by the name of its file."""
    quarantine = Quarantine(tmp_path)
    quarantine.add("bad", ID, "socket")
    (file,) = (tmp_path / "quarantine").iterdir()
    file.write_bytes(record)

    assert quarantine.find(ID) == Off(file.name, "its record cannot be read")
    assert quarantine.lift(file.name)
    assert quarantine.find(ID) is None


def test_what_it_says_is_harmless_for_a_terminal(tmp_path: Path) -> None:
    """Names are a plugin's to choose."""
    quarantine = Quarantine(tmp_path)
    quarantine.add("b\x1b[2Jad", ID, "so\ncket")

    assert quarantine.find(ID) == Off("b\\x1b[2Jad", "so\\ncket")


def test_a_state_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The host that saw it keeps it off all the same."""
    (tmp_path / "home").write_text("a file")

    Quarantine(tmp_path / "home").add("bad", ID, "socket")

    assert Quarantine(tmp_path / "home").find(ID) is None

"""Whoever can write the log but not read the key changes nothing unnoticed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.errors import AuditError
from host.trail.key import make_key
from host.trail.place import Place, Policy
from host.trail.reading import newest
from host.trail.seal import GENESIS, encode_body, seal
from host.trail.verify import verify
from tests.support.trail import (
    assert_intact,
    bodies,
    entries,
    fill,
    open_store,
    place_in,
    problems,
)

SMALL = Policy(max_bytes=1500, max_files=100)
"""Three or four lines in a file."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A log of several files, with a torn line that was marked."""
    place = place_in(tmp_path_factory.mktemp("original"))
    fill(place, 9, SMALL)
    with place.log.open("ab") as file:
        file.write(
            b'{"seq":10,"time":1,"ki'
        )  # as a writer leaves it that is killed in its write
    fill(place, 2, SMALL)
    while place.log.read_bytes().count(b"\n") < 3:
        fill(place, 1, SMALL)
    assert_intact(place)
    assert len(place.segments_there()) >= 2
    return place


def copy_of(original: Place, directory: Path) -> Place:
    """A log with the same name, key and head: a head vouches for one path, so the original is put back there."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(original.log.parent.parent, directory)
    return original


def tampered(original: Place, tmp: Path, change: Callable[[Place], None]) -> list[str]:
    """Apply *change* to the log, return what verification says, and put the log back."""
    saved = tmp / "saved"
    copy_of(original, saved)
    try:
        change(original)
        return problems(original)
    finally:
        shutil.rmtree(original.log.parent.parent)
        shutil.copytree(saved, original.log.parent.parent)


def files_of(place: Place) -> list[Path]:
    """Every file of the log, the oldest first."""
    return [*(place.segment(n) for n in place.segments_there()), place.log]


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_byte_that_is_changed_is_found(
    original: Place, tmp_path: Path, data: st.DataObject
) -> None:
    """In any file, at any place, to any other byte: line breaks, hashes, signatures and torn lines too."""
    path = data.draw(st.sampled_from(files_of(original)))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))

    try:
        path.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
        assert problems(original)
    finally:
        path.write_bytes(content)


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_stretch_that_is_cut_out_is_found(
    original: Place, tmp_path: Path, data: st.DataObject
) -> None:
    """From one byte to the whole file, at the end too."""
    path = data.draw(st.sampled_from(files_of(original)))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start + 1, len(content)))

    try:
        path.write_bytes(content[:start] + content[end:])
        assert problems(original)
    finally:
        path.write_bytes(content)


def test_every_place_to_cut_off_at_is_found(original: Place) -> None:
    """Each line's end, where a cut leaves nothing but whole lines."""
    content = original.log.read_bytes()
    ends = [i for i, byte in enumerate(content) if byte == 10 and i + 1 < len(content)]

    try:
        assert ends
        for end in [-1, *ends]:
            original.log.write_bytes(content[: end + 1])
            assert problems(original), end
    finally:
        original.log.write_bytes(content)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_lines_in_another_order_are_found(
    original: Place, tmp_path: Path, data: st.DataObject
) -> None:
    """Swapped, repeated, moved to another file."""
    all_lines = {
        path: path.read_bytes().splitlines(keepends=True) for path in files_of(original)
    }
    changed = {path: list(lines) for path, lines in all_lines.items()}
    one, two = (data.draw(st.sampled_from(sorted(all_lines))) for _ in "12")
    i = data.draw(st.integers(0, len(all_lines[one]) - 1))
    j = data.draw(st.integers(0, len(all_lines[two]) - 1))
    match data.draw(st.sampled_from(["swap", "repeat", "remove"])):
        case "swap":
            if all_lines[one][i] == all_lines[two][j]:
                return
            changed[one][i], changed[two][j] = changed[two][j], changed[one][i]
        case "repeat":
            changed[one].insert(i, all_lines[two][j])
        case _:
            del changed[one][i]

    try:
        for path, lines in changed.items():
            path.write_bytes(b"".join(lines))
        assert problems(original)
    finally:
        for path, lines in all_lines.items():
            path.write_bytes(b"".join(lines))


def rewritten(lines: list[bytes], key: bytes) -> bytes:
    """The log as somebody writes it anew: every hash is right, and the signatures are by *key*."""
    last, made = GENESIS, []
    for seq, line in enumerate(lines, 1):
        fields = json.loads(line)
        for name in ("seq", "prev", "hash", "mac"):
            fields.pop(name)
        text, last = seal(key, encode_body(fields), seq, last)
        made.append(text)
    return b"".join(made)


def test_a_log_written_anew_is_found(tmp_path: Path) -> None:
    """With every hash right; only the key is missing. Control: with the key it is the same log."""
    place = place_in(tmp_path)
    fill(place, 5)
    content = place.log.read_bytes()
    lines = content.splitlines()

    place.log.write_bytes(rewritten(lines, make_key(place.key)))
    assert place.log.read_bytes() == content

    place.log.write_bytes(rewritten([lines[0], *lines[2:]], bytes(32)))
    assert "was not signed with this log's key" in problems(place)[0]


def test_a_log_written_anew_is_found_when_its_signatures_are_real(tmp_path: Path) -> None:
    """An earlier state of the same log, whole and signed: the head knows of more."""
    place = place_in(tmp_path)
    fill(place, 3)
    earlier = place.log.read_bytes()
    fill(place, 3)

    place.log.write_bytes(earlier)

    assert "ends with line 3, but had 6" in problems(place)[0]


def test_a_line_added_at_the_end_is_found(tmp_path: Path) -> None:
    """Numbered and chained as it should be. Control: a line with the key is one whose head was not saved."""
    place = place_in(tmp_path)
    fill(place, 3)
    content, last = place.log.read_bytes(), str(entries(place)[-1]["hash"])

    place.log.write_bytes(
        content + seal(make_key(place.key), encode_body({"n": 9}), 4, last)[0]
    )
    assert_intact(place)

    place.log.write_bytes(content + seal(bytes(32), encode_body({"n": 9}), 4, last)[0])
    assert problems(place)


def test_what_was_added_stays_found_after_more_was_appended(tmp_path: Path) -> None:
    """The next writer does not take it over, and says so; the log goes on."""
    place = place_in(tmp_path)
    fill(place, 3)
    with place.log.open("ab") as file:
        file.write(
            seal(bytes(32), encode_body({"n": 9}), 4, str(entries(place)[-1]["hash"]))[0]
        )

    fill(place, 3)

    assert any("E_FORGED" in one for one in problems(place))
    assert [one["n"] for one in entries(place) if "n" in one] == [0, 1, 2, 9, 0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda place: place.log.write_bytes(b""),
        lambda place: place.log.unlink(),
        lambda place: place.log.write_bytes(place.log.read_bytes()[:-100]),
        lambda place: shutil.rmtree(place.log.parent),
    ],
    ids=["emptied", "removed", "cut", "directory removed"],
)
def test_a_log_that_was_shortened_goes_on_and_stays_found(
    tmp_path: Path, change: Callable[[Place], None]
) -> None:
    """Found at once, marked by the next writer, and found for ever."""
    place = place_in(tmp_path)
    fill(place, 5)

    change(place)
    assert problems(place)
    fill(place, 2)

    assert any("E_CUT" in one for one in problems(place))
    assert entries(place)[-1]["n"] == 1


@pytest.mark.parametrize("change", ["remove", "swap", "stray", "back"])
def test_full_files_are_part_of_the_log(original: Place, tmp_path: Path, change: str) -> None:
    """One removed, two swapped, one added, the active one put back as a full one."""

    def apply(place: Place) -> None:
        one, two = (place.segment(n) for n in place.segments_there()[:2])
        match change:
            case "remove":
                one.unlink()
            case "swap":
                content = one.read_bytes()
                one.write_bytes(two.read_bytes())
                two.write_bytes(content)
            case "stray":
                place.segment(50).write_bytes(one.read_bytes())
            case _:
                place.log.rename(place.segment(50))

    assert_intact(original)
    assert tampered(original, tmp_path, apply)


@pytest.mark.parametrize("change", ["edit", "remove", "foreign", "older"])
def test_a_head_is_signed(original: Place, tmp_path: Path, change: str) -> None:
    """Changed, removed, of another log, of another time."""

    def apply(place: Place) -> None:
        content = place.head.read_bytes()
        other = place_in(tmp_path / "other")
        match change:
            case "edit":
                place.head.write_bytes(
                    content.replace(b'"removed":null', b'"removed":[9,9,""]')
                )
            case "remove":
                place.head.unlink()
            case "foreign":
                other.keys.mkdir(parents=True)
                shutil.copy(place.key, other.key)
                fill(other, 3)
                shutil.copy(other.head, place.head)
            case _:
                store = open_store(place)
                store.append(bodies(1))
                store.close()
                lines = place.log.read_bytes().splitlines(keepends=True)
                place.log.write_bytes(b"".join(lines[:-2]))
                place.head.write_bytes(content)

    assert tampered(original, tmp_path, apply)


@given(st.binary(max_size=200))
@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_verification_reads_anything(tmp_path: Path, content: bytes) -> None:
    """What is no log is no reason to fail."""
    place = place_in(tmp_path)
    make_key(place.key)
    place.log.parent.mkdir(exist_ok=True)
    place.log.write_bytes(content)

    report = verify(place)

    assert report.is_intact == (not content)


def test_a_file_of_holes_is_found_and_not_read(tmp_path: Path) -> None:
    """A terabyte that costs its maker nothing costs verification and the next writer nothing, too."""
    place = place_in(tmp_path)
    fill(place, 3)
    os.truncate(place.log, 1 << 40)

    assert "too long for a line" in problems(place)[0]
    with pytest.raises(AuditError, match="too large"):
        newest(place, 5, lambda _: True)
    fill(place, 1, SMALL)
    fill(place, 1, SMALL)  # it is put aside like any full file
    assert problems(place)
    assert [one["n"] for one in newest(place, 1, lambda _: True)] == [0]

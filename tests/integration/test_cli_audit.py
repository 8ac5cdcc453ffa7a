"""`jcode-plugin audit`: what a person and a program see of the log, without a running host."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.trail.place import Place, Policy, place_of
from host.trail.seal import encode_body
from tests.integration.cli_support import Cli
from tests.support.trail import open_store

ENTRIES = [
    {"time": 1.0, "kind": "loaded", "plugin": "guard", "code": "loaded", "detail": "sha256:1"},
    {"time": 2.0, "kind": "veto", "plugin": "guard", "code": "block", "detail": "no", "event": "PreToolUse"},
    {"time": 3.0, "kind": "tool", "plugin": "git", "code": "ok", "data": {"tool": "plugin_commit", "status": "answered"}},
    {"time": 4.0, "kind": "decision", "plugin": "git", "code": "deny.global",
     "data": {"decision": "deny", "layer": 2, "tool": "bash", "layer_name": "global deny", "source": "/etc/x.toml:3",
              "duration_ms": 1.25, "target": "/etc/shadow", "tier": "exec", "left": [1]}},
    {"time": 5.0, "kind": "decision", "plugin": "evil", "code": "ask.mode", "detail": "\x1b[2J\x1b]0;owned\x07\u202e",
     "data": {"decision": "ask"}},
]  # fmt: skip


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line in a directory and a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Cli(tmp_path, home)


@pytest.fixture
def place(cli: Cli) -> Place:
    """Its log, with ENTRIES in it."""
    made = place_of(cli.home, None, {})
    append(made, *ENTRIES)
    return made


def append(place: Place, *fields: dict[str, object], policy: Policy | None = None) -> None:
    """Write entries as a host would."""
    store = open_store(place, policy)
    store.append([encode_body(one) for one in fields])  # type: ignore[arg-type] # JSON, all of it
    store.append([], is_last=True)
    store.close()


def seqs(text: str) -> list[int]:
    """The numbers of the entries that were printed as JSON lines."""
    return [json.loads(line)["seq"] for line in text.splitlines()]


def test_people_see_a_table_in_which_nothing_is_obeyed(cli: Cli, place: Place) -> None:
    """Every entry once; what a plugin had a part in is escaped."""
    ran = cli("audit", check=0)

    for word in ("guard", "veto", "PreToolUse", "plugin_commit", "deny.global", "exec"):
        assert word in ran.out
    for told in ("layer 2, global deny", "/etc/x.toml:3", "1.2 ms", '{"left": [1]}'):
        assert told in ran.out
    assert r"\x1b[2J" in ran.out
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("--recent", "2"), [4, 5]),
        (("--recent", "0"), []),
        (("--plugin", "git"), [3, 4]),
        (("--decision", "deny"), [2, 4]),
        (("--decision", "allow"), [3]),
        (("--decision", "ask"), [5]),
        (("--kind", "decision"), [4, 5]),
        (("--kind", "decision", "--plugin", "git", "-n", "9"), [4]),
        (("--plugin", "nobody"), []),
    ],
)
def test_programs_see_a_json_object_a_line(
    cli: Cli, place: Place, words: tuple[str, ...], numbers: list[int]
) -> None:
    """The newest that match, the oldest first."""
    assert seqs(cli("audit", "--json", *words, check=0).out) == numbers


def test_entries_of_full_files_are_found(cli: Cli, place: Place) -> None:
    """In the order of the log, across files."""
    for n in range(6):
        append(place, *ENTRIES, {"n": n}, policy=Policy(1500, 100))

    numbers = seqs(cli("audit", "--json", "-n", "30", check=0).out)

    assert len(place.segments_there()) > 3
    assert numbers == list(range(numbers[-1] - 29, numbers[-1] + 1))


def test_no_log_is_no_error(cli: Cli) -> None:
    """Nothing has happened yet."""
    assert "no entries" in cli("audit", check=0).out
    assert cli("audit", "--json", check=0).out == ""
    assert "nothing was recorded yet" in cli("audit", "--verify", check=0).out


def test_the_environment_names_another_log(cli: Cli, place: Place, tmp_path: Path) -> None:
    """As it does for a host."""
    env = {"JCODE_PLUGIN_AUDIT_PATH": str(tmp_path / "other.jsonl")}

    assert cli("audit", "--json", env=env, check=0).out == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--kind", "vetoes"), "no such kind 'vetoes'; one of blocked, busy,"),
        (("--decision", "maybe"), "maybe"),
        (("--recent", "-1"), "--recent"),
    ],
)
def test_a_word_that_means_nothing_is_an_error(
    cli: Cli, words: tuple[str, ...], told: str
) -> None:
    """With 1, never 2: that would mean blocked."""
    ran = cli("audit", *words, check=1)

    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_log_that_cannot_be_read_is_an_error(cli: Cli, place: Place) -> None:
    """One line that names it."""
    place.log.unlink()
    place.log.mkdir()

    for words in ((), ("--verify",)):
        ran = cli("audit", *words, check=1)
        assert ran.err.startswith(f"error: {place.log}: ")
        assert ran.err.count("\n") == 1


def test_verification_has_an_exit_code_and_a_place(cli: Cli, place: Place) -> None:
    """0 and intact; 1, with file, line and what is wrong."""
    ran = cli("audit", "--verify", check=0)
    assert ran.out == f"{place.log}: intact (5 lines in 1 files)\n"
    report = cli("audit", "--verify", "--json", check=0).json()
    assert (report["ok"], report["lines"], report["problems"]) == (True, 5, [])

    lines = place.log.read_bytes().splitlines(keepends=True)
    place.log.write_bytes(b"".join([*lines[:1], *lines[2:]]))

    ran = cli("audit", "--verify", check=1)
    assert f"tampered: {place.log}:2: line 3 where 2 belongs: 2 removed or moved" in ran.out
    report = cli("audit", "--verify", "--json", check=1).json()
    assert report["ok"] is False
    assert report["problems"] == [
        {
            "file": str(place.log),
            "line": 2,
            "message": "line 3 where 2 belongs: 2 removed or moved",
        }
    ]


def test_verification_without_the_key_says_what_it_did_not_check(
    cli: Cli, place: Place
) -> None:
    """A key that is gone is no key that was never there."""
    place.key.unlink()

    assert "who wrote the lines cannot be told" in cli("audit", "--verify", check=1).out


@pytest.fixture
def following(cli: Cli, place: Place) -> Iterator["subprocess.Popen[str]"]:
    """A running `audit --follow --json` that has shown what there was."""
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "audit", "--follow", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cli.cwd,
        env=cli.environment() | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def next_seqs(process: "subprocess.Popen[str]", n: int) -> list[int]:
    """The numbers of the next *n* entries; the test's own limit ends a wait in vain."""
    assert process.stdout is not None
    return [json.loads(process.stdout.readline())["seq"] for _ in range(n)]


def test_following_survives_rotation_and_ends_with_ctrl_c(
    following: "subprocess.Popen[str]", place: Place
) -> None:
    """Every entry once and in order, whatever becomes of the files; ending it is no error."""
    assert next_seqs(following, 5) == [1, 2, 3, 4, 5]

    append(place, {"n": 1})
    assert next_seqs(following, 1) == [6]
    for n in range(8):  # several files between two looks
        append(place, *({"n": n} for _ in range(5)), policy=Policy(1500, 100))
    last = next_seqs(following, 40)
    append(place, {"n": 9}, policy=Policy(1500, 100))
    last += next_seqs(following, 1)

    assert len(place.segments_there()) > 3
    assert last == sorted(set(last))
    os.kill(following.pid, signal.SIGINT)
    assert following.stdout is not None
    assert following.stderr is not None
    # Not communicate(): what was read ahead with the last line would be missing from it.
    out, err = following.stdout.read(), following.stderr.read()
    assert (following.wait(20), err) == (0, "")
    assert set(range(6, 40)) <= {6, *last, *seqs(out)}


def test_following_begins_before_there_is_a_log(cli: Cli) -> None:
    """An operator may look before anything happens."""
    place = place_of(cli.home, None, {})
    process = subprocess.Popen(
        [sys.executable, "-m", "host", "audit", "--follow"],
        stdout=subprocess.PIPE, text=True, cwd=cli.cwd,
        env=cli.environment() | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        append(place, ENTRIES[1])
        assert process.stdout is not None
        assert any("veto" in line for line in process.stdout)
    finally:
        process.kill()
        process.communicate(timeout=10)

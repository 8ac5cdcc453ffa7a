"""The log on real files: several processes, deaths in the middle of a write, full disks, rotation."""

import errno
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host.errors import AuditError
from host.trail import processes
from host.trail.head import Writer, decode
from host.trail.key import make_key
from host.trail.place import Place, Policy, place_of
from host.trail.store import Store
from host.trail.verify import verify
from tests.support.trail import (
    ROOT,
    assert_intact,
    bodies,
    codes,
    entries,
    fill,
    open_store,
    place_in,
    problems,
    say_go,
    start_appender,
)


def numbers(place: Place, who: str) -> list[int]:
    """What *who* wrote, in the order of the log."""
    return [int(str(one["n"])) for one in entries(place) if one.get("who") == who]


@pytest.mark.parametrize("max_bytes", [10**9, 5000], ids=["one file", "rotating"])
def test_several_processes_append_to_one_chain(tmp_path: Path, max_bytes: int) -> None:
    """Every line of each, in its order, in one unbroken chain."""
    place, policy = place_in(tmp_path), Policy(max_bytes, 200)
    names = ["a", "b", "c", "d"]
    children = [start_appender(place, who, batches=15, size=4, policy=policy) for who in names]

    for child in children:
        say_go(child)
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0

    report = assert_intact(place)
    assert report.notes == []
    for who in names:
        assert numbers(place, who) == list(range(60))
    assert [one["seq"] for one in entries(place)] == list(range(1, report.lines + 1))
    assert (report.files > 1) == (max_bytes == 5000)


def test_a_writer_that_is_killed_costs_its_last_batch_at_most(tmp_path: Path) -> None:
    """SIGKILL at any moment: what was told is there, the chain goes on, the death is a record."""
    place = place_in(tmp_path)
    child = start_appender(place, "victim", batches=1_000_000, size=5)
    say_go(child)
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(3)][-1]
    child.kill()
    rest, _ = child.communicate(timeout=10)
    told = max([told, *(int(line) for line in rest.split("\n")[:-1])])

    fill(place, 3)

    report = assert_intact(place)
    written = numbers(place, "victim")
    assert written == list(range(len(written)))
    assert len(written) >= (told + 1) * 5
    assert "E_CRASHED" in codes(place)
    assert any(f"process {child.pid} ended" in note.text for note in report.notes)


def test_writers_that_are_killed_while_others_append(tmp_path: Path) -> None:
    """A held lock ends with its holder."""
    place, policy = place_in(tmp_path), Policy(8000, 200)
    steady = start_appender(place, "steady", batches=40, size=2, policy=policy)
    victims = [
        start_appender(place, f"v{i}", batches=1_000_000, size=3, policy=policy)
        for i in range(3)
    ]
    for child in (steady, *victims):
        say_go(child)
    for victim in victims:
        assert victim.stdout is not None
        victim.stdout.readline()
        victim.kill()
        victim.communicate(timeout=10)
    steady.communicate(timeout=60)

    fill(place, 1, policy)

    assert_intact(place)
    assert numbers(place, "steady") == list(range(80))
    assert codes(place).count("E_CRASHED") == 3


@pytest.mark.parametrize("kept", [1, 100, -1], ids=["a byte", "half", "all but the break"])
def test_half_a_line_is_marked_and_the_chain_goes_on(tmp_path: Path, kept: int) -> None:
    """As a power failure leaves it: beyond the head, without a line break."""
    place = place_in(tmp_path)
    fill(place, 3)
    whole = place.log.read_bytes()
    head = place.head.read_bytes()
    fill(place, 1)
    line = place.log.read_bytes()[len(whole) :]
    place.log.write_bytes(whole + line[:kept])
    place.head.write_bytes(head)

    assert "half a line" in verify(place).notes[0].text
    fill(place, 2)

    assert_intact(place)
    assert codes(place) == ([] if kept == -1 else ["E_TORN"])
    assert [one["n"] for one in entries(place) if "n" in one][-2:] == [0, 1]


def test_lines_whose_head_was_not_saved_are_taken_over(tmp_path: Path) -> None:
    """Their writer died between the two; they are signed, so they count."""
    place = place_in(tmp_path)
    fill(place, 3)
    head = place.head.read_bytes()
    fill(place, 2)
    place.head.write_bytes(head)

    assert_intact(place)
    fill(place, 1)

    assert_intact(place)
    assert codes(place) == []
    assert len(entries(place)) == 6


@pytest.mark.parametrize("lines_beyond", [0, 2])
def test_a_rotation_that_was_interrupted_is_ended(tmp_path: Path, lines_beyond: int) -> None:
    """The file was renamed and its writer died before it said so."""
    place = place_in(tmp_path)
    fill(place, 3)
    head = place.head.read_bytes()
    fill(place, lines_beyond)
    if lines_beyond:
        place.head.write_bytes(head)
    place.log.rename(place.segment(1))

    assert_intact(place)
    fill(place, 2)

    report = assert_intact(place)
    assert (report.files, report.lines) == (2, 5 + lines_beyond)


def test_a_file_that_filled_up_before_any_head_spoke_of_it_is_taken_over(
    tmp_path: Path,
) -> None:
    """The head was saved by one rotation, and the writer died in the next one."""
    place = place_in(tmp_path)
    store = open_store(place, Policy(600, 10))
    store.append(bodies(3))
    store.append(bodies(1, 3))
    head = place.head.read_bytes()
    assert place.segments_there() == [1]
    store.append([])
    store.append(bodies(1, 4))
    assert place.segments_there() == [1, 2]
    place.head.write_bytes(head)
    place.log.unlink()
    store.close()

    assert_intact(place)
    next_one = open_store(place)
    next_one.append(bodies(1))  # and is killed with this line in no head
    next_one.append(bodies(1))
    next_one.close()
    assert_intact(place)
    fill(place, 2)

    report = assert_intact(place)
    assert report.files == 3
    assert set(codes(place)) <= {"rotated", "E_CRASHED"}


def test_a_lost_head_is_told_for_good(tmp_path: Path) -> None:
    """The log goes on from its last signed line; whether some are missing nobody knows."""
    place, policy = place_in(tmp_path), Policy(1500, 100)
    fill(place, 12, policy)
    place.head.unlink()

    fill(place, 2, policy)

    assert "E_HEAD" in codes(place)
    found = problems(place)
    assert len(found) == 1
    assert "E_HEAD" in found[0]


def test_a_lost_key_is_told(tmp_path: Path) -> None:
    """Lines that it signed cannot be verified; new ones are signed with a new one."""
    place = place_in(tmp_path)
    fill(place, 3)
    place.key.unlink()
    assert "is gone" in problems(place)[0]

    fill(place, 2)

    assert any("not signed" in one for one in problems(place))
    assert entries(place)[-1]["n"] == 1


# Rotation.


def test_full_files_are_put_aside_and_the_oldest_removed(tmp_path: Path) -> None:
    """The chain runs through all of them, and what is gone is said by a signed note."""
    place = place_in(tmp_path)

    fill(place, 60, Policy(1500, 3))

    report = assert_intact(place)
    there = place.segments_there()
    assert len(there) == 3
    assert there[-1] > 5
    (note,) = report.notes
    assert f"segments up to {there[0] - 1} " in note.text
    assert "removed by rotation" in note.text
    assert all(place.segment(n).stat().st_size <= 1500 for n in there)
    assert any("removed by rotation" in str(one.get("detail")) for one in entries(place))


def test_a_file_that_rotation_did_not_remove_is_missed(tmp_path: Path) -> None:
    """The control of the test above: the note does not cover more."""
    place = place_in(tmp_path)
    fill(place, 60, Policy(1500, 3))

    place.segment(place.segments_there()[0]).unlink()

    assert any("is missing" in one for one in problems(place))


def test_files_are_put_aside_and_removed_by_age(tmp_path: Path) -> None:
    """Put aside when the oldest line is too old, removed when the newest one is."""
    place, now = place_in(tmp_path), [1000.0]
    store = Store(place, Policy(10**9, 100, max_age_s=100.0), clock=lambda: now[0])
    store.open()

    store.append(bodies(1))
    now[0] += 90
    store.append(bodies(1))
    assert place.segments_there() == []
    now[0] += 20
    store.append(bodies(1))
    assert place.segments_there() == [1]
    now[0] += 101
    store.append(bodies(1))
    assert place.segments_there() == [2]
    store.append([], is_last=True)
    store.close()

    assert_intact(place)


def test_nothing_is_kept_when_nothing_is_to_be_kept(tmp_path: Path) -> None:
    """max_files = 0: only the active file."""
    place = place_in(tmp_path)

    fill(place, 20, Policy(1500, 0))

    assert place.segments_there() == []
    assert_intact(place)


def test_a_rotation_never_writes_over_a_file(tmp_path: Path) -> None:
    """A stranger's file with our next number stays what it is, and is reported."""
    place = place_in(tmp_path)
    fill(place, 3, Policy(1500))
    place.segment(1).write_text("somebody's")

    fill(place, 9, Policy(1500))

    assert place.segment(1).read_text() == "somebody's"
    assert problems(place)


# Files that cannot be used.

FULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from host.trail.place import Place, Policy
from host.trail.store import Store
from tests.support.trail import bodies

place = Place(Path(sys.argv[2]), Path(sys.argv[3]))
store = Store(place, Policy())
store.open()
n = 0
try:
    while n < 100_000:
        store.append(bodies(50, n))
        n += 50
except OSError as error:
    print(error.errno, n, flush=True)
ballast = Path(sys.argv[4])
if ballast.exists():
    ballast.unlink()
    store.append(bodies(1, n))
    store.append([], is_last=True)
    from host.trail.verify import verify
    report = verify(place)
    print([str(one) for one in report.problems], report.lines, flush=True)
"""


def test_a_full_disk_breaks_no_chain(tmp_path: Path) -> None:
    """A real one: a small tmpfs in a mount namespace of its own. Room is made, and the log goes on."""
    mount = tmp_path / "small"
    mount.mkdir()
    script = (
        'mount -t tmpfs -o size=256k none "$1" && head -c 65536 /dev/zero > "$1/ballast" && '
        'exec "$2" -c "$3" "$4" "$1/audit/audit.jsonl" "$1/keys" "$1/ballast"'
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(mount),
         sys.executable, FULL, str(ROOT)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    code, written = map(int, first.split())
    assert code == errno.ENOSPC
    assert written >= 50
    told, lines = second.rsplit(" ", 1)
    assert told == "[]"
    assert int(lines) >= written + 1


def test_a_file_that_may_not_grow_breaks_no_chain(tmp_path: Path) -> None:
    """RLIMIT_FSIZE lets half of a write through; the next process finds whole lines, or marks half of one."""
    place = place_in(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(ROOT), str(place.log), str(place.keys), str(tmp_path / "none")],
        capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )  # fmt: skip
    assert int(done.stdout.split()[0]) == errno.EFBIG, done.stderr

    fill(place, 1)

    assert_intact(place)


def link_to_null(path: Path) -> None:
    """Make *path* a link to what swallows everything."""
    path.symlink_to("/dev/null")


NO_FILES = [os.mkfifo, link_to_null, Path.mkdir]


@pytest.mark.parametrize("make", NO_FILES, ids=["pipe", "link", "directory"])
@pytest.mark.parametrize("what", ["log", "key", "lock"])
def test_a_name_that_is_no_file_is_refused(
    tmp_path: Path, what: str, make: Callable[[Path], None]
) -> None:
    """A pipe would hold the writer for ever, a link would lead it elsewhere. Control: the same, put back."""
    place = place_in(tmp_path)
    fill(place, 1)
    path: Path = getattr(place, what)
    content = path.read_bytes()
    path.unlink()
    make(path)

    with pytest.raises(AuditError, match=path.name):
        open_store(place)

    if make is Path.mkdir:
        path.rmdir()
    else:
        path.unlink()
    path.write_bytes(content)
    fill(place, 1)
    assert_intact(place)


@pytest.mark.parametrize("unusable", ["audit", "keys"])
def test_a_directory_that_is_none_is_one_clear_line(tmp_path: Path, unusable: str) -> None:
    """What, where, and what to do."""
    (tmp_path / unusable).write_text("in the way")

    with pytest.raises(AuditError) as caught:
        open_store(place_in(tmp_path))

    told = str(caught.value)
    assert "\n" not in told
    assert str(tmp_path / unusable) in told
    assert "JCODE_PLUGIN_AUDIT_PATH" in told


def test_a_key_that_is_none_is_never_written_over(tmp_path: Path) -> None:
    """Old lines may still be verified with what can be restored."""
    place = place_in(tmp_path)
    place.keys.mkdir()
    place.key.write_text("not a key\n")

    with pytest.raises(AuditError, match="not an audit key"):
        open_store(place)

    assert place.key.read_text() == "not a key\n"


def test_keys_and_logs_are_their_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask; and a key that others may read is complained of."""
    place = place_in(tmp_path)
    before = os.umask(0)
    try:
        fill(place, 1)
    finally:
        os.umask(before)

    for path in (place.key, place.log, place.head, place.lock):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (place.keys, place.log.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert open_store(place).complaint is None
    place.key.chmod(0o644)
    assert "chmod 600" in str(open_store(place).complaint)


def test_those_who_make_the_key_at_once_share_one(tmp_path: Path) -> None:
    """The slower ones take the first one's."""
    path = tmp_path / "keys" / "audit.key"
    start, made = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        made.append(make_key(path))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert [one.name for one in path.parent.iterdir()] == ["audit.key"]


# Small parts.


def test_the_environment_goes_before_the_configuration(tmp_path: Path) -> None:
    """And both before the home; keys stay in the home."""
    assert place_of(tmp_path, None, {}).log == tmp_path / "audit" / "audit.jsonl"
    assert place_of(tmp_path, "/a/b.jsonl", {}).log == Path("/a/b.jsonl")
    place = place_of(tmp_path, "/a/b.jsonl", {"JCODE_PLUGIN_AUDIT_PATH": "/c/d.jsonl"})
    assert (place.log, place.keys) == (Path("/c/d.jsonl"), tmp_path / "keys")
    assert place.head != place_of(tmp_path, None, {}).head


def test_a_process_is_known_by_its_start_not_by_its_number() -> None:
    """A number that was given to another process is no longer the one that wrote."""
    me = processes.this_writer()
    child = subprocess.Popen(["true"])
    pid = child.pid
    child.wait()

    assert processes.ended([me]) == ()
    assert processes.ended([me._replace(started=me.started + 1)]) != ()
    assert processes.ended([Writer(pid, 1, me.namespace)]) != ()
    assert processes.ended([Writer(pid, 1, "another machine")]) == ()


def test_a_head_of_another_log_is_none(tmp_path: Path) -> None:
    """Signed with the same key, for another path."""
    place = place_in(tmp_path)
    fill(place, 1)
    key, data = make_key(place.key), place.head.read_bytes()

    assert decode(data, key, place.log) is not None
    assert decode(data, key, place.log.with_name("other.jsonl")) is None
    assert decode(data, bytes(32), place.log) is None
    assert decode(data[:-1], key, place.log) is None


def test_a_forked_child_holds_no_lock(tmp_path: Path) -> None:
    """The description of a lock is shared: a child that kept it would block everybody after our death."""
    place = place_in(tmp_path)
    store = open_store(place)
    store.append(bodies(1))
    fd = store._lock_fd
    pid = os.fork()
    if pid == 0:
        store.abandon()
        try:
            os.fstat(fd)
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    store.append([], is_last=True)
    store.close()

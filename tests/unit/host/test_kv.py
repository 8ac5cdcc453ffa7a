"""The key-value store: durable, bounded, shared between processes."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host.kv import MAX_KEY_BYTES, KvError, KvStore

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from pathlib import Path
from host.kv import KvStore

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
with KvStore(path, 1 << 22, busy_timeout_s=30) as store:
    for index in range(count):
        store.set(f"{name}{index}", str(index))
        print(f"{name}{index}", flush=True)
"""


def writer(path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    """Start a process that opens the store and writes when it is sent a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kv" / "plugin.sqlite"


def refused(code: str, store: KvStore, key: str, value: str = "1") -> None:
    with pytest.raises(KvError) as caught:
        store.set(key, value)
    assert caught.value.code == code


def test_what_was_set_is_there_after_reopening(path: Path) -> None:
    """Keys and texts come back as they were, NUL and all."""
    entries = {"a": "1", "k\x00\u00e9\U0001f600": '"\\ud800"', "z" * MAX_KEY_BYTES: "null"}
    with KvStore(path, 1 << 20) as store:
        for key, text in entries.items():
            store.set(key, text)
        store.set("a", "2")

    with KvStore(path, 1 << 20) as store:
        assert store.get_all()[0] == {**entries, "a": "2"}


def test_deleting_is_durable_and_deleting_nothing_is_no_change(path: Path) -> None:
    """The version counts changes only."""
    with KvStore(path, 1 << 20) as store:
        first = store.set("a", "1")
        second = store.delete("a")
        assert second == first + 1
        assert store.delete("a") == second
        assert store.get_all() == ({}, second)


def test_only_we_can_read_it(path: Path) -> None:
    """Directory, file and the log beside it; whatever the umask of the program is."""
    before = os.umask(0)
    try:
        with KvStore(path.parent / "deeper" / path.name, 1 << 20) as store:
            store.set("a", "1")
            made = sorted(path.parent.rglob("*"))
            modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in made}
            outer = stat.S_IMODE(path.parent.stat().st_mode)
    finally:
        os.umask(before)

    assert outer == 0o700
    assert modes.pop("deeper") == 0o700
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


def test_keys_and_values_are_judged(path: Path) -> None:
    """What cannot be stored has a code that a plugin can catch."""
    with KvStore(path, 1 << 20, max_value_bytes=10) as store:
        refused("E_INVALID", store, "")
        refused("E_INVALID", store, "\u00e9" * (MAX_KEY_BYTES // 2) + "x")
        refused("E_INVALID", store, "\ud800")
        refused("E_INVALID", store, "a", '"\ud800"')
        refused("E_TOO_LARGE", store, "a", "x" * 11)
        with pytest.raises(KvError, match="empty"):
            store.delete("")
        store.set("a", "x" * 10)


def test_the_quota_counts_keys_and_values(path: Path) -> None:
    """An entry that would pass it is refused and changes nothing; room that is freed can be used."""
    with KvStore(path, 20) as store:
        store.set("a", "x" * 9)
        store.set("b", "x" * 9)
        refused("E_QUOTA", store, "c", "")
        refused("E_QUOTA", store, "b", "x" * 10)
        store.set("b", "x" * 8)
        store.set("c", "")
        store.delete("a")
        version = store.set("d", "x" * 9)
        assert store.get_all() == ({"b": "x" * 8, "c": "", "d": "x" * 9}, version)


def test_a_store_over_its_quota_may_shrink(path: Path) -> None:
    """Lowering the quota does not lock a plugin out."""
    with KvStore(path, 100) as store:
        store.set("a", "x" * 50)

    with KvStore(path, 10) as store:
        refused("E_QUOTA", store, "a", "x" * 51)
        store.set("a", "x" * 30)
        store.delete("a")
        store.set("b", "x")


def test_the_quota_sees_what_other_writers_use(path: Path) -> None:
    """The number of bytes in use is remembered only as long as nobody else writes."""
    with KvStore(path, 20) as one, KvStore(path, 20) as other:
        one.set("a", "x" * 9)
        other.set("b", "x" * 9)
        refused("E_QUOTA", one, "c", "x")
        other.delete("b")
        one.set("c", "x")


def test_another_writer_is_noticed(path: Path) -> None:
    """By asking, and by the version that one's own write returns."""
    with KvStore(path, 1 << 20) as one, KvStore(path, 1 << 20) as other:
        version = one.set("a", "1")
        assert not one.changed_since(version)
        assert other.get_all() == ({"a": "1"}, version)

        other.set("b", "1")

        assert one.changed_since(version)
        assert one.set("c", "1") == version + 2


def test_only_what_others_write_asks_for_a_reload(path: Path) -> None:
    """One's own writes do not, and a write on top of another's does not hide that one."""
    with KvStore(path, 1 << 20) as one, KvStore(path, 1 << 20) as other:
        one.set("a", "1")
        assert not one.was_changed_elsewhere()

        other.set("b", "1")
        one.set("c", "1")

        assert one.was_changed_elsewhere()
        assert set(one.get_all()[0]) == {"a", "b", "c"}
        assert not one.was_changed_elsewhere()


def test_a_batch_is_one_transaction_in_which_each_write_is_judged(path: Path) -> None:
    """What is refused says why and takes nothing else along; order counts."""
    with KvStore(path, 20) as store:
        refused_ones = store.apply(
            [
                ("a", "x" * 9),
                ("", "1"),
                ("b", "x" * 99),
                ("a", None),
                ("b", "x" * 18),
                ("c", None),
            ]
        )

        codes = [error.code if error else None for error in refused_ones]
        assert codes == [None, "E_INVALID", "E_QUOTA", None, None, None]
        assert store.get_all() == ({"b": "x" * 18}, 1)
        assert store.apply([("c", None), ("", "1")])[0] is None
        assert store.version() == 1
        assert store.apply([]) == []


def test_it_may_be_used_from_one_thread_after_another(path: Path) -> None:
    """Not at the same time; the host sees to that."""
    with KvStore(path, 1 << 20) as store:
        thread = threading.Thread(target=store.set, args=("a", "1"))
        thread.start()
        thread.join()
        assert store.get_all()[0] == {"a": "1"}


def test_processes_that_create_and_write_together_lose_nothing(path: Path) -> None:
    """Every one of their entries is there, and every write made a version."""
    processes = [writer(path, name, 60) for name in "abc"]
    for process in processes:
        go(process)
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert len(out.splitlines()) == 60

    with KvStore(path, 1 << 20) as store:
        entries, version = store.get_all()
    assert set(entries) == {f"{name}{index}" for name in "abc" for index in range(60)}
    assert version == 180


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_a_kill_loses_nothing_that_was_acknowledged(path: Path, acknowledged: int) -> None:
    """The writer dies by SIGKILL in the middle of its work."""
    process = writer(path, "k", 1_000_000)
    go(process)
    assert process.stdout is not None
    seen = [process.stdout.readline().strip() for _ in range(acknowledged)]
    process.send_signal(signal.SIGKILL)
    seen += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.communicate()

    with KvStore(path, 1 << 22) as store:
        entries, version = store.get_all()
    assert set(seen) <= set(entries)
    assert len(seen) <= len(entries) <= len(seen) + 1
    assert version == len(entries)


def test_a_writer_that_cannot_get_its_turn_says_so(path: Path) -> None:
    """E_BUSY may be tried again; nothing was written."""
    with KvStore(path, 1 << 20, busy_timeout_s=0.02) as store:
        version = store.set("a", "1")
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")

        refused("E_BUSY", store, "b")
        assert store.get_all() == ({"a": "1"}, version)

        holder.execute("COMMIT")
        holder.close()
        store.set("b", "1")


def foreign(path: Path) -> None:
    path.write_bytes(b"this is no database, but it may be dear to somebody" * 100)


def damaged(path: Path) -> None:
    with KvStore(path, 1 << 20) as store:
        for index in range(500):
            store.set(f"key{index}", "x" * 100)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def other_schema(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE entries (something TEXT)")
    connection.commit()
    connection.close()


def other_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letters (something TEXT)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("spoil", [foreign, damaged, other_schema, other_table])
def test_a_damaged_file_is_named_and_left_alone(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    """The operator gets the path; not a byte is deleted."""
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(KvError, match=str(path)) as caught:
        KvStore(path, 1 << 20).get_all()

    assert caught.value.code == "E_CORRUPT"
    assert path.read_bytes() == before


def test_a_link_in_place_of_the_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Whoever put it there does not choose where we write."""
    path.parent.mkdir()
    target = tmp_path / "target"
    path.symlink_to(target)

    with pytest.raises(KvError, match="not a regular file"):
        KvStore(path, 1 << 20)

    assert not target.exists()


def test_a_directory_that_cannot_be_made_is_an_error_with_its_name(tmp_path: Path) -> None:
    """E_IO names the file that was wanted."""
    (tmp_path / "file").write_text("")

    with pytest.raises(KvError, match=r"plugin\.sqlite") as caught:
        KvStore(tmp_path / "file" / "plugin.sqlite", 1 << 20)

    assert caught.value.code == "E_IO"


def test_a_closed_store_is_an_error_not_a_crash(path: Path) -> None:
    """A late write is told that it was not done."""
    store = KvStore(path, 1 << 20)
    store.close()

    refused("E_IO", store, "a")

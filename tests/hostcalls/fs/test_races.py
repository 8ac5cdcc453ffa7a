"""Links that are swapped in between a decision and the act change nothing: ten thousand tries, none of them an escape.

Another process exchanges a directory with a link to a forbidden one, and a file with a link to a forbidden one, as
fast as the kernel does it. The control does what a careless host would, and escapes.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

import host.reached
from host.beneath import NoOpenat2Error
from host.hostcalls import fs_tree, fs_write
from host.outcome import Json
from host.reactor import now_s
from host.realpath import resolve
from policies.capability import FileRequest
from tests.hostcalls.fs.conftest import Files, MakeFiles, allowing

READS_AND_WRITES = 10_000
OTHERS = 1_000
SECRET = "what the plugin may not see"
SWAP = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
pairs = [(os.fsencode(a), os.fsencode(b)) for a, b in zip(sys.argv[1::2], sys.argv[2::2])]
parent = os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    for _ in range(1000):
        for one, other in pairs:
            if libc.renameat2(-100, one, -100, other, 2):  # RENAME_EXCHANGE
                sys.exit("renameat2 failed")
"""


class Place:
    """The plugin's directory ``work``, in which ``d`` and ``f`` are now themselves and now links into ``secret``."""

    def __init__(self, root: Path) -> None:
        self.work = root / "work"
        self.secret = root / "secret"
        self.secret.mkdir()
        (self.secret / "file").write_text(SECRET)
        (self.secret / "only-here").mkdir()
        os.utime(self.secret / "file", (1, 1))
        self.renew()
        (self.work / "d-link").symlink_to("../secret")
        (self.work / "f-link").symlink_to("../secret/file")
        self.was = self.look()

    def renew(self) -> None:
        """Make what is public."""
        (self.work / "d").mkdir()
        (self.work / "d" / "file").write_text("public")
        (self.work / "f").write_text("public")

    def look(self) -> list[object]:
        """Everything about the forbidden directory that an escape would change."""
        return [
            (path.name, info.st_mode, info.st_size, info.st_mtime_ns if path.is_file() else 0)
            for path in sorted(self.secret.iterdir())
            for info in (path.lstat(),)
        ] + [(self.secret / "file").read_text()]


@pytest.fixture
def files(files_of: MakeFiles, tmp_path: Path) -> Files:
    """A plugin that may read and write ``work``."""
    return files_of(allowing(str(tmp_path / "work")))


@pytest.fixture
def place(files: Files, tmp_path: Path) -> Iterator[Place]:
    """Swapped while the test runs."""
    made = Place(tmp_path)
    names = [str(made.work / name) for name in ("d", "d-link", "f", "f-link")]
    with subprocess.Popen(
        [sys.executable, "-I", "-c", SWAP, *names], stdout=subprocess.PIPE
    ) as swapper:
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == b"ready\n"
        yield made
        assert swapper.poll() is None  # it went on until the end
        swapper.kill()


def outcomes(
    files: Files, times: int, calls: list[tuple[str, dict[str, Json]]]
) -> Iterator[tuple[str, str, dict[str, Json]]]:
    for at in range(times):
        name, args = calls[at % len(calls)]
        code, answer = files.call(name, **args)
        yield name, code, answer


def swapped(found: set[str]) -> bool:
    """Whether both were met: what is allowed, and the link."""
    return "" in found and "E_DENIED" in found


def reads(place: Place, times: int, files: Files) -> set[str]:
    calls: list[tuple[str, dict[str, Json]]] = [
        ("fs.read", {"path": str(place.work / name), "text": True}) for name in ("d/file", "f")
    ]
    found = set()
    for _, code, answer in outcomes(files, times, calls):
        found.add(code)
        assert answer.get("text", "public") == "public"
    return found


def writes(place: Place, times: int, files: Files) -> set[str]:
    calls: list[tuple[str, dict[str, Json]]] = [
        ("fs.write", {"path": str(place.work / name), "text": "written", "how": how})
        for name in ("d/file", "f")
        for how in ("replace", "append")
    ]
    return {code for _, code, _ in outcomes(files, times, calls)}


def test_no_read_escapes(place: Place, files: Files) -> None:
    """It gives what is public, or an error."""
    assert swapped(reads(place, READS_AND_WRITES, files))


def test_no_write_escapes(place: Place, files: Files) -> None:
    """It changes what may be changed, or nothing."""
    assert swapped(writes(place, READS_AND_WRITES, files))
    assert place.look() == place.was


def test_without_openat2_none_escapes_either(
    place: Place, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on an old kernel: names are opened one by one."""

    def no_openat2(*_: object) -> int:
        raise NoOpenat2Error

    monkeypatch.setattr(host.reached, "openat2", no_openat2)
    assert swapped(reads(place, OTHERS, files))
    assert swapped(writes(place, OTHERS, files))
    assert place.look() == place.was


def path_in(place: Place, name: str) -> str:
    return str(place.work / name)


OTHER_CALLS: dict[str, Callable[[Place], list[tuple[str, dict[str, Json]]]]] = {
    "making": lambda place: [
        ("fs.write", {"path": path_in(place, "d/new"), "text": "", "how": "create"}),
        ("fs.remove", {"path": path_in(place, "d/new")}),
        ("fs.mkdir", {"path": path_in(place, "d/a")}),
        ("fs.remove", {"path": path_in(place, "d/a"), "what": "directory"}),
        ("fs.mkdir", {"path": path_in(place, "d/b/c"), "recursive": True}),
        ("fs.remove", {"path": path_in(place, "d/b"), "recursive": True}),
        ("fs.mkdtemp", {"prefix": path_in(place, "d/t-")}),
        ("fs.open", {"path": path_in(place, "d/o"), "write": True, "create": True}),
    ],
    "changing": lambda place: [
        ("fs.chmod", {"path": path_in(place, "f"), "mode": 0o600}),
        ("fs.utimes", {"path": path_in(place, "d/file"), "atime": 5000, "mtime": 5000}),
        ("fs.truncate", {"path": path_in(place, "f"), "size": 3}),
        ("fs.write", {"path": path_in(place, "f"), "text": "x", "how": "at", "offset": 1}),
        ("fs.copy", {"from": path_in(place, "plain"), "to": path_in(place, "d/file")}),
        ("fs.rename", {"from": path_in(place, "d/x"), "to": path_in(place, "d/file")}),
        ("fs.rename", {"from": path_in(place, "d/file"), "to": path_in(place, "d/x")}),
        ("fs.symlink", {"target": path_in(place, "plain"), "path": path_in(place, "d/link")}),
    ],
    "removing": lambda place: [
        ("fs.remove", {"path": path_in(place, "d/file")}),
        ("fs.write", {"path": path_in(place, "d/file"), "text": "public"}),
        ("fs.mkdir", {"path": path_in(place, "d/only-here/deep"), "recursive": True}),
        ("fs.remove", {"path": path_in(place, "d/only-here"), "recursive": True}),
    ],
}


@pytest.mark.parametrize("calls", OTHER_CALLS.values(), ids=OTHER_CALLS)
def test_no_other_change_escapes(
    place: Place, files: Files, calls: Callable[[Place], list[tuple[str, dict[str, Json]]]]
) -> None:
    """What makes, changes and removes leaves the forbidden directory as it was."""
    (place.work / "plain").write_text("plain")
    found = {code for _, code, _ in outcomes(files, OTHERS, calls(place))}

    assert swapped(found)
    assert place.look() == place.was


def test_no_look_escapes(place: Place, files: Files) -> None:
    """Names, sizes, places and copies are of what is public, too."""
    copied = place.work / "copied"
    found = set()
    for name, code, answer in outcomes(
        files,
        OTHERS * 5,
        [
            ("fs.list", {"path": path_in(place, "d")}),
            ("fs.stat", {"path": path_in(place, "f")}),
            ("fs.realpath", {"path": path_in(place, "d/file")}),
            ("fs.exists", {"path": path_in(place, "d/only-here")}),
            ("fs.copy", {"from": path_in(place, "f"), "to": str(copied)}),
        ],
    ):
        found.add(code)
        if code:
            continue
        match name:
            case "fs.list":
                assert answer["entries"] == [["file", "file"]]
            case "fs.stat":
                assert answer["size"] == len("public")
            case "fs.realpath":
                assert str(place.work) in str(answer["path"])
            case "fs.exists":
                assert answer["exists"] is False
            case _:
                assert copied.read_text() == "public"

    assert swapped(found)


def test_the_control_escapes(place: Place, files: Files) -> None:
    """Whoever looks, decides and then opens the name reads what is forbidden, and writes it."""
    chain = files.stage.workspace.snapshot.chain

    def is_allowed(kind: str, path: str) -> bool:
        try:
            request = FileRequest(kind, resolve(path), named=path)  # type: ignore[arg-type]  # one of two
        except OSError:
            return False
        return chain.decide("hostile", request).allowed

    until = now_s() + 60
    has_read = has_written = False
    while not (has_read and has_written) and now_s() < until:
        path = path_in(place, "f")
        if not has_read and is_allowed("fs_read", path):
            has_read = Path(path).read_text() == SECRET
        if has_read and is_allowed("fs_write", path):
            with open(path, "r+") as file:
                file.write("W")
            has_written = place.look() != place.was

    assert (has_read, has_written) == (True, True)


class Alone:
    """No lock at all."""

    def changing(self) -> AbstractContextManager[None]:
        """At any time."""
        return nullcontext()

    moving = changing


def smuggle(files: Files, root: Path, tries: int, within_s: float) -> bool:
    """Have one hostcall move a directory to where ``bad`` may not be written, while another makes it in there."""
    work = root / "work"
    until = now_s() + within_s
    stop = threading.Event()

    def make() -> None:
        own = Files(files.stage)
        while not stop.is_set():
            own.call("fs.write", path=str(work / "x" / "bad"), text="smuggled")

    maker = threading.Thread(target=make)
    maker.start()
    try:
        for _ in range(tries):
            files.call("fs.mkdir", path=str(work / "x"))
            files.call("fs.rename", **{"from": str(work / "x"), "to": str(work / "out")})
            if (work / "out" / "bad").exists():
                return True
            shutil.rmtree(work / "out", ignore_errors=True)
            files.call("fs.remove", path=str(work / "x"), recursive=True)
            if now_s() > until:
                break
        return (work / "out" / "bad").exists()
    finally:
        stop.set()
        maker.join()


@pytest.fixture
def smuggler(files_of: MakeFiles, tmp_path: Path) -> Files:
    """A plugin that may write everywhere in ``work`` but ``out/bad``."""
    bad = str(tmp_path / "work" / "out" / "bad")
    return files_of(
        allowing(str(tmp_path / "work")).model_copy(update={"deny": {"fs_write": (bad,)}})
    )


def test_nothing_is_smuggled_in_by_a_rename(smuggler: Files, tmp_path: Path) -> None:
    """What is moved is what was looked through."""
    assert not smuggle(smuggler, tmp_path, OTHERS, 60)


def test_without_the_lock_it_is(
    smuggler: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same two hostcalls, side by side."""
    for module in (fs_tree, fs_write):
        monkeypatch.setattr(module, "TREE", Alone())

    assert smuggle(smuggler, tmp_path, 1_000_000, 60)

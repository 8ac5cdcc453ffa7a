"""What no permission opens: protected places, special files, other names of a file, and sizes without end."""

import os
import socket
import stat
from base64 import b64encode
from pathlib import Path

import pytest

from host.config import Config
from host.config.model import Limits
from host.hostcalls import fs_read, fs_tree
from tests.hostcalls.fs.conftest import Files, MakeFiles, allowing

EVERYTHING = Config(allow={"fs_read": ("*",), "fs_write": ("*",)})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with what is worth stealing."""
    made = tmp_path / "user"
    (made / ".ssh").mkdir(parents=True)
    (made / ".ssh" / "id_ed25519").write_text("PRIVATE")
    (made / ".netrc").write_text("PASSWORD")
    (made / "notes.txt").write_text("notes")
    (made / ".config").mkdir()
    monkeypatch.setenv("HOME", str(made))
    return made


@pytest.fixture
def everything(home: Path, files_of: MakeFiles) -> Files:
    """A plugin that may do everything that may be allowed."""
    files = files_of(EVERYTHING)
    (files.stage.folder / ".git" / "hooks").mkdir(parents=True)
    return files


def test_what_is_protected_is_never_read(everything: Files, home: Path) -> None:
    """By its name, by another name, by a link; the control is the file beside it."""
    work = everything.stage.folder
    (work / "link").symlink_to(home / ".ssh" / "id_ed25519")
    (work / "folder").symlink_to(home)
    state = everything.stage.runtime.home
    (state / "secret").write_text("x")

    assert everything.code("fs.read", path=str(home / "notes.txt")) == ""
    for path in (
        home / ".ssh" / "id_ed25519",
        home / "x" / ".." / ".ssh" / "id_ed25519",
        work / "link",
        work / "folder" / ".ssh" / "id_ed25519",
        work / "folder" / ".netrc",
        state / "secret",
        Path("/proc/self/environ"),
        Path("/proc/self/root") / str(home / "notes.txt")[1:],
        Path(f"/proc/{os.getpid()}/cwd/pyproject.toml"),
    ):
        code, answer = everything.call("fs.read", path=str(path))
        assert (code, answer) == ("E_DENIED", {}), path
    assert everything.code(
        "fs.copy", **{"from": str(work / "link"), "to": str(work / "c")}
    ) == ("E_DENIED")


def test_what_is_protected_is_never_written(everything: Files, home: Path) -> None:
    """Hooks, start-up files, our own state; the control is a file beside them."""
    work = everything.stage.folder
    (work / "to-git").symlink_to(".git/hooks/pre-commit")
    (work / "hooks").symlink_to(".git/hooks")

    assert everything.code("fs.write", path=str(work / "ok"), text="x") == ""
    for path in (
        work / ".git" / "hooks" / "pre-commit",
        work / "to-git",
        work / "hooks" / "pre-commit",
        home / ".bashrc",
        everything.stage.runtime.home / "config.toml",
    ):
        for how in ("replace", "append", "create"):
            code = everything.code("fs.write", path=str(path), text="x", how=how)
            # A link is not written through; with "create" it is itself in the way.
            assert code == ("E_EXIST" if how == "create" and path.is_symlink() else "E_DENIED")
    assert list((work / ".git" / "hooks").iterdir()) == []


def test_a_tree_is_no_way_to_what_is_protected_in_it(everything: Files, home: Path) -> None:
    """Neither removing nor renaming what is around it, and nothing was touched before that was found out."""
    work = everything.stage.folder
    inside = work / "project"
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "config").write_text("x")
    (inside / "a.txt").write_text("x")
    made = work / "made"
    (made / "fish").mkdir(parents=True)
    (made / "fish" / "config.fish.txt").write_text("x")
    secret = work / "secret"
    secret.mkdir()
    (secret / ".netrc").write_text("x")

    def rename(source: Path, to: Path) -> str:
        return everything.code("fs.rename", **{"from": str(source), "to": str(to)})

    assert everything.code("fs.remove", path=str(inside), recursive=True) == "E_DENIED"
    assert (inside / "a.txt").exists()
    assert rename(inside, work / "moved") == "E_DENIED"
    # Into a protected place, as a whole directory that could be made elsewhere:
    os.rmdir(home / ".config")
    assert rename(made, home / ".config") == "E_DENIED"
    # Out of reach of a rule on its name, to be read there:
    assert rename(home / ".netrc", work / "readable") == "E_DENIED"
    assert (home / ".netrc").exists()
    assert rename(secret, work / "other") == ""  # its name in there is protected as before
    assert everything.code("fs.read", path=str(work / "other" / ".netrc")) == "E_DENIED"
    # The control: the same with nothing protected in it.
    (made / "fish").rename(made / "plain")
    assert rename(made, work / "elsewhere") == ""
    assert everything.code("fs.remove", path=str(work / "elsewhere"), recursive=True) == ""


def test_links_are_made_only_to_where_the_plugin_may_go(everything: Files, home: Path) -> None:
    """Else somebody else would be led there."""
    work = everything.stage.folder

    def link(target: str, name: str) -> str:
        return everything.code("fs.symlink", target=target, path=str(work / name))

    assert link("ok.txt", "a") == ""
    assert link(str(home / ".ssh" / "id_ed25519"), "b") == "E_DENIED"
    assert link("../user/.netrc", "c") == "E_DENIED"
    assert link(".git/config", "d") == "E_DENIED"


def test_the_data_directory_stays_what_it_is(everything: Files, home: Path) -> None:
    """A link in its place would make what it leads to the plugin's own, past layer 0, at the next load."""
    data = everything.stage.plugin.data_dir()
    work = everything.stage.folder
    made = str(work / "made")

    assert everything.code("fs.write", path=str(data / "a"), text="x") == ""
    assert everything.code("fs.mkdir", path=made) == ""
    assert everything.code("fs.remove", path=str(data), recursive=True) == "E_BUSY"
    assert everything.code("fs.remove", path=str(data / "a")) == ""
    assert everything.code("fs.remove", path=str(data), what="directory") == "E_BUSY"
    assert everything.code("fs.rename", **{"from": str(data), "to": f"{made}2"}) == "E_BUSY"
    assert everything.code("fs.rename", **{"from": made, "to": str(data)}) == "E_BUSY"
    assert everything.code("fs.symlink", target=str(home), path=str(data)) in (
        "E_EXIST",
        "E_DENIED",
    )
    assert data.is_dir()
    assert not data.is_symlink()


@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
def test_special_files_are_not_opened(everything: Files, kind: str) -> None:
    """Reading a pipe would wait for ever; they are described, and that is all."""
    path = everything.stage.folder / kind
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            listener.bind(str(path))
        else:
            path.symlink_to("/dev/zero")

        assert everything.code("fs.stat", path=str(path)) == ""
        assert everything.code("fs.read", path=str(path)) == "E_INVAL"
        for how in ("replace", "append", "at"):
            code = everything.code("fs.write", path=str(path), text="x", how=how)
            assert code == ("E_DENIED" if kind == "device" else "E_INVAL")
        for name in ("fs.truncate", "fs.open"):
            assert everything.code(name, path=str(path)) in ("E_INVAL", "E_DENIED")


def test_other_names_of_a_file_keep_what_they_hold(everything: Files, tmp_path: Path) -> None:
    """A file that is written gets a new inode instead; one that would be changed in place is refused."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    elsewhere.chmod(0o640)
    here = everything.stage.folder / "here"
    here.hardlink_to(elsewhere)

    for name, args in {
        "fs.write": {"text": "x", "how": "append"},
        "fs.truncate": {"size": 0},
        "fs.chmod": {"mode": 0o777},
        "fs.utimes": {"atime": 1, "mtime": 1},
        "fs.open": {"write": True, "truncate": True},
    }.items():
        assert everything.code(name, path=str(here), **args) == "E_MLINK"
    assert everything.code("fs.write", path=str(here), text="new") == ""

    assert (elsewhere.read_text(), here.read_text()) == ("kept", "new")
    assert stat.S_IMODE(here.stat().st_mode) == 0o640
    assert everything.code("fs.write", path=str(here), text="+", how="append") == ""
    assert sorted(os.listdir(here.parent)) == [".git", "here", "home", "hostile.js"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("{work}/line\nbreak", ""),
        ("{work}/caf\u00e9", ""),
        ("{work}/cafe\u0301", ""),
        ("{work}/\U0001f600", ""),
        ("{work}//./x/../plain", "E_NOT_FOUND"),
        ("{work}/nul\0byte", "E_INVALID"),
        ("relative", "E_INVALID"),
        ("", "E_INVALID"),
        ("{work}/" + "n" * 256, "E_NAMETOOLONG"),
        ("{work}/" + "n/" * 2100, "E_NAMETOOLONG"),
        ("{work}/" + "n/" * 300, "E_DENIED"),
        ("{work}/..", "E_DENIED"),
        ("{work}", "E_ISDIR"),
        ("/", "E_DENIED"),
    ],
)
def test_names(files_of: MakeFiles, tmp_path: Path, path: str, code: str) -> None:
    """Any name is one name; what is none is refused, and nothing is cut at a NUL."""
    files = files_of(allowing(str(tmp_path / "work")))
    wanted = path.replace("{work}", str(tmp_path / "work"))

    assert files.code("fs.write", path=wanted, text="x") == code
    if not code:
        assert files.call("fs.read", path=wanted, text=True)[1]["text"] == "x"
        assert Path(wanted).read_text() == "x"


def test_whether_something_is_there_is_told_only_to_who_may_know(
    files_of: MakeFiles, tmp_path: Path
) -> None:
    """Outside of what is granted, what exists and what does not have the same answer."""
    files = files_of(allowing(str(tmp_path / "work")))
    (tmp_path / "there").write_text("x")
    (tmp_path / "work" / "dangling").symlink_to("../not-there")
    (tmp_path / "work" / "loop").symlink_to("loop")

    for name in ("fs.read", "fs.stat", "fs.lstat", "fs.list", "fs.exists", "fs.realpath", "fs.remove", "fs.mkdir"):  # fmt: skip
        for path in ("there", "not-there", "not-there/deeper", "there/x"):
            assert files.code(name, path=str(tmp_path / path)) == "E_DENIED", (name, path)
    assert files.code("fs.read", path=str(tmp_path / "work" / "dangling")) == "E_DENIED"
    assert files.code("fs.read", path=str(tmp_path / "work" / "loop")) == "E_LOOP"
    assert files.code("fs.read", path=str(tmp_path / "work" / "none")) == "E_NOT_FOUND"


def test_no_bit_makes_a_file_run_as_somebody_else(everything: Files) -> None:
    """setuid, setgid and sticky are taken out of every mode."""
    work = everything.stage.folder
    everything.code("fs.write", path=str(work / "a"), text="", mode=0o7777)
    everything.code("fs.mkdir", path=str(work / "b"), mode=0o7777)
    everything.code("fs.write", path=str(work / "c"), text="")
    everything.code("fs.chmod", path=str(work / "c"), mode=0o7777)

    assert stat.S_IMODE((work / "c").stat().st_mode) == 0o777
    assert all(not stat.S_IMODE((work / name).stat().st_mode) & 0o7000 for name in "abc")


def test_sizes_are_bounded(
    everything: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of an answer, of a file that is stretched, of a directory that is listed or removed."""
    work = everything.stage.folder
    (work / "big").write_bytes(b"\x01" * (10 << 20))
    (work / "many").mkdir()
    for at in range(30):
        (work / "many" / str(at)).touch()

    for text in (False, True):
        code, answer = everything.call("fs.read", path=str(work / "big"), text=text)
        assert code == ""
        assert len(str(answer)) < 12 << 20
        assert answer["next"] is not None
    huge = 1 << 40
    assert everything.code("fs.truncate", path=str(work / "big"), size=huge) == "E_INVALID"
    write = {"path": str(work / "big"), "text": "x", "how": "at", "offset": huge}
    assert everything.code("fs.write", **write) == "E_INVALID"
    monkeypatch.setattr(fs_read, "_MAX_ENTRIES", 20)
    monkeypatch.setattr(fs_tree, "_MAX_ENTRIES", 20)
    assert everything.code("fs.list", path=str(work / "many")) == "E_TOO_LARGE"
    remove = {"path": str(work / "many"), "recursive": True}
    assert everything.code("fs.remove", **remove) == "E_TOO_LARGE"
    assert len(list((work / "many").iterdir())) == 30


def test_what_is_copied_counts_as_written(files_of: MakeFiles, tmp_path: Path) -> None:
    """The arguments of a copy are short; what it writes is not."""
    config = allowing(str(tmp_path / "work")).model_copy(
        update={"limits": Limits(max_bytes_written=3 << 20)}
    )
    files = files_of(config)
    (tmp_path / "work" / "big").write_bytes(bytes(2 << 20))
    to = {"from": str(tmp_path / "work" / "big"), "to": str(tmp_path / "work" / "copy")}

    assert files.code("fs.copy", **to) == ""
    assert files.code("fs.copy", **to) == "E_QUOTA"
    assert "max_bytes_written raises it" in files.message


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_text_is_cut_between_characters(
    everything: Files, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """Wherever a piece ends, the pieces make the whole."""
    path = everything.stage.folder / "text"
    whole = "a\u00e9\u20ac\U0001f600\0" * 50
    path.write_text(whole)
    monkeypatch.setattr(fs_read, "_CHUNK_BYTES", 60 + cut)
    told, at = "", 0
    while at is not None:
        _, answer = everything.call("fs.read", path=str(path), text=True, offset=at)
        told += str(answer["text"])
        at = answer["next"]  # type: ignore[assignment]  # an integer or null

    assert told == whole


def test_bytes_cross_whole(everything: Files) -> None:
    """All 256 of them."""
    path = str(everything.stage.folder / "bytes")
    data = b64encode(bytes(range(256))).decode()

    assert everything.code("fs.write", path=path, data=data) == ""
    assert everything.call("fs.read", path=path)[1]["data"] == data
    assert everything.code("fs.write", path=path, data="no base64!") == "E_INVALID"


def test_a_file_that_took_the_name_of_another_is_not_taken_for_it(everything: Files) -> None:
    """An open file is known by more than its name."""
    path = everything.stage.folder / "file"
    path.write_text("one")
    _, opened = everything.call("fs.open", path=str(path), read=True, write=True)
    other = path.with_name("other")
    other.write_text("two")
    other.rename(path)

    for name, args in {
        "fs.read": {},
        "fs.write": {"text": "x", "how": "at"},
        "fs.stat": {},
    }.items():
        assert everything.code(name, path=str(path), **args) == ""
        path_and_id = {"path": str(path), "id": opened["id"]}
        assert everything.code(name, **path_and_id, **args) == "E_NOT_FOUND"


def test_a_link_is_not_moved_to_where_it_leads_outside(files_of: MakeFiles) -> None:
    """Nor with its directory; where it leads the same, or within what is allowed, it may."""
    files = files_of(allowing("$CWD/**"))
    work = files.stage.folder
    deep = work / "a" / "b"
    deep.mkdir(parents=True)
    (work / "own.txt").write_text("x")

    def rename(source: Path, to: Path) -> str:
        return files.code("fs.rename", **{"from": str(source), "to": str(to)})

    assert files.code("fs.symlink", target="../../own.txt", path=str(deep / "l")) == ""
    assert rename(deep / "l", deep / "l2") == ""
    assert rename(deep / "l2", work / "l") == "E_DENIED"
    assert rename(deep, work / "c") == "E_DENIED"
    assert not (work / "l").is_symlink()
    assert files.code("fs.mkdir", path=str(work / "d")) == ""
    assert rename(deep, work / "d" / "e") == ""
    # the control: the system itself lets it
    (work / "d" / "e" / "l2").rename(work / "l")
    assert (work / "l").resolve() == work.parent.parent / "own.txt"


def test_no_link_goes_up_again_after_a_name(files_of: MakeFiles) -> None:
    """That name may be given to a link later, and then it would lead somewhere else: the control does it."""
    files = files_of(allowing("$CWD/**"))
    work = files.stage.folder
    (work / "x" / "y").mkdir(parents=True)
    (work / "a").symlink_to("x/y")
    target = "a/../../ok"

    assert files.code("fs.symlink", target=target, path=str(work / "l")) == "E_INVALID"
    assert files.code("fs.symlink", target="../x", path=str(work / "x" / "l")) == ""
    (work / "l").symlink_to(target)
    assert (work / "l").resolve() == work / "ok"
    (work / "a").unlink()
    (work / "a").mkdir()
    assert (work / "l").resolve() == work.parent / "ok"


def test_no_link_stands_on_the_way_to_what_is_protected(everything: Files, home: Path) -> None:
    """Through it, what is protected would have a name that nobody knows: the control makes one and writes."""
    work = everything.stage.folder
    (home / "x" / "bin").mkdir(parents=True)

    def link(path: Path) -> str:
        return everything.code("fs.symlink", target=str(home / "x"), path=str(path))

    assert link(home / "harmless") == ""
    assert link(home / ".local") == "E_DENIED"
    assert link(work / "node_modules") == "E_DENIED"
    moved = {"from": str(home / "harmless"), "to": str(home / ".local")}
    assert everything.code("fs.rename", **moved) == "E_DENIED"
    assert not (home / ".local").is_symlink()
    (home / ".local").symlink_to("x")
    assert everything.code("fs.write", path=str(home / "x/bin/git"), text="x") == ""
    assert (home / ".local" / "bin" / "git").read_text() == "x"

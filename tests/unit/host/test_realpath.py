"""Where paths lead: real links, loops and races on a real file system."""

import os
import threading
from pathlib import Path

import pytest

from host.realpath import file_request, real_places, resolve
from policies.chain import Chain
from policies.decision import Rule
from policies.layers import PluginPolicy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project, with a secret beside it."""
    base = tmp_path.resolve()
    (base / "proj" / "src").mkdir(parents=True)
    (base / "proj" / "src" / "a.ts").write_text("a")
    (base / "secret").mkdir()
    (base / "secret" / "key").write_text("k")
    return base


def link(at: Path, to: str | Path) -> Path:
    at.symlink_to(to)
    return at


def test_links_lead_where_the_kernel_says(tree: Path) -> None:
    """Absolute, relative, chained, in the middle, with dots behind them."""
    proj, secret = tree / "proj", tree / "secret"
    link(proj / "abs", secret)
    link(proj / "rel", "../secret")
    link(proj / "chain", "rel")
    link(proj / "file", "rel/key")
    link(proj / "src" / "up", "..")

    wanted = {
        "src/a.ts": proj / "src/a.ts",
        "./src//a.ts": proj / "src/a.ts",
        "abs/key": secret / "key",
        "rel/key": secret / "key",
        "chain/key": secret / "key",
        "file": secret / "key",
        "src/up/src/up/src/a.ts": proj / "src/a.ts",
        "abs/../proj/src/a.ts": proj / "src/a.ts",  # the parent of where the link leads
        "rel/..": tree,
    }
    assert {name: resolve(f"{proj}/{name}") for name in wanted} == {
        name: str(path) for name, path in wanted.items()
    }


def test_what_does_not_exist_is_resolved_as_far_as_it_does(tree: Path) -> None:
    """A new file beneath a link is beneath where it leads; a dangling link is what it points at."""
    proj, secret = tree / "proj", tree / "secret"
    link(proj / "abs", secret)
    link(proj / "dangling", secret / "new")
    link(proj / "twice", "dangling")
    link(proj / "far", tree / "none" / "deep")

    wanted = {
        "new": proj / "new",
        "a/b/c": proj / "a/b/c",
        "abs/new": secret / "new",
        "dangling": secret / "new",
        "twice": secret / "new",
        "twice/x": secret / "new/x",
        "far/x": tree / "none/deep/x",
        "missing/../abs/new": secret / "new",
        "src/a.ts/x": proj / "src/a.ts/x",
    }
    assert {name: resolve(f"{proj}/{name}") for name in wanted} == {
        name: str(path) for name, path in wanted.items()
    }


def test_loops_are_errors_and_take_no_time(tree: Path) -> None:
    """Of existing links, and of links that would be one once something is created."""
    proj = tree / "proj"
    link(proj / "self", "self")
    link(proj / "a", "b")
    link(proj / "b", "a")
    link(proj / "grow", "grow/x")
    link(proj / "tree", ".")

    for name in ("self", "a", "b/x", "grow", "self/../src", "a/new"):
        with pytest.raises(OSError, match="levels of symbolic"):
            resolve(f"{proj}/{name}")
    assert resolve(f"{proj}/{'tree/' * 30}src") == str(proj / "src")


@pytest.mark.parametrize(
    "path", ["", "relative", "/a\0b", "/" + "x" * 300, "/x" * 3000, "/\ud800", "/tmp/\udcff\0"]
)
def test_what_is_no_path_is_an_error(path: str) -> None:
    """Always an OSError, so that callers have one thing to catch."""
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the path
        resolve(path)


def test_links_of_the_process_file_system_are_seen_through(tree: Path) -> None:
    """By where they lead, and the name they were called by stays part of the request."""
    name = f"/proc/self/root{tree}/secret/key"
    request = file_request("fs_read", name)

    assert request.path == str(tree / "secret" / "key")
    assert request.named == name


def test_a_place_without_a_name_is_an_error(tree: Path) -> None:
    """A directory that was removed while it was open."""
    gone = tree / "gone"
    gone.mkdir()
    opened = os.open(gone, os.O_RDONLY)
    try:
        gone.rmdir()
        with pytest.raises(OSError, match="removed"):
            resolve(f"/proc/self/fd/{opened}")
    finally:
        os.close(opened)


def chain(tree: Path) -> Chain:
    policy = PluginPolicy(
        allow=(Rule("fs_read", "$CWD"),), deny=(Rule("fs_read", f"{tree}/private"),)
    )
    return Chain(cwd=str(tree / "proj"), home="/nonexistent").with_plugin("p", policy)


def test_a_link_takes_no_permission_along(tree: Path) -> None:
    """Beside it, as the control, what a decision by the name alone would have said."""
    one = chain(tree)
    for at, to in (("to-dir", tree / "secret"), ("to-file", tree / "secret" / "key")):
        link(tree / "proj" / at, to)
    inside = tree / "proj" / "src" / "a.ts"

    assert one.decide("p", file_request("fs_read", str(inside))).allowed
    for name in ("to-dir/key", "to-file", "to-dir/../secret/key"):
        request = file_request("fs_read", f"{tree}/proj/{name}")
        by_name = type(request)("fs_read", request.named)
        assert not one.decide("p", request).allowed
        if ".." not in name:
            assert one.decide("p", by_name).allowed


def test_a_denial_holds_for_the_place_behind_a_link(tree: Path) -> None:
    """Named through the link, and named directly."""
    real = tree / "proj" / "elsewhere"
    real.mkdir()
    (real / "x").write_text("x")
    link(tree / "private", real)
    bare = chain(tree)
    one = bare.with_aliases(real_places(bare.anchors()))

    assert bare.decide("p", file_request("fs_read", str(real / "x"))).allowed
    assert one.decide("p", file_request("fs_read", str(real / "x"))).code == "deny.plugin"
    assert one.decide("p", file_request("fs_read", f"{tree}/private/x")).code == "deny.plugin"


def test_a_link_that_changes_meanwhile_gives_one_place_or_the_other(tree: Path) -> None:
    """Never a mixture, and nothing but an OSError."""
    proj = tree / "proj"
    other = proj / "other"
    other.mkdir()
    (other / "key").write_text("o")
    flip = link(proj / "flip", other)
    stop = threading.Event()

    def swap() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            new = proj / f"new{turn % 2}"
            new.symlink_to(tree / "secret" if turn % 2 else other)
            new.replace(flip)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        found = {resolve(f"{flip}/key") for _ in range(2000)}
    finally:
        stop.set()
        swapper.join()
    assert found <= {str(tree / "secret" / "key"), str(other / "key")}

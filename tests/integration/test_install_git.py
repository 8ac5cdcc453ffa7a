"""Plugins from git repositories: which commit is taken, over which transport, and that nothing of a repository runs."""

import os
import shlex
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.git import _take, fetch_git, newest
from host.install.git_process import Git, LateError
from host.install.plain_tree import CAPS, Caps
from host.install.progress import Quiet
from host.install.spec import GitSpec, parse_spec
from host.install.values import Fetched, Origin
from host.programs.supervise import descendants
from tests.support import repositories as made

PACKAGE: Final = b'{"name":"x","version":"1.2.3"}'


def fetch(spec: str, place: Path, *, track: str | None = None, caps: Caps = CAPS) -> Fetched:
    """Fetch into a directory of its own beneath *place*."""
    parsed = parse_spec(spec, place)
    assert isinstance(parsed, GitSpec)
    into = place / f"into{len(list(place.glob('into*')))}"
    into.mkdir(mode=0o700)
    found = fetch_git(parsed, into, track=track, caps=caps)
    assert found.directory == into
    return found


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True)
class History:
    """A repository with a past: ``first`` is tagged v1.0.0, ``second`` v1.1.0 with a message, ``third`` is main."""

    path: Path
    first: str
    second: str
    third: str
    side: str


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Nobody changes it."""
    where = made.repository(tmp_path_factory.mktemp("served") / "r.git")
    first = made.files(where, {"package.json": PACKAGE, "index.js": b"1"})
    made.git(where, "tag", "v1.0.0")
    second = made.files(where, {"package.json": PACKAGE, "index.js": b"2"})
    made.git(where, "tag", "-a", "-m", "x", "v1.1.0")
    third = made.files(where, {"package.json": PACKAGE, "index.js": b"3"})
    made.git(where, "tag", "v2.0.0-rc.1")
    side = made.files(where, {"index.js": b"side"}, branch="feature/side")
    made.git(where, "branch", "both", first)
    made.git(where, "tag", "both", second)
    made.git(where, "update-ref", "refs/pull/7/head", side)
    made.git(where, "update-server-info")
    return History(where, first, second, third, side)


REVISIONS: Final[dict[str, Callable[[History], str]]] = {
    "": lambda h: h.third,
    "#main": lambda h: h.third,
    "#feature/side": lambda h: h.side,
    "#refs/pull/7/head": lambda h: h.side,
    "#v1.0.0": lambda h: h.first,
    "#v1.1.0": lambda h: h.second,
    "#both": lambda h: h.second,
    "#refs/heads/both": lambda h: h.first,
    "#semver:^1.0.0": lambda h: h.second,
    "#semver:~1.0.0": lambda h: h.first,
    "#semver:>=2.0.0-0": lambda h: h.third,
    "#FIRST": lambda h: h.first,
    "#FIRS": lambda h: h.first,
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_becomes_one_commit(
    revision: str, history: History, tmp_path: Path
) -> None:
    """It is recorded, and its files are those that come; a later update asks for the same name again."""
    expected = REVISIONS[revision](history)
    named = revision.replace("FIRST", history.first).replace("FIRS", history.first[:9])
    found = fetch(f"git+file:{history.path}{named}", tmp_path)

    assert found.resolved == f"git+file://{history.path}#{expected}"
    assert found.integrity == expected
    assert found.origin == Origin("git", f"git+file://{history.path}{named}")
    content = {history.first: b"1", history.second: b"2", history.third: b"3"}
    assert contents(found.directory)["index.js"] == content.get(expected, b"side")
    assert found.version == ("1.2.3" if expected in content else expected[:12])
    assert newest(found.origin) in (expected, history.first[:9])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into0"]
    assert any("tag and a branch" in note for note in found.notes) == (revision == "#both")


@pytest.mark.parametrize(
    ("named", "code", "says"),
    [
        ("#none", "E_NOT_FOUND", "no branch, tag or commit none"),
        (f"#{'0' * 40}", "E_NOT_FOUND", "no commit 000000000000"),
        ("#deadbeef", "E_NOT_FOUND", "no commit deadbeef"),
        ("#semver:^9.0.0", "E_NOT_FOUND", "no tag in"),
        ("/none", "E_NOT_FOUND", "no such directory"),
        ("/refs", "E_NETWORK", "cannot be read"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    named: str, code: str, says: str, history: History, tmp_path: Path
) -> None:
    """And nothing is left behind."""
    with pytest.raises(InstallError, match=says) as caught:
        fetch(f"git+file:{history.path}{named}", tmp_path)

    assert caught.value.code == code
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == [tmp_path / "into0"]
    assert not list((tmp_path / "into0").iterdir())


def test_a_branch_is_followed(tmp_path: Path) -> None:
    """``newest`` sees what was added to it, and to no other."""
    where = made.repository(tmp_path / "served/r.git")
    before = made.files(where, {"a": b"1"}, branch="beta")
    made.files(where, {"a": b"0"})
    found = fetch(f"git+file:{where}", tmp_path, track="beta")
    assert found.origin == Origin("git", f"git+file://{where}", "beta")
    assert (found.integrity, newest(found.origin)) == (before, before)

    after = made.files(where, {"a": b"2"}, branch="beta")
    assert newest(found.origin) == after
    with pytest.raises(InstallError, match="no branch gamma"):
        fetch(f"git+file:{where}", tmp_path, track="gamma")
    for track in ("--upload-pack=x", "a..b", ""):
        with pytest.raises(InstallError) as caught:
            fetch(f"git+file:{where}", tmp_path, track=track)
        assert caught.value.code == "E_SPEC"
    with pytest.raises(InstallError, match="one of the two"):
        fetch(f"git+file:{where}#beta", tmp_path, track="beta")


def test_it_is_told_how_far_it_is(history: History, tmp_path: Path) -> None:
    """Step by step, and in bytes."""
    steps: list[str] = []
    moved: list[tuple[int, int | None]] = []

    class Told:
        def step(self, told: str) -> None:
            steps.append(told)

        def moved(self, done: int, total: int | None) -> None:
            moved.append((done, total))

    spec = parse_spec(f"git+file:{history.path}#v1.1.0", tmp_path)
    assert isinstance(spec, GitSpec)
    (tmp_path / "into").mkdir()
    fetch_git(spec, tmp_path / "into", Told())
    size = len(PACKAGE) + 1

    assert steps == [
        f"reading git+file://{history.path}"[:120],
        "fetching tag v1.1.0",
        f"unpacking {history.second[:12]}",
    ]
    assert moved[-2:] == [(0, size), (1, size)]
    assert any(done > 0 for done, total in moved[:-2] if total is None)


@pytest.mark.parametrize("serve", [made.served_by_git, made.served_as_files])
@pytest.mark.parametrize("named", ["#v1.1.0", "#COMMIT"])
def test_over_each_transport(
    serve: Callable[..., ExitStack], named: str, history: History, tmp_path: Path
) -> None:
    """git's own, and plain files over HTTP, which know neither a short history nor a commit by its name."""
    expected = {"#v1.1.0": history.second, "#COMMIT": history.first}[named]
    with serve(history.path.parent) as address:
        plus = "git+" if address.startswith("http") else ""
        spec = f"{plus}{address}/r.git{named.replace('COMMIT', history.first)}"
        found = fetch(spec, tmp_path)
        assert newest(found.origin) == expected
        with pytest.raises(InstallError, match="cannot be read") as caught:
            fetch(f"{plus}{address}/none.git", tmp_path)

    assert found.integrity == expected
    assert found.origin.spec == spec
    assert caught.value.code == "E_NETWORK"


def test_over_the_users_own_ssh(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what he configured for it; it cannot ask anybody."""
    ssh = tmp_path / "ssh"
    ssh.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/said\n'
        "test -t 0 && exit 9\n(: < /dev/tty) 2> /dev/null && exit 9\n"
        'for last; do :; done\nexec sh -c "$last"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", shlex.quote(str(ssh)))
    found = fetch(f"git@example.org:{history.path}", tmp_path)

    assert found.integrity == history.third
    assert "git@example.org" in (tmp_path / "said").read_text().splitlines()


def test_a_repository_of_longer_hashes(tmp_path: Path) -> None:
    """git's newer kind."""
    where = made.repository(tmp_path / "served/r.git", form="sha256")
    made_ = made.files(where, {"index.js": b"1"})

    assert len(made_) == 64
    assert fetch(f"git+file:{where}", tmp_path).integrity == made_


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """Links and submodules, and files that are stored elsewhere; what was to be built; what was to be installed."""
    where = made.repository(tmp_path / "served/r.git")
    package = (
        b'{"scripts":{"prepare":"tsc"},"dependencies":{"zod":"1","typebox":"1","here":"1"}}'
    )
    here = made.tree(where, ("100644", b"package.json", made.blob(where, b"{}")))
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    made.commit(
        where,
        made.tree(
            where,
            ("100755", b"build.sh", made.blob(where, b"#!/bin/sh\n")),
            ("160000", b"inner", "1" * 40),
            ("120000", b"link", made.blob(where, b"/etc/passwd")),
            ("120000", b"link2", made.blob(where, b"package.json")),
            ("100644", b"model.bin", made.blob(where, pointer)),
            ("40000", b"node_modules", made.tree(where, ("40000", b"here", here))),
            ("100644", b"package.json", made.blob(where, package)),
        ),
    )
    found = fetch(f"git+file:{where}", tmp_path)

    assert contents(found.directory) == {
        "build.sh": b"#!/bin/sh\n",
        "model.bin": pointer,
        "node_modules/here/package.json": b"{}",
        "package.json": package,
    }
    assert os.stat(found.directory / "build.sh").st_mode & 0o777 == 0o700
    assert found.notes == (
        "a submodule left out: inner",
        "2 links left out: link, link2",
        "a file came as a pointer of LFS, without the content: model.bin",
        "its script prepare was not run, no script is: what it would build is not there",
        "it depends on a package that it does not bring along: zod",
    )


SMALL: Final = Caps(entries=300, file_bytes=1 << 20, total_bytes=1 << 20)
EMPTY: Final = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
Tree = Callable[[Path], str]


def named(*names: bytes) -> Tree:
    return lambda where: made.tree(where, *(("100644", name, EMPTY) for name in names))


def below(name: bytes, inner: Tree) -> Tree:
    return lambda where: made.tree(where, ("40000", name, inner(where)))


def bomb(levels: int, mode: str = "100644") -> Tree:
    def build(where: Path) -> str:
        tree = made.tree(where, (mode, b"f", EMPTY))
        for _ in range(levels):
            tree = made.tree(where, *(("40000", b"%d" % n, tree) for n in range(10)))
        return tree

    return build


HOSTILE: Final[dict[str, tuple[str, Tree]]] = {
    "out of the directory": ("leads elsewhere", below(b"..", named(b"evil"))),
    "out of it, deeper": ("leads elsewhere", below(b"a", below(b"..", below(b"..", named(b"evil"))))),
    "a slash in a name": ("leads elsewhere", named(b"../../evil")),
    "absolute": ("leads elsewhere", named(b"/tmp/evil")),
    "a repository": ("no repository", below(b".git", named(b"config"))),
    "a repository in capitals": ("no repository", below(b".GIT", named(b"config"))),
    "other case": ("same name", named(b"README.md", b"readme.md")),
    "other case of a directory": (
        "same name",
        lambda where: made.tree(where, ("40000", b"LIB", named(b"a")(where)), ("40000", b"lib", named(b"b")(where))),
    ),
    "twice": ("twice", named(b"a", b"a")),
    "file and directory": (
        "twice",
        lambda where: made.tree(where, ("100644", b"a", EMPTY), ("40000", b"a", named(b"b")(where))),
    ),
    "backslashes": ("on some systems", named(b"..\\evil")),
    "drive letter": ("on some systems", below(b"C:", named(b"evil"))),
    "line break": ("cannot be shown", named(b"a\nb")),
    "no UTF-8": ("not UTF-8", named(b"\xff")),
    "ten thousand million files": ("more than 300 files", bomb(10)),
    "ten thousand million links": ("more than 600 files and links", bomb(10, "120000")),
    "a large file": (
        "larger than 1 MiB",
        lambda where: made.tree(where, ("100644", b"a", made.blob(where, bytes((1 << 20) + 1)))),
    ),
    "large files": (
        "more than 1 MiB in all",
        lambda where: made.tree(where, *(("100644", b"%d" % n, made.blob(where, bytes(1 << 19))) for n in range(3))),
    ),
    "nothing": ("holds no file", made.tree),
    "only links": ("holds no file", lambda where: made.tree(where, ("120000", b"l", made.blob(where, b"/etc")))),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_tree_that_no_package_may_have(name: str, tmp_path: Path) -> None:
    """git's database takes it as it is; it is refused as a whole, and nothing is written outside."""
    says, build = HOSTILE[name]
    where = made.repository(tmp_path / "served/r.git")
    assert made.blob(where, b"") == EMPTY
    commit = made.commit(where, build(where))
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(InstallError, match=says) as caught:
        _take(
            Git(where, "file"), commit, into, "r.git", SMALL, Quiet()
        )  # as if it had been fetched

    assert caught.value.code == "E_ARCHIVE"
    assert str(caught.value).isprintable()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into", "served"]


def test_a_tree_that_leads_out_is_refused_when_it_is_fetched(tmp_path: Path) -> None:
    """git hands it on as it is."""
    where = made.repository(tmp_path / "served/r.git")
    made.blob(where, b"")
    made.commit(where, below(b"..", named(b"evil"))(where))
    with pytest.raises(InstallError, match="leads elsewhere"):
        fetch(f"git+file:{where}", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into0", "served"]


def test_many_files_of_few_objects(tmp_path: Path) -> None:
    """The control: a smaller bomb of the same kind is a package like any other."""
    where = made.repository(tmp_path / "served/r.git")
    made.blob(where, b"")
    made.commit(where, bomb(2)(where))

    found = fetch(f"git+file:{where}", tmp_path, caps=SMALL)
    assert len(contents(found.directory)) == 100


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that comes to be when something runs; a home whose configuration a test may write."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path / "marker"


def test_no_filter_runs(tmp_path: Path, marker: Path) -> None:
    """Not even one that the user installed, which a repository's attributes would put to work on its files."""
    where = made.repository(tmp_path / "served/r.git")
    made.files(where, {".gitattributes": b"* filter=mark text eol=crlf\n", "a": b"1\n"})
    (tmp_path / "home/.gitconfig").write_text(
        f'[filter "mark"]\n\tsmudge = "touch {marker}; cat"\n\trequired\n'
    )
    found = fetch(f"git+file:{where}", tmp_path)
    assert contents(found.directory)["a"] == b"1\n"
    assert not marker.exists()

    made.git(tmp_path, "clone", str(where), "clone", home=tmp_path / "home")
    assert marker.exists()  # the control
    assert (tmp_path / "clone/a").read_bytes() == b"1\r\n"


@pytest.mark.parametrize(
    ("how", "hook"),
    [("core.hooksPath", "reference-transaction"), ("init.templateDir", "post-checkout")],
)
def test_no_hook_runs(how: str, hook: str, tmp_path: Path, marker: Path) -> None:
    """Neither from a place for all repositories nor from the template of new ones."""
    where = made.repository(tmp_path / "served/r.git")
    made.files(where, {"a": b"1"})
    hooks = tmp_path / "home/hooks"
    hooks.mkdir()
    (hooks / hook).write_text(f"#!/bin/sh\ntouch {marker}\n")
    (hooks / hook).chmod(0o755)
    section, _, key = how.partition(".")
    value = hooks if section == "core" else hooks.parent
    (tmp_path / "home/.gitconfig").write_text(f"[{section}]\n\t{key} = {value}\n")
    fetch(f"git+file:{where}", tmp_path)
    assert not marker.exists()

    made.git(tmp_path, "clone", str(where), "clone", home=tmp_path / "home")
    assert marker.exists()  # the control


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% MARKER", "--upload-pack=touch MARKER", "./inner"]
)
def test_no_submodule_is_entered(url: str, tmp_path: Path, marker: Path) -> None:
    """Whatever its address would run."""
    address = url.replace("MARKER", str(marker))
    where = made.repository(tmp_path / "served/r.git")
    modules = f'[submodule "s"]\n\tpath = s\n\turl = {address}\n'.encode()
    made.commit(
        where,
        made.tree(
            where,
            ("100644", b".gitmodules", made.blob(where, modules)),
            ("160000", b"s", "1" * 40),
        ),
    )
    found = fetch(f"git+file:{where}", tmp_path)
    assert contents(found.directory) == {".gitmodules": modules}
    assert not marker.exists()

    if url.startswith("ext::"):
        careless = ("-c", "protocol.allow=always", "clone", "--recurse-submodules")
        with pytest.raises(AssertionError, match="submodule"):
            made.git(tmp_path, *careless, str(where), "clone")
        assert marker.exists()  # the control


def checkout(tmp_path: Path) -> Path:
    """A repository at work, as a stranger's archive may contain one."""
    where = tmp_path / "served/work"
    where.mkdir(parents=True)
    made.git(where, "init", "--quiet", "--initial-branch=main")
    (where / "a").write_text("1")
    made.git(where, "add", ".")
    made.git(where, "commit", "--quiet", "-m", "x")
    return where


def test_no_monitor_of_a_planted_configuration_runs(tmp_path: Path, marker: Path) -> None:
    """Of a directory that the user names, which somebody else configured."""
    where = checkout(tmp_path)
    for key in ("core.fsmonitor", "core.sshCommand", "core.alternateRefsCommand", "core.gitProxy",
                "uploadpack.packObjectsHook", "diff.external", "gpg.program", "core.pager", "core.editor"):  # fmt: skip
        made.git(where, "config", key, f"touch {marker}; false")
    fetch(f"git+file:{where}", tmp_path)
    assert not marker.exists()

    subprocess.run(["git", "status"], cwd=where, env=made.ENVIRONMENT, check=False, timeout=60)
    assert marker.exists()  # the control


def test_nothing_is_fetched_for_a_repository_that_lacks_it(
    tmp_path: Path, marker: Path
) -> None:
    """A planted configuration can say that objects are to be had elsewhere, by a command."""
    where = checkout(tmp_path)
    missing = made.git(where, "rev-parse", "HEAD:a")
    (where / ".git/objects" / missing[:2] / missing[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "o",
        "remote.o.url": str(where),
        "remote.o.promisor": "true",
        "remote.o.uploadpack": f"touch {marker}; false",
    }.items():
        made.git(where, "config", key, value)
    with pytest.raises(InstallError, match="cannot be read"):
        fetch(f"git+file:{where}", tmp_path)
    assert not marker.exists()

    look = ["git", "cat-file", "-p", missing]
    denied = {
        **made.ENVIRONMENT,
        "GIT_ALLOW_PROTOCOL": "none",
    }  # enough for older versions of git
    subprocess.run(look, cwd=where, env=denied, check=False, timeout=60)
    assert not marker.exists()
    subprocess.run(look, cwd=where, env=made.ENVIRONMENT, check=False, timeout=60)
    assert marker.exists()  # the control


def test_a_repository_behind_a_link(tmp_path: Path, marker: Path) -> None:
    """It is read like any other; hooks of it do not run, and no link comes along."""
    where = checkout(tmp_path)
    (where / ".git").rename(tmp_path / "served/elsewhere")
    (where / ".git").symlink_to(tmp_path / "served/elsewhere")
    hook = tmp_path / "served/elsewhere/hooks/post-upload-pack"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)

    assert contents(fetch(f"git+file:{where}", tmp_path).directory) == {"a": b"1"}
    assert not marker.exists()


@pytest.mark.parametrize(
    "to", ["file://PATH", "ext::sh -c touch% MARKER", "git://127.0.0.1:1/r.git"]
)
def test_an_address_leads_to_no_other_transport(
    to: str, history: History, tmp_path: Path, marker: Path
) -> None:
    """Not even where a configuration says so: what a stranger's server could be made to mean is bounded."""
    target = to.replace("PATH", str(history.path)).replace("MARKER", str(marker))
    (tmp_path / "home/.gitconfig").write_text(
        f'[protocol]\n\tallow = always\n[url "{target}"]\n\tinsteadOf = https://example.invalid/r.git\n'
    )
    with pytest.raises(InstallError, match=r"transport .* not allowed"):
        fetch("git+https://example.invalid/r.git", tmp_path)
    assert not marker.exists()

    if to.startswith("file"):
        made.git(tmp_path, "ls-remote", "https://example.invalid/r.git", home=tmp_path / "home")


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """git is gone with all that it started."""
    before = descendants(os.getpid()).keys()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        git = Git(tmp_path / "bare", "git")
        git.begin()
        address = f"git://127.0.0.1:{silent.getsockname()[1]}/r.git"
        with pytest.raises(LateError):
            git.run("ls-remote", "--", address, within_s=0.5)

    assert descendants(os.getpid()).keys() <= before


def test_nobody_is_asked_and_no_password_is_shown(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's configuration may hold one; what git complains about holds none."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / ".gitconfig").write_text(
        '[url "http://ada:hunter2@127.0.0.1:1/"]\n\tinsteadOf = http://127.0.0.1:2/\n'
    )
    with pytest.raises(InstallError) as caught:
        fetch("git+http://127.0.0.1:2/r.git", tmp_path)

    assert "127.0.0.1:1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_git_of_the_project_is_not_git(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though PATH begins there."""
    project = tmp_path / "project"
    (project / "bin").mkdir(parents=True)
    (project / "bin/git").write_text(f"#!/bin/sh\ntouch {tmp_path}/marker\n")
    (project / "bin/git").chmod(0o755)
    monkeypatch.chdir(project)
    monkeypatch.setenv("PATH", f"{project}/bin:{os.environ['PATH']}")
    fetch(f"git+file:{history.path}", tmp_path)
    assert not (tmp_path / "marker").exists()

    subprocess.run(["git", "--version"], check=False, timeout=60)
    assert (tmp_path / "marker").exists()  # the control

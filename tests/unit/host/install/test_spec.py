"""What may be named to ``install``, what it means, and what is refused without being repeated."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from host.cli.installing import taken_for_npm
from host.errors import InstallError
from host.install.spec import Features, GitSpec, NpmSpec, PathSpec, Spec, parse_spec

CWD: Final = Path("/project/here")
GITHUB: Final = "https://github.com/owner/repo.git"

NAMED: Final[dict[str, Spec]] = {
    # npm
    "pi-aliases": NpmSpec("pi-aliases"),
    "npm:pi-aliases": NpmSpec("pi-aliases"),
    "NPM:pi-aliases": NpmSpec("pi-aliases"),
    "  pi-aliases  ": NpmSpec("pi-aliases"),
    "pi-aliases@": NpmSpec("pi-aliases"),
    "pi-aliases@1.2.3": NpmSpec("pi-aliases", "1.2.3"),
    "pi-aliases@1.2.3-rc.1+build.5": NpmSpec("pi-aliases", "1.2.3-rc.1+build.5"),
    "pi-aliases@next": NpmSpec("pi-aliases", "next"),
    "pi-aliases@*": NpmSpec("pi-aliases", "*"),
    "pi-aliases@>=1.0 <2 || ~3.1": NpmSpec("pi-aliases", ">=1.0 <2 || ~3.1"),
    "pi-aliases@1.0.0 - 1.9.0": NpmSpec("pi-aliases", "1.0.0 - 1.9.0"),
    "@a/b": NpmSpec("@a/b"),
    "@a/b@^1": NpmSpec("@a/b", "^1"),
    "npm:@scope/name@~1.2": NpmSpec("@scope/name", "~1.2"),
    "chart.js": NpmSpec("chart.js"),
    "JSONStream": NpmSpec("JSONStream"),
    "7zip": NpmSpec("7zip"),
    # git
    "git+https://example.org/owner/repo.git": GitSpec("https://example.org/owner/repo.git"),
    "git+https://example.org:8443/r.git": GitSpec("https://example.org:8443/r.git"),
    "git+https://[2001:db8::1]:8443/r.git": GitSpec("https://[2001:db8::1]:8443/r.git"),
    "git+https://example.org/r.git#v1.0": GitSpec("https://example.org/r.git", "v1.0"),
    "git+https://example.org/r#feature/x": GitSpec("https://example.org/r", "feature/x"),
    "git+https://example.org/r#semver:^1.0": GitSpec("https://example.org/r", "semver:^1.0"),
    "git+https://example.org/r#0123456789abcdef0123456789abcdef01234567": GitSpec(
        "https://example.org/r", "0123456789abcdef0123456789abcdef01234567"
    ),
    "https://example.org/owner/repo.git": GitSpec("https://example.org/owner/repo.git"),
    "https://example.org/repo.git#main": GitSpec("https://example.org/repo.git", "main"),
    "https://github.com/owner/repo": GitSpec(GITHUB),
    "https://github.com/owner/repo/": GitSpec(GITHUB),
    "https://github.com/owner/repo#v2": GitSpec(GITHUB, "v2"),
    "git+ssh://git@example.org/owner/repo.git": GitSpec("ssh://git@example.org/owner/repo.git"),
    "git+ssh://git@example.org:2222/r.git": GitSpec("ssh://git@example.org:2222/r.git"),
    "git+ssh://example.org/~me/r.git": GitSpec("ssh://example.org/~me/r.git"),
    "git+ssh://git@example.org:owner/repo.git#v1": GitSpec(
        "git@example.org:owner/repo.git", "v1"
    ),
    "ssh://git@example.org/r.git": GitSpec("ssh://git@example.org/r.git"),
    "git@example.org:owner/repo": GitSpec("git@example.org:owner/repo"),
    "git@example.org:owner/repo.git#dev": GitSpec("git@example.org:owner/repo.git", "dev"),
    "github:owner/repo": GitSpec(GITHUB),
    "github:owner/repo.git#v1": GitSpec(GITHUB, "v1"),
    "gitlab:owner/repo": GitSpec("https://gitlab.com/owner/repo.git"),
    "bitbucket:owner/repo": GitSpec("https://bitbucket.org/owner/repo.git"),
    "git:github.com/owner/repo": GitSpec("https://github.com/owner/repo"),
    "git:github.com/owner/repo@v1": GitSpec("https://github.com/owner/repo", "v1"),
    "git:example.org/owner/repo#v1": GitSpec("https://example.org/owner/repo", "v1"),
    "git:git@example.org:owner/repo": GitSpec("git@example.org:owner/repo"),
    "git+http://127.0.0.1:9999/r.git": GitSpec("http://127.0.0.1:9999/r.git"),
    "git+http://localhost/r.git": GitSpec("http://localhost/r.git"),
    "git+http://[::1]:80/r.git": GitSpec("http://[::1]:80/r.git"),
    "git://127.0.0.1:9418/r.git": GitSpec("git://127.0.0.1:9418/r.git"),
    "git+file:///srv/repo.git#main": GitSpec("/srv/repo.git", "main"),
    "git+file:./repo.git": GitSpec("/project/here/repo.git"),
    # paths
    ".": PathSpec(CWD),
    "..": PathSpec(Path("/project")),
    "./guard.ts": PathSpec(CWD / "guard.ts"),
    "../other": PathSpec(Path("/project/other")),
    "/abs/plugin": PathSpec(Path("/abs/plugin")),
    "/abs/a b/ü#1": PathSpec(Path("/abs/a b/ü#1")),
    "file:../other": PathSpec(Path("/project/other")),
    "file:/abs": PathSpec(Path("/abs")),
    "file:///abs/a%20b": PathSpec(Path("/abs/a b")),
    "file://localhost/abs": PathSpec(Path("/abs")),
    "file:a%20b": PathSpec(CWD / "a%20b"),
    "./name[1]/": PathSpec(CWD / "name[1]"),
    "plugin-1.0.0.tgz": PathSpec(CWD / "plugin-1.0.0.tgz"),
    "dist/plugin.tar.gz": PathSpec(CWD / "dist/plugin.tar.gz"),
    "x.tar": PathSpec(CWD / "x.tar"),
}

FEATURES: Final[dict[str, Features]] = {
    "": None,
    "[]": (),
    "[ ]": (),
    "[*]": ("*",),
    "[a]": ("a",),
    "[a,b]": ("a", "b"),
    "[ b , a ]": ("b", "a"),
    "[a,a]": ("a",),
    " [lint:strict/x_1.0-b]": ("lint:strict/x_1.0-b",),
}

REFUSED: Final = [
    # nothing
    "", " ", "npm:", "npm:@", "@", "@a", "@a/", "@/b", "[a]", "file:", "github:", "git:", "git+https://",
    # not a name
    ".hidden", "_private", "-", "--upload-pack=x", "-x", "npm:--global", "npm:-g", "node_modules", "favicon.ico",
    "a b", "a;b", "a&b", "a|b", "$(id)", "`id`", "a$b", "a>b", "a*b", "a?b", "a!b", "a'b", 'a"b', "a\\b", "a(b)", "a{b}",
    "a/b", "a//b", "@a/b/c", "@a/../b", "npm:a/b", "npm:../x", "npm:/etc", "é", "a%20b", "a" * 215, "a#b",
    "C:\\plugins\\x", "c:/plugins/x", "\\\\server\\share", "~other/plugin", "file:~other/x",
    # not a range
    "a@;id", "a@$(id)", "a@`id`", "a@-1", "a@--x", "a@npm:b@1", "a@file:../x", "a@git+https://example.org/r",
    "a@https://example.org/x.tgz", "a@b/c", "a@1@2", "a@" + "1" * 300, "a@\u00e9",
    # not features
    "a[b c]", "a[--x]", "a[;]", "a[$(id)]", "a[*,b]", "a[b,]", "a[,]", "a[b]c", "a[b]@1.0", "a[", "a]", "a[b][c]",
    "a[" + ",".join(f"f{n}" for n in range(201)) + "]",
    # archives that are not read
    "x.zip", "x.ZIP", "dist/x.tar.xz", "x.tar.bz2",
    # control characters, invisible ones, lone surrogates
    "a\nb", "a\0", "a\x1b[2J", "./a\nb", "/a\0b", "a\u202eb", "./\ud800", "a@1\n2", "a[b\n]", "file:///a%00b", "file:///%0a",
    # transports that run a command, and options in places
    "ext::sh -c id", "ext::sh%20-c%20id", "git+ext::sh -c id", "fd::17", "git+fd::17", "git+ext://x/y", "git+svn://x/y",
    "git+rsync://h/p", "git+ftp://h/p", "ftp://h/p.git", "data:text/plain,x", "javascript:1", "git+file://host/p", "file://host/p",
    "git+ssh://-oProxyCommand=id/x", "git+ssh://-oProxyCommand=id@h/x", "git+ssh://h:-p/x", "git+https://-h/x", "-oX@h:p", "git@-oX:p",
    "git+https://h/--upload-pack=id", "git@h:--upload-pack=id", "git@h:-x", "ssh://h/-x", "git+ssh://git@h:-x/y",
    "git+https://h/r#--upload-pack=id", "git+https://h/r#-x", "git+https://h/r#", "git+https://h/r#a b", "git+https://h/r#a..b",
    "git+https://h/r#a:b", "git+https://h/r#a^{commit}", "git+https://h/r#@{u}", "git+https://h/r#a~1", "git+https://h/r#a.lock",
    "git+https://h/r#a/", "git+https://h/r#/a", "git+https://h/r#a//b", "git+https://h/r#+a", "git+https://h/r#a*", "git+https://h/r#semver:",
    "git+https://h/r#semver:;id", "git+https://h/r#semver:a:b", "git+https://h/r#a#b", "git+https://h/r#a/.b",
    "git+https://h", "git+https://h/", "git+https:///r", "git+https://h:0/r", "git+https://h:99999/r", "git+https://h:x/r",
    "git+https://h/a b", "git+https://h/$(id)", "git+https://h/a;b", "git+https://h/r?x=1", "git+https://h/%0aHost", "git+https://h/%00",
    "git+https://[::1/r", "git+https://[fe80::1%25eth0]/r", "git+https://h_/r", "git+https://h\\@g/r",
    "git@h:", "git@h:a b", "git@h:$(id)", "g;t@h:p", "git@h;id:p",
    "github:owner", "github:owner/repo/x", "github:../repo", "github:owner/-x", "github:-o/repo", "github:owner/repo#", "github:o/r#-x",
    # what anybody on the way could change
    "git+http://example.org/r.git", "http://example.org/r.git", "git://example.org/r.git", "http://127.0.0.1.example.org/r.git",
    "git+http://10.0.0.1/r.git",
    # not a repository by its looks
    "https://example.org/plugin", "https://example.org/plugin.tgz", "https://github.com/owner/repo/tree/main", "https://github.com/owner",
]  # fmt: skip

SECRETS: Final = [
    "git+https://user:hunter2@example.org/r.git",
    "https://hunter2@example.org/r.git",
    "https://user:a/hunter2@example.org/r.git",
    "https://user:a@hunter2@example.org/r.git",
    "git+ssh://user:hunter2@example.org/r.git",
    "ssh://user:hunter2@example.org/r.git",
    "user:hunter2@example.org:r.git",
    "git+https://example.org/r.git?token=hunter2",
    "https://github.com/owner/repo?token=hunter2",
    "git+http://x:hunter2@127.0.0.1/r.git",
    "git+foo://x:hunter2@127.0.0.1/r.git",
    "git:user:hunter2@example.org/r",
    "https://user:hunter2@example.org/r.git\n",
]


@pytest.mark.parametrize(("text", "expected"), NAMED.items())
def test_each_way_of_naming_a_plugin(text: str, expected: Spec) -> None:
    """Every form means exactly one thing."""
    assert parse_spec(text, CWD) == expected


@pytest.mark.parametrize("text", NAMED)
def test_what_is_remembered_means_the_same_again(text: str) -> None:
    """A spec is kept in ``installed.json`` and read again by an update, from any directory."""
    found = parse_spec(text, CWD)

    assert parse_spec(found.spec, Path("/elsewhere")) == found


@pytest.mark.parametrize("text", [t for t in NAMED if not t.endswith((" ", "]/"))])
@pytest.mark.parametrize(("suffix", "features"), FEATURES.items())
def test_features_stand_at_the_end_of_any_form(
    text: str, suffix: str, features: Features
) -> None:
    """None means the package's defaults, ``[*]`` all, ``[]`` none, a list exactly those."""
    expected = parse_spec(text, CWD)
    found = parse_spec(text + suffix, CWD)

    assert found.features == features
    assert found.spec == expected.spec


def test_the_last_pair_of_brackets_counts() -> None:
    """An earlier one belongs to a path; a trailing slash says that even the last one does."""
    assert parse_spec("./x[a][b]", CWD) == PathSpec(CWD / "x[a]", ("b",))
    assert parse_spec("./x[a]/", CWD) == PathSpec(CWD / "x[a]")


def test_a_home_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is expanded by us: no shell is at work in a configuration file."""
    monkeypatch.setenv("HOME", "/home/ada")

    assert parse_spec("~/plugin", CWD) == PathSpec(Path("/home/ada/plugin"))
    assert parse_spec("~", CWD) == PathSpec(Path("/home/ada"))
    assert parse_spec("file:~/plugin", CWD) == PathSpec(Path("/home/ada/plugin"))


def test_a_bare_word_that_lies_beside_is_told_from_the_package(tmp_path: Path) -> None:
    """Else a stranger's package of that name may be installed unawares."""
    (tmp_path / "guard").mkdir()

    def note(text: str) -> str | None:
        return taken_for_npm(text, parse_spec(text, tmp_path), tmp_path)

    assert note("guard@^1") == "guard is taken from npm; what lies here is ./guard"
    assert note("npm:guard") is note("./guard") is note("other") is None


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_in_one_line(text: str) -> None:
    """With what is allowed instead."""
    with pytest.raises(InstallError) as caught:
        parse_spec(text, CWD)

    assert caught.value.code == "E_SPEC"
    message = str(caught.value)
    assert message.isprintable()
    assert "npm:NAME" in message
    assert len(message) < 700


@pytest.mark.parametrize("text", SECRETS)
def test_a_password_is_refused_and_not_shown(text: str) -> None:
    """It would be remembered in a file and printed by ``list``."""
    with pytest.raises(InstallError) as caught:
        parse_spec(text, CWD)

    assert "hunter2" not in str(caught.value)


PIECES: Final = [
    "npm:",
    "git+",
    "git+https://",
    "ssh://",
    "file:",
    "./",
    "/",
    "..",
    "~",
    "@",
    "#",
    "[",
    "]",
    ",",
    "*",
    "-",
    "--x",
    ":",
    "::",
    "ext",
    "h",
    "a",
    "1",
    ".git",
    ".tgz",
    "%0a",
    "%",
    "?",
    "semver:",
    "^",
    "|",
    ";",
    "$",
    "\\",
    "é",
]
MADE_OF_PIECES: Final = st.lists(st.sampled_from([*PIECES, " ", "\n", "\0"]), max_size=12).map(
    "".join
)


@given(st.text(max_size=60) | MADE_OF_PIECES)
@example("GIT+FILE:::")
@example("FILE: /")
def test_any_text_is_a_spec_or_refused(text: str) -> None:
    """What comes out is safe to hand on: no control character, no leading dash, no transport that runs a command."""
    try:
        found = parse_spec(text, CWD)
    except InstallError as error:
        assert (error.code, str(error).isprintable()) == ("E_SPEC", True)  # noqa: PT017 - or no error
        return

    assert parse_spec(found.spec, Path("/elsewhere")).spec == found.spec
    assert found.spec.isprintable()
    assert not found.spec.startswith("-")
    match found:
        case NpmSpec(name=name, range=wanted):
            assert not set(f"{name}{wanted}") & set("/\\;&$`'\"(){}!#%\n") - {"/"}
            assert not wanted.startswith("-")
        case GitSpec(url=url, revision=revision):
            assert found.is_local or "::" not in url or "[" in url
            assert (
                url.startswith(("https://", "ssh://", "http://", "git://", "/")) or "@" in url
            )
            assert not url.startswith("-")
            assert not revision.startswith("-")
        case PathSpec(path=path):
            assert path.is_absolute()

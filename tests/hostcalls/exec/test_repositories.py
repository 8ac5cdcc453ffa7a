"""git in a repository that wants to run its own code: it runs none, and the control shows that it would have."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hostcalls.exec.programs_support import ALL, runner

ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_PAGER": "cat",
}


@dataclass(frozen=True)
class Trap:
    """Settings of a repository, where EVIL stands for a program of its own; attributes; the command that would run it."""

    settings: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]
    attributes: str = ""
    hook: str = ""
    submodule: bool = False


TRAPS = {
    "fsmonitor": Trap((("core.fsmonitor", "EVIL"),), ("status",)),
    "clean filter": Trap((("filter.x.clean", "EVIL"),), ("status",), "* filter=x"),
    "process filter": Trap((("filter.x.process", "EVIL"),), ("status",), "* filter=x"),
    "filter with a dotted name": Trap((("filter.a.b.clean", "EVIL"),), ("status",), "* filter=a.b"),
    "textconv": Trap((("diff.x.textconv", "EVIL"),), ("diff",), "* diff=x"),
    "diff driver": Trap((("diff.x.command", "EVIL"),), ("diff",), "* diff=x"),
    "external diff": Trap((("diff.external", "EVIL"),), ("diff",)),
    "alias": Trap((("alias.st", "!EVIL"),), ("st",)),
    "hook": Trap((), ("commit", "-am", "x"), hook="pre-commit"),
    "hooks elsewhere": Trap((("core.hooksPath", "evilhooks"),), ("commit", "-am", "x"), hook="evil"),
    "editor": Trap((("core.editor", "EVIL"),), ("commit", "-a")),
    "signature": Trap(
        (("gpg.program", "EVIL"), ("commit.gpgSign", "true")), ("commit", "-am", "x")
    ),
    "ssh": Trap((("core.sshCommand", "EVIL"),), ("fetch", "ssh://127.0.0.1:1/x")),
    "credentials": Trap(
        (("credential.helper", "!EVIL"),), ("credential", "fill")
    ),
    "ext transport": Trap(
        (("protocol.ext.allow", "always"), ("remote.x.url", "ext::EVIL")), ("fetch", "x")
    ),
    "upload pack": Trap((("remote.x.url", "."), ("remote.x.uploadpack", "EVIL")), ("fetch", "x")),
    "submodule": Trap((("core.fsmonitor", "EVIL"),), ("status",), submodule=True),
    "submodule that is not to be ignored": Trap(
        (("core.fsmonitor", "EVIL"),), ("diff",), submodule=True
    ),
}  # fmt: skip


def git(folder: Path, *argv: str, text: str = "", **env: str) -> str:
    done = subprocess.run(
        ["git", *argv], cwd=folder, env={**ENV, **env}, input=text, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def make(folder: Path, trap: Trap, evil: Path) -> None:
    """A repository with one commit, a changed file, and the trap."""
    git(folder, "init", "-q", ".")
    (folder / "file").write_text("one\n")
    victim = folder
    if trap.submodule:
        victim = folder / "inner"
        victim.mkdir()
        git(victim, "init", "-q", ".")
        (victim / "deep").write_text("one\n")
        git(victim, "add", "deep")
        git(victim, "commit", "-qm", "one")
        (folder / ".gitmodules").write_text(
            '[submodule "inner one"]\n\tpath = inner\n\turl = ./inner\n\tignore = none\n'
        )
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    for name, value in trap.settings:
        git(victim, "config", name, value.replace("EVIL", str(evil)))
    if trap.attributes:
        (folder / ".gitattributes").write_text(f"{trap.attributes}\n")
    if trap.hook == "evil":
        (folder / "evilhooks").mkdir()
        (folder / "evilhooks" / "pre-commit").symlink_to(evil)
    elif trap.hook:
        (folder / ".git" / "hooks" / trap.hook).symlink_to(evil)
    (folder / "file").write_text("two\n")
    if trap.submodule:
        (victim / "deep").write_text("two\n")


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A program that leaves a mark beside it."""
    path = tmp_path / "evil"
    path.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/mark\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_of_the_repository_runs(
    tmp_path: Path, evil: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Through the host; then, as the control, the same command in the same repository as anybody runs it."""
    trap = TRAPS[name]
    mark = tmp_path / "mark"
    monkeypatch.setenv("HOME", str(tmp_path))
    with runner(tmp_path, commands=ALL) as programs:
        make(programs.folder, trap, evil)
        mark.unlink(missing_ok=True)
        text = "protocol=https\nhost=example.org\n\n"
        result = programs.exec(
            "git", *trap.argv, options={"input": text, "env": {**ENV, "HOME": str(tmp_path)}}
        )
        ran = mark.exists()
        again = programs.exec("sh", "-c", f"git {' '.join(trap.argv)} </dev/null")
        ran_in_a_shell = mark.exists()

        git(programs.folder, *trap.argv, text=text, GIT_TERMINAL_PROMPT="0")

    assert mark.exists(), "the control: this trap would have run"
    assert not ran, result
    assert not ran_in_a_shell, again


def test_what_git_is_for_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, diff, log and commit of an ordinary repository, with the user's own name for himself."""
    home = tmp_path / "myhome"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[alias]\n\tst = status --short\n"
    )
    monkeypatch.setenv("HOME", str(home))
    with runner(tmp_path, commands=ALL) as programs:
        make(programs.folder, Trap((), ()), tmp_path)

        assert programs.exec("git", "st")["stdout"] == " M file\n"
        assert "+two" in str(programs.exec("git", "diff")["stdout"])
        assert programs.exec("git", "commit", "-qam", "second")["code"] == 0
        assert programs.exec("git", "log", "-1", "--format=%an %s")["stdout"] == "Ada second\n"


def test_a_subdirectory_knows_its_repository(tmp_path: Path, evil: Path) -> None:
    """The configuration is looked for where git looks for it, also by -C."""
    mark = tmp_path / "mark"
    with runner(tmp_path, commands=ALL) as programs:
        make(programs.folder, TRAPS["clean filter"], evil)
        (programs.folder / "sub").mkdir()
        mark.unlink(missing_ok=True)
        inside = programs.exec("git", "status", "--short", options={"cwd": "sub"})
        above = programs.exec(
            "git",
            "-C",
            str(programs.folder),
            "status",
            "--short",
            options={"cwd": str(tmp_path)},
        )

    assert " M ../file" in str(inside["stdout"])
    assert " M file" in str(above["stdout"])
    assert not mark.exists()
    assert os.path.exists(evil)

"""Argument vectors against patterns, as an attacker would write them."""

import shlex

import pytest

from policies.capability import ShellRequest
from policies.commands import RUN_OTHERS, CommandSet
from policies.decision import Rule
from policies.rules import problem


def covers(pattern: str, *argv: str, program: str = "", denies: bool = False) -> bool:
    found = CommandSet([Rule("shell", pattern)], denies=denies)
    return found.find(ShellRequest(argv, program)) is not None


PERMISSIONS = [
    ("ls", "ls", True),
    ("ls", "ls -l", False),
    ("ls *", "ls -l", True),
    ("ls *", "ls", True),
    ("ls ...", "ls -l a b", True),
    ("ls * -l", "ls a -l", True),
    ("ls * -l", "ls a b -l", False),
    ("ls '*'", "ls a b", True),
    ("ls [ab]", "ls a", True),
    ("ls [ab]", "ls c", False),
    ("ls", "lsof", False),
    ("ls", "LS", False),
    ("ls *", "'ls -l'", False),
    ("ls *", "ls ';' rm -rf /", True),  # one argument vector: a semicolon is a file name
    ("ls '; rm'", "ls '; rm'", True),
    ("ls", "ls ''", False),
    ("ls", "./ls", False),
    ("ls", "/tmp/ls", False),
    ("ls", "../../tmp/ls", False),
    ("/bin/ls *", "/bin/ls x", True),
    ("/bin/ls *", "/bin/../tmp/ls x", False),
    ("/bin/*", "/bin/../tmp/ls", False),
    ("/bin/ls *", "ls x", False),
    ("*", "rm -rf /", True),
    ("shell:*", "sh -c 'rm -rf /'", True),
    ("shell:ls *", "ls x", True),
    ("*", "sh -c anything", True),
    # shells and what runs others: only word by word
    ("sh *", "sh -c 'rm -rf /'", False),
    ("sh -c *", "sh -c 'rm -rf /'", False),
    ("sh -c 'make test'", "sh -c 'make test'", True),
    ("sh -c 'make test'", "sh -c 'make test; rm'", False),
    ("bash *", "bash -c x", False),
    ("* -c x", "bash -c x", False),
    ("* ...", "bash -c x", False),
    ("b* ...", "bash -c x", False),
    ("env *", "env rm -rf /", False),
    ("env ls", "env ls", True),
    ("xargs *", "xargs rm", False),
    ("find *", "find . -exec rm {} +", False),
    ("find . -name x", "find . -name x", True),
    ("ssh *", "ssh host rm", False),
    ("npm *", "npm run evil", False),
    ("npm test", "npm test", True),
    ("npx *", "npx evil", False),
    ("python *", "python -c x", False),
    ("python3 *", "python3 -c x", False),
    ("python3.11 *", "python3.11 -c x", False),
    ("/usr/bin/python3 *", "/usr/bin/python3 -c x", False),
    ("node *", "node -e x", False),
    ("make *", "make SHELL=/tmp/x", False),
    ("make test", "make test", True),
    ("tar *", "tar --checkpoint-action=exec=sh", False),
    ("sudo *", "sudo rm", False),
    ("nice *", "nice rm", False),
    ("timeout *", "timeout 5 rm", False),
    ("busybox *", "busybox rm", False),
    ("perl *", "perl -e x", False),
    ("awk *", "awk 'BEGIN{system(1)}'", False),
    ("sed *", "sed -i e x", False),
    ("vim *", "vim -c '!rm'", False),
    ("less *", "less x", False),
    ("man *", "man -P rm x", False),
    ("lua5.4 *", "lua5.4 -e x", False),
    ("gcc-12 *", "gcc-12 -wrapper rm", False),
    ("docker *", "docker run -v /:/h x", False),
    ("PYTHON *", "PYTHON -c x", False),
    # programs that run others when an argument says so
    ("git *", "git status", True),
    ("git log *", "git log --oneline", True),
    ("git *", "git -c core.fsmonitor=evil status", False),
    ("git *", "git -ccore.fsmonitor=evil status", False),
    ("git *", "git -C /tmp/evil status", False),
    ("git *", "git --exec-path=/tmp status", False),
    ("git *", "git --config-env=a=b status", False),
    ("git *", "git fetch --upload-pack=evil x", False),
    ("git *", "git fetch --upload-p=evil x", False),
    ("git *", "git diff --cached --stat", True),
    ("git *", "git clone ext::evil", False),
    ("git *", "git grep -Oevil x", False),
    ("git *", "git rebase --exec evil", False),
    ("git *", "git submodule foreach evil", False),
    ("git *", "git config alias.x '!evil'", False),
    ("git *", "git diff --ext-diff", False),
    ("git *", "git --git-dir=/tmp/evil log", False),
    ("git -C /w status", "git -C /w status", True),
    ("sort *", "sort --compress-program=evil x", False),
    ("sort *", "sort --comp=evil x", False),
    ("sort *", "sort x", True),
    ("rg *", "rg --pre evil x", False),
    ("split *", "split --filter=evil x", False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "line", "covered"), PERMISSIONS)
def test_a_permission_covers_what_it_says(pattern: str, line: str, covered: bool) -> None:
    """The line is only this table's way to write an argument vector."""
    assert covers(pattern, *shlex.split(line)) is covered


DENIALS = [
    ("rm *", "rm -rf /", True),
    ("rm", "rm -rf /", True),
    ("rm", "/bin/rm -rf /", True),
    ("rm", "/tmp/../bin/rm x", True),
    ("rm", "rmdir x", False),
    ("git push", "git push --force", True),
    ("git push", "git pull", False),
    ("git push --force", "git push", False),
    ("/bin/rm", "/bin/rm x", True),
    ("sh", "sh -c x", True),
    ("python*", "python3.11 -c x", True),
    ("*", "anything", True),
    ("...", "anything", True),
]


@pytest.mark.parametrize(("pattern", "line", "covered"), DENIALS)
def test_a_denial_covers_longer_commands_by_any_path(
    pattern: str, line: str, covered: bool
) -> None:
    """Interpreters included: doubt falls on this side."""
    assert covers(pattern, *shlex.split(line), denies=True) is covered


def test_the_executable_counts_where_it_leads() -> None:
    """A path is compared with the resolved one; a link of another name hides neither program nor shell."""
    assert covers("/usr/bin/git *", "git", "log", program="/usr/bin/git")
    assert not covers("/usr/bin/git *", "git", "log", program="/tmp/git")
    assert not covers("/tmp/link *", "/tmp/link", "x", program="/usr/bin/other")
    assert covers("/usr/bin/other *", "/tmp/link", "x", program="/usr/bin/other")
    assert not covers("tool *", "tool", "-c", "x", program="/usr/bin/dash")
    assert covers("tool *", "tool", "-c", "x", program="/usr/bin/tool")
    assert covers("rm", "tool", "x", program="/usr/bin/rm", denies=True)
    # On small systems every program is one file; there the name says what it does.
    assert covers("ls *", "ls", "x", program="/bin/busybox")
    assert not covers("sh *", "sh", "x", program="/bin/busybox")


def test_an_empty_first_word_is_no_program() -> None:
    """It would match a pattern's star."""
    assert not covers("ls", "")


@pytest.mark.parametrize(
    "pattern", ["", "  ", "ls 'x", 'ls "x', "./ls", "bin/ls x", "a\0b", "x" * 5000]
)
def test_what_cannot_be_read_denies_all_and_permits_nothing(pattern: str) -> None:
    """And the loader of a file is told what is wrong."""
    assert problem("shell", pattern)
    assert covers(pattern, "ls", denies=True)
    assert not covers(pattern, "ls")


def test_no_program_of_the_table_is_run_by_a_wildcard() -> None:
    """Every row, as a bare name and by path, with a version, and under a first word that is a wildcard."""
    for name in sorted(RUN_OTHERS):
        versions = () if name[-1].isdigit() else (f"{name}3", f"{name}-3.11")
        for called in (name, f"/usr/bin/{name}", *versions):
            for pattern in (
                f"{called} *",
                f"{called} ...",
                f"{called} ?",
                "* x",
                "*" + called[1:] + " x",
            ):
                assert not covers(pattern, called, "x"), (pattern, called)
            assert covers(f"{called} x", called, "x")

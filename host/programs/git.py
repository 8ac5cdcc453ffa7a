"""git, which runs what a repository's own configuration says, made to run nothing of the repository's.

Promises    With :data:`FIXED` and what :func:`overrides` adds, no hook, monitor, filter, driver, helper, pager, editor
            or program that is named in a repository's configuration runs, and nobody is asked anything. What the user
            configured for himself (``~/.gitconfig``) stays, but for hooks and monitors. Submodules are not entered:
            git drops our settings on the way into one.
Relies on   git 2.31: settings by environment, which no file overrides. An explicit ``git -c`` does, and takes ``shell:*``
            or that very command.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_NOTHING: Final = "/dev/null"

FIXED: Final[Mapping[str, str]] = {
    "core.fsmonitor": "",
    "core.hooksPath": _NOTHING,
    "core.pager": "cat",
    "core.editor": "false",
    "sequence.editor": "false",
    "core.askPass": "",
    "credential.interactive": "false",
    "protocol.ext.allow": "never",
    "diff.ignoreSubmodules": "all",
    "status.submoduleSummary": "false",
    "diff.submodule": "short",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "log.showSignature": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
"""Settings for every git."""

ENVIRONMENT: Final[Mapping[str, str]] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ADVICE": "0",
}

_NEUTRAL: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), value)
    for pattern, value in (
        (r"filter\..*\.(clean|smudge|process)", ""),
        (r"filter\..*\.required", "false"),
        (r"diff\.external", "false"),  # an empty one would be run, and give an empty difference
        (r"core\.(alternaterefscommand|gitproxy)", "false"),
        (r"interactive\.difffilter", "cat"),
        (r"diff\..*\.textconv", "cat"),
        (r"diff\..*\.command", "false"),
        (r"(diff|merge)tool\..*\.(cmd|path)", "false"),
        (r"merge\..*\.driver", "false"),
        (r"alias\..*", "version"),
        (r"pager\..*", "false"),
        (r"core\.sshcommand", "ssh"),
        (r"credential\.(.*\.)?helper", ""),
        (r"gpg\.(.*\.)?(program|defaultkeycommand)", "false"),
        (r"remote\..*\.vcs", ""),
        (r"trailer\..*\.(command|cmd)", "false"),
        (r"tar\..*\.command", "false"),
        (r"(man|browser|instaweb|guitool)\..*\.?(cmd|path|httpd)", "false"),
        (r"sendemail\..*", "false"),
        (r"submodule\..*\.update", "none"),
    )
)
"""Settings of a repository that name a program, and what they are instead."""

_FIRST_WINS: Final = re.compile(
    r"remote\..*\.(uploadpack|receivepack)", re.IGNORECASE | re.DOTALL
)
"""Settings that name a program and that no later one changes."""

_SUBMODULE: Final = re.compile(
    r'^\s*\[\s*submodule\s+"((?:[^"\\\n]|\\.)*)"', re.MULTILINE | re.IGNORECASE
)
_MOST: Final = 4096
_MODULES_BYTES: Final = 1024 * 1024


def mentions_git(argv: tuple[str, ...]) -> bool:
    """Whether *argv* may come to run git; a shell's command line counts."""
    return any("git" in word for word in argv)


def query(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that lists the names of all settings that ``git`` *argv* would read. It runs nothing."""
    return (
        "git",
        *_leading(argv),
        "config",
        "--list",
        "--includes",
        "--show-scope",
        "--name-only",
        "-z",
    )


def query_modules(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that lists the settings in the ``.gitmodules`` that is recorded in the index."""
    return (
        "git",
        *_leading(argv),
        "config",
        "--blob",
        ":.gitmodules",
        "--list",
        "--name-only",
        "-z",
    )


def _leading(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The options before the subcommand that say which repository it is about."""
    found: list[str] = []
    words = iter(argv[1:])
    if argv[0].rpartition("/")[2] != "git":
        return ()
    for word in words:
        if word in (
            "-C",
            "--git-dir",
            "--work-tree",
            "--namespace",
            "-c",
            "--exec-path",
            "--config-env",
        ):
            found.extend((word, next(words, "")))
        elif word.startswith("-"):
            found.append(word)
        else:
            break
    return tuple(
        word
        for word in found
        if word not in ("-p", "--paginate", "--version", "--help", "-h", "-v")
    )


def local_names(listing: bytes) -> list[str]:
    """Return the settings of the repository itself in what :func:`query` printed."""
    fields = listing.decode("utf-8", "surrogateescape").split("\0")
    return [
        name
        for scope, name in zip(fields[::2], fields[1::2], strict=False)
        if scope in ("local", "worktree")
    ]


def submodules_near(cwd: str) -> set[str]:
    """Return the names of submodules in each ``.gitmodules`` of *cwd* and of the directories around it."""
    found: set[str] = set()
    for directory in (Path(cwd), *Path(cwd).parents):
        try:
            with open(directory / ".gitmodules", "rb") as file:
                text = file.read(_MODULES_BYTES).decode("utf-8", "surrogateescape")
        except OSError:
            continue
        found.update(re.sub(r"\\(.)", r"\1", name) for name in _SUBMODULE.findall(text))
    return found


def submodule_names(names: Iterable[str]) -> set[str]:
    """Return the submodules that the settings *names* are about."""
    return {
        name[len("submodule.") :].rpartition(".")[0]
        for name in names
        if name.lower().startswith("submodule.") and name.count(".") > 1
    }


def overrides(names: Iterable[str], submodules: Iterable[str]) -> dict[str, str]:
    """Return the settings that undo the repository's *names*, and keep git out of its *submodules*.

    Raises ValueError for a repository with one that cannot be undone, or more of them than anybody has.
    """
    found = dict(FIXED)
    for name in names:
        if _FIRST_WINS.fullmatch(name):
            raise ValueError(
                f"the repository's {name} names a program, and git lets nobody change that; unset it there"
            )
        for pattern, value in _NEUTRAL:
            if pattern.fullmatch(name):
                found[name] = value
    for name in submodules:
        found[f"submodule.{name}.ignore"] = "all"
        found[f"submodule.{name}.fetchRecurseSubmodules"] = "false"
    if len(found) > _MOST:
        raise ValueError("its configuration names more programs than can be undone")
    return found


def git_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make git take *settings*."""
    found = {**ENVIRONMENT, "GIT_CONFIG_COUNT": str(len(settings))}
    for at, (name, value) in enumerate(settings.items()):
        found[f"GIT_CONFIG_KEY_{at}"] = name
        found[f"GIT_CONFIG_VALUE_{at}"] = value
    return found

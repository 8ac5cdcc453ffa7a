"""Command patterns, compared with argument vectors, never with a line of text.

A pattern is split into words as a shell would split it. A word is compared with one argument and may be a
glob; a last ``*`` or ``...`` stands for all further arguments. ``*`` alone (also ``shell:*``) is every command.
The first word is an absolute path, compared with the resolved executable, or a bare name, compared with a
command that was given as a bare name.

Promises    A permission with a wildcard never covers a program that runs what its arguments say: those in
            :data:`RUN_OTHERS`, and options in :data:`RUN_OPTIONS`, match only word by word. A denial also
            covers longer commands that begin with its words, by whatever path the program is named.
Gap         A program that is not in the table may run others, too. Allowing a command is the user's authority.
"""

import re
import shlex
from collections.abc import Iterable
from fnmatch import translate
from typing import Final, TypeAlias

from policies.capability import ShellRequest
from policies.decision import Rule

MAX_PATTERN_CHARS: Final = 4096
MAX_ARGUMENTS: Final = 4096

_SHELLS: Final = (
    "sh bash dash zsh ksh mksh fish csh tcsh ash rbash pwsh powershell nu elvish xonsh"
)
_WRAPPERS: Final = (
    "env xargs find fd parallel sudo doas su runuser pkexec nice ionice timeout time nohup setsid stdbuf chrt "
    "taskset flock watch entr script expect unbuffer strace ltrace gdb lldb perf valgrind unshare nsenter chroot "
    "systemd-run at batch crontab busybox toybox ld.so ld-linux ld-linux-x86-64.so ld-linux-aarch64.so "
    "setpriv capsh prlimit numactl firejail bwrap fakeroot proot command exec eval builtin start-stop-daemon "
    "run-parts dbus-run-session xvfb-run direnv rbenv pyenv nvm asdf mise volta fnm xdg-open open code cursor "
    "qemu-x86_64 qemu-aarch64 ld-musl-x86_64.so ld-musl-aarch64.so wine mono apptainer singularity runc crun ctr buildah"
)
_REMOTE: Final = "ssh scp sftp rsync docker podman nerdctl kubectl oc lxc incus vagrant ansible mosh telnet socat nc ncat"
_INTERPRETERS: Final = (
    "python pypy node nodejs deno bun perl ruby php lua luajit tclsh wish awk gawk mawk nawk sed ed ex guile "
    "julia rscript r groovy scala kotlin java jshell jrunscript dotnet csi osascript tsx ts-node ocaml ghci runghc erl elixir iex sqlite sqlite3 "
    "psql mysql bc dc m4 gnuplot octave"
)
_BUILDERS: Final = (
    "npm npx pnpm pnpx yarn corepack pip pipx uv uvx poetry pdm hatch conda tox nox pytest make gmake cmake ninja "
    "meson bazel buck just task rake gradle mvn ant sbt cargo rustc rustup go gcc cc clang ld ar tar cpio zip "
    "bundle gem composer cpan brew apt apt-get dpkg rpm dnf yum apk pacman nix nix-shell guix snap flatpak "
    "eslint prettier babel tsup ctest rspec rubocop phpunit terraform helm packer ansible-playbook "
    "pre-commit husky lerna nx turbo jest vitest mocha webpack vite rollup esbuild gulp grunt"
)
_PAGERS: Final = "vi vim nvim view vimdiff emacs emacsclient nano pico less more most man pager tmux screen byobu top htop ftp lftp mail mailx mutt"

RUN_OTHERS: Final = frozenset(
    " ".join((_SHELLS, _WRAPPERS, _REMOTE, _INTERPRETERS, _BUILDERS, _PAGERS)).split()
)
"""Programs whose arguments, or files beside them, say what to run."""

_GIT: Final = (
    r"-[cCOuxip].*|--con.*|--exe?(=.*)?|--exe.*|--ext.*|--git-.*|--int.*|--op.*|--ou.*|--pag.*|--rec.*|--tem.*"
    r"|--text.*|--up.*|--work.*|ext::.*"
    r"|config|bisect|submodule|difftool|mergetool|filter-branch|rebase|hook|alias|daemon|send-email|instaweb"
    r"|for-each-repo|maintenance|credential|clone|remote-ext|remote-fd|svn|p4|cvsserver|gui|citool|help"
)
"""Options as short as git takes them: it reads ``--upload-p`` as ``--upload-pack``."""
RUN_OPTIONS: Final[dict[str, re.Pattern[str]]] = {
    "git": re.compile(_GIT),
    "hg": re.compile(r"--conf.*|-R.*|--cw.*|--debugger"),
    "sort": re.compile(r"--co.*"),
    "split": re.compile(r"--fi.*"),
    "rg": re.compile(r"--pre(=.*)?|--hostname-bin.*|-z|--search-zip"),
    "curl": re.compile(r"-K.*|--con.*"),
    "wget": re.compile(r"--use-a.*|-e.*|--exe.*|--con.*"),
    "gh": re.compile(r"alias|extension|browse|codespace|ssh"),
    "tcpdump": re.compile(r"-z.*"),
    "openssl": re.compile(r"-engine|-provider.*|engine"),
}
"""Programs that run others only when an argument says so, and which arguments those are."""

_VERSION: Final = re.compile(r"(?<=[a-z.])[-.]?\d[\d.]*\Z")


class CommandPatternError(ValueError):
    """A command pattern that cannot be read. The message says what is wrong and what to write."""


def _family(name: str) -> str:
    """``python3.11``, ``lua5.4`` and ``gcc-12`` are python, lua and gcc."""
    name = name.lower()
    return _VERSION.sub("", name) or name


def runs_others(program: str, argv: tuple[str, ...]) -> bool:
    """Whether *program* with *argv* is an interpreter, a wrapper, or has an option that makes it one."""
    name = program.rpartition("/")[2].lower()
    family = _family(name)
    if name in RUN_OTHERS or family in RUN_OTHERS:
        return True
    options = RUN_OPTIONS.get(name) or RUN_OPTIONS.get(family)
    return options is not None and any(options.fullmatch(word) for word in argv[1:])


_EVERYTHING: Final = ("*", "shell:*", "...")
_Word: TypeAlias = "str | re.Pattern[str]"


def read(pattern: str) -> tuple[list[str], bool]:
    """Return the words of *pattern*, and whether any further arguments may follow.

    Raises :class:`CommandPatternError`.
    """
    if len(pattern) > MAX_PATTERN_CHARS or "\0" in pattern:
        raise CommandPatternError(
            f"a command pattern has {MAX_PATTERN_CHARS} characters at most"
        )
    if pattern.strip() in _EVERYTHING:
        return [], True
    try:
        words = shlex.split(pattern.strip().removeprefix("shell:"))
    except ValueError:
        raise CommandPatternError("a quotation mark is not closed; close it") from None
    if not words:
        raise CommandPatternError("a command pattern is not empty; * is every command")
    if "/" in words[0] and not words[0].startswith("/"):
        raise CommandPatternError("a program is a bare name or an absolute path")
    rest = words[-1] in ("*", "...") and len(words) > 1
    return (words[:-1] if rest else words), rest


class _Pattern:
    __slots__ = ("exact", "rest", "words")

    def __init__(self, words: list[str], rest: bool) -> None:
        self.words: list[_Word] = [
            re.compile(translate(word)) if re.search(r"[*?\[]", word) else word
            for word in words
        ]
        self.rest = rest
        self.exact = not rest and all(isinstance(word, str) for word in self.words)


class CommandSet:
    """The command patterns of one list."""

    __slots__ = ("_denies", "_patterns")

    def __init__(self, rules: Iterable[Rule], *, denies: bool) -> None:
        self._denies = denies
        self._patterns: list[tuple[_Pattern, Rule]] = []
        for rule in rules:
            try:
                words, rest = read(rule.pattern)
            except CommandPatternError:
                if not denies:
                    continue
                words, rest = [], True
            self._patterns.append((_Pattern(words, rest), rule))

    def find(self, request: ShellRequest) -> Rule | None:
        """Return the first rule that covers *request*."""
        argv = request.argv
        loose = None
        for pattern, rule in self._patterns:
            if not pattern.words:
                return rule
            if not self._fits(pattern, request):
                continue
            if self._denies or pattern.exact:
                return rule
            if loose is None:
                multi_call = request.program.rpartition("/")[2] in _MULTI_CALL
                loose = runs_others(argv[0], argv) or (
                    bool(request.program)
                    and not multi_call
                    and runs_others(request.program, argv)
                )
            if not loose:
                return rule
        return None

    def _fits(self, pattern: _Pattern, request: ShellRequest) -> bool:
        argv, words = request.argv, pattern.words
        if len(argv) < len(words):
            return False
        if len(argv) > len(words) and not pattern.rest and not self._denies:
            return False
        return self._is_program(words[0], request) and all(
            word == given if isinstance(word, str) else word.match(given) is not None
            for word, given in zip(words[1:], argv[1:], strict=False)
        )

    def _is_program(self, word: _Word, request: ShellRequest) -> bool:
        called, program = request.argv[0], request.program
        names = [called]
        if self._denies:
            # rm is rm by whatever path it is called, and under whatever name.
            names += [called.rpartition("/")[2], program, program.rpartition("/")[2]]
        elif program and program.startswith("/"):
            names.append(program)
            if "/" in called:
                names.remove(called)  # only where it leads counts
        elif ".." in called.split("/"):
            return False
        return any(
            word == name if isinstance(word, str) else word.match(name) is not None
            for name in names
            if name
        )


_MULTI_CALL: Final = frozenset({"busybox", "toybox", "coreutils"})
"""One file behind many names: what it does is what it is called, not where it lies."""

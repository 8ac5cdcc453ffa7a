"""Layer 0: what no hostcall does, whatever anybody configured.

Promises    The table is the whole of it: each row names the kinds it takes, its patterns and why. It is
            compared without regard to case, so that a file system without case opens no second door.
            A plugin's own data directory is exempt, and for reading its own package; nothing else is.
Gap         A hard link or a bind mount is another name that no path tells: whoever can make one has the rights of
            the user already, and no hostcall makes any.
Elsewhere   How patterns read: ``paths.py`` (a denial covers what is beneath). ``$STATE`` is our own directory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from glob import escape
from typing import Final

from policies.decision import Rule
from policies.names import NameSet
from policies.paths import Form, PathSet, Places, anchor, expand

_READ: Final = ("fs_read",)
_WRITE: Final = ("fs_write",)
_BOTH: Final = ("fs_read", "fs_write")


@dataclass(frozen=True, slots=True)
class Row:
    """Of *kinds*, whatever *patterns* cover is refused, but for *unless*; *reason* is for people."""

    name: str
    kinds: tuple[str, ...]
    patterns: tuple[str, ...]
    reason: str
    unless: tuple[str, ...] = ()


ROWS: Final = (
    Row(
        "state",
        _BOTH,
        (
            "$STATE",
            "$HOME/.jcode",
            "/run/user/*/jcode*",
            "/var/run/user/*/jcode*",
            "/etc/jcode",
        ),
        "configuration, consent, audit, stores and sockets of this host",
    ),
    Row(
        "agent-config",
        _WRITE,
        (
            *(
                f"**/.{name}"
                for name in (
                    "claude",
                    "codex",
                    "gemini",
                    "opencode",
                    "jcode",
                    "cursor",
                    "pi",
                    "omp",
                )
            ),
            "$HOME/.claude.json",
            "$HOME/.config/opencode",
            "$HOME/.config/claude",
            "$HOME/.config/codex",
            "$HOME/.config/jcode",
            "$HOME/.config/Claude",
            "**/mcp.json",
            "**/.mcp.json",
            "**/hooks.json",
            "**/opencode.json",
            "**/opencode.jsonc",
            "/etc/claude-code",
            "/etc/codex",
            "/etc/gemini-cli",
        ),
        "what an agent obeys: its settings, hooks and servers",
    ),
    Row(
        "shell-startup",
        _WRITE,
        (
            *(
                f"**/{name}"
                for name in (
                    ".bashrc",
                    ".bash_profile",
                    ".bash_login",
                    ".bash_logout",
                    ".bash_aliases",
                    ".profile",
                    ".zshrc",
                    ".zshenv",
                    ".zprofile",
                    ".zlogin",
                    ".zlogout",
                    ".kshrc",
                    ".mkshrc",
                    ".cshrc",
                    ".tcshrc",
                    ".login",
                    ".logout",
                    ".inputrc",
                    ".xprofile",
                    ".xinitrc",
                    ".xsession",
                    ".xsessionrc",
                    ".pam_environment",
                    ".envrc",
                    "config.fish",
                    ".shrc",
                )
            ),
            "$HOME/.config/fish",
            "$HOME/.config/nushell",
            "$HOME/.config/environment.d",
            "$HOME/.oh-my-zsh",
            "$HOME/.local/share/bash-completion",
            "/etc/profile",
            "/etc/profile.d",
            "/etc/environment",
            "/etc/bash.bashrc",
            "/etc/bashrc",
            "/etc/zsh*",
            "/etc/fish",
        ),
        "what a shell runs when it starts",
    ),
    Row(
        "login",
        _WRITE,
        (
            "$HOME/.config/systemd",
            "$HOME/.local/share/systemd",
            "$HOME/.config/autostart",
            "$HOME/.ssh",
            "/var/spool/cron",
            "/etc/cron*",
            "/etc/systemd",
            "/etc/ld.so*",
            "/etc/sudoers*",
            "/etc/passwd",
            "/etc/shadow",
            "/etc/group",
            "/etc/ssh",
            "/etc/pam.d",
        ),
        "what the system runs for the user, or lets in",
    ),
    Row(
        "git",
        _WRITE,
        (
            "**/.git",
            "**/.gitmodules",
            "$HOME/.gitconfig",
            "$HOME/.config/git",
            "/etc/gitconfig",
        ),
        "git runs programs that its configuration and hooks name",
    ),
    Row(
        "private-keys",
        _READ,
        (
            *(
                f"**/id_{kind}"
                for kind in ("rsa", "dsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss")
            ),
            *(
                f"**/*.{kind}"
                for kind in (
                    "pem",
                    "key",
                    "p12",
                    "pfx",
                    "jks",
                    "keystore",
                    "kdbx",
                    "ppk",
                    "asc.key",
                )
            ),
            "**/.gnupg",
            "/etc/ssh/ssh_host_*_key",
            "/etc/ssl/private",
            "/etc/letsencrypt",
            "/etc/wireguard",
            "$HOME/.config/age",
            "$HOME/.config/sops",
            "$HOME/.minisign",
            "$HOME/.sigstore",
        ),
        "private keys",
        unless=("/etc/ssl/certs", "/usr/share", "/usr/lib", "/usr/local/share/ca-certificates"),
    ),
    Row(
        "ssh",
        _READ,
        ("$HOME/.ssh",),
        "private keys, under whatever name",
        unless=("$HOME/.ssh/config", "$HOME/.ssh/known_hosts", "$HOME/.ssh/*.pub"),
    ),
    Row(
        "credentials",
        _READ,
        (
            *(
                f"**/{name}"
                for name in (
                    ".netrc",
                    "_netrc",
                    ".npmrc",
                    ".yarnrc.yml",
                    ".pypirc",
                    ".git-credentials",
                    ".pgpass",
                    ".my.cnf",
                    ".mylogin.cnf",
                    ".s3cfg",
                    ".boto",
                    ".vault-token",
                    ".htpasswd",
                    ".dockercfg",
                    ".esmtprc",
                    ".msmtprc",
                )
            ),
            "**/.aws/credentials",
            "**/.aws/cli/cache",
            "**/.aws/sso/cache",
            "**/.docker/config.json",
            "**/.kube",
            "**/.azure",
            "$HOME/.config/gcloud",
            "$HOME/.config/git/credentials",
            "$HOME/.config/gh/hosts.yml",
            "$HOME/.config/glab-cli",
            "$HOME/.config/hub",
            "$HOME/.config/doctl",
            "$HOME/.config/rclone",
            "$HOME/.config/containers/auth.json",
            "$HOME/.config/op",
            "$HOME/.config/Bitwarden*",
            "$HOME/.config/github-copilot",
            "$HOME/.cargo/credentials*",
            "$HOME/.gem/credentials",
            "$HOME/.m2/settings*.xml",
            "$HOME/.gradle/gradle.properties",
            "$HOME/.terraform.d/credentials*",
            "$HOME/.terraformrc",
            "$HOME/.fly",
            "$HOME/.heroku",
            "$HOME/.oci",
            "$HOME/.password-store",
            "$HOME/.local/share/keyrings",
            "$HOME/.local/share/kwalletd",
            "$HOME/.kde*/share/apps/kwallet",
            "$HOME/.claude/.credentials.json",
            "$HOME/.claude.json",
            "$HOME/.codex/auth.json",
            "$HOME/.gemini/oauth_creds.json",
            "$HOME/.local/share/opencode/auth.json",
            "$HOME/.pi/agent/auth.json",
            "/etc/shadow*",
            "/etc/gshadow*",
            "/etc/krb5.keytab",
            "/tmp/krb5cc*",
            "/var/run/secrets",
            "/run/secrets",
            "/run/credentials",
        ),
        "stored passwords and tokens",
    ),
    Row(
        "browsers",
        _READ,
        (
            "$HOME/.mozilla",
            "$HOME/.thunderbird",
            "$HOME/.config/google-chrome*",
            "$HOME/.config/chromium",
            "$HOME/.config/BraveSoftware",
            "$HOME/.config/microsoft-edge*",
            "$HOME/.config/vivaldi",
            "$HOME/.config/opera",
            "$HOME/snap/firefox",
            "$HOME/snap/chromium",
            "$HOME/.var/app/*/.mozilla",
            "$HOME/.var/app/*/config/*chrom*",
        ),
        "cookies and stored passwords of browsers",
    ),
    Row(
        "processes",
        _BOTH,
        (
            *(
                f"/proc/{who}/{what}"
                for who in ("*", "*/task/*")
                for what in (
                    "root",
                    "cwd",
                    "exe",
                    "fd",
                    "fdinfo",
                    "map_files",
                    "environ",
                    "mem",
                    "maps",
                    "smaps*",
                    "cmdline",
                    "auxv",
                    "stack",
                    "syscall",
                    "ns",
                    "setgroups",
                    "*_map",
                    "attr",
                    "oom_*",
                )
            ),
            "/proc/kcore",
            "/proc/kmsg",
            "/proc/kallsyms",
            "/dev/fd",
            "/dev/std*",
            "/dev/mem",
            "/dev/kmem",
            "/dev/port",
            "/dev/sd*",
            "/dev/hd*",
            "/dev/vd*",
            "/dev/xvd*",
            "/dev/nvme*",
            "/dev/mapper",
            "/dev/dm-*",
            "/dev/loop*",
            "/dev/disk",
            "/dev/tty*",
            "/dev/pts",
            "/dev/input",
            "/sys/kernel",
        ),
        "names that lead into processes, memory or whole disks, past every other rule",
    ),
    Row(
        "kernel",
        _WRITE,
        ("/proc", "/sys", "/dev", "/boot"),
        "switches of the kernel, devices and what starts the machine",
        unless=("/dev/null", "/dev/shm"),
    ),
    Row(
        "host-config",
        ("config_write",),
        (
            "plugin",
            "plugin.*",
            "plugins",
            "plugins.*",
            "permission*",
            "hooks*",
            "mcp*",
            "approval*",
        ),
        "what this host and the agent obey",
    ),
)
"""In the order in which they are looked at. ``doctor`` lists them."""


class Protected:
    """The table for one home and one state directory; *ours* are patterns of what we keep elsewhere."""

    __slots__ = ("_by_kind", "_config", "_reasons")

    def __init__(
        self,
        home: str,
        state: str,
        aliases: tuple[tuple[str, str], ...],
        ours: tuple[str, ...] = (),
    ) -> None:
        places = Places(home=home.casefold())
        real = {name.casefold(): where.casefold() for name, where in aliases}
        self._reasons = {row.name: row.reason for row in ROWS}
        self._by_kind: dict[str, list[tuple[PathSet, PathSet]]] = {}
        for kind in _BOTH:
            rows = [row for row in ROWS if kind in row.kinds]
            groups = [
                [row for row in rows if not row.unless]
            ]  # one search for all that have no exception
            groups += [[row] for row in rows if row.unless]
            self._by_kind[kind] = [
                (
                    PathSet(_rules(group, state, ours), places, denies=True, aliases=real),
                    # Not a denial: an exception covers no link and nothing beneath its wildcards.
                    PathSet(_exceptions(group), places, denies=False),
                )
                for group in groups
            ]
        self._config = NameSet(
            [
                Rule(row.name, pattern)
                for row in ROWS
                if "config_write" in row.kinds
                for pattern in row.patterns
            ],
            denies=True,
        )

    def find_path(self, kind: str, path: str) -> tuple[str, str] | None:
        """Return the row's name and reason that takes *path*, which is in the form of ``paths.normalise``."""
        folded = Form(path.casefold())
        for closed, open_ in self._by_kind[kind]:
            rule = closed.find(folded)
            if rule is not None and open_.find(folded) is None:
                return rule.kind, self._reasons[rule.kind]
        return None

    def find_key(self, name: str) -> tuple[str, str] | None:
        """Return the row's name and reason that takes the configuration key *name*."""
        rule = self._config.find(name)
        return None if rule is None else (rule.kind, self._reasons[rule.kind])


def _rules(rows: Iterable[Row], state: str, ours: tuple[str, ...]) -> list[Rule]:
    return [
        Rule(row.name, _fold(pattern.replace("$STATE", escape(state))))
        for row in rows
        for pattern in _patterns(row, state, ours)
    ]


def _patterns(row: Row, state: str, ours: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of *row*: those of our own row name what we keep elsewhere, too."""
    known = tuple(one for one in row.patterns if state or not one.startswith("$STATE"))
    return (*known, *ours) if row.name == "state" else known


def _exceptions(rows: Iterable[Row]) -> list[Rule]:
    return [Rule(row.name, _fold(pattern)) for row in rows for pattern in row.unless]


def _fold(pattern: str) -> str:
    """Lower the case of *pattern*, but for the variable at its start."""
    head, slash, rest = pattern.partition("/")
    return head + slash + rest.casefold() if head.startswith("$") else pattern.casefold()


@lru_cache(maxsize=32)
def protected(
    home: str,
    state: str,
    aliases: tuple[tuple[str, str], ...] = (),
    ours: tuple[str, ...] = (),
) -> Protected:
    """Return the table for *home* and *state*, made once for each pair."""
    return Protected(home, state, aliases, ours)


@lru_cache(maxsize=32)
def anchors(home: str, state: str, ours: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the directories in which the rows' patterns begin, case kept, so that links on the way to them
    can be followed."""
    places = Places(home=home)
    patterns = (
        expand(pattern.replace("$STATE", escape(state)), places)
        for row in ROWS
        if row.kinds != ("config_write",)
        for pattern in _patterns(row, state, ours)
    )
    return frozenset(anchor(pattern) for pattern in patterns if pattern is not None)

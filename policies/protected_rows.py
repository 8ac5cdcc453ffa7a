"""The table of layer 0: what no hostcall does, as data, a row for each reason.

How patterns read: ``paths.py`` (a denial covers what is beneath). ``$STATE`` is our own directory. What lies elsewhere on
this machine comes to the rows ``state`` and ``programs`` from whoever makes the table.
"""

from dataclasses import dataclass
from typing import Final

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
        "programs",
        _WRITE,
        (
            "$HOME/bin",
            "$HOME/.local/bin",
            "$HOME/.local/lib/python*",
            "$HOME/.cargo/bin",
            "$HOME/.bun/bin",
            "$HOME/.deno/bin",
            "$HOME/go/bin",
            "**/site-packages",
            "**/pyvenv.cfg",
            "**/node_modules/.bin",
            "**/.npmrc",
            "**/.yarnrc.yml",
            "**/.husky",
            "**/.vscode",
            "**/.idea",
        ),
        "programs on the path, this host's own code and other plugins'",
    ),
    Row(
        "git",
        _WRITE,
        (
            "**/.git",
            "**/git~[0-9]",  # its short name where a file system gives one
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

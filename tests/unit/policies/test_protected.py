"""Layer 0: what no configuration opens."""

from dataclasses import replace
from typing import Literal

import pytest

from policies.capability import FileRequest, NameRequest
from policies.chain import Chain
from policies.decision import Rule
from policies.layers import PluginPolicy
from policies.protected import anchors
from policies.protected_rows import ROWS
from policies.rules import problem

KINDS: tuple[Literal["fs_read", "fs_write"], ...] = ("fs_read", "fs_write")
EVERYTHING = tuple(Rule(kind, "*") for kind in (*KINDS, "config_write"))
CHAIN = Chain(
    "permissive",
    global_default="allow",
    allow=EVERYTHING,
    home="/home/u",
    state="/home/u/.jcode",
).with_plugin(
    "p", PluginPolicy(allow=EVERYTHING, root="/opt/p", data="/home/u/.jcode/data/p/w")
)
"""Everything that can be configured is: what is still denied, layer 0 denies."""

# path, may be read, may be written
PLACES = [
    # the control: ordinary files
    ("/home/u/proj/a.ts", True, True),
    ("/home/u/.config/other/a", True, True),
    ("/home/u/.vimrc", True, True),
    ("/tmp/x", True, True),
    ("/home/u/.jcode/data/p/w/a", True, True),
    ("/home/u/proj/jcode/a", True, True),
    ("/home/u/proj/.github/workflows/a.yml", True, True),
    ("/home/u/proj/.gitignore", True, True),
    ("/home/u/proj/git/a", True, True),
    ("/home/u/proj/environ", True, True),
    ("/dev/null", True, True),
    ("/proc/meminfo", True, False),
    ("/proc/self/status", True, False),
    ("/etc/ssl/certs/ca.pem", True, True),
    ("/home/u/proj/keys.ts", True, True),
    ("/home/u/proj/id_rsa.pub", True, True),
    ("/home/u/proj/monkey", True, True),
    # what is run
    ("/home/u/.local/bin/git", True, False),
    ("/home/u/.local/lib/python3.11/site-packages/x.pth", True, False),
    ("/home/u/proj/.venv/lib/python3.11/site-packages/idna.py", True, False),
    ("/home/u/proj/.venv/pyvenv.cfg", True, False),
    ("/home/u/proj/node_modules/.bin/tsc", True, False),
    ("/home/u/proj/node_modules/left-pad/index.js", True, True),
    ("/home/u/proj/.husky/pre-commit", True, False),
    ("/home/u/proj/.vscode/tasks.json", True, False),
    ("/home/u/proj/.npmrc", False, False),
    # other spellings, which a file system without case may take for the same
    ("/home/u/proj/.g\u200cit/hooks/x", True, False),
    ("/home/u/proj/.git./hooks/x", True, False),
    ("/home/u/proj/.git /hooks/x", True, False),
    ("/home/u/proj/GIT~1/hooks/x", True, False),
    ("/home/u/.\u00adssh/id", False, False),
    ("/home/u/proj/g\u200cit/x", True, True),
    ("/home/u/proj/it ends. /x", True, True),
    # our own state
    ("/home/u/.jcode", False, False),
    ("/home/u/.jcode/", False, False),
    ("/home/u/.jcode/config.toml", False, False),
    ("/home/u/.JCODE/config.toml", False, False),
    ("/home/u/x/../.jcode/config.toml", False, False),
    ("/home/u/.jcode/plugins/installed.json", False, False),
    ("/home/u/.jcode/audit/log", False, False),
    ("/home/u/.jcode/kv/p/w.sqlite", False, False),
    ("/home/u/.jcode/cache/x", False, False),
    ("/home/u/.jcode/data/q/w/a", False, False),
    ("/home/u/.jcode/data/p/w/../x", False, False),
    ("/home/u/.jcode/data/p/w2", False, False),
    ("/run/user/1000/jcode/daemon.sock", False, False),
    ("/etc/jcode/plugin.toml", False, False),
    # agents
    ("/home/u/.claude/settings.json", True, False),
    ("/home/u/.claude.json", False, False),
    ("/home/u/.codex/config.toml", True, False),
    ("/home/u/.gemini/settings.json", True, False),
    ("/home/u/.config/opencode/opencode.json", True, False),
    ("/home/u/proj/.claude/settings.local.json", True, False),
    ("/home/u/proj/.CLAUDE/settings.json", True, False),
    ("/home/u/proj/.jcode/plugins/x.ts", True, False),
    ("/home/u/proj/.opencode/x", True, False),
    ("/home/u/proj/.cursor/mcp.json", True, False),
    ("/home/u/proj/.mcp.json", True, False),
    ("/home/u/proj/sub/hooks.json", True, False),
    # shells and logins
    ("/home/u/.bashrc", True, False),
    ("/home/u/.bashrc/", True, False),
    ("/home/u/.profile", True, False),
    ("/home/u/.zshrc", True, False),
    ("/home/u/.zshenv", True, False),
    ("/home/u/.config/fish/config.fish", True, False),
    ("/home/u/.config/fish/conf.d/x.fish", True, False),
    ("/root/.bashrc", True, False),
    ("/home/other/.bashrc", True, False),
    ("/etc/profile", True, False),
    ("/etc/profile.d/x.sh", True, False),
    ("/etc/zsh/zshrc", True, False),
    ("/etc/environment", True, False),
    ("/home/u/proj/.envrc", True, False),
    ("/home/u/.config/systemd/user/x.service", True, False),
    ("/home/u/.config/autostart/x.desktop", True, False),
    ("/home/u/.ssh/authorized_keys", False, False),
    ("/etc/cron.d/x", True, False),
    ("/etc/sudoers.d/x", True, False),
    ("/etc/ld.so.preload", True, False),
    # git
    ("/home/u/proj/.git", True, False),
    ("/home/u/proj/.git/config", True, False),
    ("/home/u/proj/.git/hooks/pre-commit", True, False),
    ("/home/u/proj/.GIT/config", True, False),
    ("/home/u/proj/a/.git/modules/x/config", True, False),
    ("/home/u/.gitconfig", True, False),
    # keys and credentials
    ("/home/u/.ssh/id_ed25519", False, False),
    ("/home/u/.ssh/work", False, False),
    ("/home/u/.ssh/config", True, False),
    ("/home/u/.ssh/id_rsa.pub", True, False),
    ("/home/u/.ssh/sub/id_rsa.pub", False, False),
    ("/srv/id_rsa", False, True),
    ("/home/u/proj/server.pem", False, True),
    ("/home/u/proj/server.PEM", False, True),
    ("/home/u/proj/tls.key", False, True),
    ("/home/u/.gnupg/private-keys-v1.d/x", False, True),
    ("/home/u/.aws/credentials", False, True),
    ("/home/u/.aws/config", True, True),
    ("/home/u/.config/gcloud/credentials.db", False, True),
    ("/home/u/.kube/config", False, True),
    ("/home/u/.netrc", False, True),
    ("/home/u/.npmrc", False, False),
    ("/home/u/proj/.npmrc", False, False),
    ("/home/u/.pypirc", False, True),
    ("/home/u/.docker/config.json", False, True),
    ("/home/u/.git-credentials", False, True),
    ("/home/u/.mozilla/firefox/x/logins.json", False, True),
    ("/home/u/.config/google-chrome/Default/Cookies", False, True),
    ("/home/u/.config/google-chrome-beta/Default/Cookies", False, True),
    ("/home/u/.local/share/keyrings/login.keyring", False, True),
    ("/home/u/.codex/auth.json", False, False),
    ("/etc/shadow", False, False),
    ("/etc/shadow-", False, True),
    # processes, memory, disks
    ("/proc/self/environ", False, False),
    ("/proc/1/environ", False, False),
    ("/proc/thread-self/environ", False, False),
    ("/proc/self/task/12/environ", False, False),
    ("/proc/self/mem", False, False),
    ("/proc/self/root", False, False),
    ("/proc/self/root/etc/passwd", False, False),
    ("/proc//self/./root/etc/passwd", False, False),
    ("/proc/self/../self/root/etc/passwd", False, False),
    ("/proc/123/root/home/u/proj/a.ts", False, False),
    ("/proc/self/cwd/a.ts", False, False),
    ("/proc/self/fd/3", False, False),
    ("/proc/self/task/1/fd/3", False, False),
    ("/proc/self/map_files/x", False, False),
    ("/proc/self/cmdline", False, False),
    ("/proc/sys/kernel/core_pattern", True, False),
    ("/proc/sysrq-trigger", True, False),
    ("/dev/fd/3", False, False),
    ("/dev/stdin", False, False),
    ("/dev/mem", False, False),
    ("/dev/sda1", False, False),
    ("/dev/nvme0n1", False, False),
    ("/dev/tty", False, False),
    ("/sys/kernel/uevent_helper", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "reads", "writes"), PLACES)
def test_only_layer_0_stands_in_the_way(path: str, reads: bool, writes: bool) -> None:
    """Everything is allowed in every list there is."""
    for kind, may in zip(KINDS, (reads, writes), strict=True):
        decision = CHAIN.decide("p", FileRequest(kind, path))

        assert decision.allowed is may, decision
        assert may or (decision.layer, decision.code) == (0, "deny.protected")


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_keep_elsewhere_is_ours_too(kind: Literal["fs_read", "fs_write"]) -> None:
    """A log that was moved, and its full files. Controls: its neighbour, and a chain that does not know."""
    log = "/var/log/agent/audit.jsonl"
    knows = replace(CHAIN, ours=(log, f"{log}.*"))

    for path in (log, f"{log}.1", f"{log}.17"):
        assert knows.decide("p", FileRequest(kind, path)).code == "deny.protected"
        assert CHAIN.decide("p", FileRequest(kind, path)).allowed
    assert knows.decide("p", FileRequest(kind, "/var/log/agent/other.jsonl")).allowed
    assert "/var/log/agent" in knows.anchors()


def test_either_name_of_a_file_is_enough() -> None:
    """A link that leads to a protected place, and a protected name that leads elsewhere."""
    links = [
        FileRequest("fs_read", "/home/u/.ssh/id_rsa", named="/home/u/proj/notes"),
        FileRequest("fs_read", "/srv/keys/x", named="/home/u/.ssh/id_rsa"),
        FileRequest("fs_read", "/etc/passwd", named="/proc/self/root/etc/passwd"),
    ]
    assert [CHAIN.decide("p", link).code for link in links] == ["deny.protected"] * 3
    assert CHAIN.decide("p", FileRequest("fs_read", "/srv/x", named="/home/u/proj/x")).allowed


def test_a_protected_directory_that_is_a_link_is_protected_where_it_leads() -> None:
    """The home may keep its keys on another disk."""
    direct = FileRequest("fs_read", "/mnt/Keys/work")

    assert CHAIN.decide("p", direct).allowed
    linked = CHAIN.with_aliases({"/home/u/.ssh": "/mnt/Keys"})
    assert linked.decide("p", direct).code == "deny.protected"
    assert linked.decide("p", FileRequest("fs_read", "/mnt/other")).allowed


@pytest.mark.parametrize(
    ("key", "may"),
    [("theme", True), ("plugin.mode", False), ("plugin", False), ("hooks.pre", False), ("permissions", False)],
)  # fmt: skip
def test_no_plugin_writes_what_the_host_obeys(key: str, may: bool) -> None:
    """Reading is a matter of rules."""
    assert CHAIN.decide("p", NameRequest("config_write", key)).allowed is may


def test_every_row_says_why_and_can_be_read() -> None:
    """Unique names, a reason for people, patterns in the language of paths."""
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.reason
        assert set(row.kinds) <= {"fs_read", "fs_write", "config_write"}
        for pattern in (*row.patterns, *row.unless):
            if row.kinds != ("config_write",):
                known = pattern.replace("$STATE", "/s")
                assert problem("fs_read", known) is None, pattern
                assert known.startswith(("/", "$HOME", "**/")), pattern


def test_a_home_with_a_wildcard_in_its_name_is_a_directory_like_any() -> None:
    """And an unusual place for our state."""
    odd = Chain("permissive", home="/home/[u]", state="/srv/*").with_plugin("p", PluginPolicy())

    def may(path: str) -> bool:
        return odd.decide("p", FileRequest("fs_read", path)).allowed

    assert not may("/home/[u]/.ssh/x")
    assert not may("/srv/*/config.toml")
    assert may("/home/u/.ssh/x")
    assert may("/srv/other/config.toml")


def test_the_places_where_patterns_begin_are_known() -> None:
    """So that the host can look where they really are; case kept."""
    found = anchors("/home/U", "/srv/State")

    assert {"/home/U/.ssh", "/home/U/.config/gcloud", "/srv/State", "/etc/jcode"} <= found


def test_where_code_lies_is_up_to_the_machine() -> None:
    """It is read, and never written, whatever case; a directory beside it is."""
    chain = replace(CHAIN, code=("/srv/Plugins/one",))

    for path, kind, may in (
        ("/srv/Plugins/one/index.js", "fs_read", True),
        ("/srv/Plugins/one/index.js", "fs_write", False),
        ("/srv/plugins/ONE", "fs_write", False),
        ("/srv/Plugins/other/index.js", "fs_write", True),
    ):
        decision = chain.decide("p", FileRequest(kind, path))  # type: ignore[arg-type]  # one of the two
        assert decision.allowed is may, path
    assert CHAIN.decide("p", FileRequest("fs_write", "/srv/Plugins/one/index.js")).allowed

"""The five layers, in order; what decides, and how it explains itself."""

import pytest

from policies.capability import FileRequest, HostRequest, NameRequest, Request, ShellRequest
from policies.chain import Chain
from policies.consent import consent, granted
from policies.decision import Rule, Source
from policies.layers import PluginPolicy
from policies.modes import Mode

OPERATOR = Source("file", "config.toml:7")
HAND = Source("consent", "loaded by hand")
TOOL = NameRequest("tools", "hello")
READ = FileRequest("fs_read", "/home/u/proj/notes.txt")


def rules(kind: str, *patterns: str, source: Source = OPERATOR) -> tuple[Rule, ...]:
    return tuple(Rule(kind, pattern, source) for pattern in patterns)


def chain(mode: Mode = "strict", policy: PluginPolicy | None = None) -> Chain:
    """A chain that knows one plugin, ``p``."""
    return Chain(mode, home="/home/u", cwd="/home/u/proj", state="/home/u/.jcode").with_plugin(
        "p", policy or PluginPolicy(root="/opt/p", data="/home/u/.jcode/data/p/w")
    )


@pytest.mark.parametrize(
    ("mode", "verdict", "code"),
    [
        ("strict", "deny", "deny.mode"),
        ("prompt", "ask", "ask.mode"),
        ("permissive", "allow", "allow.mode"),
        ("disabled", "deny", "deny.mode"),
        ("interactive", "ask", "ask.mode"),
    ],
)
def test_without_a_rule_the_mode_decides(mode: Mode, verdict: str, code: str) -> None:
    """Layer 5, with the mode named."""
    decision = chain(mode).decide("p", READ)

    assert (decision.verdict, decision.layer, decision.code) == (verdict, 5, code)
    assert mode in decision.detail


def test_each_layer_decides_only_when_those_above_are_silent() -> None:
    """Denials first, the plugin's own before the global ones; then permissions in the same order."""
    both = chain().with_rules(
        deny=rules("fs_read", "/home/u/proj"), allow=rules("fs_read", "/home/u/proj")
    )
    allowed = PluginPolicy(allow=rules("fs_read", "$CWD"))
    denied = PluginPolicy(allow=allowed.allow, deny=rules("fs_read", "$CWD"))
    only_allow = chain().with_rules(allow=rules("fs_read", "/home/u/proj"))

    found = [
        (one.layer, one.code)
        for one in (
            both.with_plugin("p", denied).decide("p", READ),
            both.with_plugin("p", allowed).decide("p", READ),
            chain().with_plugin("p", allowed).decide("p", READ),
            only_allow.decide("p", READ),
        )
    ]
    assert found == [
        (1, "deny.plugin"),
        (2, "deny.global"),
        (3, "allow.plugin"),
        (4, "allow.global"),
    ]


def test_an_unknown_plugin_may_do_nothing() -> None:
    """Not even in permissive mode."""
    decision = chain("permissive").decide("stranger", TOOL)

    assert (decision.verdict, decision.code) == ("deny", "deny.unknown")


def test_a_decision_names_the_line_it_rests_on() -> None:
    """File and line, and the pattern."""
    decision = chain().with_rules(allow=rules("fs_read", "$CWD")).decide("p", READ)

    assert str(decision) == "layer 4, global allow, $CWD, config.toml:7"


def test_a_manifest_bounds_consent_and_grants_nothing() -> None:
    """What is declared is no permission; what is consented to counts only where it is declared."""
    bound = rules("fs_read", "$CWD/src", source=Source("manifest"))
    by_manifest = chain(policy=PluginPolicy(bound=bound))
    consented = chain(policy=PluginPolicy(bound=bound, consent=rules("fs_read", "$CWD")))
    inside, outside = (
        FileRequest("fs_read", "/home/u/proj/src/a"),
        FileRequest("fs_read", "/home/u/proj/b"),
    )

    assert not by_manifest.decide("p", inside).allowed
    assert consented.decide("p", inside).allowed
    assert not consented.decide("p", outside).allowed
    assert "manifest does not declare" in consented.explain("p", outside)[3].detail


def test_the_global_default_replaces_the_fallback_but_not_when_disabled() -> None:
    """A default of allow does not undo ``disabled``, and is still asked under ``interactive``."""
    verdicts = {
        mode: Chain(mode, global_default="allow")
        .with_plugin("p", PluginPolicy())
        .decide("p", READ)
        .verdict
        for mode in ("strict", "prompt", "disabled", "interactive")
    }

    assert verdicts == {
        "strict": "allow",
        "prompt": "allow",
        "disabled": "deny",
        "interactive": "ask",
    }


@pytest.mark.parametrize("mode", ["strict", "prompt", "permissive", "disabled", "interactive"])
def test_the_inner_network_takes_a_rule_that_spells_it_out(mode: Mode) -> None:
    """No mode opens it, nor does a default, nor a wildcard; nobody is asked about it either."""
    inner = HostRequest("169.254.169.254", 80)
    by_star = Chain(mode, global_default="allow", allow=rules("http_hosts", "*"))
    by_name = by_star.with_rules(allow=rules("http_hosts", "169.254.169.254"))
    star, name = (
        one.with_plugin("p", PluginPolicy()).decide("p", inner) for one in (by_star, by_name)
    )

    assert (star.verdict, star.code) == ("deny", "deny.private")
    wanted = {"interactive": "ask", "disabled": "deny"}
    assert name.verdict == wanted.get(mode, "allow")


def test_disabled_denies_what_rules_allow() -> None:
    """The word of the mode is stronger than any permission, consent included."""
    policy = PluginPolicy(allow=rules("tools", "*"), granted=granted("hand"), data="/d")
    shut = Chain("disabled", allow=rules("tools", "*")).with_plugin("p", policy)

    assert not shut.decide("p", TOOL).allowed
    assert not shut.decide("p", FileRequest("fs_read", "/d/x")).allowed


def test_interactive_asks_about_what_rules_allow_and_denies_what_they_deny() -> None:
    """Every access is asked, whoever allowed it."""
    one = Chain("interactive", allow=rules("env", "*"), deny=rules("shell", "*")).with_plugin(
        "p", PluginPolicy(allow=rules("tools", "*"))
    )

    asked = [one.decide("p", TOOL), one.decide("p", NameRequest("env", "LANG"))]
    assert [(a.verdict, a.layer, a.code) for a in asked] == [
        ("ask", 3, "ask.interactive"),
        ("ask", 4, "ask.interactive"),
    ]
    assert one.decide("p", ShellRequest(("ls",))).verdict == "deny"


def test_the_switch_denies_everything_and_is_named() -> None:
    """Lifting it gives the old answers back."""
    open_ = chain("permissive")
    shut = open_.with_force_deny(Source("switch", "JCODE_PLUGIN_FORCE_DENY"))

    decision = shut.decide("p", TOOL)
    assert (decision.verdict, decision.code) == ("deny", "deny.switch")
    assert "JCODE_PLUGIN_FORCE_DENY" in str(decision)
    assert shut.with_force_deny(None).decide("p", TOOL) == open_.decide("p", TOOL)


@pytest.mark.parametrize(
    "request_",
    [
        FileRequest("fs_read", "relative"),
        FileRequest("fs_read", "/a\0b"),
        FileRequest("fs_read", ""),
        FileRequest("fs_read", "/ok", named="/a\0b"),
        HostRequest("", 80),
        HostRequest("a.com", 0),
        HostRequest("a b", 80),
        ShellRequest(()),
        ShellRequest(("",)),
        ShellRequest(("ls", "a\0b")),
        NameRequest("env", ""),
        NameRequest("env", "x" * 5000),
    ],
)
def test_what_makes_no_sense_is_denied_whatever_is_allowed(request_: Request) -> None:
    """A malformed request has no form that a rule could be compared with."""
    decision = chain("permissive").decide("p", request_)

    assert (decision.verdict, decision.layer, decision.code) == ("deny", 0, "deny.malformed")


def test_a_denial_that_cannot_be_read_denies_its_kind() -> None:
    """And a permission that cannot be read permits nothing."""
    denies = chain("permissive").with_rules(deny=rules("fs_read", "{a,b}"))
    allows = chain().with_rules(allow=rules("fs_read", "{a,b}"))

    assert denies.decide("p", READ).code == "deny.global"
    assert denies.decide("p", FileRequest("fs_write", "/home/u/proj/x")).allowed
    assert allows.decide("p", READ).code == "deny.mode"


def test_rights_come_from_the_layers() -> None:
    """By hand: observe, veto, rewrite; decide only when the operator says so; asking gives none."""
    events = {0: "PreToolUse", 12: "PermissionRequest"}
    hand = PluginPolicy(consent=consent("hand", HAND))
    trusted = PluginPolicy(
        consent=hand.consent, allow=rules("events", "PermissionRequest:decide")
    )
    muted = PluginPolicy(consent=hand.consent, deny=rules("events", "PreToolUse:rewrite"))
    deaf = PluginPolicy(consent=hand.consent, deny=rules("events", "PreToolUse"))

    assert chain(policy=hand).rights("p", events).of(12) == {"observe", "veto", "rewrite"}
    assert chain(policy=trusted).rights("p", events).of(12) == {
        "observe", "veto", "rewrite", "decide",
    }  # fmt: skip
    assert chain(policy=muted).rights("p", events).of(0) == {"observe", "veto"}
    assert chain(policy=deaf).rights("p", events).of(0) == frozenset()
    assert chain("prompt").rights("p", events).of(0) == frozenset()
    assert chain("interactive", hand).rights("p", events).of(0) == {"observe", "veto"}
    assert chain("disabled", hand).rights("p", events).of(0) == frozenset()
    assert chain().rights("stranger", events).of(0) == frozenset()


def test_consent_by_each_way_of_loading() -> None:
    """Hardened and installed: what was declared and accepted; a project's plugin: nothing before trust."""
    declared = rules("tools", "hello")

    def may(*given: Rule, request: Request = TOOL) -> bool:
        return chain(policy=PluginPolicy(consent=given)).decide("p", request).allowed

    other = NameRequest("tools", "other")
    assert may(*consent("hand", HAND), request=other)
    assert not may(*consent("hand", HAND, declared=declared, hardened=True), request=other)
    assert may(*consent("hand", HAND, declared=declared, hardened=True))
    assert not may(*consent("installed", HAND, declared=declared))
    assert may(*consent("installed", HAND, declared=declared, accepted=declared))
    assert not may(*consent("project", HAND, declared=declared))
    assert may(*consent("project", HAND, declared=declared, trusted=True))


def test_own_directories_are_open_and_nothing_else_of_ours() -> None:
    """Data to read and write, the package to read; not what lies inside them under a protected name."""
    policy = PluginPolicy(
        root="/home/u/.jcode/plugins/p", data="/home/u/.jcode/data/p/w", granted=granted("hand")
    )
    one = chain("permissive", policy)
    base = "/home/u/.jcode"

    def may(kind: str, path: str) -> bool:
        assert kind in ("fs_read", "fs_write")
        return one.decide(
            "p", FileRequest("fs_read" if kind == "fs_read" else "fs_write", base + path)
        ).allowed

    assert may("fs_read", "/data/p/w/a")
    assert may("fs_write", "/data/p/w/a")
    assert may("fs_read", "/plugins/p/package.json")
    assert not may("fs_write", "/plugins/p/package.json")
    assert not may("fs_write", "/data/p/w/.git/config")
    assert not may("fs_write", "/data/p/w/.claude/settings.json")
    for path in ("/data/p/other/a", "/data/q/w/a", "/plugins/q/x", "/plugins/installed.json",
                 "/config.toml", "/audit/a", "/kv/p/w.sqlite", "/data/p/wide", ""):  # fmt: skip
        assert not may("fs_read", path), path


def test_decisions_are_remembered_within_bounds() -> None:
    """Neither many requests nor long ones make the memory of a chain grow."""
    one = chain("permissive")
    first = one.decide("p", READ)

    for number in range(3000):
        one.decide("p", FileRequest("fs_read", f"/home/u/proj/{number}"))
        one.decide("p", FileRequest("fs_read", f"/home/u/proj/{'long/' * 120}{number}"))

        one.decide("p", FileRequest("fs_read", "/x", named=f"/{'long/' * 120}{number}"))

    kept = one._compiled["p"].decided
    assert len(kept) <= 1024
    assert all(len(r.path + r.named) <= 512 for r in kept if isinstance(r, FileRequest))
    assert one.decide("p", READ) == first


def test_a_change_makes_a_chain_and_leaves_the_old_one() -> None:
    """Generations count; answers given before still hold for those who hold the old chain."""
    old = chain("permissive")
    old.decide("p", TOOL)
    new = old.with_rules(deny=rules("tools", "*"))

    assert old.decide("p", TOOL).allowed
    assert not new.decide("p", TOOL).allowed
    assert new.generation == old.generation + 1
    assert not new.without_plugin("p").decide("p", TOOL).allowed

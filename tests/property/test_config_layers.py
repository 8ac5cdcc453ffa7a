"""A project's file and a ceiling never allow more: judged by what is decided, and key by key."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.config import Config
from host.config.tighten import OWN_RULES, RULES, tighten
from host.events import PluginEvent
from policies.capability import FileRequest, HostRequest, NameRequest, Request, ShellRequest
from policies.chain import Chain
from policies.gate import AUTO_APPROVED, MODES
from policies.gate_order import is_within
from policies.layers import PluginPolicy
from policies.modes import meet_modes
from policies.signing import stricter

PLUGINS = ("p", "q", "r")
REQUESTS: tuple[Request, ...] = (
    NameRequest("env", "A"),
    NameRequest("env", "B"),
    NameRequest("tools", "t"),
    NameRequest("events", "PreToolUse:veto"),
    NameRequest("llm", "m"),
    HostRequest("a.example", 443),
    HostRequest("b.example", 80),
    ShellRequest(("git", "status")),
    ShellRequest(("ls",)),
    FileRequest("fs_read", "/data/x"),
    FileRequest("fs_write", "/data/y"),
)
LISTS = st.fixed_dictionaries(
    {},
    optional={
        "env": st.lists(st.sampled_from(["A", "B", "*"]), max_size=2),
        "tools": st.just(["t"]),
        "events": st.sampled_from([["*"], ["PreToolUse:veto"]]),
        "http_hosts": st.lists(
            st.sampled_from(["a.example", "*.example", "b.example:80"]), max_size=2
        ),
        "shell": st.lists(st.sampled_from(["git status", "ls", "*"]), max_size=2),
        "fs_read": st.sampled_from([["/data"], ["/"]]),
    },
)
MS = st.sampled_from([1, 100, 500, 5000, 9000, 3_600_000])
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "heap_bytes": st.sampled_from([8 << 20, 64 << 20, 128 << 20]),
        "max_inflight": st.sampled_from([1, 32, 64]),
        "niceness": st.sampled_from([0, 10, 19]),
        "audit_entries": st.sampled_from([1, 2000]),
    },
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "enable": st.booleans(),
        "timeout_ms": MS,
        "limits": LIMITS,
        "allow": LISTS,
        "deny": LISTS,
        "scope": st.sampled_from(["session", "global"]),
        "trusted": st.booleans(),
    },
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "enable": st.one_of(st.booleans(), st.lists(st.sampled_from(PLUGINS), unique=True)),
        "disable": st.lists(st.sampled_from(PLUGINS), max_size=2),
        "mode": st.sampled_from(
            ["strict", "prompt", "permissive", "disabled", "interactive", "all", "trusted"]
        ),
        "global_default": st.sampled_from(["deny", "ask", "allow"]),
        "permission_mode": st.sampled_from(MODES),
        "fail_closed": st.booleans(),
        "dispatch": st.sampled_from(["chain", "parallel"]),
        "skip_hooks": st.booleans(),
        "force_deny": st.booleans(),
        "profile": st.sampled_from(["standard", "hardened"]),
        "require_signature": st.sampled_from([True, False, "off", "warn", "require"]),
        "sources": st.just([{"type": "file", "path": "/evil.js"}]),
        "timeouts": st.fixed_dictionaries(
            {},
            optional={
                "info_ms": MS,
                "actionable_ms": MS,
                "permission_ms": MS,
                "max_busy_ms": MS,
            },
        ),
        "limits": LIMITS,
        "sandbox": st.fixed_dictionaries(
            {},
            optional={
                "require": st.lists(
                    st.sampled_from(["seccomp", "landlock", "uid"]), unique=True
                )
            },
        ),
        "approval": st.dictionaries(
            st.sampled_from(["bash", "edit"]), st.sampled_from(["allow", "deny", "prompt"])
        ),
        "allow": LISTS,
        "deny": LISTS,
        "kill": st.dictionaries(st.sampled_from(PLUGINS), st.booleans()),
        "preflight": st.just({"off": ["destructive-command"]}),
        "settings": st.just({"p": {"key": "theirs"}}),
        "features": st.just({"p": ["more"]}),
        "plugins": st.dictionaries(st.sampled_from(PLUGINS), OPTIONS, max_size=2),
    },
)
CONFIGS = FILES.map(Config.model_validate)
WORDS = ("deny", "prompt", "allow")


def chain_of(config: Config) -> Chain:
    """The capability chain that *config* makes, for plugins that also have a consent."""
    chain = Chain(
        config.mode or "prompt",
        global_default=config.global_default,
        deny=config.rules("deny"),
        allow=config.rules("allow"),
        home="/home/u",
        cwd="/home/u/p",
        state="/home/u/.jcode",
    )
    for name in PLUGINS:
        policy = PluginPolicy(
            root=f"/x/{name}",
            data=f"/d/{name}",
            deny=config.rules("deny", name),
            allow=config.rules("allow", name),
        )
        chain = chain.with_plugin(name, policy)
    return chain


def runs(config: Config, name: str) -> bool:
    listed = config.enable if isinstance(config.enable, bool) else name in config.enable
    options = config.plugins.get(name)
    return bool(
        listed
        and name not in config.disable
        and not config.kill.get(name)
        and (options is None or options.enable)
    )


def assert_no_more(less: Config, more: Config) -> None:
    """Whatever *less* allows, *more* allows as well."""
    order = ("deny", "ask", "allow")
    one, two = chain_of(less), chain_of(more)
    for name, request in product(PLUGINS, REQUESTS):
        verdicts = one.decide(name, request).verdict, two.decide(name, request).verdict
        assert order.index(verdicts[0]) <= order.index(verdicts[1]), (name, request)
    for name in PLUGINS:
        assert runs(more, name) or not runs(less, name)
        mine, theirs = less.limits_for(name), more.limits_for(name)
        assert mine.heap_bytes <= theirs.heap_bytes
        assert mine.max_inflight <= theirs.max_inflight
        assert mine.niceness >= theirs.niceness
        assert mine.audit_entries == theirs.audit_entries
        for event in PluginEvent:
            assert less.timeout_s(event, name) <= more.timeout_s(event, name)
    assert is_within(less.permission_mode, more.permission_mode)
    for flag in ("fail_closed", "skip_hooks", "force_deny"):
        assert getattr(less, flag) >= getattr(more, flag)
    assert stricter(less.require_signature, more.require_signature) == less.require_signature
    assert less.profile == "hardened" or more.profile == "standard"
    assert less.fail_closed or less.profile == "standard"
    assert set(less.sandbox.require) >= set(more.sandbox.require)
    for tool, word in less.approval.items():
        assert word == "deny" or WORDS.index(word) <= WORDS.index(more.approval[tool])
    assert more.approval.keys() <= less.approval.keys()
    for kept in ("sources", "settings", "features", "dispatch", "allow", "preflight"):
        assert getattr(less, kept) == getattr(more, kept)
    for name in PLUGINS:
        options, had = less.plugins.get(name), more.plugins.get(name)
        assert (options and options.scope) == (had and had.scope)
        assert bool(options and options.trusted) == bool(had and had.trusted)
        assert less.rules("allow", name) == more.rules("allow", name) or not had


@given(CONFIGS, CONFIGS)
@settings(max_examples=300)
def test_another_layer_never_allows_more(base: Config, other: Config) -> None:
    """Of a project or of a ceiling, whatever it holds."""
    assert_no_more(tighten(base, other).config, base)


@given(CONFIGS, CONFIGS)
@settings(max_examples=150)
def test_what_keeps_guards_allows_no_more_either(base: Config, other: Config) -> None:
    """And takes nothing from a guard: it runs, as long and as large, and keeps its veto."""
    laid = tighten(base, other, {"skip_hooks"}, keeps_guards=True).config

    assert_no_more(laid, base)
    assert laid.skip_hooks == base.skip_hooks
    veto = NameRequest("events", "PreToolUse:veto")
    for name in PLUGINS:
        assert runs(laid, name) == runs(base, name)
        assert laid.limits_for(name) == base.limits_for(name)
        assert laid.timeout_s(PluginEvent.PRE_TOOL_USE, name) == base.timeout_s(
            PluginEvent.PRE_TOOL_USE, name
        )
        was, now = chain_of(base).decide(name, veto), chain_of(laid).decide(name, veto)
        # Only the fallback may have changed: what a rule or a consent gives, it still gives.
        assert now.verdict == was.verdict or was.layer == 5 or now.code == "ask.interactive"


@given(CONFIGS, CONFIGS)
@settings(max_examples=300)
def test_the_result_is_within_the_other_layer(base: Config, other: Config) -> None:
    """What a ceiling says holds, wherever it can say it at all."""
    laid = tighten(base, other)
    result, said = laid.config, other.model_fields_set

    if said & {"mode", "global_default"}:
        setting = (result.mode, result.global_default)
        met = meet_modes(setting, (other.mode, other.global_default))
        assert met == setting or met[0] == "disabled" == setting[0]
    if "permission_mode" in said:
        clashed = ("permission_mode",) in laid.clashes
        assert clashed or is_within(result.permission_mode, other.permission_mode)
    for flag in ("fail_closed", "skip_hooks", "force_deny"):
        assert getattr(result, flag) >= getattr(other, flag)
    word = result.require_signature
    assert stricter(word, other.require_signature) == word
    theirs = {(rule.kind, rule.pattern) for rule in other.rules("deny")}
    assert theirs <= {(rule.kind, rule.pattern) for rule in result.rules("deny")}
    for name in PLUGINS:
        assert runs(other, name) or not runs(result, name)
        theirs = {(rule.kind, rule.pattern) for rule in other.rules("deny", name)}
        assert theirs <= {(rule.kind, rule.pattern) for rule in result.rules("deny", name)}
        for key in other.limits.model_fields_set & {"heap_bytes", "max_inflight"}:
            assert getattr(result.limits_for(name), key) <= getattr(other.limits_for(name), key)
        for key, event in (
            ("info_ms", PluginEvent.TURN_END),
            ("actionable_ms", PluginEvent.STOP),
        ):
            if key in other.timeouts.model_fields_set:
                assert result.timeout_s(event, name) <= getattr(other.timeouts, key) / 1000
    for tool, word in other.approval.items():
        if word == "deny":
            assert result.approval[tool] == "deny"


@given(CONFIGS, CONFIGS)
@settings(max_examples=100)
def test_laying_it_over_again_changes_nothing(base: Config, other: Config) -> None:
    """A host lays the ceiling over whatever it is given, which may be within it already."""
    once = tighten(base, other).config

    assert tighten(once, other).config.model_dump() == once.model_dump()


def test_of_any_two_permission_modes_one_is_tighter_or_they_clash() -> None:
    """As a table: what is within what."""
    within = {
        (one, two) for one in MODES for two in MODES if one != two and is_within(one, two)
    }
    assert ("plan", "bypass_permissions") in within
    assert ("plan", "dont_ask") not in within
    assert ("dont_ask", "plan") not in within
    assert all(AUTO_APPROVED[one] <= AUTO_APPROVED[two] for one, two in within)
    assert not {(two, one) for one, two in within} & within


@pytest.mark.parametrize("model", RULES, ids=lambda model: model.__name__)
def test_every_rule_is_of_a_key(model: type[Config]) -> None:
    """A rule for a key that was renamed would bound nothing."""
    assert RULES[model].keys() <= model.model_fields.keys()
    assert Config.model_fields.keys() >= OWN_RULES

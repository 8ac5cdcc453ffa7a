"""The chain under any rules: order, monotonicity, and that it explains what it decides."""

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from policies import hosts
from policies.capability import FileRequest, HostRequest, NameRequest, Request, ShellRequest
from policies.chain import Chain
from policies.decision import Rule, Source, Verdict
from policies.layers import PluginPolicy
from policies.modes import Mode
from policies.paths import Form, PathSet, Places, normalise

STRICTNESS: Final[dict[Verdict, int]] = {"allow": 0, "ask": 1, "deny": 2}
TIGHTER: Final[tuple[Mode, ...]] = ("permissive", "prompt", "strict", "disabled")

NAMES = st.sampled_from(
    ["a", "b", "ab", ".git", "*", "?", "**", "a*", "[ab]", "..", "caf\u00e9"]
)
PATTERNS = {
    "fs_read": st.builds(
        lambda base, names: base + "/".join(names),
        st.sampled_from(["/", "$CWD/", "$DATA/", "", "~/"]),
        st.lists(NAMES, max_size=4),
    ),
    "http_hosts": st.sampled_from(
        ["*", "a.com", "*.a.com", "*.com", "a.com:80", "*:443", "127.0.0.1", "localhost", "bad/", ""]
    ),
    "shell": st.sampled_from(["*", "ls", "ls *", "ls a", "sh *", "sh -c x", "git *", "'", "shell:*"]),
    "env": st.sampled_from(["*", "PATH", "P*", "LANG", "", "[A-Z]ATH"]),
    "events": st.sampled_from(
        ["*", "PreToolUse", "PreToolUse:rewrite", "*:decide", "*:*", "Stop:veto", "Stop:x", "*:observe"]
    ),
}  # fmt: skip
RULES = st.sampled_from(sorted(PATTERNS)).flatmap(
    lambda kind: PATTERNS[kind].map(lambda pattern: Rule(kind, pattern, Source("file", "f:1")))
)
LISTS = st.lists(RULES, max_size=4).map(tuple)
POLICIES = st.builds(
    PluginPolicy,
    root=st.just("/p"),
    data=st.just("/d"),
    deny=LISTS,
    allow=LISTS,
    consent=LISTS,
    granted=LISTS,
    bound=st.none() | LISTS,
)
CHAINS = st.builds(
    lambda mode, default, deny, allow, policy: Chain(
        mode,
        global_default=default,
        deny=deny,
        allow=allow,
        home="/h",
        cwd="/w",
        state="/h/.jcode",
    ).with_plugin("p", policy),
    st.sampled_from(["strict", "prompt", "permissive", "disabled", "interactive"]),
    st.sampled_from([None, "deny", "allow", "ask"]),
    LISTS,
    LISTS,
    POLICIES,
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "w", "d", "h", "p", ".git", "..", "caf\u00e9"]), max_size=5).map(
    lambda names: "/" + "/".join(names)
)  # fmt: skip
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(FileRequest, st.just("fs_read"), PATHS, named=st.just("") | PATHS),
    st.builds(
        HostRequest,
        st.sampled_from(["a.com", "x.a.com", "b.com", "127.0.0.1", "0x7f.1", "localhost", "a..b"]),
        st.sampled_from([80, 443]),
    ),
    st.builds(
        ShellRequest,
        st.sampled_from([("ls",), ("ls", "a"), ("sh", "-c", "x"), ("git", "-c", "x"), ("rm", "a"), ()]),
    ),
    st.builds(NameRequest, st.just("env"), st.sampled_from(["PATH", "LANG", "P"])),
    st.builds(
        NameRequest,
        st.just("events"),
        st.sampled_from([f"{e}:{r}" for e in ("PreToolUse", "Stop") for r in ("observe", "veto", "rewrite", "decide")]),
    ),
)  # fmt: skip


def verdict(chain: Chain, request: Request) -> int:
    return STRICTNESS[chain.decide("p", request).verdict]


@given(CHAINS, REQUESTS)
def test_the_explanation_agrees_with_the_decision(chain: Chain, request: Request) -> None:
    """One step decides, it is the first with a verdict, and it is the answer; asked twice, the same."""
    decision = chain.decide("p", request)
    steps = chain.explain("p", request)

    deciding = [step for step in steps if step.decides]
    assert len(deciding) == 1
    step = deciding[0]
    assert (step.layer, step.verdict, step.source, step.detail) == (
        decision.layer, decision.verdict, decision.source, decision.detail,
    )  # fmt: skip
    assert all(
        earlier.verdict is None and earlier.detail for earlier in steps[: steps.index(step)]
    )
    assert chain.decide("p", request) == decision
    assert decision.code.startswith(decision.verdict)


@given(CHAINS, REQUESTS)
def test_a_denial_beats_every_permission_below_it(chain: Chain, request: Request) -> None:
    """Whatever layers 3 to 5 would say."""
    steps = chain.explain("p", request)

    if any(step.layer <= 2 and step.verdict == "deny" for step in steps):
        assert chain.decide("p", request).verdict == "deny"
        assert chain.decide("p", request).layer <= 2


@given(CHAINS, REQUESTS, LISTS, LISTS)
def test_one_more_denial_never_allows_more(
    chain: Chain, request: Request, extra: tuple[Rule, ...], own: tuple[Rule, ...]
) -> None:
    """Global or the plugin's own; so a project's file, which can only add denials, only tightens."""
    policy = chain.plugins["p"]
    more = chain.with_rules(deny=extra)
    both = more.with_plugin(
        "p",
        PluginPolicy(
            policy.root,
            policy.data,
            (*policy.deny, *own),
            policy.allow,
            policy.consent,
            policy.granted,
            policy.bound,
        ),
    )

    assert verdict(chain, request) <= verdict(more, request) <= verdict(both, request)


@given(CHAINS, REQUESTS)
def test_a_tighter_mode_never_allows_more(chain: Chain, request: Request) -> None:
    """permissive, prompt, strict, disabled; interactive is never looser than prompt and never allows."""
    by_mode = {
        mode: verdict(chain.with_mode(mode), request) for mode in (*TIGHTER, "interactive")
    }

    assert [by_mode[mode] for mode in TIGHTER] == sorted(by_mode[mode] for mode in TIGHTER)
    assert by_mode["interactive"] >= max(by_mode["prompt"], STRICTNESS["ask"])


@given(CHAINS, REQUESTS)
def test_the_switch_and_a_bound_only_tighten(chain: Chain, request: Request) -> None:
    """The switch denies everything; a manifest that declares less leaves less."""
    policy = chain.plugins["p"]
    unbound = PluginPolicy(
        policy.root,
        policy.data,
        policy.deny,
        policy.allow,
        policy.consent,
        policy.granted,
        None,
    )

    assert verdict(chain.with_force_deny(Source("switch", "X")), request) == 2
    assert verdict(chain.with_plugin("p", unbound), request) <= verdict(chain, request)


@given(CHAINS, REQUESTS)
def test_a_file_is_judged_by_both_names(chain: Chain, request: Request) -> None:
    """Adding the name by which it was called never allows more than the place by itself."""
    if isinstance(request, FileRequest) and request.named:
        alone = FileRequest("fs_read", request.path)

        assert verdict(chain, request) >= verdict(chain, alone)


@given(PATTERNS["fs_read"], PATHS)
def test_a_denial_covers_at_least_what_a_permission_does(pattern: str, path: str) -> None:
    """The same words, read on the side of doubt."""
    rules = [Rule("fs_read", pattern)]
    places = Places("/w", "/h", "/p", "/d")
    normal = normalise(path)

    if (
        normal is not None
        and PathSet(rules, places, denies=False).find(Form(normal)) is not None
    ):
        assert PathSet(rules, places, denies=True).find(Form(normal)) is not None


@given(st.text(alphabet="/.a\u00e9\u0301\0b ", max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    """And leaves no dots, no doubled slashes, no NUL."""
    once = normalise("/" + text)

    if once is not None:
        assert normalise(once) == once
        assert not {".", ".."} & set(once.split("/"))
        assert "//" not in once
        assert "\0" not in once


HOSTS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9a-fxA-F.:\[\]%]{1,24}", fullmatch=True),
    st.lists(st.text("ab-\u00fc\u3002\uff0e1xn", min_size=1, max_size=6), min_size=1, max_size=4).map(".".join),
    st.ip_addresses().map(str),
)  # fmt: skip


@given(HOSTS)
def test_a_host_has_one_form_and_the_form_is_a_host(written: str) -> None:
    """Whatever it is written like: its form is its own form, in ASCII, and its own pattern."""
    host = hosts.normalise(written)

    if host is not None:
        assert hosts.normalise(host.text) == host or "%" in written
        assert host.text.isascii()
        assert host.text == host.text.lower()
        pattern = Rule("http_hosts", host.text)
        assert hosts.HostSet([pattern], denies=False).find(host, 1) is pattern


@given(st.ip_addresses(), st.sampled_from([hex, oct, str]))
def test_an_address_by_any_number_is_the_address(
    address: object, write: Callable[[int], str]
) -> None:
    """IPv4 as one number, and mapped into IPv6, is judged like the address itself."""
    if isinstance(address, IPv4Address):
        number = write(int(address)).replace("0o", "0")
        plain = hosts.normalise(str(address))

        assert hosts.normalise(number) == plain
        assert hosts.normalise(f"[::ffff:{address}]") == plain


@given(st.text(max_size=80).map("http://{}".format))
def test_no_url_makes_the_parser_raise(url: str) -> None:
    """And whatever host it gives is one."""
    request = hosts.request_of(url)

    if request is not None:
        assert hosts.normalise(request.host) is not None
        assert 0 < request.port < 65536
        assert "@" not in request.host

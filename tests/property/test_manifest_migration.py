"""Migration only narrows: whatever an older manifest says, the new one asks for no more and risks no less.

The judge is the chain itself: what a bound lets through is asked of it, before and after.
"""

from hypothesis import given
from hypothesis import strategies as st

from policies.chain import Chain
from policies.decision import Rule
from policies.examples import example_of
from policies.gate import TIERS
from policies.json_text import Json
from policies.layers import PluginPolicy
from policies.manifest import ManifestError, parse_manifest
from policies.manifest_values import SCHEMA_V1, Manifest
from policies.paths import Places

PLACES = Places("/c", "/h", "/p", "/d")
WORDS = st.lists(st.sampled_from(["a", "b.dev", "*", "git status", "src/**", "X"]), max_size=3)
ANY = WORDS | st.booleans()
OLD = {"network": ANY, "env_vars": WORDS, "shell": ANY}
NEW = {
    "http_hosts": ANY,
    "env_read": WORDS,
    "shell_commands": ANY,
    "fs_read": WORDS,
    "llm_access": ANY,
}
TO_KIND = {"http_hosts": "http_hosts", "env_read": "env", "shell_commands": "shell"}
RENAMED = {"network": "http_hosts", "env_vars": "env_read", "shell": "shell_commands"}


def listed(value: Json) -> set[str]:
    """What a list, or a word for all or nothing, names."""
    if isinstance(value, list):
        return {str(item) for item in value}
    return {"*"} if value is True else set()


def read(raw: dict[str, Json], schema: str) -> Manifest:
    """Read a manifest of that schema."""
    return parse_manifest(raw, where="x", schema=schema)


def lets_through(manifest: Manifest, rule: Rule) -> bool:
    """Whether an operator who allows everything lets the plugin do what *rule* is about."""
    request = example_of(rule, PLACES)
    if request is None:
        return False
    everything = tuple(
        Rule(kind, "*:*" if kind == "events" else "*")
        for kind in ("fs_read", "http_hosts", "env", "shell", "llm", "events")
    )
    policy = PluginPolicy("/p", "/d", allow=everything, bound=manifest.bound())
    chain = Chain(plugins={"x": policy}, home="/h", cwd="/c", state="/s")
    return chain.decide("x", request).allowed


@given(
    st.fixed_dictionaries({}, optional=OLD | NEW),
    st.sampled_from([None, *TIERS]),
    st.dictionaries(st.sampled_from(["t", "u"]), st.sampled_from([*TIERS, "deny", "prompt"])),
)
def test_an_older_manifest_never_gets_more(
    capabilities: dict[str, Json], tier: Json, approval: dict[str, Json]
) -> None:
    """Each kind holds what one key named: the newer one where both stand, never their union."""
    raw: dict[str, Json] = {"capabilities": dict(capabilities), "approval": dict(approval)}
    if tier is not None:
        raw["tier"] = tier
    old = read(raw, SCHEMA_V1)

    for name, new_name in RENAMED.items():
        wanted = listed(capabilities.get(new_name, capabilities.get(name)))
        found = {r.pattern for r in old.declared() if r.kind == TO_KIND[new_name]}
        assert found <= wanted
    for tool in ("t", "u", "other"):
        assert old.tool_tier(tool) == "exec"
        if approval.get(tool) in ("deny", "prompt"):
            assert old.tool_approval(tool) == approval[tool]


@given(st.fixed_dictionaries({}, optional=OLD), st.sampled_from(TIERS))
def test_renaming_by_hand_asks_for_the_same(capabilities: dict[str, Json], tier: Json) -> None:
    """What the migration reads from the old names, the chain judges as it judges the new names."""
    renamed: Json = {RENAMED[key]: value for key, value in capabilities.items()}
    old = read({"capabilities": dict(capabilities), "tier": tier}, SCHEMA_V1)
    try:
        new = parse_manifest({"capabilities": renamed, "tier": tier}, where="x")
    except ManifestError:  # a boolean where the newer key takes a list only
        return

    for rule in (
        *old.declared(),
        *new.declared(),
        Rule("http_hosts", "evil.dev"),
        Rule("env", "Y"),
    ):
        assert lets_through(old, rule) is lets_through(new, rule)


@given(
    st.fixed_dictionaries({}, optional=NEW),
    st.lists(
        st.sampled_from(["scope", "unknown", "Capabilities", "allow", "fs_reads"]), max_size=3
    ),
)
def test_what_is_unknown_grants_nothing(
    capabilities: dict[str, Json], unknown: list[str]
) -> None:
    """A manifest with keys that nobody knows has the bound of the one without them."""
    clean = parse_manifest({"capabilities": dict(capabilities)}, where="x")
    noisy = parse_manifest(
        {
            "capabilities": {**capabilities, **{f"x_{key}": ["*"] for key in unknown}},
            **{f"x_{key}": {"fs_read": ["*"]} for key in unknown},
        },
        where="x",
    )

    assert noisy.bound() == clean.bound()

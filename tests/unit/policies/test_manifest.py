"""Manifests from text to values: every field, every kind of mistake, and its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.capability import KINDS
from policies.decision import Rule, Source
from policies.json_text import Json, JsonText
from policies.manifest import KEYS, ManifestError, parse_manifest
from policies.manifest_values import (
    NO_MANIFEST,
    SCHEMA_V1,
    Approval,
    Entry,
    Limits,
    Manifest,
    Setting,
)
from policies.package_manifest import parse_package

EVENTS = {name: name for name in ("PreToolUse", "PostToolUse", "TurnEnd", "PermissionRequest")}


def package(text: str) -> Manifest:
    """Read *text* as a package.json."""
    document = JsonText(text)
    return parse_package(
        document.value, where="package.json", line_of=document.line, events=EVENTS
    )


def of(**fields: Json) -> Manifest:
    """Read a manifest of these fields."""
    return parse_manifest(fields, where="x.ts", events=EVENTS)


def rules(manifest: Manifest) -> list[tuple[str, str]]:
    """The declared rules, without where they come from."""
    return [(rule.kind, rule.pattern) for rule in manifest.declared()]


def error(text: str) -> str:
    """The one line that a package.json is refused with."""
    with pytest.raises(ManifestError) as caught:
        package(text)
    told = str(caught.value)
    assert "\n" not in told
    assert told.isprintable()
    return told


FULL = """{
  "name": "@acme/guard",
  "version": "1.2.3",
  "jcode-plugin": {
    "v2": {
      "schema": "jcode-plugin.v2",
      "name": "Acme Guard",
      "package_name": "@acme/guard",
      "version": "2.0.0",
      "description": "Watches commands",
      "author": "Ada",
      "license": "MIT",
      "kind": "both",
      "entry": {"server": "src/index.ts", "tui": "src/tui.ts"},
      "tier": "read",
      "capabilities": {
        "fs_read": ["src/**", "$HOME/.acme"],
        "fs_write": ["$DATA"],
        "http_hosts": ["api.acme.dev", "*.acme.dev:8443"],
        "env_read": ["ACME_REGION"],
        "shell_commands": ["git status"],
        "requires_tools": ["bash"],
        "register_tools": ["scan", "fix"],
        "register_commands": true,
        "register_providers": false,
        "read_config": ["theme"],
        "write_config": [],
        "events": {"PreToolUse": ["veto", "rewrite"], "TurnEnd": []},
        "llm_access": false,
        "session_access": true,
        "max_hostcalls_per_sec": 50,
        "max_tool_duration_secs": 2.5,
        "max_bytes_written": 1048576
      },
      "approval": {"kind": "per_tool", "overrides": {"fix": "write", "wipe": "deny", "scan": "prompt"}},
      "scope": "session",
      "features": {
        "deep": {
          "description": "Reads more",
          "default": false,
          "entry": "src/deep.ts",
          "additional_capabilities": {"fs_read": ["$CWD"]}
        },
        "metrics": {"default": true, "additional_capabilities": {"http_hosts": ["m.acme.dev"]}}
      },
      "settings": {
        "token": {"type": "string", "secret": true, "env": "ACME_TOKEN", "pattern": "^ac_", "max_length": 64},
        "retries": {"type": "number", "min": 0, "max": 5, "default": 2},
        "level": {"type": "enum", "values": ["low", "high"], "default": "low"},
        "words": {"type": "array", "items": {"type": "string"}, "default": []},
        "rules": {"type": "object", "properties": {"on": {"type": "boolean", "required": true}}}
      },
      "engines": {"jcode": ">=0.30"},
      "provides_tools": ["scan", "fix"],
      "icon": "shield",
      "homepage": "https://acme.dev",
      "repository": {"url": "https://acme.dev/guard.git"},
      "tags": ["security"]
    }
  }
}
"""


def test_every_field_arrives() -> None:
    """The documented shape, whole."""
    manifest = package(FULL)

    assert manifest.warnings == ()
    assert (manifest.name, manifest.title) == ("acme-guard", "Acme Guard")
    assert (manifest.package_name, manifest.version) == ("@acme/guard", "2.0.0")
    assert (manifest.description, manifest.author, manifest.license) == (
        "Watches commands",
        "Ada",
        "MIT",
    )
    assert (manifest.kind, manifest.tier, manifest.scope) == ("both", "read", "session")
    assert manifest.entry == Entry("src/index.ts", "src/tui.ts", None)
    assert manifest.limits() == Limits(50, 2.5, 1048576)
    assert manifest.capabilities is not None
    assert manifest.capabilities.requires_tools == ("bash",)
    assert dict(manifest.approval.tiers) == {"fix": "write"}
    assert dict(manifest.approval.tools) == {"wipe": "deny", "scan": "prompt"}
    assert (manifest.engine, manifest.provides_tools) == (">=0.30", ("scan", "fix"))
    assert (manifest.icon, manifest.homepage) == ("shield", "https://acme.dev")
    assert (manifest.repository, manifest.tags) == (
        "https://acme.dev/guard.git",
        ("security",),
    )


def test_capabilities_become_rules_with_their_lines() -> None:
    """Every rule says which line of the file asks for it."""
    manifest = package(FULL)

    assert rules(manifest) == [
        ("fs_read", "src/**"),
        ("fs_read", "$HOME/.acme"),
        ("fs_write", "$DATA"),
        ("http_hosts", "api.acme.dev"),
        ("http_hosts", "*.acme.dev:8443"),
        ("env", "ACME_REGION"),
        ("shell", "git status"),
        ("tools", "scan"),
        ("tools", "fix"),
        ("commands", "*"),
        ("config_read", "theme"),
        ("session", "*"),
        ("tools", "bash:call"),
        ("events", "PreToolUse:observe"),
        ("events", "PreToolUse:veto"),
        ("events", "PreToolUse:rewrite"),
        ("events", "TurnEnd:observe"),
        ("env", "ACME_TOKEN"),
        ("http_hosts", "m.acme.dev"),
    ]
    assert manifest.declared()[0] == Rule(
        "fs_read", "src/**", Source("manifest", "package.json:17")
    )


def test_features_extend_the_bound_when_they_are_on() -> None:
    """By default those with ``default: true``; an operator's choice replaces that."""
    manifest = package(FULL)
    extra = {("fs_read", "$CWD"), ("http_hosts", "m.acme.dev")}

    def of_features(*chosen: str) -> set[tuple[str, str]]:
        return {(r.kind, r.pattern) for r in manifest.bound(chosen) or ()} & extra

    assert of_features("deep") == {("fs_read", "$CWD")}
    assert of_features("metrics") == {("http_hosts", "m.acme.dev")}
    assert of_features("*") == extra
    assert of_features() == set()
    assert [f.name for f in manifest.enabled_features()] == ["metrics"]


def test_a_manifest_without_capabilities_bounds_nothing() -> None:
    """None is "it did not say", which is not the same as "it wants nothing"."""
    assert of(name="a").bound() is None
    assert NO_MANIFEST.bound() is None


def test_empty_capabilities_bound_everything_but_registrations() -> None:
    """What a plugin registers shows anyway; what is done for it must be asked for."""
    assert {(r.kind, r.pattern) for r in of(capabilities={}).bound() or ()} == {
        ("events", "*:*"),
        ("tools", "*"),
        ("commands", "*"),
        ("providers", "*"),
    }
    assert of(capabilities={}).declared() == ()


def test_registrations_that_are_declared_are_bounded() -> None:
    """Naming one kind closes that kind, and only that."""
    bound = of(capabilities={"events": ["TurnEnd"], "register_tools": []}).bound() or ()

    assert [(r.kind, r.pattern) for r in bound] == [
        ("events", "TurnEnd:observe"),
        ("events", "TurnEnd:veto"),
        ("commands", "*"),
        ("providers", "*"),
    ]


@pytest.mark.parametrize(
    ("given", "tool", "tier"),
    [
        ({}, "t", None),
        ({"tier": "read"}, "t", "read"),
        ({"tier": "read", "approval": {"t": "exec"}}, "t", "exec"),
        ({"tier": "exec", "approval": {"t": "read"}}, "t", "exec"),
        ({"approval": {"t": "read"}}, "t", "read"),
        ({"approval": {"t": "read"}}, "other", None),
    ],
)
def test_a_tool_s_tier_only_rises(given: dict[str, Json], tool: str, tier: str | None) -> None:
    """What is said of one tool may raise the manifest's tier, never lower it."""
    assert parse_manifest(given, where="x").tool_tier(tool) == tier


@pytest.mark.parametrize(
    ("given", "approval"),
    [
        ("deny", Approval("deny")),
        ("prompt", Approval("prompt")),
        ({"kind": "deny"}, Approval("deny")),
        ({"*": "prompt", "a": "deny"}, Approval("prompt", {}, {"a": "deny"})),
    ],
)
def test_three_ways_to_write_an_approval(given: Json, approval: Approval) -> None:
    """One word, a kind, or a word by tool."""
    found = of(approval=given).approval

    assert (found.default, dict(found.tiers), dict(found.tools)) == (
        approval.default,
        dict(approval.tiers),
        dict(approval.tools),
    )


def test_a_manifest_cannot_approve_itself() -> None:
    """``allow`` is a person's word."""
    manifest = of(approval={"a": "allow"})

    assert manifest.tool_approval("a") is None
    assert "cannot approve its own calls" in manifest.warnings[0]


def test_a_setting_keeps_its_type() -> None:
    """Each of the six types with its bounds."""
    settings = {setting.key: setting for setting in package(FULL).settings}

    assert settings["token"] == Setting(
        "token",
        "string",
        is_secret=True,
        env="ACME_TOKEN",
        pattern="^ac_",
        max_length=64,
    )
    assert settings["retries"] == Setting("retries", "number", default=2, min=0, max=5)
    assert settings["level"] == Setting("level", "enum", default="low", values=("low", "high"))
    assert settings["words"] == Setting(
        "words", "array", default=[], items=Setting("", "string")
    )
    assert settings["rules"] == Setting(
        "rules", "object", properties=(Setting("on", "boolean", is_required=True),)
    )


# ---- where a manifest stands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name", "schema"),
    [
        ({"jcode-plugin": {"v2": {"name": "a"}}, "jcode": {"name": "b"}}, "a", "v2"),
        ({"jcode": {"name": "b"}, "jcode-plugin": {"name": "c"}}, "b", "v2"),
        ({"jcode-plugin": {"name": "c"}, "pi": {}}, "c", "v1"),
        ({"omp": {"name": "d"}, "pi": {"name": "e"}}, "d", "v2"),
        ({"pi": {"name": "e"}, "name": "f"}, "f", "v2"),
        ({"name": "@s/f"}, "@s/f", "v2"),
        ({}, None, "v2"),
    ],
)
def test_the_first_known_key_is_the_manifest(
    raw: dict[str, Json], name: str | None, schema: str
) -> None:
    """Ours before other formats', the newer before the older."""
    manifest = package(json.dumps(raw))

    assert (manifest.name, manifest.schema) == (name, f"jcode-plugin.{schema}")


def test_the_package_fills_in_what_the_manifest_lacks() -> None:
    """Name, version and the rest stand in a package.json anyway."""
    manifest = package(
        '{"name": "g", "version": "1.0.0", "description": "d", "author": {"name": "A"}, "license": "MIT",'
        ' "homepage": "h", "repository": {"url": "r"}, "keywords": ["k"], "jcode": {"version": "2.0.0"}}'
    )

    assert (manifest.name, manifest.package_name, manifest.version) == ("g", "g", "2.0.0")
    assert (manifest.description, manifest.author, manifest.license) == ("d", "A", "MIT")
    assert (manifest.homepage, manifest.repository, manifest.tags) == ("h", "r", ("k",))


def test_extensions_of_other_formats_are_kept_in_order() -> None:
    """Which of several is meant is for whoever loads to say."""
    assert package('{"pi": {"extensions": ["./a.ts", "./b.ts"]}}').entry.choices == (
        "./a.ts",
        "./b.ts",
    )


def test_settings_of_oh_my_pi_are_read() -> None:
    """Its types are a part of ours; ``step`` is for a widget."""
    manifest = package(
        '{"omp": {"settings": {"n": {"type": "number", "min": 1, "step": 2, "default": 3}},'
        ' "features": {"x": {"default": true, "extensions": ["./x.ts", "./y.ts"]}}, "tools": "./tools"}}'
    )

    assert manifest.settings == (Setting("n", "number", default=3, min=1),)
    (feature,) = manifest.enabled_features()
    assert (feature.name, feature.entries) == ("x", ("./x.ts", "./y.ts"))
    assert package(FULL).features[0].entries == ("src/deep.ts",)


# ---- older ones -------------------------------------------------------------------------------------------------


def test_an_older_manifest_gets_the_highest_tier() -> None:
    """It was written when tiers meant something else, or nothing."""
    manifest = package('{"jcode-plugin": {\n"tier": "read"}}')

    assert (manifest.tier, manifest.schema) == ("exec", SCHEMA_V1)
    assert manifest.warnings == (
        "package.json:1: jcode-plugin: a manifest of schema jcode-plugin.v1: every tool has tier exec; migrate",
    )


def test_older_names_of_capabilities_are_read() -> None:
    """``network``, ``env_vars`` and ``shell`` mean what they meant."""
    manifest = package(
        '{"jcode-plugin": {"tier": "exec", "capabilities": {"network": ["a.dev"], "env_vars": ["A"], "shell": true}}}'
    )

    assert rules(manifest) == [("http_hosts", "a.dev"), ("env", "A"), ("shell", "*")]
    assert manifest.warnings == ()


def test_a_pattern_that_allows_nothing_is_told() -> None:
    """A stranger's mistake in one line is no reason not to run the rest."""
    manifest = package(
        '{"jcode": {"capabilities": {"http_hosts": ["a.dev",\n"https://b.dev/x"]}}}'
    )

    assert rules(manifest) == [("http_hosts", "a.dev"), ("http_hosts", "https://b.dev/x")]
    assert manifest.warnings == (
        "package.json:2: jcode.capabilities.http_hosts[1]: grants nothing: a host pattern is only the host; "
        "leave out the scheme and the path",
    )


def test_the_newer_name_counts_where_both_stand() -> None:
    """Two lists for one thing are never united."""
    manifest = package(
        '{"jcode": {"capabilities": {"network": ["*"],\n"http_hosts": ["a.dev"]}}}'
    )

    assert rules(manifest) == [("http_hosts", "a.dev")]
    assert manifest.warnings == (
        "package.json:1: jcode.capabilities.network: http_hosts stands beside it and is what counts",
    )


# ---- what is odd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"jcode": {\n"scop": "session"}}',
            ":2: jcode.scop: unknown key is ignored; did you mean scope?",
        ),
        (
            '{"jcode": {"capabilities": {\n"fs_reed": []}}}',
            ":2: jcode.capabilities.fs_reed: unknown key is ignored; did you mean fs_read?",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "string",\n"secrt": true}}}}',
            ":2: jcode.settings.a.secrt: unknown key is ignored; did you mean secret?",
        ),
        ('{"jcode": {\n"__proto__": {"tier": "read"}}}', ":2: jcode.__proto__: unknown key is"),
        (
            '{"jcode": {"capabilities": {"events": ["TurnEnd",\n"TurnEnt"]}}}',
            ":2: jcode.capabilities.events[1]: no event 'TurnEnt'; ignored; did you mean TurnEnd?",
        ),
        (
            '{"jcode": {"capabilities": {"events": {\n"PreTool": ["veto"]}}}}',
            ":2: jcode.capabilities.events.PreTool: no event 'PreTool'; ignored; did you mean PreToolUse?",
        ),
        (
            '{"jcode": {"capabilities": {\n"env_vars": []}}}',
            ":2: jcode.capabilities.env_vars: an older name",
        ),
        ('{"jcode": {"package_name": "A b"}}', ":1: jcode.package_name: names are of a-z"),
    ],
)
def test_what_is_odd_is_a_warning_with_its_line(text: str, told: str) -> None:
    """It is ignored, and its author is told."""
    (warning,) = package(text).warnings

    assert warning.startswith(f"package.json{told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "package.json:1: does not hold an object"),
        ('{\n"jcode": 7}', ":2: jcode: must be an object; correct it"),
        ('{"jcode-plugin": []}', ":1: jcode-plugin: must be an object"),
        ('{"jcode-plugin": {\n"v2": "x"}}', ":2: jcode-plugin.v2: must be an object"),
        (
            '{"jcode": {"schema": "v9"}}',
            ":1: jcode.schema: 'v9' is not known; write 'jcode-plugin.v2'",
        ),
        ('{"jcode": {"name": 7}}', ":1: jcode.name: must be a string, not 7"),
        ('{"jcode": {"name": "All"}}', ":1: jcode.name: the name all stands for every plugin"),
        ('{"name": "all"}', ":1: name: the name all stands for every plugin"),
        ('{"jcode": {"package_name": "???"}}', ":1: jcode.package_name: '???' has no letter"),
        ('{"jcode": {"version": ""}}', ":1: jcode.version: must not be empty"),
        (
            '{"jcode": {"kind": "client"}}',
            ":1: jcode.kind: must be 'server', 'tui' or 'both', not 'client'",
        ),
        ('{"jcode": {"entry": ["a"]}}', ":1: jcode.entry: must be an object, not an array"),
        (
            '{"jcode": {"entry": {\n"server": 1}}}',
            ":2: jcode.entry.server: must be a string, not 1",
        ),
        (
            '{"jcode": {"tier": "root"}}',
            ":1: jcode.tier: must be 'read', 'write' or 'exec', not 'root'",
        ),
        (
            '{"jcode": {"scope": true}}',
            ":1: jcode.scope: must be 'project', 'session' or 'global', not True",
        ),
        ('{"jcode": {"tags": "a"}}', ":1: jcode.tags: must be an array, not 'a'"),
        ('{"jcode": {"provides_tools": ["a b"]}}', ":1: jcode.provides_tools[0]: "),
        (
            '{"jcode": {"engines": {\n"jcode": 1}}}',
            ":2: jcode.engines.jcode: must be a string, not 1",
        ),
        ('{"jcode": {"features": {"x": 1}}}', ":1: jcode.features.x: must be an object, not 1"),
        (
            '{"jcode": {"features": {"x": {"default": "yes"}}}}',
            ":1: jcode.features.x.default: must be true or",
        ),
        (
            '{"jcode": {"capabilities": []}}',
            ":1: jcode.capabilities: must be an object, not an array",
        ),
        (
            '{"jcode": {"capabilities": {"fs_read": "a"}}}',
            ":1: jcode.capabilities.fs_read: must be an array, not",
        ),
        (
            '{"jcode": {"capabilities": {"fs_read": ["a",\n7]}}}',
            ":2: jcode.capabilities.fs_read[1]: must be a string",
        ),
        (
            '{"jcode": {"capabilities": {"fs_read": true}}}',
            ":1: jcode.capabilities.fs_read: must be an array, not True",
        ),
        (
            '{"jcode": {"capabilities": {\n"network": [1]}}}',
            ":2: jcode.capabilities.network[0]: must be a string",
        ),
        (
            '{"jcode": {"capabilities": {"events": [1]}}}',
            ":1: jcode.capabilities.events: must be an array of names",
        ),
        (
            '{"jcode": {"capabilities": {"events": {"TurnEnd": ["fly"]}}}}',
            ".events.TurnEnd[0]: must be 'observe', 'veto'",
        ),
        (
            '{"jcode": {"capabilities": {"max_hostcalls_per_sec": 1.5}}}',
            "max_hostcalls_per_sec: must be a whole",
        ),
        (
            '{"jcode": {"capabilities": {"max_hostcalls_per_sec": true}}}',
            "max_hostcalls_per_sec: must be a whole",
        ),
        (
            '{"jcode": {"capabilities": {"max_bytes_written": -1}}}',
            "max_bytes_written: must be greater than or equal",
        ),
        (
            '{"jcode": {"capabilities": {"max_tool_duration_secs": 0}}}',
            "max_tool_duration_secs: must be greater than 0",
        ),
        (
            '{"jcode": {"approval": {"a": "maybe"}}}',
            ":1: jcode.approval.a: must be 'read', 'write'",
        ),
        (
            '{"jcode": {"approval": {"a b": "deny"}}}',
            ":1: jcode.approval['a b']: a key that cannot be used",
        ),
        ('{"jcode": {"settings": {"a": {}}}}', ":1: jcode.settings.a: type is missing; add it"),
        (
            '{"jcode": {"settings": {"a": {"type": "text"}}}}',
            ":1: jcode.settings.a.type: must be 'string'",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "enum"}}}}',
            ":1: jcode.settings.a.values: an enum needs values",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "enum", "values": [true]}}}}',
            ".a.values[0]: must be a string or a number",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "number", "secret": true}}}}',
            ".a.secret: only a string can be",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "string", "secret": true, "default": "x"}}}}',
            ".a.default: a secret in",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "string", "env": "A-B"}}}}',
            ":1: jcode.settings.a.env: ",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "array", "env": "AB"}}}}',
            ".a.env: a variable cannot hold an array",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "string",\n"pattern": "(?=x)"}}}}',
            ":2: jcode.settings.a.pattern: no pattern",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "number", "min": 2, "max": 1}}}}',
            ".a.min: is more than max",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "number", "default": "x"}}}}',
            ".a.default: must be a number, not 'x'",
        ),
        (
            '{"jcode": {"settings": {"a": {"type": "object", "properties": {"b": {"type": "string",\n"secret": true}}}}}}',
            ":2: jcode.settings.a.properties.b.secret: only for a setting of its own",
        ),
        ('{"pi": {\n"extensions": "./a.ts"}}', ":2: pi.extensions: must be an array of paths"),
        ('{"omp": {\n"tools": 7}}', ":2: omp.tools: must be an array of paths"),
        ('{"omp": {\n"hooks": [1]}}', ":2: omp.hooks: must be an array of paths"),
        ('{"jcode": {"entry": "a\\u0000.ts"}}', ":1: jcode.entry: holds a NUL character"),
        (
            '{"jcode": {"settings": {"a\\u0000": {}}}}',
            ":1: jcode.settings: has a key with a NUL",
        ),
    ],
)
def test_a_mistake_names_its_place_and_line(text: str, told: str) -> None:
    """One line: the file, the line, the way to the value, what is wrong."""
    assert told in error(text)


# ---- by an attacker ---------------------------------------------------------------------------------------------


def test_ninety_thousand_capabilities_are_refused() -> None:
    """Every rule costs each decision something, so there is a limit."""
    text = json.dumps({"jcode": {"capabilities": {"fs_read": ["a"] * 90_000}}})

    assert "fs_read: has more than 1000 entries" in error(text)


def test_warnings_have_an_end() -> None:
    """A manifest of nothing but unknown keys does not fill a terminal."""
    assert len(of(**{f"k{i}": None for i in range(10_000)}).warnings) == 50


KEY = st.sampled_from(
    sorted(KEYS | set(json.loads(FULL)["jcode-plugin"]["v2"]["capabilities"]))
) | st.text(max_size=3)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | KEY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=5),
    max_leaves=25,
)


@given(
    st.dictionaries(KEY, ANYTHING, max_size=8),
    st.sampled_from(["jcode", "pi", "omp", "v2", "v1"]),
)
def test_any_object_is_a_manifest_or_one_line(raw: dict[str, Json], place: str) -> None:
    """No shape of a package.json is another exception, and none gives a rule of a kind that nobody knows."""
    whole: Json = {
        "v2": {"jcode-plugin": {"v2": raw}},
        "v1": {"jcode-plugin": raw},
    }.get(place, {place: raw})
    try:
        manifest = parse_package(whole, where="x", events=EVENTS)
    except ManifestError as refused:
        told = str(refused)
    else:
        told = " ".join(manifest.warnings)
        assert {rule.kind for rule in manifest.bound() or ()} <= set(KINDS)

    assert "\n" not in told


def test_hostile_keys_cost_what_they_weigh() -> None:
    """Nearest names are looked for only as long as warnings are told: the test's timeout is the judge."""
    text = json.dumps({"jcode": {f"fs_rea{i}": 1 for i in range(90_000)}})

    assert len(package(text).warnings) == 50


WRONG: tuple[Json, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    [[]],
    [None],
    {},
    {"": None},
    {"a": {}},
)


@pytest.mark.parametrize("field", sorted(json.loads(FULL)["jcode-plugin"]["v2"]))
@pytest.mark.parametrize("value", WRONG, ids=str)
def test_a_wrong_type_anywhere_is_an_error_or_harmless(field: str, value: Json) -> None:
    """Whatever stands in a field, the answer is a manifest or one line, never another exception."""
    raw = json.loads(FULL)
    raw["jcode-plugin"]["v2"][field] = value
    text = json.dumps(raw, indent=1)
    refused: ManifestError | None = None
    try:
        package(text)
    except ManifestError as caught:
        refused = caught

    if refused is not None:
        assert refused.place[:3] == ("jcode-plugin", "v2", field)
        assert refused.line is not None
        assert f'"{field}"' in "\n".join(text.split("\n")[: refused.line])


@pytest.mark.parametrize(
    ("said", "kind", "halves"),
    [
        ('"entry": "a.ts"', "server", (True, False)),
        ('"entry": {"server": "a.ts"}', "server", (True, False)),
        ('"entry": {"tui": "t.ts"}', "tui", (False, True)),
        ('"entry": {"both": "b.ts"}', "both", (True, True)),
        ('"entry": {"server": "a.ts", "tui": "t.ts"}', "both", (True, True)),
        ('"kind": "both"', "both", (True, True)),
        ('"kind": "tui", "entry": "t.ts"', "tui", (False, True)),
        ("", "server", (True, False)),
    ],
)
def test_the_halves_are_what_is_said_or_named(
    said: str, kind: str, halves: tuple[bool, bool]
) -> None:
    """The kind that is written counts; where none is, the files that are named."""
    manifest = package(f'{{"jcode": {{{said}}}}}')

    assert manifest.kind == kind
    assert (manifest.has_server, manifest.has_tui) == halves
    assert manifest.warnings == ()


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ('"kind": "server", "entry": {"tui": "t.ts"}', "jcode.entry.tui: it is of kind server"),
        (
            '"kind": "tui", "entry": {"server": "a.ts", "tui": "t.ts"}',
            "jcode.entry.server: it is of kind tui",
        ),
    ],
)
def test_a_file_of_a_half_that_there_is_not_is_told(said: str, warned: str) -> None:
    """It looks as if it ran, and does not."""
    (warning,) = package(f'{{"jcode": {{{said}}}}}').warnings

    assert warned in warning

"""What installing grants, and what an update adds to it."""

from policies.accepting import added, pairs, removed, to_accept
from policies.decision import BUILT_IN, Rule
from policies.manifest import parse_manifest
from policies.manifest_values import NO_MANIFEST

ANY = {("events", "*"), ("events", "*:rewrite"), ("tools", "*"), ("commands", "*")}


def test_a_plugin_that_declares_nothing_gets_its_registrations() -> None:
    """Whatever it registers, no approval in the user's place, and nothing done for it."""
    assert set(pairs(to_accept(NO_MANIFEST, None))) == ANY


def test_what_is_declared_is_what_is_granted() -> None:
    """And of the kinds of registrations that are not mentioned, any."""
    manifest = parse_manifest(
        {
            "capabilities": {
                "events": {"PreToolUse": ["veto"]},
                "register_tools": ["scan"],
                "fs_read": ["src"],
            }
        },
        where="m",
    )

    assert set(pairs(to_accept(manifest, None))) == {
        ("events", "PreToolUse:observe"),
        ("events", "PreToolUse:veto"),
        ("tools", "scan"),
        ("fs_read", "src"),
        ("commands", "*"),
    }


def test_a_kind_that_is_declared_as_none_is_none() -> None:
    """An empty list is a word."""
    manifest = parse_manifest(
        {"capabilities": {"events": [], "register_tools": [], "register_commands": []}},
        where="m",
    )

    assert to_accept(manifest, None) == ()


def test_a_feature_counts_while_it_is_on() -> None:
    """Chosen, or on by default; not else."""
    manifest = parse_manifest(
        {
            "capabilities": {"events": [], "register_tools": [], "register_commands": []},
            "features": {
                "a": {"default": True, "additional_capabilities": {"http_hosts": ["a.dev"]}},
                "b": {"additional_capabilities": {"http_hosts": ["b.dev"]}},
            },
        },
        where="m",
    )
    hosts = {
        chosen: [pattern for _, pattern in pairs(to_accept(manifest, chosen))]
        for chosen in (None, ("b",), ("*",), ())
    }

    assert hosts == {None: ["a.dev"], ("b",): ["b.dev"], ("*",): ["a.dev", "b.dev"], (): []}


def test_what_was_not_accepted_before_is_new() -> None:
    """Word for word; a narrower pattern is asked about as well."""
    wanted = [Rule("fs_read", "src", BUILT_IN), Rule("fs_read", "src/a", BUILT_IN)]

    assert added(wanted, [("fs_read", "src")]) == (wanted[1],)
    assert added(wanted, pairs(wanted)) == ()
    assert removed(wanted, [("fs_read", "src"), ("env", "A")]) == (("env", "A"),)

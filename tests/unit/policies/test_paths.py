"""Paths against patterns, as an attacker would write them."""

import time
from dataclasses import replace

import pytest

from policies.decision import Rule
from policies.paths import Form, PathSet, PatternError, Places, expand, normalise
from policies.rules import problem

PLACES = Places(cwd="/w/proj", home="/home/u", plugin="/opt/p", data="/d/p")
E_ACUTE, E_COMBINING = "caf\u00e9", "cafe\u0301"


def covers(pattern: str, path: str, *, denies: bool) -> bool:
    normal = normalise(path)
    rules = [Rule("fs_read", pattern)]
    return (
        normal is not None
        and PathSet(rules, PLACES, denies=denies).find(Form(normal)) is not None
    )


# pattern, path, whether a permission covers it, whether a denial does
CASES = [
    # a bare directory and what is beneath it
    ("/w/proj", "/w/proj", True, True),
    ("/w/proj", "/w/proj/a/b", True, True),
    ("/w/proj/", "/w/proj/a", True, True),
    ("/w/proj", "/w/project", False, False),
    ("/w/proj", "/w", False, False),
    ("/w/proj", "/w/proj.bak", False, False),
    ("/w//proj/./src/..", "/w/proj/x", True, True),
    ("/w/proj/**", "/w/proj", True, True),
    ("/w/proj/**", "/w/proj/a/b/c", True, True),
    ("/w/proj/**", "/w/projx/a", False, False),
    ("/", "/anything", True, True),
    ("*", "/etc/passwd", True, True),
    ("**", "/etc/passwd", True, True),
    # dots
    ("/w/proj", "/w/proj/../../etc/passwd", False, False),
    ("/w/proj", "/w/proj/a/../b", True, True),
    ("/w/proj", "/w/proj/a/../../proj/b", True, True),
    ("/w/proj", "/w/./proj/./b", True, True),
    ("/w/proj", "/../../w/proj/b", True, True),
    ("/w/proj", "/w/proj/..", False, False),
    ("/w/proj", "/w/proj/...", True, True),
    ("/w/proj", "/w/proj/..a", True, True),
    ("/etc", "/w/proj/../../etc/passwd", True, True),
    ("/etc", "/w/proj/..//..//etc//passwd", True, True),
    # slashes
    ("/w/proj", "//w/proj/a", True, True),
    ("/w/proj", "///w///proj///a///", True, True),
    ("/w/proj/a", "/w/proj/a/", True, True),
    ("/etc/passwd", "//etc/passwd", True, True),
    ("/etc/passwd", "/etc/passwd/.", True, True),
    # what is no path
    ("/", "w/proj/a", False, False),
    ("/", "", False, False),
    ("/", "./a", False, False),
    ("/", "/w/proj\0/../../etc", False, False),
    ("/", "/w/proj/a\0.txt", False, False),
    ("/", "/" + "a" * 256, False, False),
    ("/", "/" + "a" * 255, True, True),
    ("/", "/" + "\u00e9" * 128, False, False),
    ("/", "/" + "\u00e9" * 127, True, True),
    ("/", "/a" * 3000, False, False),
    ("/", "/a" * 256, True, True),
    ("/", "/a" * 257, False, False),
    ("/", "/" + "\U0001f600" * 1100, False, False),
    # case
    ("/w/proj/Secret", "/w/proj/secret", False, False),
    ("/w/proj/secret", "/w/proj/SECRET", False, False),
    ("/w/proj/*.TXT", "/w/proj/a.txt", False, False),
    # unicode forms
    (f"/w/{E_ACUTE}", f"/w/{E_COMBINING}/a", True, True),
    (f"/w/{E_COMBINING}", f"/w/{E_ACUTE}/a", True, True),
    ("/w/proj", "/w/pr\u043ej/a", False, False),  # a Cyrillic o
    ("/w/proj", "/w/proj\u200b/a", False, False),
    (
        "/w/proj",
        "/w/proj\uff0f..\uff0fetc",
        False,
        False,
    ),  # a fullwidth solidus is no separator
    ("/w/proj/k", "/w/proj/\u212a", False, False),
    ("/w/proj/K", "/w/proj/\u212a", True, True),  # the Kelvin sign is K under NFC
    ("/w/proj/a b", "/w/proj/a b", True, True),
    ("/w/proj/a", "/w/proj/a ", False, False),
    ("/w/proj/a", "/w/proj/a.", False, False),
    ("/w/proj/a", "/w/proj/a\n", False, False),
    ("/w/proj/*.txt", "/w/proj/a.txt\n", False, False),
    ("/w/proj/a", "/w\\proj\\a", False, False),
    ("/w/proj", "/w/proj%2f..%2f..%2fetc", False, False),  # nobody decodes a path
    # one star stays within one name
    ("/w/*/a", "/w/proj/a", True, True),
    ("/w/*/a", "/w/proj/b/a", False, False),
    ("/w/*/a", "/w/a", False, False),
    ("/w/*", "/w/proj", True, True),
    ("/w/*", "/w/proj/a", False, True),
    ("/w/*", "/w", False, False),
    ("/w/*.ts", "/w/a.ts", True, True),
    ("/w/*.ts", "/w/a.ts/etc", False, True),
    ("/w/*.ts", "/w/b/a.ts", False, False),
    ("/w/*.ts", "/w/.ts", True, True),
    ("/w/s*t", "/w/secret", True, True),
    ("/w/s*t", "/w/secrets", False, False),
    ("/w/?", "/w/a", True, True),
    ("/w/?", "/w/ab", False, False),
    ("/w/?", "/w/\u00e9", True, True),
    ("/w?proj", "/w/proj", False, False),
    ("/w[/]proj", "/w/proj", False, False),
    ("/w/[ab]", "/w/b", True, True),
    ("/w/[ab]", "/w/c", False, False),
    ("/w/[!ab]", "/w/c", True, True),
    ("/w/[!ab]", "/w/a", False, False),
    ("/w/[a-c]x", "/w/bx", True, True),
    ("/w/[", "/w/[", True, True),
    ("/w/[*]", "/w/*", True, True),
    ("/w/[*]", "/w/a", False, False),
    ("/w/[*]", "/w/*/beneath", True, True),
    ("/w/[slug]/page", "/w/[slug]/page", False, True),
    ("/w/[slug]/page", "/w/s/page", True, True),
    ("/w/.*", "/w/.env", True, True),
    ("/w/*", "/w/.env", True, True),
    # two stars
    ("/w/**/a", "/w/a", True, True),
    ("/w/**/a", "/w/x/y/a", True, True),
    ("/w/**/a", "/w/x/y/ab", False, False),
    ("/w/**/a", "/w/x/a/b", False, True),
    ("/w/**/a/**", "/w/x/a/b", True, True),
    ("**/.env", "/anywhere/at/all/.env", True, True),
    ("**/.env", "/anywhere/.env.local", False, False),
    ("**/.env*", "/anywhere/.env.local", True, True),
    ("**/.git", "/w/proj/.git/config", False, True),
    ("**/.git/**", "/w/proj/.git/config", True, True),
    ("**/.git", "/w/proj/a/../.git/config", False, True),
    ("/w/**/b/**/d", "/w/a/b/c/d", True, True),
    ("/w/**/b/**/d", "/w/a/b/c/b/x/d", True, True),
    ("/w/**/b/**/d", "/w/a/c/d", False, False),
    ("/w/a**b", "/w/axxb", True, True),
    ("/w/a**b", "/w/a/b", False, False),
    # places
    ("src", "/opt/p/src/a", True, True),
    ("./src", "/opt/p/src/a", True, True),
    ("src", "/w/proj/src/a", False, False),
    ("./*", "/opt/p/a", True, True),
    ("./**", "/opt/p/a/b", True, True),
    ("./**", "/opt/q", False, False),
    ("../q", "/opt/q", True, True),
    ("$CWD", "/w/proj/a", True, True),
    ("$CWD/src", "/w/proj/src/a", True, True),
    ("${CWD}/src", "/w/proj/src/a", True, True),
    ("$CWD/../other", "/w/other", True, True),
    ("$HOME/*.txt", "/home/u/a.txt", True, True),
    ("~", "/home/u/a", True, True),
    ("~/x", "/home/u/x", True, True),
    ("$PLUGIN", "/opt/p/a", True, True),
    ("$DATA/log", "/d/p/log", True, True),
    ("$CWD", "$CWD/a", False, False),
    ("/w/$CWD", "/w/proj", False, False),
    ("/w/$CWD", "/w/$CWD", True, True),
    ("/w/~", "/w/~", True, True),
    # text is no more than text
    ("/w/a+b(c)", "/w/a+b(c)", True, True),
    ("/w/a+b", "/w/aab", False, False),
    ("/w/a.b", "/w/axb", False, False),
    ("/w/^a$", "/w/^a$", True, True),
    ("/w/a|b", "/w/b", False, False),
]


@pytest.mark.parametrize(("pattern", "path", "permits", "denies"), CASES)
def test_a_pattern_covers_what_it_says(
    pattern: str, path: str, permits: bool, denies: bool
) -> None:
    """A permission exactly; a denial what is beneath, too."""
    assert covers(pattern, path, denies=False) is permits
    assert covers(pattern, path, denies=True) is denies


UNREADABLE = [
    "", " ", " /w", "/w ", "/a\0b", "~root", "~root/x", "$", "$PATH/x", "$CWDX/a", "${CWD", "$cwd/a",
    "/w/*.{a,b}", "{a,b}/c", "!/w", "/w/*/../x", "/a" * 65, "/" + "a" * 1025,
]  # fmt: skip


@pytest.mark.parametrize("pattern", UNREADABLE)
def test_what_cannot_be_read_denies_all_and_permits_nothing(pattern: str) -> None:
    """And the loader of a file is told what is wrong."""
    with pytest.raises(PatternError):
        expand(pattern, PLACES)
    assert problem("fs_read", pattern)
    assert covers(pattern, "/any", denies=True)
    assert not covers(pattern, "/any", denies=False)


def test_a_variable_without_a_place_covers_nothing() -> None:
    """A plugin without a data directory is not thereby given the root."""
    nowhere = replace(PLACES, data="", plugin="")
    for pattern in ("$DATA", "$DATA/..", "src", "$PLUGIN/**"):
        for denies in (True, False):
            rules = [Rule("fs_read", pattern)]
            assert PathSet(rules, nowhere, denies=denies).find(Form("/x")) is None


def test_wildcards_in_the_name_of_a_place_are_no_wildcards() -> None:
    """A project may be checked out into a directory called ``*``."""
    odd = Places(cwd="/w/*", home="/h/[ab]", plugin="/opt/?", data="/d/**")
    for pattern, inside, outside in (
        ("$CWD", "/w/*/a", "/w/x/a"),
        ("$CWD/*.ts", "/w/*/a.ts", "/w/x/a.ts"),
        ("$HOME", "/h/[ab]/x", "/h/a/x"),
        ("src", "/opt/?/src", "/opt/x/src"),
        ("$DATA/x", "/d/**/x", "/d/a/b/x"),
    ):
        for denies in (True, False):
            found = PathSet([Rule("fs_read", pattern)], odd, denies=denies)
            assert found.find(Form(inside)) is not None, pattern
            assert found.find(Form(outside)) is None, pattern


def test_a_denial_follows_a_link_that_its_own_words_go_over() -> None:
    """The directory is denied by its real place, too; a permission is not widened by a link."""
    rules = [Rule("fs_read", "/w/proj/secret/*.txt")]
    real = {"/w/proj/secret": "/mnt/[disk]/s"}

    denial = PathSet(rules, PLACES, denies=True, aliases=real)
    permission = PathSet(rules, PLACES, denies=False, aliases=real)

    assert denial.anchors == {"/w/proj/secret"}
    assert denial.find(Form("/mnt/[disk]/s/a.txt")) is not None
    assert denial.find(Form("/w/proj/secret/a.txt")) is not None
    assert denial.find(Form("/mnt/d/s/a.txt")) is None
    assert permission.find(Form("/mnt/[disk]/s/a.txt")) is None


def test_the_first_of_several_rules_is_named() -> None:
    """In the order in which they were written, whatever form they have."""
    rules = [Rule("fs_read", p) for p in ("/w/*/a", "/w", "**/a", "/w/proj/a")]
    found = PathSet(rules, PLACES, denies=False)

    assert found.find(Form("/w/proj/a")) is rules[0]
    assert found.find(Form("/w/proj/b")) is rules[1]
    assert found.find(Form("/x/a")) is rules[2]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/" + "a*" * 100 + "b", "/" + "a" * 250),
        ("/" + "**/a/" * 30 + "b", "/a" * 250),
        ("/" + "[a-z]*" * 100 + "1", "/" + "a" * 250),
        ("/" + "?*" * 100 + "1", "/" + "a" * 250),
    ],
)
def test_no_pair_of_texts_takes_long(pattern: str, path: str) -> None:
    """A manifest writes the pattern and the plugin the path: neither buys time. Exponential would be years."""
    began = time.process_time()
    for denies in (True, False):
        assert not covers(pattern, path, denies=denies)
    assert time.process_time() - began < 20

"""Which package goes where: every import finds what its importer wants, and nothing is without an end."""

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.errors import InstallError
from host.install.npm_package import Published, Wanted, clean, is_in, published, wanted
from host.install.npm_resolve import MAX_DEPTH, MAX_PACKAGES, Node, Tree, resolve

Described = dict[str, object]


class Shelf:
    """Packages by ``name@version``; a version is published whole, with all its dependencies."""

    def __init__(self, packages: Mapping[str, Described]) -> None:
        self._versions: dict[str, dict[str, Published]] = {}
        self.bundles: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        for id_, described in packages.items():
            name, _, version = id_.rpartition("@")
            self._versions.setdefault(name, {})[version] = published(name, version, described)

    def prefetch(self, names: list[str]) -> None:
        self.asked += names

    def pick(self, wanted: Wanted) -> Published:
        versions = self._versions.get(wanted.name, {})
        fitting = [v for v in versions if wanted.kind == "tag" or is_in(v, wanted.text)]
        if not fitting:
            raise InstallError("E_NOT_FOUND", f"{wanted.name} has no {wanted.text}")
        return versions[max(fitting, key=lambda v: [int(part) for part in v.split(".")])]

    def bundle(self, package: Published) -> Mapping[str, str]:
        return self.bundles.get(package.id, {})

    def tree(self, root: str = "root@1.0.0") -> Tree:
        name, _, version = root.rpartition("@")
        return resolve(self._versions[name][version], self, self.bundle)


def placed(tree: Tree) -> dict[str, str]:
    """Version by path, without the prefix that all have."""
    return {
        node.path.replace("node_modules/", ""): node.package.version
        for node in tree.root.within()
        if node.parent is not None
    }


def layout(packages: Mapping[str, Described]) -> dict[str, str]:
    return placed(Shelf(packages).tree())


def needs(**dependencies: str) -> Described:
    return {"dependencies": dependencies}


def test_what_is_needed_lies_beside_the_root() -> None:
    """Also what is needed by what is needed."""
    assert layout(
        {"root@1.0.0": needs(a="^1"), "a@1.1.0": needs(b="*"), "b@3.0.0": {}, "a@1.0.0": {}}
    ) == {"a": "1.1.0", "b": "3.0.0"}


def test_one_copy_serves_whoever_it_suits() -> None:
    """The first one that was placed, though a newer would suit the second as well."""
    assert layout(
        {
            "root@1.0.0": needs(a="1", x="~1.0"),
            "a@1.0.0": needs(x="^1"),
            "x@1.0.0": {},
            "x@1.5.0": {},
        }
    ) == {"a": "1.0.0", "x": "1.0.0"}


def test_a_second_version_is_nested() -> None:
    """Under whoever wants it; under each of several."""
    assert layout(
        {
            "root@1.0.0": needs(a="1", b="1", x="2"),
            "a@1.0.0": needs(x="1"),
            "b@1.0.0": needs(x="1"),
            "x@1.0.0": {},
            "x@2.0.0": {},
        }
    ) == {"a": "1.0.0", "b": "1.0.0", "x": "2.0.0", "a/x": "1.0.0", "b/x": "1.0.0"}


def test_nested_needs_are_hoisted_as_far_as_they_suit() -> None:
    """What two packages beneath one want lies in that one."""
    assert layout(
        {
            "root@1.0.0": needs(a="1", x="2"),
            "a@1.0.0": needs(b="1", c="1", x="1"),
            "b@1.0.0": needs(x="1"),
            "c@1.0.0": needs(x="1"),
            "x@1.0.0": {},
            "x@2.0.0": {},
        }
    ) == {
        "a": "1.0.0", "b": "1.0.0", "c": "1.0.0", "x": "2.0.0", "a/x": "1.0.0", "b/x": "1.0.0", "c/x": "1.0.0",
    }  # fmt: skip


def test_a_placement_takes_nothing_from_those_beneath() -> None:
    """c, in b, found x@1 at the top; a second x for another in there is put where c does not see it."""
    tree = Shelf(
        {
            "root@1.0.0": needs(b="1", c="2", x="1"),
            "b@1.0.0": needs(c="1", d="1"),
            "c@1.0.0": needs(x="1", e="1"),
            "c@2.0.0": {},
            "d@1.0.0": needs(c="1", e="2"),
            "e@1.0.0": needs(x="2"),
            "e@2.0.0": needs(x="1"),
            "x@1.0.0": {},
            "x@2.0.0": {},
        }
    ).tree()

    assert_sound(tree)


def test_cycles_end() -> None:
    """In one version, and in itself."""
    assert layout(
        {
            "root@1.0.0": needs(a="1"),
            "a@1.0.0": needs(b="1", a="1"),
            "b@1.0.0": needs(a="1", root="1"),
        }
    ).keys() == {"a", "b", "root"}


def test_versions_that_exclude_each_other_for_ever() -> None:
    """npm nests these without an end; here it is told."""
    with pytest.raises(InstallError) as caught:
        layout(
            {
                "root@1.0.0": needs(a="1"),
                "a@1.0.0": needs(b="1"),
                "b@1.0.0": needs(a="2"),
                "a@2.0.0": needs(b="2"),
                "b@2.0.0": needs(a="1"),
            }
        )

    assert caught.value.code == "E_DEPENDENCY"
    assert str(MAX_DEPTH) in str(caught.value)


def test_there_are_only_so_many() -> None:
    """However they are spread."""
    packages: dict[str, Described] = {f"p{n}@1.0.0": {} for n in range(MAX_PACKAGES + 1)}
    packages["root@1.0.0"] = needs(**{f"p{n}": "1" for n in range(MAX_PACKAGES)})
    assert len(layout(packages)) == MAX_PACKAGES
    packages["root@1.0.0"] = needs(**{f"p{n}": "1" for n in range(MAX_PACKAGES + 1)})

    with pytest.raises(InstallError, match="more than 500 packages are needed"):
        layout(packages)


def test_an_endless_list_is_not_begun() -> None:
    """Not one of them is asked for."""
    shelf = Shelf({"root@1.0.0": needs(**{f"p{n}": "1" for n in range(10_000)})})

    with pytest.raises(InstallError, match="dependencies"):
        shelf.tree()
    assert shelf.asked == []


def test_what_is_missing_is_told_with_the_way_to_it() -> None:
    """Whoever reads it did not write that package."""
    with pytest.raises(InstallError) as caught:
        layout({"root@1.0.0": needs(a="1"), "a@1.0.0": needs(gone="^3")})

    assert caught.value.code == "E_NOT_FOUND"
    assert str(caught.value) == "root@1.0.0 > a@1.0.0: gone has no ^3"


@pytest.mark.parametrize(
    "text",
    ["git+https://host.example/x", "owner/repo", "file:../x", "https://host.example/x.tgz"],
)
def test_what_comes_from_elsewhere_is_refused(text: str) -> None:
    """Wherever it is in the tree; where it is optional it is left out."""
    with pytest.raises(InstallError) as caught:
        layout({"root@1.0.0": needs(a="1"), "a@1.0.0": needs(x=text)})
    assert caught.value.code == "E_DEPENDENCY"
    assert "root@1.0.0 > a@1.0.0: x: " in str(caught.value)

    tree = Shelf(
        {"root@1.0.0": needs(a="1"), "a@1.0.0": {"optionalDependencies": {"x": text}}}
    ).tree()
    assert placed(tree) == {"a": "1.0.0"}
    assert "x is left out" in tree.notes[0]


# Optional ones.


def test_what_does_not_fit_this_machine_is_left_out() -> None:
    """With a line; what fits is installed, and what must be there is, whatever it says."""
    tree = Shelf(
        {
            "root@1.0.0": {
                "dependencies": {"must": "1"},
                "optionalDependencies": {"mac": "1", "here": "1", "new": "1"},
            },
            "mac@1.0.0": {"os": ["darwin"]},
            "here@1.0.0": {"os": ["linux"]},
            "new@1.0.0": {"engines": {"node": ">=99"}},
            "must@1.0.0": {"os": ["darwin"]},
        }
    ).tree()

    assert placed(tree) == {"here": "1.0.0", "must": "1.0.0"}
    assert tree.notes == (
        "left out, as for other machines: mac",
        "new is left out: it wants node >=99, and plugins have 20.0.0",
    )


def test_an_optional_one_goes_with_all_that_was_for_it() -> None:
    """What it needs is not to be had, so nothing of it stays; what others want as well does."""
    tree = Shelf(
        {
            "root@1.0.0": {"dependencies": {"a": "1"}, "optionalDependencies": {"opt": "1"}},
            "opt@1.0.0": needs(only="1", shared="1", deep="1"),
            "deep@1.0.0": needs(gone="1"),
            "only@1.0.0": {},
            "shared@1.0.0": {},
            "a@1.0.0": needs(shared="1"),
        }
    ).tree()

    assert placed(tree) == {"a": "1.0.0", "shared": "1.0.0"}
    assert tree.notes == ("opt is left out: gone has no 1",)


def test_leaving_out_ends() -> None:
    """One missing at once costs nothing; what has to be undone is undone only so often."""
    names = [f"o{n}" for n in range(150)]
    optional: Described = {"optionalDependencies": dict.fromkeys(names, "1")}
    assert placed(Shelf({"root@1.0.0": optional}).tree()) == {}

    packages = {f"{name}@1.0.0": needs(gone="1") for name in names}
    with pytest.raises(InstallError, match="too many optional"):
        Shelf({"root@1.0.0": optional, **packages}).tree()


def test_what_is_wrong_is_not_left_out() -> None:
    """An optional package that is not what it claims to be is no package that cannot be had."""

    class Wrong(Shelf):
        def pick(self, wanted: Wanted) -> Published:
            if wanted.name == "opt":
                raise InstallError("E_REGISTRY", "it lies")
            return super().pick(wanted)

    with pytest.raises(InstallError, match="it lies"):
        Wrong({"root@1.0.0": {"optionalDependencies": {"opt": "1"}}, "opt@1.0.0": {}}).tree()


# Peers.


def test_a_plugins_own_peers_are_the_agents_to_give() -> None:
    """They are not installed; one that the runtime does not give is told."""
    tree = Shelf(
        {
            "root@1.0.0": {
                "peerDependencies": {"@earendil-works/pi-coding-agent": "*", "agent": "^1"},
            },
            "agent@1.0.0": {},
        }
    ).tree()

    assert placed(tree) == {}
    assert tree.notes == ("root@1.0.0 expects agent ^1 beside it, and nothing gives it",)


def test_the_peers_of_libraries_come_along() -> None:
    """Where nothing else brings them, unless they are optional or the runtime gives them; with what they need."""
    packages: dict[str, Described] = {
        "root@1.0.0": needs(a="1", z="1"),
        "a@1.0.0": {
            "peerDependencies": {"p": "^1", "q": "^1", "r": "1", "typebox": "1"},
            "peerDependenciesMeta": {"q": {"optional": True}},
        },
        "z@1.0.0": needs(r="*"),
        "p@1.0.0": needs(inner="1"),
        "q@1.0.0": {},
        "r@1.0.0": {},
        "inner@1.0.0": {},
    }
    tree = Shelf(packages).tree()
    assert placed(tree) == dict.fromkeys(("a", "z", "p", "r", "inner"), "1.0.0")
    assert tree.notes == ()
    assert_sound(tree)

    packages["r@2.0.0"] = {}  # what z brings is there first, and is told
    tree = Shelf(packages).tree()
    assert placed(tree)["r"] == "2.0.0"
    assert tree.notes == ("a@1.0.0 expects r 1 beside it, and it finds 2.0.0",)


def test_a_peer_that_cannot_be_had_is_no_reason_to_stop() -> None:
    """It is missing itself, or what it needs is; both are told."""
    tree = Shelf(
        {
            "root@1.0.0": needs(a="1"),
            "a@1.0.0": {"peerDependencies": {"p": "1", "gone": "1", "far": "owner/far"}},
            "p@1.0.0": needs(deep="1"),
            "deep@1.0.0": needs(gone="1"),
        }
    ).tree()

    assert placed(tree) == {"a": "1.0.0"}
    assert "p is left out: gone has no 1" in tree.notes
    assert "a@1.0.0 expects p 1 beside it, and nothing gives it" in tree.notes
    assert any(
        note.startswith("far is left out: far: owner/far: only packages") for note in tree.notes
    )


def test_a_peer_with_a_tree_of_its_own_does_not_burst_the_bounds() -> None:
    """A whole agent, for example, that is expected by a library."""
    packages: dict[str, Described] = {f"p{n}@1.0.0": {} for n in range(MAX_PACKAGES)}
    packages |= {
        "root@1.0.0": needs(a="1"),
        "a@1.0.0": {"peerDependencies": {"agent": "1"}},
        "agent@1.0.0": needs(**{f"p{n}": "1" for n in range(MAX_PACKAGES)}),
    }
    tree = Shelf(packages).tree()

    assert placed(tree) == {"a": "1.0.0"}
    assert f"agent is left out: more than {MAX_PACKAGES} packages are needed" in tree.notes


def test_a_package_sees_the_peers_of_whoever_wants_it() -> None:
    """ui, wanted beside core@1 by a, would find core@2 at the top: it is nested, and core with it."""
    tree = Shelf(
        {
            "root@1.0.0": needs(a="1", core="2", ui="1"),
            "a@1.0.0": needs(core="1", ui="1"),
            "ui@1.0.0": {"peerDependencies": {"core": "*"}},
            "core@1.0.0": {},
            "core@2.0.0": {},
        }
    ).tree()

    assert placed(tree) == {
        "a": "1.0.0", "core": "2.0.0", "ui": "1.0.0", "a/core": "1.0.0", "a/ui": "1.0.0",
    }  # fmt: skip
    assert_sound(tree)


def test_peers_come_before_those_who_want_them() -> None:
    """By name alone "a-plugin" would be first, and be put where it sees the wrong one."""
    tree = Shelf(
        {
            "root@1.0.0": needs(app="1", core="2"),
            "app@1.0.0": {"dependencies": {"a-plugin": "1", "core": "1"}},
            "a-plugin@1.0.0": {"peerDependencies": {"core": "1"}},
            "core@1.0.0": {},
            "core@2.0.0": {},
        }
    ).tree()

    assert placed(tree)["app/a-plugin"] == "1.0.0"
    assert tree.notes == ()


# Aliases and bundles.


def test_two_versions_side_by_side_by_alias() -> None:
    """Each under its own folder, and a range is about the package, not about the folder."""
    packages: dict[str, Described] = {
        "root@1.0.0": needs(old="npm:x@1", x="2", a="1"),
        "a@1.0.0": needs(old="^1"),
        "old@1.0.0": {},
        "x@1.0.0": {},
        "x@2.0.0": {},
    }
    tree = Shelf(packages).tree()

    assert {n.path: n.package.id for n in tree.root.within() if n.parent} == {
        "node_modules/a": "a@1.0.0",
        "node_modules/old": "x@1.0.0",
        "node_modules/x": "x@2.0.0",
        "node_modules/a/node_modules/old": "old@1.0.0",
    }


def test_a_bundle_is_taken_as_it_is() -> None:
    """It serves whoever it suits, and it is not asked what it needs."""
    shelf = Shelf(
        {
            "root@1.0.0": {
                "dependencies": {"in": "9", "b": "1"},
                "bundleDependencies": ["in"],
            },
            "b@1.0.0": needs(inner="1"),
            "inner@2.0.0": {},
        }
    )
    shelf.bundles["root@1.0.0"] = {"in": "1.0.0", "inner": "1.0.0", "../evil": "1.0.0"}
    tree = shelf.tree()

    assert placed(tree) == {"in": "1.0.0", "inner": "1.0.0", "b": "1.0.0"}
    assert "in" not in shelf.asked


# In general.

NAMES: Final = ["a", "b", "c", "d", "e"]
EDGES = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["1", "2", "*", "^1", "3"]), max_size=3
)


@st.composite
def shelves(draw: st.DrawFn) -> dict[str, Described]:
    packages: dict[str, Described] = {"root@1.0.0": {"dependencies": draw(EDGES)}}
    for name in NAMES:
        for version in ("1.0.0", "2.0.0"):
            packages[f"{name}@{version}"] = {
                "dependencies": draw(EDGES),
                "optionalDependencies": draw(EDGES),
                "peerDependencies": draw(EDGES),
            }
    return packages


def assert_sound(tree: Tree) -> None:
    """Every dependency that was followed finds what fits, by looking upwards; nothing is there for nobody."""
    wanted_by: set[Node] = {tree.root}
    for node in tree.root.within():
        for folder, expected in node.edges.items():
            found = node.find(folder)
            assert found is expected
            package = node.package
            text = {**package.peers, **package.dependencies, **package.optional}[folder]
            asks = wanted(folder, text)
            assert asks.kind == "tag" or is_in(found.package.version, asks.text)
            wanted_by.add(found)
        for folder in node.package.dependencies:
            assert folder in node.edges
        assert clean(node.package.version)
    assert wanted_by == set(tree.root.within())


@given(shelves())
@settings(max_examples=60, deadline=None)
def test_any_shelf_gives_a_sound_tree_or_an_error(packages: dict[str, Described]) -> None:
    """The same one each time."""
    try:
        tree = Shelf(packages).tree()
    except InstallError as error:
        code = error.code
        tree = None
    if tree is None:
        assert code in ("E_NOT_FOUND", "E_DEPENDENCY")
        return

    assert_sound(tree)
    assert placed(Shelf(packages).tree()) == placed(tree)

"""Names, versions, ranges and what dependencies ask for, as npm reads them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InstallError
from host.install.npm_package import (
    Published,
    Wanted,
    clean,
    is_in,
    is_name,
    is_range,
    published,
    wanted,
)
from ipc.provided import NODE_VERSION, is_provided

VERSIONS: Final = [
    "0.0.0", "0.0.3", "0.1.0", "0.1.5", "0.2.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0-beta",
    "1.2.3", "1.2.9", "1.3.0", "1.9.9", "2.0.0-rc.0", "2.0.0", "2.3.4", "10.0.0", "1.2.3+build",
]  # fmt: skip
RANGES: Final = [
    "", "*", "x", "X", "1", "1.x", "1.2", "1.2.x", "1.2.3", "=1.2.3", "v1.2.3", "^1", "^1.2.3", "^0.1", "^0.1.2", "^0.0.3", "^0",
    "~1", "~1.2", "~1.2.3", "~0.1", ">1", ">=1", "<2", "<=1.2", ">1.2", "> 1.2.3", ">= 1.0.0 < 2", "1.0.0 - 1.2.3", "1 - 2", "1.2 - 1.3",
    "^1 || ^2", "1.2.3 || 2", "||", ">=1.0.0-alpha", "^1.0.0-alpha", "^1.0.0-rc.0", "~1.0.0-alpha", ">1.0.0-alpha.1 <1.0.0",
    "<1.0.0", "<=2.0.0-rc.0", ">=1.2.3 <1.2.10", "^1.2 ^1.3", "  ^1  ", "1.2.3 - ", "1.*", "1.2.*", "^1.x", "~1.x", ">x", "<*", "latest",
    "next", "a b", "1.2.3.4", "!1", "^^1", "~>1.2", "01.2.3", "1.2.3 bad", ">=0", "0", "0.x",
]  # fmt: skip

NAMES: Final = [
    "a",
    "7zip",
    "@a/b",
    "@types/node",
    "lodash.merge",
    "JSONStream",
    "@a/_b",
    "a-b_c.d~e",
]
NO_NAMES: Final = [
    "", ".a", "_a", "..", "a/b", "@a", "@/a", "@a/", "@a/.b", "@.a/b", "@a/b/c", "a b", "a\n", "a\0", "é", "node_modules",
    "NODE_MODULES", "favicon.ico", "@a/node_modules", "@a/..", "a\\b", "a%2fb", "x" * 215, "a@1",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    """Old ones with capital letters included."""
    assert is_name(name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name(name: str) -> None:
    """None of them is a directory of its own beneath node_modules."""
    assert not is_name(name)


@given(st.text(max_size=40))
def test_a_name_is_one_step_down_or_two(text: str) -> None:
    """Whatever is written, what passes leads nowhere else."""
    if is_name(text):
        inner = os.path.normpath(f"/root/node_modules/{text}")
        assert inner == f"/root/node_modules/{text}"
        assert text.count("/") == text.startswith("@")


def npm_says(script: str) -> object:
    """What npm's own reading of versions gives."""
    npm = shutil.which("npm")
    assert npm is not None
    semver = Path(npm).resolve().parents[1] / "node_modules" / "semver"
    if not semver.exists():  # a distribution keeps it beside
        semver = Path("/usr/share/nodejs/semver")
    done = subprocess.run(
        ["node", "-e", f"const semver = require({json.dumps(str(semver))}); {script}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("npm") is None, reason="compares with npm's own")
def test_ranges_mean_what_they_mean_to_npm() -> None:
    """Every version against every range, and which of these are ranges at all."""
    ours = {
        text: [version for version in VERSIONS if is_in(version, text)]
        if is_range(text)
        else None
        for text in RANGES
    }
    theirs = npm_says(
        f"const V = {json.dumps(VERSIONS)}, R = {json.dumps(RANGES)}, out = {{}};"
        "for (const r of R) out[r] = semver.validRange(r, true) === null ? null :"
        "  V.filter((v) => semver.satisfies(v, r, true));"
        "console.log(JSON.stringify(out))"
    )

    assert ours == theirs


def test_a_long_range_is_none() -> None:
    """Nobody writes one by hand, and reading it would take long."""
    assert not is_range("1 || " * 100)


@pytest.mark.parametrize(
    ("stated", "listed"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("=v1.2.3", "1.2.3"),
        (" 1.2.3+b.1 ", "1.2.3"),
        ("1.2.3-rc.1+b", "1.2.3-rc.1"),
        ("1.2", ""),
        ("latest", ""),
        ("", ""),
        ("1.2.3 || 2", ""),
        ("9" * 500 + ".0.0", ""),
    ],
)
def test_versions_as_a_registry_lists_them(stated: str, listed: str) -> None:
    """What is only part of one is none."""
    assert clean(stated) == listed


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("^1", Wanted("a", "range", "^1")),
        ("", Wanted("a", "range", "")),
        (" * ", Wanted("a", "range", "*")),
        ("~1.2", Wanted("a", "range", "~1.2")),
        ("latest", Wanted("a", "tag", "latest")),
        ("npm:b", Wanted("b", "range", "")),
        ("npm:b@^2", Wanted("b", "range", "^2")),
        ("npm:@s/b@next", Wanted("@s/b", "tag", "next")),
        ("npm:@s/b", Wanted("@s/b", "range", "")),
    ],
)
def test_what_a_dependency_asks_for(text: str, means: Wanted) -> None:
    """A range, a tag, or either of another package."""
    assert wanted("a", text) == means


@pytest.mark.parametrize(
    "text",
    [
        "git+https://host.example/a.git",
        "git://host.example/a",
        "git@host.example:a/b.git",
        "github:owner/repository",
        "owner/repository",
        "owner/repository#semver:^1",
        "https://host.example/a.tgz",
        "http://host.example/a.tgz",
        "file:../a",
        "link:../a",
        "workspace:*",
        "portal:../a",
        "patch:a@1#x.patch",
        "catalog:",
        "jsr:@a/b",
        "../a",
        "./a",
        "/a",
        "~/a",
        "..",
        "~",
        "npm:../a",
        "npm:git+https://host.example/a",
        "npm:npm:b@1",
        "npm:b@file:x",
        "C:\\\\a",
        "a b c",
        "1 \x1b[2J/",
    ],
)
def test_what_is_refused_of_a_dependency(text: str) -> None:
    """Whatever leads elsewhere than to the registry, or nowhere."""
    with pytest.raises(InstallError) as caught:
        wanted("a", text)

    assert caught.value.code == "E_DEPENDENCY"
    assert str(caught.value).isprintable()


def test_a_folder_that_is_no_name() -> None:
    """It would be a path."""
    with pytest.raises(InstallError, match="cannot have that name"):
        wanted("../../x", "^1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["dist", "dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "bundleDependencies", "engines", "os",
     "cpu", "libc", "deprecated", "hasInstallScript"]
)  # fmt: skip


@given(JSON | st.dictionaries(KEYS, JSON))
def test_a_description_of_any_shape(given_: object) -> None:
    """What does not have the shape of a part is absent."""
    found = published("a", "1.0.0", given_)

    assert all(isinstance(text, str) for text in found.dependencies.values())
    assert found.misfit is None or isinstance(found.misfit, str)


def test_the_parts_of_a_description() -> None:
    """As they are in a registry."""
    found = published(
        "a",
        "1.0.0",
        {
            "dependencies": {"b": "1", "c": "2", "n": 3},
            "optionalDependencies": {"c": "3"},
            "peerDependencies": {"p": "1", "q": "2"},
            "peerDependenciesMeta": {"q": {"optional": True}},
            "bundleDependencies": True,
            "devDependencies": {"d": "1"},
            "engines": {"node": ">=18", "npm": ">=9"},
            "os": "linux",
            "cpu": ["x64", "arm64"],
            "deprecated": False,
        },
    )

    assert (found.dependencies, found.optional, found.peers) == (
        {"b": "1"},
        {"c": "3"},
        {"p": "1"},
    )
    assert found.bundled == {"b", "c"}
    assert (found.node, found.os, found.cpu, found.deprecated) == (
        ">=18",
        ("linux",),
        ("x64", "arm64"),
        "",
    )


def of(**described: object) -> Published:
    return published("a", "1.0.0", described)


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"os": ["linux"]},
        {"os": ["darwin", "linux"]},
        {"os": ["!win32"]},
        {"os": []},
        {"engines": {"node": ">=18"}},
        {"engines": ["node >= 0.8"]},
    ],
)
def test_what_fits(described: dict[str, object]) -> None:
    """Plugins run on Linux, and believe in node 20."""
    assert of(**described).misfit is None


@pytest.mark.parametrize(
    "described",
    [
        {"os": ["darwin"]},
        {"os": ["!linux"]},
        {"cpu": ["wasm32"]},
        {"libc": ["none"]},
        {"engines": {"node": ">=99"}},
    ],
)
def test_what_does_not_fit(described: dict[str, object]) -> None:
    """The reason is named."""
    assert of(**described).misfit


def test_the_version_of_node_is_the_one_that_plugins_read() -> None:
    """It is written in two languages."""
    script = Path(__file__).resolve().parents[4] / "worker/js/lazy/node/process.js"

    assert f'const VERSION = "{NODE_VERSION}";' in script.read_text()


@pytest.mark.parametrize(
    "name",
    ["fs", "buffer", "typebox", "@sinclair/typebox", "@earendil-works/pi-ai", "@swc/helpers"],
)
def test_what_the_runtime_provides(name: str) -> None:
    """By name or by scope."""
    assert is_provided(name)


@pytest.mark.parametrize(
    "name", ["zod", "fs-extra", "@sinclair/other", "@earendil-worksx/a", "yaml"]
)
def test_what_it_does_not(name: str) -> None:
    """What only begins alike."""
    assert not is_provided(name)

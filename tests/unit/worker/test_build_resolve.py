"""Specifiers to candidates: the right files first, and never one outside the root."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.worker.build_support import build_files
from worker.build import BuildError, npm, resolve
from worker.build.resolve import EscapeError

PARTS = st.sampled_from(
    [
        "..",
        ".",
        "",
        "a",
        "b.ts",
        "~",
        "%2e%2e",
        "...",
        " ",
        "a\\..\\b",
        "index",
        "node_modules",
        "π",
    ]
)


@given(
    st.lists(PARTS, max_size=8),
    st.sampled_from(["main.ts", "a/b/c.ts", "node_modules/p/x.js"]),
    st.booleans(),
)
def test_no_candidate_leaves_the_root(parts: list[str], importer: str, absolute: bool) -> None:
    """Whatever is written, a candidate is relative and has no parent steps, or there is none."""
    specifier = ("/" if absolute else "") + "/".join(parts)
    found: list[str] = []
    try:
        if resolve.classify(specifier) == "relative":
            found = resolve.relative_candidates(importer, specifier)
        found += resolve.entry_candidates(specifier)
    except EscapeError:
        pass

    for name in found:
        assert not name.startswith("/")
        assert not {"", ".", ".."} & set(name.split("/"))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.sampled_from(
            ["./a.js", "../x", "./../../x", "/etc/x", "./*", "./node_modules/q", "."]
        ),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([".", "./a", "./*", "import", "default", "require", "#x"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["", "a", "../../b", "a/../../../c"]),
)
def test_a_package_cannot_point_out_of_its_folder(exports: npm.Json, subpath: str) -> None:
    """Whatever `exports` and `main` say, candidates stay in the package."""
    folder = "node_modules/p"
    for manifest in ({"exports": exports}, {"main": exports, "module": exports}):
        for name in npm.entry_candidates(dict(manifest), folder, subpath, is_require=False):
            assert name.startswith(folder + "/")
            assert ".." not in name.split("/")


@pytest.mark.parametrize(
    "specifier",
    [
        "../up.js",
        "./a/../../up.js",
        "..",
        "../..",
        "/etc/passwd",
        "/plugin/main.js",
        "file:///etc/passwd",
        "https://example.test/x.js",
        "data:text/javascript,1",
        "C:/x.js",
        "\\\\share\\x",
        "~/x.js",
    ],
)
def test_a_static_import_out_of_the_root_is_refused(specifier: str, tmp_path: Path) -> None:
    """E_ESCAPE names the file and the line; the file itself, which exists, is never asked for."""
    (tmp_path / "up.js").write_text("export default 1")
    (tmp_path / "plugin").mkdir()
    with pytest.raises(BuildError) as caught:
        build_files(tmp_path, {"main.js": f"\n\nimport x from {specifier!r};\nx;"})

    assert (caught.value.code, caught.value.path, caught.value.line, caught.value.column) == (
        "E_ESCAPE",
        "main.js",
        3,
        15,
    )


def test_one_step_up_is_fine_below_the_root(tmp_path: Path) -> None:
    """The control: the same specifier from a deeper file is an ordinary import."""
    files = {"main.js": 'import "./sub/a.js"', "sub/a.js": 'import "../up.js"', "up.js": ""}

    assert build_files(tmp_path, files)["entries"] == [0]


@pytest.mark.parametrize(
    "entry", ["../main.js", "/main.js", "a/../../main.js", "\0", "\\main.js"]
)
def test_an_entry_outside_the_root_is_refused(entry: str, tmp_path: Path) -> None:
    """The entry's name comes from a manifest, and is judged like an import."""
    (tmp_path / "main.js").write_text("")
    with pytest.raises(BuildError) as caught:
        build_files(tmp_path, {"main.js": ""}, entry)

    assert caught.value.code == "E_ESCAPE"


def test_candidates_in_order() -> None:
    """Exact name, its TypeScript twin, added endings, then the folder's index."""
    names = resolve.relative_candidates("src/main.ts", "./lib/x.js")

    assert names[:4] == ["src/lib/x.js", "src/lib/x.ts", "src/lib/x.tsx", "src/lib/x.js.ts"]
    assert names[-9] == "src/lib/x.js/index.ts"
    assert resolve.relative_candidates("src/main.ts", "./tool").index("src/tool") == len(
        resolve.EXTENSIONS
    )
    assert resolve.relative_candidates("src/main.ts", "./lib/")[0] == "src/lib/index.ts"
    assert resolve.relative_candidates("main.ts", ".")[0] == "index.ts"


@pytest.mark.parametrize(
    ("specifier", "kind"),
    [
        ("./x", "relative"),
        ("..", "relative"),
        ("#internal", "imports"),
        ("node:fs", "external"),
        ("fs/promises", "external"),
        ("typebox", "external"),
        ("typebox/compile", "external"),
        ("@sinclair/typebox", "external"),
        ("@sinclair/typebox/value", "external"),
        ("@sinclair/other", "package"),
        ("@mariozechner/pi-ai/oauth", "external"),
        ("@oh-my-pi/x", "external"),
        ("lodash/fp", "package"),
        ("a/../b", "invalid"),
        ("", "invalid"),
        ("a\0b", "invalid"),
        ("x" * 2000, "invalid"),
    ],
)
def test_kinds_of_specifiers(specifier: str, kind: str) -> None:
    """What the host provides stays external; the rest is looked for beneath the root."""
    assert resolve.classify(specifier) == kind


def test_nested_node_modules_are_searched_upwards() -> None:
    """Nearest first, and never `node_modules/node_modules`."""
    assert resolve.package_json_candidates("node_modules/a/lib/x.js", "b") == [
        "node_modules/a/lib/node_modules/b/package.json",
        "node_modules/a/node_modules/b/package.json",
        "node_modules/b/package.json",
    ]

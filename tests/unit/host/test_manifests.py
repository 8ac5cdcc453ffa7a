"""Reading a manifest from disk or from a build: which one counts, and how a bad one is told."""

import json
import os
from pathlib import Path

import pytest

from host.artifact import Artifact, InFileManifest, read_artifact
from host.build import find_entry
from host.errors import PluginLoadError
from host.manifests import MAX_PACKAGE_JSON_BYTES, complete, read_package
from host.outcome import Json, JsonObject
from policies.manifest_values import NO_MANIFEST, Manifest
from worker.build.manifest import read_manifest
from worker.build.syntax import parse


def package(root: Path, content: bytes | Json) -> Manifest | None:
    """Write a package.json and read it."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (root / "package.json").write_bytes(data)
    return read_package(root)


def artifact(source: str) -> Artifact:
    """What a builder answers for a main file, as far as its manifest goes."""
    data = source.encode()
    found = read_manifest(parse(data, ".ts"), data)
    raw: JsonObject = {
        "code": "", "entries": [0], "externals": [], "modules": [], "map": [],
        "manifest": None if found is None else json.loads(json.dumps(found.to_json())),
    }  # fmt: skip
    read = read_artifact(raw)
    assert read is not None
    return read


def manifest_of(source: str, package: Manifest = NO_MANIFEST) -> Manifest:
    """The manifest of a plugin with this main file."""
    return complete(package, artifact(source), Path("/p/x.ts"))


def refused(source: str) -> str:
    """How a main file is refused."""
    with pytest.raises(PluginLoadError) as caught:
        manifest_of(source)
    assert "\n" not in str(caught.value)
    return f"{caught.value.code} {caught.value}"


@pytest.mark.parametrize(
    ("content", "code", "line", "told"),
    [
        (b"{", "E_MANIFEST", 1, "not the JSON that a package.json is"),
        (b'{"a": 1,\n "a": 2}', "E_MANIFEST", 2, "stands twice"),
        (b'{"name": "x",\n "\xff": 1}', "E_MANIFEST", 2, "not UTF-8"),
        (b'{"name": "\\ud800"}', "E_MANIFEST", 1, "half a surrogate pair"),
        (b'{"a":' * 100_000, "E_MANIFEST", 1, "nested deeper"),
        (b"[1, 2]", "E_MANIFEST", 1, "does not hold an object"),
        (b" " * (10 * MAX_PACKAGE_JSON_BYTES), "E_TOO_LARGE", None, "larger than 1 MiB"),
        (b'{"jcode": {\n"tier": 1}}', "E_MANIFEST", 2, "jcode.tier: must be 'read'"),
        (b'{"jcode": {"name": "a\\u0000b"}}', "E_MANIFEST", 1, "holds a NUL"),
        (
            json.dumps({"jcode": {"capabilities": {"fs_read": ["a"] * 100_000}}}).encode(),
            "E_MANIFEST",
            1,
            "more than 100000 values",
        ),
    ],
)
def test_a_bad_package_json_is_one_line_with_its_place(
    tmp_path: Path, content: bytes, code: str, line: int | None, told: str
) -> None:
    """Whatever the bytes are, the answer is an error of the load."""
    with pytest.raises(PluginLoadError) as caught:
        package(tmp_path, content)

    assert (caught.value.code, caught.value.line) == (code, line)
    assert caught.value.path == str(tmp_path / "package.json")
    assert told in str(caught.value)


def test_a_package_json_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """A link out of the plugin is an escape; the control is the same link within it."""
    (tmp_path / "secret.json").write_text('{"name": "secret"}')
    root = tmp_path / "plugin"
    root.mkdir()
    (root / "package.json").symlink_to("inner.json")
    (root / "inner.json").write_text('{"name": "inner"}')
    found = read_package(root)
    assert found is not None
    assert found.name == "inner"

    (root / "package.json").unlink()
    (root / "package.json").symlink_to("../secret.json")

    with pytest.raises(PluginLoadError, match="leads out of the plugin's directory"):
        read_package(root)


def test_a_pipe_by_that_name_does_not_hang_the_host(tmp_path: Path) -> None:
    """Only a regular file is read."""
    os.mkfifo(tmp_path / "package.json")

    assert read_package(tmp_path) is None


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """Editors write it, and npm reads past it."""
    found = package(tmp_path, b'\xef\xbb\xbf{"name": "a"}')

    assert found is not None
    assert found.name == "a"


@pytest.mark.parametrize(
    ("content", "file", "name"),
    [
        (
            {"name": "@s/n", "jcode-plugin": {"v2": {"entry": {"server": "a.ts"}}}},
            "a.ts",
            "@s/n",
        ),
        ({"jcode": {"name": "X", "entry": {"both": "./b.ts"}}}, "b.ts", "x"),
        ({"jcode": {"entry": "c.js"}, "main": "m.js"}, "c.js", "p"),
        ({"pi": {"extensions": ["./d.ts"]}, "main": "m.js"}, "d.ts", "p"),
        ({"omp": {"extensions": ["e.ts"]}}, "e.ts", "p"),
        ({"omp": {"hooks": "h.ts", "tools": ["t.ts"]}}, "h.ts", "p"),
        ({"omp": {"tools": "t.ts"}}, "t.ts", "p"),
        ({"main": "m.js"}, "m.js", "p"),
        ({"main": "README.md"}, "index.ts", "p"),
        ({"pi": {"skills": ["s"]}}, "index.ts", "p"),
        ({"jcode-plugin": {"entry": {"server": "old.ts"}}}, "old.ts", "p"),
    ],
)
def test_the_entry_is_the_manifest_s(
    tmp_path: Path, content: JsonObject, file: str, name: str
) -> None:
    """Ours, then other formats', then npm's main, then index."""
    root = tmp_path / "p"
    root.mkdir()
    (root / "index.ts").touch()
    package(root, content)

    entry = find_entry(root)

    assert (entry.file, entry.name) == (file, name)


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ({"pi": {"extensions": ["*.ts"]}}, "E_NO_ENTRY", "names extensions of which there is none: *.ts"),
        ({"omp": {"tools": "../x.ts"}}, "E_ESCAPE", "names an entry outside the plugin: ../x.ts"),
        ({"pi": {"extensions": ["../x.ts"]}}, "E_ESCAPE", "names an entry outside the plugin: ../x.ts"),
        ({"jcode": {"entry": "../x.ts"}}, "E_ESCAPE", "names an entry outside the plugin: ../x.ts"),
        ({"jcode": {"entry": "/etc/x.ts"}}, "E_ESCAPE", "outside the plugin"),
        ({"jcode": {"kind": "tui", "entry": {"tui": "../x.ts"}}}, "E_ESCAPE", "outside the plugin"),
        ({"name": "x"}, "E_NO_ENTRY", "has no entry"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_used(
    tmp_path: Path, content: JsonObject, code: str, told: str
) -> None:
    """Said before anything is built."""
    package(tmp_path, content)
    with pytest.raises(PluginLoadError) as caught:
        find_entry(tmp_path)

    assert caught.value.code == code
    assert told in str(caught.value)


def test_a_manifest_in_the_file_has_the_file_s_lines() -> None:
    """Rules and warnings name the line of the source."""
    found = manifest_of(
        'export const manifest = {\n  name: "M",\n  scop: "session",\n  capabilities: {\n    fs_read: [\n'
        '      "src",\n    ],\n  },\n};\n'
    )

    assert (found.name, found.origin) == ("m", "export const manifest")
    assert [str(rule.source) for rule in found.declared()] == ["manifest /p/x.ts:6"]
    assert found.warnings == ("/p/x.ts:3: scop: unknown key is ignored; did you mean scope?",)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("export const manifest = {\n tier: pick() };", "E_MANIFEST /p/x.ts:2:8: a manifest is read without being run"),
        ("export const manifest = {\n ...base };", "E_MANIFEST /p/x.ts:2:2: a manifest is read without"),
        ("export const manifest = make();", "E_MANIFEST /p/x.ts:1:25: a manifest is read without"),
        ("export const manifest = [];", "E_MANIFEST /p/x.ts:1: must be an object"),
        ("export const manifest = {\n\n tier: 'root' };", "E_MANIFEST /p/x.ts:3: tier: must be 'read'"),
        ("export const manifest = { tier: 'read', tier: 'exec' };", "stands twice"),
        ("export default {\n capabilities: caps };", "E_MANIFEST /p/x.ts:2:16: a manifest is read"),
        ("export default { manifest };", "E_MANIFEST /p/x.ts:1:18: a manifest is read"),
        ("export const manifest = { name: 'all' };", "the name all stands for every plugin"),
        ("export const manifest = {\n engines: {\n jcode: '^9' } };", "E_ENGINE /p/x.ts:3: engines.jcode wants '^9', and this is 0.30"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_stops_the_load(source: str, told: str) -> None:
    """A bound that is computed is not "no bound"."""
    assert told in refused(source)


def test_a_default_object_may_do_other_work() -> None:
    """Its methods and its own keys are nobody's manifest; a spread is told, because it may hide one."""
    quiet = manifest_of("export default { id: 'x', server: async () => ({}), hooks: [] };")
    told = manifest_of("export default { name: 'n', ...rest, setup() {} };")

    assert quiet == NO_MANIFEST
    assert told.name == "n"
    assert len(told.warnings) == 1
    assert "a spread cannot stand in it" in told.warnings[0]


def test_the_package_s_own_manifest_counts_before_the_file_s(tmp_path: Path) -> None:
    """Two would be two answers; the second is told."""
    ours = package(tmp_path, {"jcode": {"tier": "read"}})
    assert ours is not None
    found = manifest_of('export const manifest = { tier: "exec" };', ours)

    assert found.tier == "read"
    assert "is not read: package.json holds the manifest" in found.warnings[0]


def test_the_file_s_manifest_counts_in_a_package_of_another_format(tmp_path: Path) -> None:
    """And what it lacks comes from the package."""
    pi = package(
        tmp_path,
        {"name": "@s/p", "version": "3.1.4", "pi": {"extensions": ["x.ts"]}, "license": "MIT"},
    )
    assert pi is not None
    found = manifest_of('export const manifest = { tier: "read" };', pi)

    assert (found.tier, found.name, found.version, found.license) == (
        "read",
        "@s/p",
        "3.1.4",
        "MIT",
    )


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("0.30", True), (">=0.30", True), ("^0.30.0", True), ("*", True), ("", True), ("0.x", True),
        (">=0.20 <1", True), ("^0.29", False), (">=1", False), ("banana", False), ("9" * 200, False),
    ],
)  # fmt: skip
def test_engines_are_compared_as_npm_does(wanted: str, fits: bool) -> None:
    """With the version of the plugin API."""
    source = f"export const manifest = {{ engines: {{ jcode: {json.dumps(wanted)} }} }};"
    if fits:
        assert manifest_of(source).engine == wanted
    else:
        assert "E_ENGINE" in refused(source)


@pytest.mark.parametrize(
    "raw", [7, "x", [], {}, {"faults": 7}, {"marks": [[], {}], "value": {}}]
)
def test_a_builder_s_answer_of_another_shape_is_harmless(raw: Json) -> None:
    """It comes from a process that read hostile source."""
    answer: JsonObject = {
        "code": "", "entries": [0], "externals": [], "modules": [], "map": [], "manifest": raw,
    }  # fmt: skip
    found = read_artifact(answer)

    assert found is not None
    assert found.manifest is None or found.manifest.line(("a", 0, "b")) is None


def test_marks_that_do_not_fit_the_value_give_no_line() -> None:
    """Lines are for people; a wrong one must not be an exception."""
    odd = InFileManifest("", {}, [1, {"a": ["x", {}]}], ())

    assert odd.line(("a", "b", 3)) is None
    assert odd.line(("z",)) == 1

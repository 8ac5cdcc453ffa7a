"""The manifest in a main file: found by its export, evaluated as literals, and never run."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.build.manifest import MAX_DEPTH, MAX_NODES, Literal, read_manifest
from worker.build.syntax import parse


def read(source: str, extension: str = ".ts") -> Literal | None:
    """Read the manifest of a module."""
    data = source.encode()
    return read_manifest(parse(data, extension), data)


def value_of(literal: str) -> object:
    """The value of an expression that stands as a field."""
    found = read(f"export const manifest = {{ v: {literal} }};")
    assert found is not None
    assert found.faults == []
    assert isinstance(found.value, dict)
    return found.value["v"]


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("export const manifest = {n: 1};", "export const manifest"),
        ("export let manifest: M = {n: 1};", "export const manifest"),
        ("export const other = 1, manifest = {n: 1};", "export const manifest"),
        ("const m = {n: 1}; export { m as manifest };", "export const manifest"),
        ('const m = {n: 1}; export { m as "manifest" };', "export const manifest"),
        ("export const manifest = {n: 1}; export default {n: 2};", "export const manifest"),
        ("export const manifest = {n: 1} as const satisfies M;", "export const manifest"),
        ("export const manifest = ({n: 1});", "export const manifest"),
        ("exports.manifest = {n: 1};", "export const manifest"),
        ("module.exports.manifest = {n: 1};", "export const manifest"),
        ("export default {n: 1};", "export default"),
        ("export default ({n: 1} satisfies M);", "export default"),
        ("const p = {n: 1}; export default p;", "export default"),
        ("const p = {n: 1}; export { p as default };", "export default"),
        ("module.exports = {n: 1};", "export default"),
        ("export default {manifest: {n: 1}, setup() {}};", "export default manifest"),
        ("module.exports = {manifest: {n: 1}};", "export default manifest"),
        ('export default {"manifest": {n: 1}};', "export default manifest"),
    ],
)
def test_every_way_to_export_a_manifest(source: str, form: str) -> None:
    """By name, as default, nested in the default; of both kinds of modules."""
    found = read(source)

    assert found is not None
    assert (found.form, found.value, found.faults) == (form, {"n": 1}, [])


@pytest.mark.parametrize(
    "source",
    [
        "export default (pi) => {};",
        "export default function f(pi) {}",
        "export default class { static manifest = {n: 1} }",
        "export default define({n: 1});",
        "const manifest = {n: 1};",
        "function f() { const manifest = {n: 1}; } export { f };",
        'export type { manifest } from "./types";',
        "export * from './manifest';",
        "",
    ],
)
def test_what_is_no_manifest(source: str) -> None:
    """A function, a call, or a constant that nobody exports."""
    assert read(source) is None


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("[1, -2, 0x1F, 0b11, 0o17, 1_000, .5, 5., 1e3]", [1, -2, 31, 3, 15, 1000, 0.5, 5.0, 1000.0]),
        ("true", True),
        ("false", False),
        ("null", None),
        (r"'it\'s'", "it's"),
        (r"'a\n\t\x41\u0042\u{43}'", "a\n\tABC"),
        ("`two\nlines`", "two\nlines"),
        (r"'\u{1F600}\ud83d\ude00'", "\U0001f600\U0001f600"),
        ("[1, /* two */ 2, // three\n 3,]", [1, 2, 3]),
        ("{ 'a-b': {c: []} }", {"a-b": {"c": []}}),
        ("('x' as const)", "x"),
        ("(1 satisfies number)", 1),
    ],
)  # fmt: skip
def test_literals_mean_what_javascript_means(literal: str, value: object) -> None:
    """Numbers in every base, escapes, templates without substitutions, types around them."""
    assert value_of(literal) == value


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**15), 10**15)
        | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text(st.characters(exclude_categories=("Cs",)), max_size=6),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_json_is_read_as_json(value: object) -> None:
    """Whatever JSON writes is a literal."""
    assert value_of(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("literal", "told"),
    [
        ("steal()", "a call"),
        ("new Foo()", "a call"),
        ("process.env.HOME", "a name"),
        ("other", "a name"),
        ("undefined", "undefined"),
        ("`a${b}`", "a substitution"),
        ("`${(() => { while (true); })()}`", "a substitution"),
        ("1 + 1", "an operator"),
        ("'a' + 'b'", "an operator"),
        ("x ? 1 : 2", "an operator"),
        ("-x", "cannot stand"),
        ("!0", "cannot stand"),
        ("void 0", "cannot stand"),
        ("() => 1", "a function"),
        ("/a/", "a regular expression"),
        ("[...list]", "a spread"),
        ("await load()", "an await"),
        ("class {}", "cannot stand"),
        ("{...base}", "a spread"),
        ("{get a() { return 1 }}", "a method"),
        ("{set a(v) {}}", "a method"),
        ("{a() {}}", "a method"),
        ("{[key]: 1}", "a computed key"),
        ("{['a']: 1}", "a computed key"),
        ("{short}", "a name"),
        ("{a: 1, a: 2}", "stands twice"),
        ("{a: 1, 'a': 2}", "stands twice"),
        ("1n", "not a number"),
        ("010", "not a number"),
        ("1e999", "not a number"),
        ("9" * 65, "not a number"),
        (r"'\ud800'", "half a surrogate pair"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper"),
        ("[" + "1," * MAX_NODES + "]", "more than"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_would_have_to_be_run_is_a_fault_with_its_place(literal: str, told: str) -> None:
    """It is left out and told; nothing evaluates it."""
    found = read(f"export const manifest = {{\n v: {literal} }};")

    assert found is not None
    (fault,) = found.faults
    assert (fault[0], fault[2]) == (2, "v")
    assert told in fault[3]


@pytest.mark.parametrize(
    "source",
    [
        "export const manifest = make();",
        "export const manifest = Object.freeze({n: 1});",
        'export { manifest } from "./manifest";',
        'import manifest from "./m.json"; export { manifest };',
        "const m = 1; export default { manifest: m };",
    ],
)
def test_a_manifest_that_must_be_computed_is_a_fault_as_a_whole(source: str) -> None:
    """Never "there is none": a bound that cannot be read must not pass for no bound."""
    found = read(source, ".js")

    assert found is not None
    assert found.value is None
    assert len(found.faults) == 1


def test_every_key_has_its_line() -> None:
    """Marks mirror the value: lines of keys, of items, of containers."""
    found = read("export const manifest = {\n a: 1,\n b: [\n  2,\n  {c: 3}\n ],\n d:\n  4 };")

    assert found is not None
    assert found.marks == [1, {"a": 2, "b": [3, [4, [5, {"c": 5}]]], "d": 7}]


def test_the_parts_of_a_default_object_that_work_are_not_in_the_way() -> None:
    """Methods stand beside metadata; each is told with its key, so that the host may pass over it."""
    found = read("export default {\n name: 'n',\n setup() {},\n run: () => 1,\n ...rest };")

    assert found is not None
    assert found.value == {"name": "n"}
    assert [fault[2] for fault in found.faults] == ["setup", "run", None]


def test_proto_is_a_key_like_any_other() -> None:
    """Nothing is evaluated, so nothing has a prototype."""
    found = read('export const manifest = {__proto__: {tier: "read"}};')

    assert found is not None
    assert found.value == {"__proto__": {"tier": "read"}}

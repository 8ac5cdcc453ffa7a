"""Entry to artifact: its shape, its errors with places, its caps."""

import json
from pathlib import Path

import pytest

from tests.unit.worker.build_support import Folder, build_files, run_in_quickjs, write_files
from worker.build import BuildError, Limits, build, warm_up
from worker.build.bundle import BUNDLE_LINE_OFFSET
from worker.build.rewrite import rewrite


def failure(
    tmp_path: Path, files: dict[str, str | bytes], entry: str = "main.ts"
) -> BuildError:
    """Return the error that building *files* ends in."""
    with pytest.raises(BuildError) as caught:
        build_files(tmp_path, files, entry)
    return caught.value


def test_the_artifact_is_plain_data(tmp_path: Path) -> None:
    """Everything in it survives JSON, and lines point at the bodies."""
    artifact = build_files(
        tmp_path,
        {"main.ts": 'import a from "./a"; import gone from "gone/x"; import d from "./d.json"; export default [a, d, gone];', "a.ts": "export default 'MARK';", "d.json": "{}"},
        "main.ts",
    )  # fmt: skip

    assert json.loads(json.dumps(artifact)) == artifact
    assert artifact["entries"] == [0]
    assert artifact["externals"] == ["gone"]
    code, modules = artifact["code"], artifact["modules"]
    assert isinstance(code, str)
    assert isinstance(modules, list)
    assert code.startswith("\n" * BUNDLE_LINE_OFFSET + "(function (__loader) {")
    assert [module["path"] for module in modules] == ["main.ts", "a.ts", "d.json"]
    assert "MARK" in code.split("\n")[modules[1]["line"] - 1]


def test_reads_tell_what_a_rebuild_depends_on(tmp_path: Path) -> None:
    """Every list of candidates is there once, with what was chosen, also when nothing was."""
    artifact = build_files(
        tmp_path,
        {"main.js": 'import "./a"; import "gone"; await import("./later.js")', "a.mts": ""},
    )
    reads = artifact["reads"]
    assert isinstance(reads, list)
    chosen = {tuple(names): path for names, path, _ in reads}

    assert chosen[("node_modules/gone/package.json",)] is None
    assert sorted(path for path in chosen.values() if path) == ["a.mts", "main.js"]
    assert any(names[0] == "later.js" and path is None for names, path in chosen.items())
    assert all((digest is None) == (path is None) for _, path, digest in reads)


def test_one_question_per_depth(tmp_path: Path) -> None:
    """Files of one level are asked for together: a question is a round trip to the host."""
    write_files(tmp_path, {"main.js": "".join(f'import "./m{n}.js";' for n in range(20)), **{f"m{n}.js": 'import "./deep.js"' for n in range(20)}, "deep.js": ""})  # fmt: skip
    sources = Folder(tmp_path)
    build("main.js", sources)

    assert [len(wanted) for wanted in sources.asked] == [1, 20, 1]


@pytest.mark.parametrize(
    ("source", "line", "column", "shown"),
    [
        ("let a = 1;\nlet b = ;\nlet c", 2, 7, "let b = ;"),
        ("function f() {\n  return 1;\n", 2, 12, "  return 1;"),
        ("const é = 'ü'; const x: = 3;", 1, 23, "const é = 'ü'; const x: = 3;"),
    ],
)
def test_a_syntax_error_has_a_place(
    source: str, line: int, column: int, shown: str, tmp_path: Path
) -> None:
    """The compiler names none, so the syntax tree does; columns count characters."""
    error = failure(tmp_path, {"main.ts": source})

    assert error.code == "E_SYNTAX"
    assert error.path == "main.ts"
    assert error.line == line
    assert abs((error.column or 0) - column) <= 3
    assert error.source_line == shown


@pytest.mark.parametrize("name", ["main.ts", "main.js", "main.cjs"])
def test_a_large_broken_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    """Without a place: finding one takes the parser time and memory that grow with the square."""
    error = failure(tmp_path, {name: "let = ;" * 100_000}, name)

    assert (error.code, error.path, error.line) == ("E_SYNTAX", name, None)


def test_a_large_sound_file_builds(tmp_path: Path) -> None:
    """The control, as a module and as CommonJS that only sloppy mode accepts."""
    padding = "x = x + 1;\n" * 6_000
    esm = build_files(
        tmp_path / "a",
        {"main.ts": f"let x: number = 0;\n{padding}export default x;"},
        "main.ts",
    )
    cjs = build_files(
        tmp_path / "b", {"main.js": f"var x = 010 - 8;\n{padding}module.exports = x;"}
    )

    assert run_in_quickjs(esm) == run_in_quickjs(cjs) == {"value": 6_000, "log": []}


@pytest.mark.parametrize("line", ["a", "a=b ", "a.b ", " ", "export{", "import a ,", "* as "])
def test_a_line_of_megabytes_is_read_once(line: str, tmp_path: Path) -> None:
    """Packages carry their source maps as one word; what looks for words must not begin anew at each letter."""
    padding = f"/* {line * (2_000_000 // len(line))} */"
    source = f"let x = 1; {padding} export {{ x as null, x as default }};"

    assert run_in_quickjs(build_files(tmp_path, {"main.js": source})) == {"value": 1, "log": []}


def test_an_error_in_an_imported_file_names_that_file(tmp_path: Path) -> None:
    """The path is relative to the root, and no machine path shows."""
    error = failure(tmp_path, {"main.ts": 'import "./sub/a"', "sub/a.ts": "}}"})

    assert (error.code, error.path, error.line) == ("E_SYNTAX", "sub/a.ts", 1)
    assert str(tmp_path) not in str(error)


def test_a_missing_relative_file_names_the_importer(tmp_path: Path) -> None:
    """Behind types that vanish, the position is still the author's."""
    source = 'interface A {\n  x: number;\n}\ntype B = A;\nimport { q } from\n  "./nope";\nq;'
    error = failure(tmp_path, {"main.ts": source})

    assert (error.code, error.path, error.line, error.column) == ("E_RESOLVE", "main.ts", 6, 3)
    assert error.source_line == '  "./nope";'
    assert '"./nope"' in error.message
    assert error.as_dict()["code"] == "E_RESOLVE"


def test_what_is_optional_does_not_fail_the_build(tmp_path: Path) -> None:
    """`import()` and `require()` of nothing, or of something outside, fail when they run."""
    source = 'const out = []; for (const f of [() => import("./no.js"), () => import("../../out.js")]) await f().catch((e) => out.push(e.code)); export default out;'
    artifact = build_files(tmp_path, {"main.js": source})

    assert run_in_quickjs(artifact) == {"value": ["ERR_MODULE_NOT_FOUND"] * 2, "log": []}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("main.js", b"let x = '\xff'", "E_SYNTAX"),
        ("main.json", b'{"a": }', "E_SYNTAX"),
        ("main.json", b"NaN", "E_SYNTAX"),
        ("main.json", b"[" * 100_000, "E_SYNTAX"),
        ("main.css", b"a {}", "E_UNSUPPORTED"),
        ("main.ts", b"class A { accessor x = 1 }\nexport {}", "E_UNSUPPORTED"),
        ("main.ts", b"x = " + b"[" * 3000 + b"]" * 3000, "E_TOO_LARGE"),
        ("main.cjs", b"(function(){" * 2000 + b"})" * 2000, "E_TOO_LARGE"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_hostile_and_unsupported_files(
    name: str, content: bytes, code: str, tmp_path: Path
) -> None:
    """Each ends in a code of its own, without recursion and without a crash."""
    error = failure(tmp_path, {name: content}, name)

    assert error.code == code
    assert error.path == name


def test_caps(tmp_path: Path) -> None:
    """Files, bytes of one, bytes of all, bytes of the output."""
    write_files(tmp_path, {"main.js": 'import "./a.js"; import "./b.js"; export {};', "a.js": "'" + "a" * 500 + "'", "b.js": "'" + "b" * 500 + "'"})  # fmt: skip
    sources = Folder(tmp_path)
    for limits in (
        Limits(max_files=2),
        Limits(max_file_bytes=400),
        Limits(max_total_bytes=800),
        Limits(max_output_bytes=1000),
    ):
        with pytest.raises(BuildError) as caught:
            build("main.js", sources, limits)
        assert caught.value.code == "E_TOO_LARGE"

    enough = Limits(max_files=3, max_file_bytes=600, max_total_bytes=1100)
    assert build("main.js", sources, enough)["entries"] == [0]


def test_a_package_that_is_imported_later_and_does_not_fit_is_left_out(tmp_path: Path) -> None:
    """Whole, with what it needs: importing it fails, and all else is as it would be without. The control: it fits."""
    big = "export default '" + "b" * 500 + "';"
    write_files(
        tmp_path,
        {
            "main.js": """import "./own.js";
export default { value: await import("big").then((m) => m.default.length, (error) => "without: " + error.message),
                 small: (await import("small")).default };""",
            "own.js": "export {};",
            "node_modules/big/index.js": 'import part from "part"; export default part;',
            "node_modules/part/index.js": big,
            "node_modules/small/index.js": "export default 7;",
            **{
                f"node_modules/{name}/package.json": '{"type": "module", "main": "index.js"}'
                for name in ("big", "part", "small")
            },
        },
    )
    for most, value, externals in ((400, "without", ["big"]), (1000, 500, [])):
        artifact = build("main.js", Folder(tmp_path), Limits(max_later_bytes=most))
        assert artifact["externals"] == externals
        found = run_in_quickjs(artifact)
        assert isinstance(found, dict)
        exported = found["value"]
        assert exported["small"] == 7
        assert str(exported["value"]).startswith(str(value))
        paths = [module["path"] for module in artifact["modules"]]  # type: ignore[union-attr,index,call-overload,attr-defined]
        assert ("node_modules/part/index.js" in paths) == (not externals)


def test_a_chain_as_long_as_the_cap_links_and_runs(tmp_path: Path) -> None:
    """The loader recurses per module; the cap on files keeps that inside the engine's stack."""
    count = Limits().max_files
    files: dict[str, str | bytes] = {f"m{n}.js": f'import v from "./m{n + 1}.js"; export default v + 1;' for n in range(1, count - 1)}  # fmt: skip
    files["main.js"] = 'import v from "./m1.js"; export default v;'
    files[f"m{count - 1}.js"] = "export default 0;"
    artifact = build_files(tmp_path, files)

    assert run_in_quickjs(artifact) == {"value": count - 2, "log": []}


def test_lines_are_kept() -> None:
    """A body has as many lines as what was rewritten, whatever was replaced in it, and in place."""
    source = (
        b"import {\n  a,\n  b,\n} from './x.js';\nfor await (const x of [\n  a]) {\n  b(x);\n}\n"
        b"lab:\nfor await (\n  let [y]\n of\n a)\n  b(y);\n"
        b"export {\n  a,\n};\nexport default\n  a;\nexport /*\n*/ const LAST =\n await a;\n"
    )
    body = rewrite(source, "main.js").body

    assert body.count(b"\n") == source.count(b"\n")
    assert [n for n, line in enumerate(source.split(b"\n")) if b"LAST" in line] == [
        n for n, line in enumerate(body.split(b"\n")) if b"LAST" in line
    ]


def test_the_bundle_is_complete_once_it_runs(tmp_path: Path) -> None:
    """Plugin code that gets hold of the loader cannot define a module."""
    artifact = build_files(tmp_path, {"main.js": 'let r; try { __loader.define(9, "x", 2, 0, [], [], [], [], [], [], "1"); r = "defined"; } catch (e) { r = e.message; } export default r;'})  # fmt: skip

    assert run_in_quickjs(artifact) == {"value": "the bundle is complete", "log": []}


def test_warming_up_builds_something() -> None:
    """The builder's zygote calls it before it is locked; a broken installation shows here."""
    warm_up()

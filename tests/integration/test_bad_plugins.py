"""Plugins that do not load: what their author is told, and that nothing of them stays."""

import os
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, Limits, PluginLoadError
from host.audit import Kind
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, on, plugin


def refused(host: BlockingPluginHost, path: Path) -> PluginLoadError:
    """Load what cannot be loaded, and see that nothing stays of it."""
    with pytest.raises(PluginLoadError) as caught:
        host.load(path)
    assert host.plugins() == []
    assert host.tools() == []
    assert host.workspace.snapshot.bitmap == 0
    return caught.value


# Syntax.

SYNTAX = {
    "stray.js": ("const ok = 1;\nconst b = = 2;\nconst ok2 = 3;\n", 2),
    "types.js": ("const a: number = 1;\n", 1),
    "typescript.ts": ("type A = string;\nlet x: = 5;\n", 2),
    "tabs.ts": ("function f() {\n\t\tlet y = @;\n}\n", 2),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_a_syntax_error_has_its_place_and_its_line(
    host: BlockingPluginHost, write: Write, name: str
) -> None:
    """``path:line:column: what``, and the source line beside it."""
    source, line = SYNTAX[name]

    error = refused(host, write(name, source))

    assert error.code == "E_SYNTAX"
    assert (error.path, error.line) == (name, line)
    assert error.column is not None
    assert error.column >= 1
    assert error.source_line == source.splitlines()[line - 1]
    assert str(error).startswith(f"{name}:{line}:{error.column}: ")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("unclosed.js", "const a = 1;\nexport default (pi) => {\n  pi.on("),
        ("return.mjs", "return 5;\nexport {};\n"),
        ("import.js", "if (true) { import a from './a.js'; }\n"),
    ],
)
def test_other_syntax_errors_name_the_file(
    host: BlockingPluginHost, write: Write, name: str, source: str
) -> None:
    """Where the compiler gives no exact place."""
    error = refused(host, write(name, source))

    assert (error.code, error.path) == ("E_SYNTAX", name)


def test_what_only_the_engine_refuses_has_its_place_too(
    host: BlockingPluginHost, write: Write
) -> None:
    """The compiler lets it pass; the position is the author's all the same."""
    path = write("p.ts", 'import "./lib/twice.ts";\n')
    write("lib/twice.ts", "type T = number;\nlet a: T = 1;\nlet a = 2;\n")

    error = refused(host, path)

    assert (error.code, error.path, error.line) == ("E_SYNTAX", "lib/twice.ts", 3)


def test_a_syntax_error_that_is_thrown_is_a_failed_load(
    host: BlockingPluginHost, write: Write
) -> None:
    """The control: the plugin was compiled, and what it parsed was not JavaScript."""
    error = refused(host, write("p.js", "\nJSON.parse('{');\n"))

    assert error.code == "E_LOAD"
    assert "p.js:2" in (error.stack or "")


def test_a_syntax_error_in_an_imported_file_names_that_file(
    host: BlockingPluginHost, write: Write
) -> None:
    """Not the entry that the user named."""
    path = write("p.js", 'import "./lib/broken.ts";\n')
    write("lib/broken.ts", "\n\nlet a = ;\n")

    error = refused(host, path)

    assert (error.code, error.path, error.line) == ("E_SYNTAX", "lib/broken.ts", 3)


# Loading.


def test_a_throw_while_loading_has_the_authors_stack(
    host: BlockingPluginHost, write: Write
) -> None:
    """File and line of every frame that is the author's, and no other frame."""
    source = 'import { helper } from "./helper.ts";\n\nexport default function main(pi) {\n  helper();\n}\n'
    path = write("p.js", source)
    write(
        "helper.ts",
        "interface X {}\nexport function helper() {\n  throw new RangeError('too far');\n}\n",
    )

    error = refused(host, path)

    assert error.code == "E_LOAD"
    assert "RangeError: too far" in error.message
    assert error.path == str(path)
    assert "helper.ts:3" in (error.stack or "")
    assert "p.js:4" in (error.stack or "")
    assert "<input>" not in (error.stack or "")
    (entry,) = audited(host, Kind.LOAD_FAILED)
    assert "too far" in entry.detail


THROWS = {
    "module_scope": 'throw new Error("mine");',
    "function": 'export default () => { throw new Error("mine"); };',
    "rejection": 'export default async () => { throw new Error("mine"); };',
    "late_rejection": 'export default async (pi) => { await pi.sleep(1); throw new Error("mine"); };',
    "top_level_await": 'await Promise.reject(new Error("mine"));',
    "text": 'throw "mine";',
    "common_js": 'module.exports = {}; throw new Error("mine");',
}


@pytest.mark.parametrize("how", THROWS)
def test_a_throw_while_loading_is_told(
    host: BlockingPluginHost, write: Write, how: str
) -> None:
    """Wherever it happens, in the author's words."""
    error = refused(host, write("p.js", THROWS[how]))

    assert error.code == "E_LOAD"
    assert "mine" in str(error)


@pytest.mark.parametrize("value", ["42", "'text'", "[]", "true", "null", "Symbol()"])
def test_a_default_export_that_is_neither_function_nor_object(
    host: BlockingPluginHost, write: Write, value: str
) -> None:
    """Said in words, not ignored."""
    error = refused(host, write("p.js", f"export default {value};"))

    assert error.code == "E_LOAD"
    assert "default export is neither a function nor an object" in str(error)


def test_what_was_registered_before_a_throw_does_not_count(
    host: BlockingPluginHost, write: Write
) -> None:
    """Half a plugin is none; and its name is free again."""
    body = """
      pi.registerTool({ name: "t", description: "", handler: () => 1 });
      pi.on("PreToolUse", () => ({ block: "no" }));
      throw new Error("mine");
    """
    path = write("p.js", plugin(body))
    refused(host, path)

    path.write_text(on("Stop", "return { reason: 'fixed' };"))
    host.load(path)

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "fixed"}


def test_an_endless_load_is_ended(make_host: MakeHost, write: Write) -> None:
    """Busy or merely waiting, each by its own limit."""
    limits = Limits(load_total_ms=600, load_busy_ms=300)
    host = make_host(Config(limits=limits))

    busy = refused(host, write("busy.js", "for (;;);"))
    waiting = refused(host, write("waiting.js", "await new Promise(() => {});"))

    assert "busy" in str(busy)
    assert waiting.code == "E_LOAD_TIMEOUT"


def test_the_same_name_twice_is_refused(host: BlockingPluginHost, write: Write) -> None:
    """Naming the one that has it; another name is a way out."""
    first = write("a/p.js", on("Stop", ""))
    second = write("b/p.js", on("Stop", ""))
    host.load(first)

    with pytest.raises(PluginLoadError, match="already loaded") as caught:
        host.load(second)

    assert caught.value.code == "E_DUPLICATE"
    assert str(first) in str(caught.value)
    assert host.load(second, name="other").name == "other"


# Finding.


def test_a_missing_file(host: BlockingPluginHost, tmp_path: Path) -> None:
    """The path as it was given."""
    error = refused(host, tmp_path / "missing.js")

    assert error.code == "E_NOT_FOUND"
    assert "missing.js" in str(error)


def test_a_directory_without_an_entry_says_what_it_looked_for(
    host: BlockingPluginHost, write: Write
) -> None:
    """All the ways to have one."""
    folder = write("empty/readme.md", "").parent

    error = refused(host, folder)

    assert error.code == "E_NO_ENTRY"
    for way in ("package.json", "index.ts", "pi.extensions"):
        assert way in str(error)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "E_MANIFEST"),
        ("[]", "E_MANIFEST"),
        ('{"main": "../other.js"}', "E_ESCAPE"),
        ('{"main": "missing.js"}', "E_RESOLVE"),
        ('{"pi": {"extensions": ["a.ts", "b.ts"]}}', "E_RESOLVE"),
    ],
)
def test_a_bad_package_json(
    host: BlockingPluginHost, write: Write, content: str, code: str
) -> None:
    """Not JSON, not an object, an entry outside, an entry that is not there, several of them."""
    folder = write("p/package.json", content).parent
    write("other.js", "")

    assert refused(host, folder).code == code


@pytest.mark.parametrize("name", ["p.txt", "p.json", "p"])
def test_a_file_of_another_kind(host: BlockingPluginHost, write: Write, name: str) -> None:
    """The known endings are named."""
    error = refused(host, write(name, "{}"))

    assert error.code == "E_TYPE"
    assert ".ts" in str(error)


# Imports.


def test_a_missing_relative_import_names_importer_and_line(
    host: BlockingPluginHost, write: Write
) -> None:
    """At build time: nothing of the plugin runs."""
    error = refused(host, write("p.js", '// first\nimport { a } from "./missing.js";\n'))

    assert error.code == "E_RESOLVE"
    assert "./missing.js" in str(error)
    assert (error.path, error.line) == ("p.js", 2)


def test_an_import_above_the_root_is_refused(host: BlockingPluginHost, write: Write) -> None:
    """The file is there, readable, and none of the plugin's business."""
    write("secret.js", "export const secret = 1;")

    error = refused(host, write("p/main.js", 'import { secret } from "../secret.js";\n'))

    assert error.code == "E_ESCAPE"
    assert "../secret.js" in str(error)


LEAVES = {
    "file": ("link.js", "outside/secret.js"),
    "folder": ("link/secret.js", "outside"),
    "absolute_folder": ("link/secret.js", "/ABSOLUTE/outside"),
}


@pytest.mark.parametrize("how", LEAVES)
def test_a_symlink_out_of_the_root_is_refused(
    host: BlockingPluginHost, write: Write, tmp_path: Path, how: str
) -> None:
    """Relative or absolute, the file or a folder on the way."""
    specifier, target = LEAVES[how]
    write("outside/secret.js", "export const secret = 1;")
    path = write("p/main.js", f'import {{ secret }} from "./{specifier}";\n')
    pointed = target.replace("/ABSOLUTE", str(tmp_path / "plugins"))
    if not target.startswith("/"):
        pointed = os.path.join("..", target)
    (path.parent / specifier.split("/")[0]).symlink_to(pointed)

    error = refused(host, path)

    assert error.code == "E_ESCAPE"
    assert "leads out" in str(error)


def test_a_symlink_that_stays_within_the_root_is_followed(
    host: BlockingPluginHost, write: Write
) -> None:
    """The control: the same kind of link, to a neighbour."""
    write("p/lib/real.js", "export const reason = 'linked';")
    body = 'import { reason } from "./link.js";\n' + on("Stop", "return { reason };")
    path = write("p/main.js", body)
    (path.parent / "link.js").symlink_to("lib/real.js")
    host.load(path)

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "linked"}


def test_a_missing_package_fails_where_it_is_used(
    host: BlockingPluginHost, write: Write
) -> None:
    """A plugin whose optional part needs it loads, says what is missing, and works otherwise."""
    source = 'import { thing } from "not-installed-anywhere";\n' + plugin("""
      pi.on("Stop", () => ({ reason: "works" }));
      pi.on("PreToolUse", () => ({ block: thing() }));
    """)
    info = host.load(write("p.js", source))

    assert info.externals == ("not-installed-anywhere",)
    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "works"}
    error = host.dispatch("PreToolUse", {}).results[0].error or ""
    assert "not-installed-anywhere" in error


def test_a_directory_in_the_place_of_a_module(host: BlockingPluginHost, write: Write) -> None:
    """Neither a crash nor a hang: a file that is none cannot be imported."""
    path = write("p/main.js", 'import "./fifo.js";\n')
    os.mkfifo(path.parent / "fifo.js")

    assert refused(host, path).code == "E_RESOLVE"


def test_a_fixed_file_is_built_anew(host: BlockingPluginHost, write: Write) -> None:
    """The cache looks at every file that was read, and at those that were missing."""
    path = write(
        "p.js", 'import { reason } from "./lib.js";\n' + on("Stop", "return { reason };")
    )
    assert refused(host, path).code == "E_RESOLVE"

    library = write("lib.js", "export const reason = 'one';")
    host.load(path)
    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "one"}
    host.unload("p")
    library.write_text("export const reason = 'two';")
    host.load(path)

    assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "two"}


def test_a_damaged_build_cache_is_built_anew(make_host: MakeHost, write: Write) -> None:
    """Half a file, no file, somebody else's words: each is only slower."""
    path = write("p.js", on("Stop", "return { reason: 'ok' };"))
    host = make_host()
    host.load(path)
    (cached,) = (host.home / "cache" / "builds").iterdir()
    whole = cached.read_bytes()
    for damage in (b"", whole[:-5], b"x" + whole, b"{}", whole.replace(b"'ok'", b"'no'")):
        cached.write_bytes(damage)
        host.unload("p")
        host.load(path)
        assert host.dispatch("Stop", {"session_id": "s"}).output == {"reason": "ok"}

"""Compiled JavaScript to the body of a module function, line for line.

Promises    Line k of the input is line k of the output. An edit never crosses its line's end.
Relies on   scope.py for what a name means. 50_loader.js for `__m` and `__i`.

An ES module becomes `function* (__m, __i) { prologue; yield; body }`: the first step of the generator
hoists functions and hands over one getter per export, the second runs the body. Imports become reads of
`__i.name`, which is a live getter; a top-level `await x` becomes `(yield x)` and the loader awaits.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node, Tree

from worker.build.errors import E_UNSUPPORTED, BuildError
from worker.build.scope import Analysis, Form, Reference, analyse
from worker.build.syntax import binding_names, first_error, parse, place, string_value, text

_FREE: Final = ("require", "module", "exports", "__filename", "__dirname")
_CREATE_REQUIRE: Final = re.compile(
    # possessive, from the start of a word on: a line that is one word of a megabyte is read once
    rb"(?<![\w$])([A-Za-z_$][\w$]*+) *+= *+(?:(?!createRequire\b)[A-Za-z_$][\w$]*+ *+\. *+)?createRequire *+\("
)
_MAX_LOOPS: Final = 30


@dataclass(slots=True)
class Dependency:
    """One specifier of a file.

    `is_optional` ones come from `import()` and `require()`, which fail when they run, not when we build.
    """

    specifier: str
    offset: int
    is_require: bool = False
    is_optional: bool = False


@dataclass(slots=True)
class Rewritten:
    """A module function's parts, and the tables that 50_loader.js links it by."""

    kind: str
    """`esm`, `cjs`, or `dynamic`: ES imports, but exports through `module.exports`."""
    compiled: bytes
    """What was rewritten: the input, with `for await` loops spelled out."""
    tree: Tree
    main_name: str
    prologue: str = ""
    body: bytes = b""
    imports_name: str = "__i"
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    dependencies: list[Dependency] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    wanted: list[int | str] = field(default_factory=list)
    indirect: list[int | str] = field(default_factory=list)
    stars: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    awaits: bool = False


@dataclass(slots=True)
class _Module:
    """What the statements of an ES module declare, while they are read."""

    imports: dict[str, tuple[int, int | str]] = field(default_factory=dict)
    """Local name to (dependency, exported name or 0 for the namespace)."""
    exports: list[tuple[str, str]] = field(default_factory=list)
    """(exported name, local name)."""
    closing: tuple[int, int, str] | None = None
    """What ends the default expression; goes behind whatever else is inserted there."""
    unnamed: list[str] = field(default_factory=list)
    """Generated names of anonymous default functions."""


def rewrite(
    compiled: bytes, path: str, *, force: str = "", is_typescript: bool = False
) -> Rewritten:
    """Return the module function for *compiled*, the JavaScript of the file *path*.

    Args:
        force: "esm" or "cjs" when the file's name decides, else "" and its syntax does.
        is_typescript: an import that is only exported again may have been a type, and is not insisted on.

    Raises:
        BuildError: E_UNSUPPORTED for syntax that the JavaScript grammar does not know.
    """
    tree = _parsed(compiled, path)
    kind = force or _kind_of(tree, compiled)
    loaders = frozenset(
        {"require"} | {m.group(1).decode() for m in _CREATE_REQUIRE.finditer(compiled)}
    )
    main_name = _unused("__m", compiled)  # before the loops are spelled out: they use it
    if kind != "cjs":
        compiled, tree = _spell_out_for_await(compiled, tree, path, main_name)
    result = Rewritten(kind, compiled, tree, main_name)
    result.imports_name = _unused("__i", compiled)
    module = _Module()
    if kind != "cjs":
        _read_statements(result, module)
    analysis = analyse(tree, compiled, frozenset(module.imports) | frozenset(_FREE), loaders)
    if kind != "cjs":
        free = _free_names(analysis)
        if (
            ({"module", "exports"} & free)
            and not module.exports
            and not result.indirect
            and not result.stars
        ):
            result.kind = "dynamic"
        _finish_module(result, module, analysis, free, is_typescript=is_typescript)
    for start, end in analysis.imports:
        result.edits.append((start, end, f"{result.main_name}.import"))
    for call in analysis.calls:
        result.dependencies.append(
            Dependency(call.specifier, call.offset, call.is_require, is_optional=True)
        )
    result.names = sorted(set(analysis.exported)) if result.kind != "esm" else []
    if compiled.startswith(b"#!"):
        result.edits.append((0, _line_end(compiled, 0), ""))
    result.edits.sort(key=lambda edit: (edit[0], edit[1]))
    result.body = _apply(compiled, result.edits)
    return result


def _parsed(compiled: bytes, path: str) -> Tree:
    tree = parse(compiled, ".js")
    error = first_error(tree)
    if error is not None:
        line, _, shown = place(compiled, error.start_byte)
        # positions in compiled text mean nothing to the author; its words do
        raise BuildError(
            E_UNSUPPORTED,
            f"syntax that plugins cannot use, near: {shown.strip()[:80]} (compiled line {line})",
            path,
        )
    return tree


def _kind_of(tree: Tree, compiled: bytes) -> str:
    """Tell ES modules from CommonJS by syntax; nothing of either is an ES module."""
    for node in tree.root_node.children:
        if node.type in ("import_statement", "export_statement"):
            return "esm"
    analysis = analyse(tree, compiled, frozenset(_FREE))
    if analysis.metas or analysis.awaits or analysis.for_awaits:
        return "esm"
    return "cjs" if _free_names(analysis) else "esm"


def _free_names(analysis: Analysis) -> set[str]:
    return {
        ref.name
        for ref in analysis.references
        if ref.name in _FREE
        and ref.name not in analysis.module.names
        and ref.is_free(analysis.module)
    }


def _unused(stem: str, compiled: bytes) -> str:
    while stem.encode() in compiled:
        stem += "_"
    return stem


# ---- statements ---------------------------------------------------------------------------------------------


def _read_statements(result: Rewritten, module: _Module) -> None:
    slots: dict[str, int] = {}
    for node in result.tree.root_node.children:
        if node.type == "import_statement":
            _read_import(result, module, slots, node)
        elif node.type == "export_statement":
            _read_export(result, module, slots, node)


def _dependency(result: Rewritten, slots: dict[str, int], source: Node) -> int:
    specifier = string_value(source)
    if specifier not in slots:
        slots[specifier] = len(result.dependencies)
        result.requests.append(slots[specifier])
        result.dependencies.append(Dependency(specifier, source.start_byte))
    return slots[specifier]


def _blank(result: Rewritten, start: int, end: int) -> None:
    result.edits.append((start, end, ";" + "\n" * result.compiled.count(b"\n", start, end)))


def _name_of(node: Node | None, compiled: bytes) -> str:
    """Return the name that *node* of an import or export clause gives; any word may be one."""
    if node is None:
        return ""
    if node.type == "string":
        return string_value(node)
    return compiled[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _read_import(result: Rewritten, module: _Module, slots: dict[str, int], node: Node) -> None:
    _blank(result, node.start_byte, node.end_byte)
    source = node.child_by_field_name("source")
    if source is None:
        return
    dep = _dependency(result, slots, source)
    clause = next(
        (child for child in node.named_children if child.type == "import_clause"), None
    )
    for part in clause.named_children if clause is not None else ():
        if part.type == "identifier":
            module.imports[text(part)] = (dep, "default")
        elif part.type == "namespace_import":
            module.imports[text(part.named_children[-1])] = (dep, 0)
        elif part.type == "named_imports":
            for item in part.named_children:
                if item.type == "import_specifier":
                    name = _name_of(item.child_by_field_name("name"), result.compiled)
                    module.imports[
                        _name_of(item.child_by_field_name("alias"), result.compiled) or name
                    ] = (
                        dep,
                        name,
                    )


def _read_export(result: Rewritten, module: _Module, slots: dict[str, int], node: Node) -> None:
    source = node.child_by_field_name("source")
    dep = None if source is None else _dependency(result, slots, source)
    declaration = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    if declaration is not None or value is not None:
        is_default = any(child.type == "default" for child in node.children)
        if is_default:
            _read_default(result, module, node, declaration or value)
        elif declaration is not None:
            start, begin = node.start_byte, declaration.start_byte
            result.edits.append(
                (start, begin, "\n" * result.compiled.count(b"\n", start, begin))
            )
            module.exports.extend((name, name) for name in _declared(declaration))
        return
    for child in node.named_children:
        if child.type == "export_clause":
            for item in child.named_children:
                if item.type != "export_specifier":
                    continue
                name = _name_of(item.child_by_field_name("name"), result.compiled)
                alias = _name_of(item.child_by_field_name("alias"), result.compiled) or name
                if dep is None:
                    module.exports.append((alias, name))
                else:
                    result.indirect.extend((alias, dep, name))
        elif child.type == "namespace_export" and dep is not None:
            result.indirect.extend(
                (_name_of(child.named_children[-1], result.compiled), dep, 0)
            )
    if dep is not None and any(child.type == "*" for child in node.children):
        result.stars.append(dep)
    _blank(result, node.start_byte, node.end_byte)


def _declared(declaration: Node) -> list[str]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        return [text(name)]
    found: list[str] = []
    for child in declaration.named_children:
        pattern = (
            child.child_by_field_name("name") if child.type == "variable_declarator" else None
        )
        if pattern is not None:
            found.extend(binding_names(pattern))
    return found


def _read_default(result: Rewritten, module: _Module, node: Node, value: Node | None) -> None:
    if value is None:
        return
    # the value may follow a comment, and only spaces and newlines may go
    start, begin = node.start_byte, value.start_byte
    lines = "\n" * result.compiled.count(b"\n", start, begin)
    name = value.child_by_field_name("name")
    is_function = value.type in (
        "function_expression",
        "generator_function",
    ) or value.type.endswith("declaration")
    if is_function and name is not None:
        result.edits.append((start, begin, lines))
        module.exports.append(("default", text(name)))
        return
    if value.type == "class" and name is not None:
        result.edits.append((start, begin, lines))
        module.exports.append(("default", text(name)))
        return
    local = _unused("__d", result.compiled)
    module.exports.append(("default", local))
    if is_function and value.type != "class_declaration":
        # an anonymous default function is hoisted like any declaration, so it needs a name to stand under
        parameters = value.child_by_field_name("parameters")
        at = value.start_byte if parameters is None else parameters.start_byte
        result.edits.append((start, begin, lines))
        result.edits.append((at, at, f" {local}"))
        module.unnamed.append(local)
        return
    # a property called `default` names an anonymous class or function exactly as the export would
    result.edits.append((start, begin, f"const {local} = ({{ default: {lines}"))
    module.closing = (value.end_byte, value.end_byte, " }).default;")


# ---- bodies -----------------------------------------------------------------------------------------------------


def _finish_module(
    result: Rewritten,
    module: _Module,
    analysis: Analysis,
    free: set[str],
    *,
    is_typescript: bool,
) -> None:
    main, imports = result.main_name, result.imports_name
    used: set[str] = set()
    for ref in analysis.references:
        if ref.name in module.imports and ref.is_free(analysis.module):
            result.edits.append((ref.start, ref.end, _replacement(ref, imports)))
            used.add(ref.name)
    for start, end in analysis.metas:
        result.edits.append((start, end, f"{main}.meta"))
    for start, word_end, end in analysis.awaits:
        result.edits.append((start, word_end, "(yield"))
        result.edits.append((end, end, ")"))
    if module.closing is not None:
        result.edits.append(module.closing)
    result.awaits = bool(analysis.awaits)
    for local, (dep, name) in module.imports.items():
        if local in used or not is_typescript:
            result.wanted.extend((dep, name, local))
    getters: list[str] = []
    for exported, local in module.exports:
        if local in module.imports:
            dep, name = module.imports[local]
            result.indirect.extend((exported, dep, name))
        else:
            getters.append(f"{quote(exported)}, {quote(local)}, () => {local}")
    parts = ['"use strict";']
    if getters:
        parts.append(f"{main}.x([{', '.join(getters)}]);")
    parts.extend(f"{main}.n({local});" for local in module.unnamed)
    reads = {
        "require": f"{main}.require",
        "__filename": f"{main}.file",
        "__dirname": f"{main}.dir",
        "module": f"{main}.module",
        "exports": f"{main}.module.exports",
    }
    parts.extend(f"const {name} = {reads[name]};" for name in _FREE if name in free)
    result.prologue = " ".join([*parts, "yield;"])


def _replacement(ref: Reference, imports: str) -> str:
    read = f"{imports}.{ref.name}"
    match ref.form:
        case Form.SHORTHAND:
            return f"{ref.name}: {read}"
        case Form.CALLED:
            return f"(0, {read})"
        case Form.PLAIN:
            return read


def _spell_out_for_await(
    compiled: bytes, tree: Tree, path: str, main: str
) -> tuple[bytes, Tree]:
    """Replace top-level `for await` loops, the outermost first, by loops over plain awaits.

    A generator cannot contain `for await`. The state object comes from `__m.a` in 50_loader.js.
    """
    if b"for await" not in compiled:
        return compiled, tree
    for _ in range(_MAX_LOOPS):
        loops = analyse(tree, compiled, frozenset()).for_awaits
        if not loops:
            return compiled, tree
        outer = loops[0]
        loop = outer
        while loop.type == "labeled_statement":
            inner = loop.child_by_field_name("body")
            if inner is None:
                break
            loop = inner
        compiled = _spell_out(compiled, outer, loop, main.encode())
        tree = _parsed(compiled, path)
    raise BuildError(
        E_UNSUPPORTED, f"more than {_MAX_LOOPS} `for await` loops at the top level", path
    )


def _spell_out(compiled: bytes, outer: Node, loop: Node, main: bytes) -> bytes:
    left, right, body = (loop.child_by_field_name(name) for name in ("left", "right", "body"))
    if left is None or right is None or body is None:
        return compiled
    word = loop.child_by_field_name("kind")
    state = _unused("__f", compiled).encode()
    labels = compiled[outer.start_byte : loop.start_byte]
    pattern = compiled[left.start_byte : left.end_byte]
    target = (
        b"(" + pattern + b" = " + state + b".value);"
        if word is None
        else compiled[word.start_byte : word.end_byte]
        + b" "
        + pattern
        + b" = "
        + state
        + b".value;"
    )
    gap = b"\n" * compiled.count(b"\n", right.end_byte, body.start_byte)
    opening = b"\n" * (
        compiled.count(b"\n", loop.start_byte, left.start_byte)
        + compiled.count(b"\n", left.end_byte, right.start_byte)
    )
    text_of_body = compiled[body.start_byte : body.end_byte]
    source = compiled[right.start_byte : right.end_byte]
    s = state
    new = (
        b"{const " + s + b" = " + main + b".a(" + source + b");try{" + labels
        + b"for(;" + s + b".more(await " + s + b".next());){" + opening + target + gap + text_of_body
        + b"}}catch(" + s + b"e){" + s + b".failed = true;throw " + s + b"e;}finally{if(" + s + b".open()){if("
        + s + b".failed){try{await " + s + b".close();}catch{}}else " + s + b".closed(await " + s + b".close());}}}"
    )  # fmt: skip
    return compiled[: outer.start_byte] + new + compiled[outer.end_byte :]


def _line_end(source: bytes, offset: int) -> int:
    end = source.find(b"\n", offset)
    return len(source) if end < 0 else end


def _apply(source: bytes, edits: list[tuple[int, int, str]]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for start, end, new in edits:
        parts.append(source[at:start])
        parts.append(new.encode())
        at = end
    parts.append(source[at:])
    return b"".join(parts)


_SAFE: Final = re.compile(r"[ !#-\[\]-~]*")


def quote(value: str) -> str:
    """Return *value* as a JavaScript string literal, plain ASCII."""
    if _SAFE.fullmatch(value):
        return f'"{value}"'
    return '"' + "".join(_escape(ch) for ch in value) + '"'


def _escape(ch: str) -> str:
    code = ord(ch)
    if ch in '"\\':
        return "\\" + ch
    if 32 <= code < 127:
        return ch
    return f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}"

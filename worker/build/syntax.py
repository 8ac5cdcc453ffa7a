"""Exact syntax nodes: parsing, positions of errors, depth.

The grammars' extension modules are loaded without their packages, which would pull in
importlib.resources, and with it tempfile, only for query files that nobody here reads.
"""

import re
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

from tree_sitter import Language, Node, Parser, Tree

MAX_DEPTH = 1500
"""Deepest syntax tree taken. The compiler recurses and crashes between 2000 and 5000 levels on an 8 MiB stack."""


def _grammar(package: str, function: str) -> Language:
    outer = PathFinder.find_spec(package)  # finds without importing
    locations = None if outer is None else outer.submodule_search_locations
    spec = PathFinder.find_spec(f"{package}._binding", locations)
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} is not installed")
    binding = module_from_spec(spec)
    spec.loader.exec_module(binding)
    made: object = vars(binding)[function]
    if not callable(made):
        raise TypeError(f"{package} has no {function}()")
    return Language(made())


JAVASCRIPT = _grammar("tree_sitter_javascript", "language")
_TYPESCRIPT = _grammar("tree_sitter_typescript", "language_typescript")
_TSX = _grammar("tree_sitter_typescript", "language_tsx")

_FOR_AWAIT_LET = re.compile(rb"\bfor\s+await(?=\s*\(\s*let\s*\[)")
_RESERVED = (
    rb"(?:break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for"
    rb"|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with)"
)
_RESERVED_NAME = re.compile(rb"(?<![\w$])" + _RESERVED + rb"(?![\w$])")
# Possessive: each part of a file is read once, whatever it holds. A clause with a string in it stays as it is.
_CLAUSE = re.compile(
    rb"(?<![\w$])(?:export|import(?:\s++[\w$]++\s*+,)?+)\s*+(\{[^{}\"']*+\})|\*\s*+as\s++("
    + _RESERVED
    + rb")\s++from\b"
)
_LANGUAGES = {
    ".ts": _TYPESCRIPT,
    ".mts": _TYPESCRIPT,
    ".cts": _TYPESCRIPT,
    ".tsx": _TSX,
    ".jsx": JAVASCRIPT,
    ".js": JAVASCRIPT,
    ".mjs": JAVASCRIPT,
    ".cjs": JAVASCRIPT,
}


def parse(source: bytes, extension: str) -> Tree:
    """Return the syntax tree of *source*; it may contain error nodes.

    Its offsets are those of *source*; the words of names that a clause of an import or export gives are not always
    (`export { x as null }`): take them from *source*.
    """
    if b"await" in source:
        # The grammar reads `for await (let [a] of b)` as a use of something called `let`. Without the
        # word it reads it right, and blanks keep every offset.
        source = _FOR_AWAIT_LET.sub(lambda match: b"for" + b" " * (len(match[0]) - 3), source)
    tree = Parser(_LANGUAGES[extension]).parse(source)
    if tree.root_node.has_error:
        # The grammar takes no reserved word where modules may have any name: it is shown another of that length.
        renamed = _CLAUSE.sub(_without_reserved, source)
        if renamed != source:
            return Parser(_LANGUAGES[extension]).parse(renamed)
    return tree


def _without_reserved(match: re.Match[bytes]) -> bytes:
    start, end = match.span(1 if match[1] is not None else 2)
    whole, before = match[0], start - match.start()
    names = _RESERVED_NAME.sub(
        lambda word: b"$" + word[0][1:], whole[before : end - match.start()]
    )
    return whole[:before] + names + whole[end - match.start() :]


def is_deeper(tree: Tree, limit: int) -> bool:
    """Tell whether a node of *tree* lies more than *limit* levels down."""
    cursor = tree.walk()
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            if depth > limit:
                return True
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1


def looks_deep(source: bytes, limit: int) -> bool:
    """Guess from the brackets alone, strings and comments included, whether *source* nests deeper than *limit*."""
    depth = 0
    for bracket in _BRACKETS.findall(source):
        if bracket in b"([{":
            depth += 1
            if depth > limit:
                return True
        elif depth:
            depth -= 1
    return False


_BRACKETS = re.compile(rb"[(\[{}\])]")


def first_error(tree: Tree) -> Node | None:
    """Return the first ERROR or MISSING node in document order, the innermost one of a nest."""
    node = tree.root_node
    if not node.has_error:
        return None
    while True:
        inner = next((c for c in node.children if c.has_error or c.is_missing), None)
        if inner is None:
            return node
        node = inner


def place(source: bytes, offset: int) -> tuple[int, int, str]:
    """Return (line, column, text of the line) of a byte offset; both count from 1, in characters."""
    start = source.rfind(b"\n", 0, offset) + 1
    end = source.find(b"\n", offset)
    line = source[start : len(source) if end < 0 else end]
    column = len(source[start:offset].decode("utf-8", "replace")) + 1
    return (
        source.count(b"\n", 0, start) + 1,
        column,
        line.decode("utf-8", "replace").rstrip("\r"),
    )


def binding_names(pattern: Node) -> list[str]:
    """Return the names that a declaration pattern binds, in order."""
    names: list[str] = []
    todo = [pattern]
    while todo:
        node = todo.pop()
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            names.append(text(node))
        elif kind == "pair_pattern":
            todo.extend(node.children_by_field_name("value"))
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            todo.extend(node.children_by_field_name("left"))
        elif kind in ("object_pattern", "array_pattern", "rest_pattern"):
            todo.extend(reversed(node.named_children))
    return names


def text(node: Node) -> str:
    """Return the source text of *node*."""
    raw = node.text
    return "" if raw is None else raw.decode("utf-8", "replace")


_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def string_value(node: Node) -> str:
    """Return what a string literal node means; lone surrogates stay as they are."""
    parts: list[str] = []
    for child in node.named_children:
        raw = text(child)
        parts.append(_unescape(raw) if child.type == "escape_sequence" else raw)
    return "".join(parts)


def _unescape(raw: str) -> str:
    body = raw[1:]
    if body[:1] in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[body[0]]
    if body[:1] in ("x", "u"):
        digits = body[1:].strip("{}")
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            return raw
    return "" if body[:1] in ("\n", "\r", "\u2028", "\u2029") else body

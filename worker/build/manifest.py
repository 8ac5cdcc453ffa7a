"""The manifest in a plugin's main file, read from its syntax and never run.

Promises    Only literals count: objects, arrays, strings, templates without substitutions, numbers, ``true``,
            ``false``, ``null``, a minus before a number, and types around them (``as const``, ``satisfies X``).
            Anything else is a fault with its place. Recursion ends at MAX_DEPTH.
Elsewhere   What the values mean, and which faults matter: ``policies/manifest.py`` on the host's side.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from tree_sitter import Node, Tree

from worker.build.syntax import place, string_value, text

MAX_DEPTH: Final = 32
MAX_NODES: Final = 20_000
MAX_FAULTS: Final = 20

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
Mark: TypeAlias = int | list["int | list[Mark] | dict[str, Mark]"]
"""The line of a scalar; of a container its line and the marks of what it holds."""

_TYPES_AROUND: Final = ("as_expression", "satisfies_expression", "parenthesized_expression")
_NUMBER: Final = re.compile(
    r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
_SHOWN: Final = {
    "call_expression": "a call",
    "new_expression": "a call",
    "identifier": "a name",
    "shorthand_property_identifier": "a name",
    "member_expression": "a name",
    "subscript_expression": "a name",
    "spread_element": "a spread",
    "method_definition": "a method",
    "arrow_function": "a function",
    "function_expression": "a function",
    "template_substitution": "a substitution",
    "computed_property_name": "a computed key",
    "await_expression": "an await",
    "binary_expression": "an operator",
    "ternary_expression": "an operator",
    "regex": "a regular expression",
}


class _UnreadableError(Exception):
    """A node that is no literal; it has been noted."""


@dataclass(slots=True)
class Literal:
    """What was found. ``key`` of a fault is the outermost key that it lies under, or None."""

    form: str
    """``export const manifest``, ``export default`` or ``export default manifest``: where it stands."""
    value: Value = None
    marks: Mark = 0
    faults: list[tuple[int, int, str | None, str]] = field(default_factory=list)
    """Line, column, key, what is wrong."""

    def to_json(self) -> dict[str, object]:
        """Plain data, for the artifact."""
        return {
            "form": self.form,
            "value": self.value,
            "marks": self.marks,
            "faults": [list(fault) for fault in self.faults],
        }


def read_manifest(tree: Tree, source: bytes) -> Literal | None:
    """Return the manifest of the module *tree*, or None when it exports none."""
    exports = _Exports(tree)
    named = exports.named.get("manifest")
    if named is not None:
        return _Evaluator(source, "export const manifest").read(named)
    default = exports.named.get("default")
    node = None if default is None else _bare(default)
    if node is None or node.type != "object":
        return None
    nested = _property(node, "manifest")
    if nested is not None:
        return _Evaluator(source, "export default manifest").read(nested)
    return _Evaluator(source, "export default").read(node)


class _Exports:
    """The expressions that a module exports, by name; of ES modules and of the usual CommonJS."""

    def __init__(self, tree: Tree) -> None:
        self._constants: dict[str, Node] = {}
        self.named: dict[str, Node] = {}
        statements = tree.root_node.named_children
        for statement in statements:
            self._declared(statement)
        for statement in statements:
            if statement.type == "export_statement":
                self._exported(statement)
            elif statement.type == "expression_statement":
                self._assigned(statement)

    def _declared(self, statement: Node) -> None:
        declaration = statement.child_by_field_name("declaration") or statement
        if declaration.type not in ("lexical_declaration", "variable_declaration"):
            return
        for one in declaration.named_children:
            name, value = one.child_by_field_name("name"), one.child_by_field_name("value")
            if name is None or value is None or name.type != "identifier":
                continue
            self._constants[text(name)] = value
            if statement.type == "export_statement":
                self.named[text(name)] = value

    def _exported(self, statement: Node) -> None:
        value = statement.child_by_field_name("value")
        if value is not None:
            self.named["default"] = self._meant(value)
        if any(child.type == "type" for child in statement.children):
            return
        for clause in statement.named_children:
            if clause.type != "export_clause":
                continue
            for one in clause.named_children:
                name = one.child_by_field_name("name")
                alias = one.child_by_field_name("alias") or name
                if name is not None and alias is not None:
                    known = self._constants.get(text(name))
                    is_ours = statement.child_by_field_name("source") is None
                    # From another file there is nothing to read: the name itself is the fault.
                    self.named.setdefault(
                        text(alias).strip("\"'"), known if known and is_ours else name
                    )

    def _assigned(self, statement: Node) -> None:
        assignment = statement.named_children[0] if statement.named_children else None
        if assignment is None or assignment.type != "assignment_expression":
            return
        left, right = (assignment.child_by_field_name(side) for side in ("left", "right"))
        if left is None or right is None:
            return
        target = text(left)
        if target == "module.exports":
            self.named.setdefault("default", self._meant(right))
        elif target in ("module.exports.manifest", "exports.manifest"):
            self.named.setdefault("manifest", self._meant(right))
        elif target in ("module.exports.default", "exports.default"):
            self.named["default"] = self._meant(right)

    def _meant(self, value: Node) -> Node:
        """Follow one name to the constant of this module that it stands for."""
        node = _bare(value)
        return self._constants.get(text(node), node) if node.type == "identifier" else node


def _bare(node: Node) -> Node:
    """Return *node* without parentheses and types."""
    while node.type in _TYPES_AROUND and node.named_children:
        inner = next((c for c in node.named_children if c.type != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def _property(node: Node, wanted: str) -> Node | None:
    for pair in node.named_children:
        key = pair.child_by_field_name("key")
        if pair.type == "pair" and key is not None and _key_text(key) == wanted:
            return pair.child_by_field_name("value")
    return None


def _key_text(key: Node) -> str | None:
    if key.type == "property_identifier":
        return text(key) if "\\" not in text(key) else None
    if key.type == "string":
        return string_value(key)
    return None


class _Evaluator:
    def __init__(self, source: bytes, form: str) -> None:
        self._source = source
        self._left = MAX_NODES
        self._key: str | None = None
        self._found = Literal(form)

    def read(self, node: Node) -> Literal:
        """Evaluate *node*; what cannot be is left out and noted."""
        try:
            self._found.value, self._found.marks = self._value(node, 0)
        except _UnreadableError:
            self._found.value, self._found.marks = None, self._line(node)
        return self._found

    def _line(self, node: Node) -> int:
        return node.start_point.row + 1

    def _fault(self, node: Node, what: str) -> _UnreadableError:
        if len(self._found.faults) < MAX_FAULTS:
            line, column, _ = place(self._source, node.start_byte)
            self._found.faults.append((line, column, self._key, what))
        return _UnreadableError()

    def _value(self, given: Node, depth: int) -> tuple[Value, Mark]:
        node = _bare(given)
        self._left -= 1
        if self._left < 0:
            raise self._fault(node, f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise self._fault(node, f"nested deeper than {MAX_DEPTH} levels")
        line = self._line(node)
        kind = node.type
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return self._array(node, depth)
        if kind in ("string", "template_string"):
            return self._string(node), line
        if kind == "number":
            return self._number(node), line
        if kind in ("true", "false", "null"):
            return None if kind == "null" else kind == "true", line
        if kind == "unary_expression":
            argument = node.child_by_field_name("argument")
            operator = node.child_by_field_name("operator")
            if (
                argument is not None
                and argument.type == "number"
                and operator is not None
                and text(operator) == "-"
            ):
                return -self._number(argument), line
        raise self._no_literal(node)

    def _no_literal(self, node: Node) -> _UnreadableError:
        shown = _SHOWN.get(node.type, node.type.replace("_", " "))
        return self._fault(
            node,
            f"a manifest is read without being run, so {shown} cannot stand in it; write literals",
        )

    def _object(self, node: Node, depth: int) -> tuple[Value, Mark]:
        values: dict[str, Value] = {}
        marks: dict[str, Mark] = {}
        seen: set[str] = set()
        for pair in node.named_children:
            if pair.type == "comment":
                continue
            if depth == 0:
                self._key = self._named(pair)
            try:
                self._pair(pair, depth, values, marks, seen)
            except _UnreadableError:
                continue  # the rest is still worth judging: an author wants all faults at once
        if depth == 0:
            self._key = None
        return values, [self._line(node), marks]

    def _named(self, pair: Node) -> str | None:
        if pair.type == "shorthand_property_identifier":
            return text(pair)
        key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
        return None if key is None else _key_text(key)

    def _pair(
        self,
        pair: Node,
        depth: int,
        values: dict[str, Value],
        marks: dict[str, Mark],
        seen: set[str],
    ) -> None:
        key = pair.child_by_field_name("key")
        value = pair.child_by_field_name("value")
        if pair.type != "pair" or key is None or value is None:
            raise self._no_literal(pair)
        name = _key_text(key)
        if name is None:
            raise self._no_literal(key)
        name = self._whole(key, name)
        if name in seen:
            raise self._fault(
                key, f"the key {name[:100]!a} stands twice in one object; keep one"
            )
        seen.add(name)
        values[name], mark = self._value(value, depth + 1)
        line = self._line(key)
        marks[name] = [line, *mark[1:]] if isinstance(mark, list) else line

    def _array(self, node: Node, depth: int) -> tuple[Value, Mark]:
        values: list[Value] = []
        marks: list[Mark] = []
        for child in node.named_children:
            if child.type == "comment":
                continue
            value, mark = self._value(child, depth + 1)
            values.append(value)
            marks.append(mark)
        return values, [self._line(node), marks]

    def _string(self, node: Node) -> str:
        for child in node.named_children:
            if child.type not in ("string_fragment", "escape_sequence"):
                raise self._no_literal(child)
        return self._whole(node, string_value(node))

    def _whole(self, node: Node, given: str) -> str:
        """Join surrogate pairs that were written as two escapes; half a pair is no character."""
        try:
            return given.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._fault(node, "half a surrogate pair, which is no character") from None

    def _number(self, node: Node) -> int | float:
        raw = text(node).replace("_", "")
        if len(raw) > 64 or not _NUMBER.fullmatch(raw) or re.fullmatch("0[0-9]+", raw):
            raise self._fault(node, "not a number that a manifest can hold")
        if raw[:2].lower() in ("0x", "0b", "0o"):
            return int(raw, 0)
        if raw.isdigit():
            return int(raw)
        number = float(raw)
        if number in (float("inf"), float("-inf")):
            raise self._fault(node, "not a number that a manifest can hold")
        return number

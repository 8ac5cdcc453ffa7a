"""Texts that a file writes out in pieces: ``"rm " + "-rf"``, a template, a constant.

Promises    :func:`fold` gives the text that an expression certainly has, and ``None`` otherwise; what a template
            fills in at run time is a NUL in it. Work is bounded whatever the expression.
"""

from collections.abc import Mapping
from typing import Final

from tree_sitter import Node, Tree

from worker.build.syntax import string_value, text

HOLE: Final = "\0"
_MAX_STEPS: Final = 400
_MAX_CHARS: Final = 4000


def fold(node: Node, constants: Mapping[str, str], *, holes: bool = False) -> str | None:
    """Return the text of *node*; with *holes* also of one that is known in part."""
    parts: list[str] = []
    todo = [node]
    steps = 0
    while todo:
        steps += 1
        if steps > _MAX_STEPS:
            return None
        part = todo.pop()
        known = _leaf(part, constants)
        if known is not None:
            parts.append(known)
            continue
        inner = _inside(part)
        if inner is not None:
            todo.extend(reversed(inner))
        elif holes and steps > 1:
            parts.append(HOLE)
        else:
            return None
    return "".join(parts)[:_MAX_CHARS]


def _leaf(node: Node, constants: Mapping[str, str]) -> str | None:
    kind = node.type
    if kind == "string":
        return string_value(node)[:_MAX_CHARS]
    if kind == "string_fragment":
        return text(node)[:_MAX_CHARS]
    if kind == "escape_sequence":
        return text(node)[:8]
    if kind == "number":
        return text(node)
    if kind == "identifier":
        return constants.get(text(node))
    return None


def _inside(node: Node) -> list[Node] | None:
    """Return the pieces that make up *node*'s text in order, or None for what is no text."""
    kind = node.type
    if kind in ("template_string", "parenthesized_expression", "template_substitution"):
        return list(node.named_children)
    if kind == "binary_expression":
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type == "+":
            return list(node.named_children)
    if kind == "call_expression":  # ["a", "b"].join("")
        callee = node.child_by_field_name("function")
        if callee is None or callee.type != "member_expression":
            return None
        name, of = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        arguments = node.child_by_field_name("arguments")
        if name is None or of is None or arguments is None or text(name) != "join":
            return None
        by = arguments.named_children[0] if arguments.named_child_count else None
        if (
            of.type == "array"
            and by is not None
            and by.type == "string"
            and not string_value(by)
        ):
            return list(of.named_children)
    return None


def constants_of(tree: Tree) -> dict[str, str]:
    """Return the names that a file declares once, with ``const``, as a text: name -> text."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node is None:  # never: a cursor stands on a node
            return found
        if node.type == "variable_declarator":
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and name.type == "identifier":
                key = text(name)
                parent = node.parent
                word = parent.child_by_field_name("kind") if parent is not None else None
                is_const = word is not None and word.type == "const"
                folded = fold(value, found) if value is not None and is_const else None
                if key in found or key in twice or folded is None:
                    twice.add(key)
                    found.pop(key, None)
                else:
                    found[key] = folded
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found

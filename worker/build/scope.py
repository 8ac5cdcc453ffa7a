"""Scope analysis of one JavaScript file, in a single iterative walk.

Promises    Every use of a watched name is reported with whether a nearer declaration shadows it.
Relies on   A tree without error nodes. Depth costs memory, never Python stack.
Rejected    Climbing `Node.parent` per identifier: each step searches from the root.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tree_sitter import Node, Tree

from worker.build.syntax import string_value, text


class Form(Enum):
    """How a reference is written, which decides how it can be replaced."""

    PLAIN = 1
    CALLED = 2
    """Callee of a call or tag of a template: a property read would pass a receiver."""
    SHORTHAND = 3
    """`{a}` in an object literal or in a destructuring assignment."""


@dataclass(slots=True, eq=False)
class Scope:
    """Names of interest declared in one scope."""

    parent: "Scope | None"
    is_var_target: bool
    is_function: bool
    """Inside some function: an `await` here is not top-level."""
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Reference:
    """One use of a watched name."""

    name: str
    start: int
    end: int
    form: Form
    scope: Scope

    def is_free(self, module: Scope) -> bool:
        """Tell whether no scope below *module* declares the name."""
        scope: Scope | None = self.scope
        while scope is not None and scope is not module:
            if self.name in scope.names:
                return False
            scope = scope.parent
        return True


@dataclass(slots=True)
class ModuleCall:
    """A `require("x")` or `import("x")` whose specifier is a literal."""

    specifier: str
    offset: int
    is_require: bool


@dataclass(slots=True)
class Analysis:
    """What the rewrite needs to know about a file."""

    module: Scope
    references: list[Reference] = field(default_factory=list)
    awaits: list[tuple[int, int, int]] = field(default_factory=list)
    """Top-level `await`: start of the word, end of the word, end of the expression."""
    for_awaits: list[Node] = field(default_factory=list)
    """Outermost top-level `for await` loops, with the label around them if there is one."""
    metas: list[tuple[int, int]] = field(default_factory=list)
    imports: list[tuple[int, int]] = field(default_factory=list)
    """The word `import` of each dynamic import."""
    calls: list[ModuleCall] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    """Names that assignments to `exports` suggest."""


_FUNCTIONS: Final = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_BLOCKS: Final = frozenset(
    {
        "for_statement",
        "for_in_statement",
        "switch_body",
        "catch_clause",
        "class",
        "class_static_block",
    }
)
_PATTERNS: Final = frozenset({"object_pattern", "array_pattern", "rest_pattern"})
_IDENTIFIERS: Final = frozenset(
    {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
)
_SKIPPED: Final = frozenset(
    {"import_statement", "export_clause", "namespace_export", "comment", "string", "regex"}
)
_CHAINS: Final = frozenset({"call_expression", "member_expression", "subscript_expression"})
_FOR_AWAIT: Final = re.compile(rb"for(?:\s|/\*[^*]*\*/)+await\b")
_LOADERS: Final = frozenset({"require"})


def analyse(
    tree: Tree, source: bytes, watched: frozenset[str], loaders: frozenset[str] = _LOADERS
) -> Analysis:
    """Walk *tree* once.

    Args:
        watched: names whose declarations and uses matter (imports, CommonJS variables).
        loaders: names that behave like `require` when called.
    """
    module = Scope(None, is_var_target=True, is_function=False)
    result = Analysis(module)
    cursor = tree.walk()
    nodes: list[Node] = []
    scopes: list[Scope] = []
    while True:
        node = cursor.node
        if node is None:  # a cursor always stands on a node; the stub says otherwise
            return result
        kind = node.type
        scope = scopes[-1] if scopes else module
        descend = kind not in _SKIPPED
        if kind in _IDENTIFIERS:
            name = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
            if name in watched:
                _identifier(result, node, name, nodes, scopes)
            elif name == "await" and not scope.is_function:
                result.awaits.append((node.start_byte, node.end_byte, _chain_end(node, nodes)))
        elif kind in _FUNCTIONS:
            scope = Scope(scope, is_var_target=False, is_function=True)
        elif kind == "statement_block":
            parent = nodes[-1].type
            is_body = parent in _FUNCTIONS or parent == "class_static_block"
            scope = Scope(scope, is_var_target=is_body, is_function=scope.is_function)
        elif kind in _BLOCKS:
            if (
                kind == "for_in_statement"
                and not scope.is_function
                and _is_for_await(node, source)
            ):
                result.for_awaits.append(_with_labels(node, nodes))
            scope = Scope(scope, is_var_target=False, is_function=scope.is_function)
        elif kind == "computed_property_name":
            if nodes[-1].type == "method_definition":
                scope = scopes[-2]  # the key is evaluated outside the method it names
        elif kind == "await_expression":
            if not scope.is_function:
                word = node.children[0]
                result.awaits.append((word.start_byte, word.end_byte, node.end_byte))
        elif kind == "meta_property":
            if node.children[0].type == "import":
                result.metas.append((node.start_byte, node.end_byte))
                descend = False
        elif kind == "call_expression":
            _call(result, node, loaders)
        elif kind == "assignment_expression":
            _exports_assignment(result, node)
        if descend and cursor.goto_first_child():
            nodes.append(node)
            scopes.append(scope)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return result
            nodes.pop()
            scopes.pop()


def _identifier(
    result: Analysis, node: Node, name: str, nodes: list[Node], scopes: list[Scope]
) -> None:
    """Record *node* as a declaration or as a reference, judged by the nodes around it."""
    scope = scopes[-1]
    child = node
    index = len(nodes) - 1
    if node.type != "shorthand_property_identifier":
        while index >= 0:
            parent = nodes[index]
            kind = parent.type
            if kind in _PATTERNS:
                pass
            elif kind == "pair_pattern":
                if parent.child_by_field_name("value") != child:
                    break
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                if parent.child_by_field_name("left") != child:
                    break
            else:
                target = _declares(
                    parent, child, nodes[index - 1] if index else parent, index, scopes
                )
                if target is not None:
                    target.names.add(name)
                    return
                break
            child = parent
            index -= 1
    form = Form.PLAIN
    around = nodes[-1]
    if node.type != "identifier":
        form = Form.SHORTHAND
    elif around.type == "call_expression" and around.child_by_field_name("function") == node:
        form = Form.CALLED
    result.references.append(Reference(name, node.start_byte, node.end_byte, form, scope))


def _declares(
    parent: Node, child: Node, above: Node, index: int, scopes: list[Scope]
) -> Scope | None:
    """Return the scope in which *parent* declares *child*, or None when it is a use."""
    kind = parent.type
    here = scopes[index]
    outside = scopes[index - 1] if index else here
    if kind == "variable_declarator":
        if parent.child_by_field_name("name") != child:
            return None
        return _var_target(here) if above.type == "variable_declaration" else here
    if kind == "formal_parameters":
        return here
    if kind == "arrow_function":
        return here if parent.child_by_field_name("parameter") == child else None
    if kind == "catch_clause":
        return here if parent.child_by_field_name("parameter") == child else None
    if kind == "for_in_statement":
        if parent.child_by_field_name("left") != child:
            return None
        word = parent.child_by_field_name("kind")
        if word is None:
            return None
        return _var_target(here) if word.type == "var" else here
    if kind in ("function_declaration", "generator_function_declaration", "class_declaration"):
        return outside if parent.child_by_field_name("name") == child else None
    if kind in ("function_expression", "generator_function", "class"):
        return here if parent.child_by_field_name("name") == child else None
    return None


def _var_target(scope: Scope) -> Scope:
    while not scope.is_var_target and scope.parent is not None:
        scope = scope.parent
    return scope


def _chain_end(node: Node, nodes: list[Node]) -> int:
    """Return where the operand of an `await` ends that the grammar took for a function's name.

    `await (x)().y` parses as a call of `await`; the operand is the whole chain.
    """
    child = node
    for parent in reversed(nodes):
        field_name = "function" if parent.type == "call_expression" else "object"
        if parent.type not in _CHAINS or parent.child_by_field_name(field_name) != child:
            break
        child = parent
    return child.end_byte


def _is_for_await(node: Node, source: bytes) -> bool:
    # the text, not the tree: see syntax.parse() on `for await (let [`
    return _FOR_AWAIT.match(source, node.start_byte) is not None


def _with_labels(node: Node, nodes: list[Node]) -> Node:
    for parent in reversed(nodes):
        if parent.type != "labeled_statement":
            break
        node = parent
    return node


def _call(result: Analysis, node: Node, loaders: frozenset[str]) -> None:
    callee = node.child_by_field_name("function")
    if callee is None:
        return
    is_import = callee.type == "import"
    if is_import:
        result.imports.append((callee.start_byte, callee.end_byte))
    elif callee.type != "identifier" or text(callee) not in loaders:
        return
    arguments = node.child_by_field_name("arguments")
    first = (
        arguments.named_child(0)
        if arguments is not None and arguments.named_child_count
        else None
    )
    if first is not None and (
        first.type == "string" or (first.type == "template_string" and not _has_holes(first))
    ):
        result.calls.append(
            ModuleCall(string_value(first), first.start_byte, is_require=not is_import)
        )


def _has_holes(template: Node) -> bool:
    return any(child.type == "template_substitution" for child in template.named_children)


def _exports_assignment(result: Analysis, node: Node) -> None:
    """Note `exports.name = ...` and `module.exports = {name, ...}`."""
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None or left.type != "member_expression":
        return
    target = text(left)
    if target.startswith(("exports.", "module.exports.")):
        result.exported.append(target.rpartition(".")[2])
    elif target == "module.exports" and right.type == "object":
        for member in right.named_children:
            if member.type == "shorthand_property_identifier":
                result.exported.append(text(member))
            elif member.type in ("pair", "method_definition"):
                key = member.child_by_field_name("key") or member.child_by_field_name("name")
                if key is not None and key.type == "property_identifier":
                    result.exported.append(text(key))

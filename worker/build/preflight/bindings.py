"""What the names of a file stand for: the plugin API, and modules that need a capability.

Kept simple on purpose: a name means the same in the whole file. Who shadows one to fool this gains a wrong line of
advice and nothing else.
"""

from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node, Tree

from worker.build.preflight.facts import API_GLOBALS, MODULE_KINDS, Fact
from worker.build.syntax import string_value, text

_MAX_NAMES: Final = 2000


@dataclass(slots=True)
class Bindings:
    """``modules``: local name -> (module, what of it, ``*`` for all). ``api``: names of the plugin API."""

    modules: dict[str, tuple[str, str]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    api: set[str] = field(default_factory=lambda: set(API_GLOBALS))
    asked: set[str] = field(default_factory=set)
    """Names that the file looks for with ``typeof``."""
    uses: list[Fact] = field(default_factory=list)

    def runs_commands(self, name: str) -> bool:
        """Whether *name* is something of a module that starts processes."""
        module = self.modules.get(name)
        return module is not None and MODULE_KINDS.get(module[0]) == "shell"


def bare(specifier: str) -> str:
    """Return *specifier* without the ``node:`` in front."""
    return specifier.removeprefix("node:")


def unwrapped(node: Node) -> Node:
    """Return *node* without the brackets around it; a compiler likes to add them."""
    while node.type == "parenthesized_expression" and node.named_child_count:
        node = node.named_children[0]
    return node


def bindings_of(tree: Tree, *, is_own: bool) -> Bindings:
    """Read imports, requires and, in a file of the author's own, the plugin's function."""
    found = Bindings()
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node is None:  # never: a cursor stands on a node
            return found
        kind = node.type
        if kind == "import_statement":
            _import(found, node)
        elif kind == "export_statement":
            _export(found, node, is_own=is_own)
        elif kind == "variable_declarator":
            _require(found, node)
        elif kind == "assignment_expression" and is_own:
            _module_exports(found, node)
        elif kind == "unary_expression":
            _typeof(found, node)
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found


def _note_module(found: Bindings, specifier: str, node: Node) -> None:
    kind = MODULE_KINDS.get(bare(specifier))
    if kind is not None:
        found.uses.append(Fact("use", node.start_byte, bare(specifier), kind))


def _bind(found: Bindings, name: str, specifier: str, exported: str) -> None:
    if len(found.modules) < _MAX_NAMES and bare(specifier) in MODULE_KINDS:
        found.modules[name] = (bare(specifier), exported)


def _import(found: Bindings, node: Node) -> None:
    source = node.child_by_field_name("source")
    if source is None:
        return
    specifier = string_value(source)
    _note_module(found, specifier, node)
    todo = list(node.named_children)
    while todo:
        part = todo.pop()
        if part.type in ("import_clause", "named_imports"):
            todo.extend(part.named_children)
        elif part.type == "identifier":
            found.imported.add(text(part))
            _bind(found, text(part), specifier, "*")
        elif part.type == "namespace_import":
            for bound in part.named_children:
                found.imported.add(text(bound))
                _bind(found, text(bound), specifier, "*")
        elif part.type == "import_specifier":
            name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
            local = alias or name
            if name is not None and local is not None:
                found.imported.add(text(local))
                _bind(found, text(local), specifier, text(name))


def _export(found: Bindings, node: Node, *, is_own: bool) -> None:
    source = node.child_by_field_name("source")
    if source is not None:
        _note_module(found, string_value(source), node)
        return
    if is_own and any(child.type == "default" for child in node.children):
        for child in node.named_children:
            _api_of_function(found, child)


def _module_exports(found: Bindings, node: Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if (
        left is not None
        and right is not None
        and text(left) in ("module.exports", "exports.default")
    ):
        _api_of_function(found, right)


def _api_of_function(found: Bindings, node: Node) -> None:
    """The first parameter of the exported function is the API, whatever it is called."""
    node = unwrapped(node)
    parameters = node.child_by_field_name("parameters")
    single = node.child_by_field_name("parameter")
    first = single
    if parameters is not None and parameters.named_child_count:
        first = parameters.named_children[0]
    if first is not None and first.type == "identifier":
        found.api.add(text(first))


def _require(found: Bindings, node: Node) -> None:
    """``const x = require("y")``, ``const {a: b} = require("y")``, ``(await import("y"))``."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return
    specifier = required(value)
    if specifier is None:
        return
    if name.type == "identifier":
        _bind(found, text(name), specifier, "*")
    elif name.type == "object_pattern":
        for part in name.named_children:
            if part.type == "shorthand_property_identifier_pattern":
                _bind(found, text(part), specifier, text(part))
            elif part.type == "pair_pattern":
                key, local = part.child_by_field_name("key"), part.child_by_field_name("value")
                if key is not None and local is not None and local.type == "identifier":
                    _bind(found, text(local), specifier, text(key))


def required(value: Node) -> str | None:
    """Return the specifier of ``require("y")`` or ``await import("y")``, brackets aside."""
    value = unwrapped(value)
    if value.type == "await_expression" and value.named_child_count:
        value = unwrapped(value.named_children[0])
    if value.type != "call_expression":
        return None
    callee, arguments = (
        value.child_by_field_name("function"),
        value.child_by_field_name("arguments"),
    )
    if callee is None or arguments is None or not arguments.named_child_count:
        return None
    if callee.type != "import" and text(callee) != "require":
        return None
    first = arguments.named_children[0]
    return string_value(first) if first.type == "string" else None


def _typeof(found: Bindings, node: Node) -> None:
    operator, argument = (
        node.child_by_field_name("operator"),
        node.child_by_field_name("argument"),
    )
    if operator is not None and argument is not None and operator.type == "typeof":
        found.asked.add(text(argument))

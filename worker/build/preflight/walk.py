"""One walk over a file's tree, and what it finds there.

Promises    Time and memory linear in the file; at most MAX_FACTS facts. What stands in comments, strings or regular
            expressions is no code and gives no fact of code.
Relies on   A tree of JavaScript without error nodes (``rewrite.py``), and ``scope.py`` for what a name means.
"""

import re
from collections.abc import Callable
from typing import Final

from tree_sitter import Node, Tree

from worker.build.preflight.bindings import (
    Bindings,
    bare,
    bindings_of,
    required,
    unwrapped,
)
from worker.build.preflight.facts import (
    API_KINDS,
    BUILT_INS,
    DECODERS,
    DEFINERS,
    GLOBAL_KINDS,
    GLOBAL_OBJECTS,
    MAX_DETAIL_CHARS,
    MAX_FACTS,
    MODULE_KINDS,
    RUNNERS,
    UNAVAILABLE,
    WATCHED,
    Fact,
    Rule,
)
from worker.build.preflight.folding import HOLE, constants_of, fold
from worker.build.scope import analyse
from worker.build.syntax import text

_MIN_ENCODED_CHARS: Final = 200
_MIN_CODES: Final = 64
_ENCODED: Final = re.compile(r"((?:[0-9a-fA-F]{2})+)\Z|[A-Za-z0-9+/_-]+={0,2}\Z")
_MIN_KINDS_OF_CHARS: Final = {True: 8, False: 20}
"""Of a hexadecimal text, and of another: a line of dashes is no encoding."""
_TIMERS: Final = frozenset({"setTimeout", "setInterval", "setImmediate"})
_MAKERS: Final = frozenset({"Function", "AsyncFunction", "GeneratorFunction"})


def facts_of(tree: Tree, source: bytes, *, is_own: bool = True) -> list[Fact]:
    """Return what the file does, in the order of its text.

    *is_own*: the author's file, whose exported function is given the plugin API. A package's is not, and what it
    only uses where ``typeof`` finds it is no need of it.
    """
    return _Walk(tree, source, is_own=is_own).run()


class _Walk:
    def __init__(self, tree: Tree, source: bytes, *, is_own: bool) -> None:
        self._tree = tree
        self._bindings: Bindings = bindings_of(tree, is_own=is_own)
        self._may_read_environment = is_own or "process" not in self._bindings.asked
        self._constants = constants_of(tree)
        analysis = analyse(tree, source, WATCHED)
        mine = self._bindings.imported | analysis.module.names
        self._free = {
            reference.start
            for reference in analysis.references
            if reference.name not in mine and reference.is_free(analysis.module)
        }
        self._facts: dict[tuple[str, str, int], Fact] = {}
        self._encoded: list[Fact] = []
        self._decodes = False
        self._looks: dict[str, Callable[[Node], None]] = {
            "identifier": self._identifier,
            "shorthand_property_identifier": self._identifier,
            "call_expression": self._call,
            "new_expression": self._new,
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "assignment_expression": self._assignment,
            "augmented_assignment_expression": self._assignment,
            "string": self._literal,
            "template_string": self._literal,
            "array": self._codes,
        }

    def run(self) -> list[Fact]:
        for use in self._bindings.uses:
            self._add(use)
        cursor = self._tree.walk()
        while True:
            node = cursor.node
            if node is None or len(self._facts) >= MAX_FACTS:
                break
            self._look(node)
            if cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return self._finish()
        return self._finish()

    def _finish(self) -> list[Fact]:
        if self._decodes:
            for fact in self._encoded:
                self._add(fact)
        return sorted(self._facts.values(), key=lambda fact: fact.offset)[:MAX_FACTS]

    def _add(self, fact: Fact) -> None:
        self._facts.setdefault((fact.rule, fact.detail, fact.offset), fact)

    def _note(self, rule: Rule, node: Node, detail: str, kind: str = "") -> None:
        self._add(Fact(rule, node.start_byte, detail[:MAX_DETAIL_CHARS], kind))

    def _look(self, node: Node) -> None:
        look = self._looks.get(node.type)
        if look is not None:
            look(node)

    def _is_free(self, node: Node | None) -> bool:
        return node is not None and node.start_byte in self._free

    # Names.

    def _identifier(self, node: Node) -> None:
        if node.start_byte not in self._free:
            return
        name = text(node)
        if name == "eval":
            self._note("eval", node, "eval")
        elif name == "Function" and node.parent is not None:
            if node.parent.type == "variable_declarator":  # const F = Function
                self._note("function-constructor", node, "Function")
        elif name in DECODERS:
            self._decodes = True
        if name in GLOBAL_KINDS and name not in UNAVAILABLE:
            self._note("use", node, name, GLOBAL_KINDS[name])
        if name in UNAVAILABLE and name not in self._bindings.asked:
            self._note("unavailable-global", node, name)

    # Calls.

    def _call(self, node: Node) -> None:
        callee = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if callee is None or arguments is None:
            return
        first = _first_of(arguments)
        name = text(callee) if callee.type == "identifier" else ""
        if callee.type == "import" or (name == "require" and self._is_free(callee)):
            self._load(node, first)
        elif name in _MAKERS and (name != "Function" or self._is_free(callee)):
            self._note("function-constructor", node, name)
        elif name in _TIMERS and self._is_free(callee) and first is not None:
            if self._text(first) is not None:
                self._note("eval", node, f"{name} of a text")
        elif callee.type in ("member_expression", "subscript_expression"):
            self._method(node, callee, arguments)
        if arguments.type == "template_string" and name == "$":
            self._command(node, [arguments])
        elif self._bindings.runs_commands(name):
            self._command(node, _all_of(arguments))

    def _load(self, node: Node, first: Node | None) -> None:
        if first is None:
            return
        specifier = self._text(first)
        if specifier is None or HOLE in specifier:
            self._note("dynamic-import", node, text(first))
            return
        kind = MODULE_KINDS.get(bare(specifier))
        if kind is not None:
            self._note("use", node, bare(specifier), kind)
            if first.type != "string":
                self._note("computed-access", node, specifier)

    def _method(self, node: Node, callee: Node, arguments: Node) -> None:
        of, name = callee.child_by_field_name("object"), self._property(callee)
        if of is None:
            return
        if name == "constructor" and self._makes_functions(of, arguments):
            self._note("function-constructor", node, text(callee))
        elif name in ("eval", "Function") and text(of) in GLOBAL_OBJECTS and self._is_free(of):
            self._note("eval" if name == "eval" else "function-constructor", node, text(callee))
        elif name == "construct" and text(of) == "Reflect" and _first_of(arguments) is not None:
            first = _first_of(arguments)
            if first is not None and text(first) == "Function":
                self._note("function-constructor", node, "Reflect.construct")
        elif name in DEFINERS and text(of) in ("Object", "Reflect") and self._is_free(of):
            first = _first_of(arguments)
            if first is not None and self._is_built_in(first):
                self._note("prototype-tampering", node, f"{text(of)}.{name} of {text(first)}")
        elif name in DECODERS or (name == "from" and text(of) == "Buffer"):
            self._decodes = True
        if name in RUNNERS and self._runs(of, name):
            self._command(node, _all_of(arguments))

    def _runs(self, of: Node, name: str) -> bool:
        """Whether ``of.name(...)`` runs a command, and is not, say, a regular expression's exec."""
        if of.type == "identifier":
            word = text(of)
            if self._bindings.runs_commands(word) or (word == "Bun" and name == "$"):
                return True
            return name == "exec" and word in self._bindings.api
        specifier = required(of)
        return specifier is not None and MODULE_KINDS.get(bare(specifier)) == "shell"

    def _makes_functions(self, of: Node, arguments: Node) -> bool:
        """``x.constructor.constructor(...)``, ``(() => {}).constructor(...)``, ``getPrototypeOf(f).constructor``."""
        if not arguments.named_child_count:
            return False
        inner = unwrapped(of)
        if inner.type in (
            "arrow_function",
            "function_expression",
            "generator_function",
            "class",
        ):
            return True
        if inner.type in ("member_expression", "subscript_expression"):
            return self._property(inner) == "constructor"
        return inner.type == "call_expression" and "getPrototypeOf" in text(inner)[:80]

    def _new(self, node: Node) -> None:
        made = node.child_by_field_name("constructor")
        if made is None:
            return
        name = text(made)
        if (name in _MAKERS and (name != "Function" or self._is_free(made))) or (
            made.type in ("member_expression", "subscript_expression")
            and (
                self._property(made) == "Function"
                or (
                    self._property(made) == "constructor"
                    and self._makes_functions(
                        made.children[0], node.child_by_field_name("arguments") or made
                    )
                )
            )
        ):
            self._note("function-constructor", node, name)

    # What is reached through an object.

    def _property(self, node: Node) -> str | None:
        """Return the property that a member or subscript expression reads, where that is certain."""
        if node.type == "member_expression":
            name = node.child_by_field_name("property")
            return text(name) if name is not None else None
        index = node.child_by_field_name("index")
        return self._text(index) if index is not None else None

    def _text(self, node: Node) -> str | None:
        return fold(node, self._constants)

    def _member(self, node: Node) -> None:
        of = node.child_by_field_name("object")
        if of is not None:
            self._reach(node, of, self._property(node))

    def _subscript(self, node: Node) -> None:
        of, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if of is None or index is None:
            return
        name = self._property(node)
        is_api = of.type == "identifier" and text(of) in self._bindings.api
        is_global = of.type == "identifier" and text(of) in GLOBAL_OBJECTS and self._is_free(of)
        is_process = of.type == "identifier" and text(of) == "process" and self._is_free(of)
        is_shell = of.type == "identifier" and self._bindings.runs_commands(text(of))
        if is_api or is_global or is_process or is_shell:
            if name is None or (index.type != "string" and self._matters(name)):
                self._note("computed-access", node, text(node))
            elif is_global and name == "eval":
                self._note("eval", node, text(node))
        self._reach(node, of, name)

    def _matters(self, name: str) -> bool:
        return (
            name in API_KINDS
            or name in GLOBAL_KINDS
            or name in RUNNERS
            or name in ("eval", "Function", "env", "process", "require", "constructor")
        )

    def _reach(self, node: Node, of: Node, name: str | None) -> None:
        if of.type == "identifier":
            word = text(of)
            if word in self._bindings.api and name in API_KINDS:
                parent = node.parent
                detail = f"{word}.{name}"
                if name == "env" and parent is not None:
                    detail = self._env_name(parent) or detail
                if not (name == "session" and self._is_told(node)):
                    self._note("use", node, detail, API_KINDS[name])
            elif word in GLOBAL_OBJECTS and self._is_free(of) and name in GLOBAL_KINDS:
                self._note("use", node, name, GLOBAL_KINDS[name])
        elif name is not None and self._may_read_environment and _is_process_env(of):
            self._note("use", node, name, "env")

    def _is_told(self, node: Node) -> bool:
        """Whether ``pi.session`` is asked for what every plugin is told: ``pi.session.getId``."""
        parent = node.parent
        return (
            parent is not None
            and parent.type == "member_expression"
            and parent.child_by_field_name("object") == node
            and self._property(parent) == "getId"
        )

    def _env_name(self, parent: Node) -> str | None:
        """``pi.env.get("NAME")`` -> NAME."""
        call = parent.parent
        if parent.type != "member_expression" or call is None or call.type != "call_expression":
            return None
        arguments = call.child_by_field_name("arguments")
        first = _first_of(arguments) if arguments is not None else None
        return self._text(first) if first is not None else None

    # Built-ins.

    def _assignment(self, node: Node) -> None:
        left = node.child_by_field_name("left")
        if left is None or left.type not in ("member_expression", "subscript_expression"):
            return
        of = left.child_by_field_name("object")
        if of is None:
            return
        name = self._property(left)
        if self._is_built_in(of) or (
            of.type == "identifier"
            and text(of) in GLOBAL_OBJECTS
            and self._is_free(of)
            and name in BUILT_INS
        ):
            self._note("prototype-tampering", node, text(left))

    def _is_built_in(self, node: Node) -> bool:
        """``Array.prototype``, ``Object``, ``JSON``, ``[].__proto__``: what everybody shares."""
        for _ in range(4):
            node = unwrapped(node)
            if node.type == "identifier":
                return text(node) in BUILT_INS and self._is_free(node)
            if node.type not in ("member_expression", "subscript_expression"):
                return False
            name, of = self._property(node), node.child_by_field_name("object")
            if of is None:
                return False
            if name == "__proto__" and unwrapped(of).type in (
                "array",
                "object",
                "string",
                "number",
                "regex",
            ):
                return True
            if name not in ("prototype", "__proto__") and text(of) not in GLOBAL_OBJECTS:
                return False
            if text(of) in GLOBAL_OBJECTS:
                return name in BUILT_INS
            node = of
        return False

    # Literals.

    def _literal(self, node: Node) -> None:
        if node.end_byte - node.start_byte < _MIN_ENCODED_CHARS:
            return
        value = text(node).strip("\"'`")
        found = _ENCODED.match(value)
        if found is not None and len(set(value[:2000])) >= _MIN_KINDS_OF_CHARS[bool(found[1])]:
            self._encoded.append(Fact("encoded-literal", node.start_byte, value[:40]))

    def _codes(self, node: Node) -> None:
        """A long list of character codes."""
        if node.named_child_count < _MIN_CODES:
            return
        head = node.named_children[:_MIN_CODES]
        codes = [text(child) for child in head if child.type == "number"]
        if len(codes) == len(head) and all(_is_code(code) for code in codes):
            self._encoded.append(Fact("encoded-literal", node.start_byte, ",".join(codes[:12])))

    # Commands.

    def _command(self, node: Node, arguments: list[Node]) -> None:
        words: list[str] = []
        for argument in arguments:
            if argument.type == "array":
                words.extend(self._word(item) for item in argument.named_children)
            elif argument.type not in ("object", "arrow_function", "function_expression"):
                words.append(self._word(argument))
        told = " ".join(words)
        if told.replace(HOLE, "").strip():
            self._note("command", node, told)

    def _word(self, node: Node) -> str:
        folded = fold(node, self._constants, holes=True)
        return HOLE if folded is None else folded


def _all_of(arguments: Node) -> list[Node]:
    if arguments.type == "template_string":
        return [arguments]
    return [child for child in arguments.named_children if child.type != "comment"]


def _first_of(arguments: Node) -> Node | None:
    found = _all_of(arguments)
    return found[0] if found and arguments.type != "template_string" else None


def _is_process_env(node: Node) -> bool:
    if node.type != "member_expression":
        return False
    of, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    return (
        of is not None
        and name is not None
        and text(name) == "env"
        and text(of) in ("process", "globalThis.process")
    )


def _is_code(number: str) -> bool:
    try:
        return 0 <= int(number, 0) < 256
    except ValueError:
        return False

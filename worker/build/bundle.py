"""Modules to one script: the calls of `define` in 50_loader.js."""

from dataclasses import dataclass
from typing import Final

from worker.build.resolve import TYPESCRIPT
from worker.build.rewrite import Rewritten, quote

BUNDLE_LINE_OFFSET: Final = 20_000
"""Newlines before the bundle. The engine names every script alike; lines tell plugin from bootstrap."""

_KINDS: Final = {"esm": 0, "dynamic": 0, "cjs": 1, "json": 2}
_AWAITS, _LENIENT, _BABEL, _DYNAMIC = 1, 2, 4, 8

Target = int | str | None
"""Index of a module, specifier of an external one, or None for an optional one that is absent."""


@dataclass(slots=True)
class Module:
    """One file of the bundle."""

    path: str
    extension: str
    source: bytes
    code: Rewritten | None
    """None for JSON."""
    positions: str
    targets: list[Target]
    sha256: str


def assemble(modules: list[Module]) -> tuple[str, list[int]]:
    """Return the script and, for each module, the line of the script on which its body starts (from 1)."""
    parts = ["\n" * BUNDLE_LINE_OFFSET, "(function (__loader) {\n"]
    line = BUNDLE_LINE_OFFSET + 2
    starts: list[int] = []
    for index, module in enumerate(modules):
        if module.code is None:
            text = quote(module.source.decode())
            parts.append(
                f"__loader.define({index},{quote(module.path)},2,0,[],[],[],[],[],[],{text});\n"
            )
            starts.append(line)
            line += 1
            continue
        parts.append(
            f"__loader.define({index},{quote(module.path)},{_head(module, module.code)}\n"
        )
        parts.append(module.code.body.decode())
        parts.append("\n}});\n" if module.code.kind == "cjs" else "\n});\n")
        starts.append(line + 1)
        line += 3 + module.code.body.count(b"\n")
    parts.append("})")
    return "".join(parts), starts


def _head(module: Module, code: Rewritten) -> str:
    flags = _AWAITS if code.awaits else 0
    if module.extension in TYPESCRIPT:
        flags |= _LENIENT
    if module.extension in (".ts", ".tsx", ".cts", ".jsx"):
        flags |= (
            _BABEL  # .js and .mjs follow Node: the default import of CommonJS is module.exports
        )
    if code.kind == "dynamic":
        flags |= _DYNAMIC
    deps = ",".join(
        f"[{quote(dep.specifier)},{_literal(target)}]"
        for dep, target in zip(code.dependencies, module.targets, strict=True)
    )
    tables = ",".join(
        _list(items)
        for items in (code.requests, code.wanted, code.indirect, code.stars, code.names)
    )
    if code.kind == "cjs":
        wrapper = "function (exports, require, module, __filename, __dirname)"  # Node's five
        opening = f"function ({code.main_name}) {{ return {wrapper} {{"
    else:
        opening = f"function* ({code.main_name}, {code.imports_name}) {{ {code.prologue}"
    return f"{_KINDS[code.kind]},{flags},[{deps}],{tables},{opening}"


def _literal(value: Target) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else quote(value)


def _list(items: list[int] | list[str] | list[int | str]) -> str:
    return "[" + ",".join(_literal(item) for item in items) + "]"

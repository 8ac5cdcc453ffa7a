"""Entry file to artifact.

Promises    Opens nothing but `Found.local`. Every failure is a BuildError. No recursion on input.
Relies on   `Sources` for existence and confinement; the process around it for time and memory limits.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from tree_sitter import Tree

from worker.build import npm, resolve
from worker.build.bundle import Module, Target, assemble
from worker.build.compile import CompileError, compile_file
from worker.build.errors import (
    E_ESCAPE,
    E_RESOLVE,
    E_SYNTAX,
    E_TOO_LARGE,
    E_UNSUPPORTED,
    BuildError,
)
from worker.build.manifest import Literal, read_manifest
from worker.build.positions import Pairs, align, encode, tokens
from worker.build.preflight import escaped_literals, facts_of
from worker.build.resolve import EscapeError, Found, Sources
from worker.build.rewrite import Dependency, Rewritten, rewrite
from worker.build.syntax import MAX_DEPTH, first_error, is_deeper, looks_deep, parse, place

Fetching = Generator[list[str], Found | None, Found | str | None]
"""Resolution of one specifier: yields candidate lists, returns a file, an external specifier, or None."""

_MAX_MANIFEST_BYTES: Final = 256 * 1024
_MAX_UNCHECKED_BYTES: Final = 24 * 1024
_READ_BYTES: Final = 256 * 1024
_MAX_FACTS: Final = 1000
_MAX_BRACKETS: Final = 300  # several levels of the tree each
_MAYBE_COMMONJS: Final = (".js", ".cjs")


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one build. The process's own limits stand behind them."""

    max_files: int = 1000
    max_file_bytes: int = 2 * 1024 * 1024
    max_total_bytes: int = 8 * 1024 * 1024
    max_later_bytes: int = 2 * 1024 * 1024
    """Of one package, with all it needs, that is only named by ``import()``; a larger one is left out."""
    max_output_bytes: int = 12 * 1024 * 1024


def build(
    entry: str, sources: Sources, limits: Limits | None = None, *, more: Sequence[str] = ()
) -> dict[str, object]:
    """Return the artifact of the plugin whose main file is *entry*, relative to its root.

    *more* are files that run after it.

    The artifact is plain data:
        code       script; an expression that evaluates to `function (__loader)`
        modules    [{"path": str, "line": first line of its body in the script, from 1}]
        map        one string per module, as positions.encode() describes ("" for JSON)
        entries    indices of the main module and of those that run after it
        facts      [{"rule", "file", "line", "column", "detail", "kind"}], see preflight/facts.py
        externals  names of packages that were not found; using them fails at run time
        manifest   what the main file says of itself, as manifest.Literal.to_json() gives it, or None
        reads      [[candidates, chosen path or None, sha256 or None]], to tell whether a rebuild is due

    Raises:
        BuildError: with one of the codes of errors.py.
    """
    return _Build(sources, limits or Limits()).run([entry, *more])


def warm_up() -> None:
    """Do everything once that the compiler and the parsers do lazily; before the process is locked."""
    local = str(Path(__file__).with_name("warm.ts"))

    class Own:
        def fetch(self, wanted: list[list[str]]) -> list[Found | None]:
            return [
                Found(want[0], local, "") if want[0] == "warm.ts" else None for want in wanted
            ]

    build("warm.ts", Own())


class _Build:
    def __init__(self, sources: Sources, limits: Limits) -> None:
        self._sources = sources
        self._limits = limits
        self._modules: list[Module] = []
        self._pairs: list[Pairs] = []
        self._by_path: dict[str, int] = {}
        self._reads: dict[tuple[str, ...], Found | None] = {}
        self._manifests: dict[str, npm.Json] = {}
        self._missing: set[str] = set()
        self._total = 0
        self._facts: list[dict[str, object]] = []
        self._active: list[tuple[int, int, Fetching, list[str]]] = []
        self._later: list[tuple[int, int]] = []
        """Packages that may be imported while the plugin runs: by module and position."""
        self._most = self._limits.max_total_bytes
        self._stated: Literal | None = None

    def run(self, entries: Sequence[str]) -> dict[str, object]:
        indices = [self._entry(entry) for entry in entries]
        self._drain()
        while self._later:
            self._take_later(*self._later.pop(0))
        code, lines = assemble(self._modules)
        if len(code) > self._limits.max_output_bytes:
            raise BuildError(
                E_TOO_LARGE, f"the bundle is larger than {self._limits.max_output_bytes} bytes"
            )
        return {
            "code": code,
            "modules": [
                {"path": module.path, "line": line}
                for module, line in zip(self._modules, lines, strict=True)
            ],
            "map": [module.positions for module in self._modules],
            "entries": list(dict.fromkeys(indices)),
            "facts": self._facts,
            "externals": sorted(self._missing),
            "manifest": None if self._stated is None else self._stated.to_json(),
            "reads": [
                [list(wanted), hit.path if hit else None, hit.sha256 if hit else None]
                for wanted, hit in self._reads.items()
            ],
        }

    def _entry(self, entry: str) -> int:
        try:
            candidates = resolve.entry_candidates(entry)
        except EscapeError:
            raise BuildError(E_ESCAPE, f'entry "{entry[:200]}" is outside the plugin') from None
        found = self._fetch([candidates])[0]
        if found is None:
            raise BuildError(E_RESOLVE, f'entry "{entry[:200]}" does not exist')
        return self._add(found)

    def _drain(self) -> None:
        """Follow every import that was found, and those that turn up meanwhile."""
        while self._active:
            batch, self._active = self._active, []
            answers = self._fetch([wanted for _, _, _, wanted in batch])
            for (index, dep, steps, _), answer in zip(batch, answers, strict=True):
                self._step(index, dep, steps, answer)

    def _take_later(self, index: int, position: int) -> None:
        """Take in a package that is only imported while the plugin runs, with all it needs, or leave it out whole.

        What does not fit then fails where it is imported, as one that is not there does, and its plugin can do without.
        """
        count, total, facts = len(self._modules), self._total, len(self._facts)
        missing, later = set(self._missing), len(self._later)
        module = self._modules[index]
        dep = module.code.dependencies[position] if module.code else None
        if dep is None:
            return
        self._most = min(total + self._limits.max_later_bytes, self._limits.max_total_bytes)
        try:
            self._step(index, position, self._resolve(module.path, dep), None)
            self._drain()
        except BuildError as error:
            if error.code != E_TOO_LARGE:
                raise
            del self._modules[count:], self._pairs[count:], self._facts[facts:]
            del self._later[later:]
            self._by_path = {path: at for path, at in self._by_path.items() if at < count}
            self._active.clear()
            self._total = total
            self._missing = missing | {resolve.package_name(dep.specifier)}
            module.targets[position] = dep.specifier

    # ---- files ------------------------------------------------------------------------------------------------

    def _fetch(self, wanted: list[list[str]]) -> list[Found | None]:
        keys = [tuple(candidates) for candidates in wanted]
        new = list(dict.fromkeys(key for key in keys if key not in self._reads))
        if new:
            answers = self._sources.fetch([list(key) for key in new])
            self._reads.update(zip(new, answers, strict=True))
        return [self._reads[key] for key in keys]

    def _read(self, found: Found, limit: int) -> bytes:
        # Not open(): its buffer, its seek and its question for a terminal are three more system calls.
        fd = os.open(found.local, os.O_RDONLY | os.O_CLOEXEC)
        parts = []
        left = limit + 1
        try:
            while left > 0 and (part := os.read(fd, min(left, _READ_BYTES))):
                parts.append(part)
                left -= len(part)
        finally:
            os.close(fd)
        data = b"".join(parts)
        if len(data) > limit:
            raise BuildError(E_TOO_LARGE, f"larger than {limit} bytes", found.path)
        return data

    def _add(self, found: Found) -> int:
        """Return the index of the module for *found*, building it on first sight."""
        known = self._by_path.get(found.path)
        if known is not None:
            return known
        if len(self._modules) >= self._limits.max_files:
            raise BuildError(
                E_TOO_LARGE, f"more than {self._limits.max_files} files", found.path
            )
        extension = resolve.extension_of(found.path)
        if not extension:
            raise BuildError(
                E_UNSUPPORTED,
                "only TypeScript, JavaScript and JSON can be imported",
                found.path,
            )
        source = self._read(found, self._limits.max_file_bytes)
        self._total += len(source)
        if self._total > self._most:
            raise BuildError(E_TOO_LARGE, f"more than {self._most} bytes of source", found.path)
        try:
            source.decode()
        except UnicodeDecodeError as error:
            line, column, _ = place(source, error.start)
            raise BuildError(E_SYNTAX, "not UTF-8", found.path, line, column) from None
        source = source.removeprefix(b"\xef\xbb\xbf")
        index = len(self._modules)
        self._by_path[found.path] = index
        if extension == ".json":
            _check_json(source, found.path)
            self._modules.append(
                Module(found.path, extension, source, None, "", [], found.sha256)
            )
            self._pairs.append([])
            return index
        code, pairs, tree = _transform(source, extension, found)
        if index == 0:  # the main file; what another one exports is no manifest
            self._stated = read_manifest(tree, source)
        positions = encode(pairs, code.edits, code.body, source)
        targets: list[Target] = [None] * len(code.dependencies)
        self._modules.append(
            Module(found.path, extension, source, code, positions, targets, found.sha256)
        )
        self._pairs.append(pairs)
        self._note_facts(code, pairs, source, found.path)
        for position, dep in enumerate(code.dependencies):
            if _is_for_later(dep):
                self._later.append((index, position))
            else:
                self._step(index, position, self._resolve(found.path, dep), None)
        return index

    def _note_facts(self, code: Rewritten, pairs: Pairs, source: bytes, path: str) -> None:
        if len(self._facts) >= _MAX_FACTS:
            return
        placed = []
        is_own = "node_modules/" not in path
        for fact in facts_of(code.tree, code.compiled, is_own=is_own):
            # Brackets are no tokens, and the compiler adds some of its own: the next token tells the place.
            at = min(bisect_left(pairs, (fact.offset, 0)), len(pairs) - 1)
            placed.append((pairs[at][1] if at >= 0 else 0, fact))
        starts = [offset for _, offset in pairs]
        placed += [(fact.offset, fact) for fact in escaped_literals(source, starts)]
        for offset, fact in placed:
            line, column, _ = place(source, offset)
            self._facts.append(
                {
                    "rule": fact.rule,
                    "file": path,
                    "line": line,
                    "column": column,
                    "detail": fact.detail,
                    "kind": fact.kind,
                }
            )

    # ---- resolution ---------------------------------------------------------------------------------------------

    def _step(self, index: int, position: int, steps: Fetching, answer: Found | None) -> None:
        """Advance one resolution; park it until the next fetch, or store where it led."""
        module = self._modules[index]
        dep = module.code.dependencies[position] if module.code else None
        if dep is None:
            return
        try:
            wanted = steps.send(answer)
        except StopIteration as stop:
            result: Found | str | None = stop.value
            if result is None and not dep.is_optional:
                self._refuse(index, dep, E_RESOLVE, f'cannot find "{dep.specifier[:200]}"')
            module.targets[position] = (
                self._add(result) if isinstance(result, Found) else result
            )
        except EscapeError:
            if not dep.is_optional:
                self._refuse(
                    index, dep, E_ESCAPE, f'"{dep.specifier[:200]}" is outside the plugin'
                )
        else:
            self._active.append((index, position, steps, wanted))

    def _refuse(self, index: int, dep: Dependency, code: str, message: str) -> NoReturn:
        module, pairs = self._modules[index], self._pairs[index]
        at = bisect_left(pairs, (dep.offset, 0))
        offset = pairs[at][1] if at < len(pairs) and pairs[at][0] == dep.offset else None
        if offset is None:
            raise BuildError(code, message, module.path)
        raise BuildError(code, message, module.path, *place(module.source, offset))

    def _resolve(self, importer: str, dep: Dependency) -> Fetching:
        specifier = dep.specifier
        for _ in range(2):  # once more after a `#name` that stands for another package
            match resolve.classify(specifier):
                case "relative":
                    return (yield resolve.relative_candidates(importer, specifier))
                case "external":
                    return specifier
                case "package":
                    return (
                        yield from self._package(importer, specifier, is_require=dep.is_require)
                    )
                case "imports":
                    owner, manifest = yield from self._manifest(
                        resolve.own_package_candidates(importer)
                    )
                    target = npm.imports_target(manifest, specifier, is_require=dep.is_require)
                    if target is None:
                        return None
                    if target.startswith("./"):
                        inside = npm.entry_candidates(
                            {}, owner, target[2:], is_require=dep.is_require
                        )
                        return (yield inside) if inside else None
                    specifier = target
                case "invalid":
                    return None
        return None

    def _package(self, importer: str, specifier: str, *, is_require: bool) -> Fetching:
        name = resolve.package_name(specifier)
        folder, manifest = yield from self._manifest(
            resolve.package_json_candidates(importer, name)
        )
        if folder:
            subpath = specifier[len(name) + 1 :]
            candidates = npm.entry_candidates(manifest, folder, subpath, is_require=is_require)
            found = (yield candidates) if candidates else None
            if found is not None:
                return found
        self._missing.add(name)
        return specifier

    def _manifest(
        self, candidates: list[str]
    ) -> Generator[list[str], Found | None, tuple[str, npm.Json]]:
        """Return (folder, content) of the first package.json; ("", None) without one."""
        found = yield candidates
        if found is None:
            return "", None
        if found.path not in self._manifests:
            try:
                data: npm.Json = json.loads(self._read(found, _MAX_MANIFEST_BYTES))
            except (ValueError, RecursionError):
                raise BuildError(E_SYNTAX, "not valid JSON", found.path) from None
            self._manifests[found.path] = data
        return resolve.folder_of(found.path), self._manifests[found.path]


def _transform(source: bytes, extension: str, found: Found) -> tuple[Rewritten, Pairs, Tree]:
    """Return the module function of one file, which of its tokens came from where, and its syntax."""
    # The parser's error recovery is quadratic in time and memory, so a large file meets the compiler
    # first, which refuses a broken one at once. A small one, or one that the compiler's recursion may
    # not survive, meets the parser first, which measures its depth and knows places.
    # Gap: a large file of deep operators without brackets still ends the process. The host sees a dead
    # builder, which is a failed build like any other.
    compiled: bytes | CompileError | None = None
    if len(source) > _MAX_UNCHECKED_BYTES and not looks_deep(source, _MAX_BRACKETS):
        compiled = _compiled(found)
        if isinstance(compiled, CompileError) and not (
            extension in _MAYBE_COMMONJS and compiled.is_only_strictness
        ):
            raise BuildError(E_SYNTAX, str(compiled), found.path)
    tree = parse(source, extension)
    if is_deeper(tree, MAX_DEPTH):
        raise BuildError(E_TOO_LARGE, f"nested deeper than {MAX_DEPTH} levels", found.path)
    if extension in _MAYBE_COMMONJS and not tree.root_node.has_error:
        # CommonJS is taken as it is: compiling would judge it by the rules of modules
        raw = rewrite(source, found.path, force="cjs" if extension == ".cjs" else "")
        if raw.kind == "cjs":
            return raw, [(offset, offset) for _, offset in tokens(tree, source)], tree
    if compiled is None:
        compiled = _compiled(found)
    if isinstance(compiled, CompileError):
        raise _syntax_error(source, tree, found.path, str(compiled))
    force = "esm" if extension in (".mjs", ".mts") else "cjs" if extension == ".cjs" else ""
    is_typescript = extension in resolve.TYPESCRIPT
    code = rewrite(compiled, found.path, force=force, is_typescript=is_typescript)
    return code, align(tokens(code.tree, code.compiled), tokens(tree, source)), tree


def _compiled(found: Found) -> bytes | CompileError:
    try:
        return compile_file(found.local).encode("utf-8", "replace")
    except CompileError as error:
        return error


def _syntax_error(source: bytes, tree: Tree, path: str, message: str) -> BuildError:
    node = first_error(tree)
    if node is None:
        return BuildError(E_SYNTAX, message, path)
    if node.is_missing:
        message = f"{message} (missing {node.type})"
    return BuildError(E_SYNTAX, message, path, *place(source, node.start_byte))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_for_later(dep: Dependency) -> bool:
    return (
        dep.is_optional and not dep.is_require and resolve.classify(dep.specifier) == "package"
    )


def _check_json(source: bytes, path: str) -> None:
    try:
        json.loads(source, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        lines = error.doc.splitlines() or [""]
        shown = lines[min(error.lineno, len(lines)) - 1]
        raise BuildError(E_SYNTAX, error.msg, path, error.lineno, error.colno, shown) from None
    except (ValueError, RecursionError):
        raise BuildError(E_SYNTAX, "not valid JSON", path) from None

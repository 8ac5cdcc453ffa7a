"""From a path to a built plugin: find the entry, ask a builder, keep what it made.

The builder is a one-shot locked process (``worker/builder.py``); this side answers its questions for files.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from host.artifact import Artifact, read_artifact
from host.audit import E_SANDBOX
from host.calls import Call
from host.errors import IsolationError, PluginLoadError
from host.extension_files import extension_files
from host.integrity import Expected
from host.link import Link
from host.listener import HostcallRequest
from host.loss import Loss
from host.manifests import read_package
from host.outcome import Json, Status
from host.reactor import now_s
from host.sources import Read, SourceTree
from host.spawn import WorkerLimits
from host.waits import Wait
from host.worker_json import parse_args
from ipc.messages import BUILD, STATUS_ERROR
from policies.manifest_values import NO_MANIFEST, Manifest
from policies.plugin_name import slug

if TYPE_CHECKING:
    from host.runtime import Runtime

_BUDGET_S: Final = 60.0
_LIMITS: Final = WorkerLimits(
    heap_bytes=0, data_bytes=1024 * 1024 * 1024, niceness=10, descriptors=64
)
_INDEX: Final = tuple(
    f"index{suffix}" for suffix in (".ts", ".tsx", ".mts", ".js", ".mjs", ".jsx", ".cjs")
)
_SUFFIXES: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
_CACHE_FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a plugin begins. ``file`` is relative to ``root``; ``name`` is what it is called by default."""

    root: Path
    file: str
    name: str
    package: Manifest = NO_MANIFEST
    """What its package.json says."""
    more: tuple[str, ...] = ()
    """Files that run after ``file``: further extensions of the package, those of features that are on."""
    known_as: str = ""
    expected: Expected | None = field(default=None, repr=False)
    """What its files must be, when somebody agreed to them."""
    tool_files: tuple[int, ...] = ()
    """Which of ``file`` and ``more``, counted from 0, export tools as default."""

    @property
    def id(self) -> str:
        """What the plugin is known by wherever it is remembered."""
        return self.known_as or f"file:{self.root / self.file}"


def find_entry(path: Path, expected: Expected | None = None) -> Entry:
    """Return the entry of the plugin at *path*, a file or a directory, whose files must be as *expected*.

    Raises PluginLoadError.
    """
    found = replace(_find_entry(path, expected), expected=expected)
    if expected is not None:
        expected.check_root(found.root)
    return found


def _find_entry(path: Path, expected: Expected | None) -> Entry:
    try:
        resolved = path.expanduser().resolve(strict=True)
    except OSError:
        if expected is not None:
            raise expected.gone(path) from None
        raise PluginLoadError("E_NOT_FOUND", f"no such file or directory: {path}") from None
    if resolved.is_file():
        if resolved.suffix not in _SUFFIXES:
            known = ", ".join(_SUFFIXES)
            raise PluginLoadError(
                "E_TYPE", f"{path} is not a plugin file; known endings are {known}"
            )
        name = resolved.parent.name if resolved.stem == "index" else resolved.stem
        return Entry(resolved.parent, resolved.name, _slug(name))
    if not resolved.is_dir():
        raise PluginLoadError("E_TYPE", f"{path} is neither a file nor a directory")
    package = read_package(resolved, expected)
    if package is not None:
        files, tools = _named_entries(resolved, package, expected)
        if files:
            name = package.name or _slug(resolved.name)
            return Entry(resolved, files[0], name, package, tuple(files[1:]), tool_files=tools)
    for file in _INDEX:
        if (resolved / file).is_file() if expected is None else file in expected.files:
            return Entry(resolved, file, _slug(resolved.name), package or NO_MANIFEST)
    raise PluginLoadError(
        "E_NO_ENTRY",
        f"{path} has no entry: no package.json that names one (jcode-plugin.v2.entry.server, "
        f"pi.extensions or main) and no index.ts or index.js",
    )


def _named_entries(
    root: Path, package: Manifest, expected: Expected | None
) -> tuple[list[str], tuple[int, ...]]:
    """Return the main files that *package* names, relative to *root*, and which of them export tools.

    None when it names none.
    """
    named = (*package.entry.choices, *package.entry.tools)
    if package.entry.main is None and named:
        files = extension_files(root, package.entry.choices, package.where, expected)
        tools = extension_files(root, package.entry.tools, package.where, expected)
        tools = [file for file in tools if file not in files]
        if not files and not tools:
            raise PluginLoadError(
                "E_NO_ENTRY",
                f"{package.where} names extensions of which there is none: {', '.join(named[:8])}",
            )
        return [*files, *tools], tuple(range(len(files), len(files) + len(tools)))
    file = _named_entry(package)
    return ([] if file is None else [file]), ()


def _named_entry(package: Manifest) -> str | None:
    main = package.entry.package_main
    named = package.entry.main
    if not package.has_server:
        named = package.entry.interface or named
    if named is None and main is not None and main.endswith(_SUFFIXES):
        named = main
    return None if named is None else _inside(named, package)


def _inside(named: str, manifest: Manifest) -> str:
    file = os.path.normpath(named)
    if file.startswith(("/", "..")):
        raise PluginLoadError(
            "E_ESCAPE", f"{manifest.where} names an entry outside the plugin: {named}"
        )
    return file


def tui_entry(entry: Entry, manifest: Manifest) -> Entry | None:
    """Return where the TUI half of the plugin begins whose server half begins at *entry*; None if it has not both.

    It is *entry* itself where one file is for both. Raises PluginLoadError.
    """
    if not (manifest.has_server and manifest.has_tui):
        return None
    named = manifest.entry.interface
    file = entry.file if named is None else _inside(named, manifest)
    if file == entry.file:
        return entry
    return replace(entry, file=file, more=(), tool_files=(), known_as=entry.id)


def _slug(name: str) -> str:
    return slug(name) or "plugin"


class _Session:
    """One build under way; a listener of its builder's link."""

    def __init__(
        self, entry: Entry, tree: SourceTree, done: "Wait[Artifact]", runtime: "Runtime"
    ) -> None:
        self._runtime = runtime
        self._entry = entry
        self._tree = tree
        self._done = done
        self.waiting: deque[Call] = deque()  # one build is all there is

    def on_hello(self, link: Link, layers: str) -> None:
        call = Call(
            [
                BUILD,
                1,
                int(_BUDGET_S * 1000),
                json.dumps({"entry": self._entry.file, "more": self._entry.more}),
            ],
            budget_s=_BUDGET_S,
            started=now_s(),
            on_done=self._on_done,
        )
        link.deliver(call, 1)

    def _on_done(self, call: Call, status: Status, text: str) -> None:
        """Losses are reported by on_lost, answers by on_result."""

    def on_hostcall(self, link: Link, request: HostcallRequest) -> None:
        args = parse_args(request.args)
        wanted = (
            args.get("wanted") if args is not None and request.name == "source.fetch" else None
        )
        if not isinstance(wanted, list):
            request.answer('{"code":"E_INVALID"}', is_error=True)
            return
        found: list[Json] = []
        for candidates in wanted:
            names = (
                [c for c in candidates if isinstance(c, str)]
                if isinstance(candidates, list)
                else []
            )
            copied = self._tree.fetch(names)
            found.append(
                {"path": copied.path, "local": copied.local, "sha256": copied.sha256}
                if copied is not None
                else None
            )
        request.answer(json.dumps(found))

    def on_cast(self, link: Link, call: Call | None, name: str, text: str) -> None:
        """A builder has nothing to tell; what it says is not looked at."""

    def on_result(self, link: Link, call: Call, status: int, text: str) -> None:
        answer = parse_args(text)
        artifact = (
            read_artifact(answer) if answer is not None and status != STATUS_ERROR else None
        )
        if self._tree.fault is not None:
            self._done.fail(self._tree.fault)
        elif self._tree.problem is not None:
            self._done.fail(
                PluginLoadError("E_TOO_LARGE", self._tree.problem, path=self._entry.file)
            )
        elif artifact is not None:
            self._done.set(artifact)
        else:
            self._done.fail(self._error(answer or {}))
        link.kill_quietly(Status.CANCELLED)

    def _error(self, answer: dict[str, Json]) -> PluginLoadError:
        code, message, path = answer.get("code"), answer.get("message"), answer.get("path")
        line, column, source = (
            answer.get("line"),
            answer.get("column"),
            answer.get("source_line"),
        )
        told = message if isinstance(message, str) else "the build failed"
        known = code if isinstance(code, str) else "E_BUILD"
        if self._tree.escapes:
            known = "E_ESCAPE"
            told = f"{told}; {self._tree.escapes[0]} leads out of the plugin's directory {self._entry.root}"
        return PluginLoadError(
            known,
            told,
            path=path if isinstance(path, str) else self._entry.file,
            line=line if type(line) is int else None,
            column=column if type(column) is int else None,
            source_line=source[:500] if isinstance(source, str) else None,
        )

    def on_ready(self, link: Link) -> None:
        """One build is all there is."""

    def on_throttled(self, link: Link) -> None:
        """Its reads are bounded by the source tree."""

    def on_lost(self, link: Link, why: Loss) -> None:
        if why.code == "E_LOCKDOWN":
            self._done.fail(IsolationError(f"plugins cannot be built safely: {why.detail}"))
            return
        if why.code == E_SANDBOX:
            # Its source found a way into the compiler: it is not to be read a second time.
            self._runtime.sandbox.explain(self._entry.name, link.pid, why.detail)
            self._runtime.quarantine.add(self._entry.name, self._entry.id, why.detail)
        self._done.fail(
            PluginLoadError(
                E_SANDBOX if why.code == E_SANDBOX else "E_BUILD",
                f"the builder ended: {why.detail}",
                path=self._entry.file,
            )
        )


class Builds:
    """Builds of one runtime, with a cache in ``cache/builds`` beneath its home."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._cache = runtime.home / "cache" / "builds"
        self._version = _build_version()

    async def build(self, entry: Entry) -> Artifact:
        """Return the built plugin, from the cache when every file it reads is what it was."""
        cached = self._look_up(entry)
        if cached is not None:
            return cached
        # The outer directory is closed to other users, the inner one is open to the builder's, which is given it
        # as a descriptor: nobody else has a way in.
        private = Path(tempfile.mkdtemp(prefix="jcode-build-"))
        copies = private / "copies"
        copies.mkdir()
        copies.chmod(0o755)  # whatever our umask is
        copies_fd = os.open(copies, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with SourceTree(entry.root, copies, entry.expected) as tree:
                done: Wait[Artifact] = Wait()
                link = self._runtime.open_link(
                    _Session(entry, tree, done, self._runtime),
                    replace(_LIMITS, directory_fd=copies_fd),
                    role="builder",
                    max_busy_s=_BUDGET_S,
                )
                try:
                    artifact = await done
                finally:
                    link.kill_quietly(Status.CANCELLED)
                self._keep(entry, artifact, tree.reads)
                return replace(artifact, reads=tuple(tree.reads))
        finally:
            os.close(copies_fd)
            shutil.rmtree(private, ignore_errors=True)

    def _file(self, entry: Entry) -> Path:
        key = "\0".join((self._version, str(entry.root), entry.file, *entry.more))
        return self._cache / f"{hashlib.sha256(os.fsencode(key)).hexdigest()[:40]}.json"

    def _look_up(self, entry: Entry) -> Artifact | None:
        try:
            data = self._file(entry).read_bytes()
        except OSError:
            return None
        digest, _, body = data.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None  # damaged, or half written by a machine that went down: build again
        raw: object = msgspec.json.decode(body)
        if not isinstance(raw, dict) or not isinstance(raw.get("artifact"), dict):
            return None
        with SourceTree(entry.root, None, entry.expected) as tree:
            for read in raw["reads"]:
                found = tree.fetch(read["candidates"])
                if tree.fault is not None:
                    raise tree.fault
                if (found.path if found else None, found.sha256 if found else None) != (
                    read["chosen"],
                    read["sha256"],
                ):
                    return None
            reads = tuple(tree.reads)
        artifact = read_artifact(raw["artifact"])
        return None if artifact is None else replace(artifact, reads=reads)

    def _keep(self, entry: Entry, artifact: Artifact, reads: list[Read]) -> None:
        body = msgspec.json.encode(
            {
                "reads": [
                    {"candidates": r.candidates, "chosen": r.chosen, "sha256": r.sha256}
                    for r in reads
                ],
                "artifact": artifact.raw,
            }
        )
        if entry.root.is_relative_to((self._runtime.home / "cache" / "staging").resolve()):
            return  # it is looked at on its way in, and runs from elsewhere
        file = self._file(entry)
        try:
            self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd, temporary = tempfile.mkstemp(dir=self._cache)
        except OSError:
            return  # a full or read-only disk costs the next start some milliseconds, nothing more
        try:
            with open(fd, "wb") as out:
                out.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            os.replace(temporary, file)  # whole or not at all, whoever else writes it now
        except OSError:
            with suppress(OSError):  # as above; what is left of it need not stay
                os.unlink(temporary)


def _build_version() -> str:
    """A hash of the build step itself: what another version built is not this one's."""
    digest = hashlib.sha256(str(_CACHE_FORMAT).encode())
    folder = Path(__file__).resolve().parent.parent / "worker" / "build"
    for file in sorted(folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]

"""Errors as people and programs read them: ``error: what, where, what to do``.

Promises    Whatever a plugin had a part in is escaped before it is part of a line.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from host.audit import printable
from host.errors import HostError, InstallError, PluginDisabledError, PluginLoadError, ToolError
from host.outcome import JsonObject
from jcode_plugins.errors import JcodePluginsError

_MAX_FRAMES: Final = 12
_MAX_SOURCE_CHARS: Final = 160

_HINTS: Final = {
    "E_SYNTAX": "correct this line",
    "E_RESOLVE": "add the missing file or correct the import",
    "E_ESCAPE": "keep every file of a plugin in its directory",
    "E_NOT_FOUND": "check the path",
    "E_NO_ENTRY": "add an entry, or name the plugin's file",
    "E_HUNG": "finish loading sooner, and do long work in a handler",
    "E_LOAD_TIMEOUT": "finish loading sooner, and do long work in a handler",
    "E_MODULE": "bundle the package with the plugin, or do without it",
    "E_MEMORY": "use less memory while loading, or raise limits.heap_bytes",
    "E_MANIFEST": "",  # the message says what to do
    "E_SETTINGS": "",
    "E_INTEGRITY": "",
    "E_ENGINE": "update jcode-plugins, or the plugin",
    "E_PREFLIGHT": "or do without the plugin",
    "E_SIGNATURE": "have it signed by a key that you trust, or sign it yourself when you have read it",
    "E_DUPLICATE": "give it another name",
}
_TOOL_HINTS: Final = {
    "E_INVALID": "correct what -i holds",
    "E_SCHEMA": "correct the parameters in the plugin's registerTool",
}
_LOAD_HINT: Final = "correct the plugin"

_PLACE: Final = re.compile(r"\(?([^()\s][^()]*?):(\d{1,9})(?::(\d{1,9}))?\)?\s*\Z")


@dataclass(frozen=True, slots=True)
class Failure:
    """One error: its line, more lines for people, more fields for programs."""

    line: str
    details: tuple[str, ...] = ()
    fields: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """The object that every command prints under ``--json`` when it fails."""
        return {"ok": False, "error": self.line, **self.fields}


class PluginFailed(Exception):  # noqa: N818 - a report about somebody else's error
    """A plugin did not load. *root* is the directory its own paths are relative to, if it was found."""

    def __init__(self, error: PluginLoadError, root: Path | None) -> None:
        self.error = error
        self.root = root
        super().__init__(str(error))


class Refusal(Exception):  # noqa: N818 - as above
    """Something was denied, by a rule or by a person: *cause* says what. The exit code is that of a denial."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


def describe(error: BaseException) -> Failure:
    """Return *error* in the shape described above."""
    if isinstance(error, Refusal):
        return describe(error.cause)
    if isinstance(error, InstallError):
        return Failure(_one_line(str(error)), fields={"code": error.code})
    if isinstance(error, PluginFailed):
        return _plugin_failure(error.error, error.root)
    if isinstance(error, ToolError):
        hint = f"; {_TOOL_HINTS[error.code]}" if error.code in _TOOL_HINTS else ""
        return Failure(_one_line(str(error)) + hint, fields={"code": error.code})
    if isinstance(error, PluginDisabledError):
        return Failure(
            _one_line(error.message), fields={"code": error.code, "switch": error.switch}
        )
    if isinstance(error, HostError):
        return Failure(_one_line(str(error)))
    if isinstance(error, JcodePluginsError):
        return Failure(_one_line(str(error)), fields={"code": error.code})
    usage = getattr(
        error, "format_message", None
    )  # of the command line's library, whichever release
    if callable(usage):
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", None) or "jcode-plugin"
        told = _one_line(str(usage())).rstrip(".")
        return Failure(f"{told}; see {printable(str(command))} --help")
    if isinstance(error, FileNotFoundError) and error.filename is None and not _has_directory():
        return Failure("the current directory is gone; cd to one that is there")
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return Failure(
            f"{_one_line(where + error.strerror)}; check that path and the permissions of it"
        )
    return Failure(
        f"{type(error).__name__}: {_one_line(str(error))}; this is a mistake of jcode-plugin: "
        f"set JCODE_PLUGIN_LOG=debug to see where, and report it"
    )


def _has_directory() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()) if "\n" in text else text)


def _plugin_failure(error: PluginLoadError, root: Path | None) -> Failure:
    path, line, column, source = error.path, error.line, error.column, error.source_line
    if line is None and error.stack and root is not None:
        place = _first_place(error.stack)
        if place is not None:
            found = _source_of(root, *place[:2])
            if (
                found is not None
            ):  # a stack is the plugin's word: a place outside of it is no place
                (path, line, column), source = place, found
    shown = _shown_path(path, root)
    where = ":".join(str(part) for part in (shown, line, column) if part is not None)
    hint = _HINTS.get(error.code, _LOAD_HINT)
    told = _one_line(error.message)
    told = f"{told}; {hint}" if hint else told
    text = f"{printable(where)}: {told}" if where else told
    details: list[str] = []
    if source is not None and line is not None:
        details += _source_block(source, line, column)
    stack = [
        f"  {printable(frame.strip())}"
        for frame in (error.stack or "").splitlines()
        if frame.strip()
    ]
    details += stack[:_MAX_FRAMES]
    if len(stack) > _MAX_FRAMES:
        details.append(f"  ... and {len(stack) - _MAX_FRAMES} more")
    fields: JsonObject = {
        "code": error.code,
        "message": error.message,
        "path": shown,
        "line": line,
        "column": column,
        "source_line": source,
        "stack": error.stack,
    }
    return Failure(text, tuple(details), {k: v for k, v in fields.items() if v is not None})


def _shown_path(path: str | None, root: Path | None) -> str | None:
    """Return *path* as the author would type it here: relative when it is beneath the current directory."""
    if path is None:
        return None
    absolute = os.path.normpath(root / path if root is not None else Path(path).absolute())
    try:
        shown = os.path.relpath(absolute)
    except (OSError, ValueError):  # the current directory is gone
        return absolute
    return absolute if shown.startswith("..") else shown


def _first_place(stack: str) -> tuple[str, int, int | None] | None:
    for frame in stack.splitlines():
        text = frame.strip().removeprefix("at ")
        found = _PLACE.search(text[text.rfind("(") :] if "(" in text else text)
        if found is not None:
            return found[1], int(found[2]), int(found[3]) if found[3] else None
    return None


def _source_of(root: Path, path: str, line: int) -> str | None:
    """Return one line of a plugin's file, read beneath its root and nowhere else."""
    from host.beneath import EscapeError, open_beneath
    from host.sources import MAX_FILE_BYTES

    try:
        root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with open(open_beneath(root_fd, path), "rb") as file:
                lines = file.read(MAX_FILE_BYTES).split(b"\n")
        finally:
            os.close(root_fd)
    except (OSError, EscapeError, ValueError):
        return None
    return (
        lines[line - 1].decode(errors="replace").rstrip("\r")
        if 1 <= line <= len(lines)
        else None
    )


def _source_block(source: str, line: int, column: int | None) -> list[str]:
    from rich.cells import cell_len

    start = max(0, column - 1 - _MAX_SOURCE_CHARS // 2) if column is not None else 0
    text = source.replace("\t", " ")
    shown = text[start : start + _MAX_SOURCE_CHARS]
    gutter = f"  {line} | "
    block = [gutter + printable(shown)]
    if column is not None and column - 1 <= len(text):
        before = printable(text[start : column - 1])
        block.append(" " * (len(gutter) - 2) + "| " + " " * cell_len(before) + "^")
    return block

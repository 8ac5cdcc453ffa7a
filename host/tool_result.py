"""How a tool call ended, and how a worker's words become that."""

from dataclasses import dataclass, replace

from host.outcome import Json, JsonObject, Status
from host.worker_json import parse_told


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a tool call ended.

    ``ok`` false: ``error`` says why, and ``status`` whether it was refused (``blocked``), failed, or was lost.
    ``content`` holds content blocks as agents take them; ``output`` the plugin's value. ``elapsed_ms`` leaves
    out how long a person thought.
    """

    ok: bool
    output: Json = None
    content: tuple[JsonObject, ...] = ()
    title: str | None = None
    metadata: Json = None
    images: tuple[Json, ...] = ()
    details: Json = None
    error: str | None = None
    code: str | None = None
    status: str = "answered"
    plugin: str = ""
    tool: str = ""
    elapsed_ms: float = 0.0

    def to_json(self) -> JsonObject:
        """The object that ``call --json`` prints."""
        return {
            "ok": self.ok,
            "tool": self.tool,
            "plugin": self.plugin,
            "output": self.output,
            "content": list(self.content),
            "title": self.title,
            "metadata": self.metadata,
            "images": list(self.images),
            "details": self.details,
            "error": self.error,
            "code": self.code,
            "status": self.status,
            "elapsed_ms": round(self.elapsed_ms, 3),
        }


def failure(
    status: str, code: str, error: str, *, plugin: str, tool: str, elapsed_ms: float
) -> ToolResult:
    """A call without a result: *status* as in :class:`ToolResult`, *error* for whoever reads it."""
    return ToolResult(
        False,
        error=error,
        code=code,
        status=status,
        plugin=plugin,
        tool=tool,
        elapsed_ms=elapsed_ms,
    )


def lost(
    status: Status, error: str, *, plugin: str, tool: str, elapsed_ms: float
) -> ToolResult:
    """A call that its worker did not answer."""
    return failure(
        status.value,
        f"E_{status.value.upper()}",
        error or status.value,
        plugin=plugin,
        tool=tool,
        elapsed_ms=elapsed_ms,
    )


def read_result(text: str, *, plugin: str, tool: str, elapsed_ms: float) -> ToolResult:
    """Return what the worker's JSON *text* says; a text that is no result is a failed call."""
    raw = parse_told(text) if text else {}
    if raw is None:
        told = "the worker's answer is not a result"
        return failure(
            "failed", "E_RESULT", told, plugin=plugin, tool=tool, elapsed_ms=elapsed_ms
        )
    images, title = raw.get("images"), raw.get("title")
    blocks = _blocks(raw.get("content"))
    output = raw.get("output")
    if output is None and blocks:
        output = "\n".join(str(b["text"]) for b in blocks if isinstance(b.get("text"), str))
    is_error = raw.get("is_error") is True
    told = output if isinstance(output, str) and output else "the tool failed"
    return ToolResult(
        not is_error,
        output=output,
        content=blocks,
        title=title if isinstance(title, str) else None,
        metadata=raw.get("metadata"),
        images=tuple(images) if isinstance(images, list) else (),
        details=raw.get("details"),
        error=told if is_error else None,
        code="E_TOOL" if is_error else None,
        status="failed" if is_error else "answered",
        plugin=plugin,
        tool=tool,
        elapsed_ms=elapsed_ms,
    )


@dataclass(frozen=True, slots=True)
class ToolUpdate:
    """What a running tool has so far, in the shape of its result."""

    plugin: str
    output: Json
    content: tuple[JsonObject, ...] = ()
    details: Json = None


def read_update(raw: JsonObject, *, plugin: str) -> ToolUpdate:
    """Return what a worker says of a tool that still runs."""
    return ToolUpdate(
        plugin, raw.get("output"), _blocks(raw.get("content")), raw.get("details")
    )


def with_output(result: ToolResult, output: Json) -> ToolResult:
    """*result* as an event changed it; blocks stay blocks, and the text that goes with them follows."""
    blocks = _blocks(output) if result.content else ()
    text = "\n".join(str(b.get("text", "")) for b in blocks)
    return replace(result, output=text if blocks else output, content=blocks)


def _blocks(value: Json) -> tuple[JsonObject, ...]:
    return tuple(b for b in value if isinstance(b, dict)) if isinstance(value, list) else ()

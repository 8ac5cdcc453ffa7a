"""Plugins' tools and what they return, in the words of MCP.

Promises    Pure. What a client of any version of the protocol is given has a type that all of them know: text and images.
            An object that a tool returns is there a second time as structured content. No tool takes the name that
            another one has.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

import mcp_types as types

from host.outcome import Json, JsonObject
from jcode_plugins.answers import ToolInfo, ToolResult

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What models and clients take for the name of a tool."""
_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]")
_ANY: Final[JsonObject] = {"type": "object"}


def names_for(tools: Iterable[ToolInfo]) -> dict[str, str]:
    """Return by the name that a client sees the name of each tool.

    A tool that is called so has the name before one that is made to fit; of two of those the first has it.
    """
    listed = list(tools)
    exact = {tool.name for tool in listed if _NAME.fullmatch(tool.name)}
    found: dict[str, str] = {}
    for tool in listed:
        if tool.name in exact:
            found[tool.name] = tool.name
        elif (name := _OTHER.sub("_", tool.name)[:64]) not in exact:
            found.setdefault(name, tool.name)
    return found


def tool_of(tool: ToolInfo, name: str) -> types.Tool:
    """Return *tool* as it is listed. Its tier becomes hints: they are for a client's own questions, not for ours."""
    return types.Tool(
        name=name,
        description=f"{tool.description} (plugin {tool.plugin})",
        input_schema=_schema(tool.parameters),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.tier == "read",
            destructive_hint=None if tool.tier == "read" else tool.tier == "exec",
            open_world_hint=tool.tier == "exec",
        ),
    )


def _schema(parameters: "JsonObject | None") -> JsonObject:
    if not parameters:
        return dict(_ANY)
    # Older versions know no other root; ours takes an object in any case.
    return parameters if parameters.get("type") == "object" else {**parameters, **_ANY}


def result_of(result: ToolResult) -> types.CallToolResult:
    """Return what a call gave. A refusal and a tool's own error are results that the model reads."""
    if not result.ok:
        text = result.error or "the tool failed and did not say why"
        code = f" ({result.code})" if result.code else ""
        return types.CallToolResult(content=[_text(f"{text}{code}")], is_error=True)
    content = [_block(one) for one in result.content or ()]
    if not content:
        content = [_text(_as_text(result.output))]
    content += [image for one in result.images or () if (image := _image(one)) is not None]
    structured = result.output if isinstance(result.output, dict) else None
    return types.CallToolResult(content=content, structured_content=structured)


def _text(text: str) -> types.TextContent:
    return types.TextContent(text=text)


def _as_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _block(block: JsonObject) -> types.ContentBlock:
    if block.get("type") == "image" and (image := _image(block)) is not None:
        return image
    text = block.get("text")
    return _text(text if isinstance(text, str) else _as_text(block))


def _image(value: Json) -> types.ImageContent | None:
    if not isinstance(value, Mapping):
        return None
    data = value.get("data")
    kind = value.get("mimeType") or value.get("mime_type") or value.get("media_type")
    if not isinstance(data, str) or not isinstance(kind, str) or not kind.startswith("image/"):
        return None
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return types.ImageContent(data=data, mime_type=kind)

"""What happens when a person types something that is no command: one prompt of an agent, as its events.

Promises    Every event goes to the plugins through the daemon, as an agent sends it, and what they made of it is told and
            obeyed: a block ends the prompt, a rewritten input is what the tool gets. The tool is a real one that
            can do no harm: it counts the words of what was typed. There is no model.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from host.console.mirror import Json, JsonObject
from host.console.paint import Piece, clean, own
from jcode_plugins import Outcome

TOOL: Final = "count_words"
MAX_TOLD: Final = 400
"""Characters of a value that are shown."""

Say = Callable[[list[Piece]], None]


class Dispatch(Protocol):
    """An event on its way to the daemon; raises LinkError."""

    def __call__(self, event: str, payload: JsonObject) -> Awaitable[Outcome]:
        """Return what the plugins made of it."""
        ...


def count_words(text: str) -> JsonObject:
    """The tool: how many words and characters *text* has."""
    return {"words": len(text.split()), "characters": len(text)}


class Story:
    """The events of one session, in order. *say* gets a line for each."""

    def __init__(self, session: str, dispatch: Dispatch, say: Say) -> None:
        self._session = session
        self._dispatch = dispatch
        self._say = say
        self._began = time.monotonic()
        self._prompts = 0

    async def begin(self, project: str) -> None:
        """The session starts."""
        payload: JsonObject = {"project_dir": project, "model": "none", "provider": "console"}
        await self._send("SessionStart", payload)

    async def end(self) -> None:
        """The session ends."""
        await self._send("SessionShutdown", self._so_far(self._began))

    async def prompt(self, text: str) -> None:
        """One prompt, from what was typed to the end of the agent's turn. Raises LinkError."""
        began = time.monotonic()
        self._prompts += 1
        outcome = await self._send("UserPromptSubmit", {"content": text})
        if outcome.blocked:
            return
        text = _changed(outcome, "modified_prompt", text)
        messages: list[Json] = [{"role": "user", "content": text}]
        start = await self._send(
            "AgentStart",
            {"system_prompt": "Count the words of what is typed.", "tools": [TOOL]},
        )
        if not start.blocked:
            await self._send("TurnStart", {"turn_number": self._prompts, "messages": messages})
            await self._tool(text)
            elapsed = (time.monotonic() - began) * 1000
            await self._send(
                "TurnEnd", {"turn_number": self._prompts, "duration_ms": round(elapsed, 1)}
            )
        await self._send("AgentEnd", self._so_far(began))

    async def _tool(self, text: str) -> None:
        began = time.monotonic()
        wanted: JsonObject = {"text": text}
        outcome = await self._send("PreToolUse", {"tool_name": TOOL, "tool_input": wanted})
        if outcome.blocked:
            return
        changed = outcome.output.get("modified_input")
        taken: JsonObject = changed if isinstance(changed, dict) else wanted
        given = taken.get("text")
        if not isinstance(given, str):
            error = "text: not a text"
            self._say(own(f"{TOOL}: {error}", "fg:error"))
            await self._send(
                "PostToolUseFailure", {"tool_name": TOOL, "tool_input": taken, "error": error}
            )
            return
        result: Json = count_words(given)
        done = await self._send(
            "PostToolUse",
            {
                "tool_name": TOOL,
                "tool_input": taken,
                "tool_output": result,
                "duration_ms": round((time.monotonic() - began) * 1000, 3),
                "success": True,
            },
        )
        shown = done.output.get("modified_output", result)
        self._say([*own(f"{TOOL}: ", "bold"), *own(_told(shown))])

    def _so_far(self, began: float) -> JsonObject:
        return {
            "duration_seconds": round(time.monotonic() - began, 3),
            "message_count": self._prompts,
        }

    async def _send(self, event: str, payload: JsonObject) -> Outcome:
        outcome = await self._dispatch(event, {**payload, "session_id": self._session})
        self._say(outcome_line(event, outcome))
        return outcome


def outcome_line(event: str, outcome: Outcome) -> list[Piece]:
    """What plugins made of *event*, as one line."""
    line = [
        *own(f"{event} ", "fg:muted"),
        *own(_plain(outcome.action), "bold" if outcome.blocked else "fg:muted"),
    ]
    if outcome.blocked_by:
        line += own(f" by {_plain(outcome.blocked_by)}", "bold")
    if outcome.reason:
        line += own(f": {_plain(outcome.reason)}")
    names = sorted(outcome.output)
    if names:
        line += own(f" changed: {', '.join(_plain(name) for name in names)}", "fg:warning")
    failed = [result for result in outcome.results if result.error]
    for result in failed:
        line += own(f" ({_plain(result.plugin)}: {_plain(result.error)})", "fg:error")
    return line


def _changed(outcome: Outcome, name: str, value: str) -> str:
    changed = outcome.output.get(name)
    return changed if isinstance(changed, str) else value


def _plain(value: object) -> str:
    return clean(str(value)[:MAX_TOLD]).text


def _told(value: Json) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return _plain(value)

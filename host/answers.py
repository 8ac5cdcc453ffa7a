"""From a worker's words to an answer that the merge understands."""

from host.events import PluginEvent
from host.fanout import Answer
from host.merge import PluginAnswer
from host.outcome import Action, JsonObject, Status
from host.validate import validate_text
from host.worker_json import parse_told


def read_answer(event: PluginEvent, answer: Answer) -> PluginAnswer:
    """Turn a worker's words into an answer that the merge understands; judged again on this side."""
    route, status, text = answer.route, answer.status, answer.text
    action: Action = "continue"
    output: JsonObject = {}
    error: str | None = None
    if status is Status.ANSWERED and text:
        checked = validate_text(event, text)
        action, output, error, status = (
            checked.action,
            checked.output,
            checked.error,
            checked.status,
        )
    elif status is Status.FAILED:
        error = error_text(text)
    elif status is not Status.ANSWERED:
        error = text
    if error is not None:
        error = route.plugin.locate(error)
    return PluginAnswer(
        route.name, route.order, status, action, output, error, answer.elapsed_ms, route.rights
    )


def error_text(text: str) -> str:
    """Return the words in a worker's error JSON, or *text* itself when the host wrote it."""
    if not text.startswith("{"):
        return text
    raw = parse_told(text)
    if raw is None:
        return "the handler failed"
    parts = [raw.get("name"), raw.get("message")]
    told = ": ".join(part for part in parts if isinstance(part, str) and part)
    stack = raw.get("stack")
    return (
        f"{told}\n{stack}".rstrip() if isinstance(stack, str) else told or "the handler failed"
    )

"""What a plugin says for people: log lines and rejections that nobody handled."""

from typing import TYPE_CHECKING, Final

from host.audit import Kind
from host.outcome import Json
from ipc.limits import MAX_LOG_BYTES

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

LEVELS: Final = ("debug", "info", "warn", "error")


def log(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"level", "text"}``: one line of the plugin's log, cut at 8 KiB."""
    level, text = args.get("level"), args.get("text")
    if isinstance(text, str):
        known = level if isinstance(level, str) and level in LEVELS else "info"
        instance.plugin.log(known, instance.plugin.locate(text[:MAX_LOG_BYTES]))


def unhandled(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"text"}``: a rejection without a handler; an author's mistake that must not vanish."""
    text = args.get("text")
    if isinstance(text, str):
        where = instance.plugin.locate(text[:MAX_LOG_BYTES])
        instance.plugin.log("error", f"unhandled rejection: {where}")
        instance.note(Kind.UNHANDLED, "E_UNHANDLED", where)

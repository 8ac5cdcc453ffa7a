"""What a plugin says for people: log lines and rejections that nobody handled."""

from typing import TYPE_CHECKING, Final

from host.audit import Kind
from host.outcome import Json
from host.reactor import now_s
from ipc.limits import MAX_LOG_BYTES

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

LEVELS: Final = ("debug", "info", "warn", "error")


_WEIGHT_BYTES: Final = 1024
"""A line counts as one, and as one more for each so many characters."""


def _may_log(instance: "Instance", text: str) -> bool:
    """Whether one more line is within the plugin's rate; what is dropped is said when lines pass again."""
    rate = instance.log_rate
    if not rate.take(now_s(), 1 + len(text) // _WEIGHT_BYTES):
        if not instance.was_loud:
            instance.was_loud = True  # once: the audit is not to be filled with it either
            per_s = instance.plugin.limits.logs_per_s
            instance.note(
                Kind.REFUSED, "E_LOG_RATE", f"it logs more than {per_s} lines a second"
            )
        return False
    if rate.refused and rate.has_rested:
        instance.plugin.log("warn", f"{rate.forgive()} lines were dropped: too many a second")
    return True


def log(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"level", "text"}``: one line of the plugin's log, cut at 8 KiB."""
    level, text = args.get("level"), args.get("text")
    if isinstance(text, str) and _may_log(instance, text):
        known = level if isinstance(level, str) and level in LEVELS else "info"
        instance.plugin.log(known, instance.plugin.locate(text, MAX_LOG_BYTES))


def unhandled(instance: "Instance", _: "Call | None", args: dict[str, Json]) -> None:
    """``{"text"}``: a rejection without a handler; an author's mistake that must not vanish."""
    text = args.get("text")
    if isinstance(text, str) and _may_log(instance, text):
        where = instance.plugin.locate(text, MAX_LOG_BYTES)
        instance.plugin.log("error", f"unhandled rejection: {where}")
        instance.note(Kind.UNHANDLED, "E_UNHANDLED", where)

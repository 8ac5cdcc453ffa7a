"""The daemon's log: lines for people, or one JSON object a line."""

import json
import logging
import traceback
from datetime import UTC, datetime

from host.audit import printable


class JsonLines(logging.Formatter):
    """``{"time", "level", "message"}`` and, of a mistake of ours, ``"trace"``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["trace"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(told)


class TextLines(logging.Formatter):
    """The same for people: one line each, whatever a plugin put into it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and those of a trace."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        lines = [f"{time} {record.levelname} {printable(record.getMessage())}"]
        if record.exc_info and record.exc_info[1] is not None:
            trace = "".join(traceback.format_exception(record.exc_info[1])).splitlines()
            lines += [f"  {printable(line)}" for line in trace]
        return "\n".join(lines)


def log_to_stderr(level: str, *, as_json: bool) -> None:
    """Write what the daemon and its plugins log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else TextLines())
    logger = logging.getLogger("jcode_plugins")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False

"""What can go wrong between a program and the daemon, named for whoever has to act."""


class JcodePluginsError(Exception):
    """Base of everything that this package raises on purpose. ``code`` is stable."""

    code = "E_CLIENT"


class PlaceError(JcodePluginsError):
    """The socket, or the directory that it is in, is not this user's own. Nothing was sent."""

    code = "E_PLACE"


class NotRunningError(JcodePluginsError):
    """No daemon listens. Nothing was sent."""

    code = "E_NOT_RUNNING"


class StartError(NotRunningError):
    """A daemon was to be started and did not come up; the text holds what it said."""

    code = "E_START"


class ConnectionLostError(JcodePluginsError):
    """The daemon went away before it answered. What was asked for may have been done."""

    code = "E_LOST"


class DeadlineError(JcodePluginsError):
    """No answer, or no connection, within the time that the caller gave. What was asked for may still be done."""

    code = "E_DEADLINE"


class AnswerError(JcodePluginsError):
    """The daemon's answer is a refusal or an error; ``code`` is the daemon's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ProtocolError(AnswerError):
    """One side does not understand the other: an unknown method, a line that is none, another version."""


class FullError(AnswerError):
    """The daemon serves as many as it may. Nothing was done; try again later."""


class InputError(AnswerError):
    """An argument cannot be used: an unknown event, a payload that is no object."""


class ConfigError(AnswerError):
    """The configuration of this project cannot be read; the text names file and line."""


class LoadError(AnswerError):
    """A plugin did not load, and the configuration says that nothing may run without it."""


class ToolError(AnswerError):
    """A tool call that could not be made: no such tool, or input that its schema refuses."""


OF_TYPE = {
    "protocol": ProtocolError,
    "full": FullError,
    "input": InputError,
    "config": ConfigError,
    "load": LoadError,
    "tool": ToolError,
}
"""What the ``type`` of an error answer is raised as; any other is an :class:`AnswerError`."""


def error_of(answer: object) -> JcodePluginsError:
    """Return the exception for the ``error`` of an answer."""
    told = answer if isinstance(answer, dict) else {}
    code, message = str(told.get("code", "E_ANSWER")), str(told.get("message", "an error"))
    kind = str(told.get("type", ""))
    if kind == "deadline":
        return DeadlineError(message)
    if kind == "lost":
        return ConnectionLostError(message)
    return OF_TYPE.get(kind, AnswerError)(code, message)

"""Errors of the host, named for whoever has to act on them."""


class HostError(Exception):
    """Base of everything this package raises on purpose."""


class InputError(HostError):
    """The caller's argument cannot be used: an unknown event, a payload that is not JSON."""


class ConfigError(HostError):
    """A configuration that cannot be read. Nothing runs on it; the message names file and line."""


class PluginLoadError(HostError):
    """A plugin did not load. The author acts.

    ``code`` is stable (``E_SYNTAX``, ``E_RESOLVE``, ``E_LOAD``, ``E_TIMEOUT`` ...); position fields are
    one-based and present when they are known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        source_line: str | None = None,
        stack: str | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        self.source_line = source_line
        self.stack = stack
        where = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{where}: {message}" if where else message)


class InstallError(HostError):
    """A plugin could not be fetched, kept, updated or removed; what was there before is as it was.

    ``code`` is stable: ``E_SPEC``, ``E_NO_REGISTRY``, ``E_NOT_FOUND``, ``E_AUTH``, ``E_NETWORK``, ``E_REGISTRY`` (an answer
    that makes no sense), ``E_DEPENDENCY``, ``E_ARCHIVE``, ``E_INTEGRITY``, ``E_SIGNATURE``, ``E_STATE``, ``E_BUSY``,
    ``E_DUPLICATE``, ...
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TrustError(HostError):
    """What lies in a project is not to run: nobody trusts it, or not as it is now. The message says what to do.

    ``is_new``: nobody was asked yet.
    """

    def __init__(self, message: str, *, is_new: bool = False) -> None:
        super().__init__(message)
        self.is_new = is_new


class PluginDisabledError(PluginLoadError):
    """A kill switch keeps a plugin, or all of them, from running. The operator acts.

    ``switch`` names it: a variable, or the ``path:line`` of a configuration.
    """

    def __init__(self, switch: str, message: str) -> None:
        self.switch = switch
        super().__init__("E_SWITCH", message)


class ToolError(HostError):
    """A tool call that could not be made: no such tool, or input its schema refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SessionError(HostError):
    """What a session provider raises to refuse something: the plugin reads the text, with the code E_SESSION."""


class OffError(HostError):
    """The file of what a person switched off cannot be used, so that all is off: ``why``."""

    def __init__(self, path: object, why: str) -> None:
        self.why = why
        super().__init__(f"{path} {why}; until it is mended or moved away, all plugins are off")


class OrdersError(HostError):
    """Hosts that run could not be told something, or cannot see what they are told. The message says why."""


class ApprovalsError(HostError):
    """The file of remembered answers cannot be used. The message says which, why and what to do."""


class IsolationError(HostError):
    """This machine cannot give the isolation that was asked for; nothing was started."""


class HostClosedError(HostError):
    """The host was closed, or belongs to another process (it was used after a fork)."""


class AuditError(HostError):
    """The audit cannot be kept on disk. The message names the file and what to do."""

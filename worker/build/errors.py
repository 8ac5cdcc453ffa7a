"""Why a build failed, for the author of the plugin."""

from typing import Final

E_SYNTAX: Final = "E_SYNTAX"
"""A file is not valid in its language."""
E_RESOLVE: Final = "E_RESOLVE"
"""A relative import names no file beneath the plugin's root."""
E_ESCAPE: Final = "E_ESCAPE"
"""A specifier points outside the plugin's root."""
E_TOO_LARGE: Final = "E_TOO_LARGE"
"""A cap on files, bytes or nesting was passed."""
E_UNSUPPORTED: Final = "E_UNSUPPORTED"
"""Valid, but this build step cannot carry it over."""


class BuildError(Exception):
    """The plugin cannot be built. The author acts; the host shows it.

    Args:
        code: one of the stable codes above.
        message: what is wrong, without a position.
        path: file, relative to the plugin's root, or None.
        line, column: 1-based, or None when the parser named no place. Columns count characters.
        source_line: the text of that line, at most 200 characters.
    """

    def __init__(
        self,
        code: str,
        message: str,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        source_line: str | None = None,
    ) -> None:
        super().__init__(code, message, path, line, column, source_line)
        self.code = code
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        self.source_line = None if source_line is None else source_line[:200]

    def __str__(self) -> str:
        place = ":".join(
            str(part) for part in (self.path, self.line, self.column) if part is not None
        )
        return f"{place}: {self.message}" if place else self.message

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the error as plain data, ready for a frame."""
        return {
            "code": self.code,
            "message": self.message,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "source_line": self.source_line,
        }

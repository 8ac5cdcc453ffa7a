"""One file to modern JavaScript. The only module that knows which compiler is used.

Rejected: its `bundle`, which loses `import.meta`, JSON imports and live bindings.
"""

import re
from typing import TYPE_CHECKING, Final

import jsmeld
from jsmeld import PyJSMeldError  # type: ignore[attr-defined]  # the stub has it by another name

if TYPE_CHECKING:
    from jsmeld import JSMeldOptions  # exists in the stub only

_OPTIONS: "JSMeldOptions" = {
    "target": "es2022"
}  # the compiler's default target injects helper imports


class CompileError(Exception):
    """The compiler refused the file. The text names no position; syntax.py finds one."""

    @property
    def is_only_strictness(self) -> bool:
        """Every complaint is about the rules of modules; as a sloppy script the file may be fine."""
        return all(_STRICTNESS.search(complaint) for complaint in str(self).split("; "))


_STRICTNESS: Final = re.compile(r"strict mode|Return statement is not allowed")


def compile_file(local: str) -> str:
    """Return the JavaScript for the file at *local*; types, JSX and enums are gone.

    The ending of *local* decides the language: `.ts` TypeScript, `.tsx` TypeScript with JSX,
    anything else plain JavaScript. Newer endings are not known to the compiler, so a copy of
    a `.mts` or `.cts` file must end in `.ts`, and of a `.jsx` file in `.tsx`.

    Raises:
        CompileError: the file is not valid.
    """
    try:
        return str(jsmeld.compile(local, _OPTIONS))
    except PyJSMeldError as error:
        text = str(error)
        for prefix in ("Compilation error: ", "SWC error: "):
            text = text.removeprefix(prefix)
        # the text may quote the snapshot's path, which is not the author's business
        raise CompileError(text.replace(local, "the file")[:500]) from None

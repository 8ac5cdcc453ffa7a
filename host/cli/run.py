"""From words to an exit code: whatever goes wrong ends here, as one line and one number.

The libraries beneath answer a usage error with 2, which means "blocked" to whoever called us; the interpreter answers
output that could not be written with 120. Neither may pass.
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

ERROR = 1
BLOCKED = 2
DISABLED = 3
INTERRUPTED = 130  # as every shell has it


def run(words: list[str]) -> int:
    """Run the command that *words* name. Never raises."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows fewer characters gets escapes instead of an exception.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a replaced stream may lack it
    try:
        code = _invoke(words)
        sys.stdout.flush()  # here, where a full disk or a closed pipe still has an exit code of ours
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()
        code = ERROR  # the reader left: nothing more to tell it
    except Exception as error:  # noqa: BLE001 - the end of the line: told, and an exit code
        code = _code_of(error)
        with suppress(OSError):
            _report(error, as_json=_wants_json(words))
    with suppress(OSError):
        sys.stderr.flush()
    return code


def _invoke(words: list[str]) -> int:
    if words == ["--version"]:  # without the 100 ms that the rest takes to import
        sys.stdout.write(f"jcode-plugin {version()}\n")
        return 0
    from host.cli.app import app

    # Not standalone: it returns what a command returned and raises what it would have printed.
    code: object = app(words, prog_name="jcode-plugin", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _report(error: Exception, *, as_json: bool) -> None:
    from host.audit import printable
    from host.cli.failures import describe

    if os.environ.get("JCODE_PLUGIN_LOG", "").lower() == "debug":
        sys.stderr.write("".join(f"{printable(line)}\n" for line in _trace(error)))
    if type(error).__name__ == "Abort":  # how older releases of the library say Ctrl-C
        raise KeyboardInterrupt
    failure = describe(error)
    word = {DISABLED: "disabled", BLOCKED: "blocked"}.get(_code_of(error), "error")
    sys.stderr.write(f"{word}: {failure.line}\n")
    sys.stderr.writelines(f"{line}\n" for line in failure.details)
    try:
        if as_json:
            sys.stdout.write(json.dumps(failure.to_json()) + "\n")
        sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _code_of(error: Exception) -> int:
    from host.cli.failures import Refusal
    from host.errors import PluginDisabledError

    if isinstance(error, PluginDisabledError):
        return DISABLED
    return BLOCKED if isinstance(error, Refusal) else ERROR


def _trace(error: Exception) -> list[str]:
    return "".join(traceback.format_exception(error)).rstrip().split("\n")


def _wants_json(words: list[str]) -> bool:
    end = words.index("--") if "--" in words else len(words)
    return "--json" in words[:end]


def _drop_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own last flush cannot fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def version() -> str:
    """Return this package's version: of the checkout, or as installed."""
    project = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text())["project"]["version"])
    try:
        return installed_version("jcode-plugins")
    except PackageNotFoundError:
        return "unknown"

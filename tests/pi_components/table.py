"""Cases that are run twice: with pi's own package under Node, and with the worker's components.

A file of ``cases/`` defines ``cases``: name -> function of the helpers of ``runner.js`` and of ``pi``, the package. What
it gives is compared: lines with their styles, texts, and what callbacks were told. Where the worker differs on purpose
:data:`DIFFERENCES` says why; every other case must give the same.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
NAMES: Final = sorted(path.stem for path in (HERE / "cases").glob("*.js"))
_IMPORT: Final = 'import * as pi from "@mariozechner/pi-tui";\n'
_PLUGIN: Final = """
export default (host) => {
  host.on("UserPromptSubmit", async (event) => {
    if (event.content === "") return { modified_prompt: JSON.stringify(Object.keys(cases)) };
    const chosen = Object.fromEntries(JSON.parse(event.content).map((name) => [name, cases[name]]));
    return { modified_prompt: JSON.stringify(await runCases(chosen, pi)) };
  });
};
"""
_NODE: Final = (
    "process.stdout.write(JSON.stringify(await runCases(cases, pi)), () => process.exit(0));"
)
_WITHIN_S: Final = 120

_NO_SPACE: Final = (
    "a wrapped line does not begin with the space at which it was broken, coloured or not"
)
_TABS: Final = "a tab becomes spaces where a text is cut or wrapped: a view has none, and its width is told"
_ALL_KEYS: Final = "keys that pi has no name for are named, and match, as any other"
_NO_SHIFT: Final = (
    "a symbol that takes Shift to type is found by its own name, whatever terminal sends it"
)
_TYPED: Final = (
    "what has no character types none: not Delete, not a key of the keypad without one"
)

DIFFERENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "editor": {},
    "input": {},
    "lists": {},
    "markdown": dict.fromkeys(
        (
            "headings with styles, in a style",
            "styles, in a style",
            "styles in styles, padded",
            "styles over lines",
            "links",
            "links with styles",
            "links with styles, in a style",
            "a long quote",
            "a table",
            "a table, in a style",
            "a table and text",
            "a table and text, in a style",
        ),
        _NO_SPACE,
    )
    | dict.fromkeys(
        (f"tasks{way}" for way in ("", ", padded", ", in a style")),
        "a task of a list shows whether it is done",
    )
    | {
        "a list as an item": "an item that is a list has its own bullet, too",
        "nested lists of any colour": "each level is two columns further in: pi knows its nested lists by a cyan bullet, and moves others twice",
    },
    "keys": {
        "their names: letters": _ALL_KEYS,
        "their names: controls": _ALL_KEYS,
        "what they match: alt and a letter": _ALL_KEYS,
        "their names: alt and a letter": _ALL_KEYS,
        "their names: sequences": _ALL_KEYS,
        "what they match: kitty": _NO_SHIFT,
        "their names: kitty": _ALL_KEYS,
        "what they type: kitty": _TYPED,
        "what they do: kitty": _NO_SHIFT,
        "what they match: kitty, other layouts": _NO_SHIFT,
        "what they type: keypad": _TYPED,
        "what they match: modifyOtherKeys": _ALL_KEYS,
        "their names: modifyOtherKeys": _ALL_KEYS,
        "what they do: modifyOtherKeys": _NO_SHIFT,
        "what they match: no keys": "Alt and a symbol is a key",
        "their names: no keys": "Alt and a symbol is a key",
    },
    "others": {
        "an image that cannot be read": "a size that is not known is not told",
        "an overlay cuts wide characters": "a half is a space; pi shows the whole one, and moves what comes after it",
    },
    "text": {
        "wrap: tabs": _TABS,
        "cut: tabs": _TABS,
        "TruncatedText: tabs": _TABS,
        "wrap: more colours": _NO_SPACE,
        "Text: more colours": _NO_SPACE,
        "Box: more colours": _NO_SPACE,
        "wrap: underline": _NO_SPACE,
        "Text: underline": _NO_SPACE,
    },
}
"""File -> case -> why the worker gives something else than pi."""


def _source(name: str) -> str:
    return (
        _IMPORT + (HERE / "runner.js").read_text() + (HERE / "cases" / f"{name}.js").read_text()
    )


def plugin(name: str) -> str:
    """A plugin that runs the cases whose names come, as JSON, in a prompt; for an empty one it gives their names."""
    return _source(name) + _PLUGIN


def given_by_node(name: str, installed: Path) -> dict[str, object]:
    """Case -> what pi's own package, in *installed*, gives."""
    script = installed / f"{name}.mjs"
    script.write_text(_source(name) + _NODE)
    done = subprocess.run(
        ["node", script.name],
        cwd=installed,
        capture_output=True,
        check=False,
        timeout=_WITHIN_S,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr.decode()
    given: dict[str, object] = json.loads(done.stdout)
    return given

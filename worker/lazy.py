"""Parts of the runtime that most plugins never touch, kept as text until one does.

Promises    :data:`NAMES` lists them in the zygote; a worker reads no file. Evaluating all of them in every worker would
            cost tens of milliseconds and megabytes; their text is shared by all workers' memory.
Elsewhere   Who evaluates them: ``worker/js/47_lazy.js``. Where the vendored ones come from: ``worker/vendor``.
"""

import os
from typing import Final

from ipc.ui import THEME_COLORS

_WORKER: Final = os.path.dirname(os.path.abspath(__file__))
_FOLDERS: Final = (("", ("js", "lazy")), ("vendor/", ("vendor", "dist")))


def read_lazy() -> dict[str, str]:
    """Return name -> source: ``web/url`` is ``js/lazy/web/url.js``, ``vendor/url`` is ``vendor/dist/url.js``.

    ``pi/theme_colors`` is not a file: the names are the host's, too.
    """
    names = ",".join(f'"{name}"' for name in THEME_COLORS)
    found = {"pi/theme_colors": f"module.exports = [{names}];"}
    for prefix, parts in _FOLDERS:
        root = os.path.join(_WORKER, *parts)
        for folder, _, files in os.walk(root):
            inner = os.path.relpath(folder, root)
            for file in sorted(files):
                name, ending = os.path.splitext(file)
                if ending == ".js":
                    key = name if inner == "." else f"{inner}/{name}"
                    with open(os.path.join(folder, file), encoding="utf-8") as text:
                        found[prefix + key] = text.read()
    return found

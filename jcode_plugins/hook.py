"""What an agent starts for each of its events: `python -I -S .../hook.py AGENT [--fail-closed] [--socket PATH]`.

Only finds its package. It is compiled anew each time, so the rest is elsewhere. Where there must be no decision when this
file is missing, it is read by `-c`: for a file that is not there Python ends with 2, which agents take for a block.
"""

import sys

_words = sys.argv[1:] if sys.argv[0] != "-c" else sys.argv[2:]
_file = sys.argv[0] if sys.argv[0] != "-c" else sys.argv[1]
try:
    # Last: nothing that lies beside the package takes the place of the standard library.
    sys.path.append(_file.rpartition("/")[0].rpartition("/")[0] or "/")
    from jcode_plugins.hooking import main

    main(_words)
except Exception as _error:  # noqa: BLE001 - a failure of any kind must not look like a decision
    sys.stderr.write(
        f"jcode-plugins: {type(_error).__name__}: {_error}; install jcode-plugins again\n"
    )
    sys.exit(2 if "--fail-closed" in _words else 1)

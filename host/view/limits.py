"""How much one plugin may show and ask. Sizes are in bytes of JSON, times in seconds.

Promises    What is shown of a plugin stays within these, whatever its worker sends: they are counted on the host.
Elsewhere   Sizes of a line: ``text.py``. How long dialogs may take in all: ``[plugin.ui] dialog_secs``.
"""

from typing import Final

MAX_ENTRIES: Final = 64
"""Entries of one area that one instance may have."""
MAX_KEY_CHARS: Final = 100
"""Of an entry's key, and of the id of a slot."""
MAX_ITEM_ID_CHARS: Final = 200
MAX_ITEMS: Final = 1_000
"""Items of a list, options of a dialog."""
MAX_LINES: Final = 200
MAX_NODES: Final = 200
MAX_DEPTH: Final = 4
MAX_STATUS_ITEMS: Final = 64
MAX_WORKING_FRAMES: Final = 64
MAX_EDITOR_CHARS: Final = 64 * 1024

MAX_VALUE_BYTES: Final = 64 * 1024
"""Of one entry, as it was sent and as it is shown."""
MAX_DIALOG_BYTES: Final = 256 * 1024
"""The same of a dialog: its options are many."""
MAX_PLUGIN_BYTES: Final = 1024 * 1024
"""Of all entries of one plugin, and once more of those that wait for their turn."""
MAX_OPS: Final = 1_024
"""Entries that one ``ui.set`` may name, and that may wait for their turn."""

UPDATES_PER_S: Final = 20.0
"""Entries of one plugin that are applied; a burst may be twice as many. What comes faster waits, the newest of each."""
CHARS_PER_UPDATE: Final = 8 * 1024
"""Of a text so long one more update is counted: cleaning it takes the host's time."""
MAX_TOLD_CHARS: Final = 500
"""Of a description or a notice as it was sent: it is one line, and there may be many."""
DESCRIPTIONS_PER_S: Final = 20.0
"""Of commands and keys of one plugin that are more than plain characters; a burst may be twice as many."""
NOTICES_PER_S: Final = 5.0
MAX_NOTICES: Final = 50
DIFF_INTERVAL_S: Final = 1 / 30
"""Between two diffs that listeners are given."""
UI_INTERVAL_S: Final = 0.1
"""Between two states of the interface that workers are told."""

DIALOGS_PER_S: Final = 5.0
"""Of one plugin, however they end; a burst may be twice as many, and a large one counts as several."""
MAX_DIALOGS: Final = 4
"""Dialogs of one instance: one that is shown, the others wait for it."""
MAX_ANSWER_CHARS: Final = 256 * 1024
DISMISSALS: Final = 3
DISMISSED_WITHIN_S: Final = 10.0
REFUSED_FOR_S: Final = 30.0
"""After a person dismissed so many dialogs in a row, so fast, they are asked nothing for a while."""
DETACHED_S: Final = 5.0
"""How long open dialogs wait for an interface to come back."""

MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 1_000
"""Of an interface that attaches."""
MAX_ATTACHMENTS: Final = 64

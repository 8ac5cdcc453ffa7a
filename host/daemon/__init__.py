"""The resident host: one process that holds the plugins of many projects, and answers over a Unix socket.

Shape       ``serving.py`` starts and ends it; ``listening.py`` has the socket; ``connection.py`` makes lines of bytes
            and ``wire.py`` requests of lines; ``methods.py`` is the table of what can be asked; ``projects.py`` holds a
            workspace for each client's surroundings; ``questions.py`` keeps what waits for a person.
Who looks   ``views.py`` answers for what plugins show, ``viewing.py`` goes on telling it; ``overview.py``, ``records.py``,
            ``plugin_logs.py`` and ``permissions.py`` say what there is, what happened, what was logged, and what a plugin may do.
Who may     ``persons.py``: what a client started speaks for nobody; ``switches.py`` and ``modes.py`` hold to it.
Elsewhere   The protocol: ``docs/protocol.md``. The client: ``jcode_plugins``.
"""

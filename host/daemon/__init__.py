"""The resident host: one process that holds the plugins of many projects, and answers over a Unix socket.

Shape       ``serving.py`` starts and ends it; ``listening.py`` has the socket; ``connection.py`` makes lines of bytes
            and ``wire.py`` requests of lines; ``methods.py`` is the table of what can be asked; ``projects.py`` holds a
            workspace for each client's surroundings; ``questions.py`` keeps what waits for a person.
Elsewhere   The protocol: ``docs/protocol.md``. The client: ``jcode_plugins``.
"""

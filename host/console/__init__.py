"""The operator's console: ``jcode-plugin tui``. The one place that knows Textual; a client of the daemon like any other.

Promises    Nothing that it shows can be said by a plugin in the console's own voice: rows 0 and last, approvals and the
            two-word mark are drawn from what the daemon says alone, cleaned, never as markup. Whatever fails is one line.
Shape       ``app.py`` is the application, ``link.py`` its connections; ``panes`` are the operator's, a module each; ``stage`` draws what
            plugins show, which ``mirror.py`` keeps as the daemon told it and ``paint.py`` makes into cells.
Relies on   ``jcode_plugins``, a connection at a time for each stream; no module of the host's but values.
"""

"""What plugins show and ask, as plain data: judged, cleaned and bounded, without a terminal in it.

Shape       ``model.py`` is the map and its versions. Into it write ``presence.py`` for one worker, by ``shapes.py``, ``text.py`` and
            ``limits.py``, ``dialogs.py`` for what is asked, and ``listed.py`` for the host. ``attachments.py`` are the interfaces,
            ``pressing.py`` a person's keys on their way to ``bindings.py`` and components.
Elsewhere   The hostcalls: ``host/hostcalls/ui.py``. For those who draw: ``docs/ui.md``.
"""

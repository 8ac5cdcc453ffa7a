"""What a session's new instance is told when the plugin was reloaded in the middle of that session.

pi starts an extension that was reloaded with ``session_start`` and the reason ``reload``, and extensions set up there what
they need. A plugin of our own format is told nothing: its SessionStart is the agent's word that a session began.
"""

from typing import TYPE_CHECKING

from host.answers import read_answer
from host.encode import encode_payload
from host.events import PluginEvent
from host.fanout import Answer, FanOut
from host.forwarding import news_of
from host.merge import merge
from host.outcome import JsonObject
from host.reactor import now_s
from host.refusals import report

if TYPE_CHECKING:
    from host.instance import Instance

_EVENT = PluginEvent.SESSION_START


def tell_of_reload(instance: "Instance") -> None:
    """Have *instance*, which goes on with a session of an older version, hear of it before anything else."""
    plugin, session_id = instance.plugin, instance.key or ""
    workspace = plugin.workspace
    snapshot = workspace.snapshot
    route = next((one for one in snapshot.routes[_EVENT] if one.plugin is plugin), None)
    hears = any(half is plugin for half in snapshot.listeners[_EVENT])
    if not (route or hears) or not plugin.registry.speaks_pi:
        return
    # What model the session has was told to the older version; here it is not known and not made up.
    payload: JsonObject = {
        "session_id": session_id,
        "project_dir": str(workspace.project_dir),
        "reason": "reload",
    }
    if route is None:
        instance.hear(news_of(_EVENT, payload))
        return
    began = now_s()

    def on_all(answers: list[Answer | None], all_plain: bool) -> None:
        if not all_plain:  # it failed, or took too long: as with any event, the audit has it
            merged = merge(
                _EVENT,
                payload,
                [read_answer(_EVENT, answer) for answer in answers if answer],
                fail_closed=False,
                generation=snapshot.generation,
                elapsed_ms=(now_s() - began) * 1000,
            )
            report(workspace, _EVENT, merged)

    FanOut(
        plugin.runtime.deadlines,
        plugin.runtime.ids.next(),
        _EVENT,
        (route,),
        encode_payload(_EVENT, payload),
        session_id,
        on_all,
    )

"""Whatever a TUI half does, an event has the outcome that it has without one.

Real workers: two projects with the same server half, one of them with a TUI half beside it that an interface runs. What
server half and TUI half make of an event is drawn at random and told to them in its payload.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host import BlockingPluginHost, Config, Outcome, Timeouts
from host.outcome import Json, JsonObject

EVENTS: Final = (
    "PreToolUse",
    "PostToolUse",
    "PermissionRequest",
    "UserPromptSubmit",
    "TurnEnd",
    "PreCompact",
)

SOURCE: Final = """
export default (pi) => {
  const does = {
    nothing: () => undefined,
    block: () => ({ block: "no" }),
    deny: () => ({ action: "deny", output: { message: "no" } }),
    allow: () => ({ decision: "allow" }),
    rewrite: (e) => ({ modified_input: { ...e.tool_input, by: pi.part }, modified_prompt: pi.part }),
    change: (e, output) => { e.tool_input = null; output.block = "written"; },
    fail: () => { throw new Error("planned"); },
    nonsense: () => 42,
    late: async () => { await pi.sleep(5); return { block: "late" }; },
    pollute: () => { Object.prototype.block = "polluted"; return {}; },
    spin: () => { for (const end = Date.now() + 100; Date.now() < end;); return { block: "spun" }; },
  };
  const run = (e, output) => does[JSON.parse(e.session_id)[pi.part]](e, output);
  for (const name of EVENTS) pi.on(name, run);
};
"""
CALM: Final = (
    "nothing",
    "block",
    "deny",
    "allow",
    "rewrite",
    "change",
    "fail",
    "nonsense",
    "late",
)
PLANS: Final = st.fixed_dictionaries(
    {"server": st.sampled_from(CALM), "tui": st.sampled_from((*CALM, "pollute", "spin"))}
)
NUMBER: Final = itertools.count()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[BlockingPluginHost]]:
    """One whose plugin has a server half alone, and one where it has both."""
    folder = tmp_path_factory.mktemp("halves")
    source = SOURCE.replace("EVENTS", json.dumps(EVENTS))
    config = Config(timeouts=Timeouts(max_busy_ms=60_000))
    made = []
    for kind in ("server", "both"):
        path = folder / kind / "two.js"
        path.parent.mkdir()
        path.write_text(f'export const manifest = {{ name: "two", kind: "{kind}" }};\n{source}')
        host = BlockingPluginHost(config, project_dir=path.parent, home=folder / f"home-{kind}")
        host.__enter__()
        made.append(host)
        host.workspace.halves.is_shown = True
        host.load(Path(path))
    half = made[1].workspace.halves.of("two")
    assert half is not None
    while half.state != "active":
        made[1].dispatch("Stop", {"session_id": "s"})  # any call lets time pass
    yield made
    for host in made:
        host.close()


def judged(outcome: Outcome) -> JsonObject:
    """What an agent acts on, and what is told of each plugin; not when it was."""
    results: list[Json] = [
        [one.plugin, one.status.value, one.action, one.output, one.error]
        for one in outcome.results
    ]
    return {
        "action": outcome.action,
        "output": outcome.output,
        "blocked_by": outcome.blocked_by,
        "reason": outcome.reason,
        "conflicts": len(outcome.conflicts),
        "results": results,
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event=st.sampled_from(EVENTS), plan=PLANS, command=st.text(max_size=20))
def test_an_outcome_is_the_same_with_a_tui_half(
    hosts: list[BlockingPluginHost], event: str, plan: dict[str, str], command: str
) -> None:
    """Verdict, output and the results of plugins; the half is running and hears of the event in one of the two."""
    payload: JsonObject = {
        "session_id": json.dumps({**plan, "n": next(NUMBER)}),
        "tool_name": "bash",
        "tool_input": {"command": command},
        "content": command,
        "action": "read",
    }
    alone, both = (judged(host.dispatch(event, payload)) for host in hosts)

    assert both == alone
    half = hosts[1].workspace.halves.of("two")
    assert half is not None
    assert half.state == "active"
    assert hosts[1].has_handler(event)

"""A guard and a rewriter together: whatever the order, the timing and the failures, nothing runs that a guard would block.

Real workers. What each plugin does in one event is drawn at random and told to it in the session id, which nobody
rewrites; the expectation is computed here from the same plan and from what would run.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host import BlockingPluginHost, Config, Outcome, Status, Timeouts
from host.outcome import Json, JsonObject

DEADLINE_MS: Final = 250
NAMES: Final = ("p0", "p1", "p2", "p3")

SOURCE: Final = """
export default (pi) => {
  const looks = new Map();
  const isBad = (input) => JSON.stringify(input).includes("MARK") || input.flag === true;
  const rewrite = {
    add: (input) => ({ ...input, command: `${input.command} MARK` }),
    remove: (input) => ({ ...input, command: input.command.split(" MARK").join("") }),
    append: (input) => ({ ...input, command: `${input.command} ok` }),
    hide: (input) => ({ ...input, extra: { deep: ["MARK"] } }),
    flag: (input) => ({ ...input, flag: true }),
    unflag: (input) => ({ ...input, flag: 1 }),
    replace: () => ({ command: "MARK" }),
    same: (input) => ({ ...input }),
  };
  pi.on("PreToolUse", async (event, output) => {
    const plan = JSON.parse(event.session_id)[pi.name];
    if (!plan) return;
    const look = looks.get(event.session_id) ?? 0;
    looks.set(event.session_id, look + 1);
    if (plan.delay_ms) await pi.sleep(plan.delay_ms);
    if (plan.guards && isBad(event.tool_input) && !(plan.fails && plan.fails_at === look)) return { block: "marked" };
    const changed = plan.rewrites ? rewrite[plan.rewrites](event.tool_input) : undefined;
    if (changed) output.modified_input = changed;
    if (plan.fails && plan.fails_at === look) {
      if (plan.fails === "throw") throw new Error("planned");
      if (plan.fails === "nonsense") return 42;
      if (plan.fails === "spin") while (true);
      return new Promise(() => {});
    }
    return changed ? { modified_input: changed } : undefined;
  });
  if (pi.name === "p0") {
    let ran = [];
    pi.registerTool({ name: "probe", description: "says what it was given", tier: "read", handler: (params) => {
      ran.push(params);
      return { output: params };
    } });
    pi.registerCommand("ran", { handler: () => { const all = ran; ran = []; return { output: all }; } });
  }
};
"""


@dataclass(frozen=True)
class Plan:
    """What one plugin does with one event."""

    guards: bool = False
    rewrites: str | None = None
    delay_ms: int = 0
    fails: Literal["throw", "nonsense", "wait", "spin"] | None = None
    fails_at: int = 0


REWRITES: Final = ("add", "remove", "append", "hide", "flag", "unflag", "replace", "same")
PLANS: Final = st.builds(
    Plan,
    guards=st.booleans(),
    rewrites=st.one_of(st.none(), st.sampled_from(REWRITES)),
    delay_ms=st.sampled_from([0, 0, 0, 0, 1, 10, DEADLINE_MS - 20, DEADLINE_MS + 20]),
    fails=st.sampled_from([None, None, None, "throw", "nonsense", "wait"]),
    fails_at=st.integers(0, 1),
)
EVENTS: Final = st.fixed_dictionaries(dict.fromkeys(NAMES, PLANS))
INPUTS: Final = st.sampled_from(
    [
        {"command": "ls", "flag": 1},
        {"command": "ls MARK", "flag": 1},
        {"command": "ls", "flag": True},
    ]
)
NONCE: Final = itertools.count()

EAGER: Final = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def is_bad(value: Json) -> bool:
    """What every guard blocks, computed on this side."""
    return "MARK" in json.dumps(value) or (
        isinstance(value, dict) and value.get("flag") is True
    )


@pytest.fixture(scope="module", params=["parallel", "chain"])
def dispatch(request: pytest.FixtureRequest) -> str:
    """Both ways to ask several plugins."""
    return str(request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["fail_open", "fail_closed"])
def host(
    request: pytest.FixtureRequest, dispatch: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BlockingPluginHost]:
    """Four workers of one source for all examples of a configuration."""
    folder = tmp_path_factory.mktemp("second-look")
    config = Config.model_validate(
        {
            "dispatch": dispatch,
            "fail_closed": request.param,
            "timeouts": Timeouts(actionable_ms=DEADLINE_MS, max_busy_ms=2000),
        }
    )
    (folder / "p.js").write_text(SOURCE)
    with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as made:
        for name in NAMES:
            made.load(folder / "p.js", name=name)
        yield made


def session(plans: dict[str, Plan]) -> str:
    """A session id that tells every plugin its plan."""
    return json.dumps({"n": next(NONCE)} | {name: asdict(plan) for name, plan in plans.items()})


def send(host: BlockingPluginHost, given: JsonObject, plans: dict[str, Plan]) -> Outcome:
    """One PreToolUse in which the plugins do as planned."""
    payload: JsonObject = {
        "tool_name": "bash",
        "tool_input": given,
        "session_id": session(plans),
    }
    return host.dispatch("PreToolUse", payload)


def unseen(outcome: Outcome, plans: dict[str, Plan], *, fail_closed: bool) -> list[str]:
    """Guards that would have blocked what runs, although they were there to be asked.

    Failing open, a guard that gave no answer to an input that nobody changed is let pass: that is what failing
    open means. Who wrote exactly what runs has seen it.
    """
    runs = outcome.output.get("modified_input")
    found = []
    for result in outcome.results:
        plan = plans[result.plugin]
        excused = not fail_closed and runs is None and result.status is not Status.ANSWERED
        own = result.output.get("modified_input")
        wrote_it = runs is not None and json.dumps(own, sort_keys=True) == json.dumps(
            runs, sort_keys=True
        )
        if plan.guards and not excused and not wrote_it:
            found.append(result.plugin)
    return found


@EAGER
@given(given_input=INPUTS, plans=EVENTS)
def test_nothing_goes_on_that_a_guard_would_have_blocked(
    host: BlockingPluginHost, given_input: JsonObject, plans: dict[str, Plan]
) -> None:
    """Guards, rewriters, sleepers and failures in any mixture."""
    outcome = send(host, given_input, plans)

    runs = outcome.output.get("modified_input", given_input)
    if not outcome.blocked and is_bad(runs):
        assert unseen(outcome, plans, fail_closed=host.config.fail_closed) == [], outcome


@EAGER
@given(given_input=INPUTS, plans=EVENTS)
def test_no_tool_runs_with_what_a_guard_would_have_blocked(
    host: BlockingPluginHost, given_input: JsonObject, plans: dict[str, Plan]
) -> None:
    """The same through the whole pipeline, by what the tool's worker saw."""
    host.run_command("ran")
    result = host.call_tool("probe", dict(given_input), session_id=session(plans))

    ran = host.run_command("ran").output
    assert isinstance(ran, list)
    assert len(ran) == (1 if result.ok else 0)
    for runs in ran:
        is_changed = json.dumps(runs, sort_keys=True) != json.dumps(given_input, sort_keys=True)
        if is_bad(runs):
            for plan in plans.values():
                reliable = plan.fails is None and plan.delay_ms <= 10
                asked = is_changed or reliable or host.config.fail_closed
                # One that rewrites may have written this very input.
                assert not (plan.guards and asked and plan.rewrites is None)


GUARD: Final = Plan(guards=True)
QUIET: Final = Plan()

CASES: Final[dict[str, dict[str, Plan]]] = {
    "rewriter_after": {"p0": GUARD, "p1": Plan(rewrites="add")},
    "rewriter_before": {"p0": Plan(rewrites="add"), "p1": GUARD},
    "there_and_back": {"p0": Plan(rewrites="remove"), "p1": GUARD, "p2": Plan(rewrites="add")},
    "true_is_not_one": {
        "p0": Plan(guards=True, rewrites="unflag"),
        "p1": Plan(rewrites="flag"),
    },
    "slow_before_the_guard": {
        "p0": Plan(rewrites="append", delay_ms=DEADLINE_MS - 5),
        "p1": Plan(rewrites="add"),
        "p2": GUARD,
    },
    "late_rewriter": {"p0": GUARD, "p1": Plan(rewrites="add", delay_ms=DEADLINE_MS - 20)},
    "guard_fails_second": {
        "p0": Plan(guards=True, fails="throw", fails_at=1),
        "p1": Plan(rewrites="add"),
    },
    "guard_waits_second": {
        "p0": Plan(guards=True, fails="wait", fails_at=1),
        "p1": Plan(rewrites="add"),
    },
    "guard_fails_first": {
        "p0": Plan(guards=True, fails="nonsense"),
        "p1": Plan(rewrites="add"),
    },
}


@pytest.mark.parametrize("case", CASES)
def test_the_known_ways_around_a_guard_are_blocked(host: BlockingPluginHost, case: str) -> None:
    """Each would run a marked input; without the guard it does, so that it is the guard that stops it."""
    plans = {name: CASES[case].get(name, QUIET) for name in NAMES}
    given_input: JsonObject = {"command": "ls", "flag": 1}
    alone = {
        name: Plan(rewrites=plan.rewrites if plan.rewrites != "unflag" else None)
        for name, plan in plans.items()
    }
    free = send(host, given_input, alone)
    assert not free.blocked
    assert is_bad(free.output["modified_input"])

    outcome = send(host, given_input, plans)

    runs = outcome.output.get("modified_input", given_input)
    assert outcome.blocked or not is_bad(runs), outcome


def test_a_sleeper_in_front_does_not_use_up_the_guards_time(host: BlockingPluginHost) -> None:
    """Its own deadline is its own: the guard behind it is asked and blocks."""
    outcome = send(
        host,
        {"command": "ls MARK", "flag": 1},
        {"p0": Plan(fails="wait"), "p1": Plan(fails="wait"), "p2": GUARD, "p3": QUIET},
    )

    assert outcome.blocked
    if not host.config.fail_closed:
        assert outcome.blocked_by == "p2"


def test_a_plugin_that_hangs_does_not_make_every_rewrite_a_refusal(
    host: BlockingPluginHost,
) -> None:
    """A guard with nothing against it still gets to look; failing closed, the hung one's silence is a veto."""
    outcome = send(
        host,
        {"command": "ls", "flag": 1},
        {"p0": Plan(fails="wait"), "p1": Plan(rewrites="append"), "p2": GUARD, "p3": QUIET},
    )

    assert outcome.blocked == host.config.fail_closed
    if not outcome.blocked:
        assert outcome.output == {"modified_input": {"command": "ls ok", "flag": 1}}


@pytest.mark.parametrize("dispatch_mode", ["parallel", "chain"])
@pytest.mark.parametrize("spins_at", [0, 1])
def test_a_guard_that_is_killed_lets_nothing_through(
    tmp_path_factory: pytest.TempPathFactory, dispatch_mode: str, spins_at: int
) -> None:
    """It spins in its first or its second look; the rewritten input does not run either way."""
    folder = tmp_path_factory.mktemp("spin")
    config = Config.model_validate(
        {
            "dispatch": dispatch_mode,
            "timeouts": Timeouts(actionable_ms=DEADLINE_MS, grace_ms=50, max_busy_ms=500),
        }
    )
    (folder / "p.js").write_text(SOURCE)
    with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as host:
        for name in ("p0", "p1"):
            host.load(folder / "p.js", name=name)
        outcome = send(
            host,
            {"command": "ls", "flag": 1},
            {
                "p0": Plan(guards=True, fails="spin", fails_at=spins_at),
                "p1": Plan(rewrites="add"),
            },
        )

    assert outcome.blocked, outcome

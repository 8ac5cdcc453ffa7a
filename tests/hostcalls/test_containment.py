"""One plugin asks without end; every event of the others has its answer within its deadline. Real workers, real loops."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from host import BlockingPluginHost, Config, Timeouts
from host.audit import Kind
from host.hostcalls import quota as quota_module
from host.outcome import Outcome, Status
from tests.integration.host_support import bash, on, plugin, result_of

DEADLINE_MS = 2000
ASKED = 10_000
QUIET = on("UserPromptSubmit", "return { modified_prompt: event.content + '!' };")
CONFIG = Config(
    allow={"env": ("PATH",), "fs_read": ("$CWD",)},
    timeouts=Timeouts(actionable_ms=DEADLINE_MS, max_busy_ms=DEADLINE_MS),
)

FLOODS = {
    "hostcalls_in_place": (
        f"let refused = 0; for (let i = 0; i < {ASKED}; i++) "
        "try { pi.env.get('PATH'); } catch (e) { refused += e.code === 'E_QUOTA'; } "
        "return { block: String(refused > 0) };"
    ),
    "hostcalls_at_once": (
        f"const all = Array.from({{ length: {ASKED} }}, (_, i) => pi.kv.set('k' + i % 10, i)); "
        "const ended = await Promise.allSettled(all); "
        "return { block: String(ended.every((one) => one.status === 'fulfilled' || one.reason.code)) };"
    ),
    "files_at_once": (
        f"const all = Array.from({{ length: {ASKED} }}, (_, i) => pi.fs.exists(pi.cwd + '/' + i)); "
        "const ended = await Promise.allSettled(all); "
        "return { block: String(ended.some((one) => one.reason?.code === 'E_QUOTA')) };"
    ),
    "a_promise_that_queues_itself": (
        "await new Promise(() => { const again = () => Promise.resolve().then(again); again(); });"
    ),
    "an_await_in_a_loop": "for (;;) await null;",
    "a_million_timers": (
        "let made = 0, refused = ''; "
        "for (let i = 0; i < 1e6; i++) try { setTimeout(() => {}, i % 50); made += 1; } "
        "catch (e) { refused = e.code; if (i > 200000) break; } "
        "return { block: refused };"
    ),
    "timers_that_make_timers": (
        "const again = () => { for (let i = 0; i < 3; i++) try { setTimeout(again, 0); } catch {} }; again(); "
        "await pi.sleep(3600000);"
    ),
    "intervals_without_a_pause": (
        "for (let i = 0; i < 1000; i++) setInterval(() => {}, 0); await pi.sleep(3600000);"
    ),
    "log_lines": "for (;;) { pi.logger.info('x'.repeat(8000)); await null; }",
    "registrations": (
        "for (let i = 0; ; i++) { pi.registerCommand('c' + i % 50, { handler() {} }); await null; }"
    ),
}


def beside(
    host: BlockingPluginHost, flood: Callable[[], Outcome], most: int = 400
) -> tuple[Outcome, list[Outcome]]:
    """Dispatch to the quiet plugin again and again while *flood* goes on, and ten times after."""
    ended: list[Outcome] = []
    caller = threading.Thread(target=lambda: ended.append(flood()))
    caller.start()
    answered = []
    while caller.is_alive() and len(answered) < most:
        answered.append(host.dispatch("UserPromptSubmit", {"content": "hi"}))
    caller.join()
    answered += [host.dispatch("UserPromptSubmit", {"content": "hi"}) for _ in range(10)]
    return ended[0], answered


@pytest.mark.parametrize("name", FLOODS)
def test_the_others_have_their_answers_in_time(tmp_path: Path, name: str) -> None:
    """Each of them within its deadline, whatever becomes of the flood."""
    (tmp_path / "quiet.js").write_text(QUIET)
    (tmp_path / "loud.js").write_text(on("PreToolUse", FLOODS[name], is_async=True))
    with BlockingPluginHost(CONFIG, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "quiet.js")
        host.load(tmp_path / "loud.js")
        outcome, answers = beside(host, lambda: host.dispatch("PreToolUse", bash()))

    assert {result_of(answer, "quiet").status for answer in answers} == {Status.ANSWERED}
    assert {str(answer.output["modified_prompt"]) for answer in answers} == {"hi!"}
    status = result_of(outcome, "loud").status
    assert status in (Status.ANSWERED, Status.TIMED_OUT, Status.KILLED)
    if status is Status.ANSWERED:
        assert outcome.reason in ("true", "E_QUOTA")


@pytest.mark.parametrize("name", ["hostcalls_at_once", "files_at_once"])
def test_what_others_ask_for_meanwhile_is_done_in_time(tmp_path: Path, name: str) -> None:
    """One thread writes all stores, few look at files: whoever asks little is not behind whoever asks much."""
    body = (
        "await pi.kv.set('k', event.content); const there = await pi.fs.exists(pi.cwd + '/quiet.js'); "
        "return { modified_prompt: `${pi.kv.get('k')} ${there}` };"
    )
    (tmp_path / "quiet.js").write_text(on("UserPromptSubmit", body, is_async=True))
    (tmp_path / "loud.js").write_text(on("PreToolUse", FLOODS[name], is_async=True))
    with BlockingPluginHost(
        CONFIG.model_copy(
            update={"limits": CONFIG.limits.model_copy(update={"max_hostcalls_per_sec": 500})}
        ),
        project_dir=tmp_path,
        home=tmp_path / "home",
    ) as host:
        host.load(tmp_path / "quiet.js")
        host.load(tmp_path / "loud.js")
        _, answers = beside(host, lambda: host.dispatch("PreToolUse", bash()), most=100)

    assert {result_of(answer, "quiet").status for answer in answers} == {Status.ANSWERED}
    assert {str(answer.output["modified_prompt"]) for answer in answers} == {"hi true"}


def test_a_flood_in_place_is_told_its_limit(tmp_path: Path) -> None:
    """What the audit has of it: the quota once and by number, not ten thousand times."""
    body = FLOODS["hostcalls_in_place"].replace(str(ASKED), "2000")
    (tmp_path / "loud.js").write_text(on("PreToolUse", body, is_async=True))
    with BlockingPluginHost(CONFIG, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "loud.js")
        outcome = host.dispatch("PreToolUse", bash())
        refusals = host.audit.recent(1000, plugin="loud", kind=Kind.REFUSED)

    assert outcome.reason == "true"
    quota = [entry.detail for entry in refusals if entry.code == "E_QUOTA"]
    assert 1 <= len(quota) <= 4
    assert quota[0].startswith("env.get: more than 50 hostcalls a second")


def test_one_that_asks_again_and_again_is_ended_between_two_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short turns of a timer, none of them busy for long: only the refusals tell what it is."""
    monkeypatch.setattr(quota_module, "FLOOD_REFUSALS", 500)
    (tmp_path / "quiet.js").write_text(QUIET)
    (tmp_path / "loud.js").write_text(
        plugin(
            "setInterval(() => { for (let i = 0; i < 50; i++) "
            "try { pi.env.get('PATH'); } catch {} }, 1);"
        )
    )
    with BlockingPluginHost(CONFIG, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "quiet.js")
        host.load(tmp_path / "loud.js")
        killed: list[str] = []
        until = monotonic() + 60
        agent = threading.Event()
        while not killed and monotonic() < until:
            agent.wait(0.002)  # it does something else between two events
            answer = host.dispatch("UserPromptSubmit", {"content": "hi"})
            assert result_of(answer, "quiet").status is Status.ANSWERED
            killed = [
                entry.code for entry in host.audit.recent(50, plugin="loud", kind=Kind.KILLED)
            ]

    assert killed == ["E_FLOOD"]

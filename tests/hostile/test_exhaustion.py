"""Several plugins at once that take all they can get; an honest one beside them, on the same processors."""

import ctypes
import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from host import BlockingPluginHost, Config, Outcome, Status, Timeouts
from host.audit import Kind
from tests.hostile.arena import HONEST, HOSTILE_LIMITS, MAY_GROW_BYTES
from tests.hostile.row import PRELUDE

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 110
COUNT = 4
"""Twice the processors of a small machine."""

ATTACKS = {
    "spin": "attack(() => { for (;;) {} });",
    "native_spin": "attack(() => { 'a'.repeat(4e5).indexOf('a'.repeat(2e5) + 'b'); });",
    "memory": "attack(() => { const a = []; for (;;) { try { for (;;) a.push(new Uint8Array(65536).fill(1)); } catch { a.length /= 2; } } });",
    "jobs": "attack(() => new Promise(() => { const f = () => queueMicrotask(f); f(); }));",
    "log": "attack(async () => { for (;;) { pi.logger.info('x'.repeat(2000)); await null; } });",
    "hostcalls": "attack(async () => { for (let i = 0; ; i++) { pi.kv.set('k' + (i % 50), 'x'.repeat(i % 5000)).catch(() => {}); await null; } });",
    "registrations": "attack(async () => { for (let i = 0; ; i++) { pi.registerTool({ name: 't' + (i % 200), description: 'd'.repeat(i % 9000) }); await null; } });",
    "timers": "attack(() => new Promise(() => { for (let i = 0; i < 9000; i++) setInterval(() => { for (let j = 0; j < 1e5; j++); }, 1); }));",
    "wide_results": "attack(() => ({ message: 'x'.repeat(7e6) }));",
    "deep_results": "pi.on('PreToolUse', () => { let a = {}; for (let i = 0; i < 190; i++) a = { a, b: 'x'.repeat(20000) }; return { modified_input: a }; });",
}


def trimmed_bytes() -> int:
    """Memory that only this process has, without what its allocator keeps for the next time."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process(os.getpid()).memory_full_info().uss)


@contextmanager
def host_in(folder: Path) -> Iterator[BlockingPluginHost]:
    """A host with default deadlines for everybody but the hour of a permission."""
    config = Config(
        timeouts=Timeouts(permission_ms=1500, max_busy_ms=1200), limits=HOSTILE_LIMITS
    )
    logger = logging.getLogger("jcode_plugins")
    silence = logging.NullHandler()
    logger.addHandler(silence)
    logger.propagate = False
    with BlockingPluginHost(config, project_dir=folder, home=folder / "home") as made:
        yield made
    logger.propagate = True
    logger.removeHandler(silence)


@pytest.mark.parametrize("what", ATTACKS)
def test_an_honest_plugin_answers_beside_several_that_take_everything(
    tmp_path: Path, what: str
) -> None:
    """Each of its events is answered within the five seconds that it has, and the host ends as it began.

    In a process of its own: what other tests left to the allocator would be measured with it.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.test_exhaustion", what, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def attack_beside_an_honest_plugin(host: BlockingPluginHost, tmp_path: Path, what: str) -> None:
    """Raise AssertionError for whatever is not as the test above says."""
    (tmp_path / "honest.js").write_text(HONEST)
    (tmp_path / "greedy.js").write_text(
        f"export default (pi) => {{{PRELUDE}{ATTACKS[what]}\n}};\n"
    )
    host.load(tmp_path / "honest.js")
    host.dispatch("UserPromptSubmit", {"content": "hi"})
    for at in range(COUNT):
        host.load(tmp_path / "greedy.js", name=f"greedy{at}")
    before = trimmed_bytes()
    outcomes: list[Outcome] = []

    def attack() -> None:
        payload = {"action": "bash", "tool_name": "bash", "tool_input": {}, "session_id": "s"}
        for event in ("PermissionRequest", "PreToolUse"):
            outcomes.append(host.dispatch(event, payload))

    attacker = threading.Thread(target=attack)
    attacker.start()
    asked = 1
    while attacker.is_alive() or asked < 20:
        asked += 1
        outcome = host.dispatch("UserPromptSubmit", {"content": "hi"})
        assert outcome.results[0].status is Status.ANSWERED, outcome
        assert outcome.output == {"modified_prompt": f"hi:{asked}"}
    attacker.join()

    for outcome in outcomes:
        assert outcome.action == "continue"
        assert outcome.results[0].status is Status.ANSWERED
    del outcome
    outcomes.clear()
    for at in range(COUNT):
        host.unload(f"greedy{at}")
    while len(host.runtime.links) > 1:
        host.dispatch("UserPromptSubmit", {"content": "hi"})
    assert trimmed_bytes() - before < MAY_GROW_BYTES
    assert host.audit.recent(plugin="honest", kind=Kind.KILLED) == []


if __name__ == "__main__":
    with host_in(Path(sys.argv[2])) as made_host:
        attack_beside_an_honest_plugin(made_host, Path(sys.argv[2]), sys.argv[1])

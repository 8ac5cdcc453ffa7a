"""pi's own examples, as published, before an attached interface; whoever waits for the person waits in a thread."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from host import BlockingPluginHost, Config, PluginInfo, Timeouts, ToolResult
from tests.integration.conftest import MakeHost
from tests.integration.host_support import yes
from tests.support.person import Person
from tests.support.pi_package import published

DIGESTS = {
    "commands.ts": "76ade8581b56eba784b5277a7fd064d35e61436f733d8fcd5b33a1ee849c75f9",
    "confirm-destructive.ts": "70b9ba79f59b2a086a8fd39aafbea19e1bdec326c6131e6c35c6bc87503b0f10",
    "custom-footer.ts": "5b1819ce93ac8d5da83e0fc1bb89d91183c94cc7b1a378fb4189d1f38435f427",
    "custom-header.ts": "7a0c25ef1db52c228687e06fc82369e0616cb66c8a1320c4006d7da1d474cd12",
    "dirty-repo-guard.ts": "96aecdd886ab40d989d23f3d3de9e9d0bbbaa4018f2dca5becb400b652361d5d",
    "dynamic-tools.ts": "d34018203779a24c57a228bea8e7fd1af7a315a26c0a0f722ec66dc6eb340482",
    "event-bus.ts": "478c45600889803fc44d7b129933b209f9b496b210d56696428debdb3b18f263",
    "model-status.ts": "4c016188e87f3cc06998f2cc1e2bb260a318a91925186a0e4b447c4e65137e25",
    "notify.ts": "7ea95097e14feceedf41a105d0324a3a47457fb445d90cf1d08847b18e22e7b6",
    "overlay-qa-tests.ts": "13672a2d3dd76b6f0dec862cb677d64db2436184306311546e9d76d45a4cceec",
    "overlay-test.ts": "3eb724586b5c5a81619f636f52536cadeacf59f4fb871400c37d511ad1867a22",
    "permission-gate.ts": "35855d2b7f3304394b5f70a344590a3ad2a73ae9cbe61278fc33ebffddc24519",
    "question.ts": "e56da5b54bb92dda6628f4455926631f33a92c82726c09074800282b82b2e3a3",
    "questionnaire.ts": "02c56e62572d18c937336d4a8a02297daac2410c30d8de80b0a182921d3ce224",
    "rpc-demo.ts": "df77f2847e5f3e13ee9de1a41bfd0987c358d6a294ce8c7894d19e3a700b052a",
    "session-name.ts": "1b2f41d615b2e85ccbbf5e5c978d6e3fce36b71933bc14ac584758a98adc0590",
    "snake.ts": "c6444c0fe9c076997b90c6a842520cd16d90dbd7cd9bf04dbd71e1fa4aa94a7d",
    "space-invaders.ts": "6cafadbc2ec5690e1b1ff1f98d1a9ce533f8e1339ced758d6b962958d5cac951",
    "status-line.ts": "23cb2431bb09594a10ced340c4c0bb6c318bc0317ee9acd9419b5870deb693b2",
    "tic-tac-toe.ts": "db30d884138fe92aef1f96788f754317b0945fbe81721756debe8e2f86b0d0d9",
    "timed-confirm.ts": "ba16db7a8b8168d11885b5f727771facad31eb99c0659a8f8b852f38052a5ffe",
    "titlebar-spinner.ts": "f8aea8bd90bcb3f897695422bfb40837e8af060fd2e5c36d35e9f5085f8ce5ff",
    "todo.ts": "a77f7774a3530e9e38f52ff00cf45e0874905957584e8eb1c328a2884fd4c193",
    "widget-placement.ts": "fd552b043be7492ff0e852a145123f14d292709a4ffa3b66ae90ed1d256e550c",
    "working-indicator.ts": "12c0799cbb98219f5716fad93a055c750e94decd01297bf4d9e55e32e2813ec4",
}
"""Of the files as published: an edited copy is no third party's."""

PATIENT: Final = Timeouts(actionable_ms=60_000, max_busy_ms=60_000)
"""Limits that wait for a busy machine: a key that a worker does not get in time is not its."""

Load = Callable[[str], PluginInfo]
"""``load("snake.ts")`` loads an example, once it has proved to be the published one."""
Run = Callable[..., Future[ToolResult]]
"""``run("snake", "arguments")`` starts a command of the session ``s``."""


@pytest.fixture
def host(make_host: MakeHost) -> BlockingPluginHost:
    """A host whose person agrees to every call: pi's tools say nothing of what they do."""
    return make_host(Config(timeouts=PATIENT), approver=yes)


@pytest.fixture
def person(host: BlockingPluginHost) -> Iterator[Person]:
    """Somebody before an interface of 80 by 24, in the session ``s``."""
    attached = Person(host)
    yield attached
    attached.leave()


@pytest.fixture
def threads(host: BlockingPluginHost) -> Iterator[ThreadPoolExecutor]:
    """Threads for what waits for a person; a call that is left over ends with the host."""
    with ThreadPoolExecutor(4) as pool:
        yield pool
        host.close()


@pytest.fixture
def load(host: BlockingPluginHost, examples: Path) -> Load:
    """See :data:`Load`."""
    return lambda name: host.load(published(examples, name, DIGESTS))


@pytest.fixture
def run(host: BlockingPluginHost, threads: ThreadPoolExecutor) -> Run:
    """See :data:`Run`."""
    return lambda name, args="": threads.submit(host.run_command, name, args, session_id="s")

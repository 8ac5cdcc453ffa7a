"""Decisions of the capability chain. A sample is the mean of a short loop: one is not much longer than reading the clock.

The rules are those of a company laptop: some hundred lines in all, so that what is measured is not an empty list.
"""

import time
from itertools import count
from typing import Final

from benchmarks.names import DECISION_COLD, DECISION_REPEATED
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError
from policies.capability import FileRequest, HostRequest, NameRequest, Request, ShellRequest
from policies.chain import Chain
from policies.consent import consent, granted
from policies.decision import Rule, Source
from policies.layers import PluginPolicy

_CALLS: Final = 200
_FILE: Final = Source("file", "config.toml:1")


def _rules(kind: str, *patterns: str) -> tuple[Rule, ...]:
    return tuple(Rule(kind, pattern, _FILE) for pattern in patterns)


def a_chain() -> Chain:
    """One plugin, loaded by hand, under rules of every kind."""
    deny = (
        *_rules(
            "fs_read", "**/.env*", "$HOME/private", *(f"/srv/secret{n}" for n in range(20))
        ),
        *_rules(
            "fs_write", "/etc", "/usr", "**/*.lock", *(f"/srv/{n}/*/keep" for n in range(10))
        ),
        *_rules("http_hosts", "*.evil.example", *(f"bad{n}.example" for n in range(20))),
        *_rules("shell", "rm *", "git push", "curl *"),
        *_rules("env", "*TOKEN*", "*SECRET*", "AWS_*"),
    )
    allow = (
        *_rules("fs_read", "$CWD"),
        *_rules("fs_write", "$CWD/**/*.md", "$CWD/build"),
        *_rules("http_hosts", "*.example.com", "api.example.org:443"),
        *_rules("shell", "git status", "git log *"),
        *_rules("env", "LANG", "LC_*"),
    )
    policy = PluginPolicy(
        root="/opt/plugin",
        data="/home/user/.jcode/data/plugin/x",
        consent=consent("hand", Source("consent", "loaded by hand")),
        granted=granted("hand"),
    )
    chain = Chain(
        deny=deny,
        allow=allow,
        home="/home/user",
        cwd="/home/user/src",
        state="/home/user/.jcode",
    )
    return chain.with_plugin("plugin", policy)


def _requests(tag: str) -> list[tuple[Request, bool]]:
    return [
        (FileRequest("fs_read", f"/home/user/src/packages/core/src/{tag}.ts"), True),
        (FileRequest("fs_write", f"/home/user/src/packages/core/{tag}.lock"), False),
        (HostRequest(f"a{tag}.example.com", 443), True),
        (ShellRequest(("git", "log", tag)), True),
        (NameRequest("env", f"LC_{tag}"), True),
    ]


class Repeated(Row):
    """The same requests again and again, as from a plugin that reads the same files."""

    name = DECISION_REPEATED
    family: Family = "ours"
    max_per_round = 500

    def setup(self) -> None:
        """Decide once."""
        self._chain = a_chain()
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds a decision."""
        now, decide, asked = time.perf_counter_ns, self._chain.decide, _requests("a")
        rounds = range(_CALLS // len(asked))
        requests = [request for request, _ in asked]
        samples = [0.0] * n
        for i in range(n):
            begin = now()
            for _ in rounds:
                for request in requests:
                    decide("plugin", request)
            samples[i] = (now() - begin) / _CALLS
        _check(self.name, self._chain, asked)
        return samples


class Cold(Row):
    """Requests that were never made before."""

    name = DECISION_COLD
    family: Family = "ours"
    max_per_round = 300

    def setup(self) -> None:
        """Make the chain; its rules are read at its first decision."""
        self._chain = a_chain()
        self._numbers = count()
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* means over a short loop, in nanoseconds a decision."""
        now, decide = time.perf_counter_ns, self._chain.decide
        samples = [0.0] * n
        asked: list[tuple[Request, bool]] = []
        for i in range(n):
            asked = [
                one for _ in range(_CALLS // 5) for one in _requests(str(next(self._numbers)))
            ]
            requests = [request for request, _ in asked]
            begin = now()
            for request in requests:
                decide("plugin", request)
            samples[i] = (now() - begin) / len(requests)
        _check(self.name, self._chain, asked)
        return samples


def _check(name: str, chain: Chain, asked: list[tuple[Request, bool]]) -> None:
    for request, allowed in asked:
        if chain.decide("plugin", request).allowed is not allowed:
            raise WrongAnswerError(f"{name}: {request!r}")


def rows() -> list[Row]:
    """One that is remembered, one that is not."""
    return [Repeated(), Cold()]

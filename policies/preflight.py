"""What the facts about a plugin's code mean for this plugin: findings, and whether it may run.

Promises    Pure. Every fact gives one finding or none, in the order of files and lines. Two rules block:
            ``destructive-shell``, and ``undeclared-shell`` of a plugin that declares its capabilities without any
            shell; an operator's word that the plugin is trusted lifts both, and nobody else's does.
Elsewhere   The facts: ``worker/build/preflight``, in the locked builder. The boundary: the sandbox and the chain.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from policies.decision import Rule
from policies.destructive import why_destructive

Severity = Literal["info", "warning", "block"]

RULES: Final[dict[str, str]] = {
    "eval": "text becomes code while it runs, so nobody can read beforehand what it does",
    "function-constructor": "text becomes code while it runs, so nobody can read beforehand what it does",
    "dynamic-import": "which module is loaded is decided while it runs",
    "computed-access": "a capability is reached by a name that is put together",
    "encoded-literal": "a long literal stands beside what decodes it",
    "prototype-tampering": "a built-in is changed for all code of the plugin",
    "unavailable-global": "plugins do not have this; using it fails",
    "destructive-shell": "a command that destroys",
    "undeclared-network": "uses the network",
    "undeclared-fs": "uses files",
    "undeclared-shell": "runs programs",
    "undeclared-env": "reads environment variables",
    "undeclared-tools": "calls other tools",
    "undeclared-session": "reads or writes the session",
    "undeclared-llm": "asks a model",
    "undeclared-config": "writes the configuration",
}
"""Every rule, and what it means."""

_OF_KIND: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "http_hosts": ("undeclared-network", ("http_hosts",)),
    "fs": ("undeclared-fs", ("fs_read", "fs_write")),
    "shell": ("undeclared-shell", ("shell",)),
    "env": ("undeclared-env", ("env",)),
    "tools": ("undeclared-tools", ("tools",)),
    "session": ("undeclared-session", ("session",)),
    "llm": ("undeclared-llm", ("llm",)),
    "config_write": ("undeclared-config", ("config_write",)),
}
"""The kind of a use -> its rule, and the declarations any of which covers it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a file does; see ``worker/build/preflight/facts.py``."""

    rule: str
    file: str
    line: int
    column: int
    detail: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line for whoever decides about the plugin. *file* is relative to its root; *line* counts from 1."""

    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, and those that keep the plugin from running."""

    findings: tuple[Finding, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What blocks; empty when the plugin may run."""
        return tuple(finding for finding in self.findings if finding.severity == "block")


def judge(
    facts: Iterable[Fact],
    *,
    bound: tuple[Rule, ...] | None,
    off: Collection[str] = (),
    trusted: bool = False,
) -> Report:
    """Return what *facts* mean for a plugin whose manifest declares *bound*, None for nothing at all.

    *off* are rules that the operator does not want to hear of. *trusted*: nothing blocks, it only warns.
    """
    findings: dict[tuple[str, str, int, str], Finding] = {}
    for fact in facts:
        told = _tell(fact, bound)
        if told is None or told[0] in off:
            continue
        rule, severity, message = told
        if severity == "block" and trusted:
            severity = "warning"
        finding = Finding(rule, severity, fact.file, fact.line, fact.column, message)
        findings.setdefault((rule, fact.file, fact.line, message), finding)
    return Report(
        tuple(sorted(findings.values(), key=lambda one: (one.file, one.line, one.column)))
    )


def _tell(fact: Fact, bound: tuple[Rule, ...] | None) -> tuple[str, Severity, str] | None:
    if fact.rule == "command":
        why = why_destructive(fact.detail)
        if why is None:
            return None
        shown = fact.detail.replace("\0", "${...}")
        return "destructive-shell", "block", f"{why}: {shown}"
    if fact.rule == "use":
        return _tell_use(fact, bound)
    if fact.rule not in RULES:
        return None
    severity: Severity = "info" if fact.rule == "unavailable-global" else "warning"
    return fact.rule, severity, f"{fact.detail}: {RULES[fact.rule]}"


def _tell_use(fact: Fact, bound: tuple[Rule, ...] | None) -> tuple[str, Severity, str] | None:
    known = _OF_KIND.get(fact.kind)
    if known is None:
        return None
    rule, declarations = known
    what = f"{RULES[rule]} ({fact.detail})"
    if bound is None:
        return rule, "info", f"{what}; nothing grants that unless you do"
    if any(_covers(declared, fact) for declared in bound if declared.kind in declarations):
        return None
    severity: Severity = "block" if rule == "undeclared-shell" else "warning"
    return rule, severity, f"{what}, which its manifest does not declare"


def _covers(declared: Rule, fact: Fact) -> bool:
    if fact.kind == "env" and fact.detail.isidentifier():
        return fnmatchcase(fact.detail, declared.pattern)
    return True

"""The answer to a request, with everything that is needed to explain it.

A refusal is an answer, not an exception: ``code`` is stable, crosses the pipe to the plugin and is what
operators filter the audit by; ``source`` and ``detail`` stay on the host.
"""

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["allow", "deny", "ask"]

LAYER_NAMES: Final = (
    "protected",
    "plugin deny",
    "global deny",
    "plugin allow",
    "global allow",
    "mode fallback",
)
"""By number. Layer 0 is ours alone and no configuration reaches it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from.

    ``origin``: ``file`` (*where* is ``path:line``), ``switch`` (the variable), ``flag`` (the option),
    ``person`` (the command that switched something off), ``consent`` (install, trust, an approval, or loading by hand), ``manifest``, ``api`` (the embedding
    program) or ``built-in``.
    """

    origin: Literal[
        "file", "switch", "flag", "person", "consent", "manifest", "api", "built-in"
    ]
    where: str = ""

    def __str__(self) -> str:
        return (
            f"{self.origin} {self.where}"
            if self.where and self.origin != "file"
            else (self.where or self.origin)
        )


BUILT_IN: Final = Source("built-in")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an allow or deny list: *pattern* in the language of its kind."""

    kind: str
    pattern: str
    source: Source = BUILT_IN


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by which layer, and because of what."""

    verdict: Verdict
    layer: int
    code: str
    """Stable, for example ``deny.global`` or ``allow.mode``."""
    source: Source = BUILT_IN
    detail: str = ""
    """For the operator: the pattern that matched, or why none did."""

    @property
    def allowed(self) -> bool:
        """Whether the thing may be done without asking anybody."""
        return self.verdict == "allow"

    def __str__(self) -> str:
        told = f"layer {self.layer}, {LAYER_NAMES[self.layer]}"
        return ", ".join(part for part in (told, self.detail, str(self.source)) if part)

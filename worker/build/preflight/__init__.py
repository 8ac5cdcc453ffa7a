"""What a file does that an operator should know of, read from its syntax tree.

Facts, not judgements: which of them matter for a plugin with these capabilities is for ``policies/preflight.py``.
Advice in front of the sandbox: a plugin that hides something from here gains nothing that the sandbox would
not refuse.
"""

from worker.build.preflight.escapes import escaped_literals
from worker.build.preflight.facts import MAX_FACTS, Fact
from worker.build.preflight.walk import facts_of

__all__ = ["MAX_FACTS", "Fact", "escaped_literals", "facts_of"]

"""The plugin build step: TypeScript and JavaScript files in, one script out.

Runs in a locked builder process. It opens no file but the snapshot copies that the injected
`Sources` hands out, starts nothing, and asks the machine nothing.
"""

from worker.build.errors import BuildError
from worker.build.pipeline import Limits, build, warm_up
from worker.build.resolve import Found, Sources

__all__ = ["BuildError", "Found", "Limits", "Sources", "build", "warm_up"]

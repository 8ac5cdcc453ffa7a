"""How far an installation is, told as it goes: by whoever fetches, to whoever shows it."""

from typing import Protocol


class Progress(Protocol):
    """Called in the thread that installs. What is told may hold text of others; whoever shows it escapes it."""

    def step(self, told: str) -> None:
        """Begin the next step, in a few words: ``resolving pi-mermaid``. It ends the one before."""

    def moved(self, done: int, total: int | None) -> None:
        """Tell how many bytes of this step are there, of how many if that is known."""


class Quiet:
    """A progress that nobody watches."""

    def step(self, told: str) -> None:
        """Say nothing."""

    def moved(self, done: int, total: int | None) -> None:
        """Say nothing."""

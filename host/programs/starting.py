"""From what a plugin asked for to a program that runs: git is looked at first.

Promises    ``on_started`` or ``on_refused`` is called once, unless it was cancelled before. Nothing of a repository runs
            on the way: its configuration is listed by git itself, which executes nothing for that.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from host.programs.git import (
    FIXED,
    git_environment,
    local_names,
    overrides,
    query,
    query_modules,
    submodule_names,
)
from host.programs.program import Launch, Program
from host.programs.running import TooManyError
from host.reactor import now_s

if TYPE_CHECKING:
    from host.instance import Instance

_LISTED_WITHIN_S: Final = 10.0
_MOST_LISTED_BYTES: Final = 4 * 1024 * 1024


class Starting:
    """One start under way. *on_change* becomes the program's own once it runs.

    *git*: the file of that name, if the repository is to be looked at; *submodules* are known already.
    """

    def __init__(
        self,
        instance: "Instance",
        launch: Launch,
        *,
        git: str,
        submodules: frozenset[str],
        on_started: Callable[[Program], None],
        on_refused: Callable[[str, str], None],
        on_change: Callable[[Program], None],
    ) -> None:
        self._instance = instance
        self._launch = launch
        self._on_started = on_started
        self._on_refused = on_refused
        self._on_change = on_change
        self._program: Program | None = None
        self._is_cancelled = False
        self._git = git
        self._modules = submodules
        self._names: list[str] = []

    def begin(self) -> None:
        """Start it, or what comes before it."""
        launch = self._launch
        fixed = git_environment(FIXED)
        self._launch = replace(launch, env={**launch.env, **fixed})
        if self._git:
            self._list(query(launch.argv), self._on_listed)
        else:
            self._start()

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._is_cancelled = True
        if self._program is not None:
            self._program.terminate()

    def _list(self, argv: tuple[str, ...], then: Callable[[Program], None]) -> None:
        def changed(program: Program) -> None:
            if not program.is_gone or self._is_cancelled:
                return
            if program.is_truncated or program.was_late:
                self._on_refused("E_FAILED", "the repository's configuration could not be read")
            else:
                then(program)

        look = Launch(
            self._git,
            argv,
            self._launch.cwd,
            self._launch.env,
            most_bytes=_MOST_LISTED_BYTES,
        )
        program = self._run(look, changed)
        if program is not None:
            program.end_at(now_s() + _LISTED_WITHIN_S)

    def _on_listed(self, program: Program) -> None:
        self._names = local_names(program.take("stdout", _MOST_LISTED_BYTES))
        if program.failed is None:
            self._list(query_modules(self._launch.argv), self._on_modules)
        else:
            self._start()

    def _on_modules(self, program: Program) -> None:
        listed = program.take("stdout", _MOST_LISTED_BYTES).decode("utf-8", "surrogateescape")
        names = (*self._names, *listed.split("\0"))
        try:
            settings = overrides(self._names, self._modules | submodule_names(names))
        except ValueError as error:
            self._on_refused("E_FAILED", str(error))
            return
        env = {**self._launch.env, **git_environment(settings)}
        self._launch = replace(self._launch, env=env)
        self._start()

    def _start(self) -> None:
        program = self._run(self._launch, self._on_change)
        if program is not None:
            self._on_started(program)

    def _run(self, launch: Launch, on_change: Callable[[Program], None]) -> Program | None:
        try:
            self._program = self._instance.plugin.runtime.programs.start(
                self._instance, launch, on_change
            )
        except TooManyError as error:
            self._on_refused("E_QUOTA", str(error))
            return None
        except OSError as error:
            self._on_refused("E_FAILED", f"no process to be had: {error.strerror}")
            return None
        return self._program

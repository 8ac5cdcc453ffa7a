"""Which projects a person trusts: ``trust.json`` in our home.

Promises    Trust is in bytes: a project is trusted with exactly the files that were shown, at the real path where they
            were. Trust of a directory says nothing of one above or beneath it. A file that cannot be used is reported
            and left as it is, and until it is mended no project is trusted.
Relies on   Layer 0: no plugin reads or writes our home.
Elsewhere   What the files of a project are: ``project_code.py``. What a trusted plugin may do: ``policies/consent.py``.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from host.errors import TrustError
from host.install.tree import tree_of
from host.project_code import ProjectCode, changed, project_code
from host.state_file import (
    StateBusyError,
    StateFileError,
    lock_state,
    read_state,
    write_state,
)

SCHEMA: Final = 1
_MAX_BYTES: Final = 64 * 1024 * 1024
_WAIT_S: Final = 10.0
_MAX_NAMED: Final = 5


State: TypeAlias = Literal["trusted", "changed", "gone"]
"""Of a trusted project: ``gone`` when there are no plugins at that place any more."""


class TrustedProject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer. ``shown`` are lines ``KIND PATTERN`` by plugin, as its manifest declared them then.

    ``files`` has the SHA-256 of each file, in hex, by its path beneath ``.jcode``; ``tree`` is the hash of all.
    ``trusted_at`` is in seconds since the epoch.
    """

    project: str
    tree: str
    files: dict[str, str]
    trusted_at: float
    shown: dict[str, tuple[str, ...]] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    projects: list[TrustedProject]


class Trust:
    """The file ``trust.json`` in *home*."""

    def __init__(self, home: Path) -> None:
        self.path = home / "trust.json"

    def read(self) -> dict[str, TrustedProject]:
        """Return what is trusted, by the project's real path. Raises TrustError for a file that cannot be used."""
        try:
            data = read_state(self.path, _MAX_BYTES)
            projects = [] if data is None else _decode(data)
        except StateFileError as error:
            raise self._unusable(error) from error
        return {project.project: project for project in projects}

    def add(self, project: TrustedProject) -> None:
        """Remember *project*, instead of what was said of it before. Raises TrustError."""
        with self._changing() as projects:
            projects[project.project] = project

    def forget(self, project: str) -> bool:
        """Trust *project* no more; False if it was not trusted. Raises TrustError."""
        with self._changing() as projects:
            return projects.pop(project, None) is not None

    def files_of(self, code: ProjectCode) -> dict[str, str]:
        """Return the files of *code* as they were trusted, if they are that still.

        Raises TrustError, in one line for the user, if its plugins are not to run.
        """
        trusted = self.read().get(str(code.root))
        told = f"{code.count} {'plugin' if code.count == 1 else 'plugins'} of this project"
        command = f"jcode-plugin trust {shlex.quote(str(code.root))}"
        if trusted is None:
            raise TrustError(
                f"{told} will not run: {code.root} is not trusted; to see them and decide: {command}",
                is_new=True,
            )
        try:
            files = code.files()
        except TrustError as error:
            raise TrustError(f"{told} will not run: {error}") from None
        if tree_of(files) != trusted.tree:
            news = list(changed(trusted.files, files))
            more = f" and {len(news) - _MAX_NAMED} more" if len(news) > _MAX_NAMED else ""
            raise TrustError(
                f"{told} will not run: since {code.root} was trusted, "
                f"{', '.join(news[:_MAX_NAMED])}{more}; to see it and decide: {command}"
            )
        return files

    def state_of(self, project: TrustedProject, plugin_dir: Path | None) -> State:
        """Return whether what is trusted is still what is there."""
        code = project_code(Path(project.project), self.path.parent, plugin_dir)
        if code is None or str(code.root) != project.project:
            return "gone"
        try:
            return "trusted" if tree_of(code.files()) == project.tree else "changed"
        except TrustError:
            return "changed"

    @contextmanager
    def _changing(self) -> Iterator[dict[str, TrustedProject]]:
        try:
            with lock_state(self.path, wait_s=_WAIT_S):
                projects = self.read()
                yield projects
                write_state(self.path, _encode(projects))
        except StateBusyError as error:
            raise TrustError(f"{self.path}: {error} is changing it; try again") from None
        except StateFileError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: StateFileError) -> TrustError:
        return TrustError(
            f"{self.path}: {error}; no project is trusted until it is mended or moved away"
        )


def _encode(projects: dict[str, TrustedProject]) -> bytes:
    whole = _File(SCHEMA, [projects[path] for path in sorted(projects)])
    data = msgspec.json.format(msgspec.json.encode(whole))
    if len(data) > _MAX_BYTES:  # which nobody could read again
        raise StateFileError(f"would be larger than {_MAX_BYTES >> 20} MiB; forget some")
    return data


def _decode(data: bytes) -> list[TrustedProject]:
    try:
        head: object = msgspec.json.decode(data)
        schema = head.get("schema") if isinstance(head, dict) else None
        if type(schema) is int and schema > SCHEMA:
            raise StateFileError(f"is of schema {schema}, and this program knows {SCHEMA}")
        projects = msgspec.json.decode(data, type=_File).projects
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise StateFileError(f"is damaged ({error})") from error
    if schema != SCHEMA:
        raise StateFileError(f"is damaged (no schema {SCHEMA})")
    for project in projects:
        if tree_of(project.files) != project.tree:
            raise StateFileError("is damaged (files that are not those of their tree)")
    return projects

"""What a plugin from a repository, a directory or an archive depends on and does not bring along, from the registry.

Promises    What it brought stays as it is. Where a dependency cannot be had the plugin is installed without, and told so:
            many are for its author only, and a missing one fails where it is imported. What is not what it claims to be
            ends the installation.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from host.errors import InstallError
from host.install.contained import missing_parts, package_of
from host.install.progress import Progress
from host.install.values import Fetched

if TYPE_CHECKING:
    from host.install.npmrc import NpmSettings

_CAN_BE_MISSED: Final = (
    "E_NO_REGISTRY",
    "E_NOT_FOUND",
    "E_AUTH",
    "E_NETWORK",
    "E_REGISTRY",
    "E_DEPENDENCY",
)


def completed(
    fetched: Fetched, progress: Progress, *, settings: "NpmSettings | None" = None
) -> Fetched:
    """Return *fetched* with all its dependencies beside it, as far as they can be had; ``notes`` tell which cannot.

    Raises InstallError: E_INTEGRITY, E_SIGNATURE, E_ARCHIVE, E_STATE.
    """
    missing = missing_parts(fetched.directory, package_of(fetched.directory))
    if not missing:
        return fetched
    from host.install.npm import complete_dependencies  # here: most plugins bring all along

    try:
        notes = complete_dependencies(fetched.directory, progress, settings=settings)
    except InstallError as error:
        if error.code not in _CAN_BE_MISSED:
            raise
        return replace(fetched, notes=(*fetched.notes, f"nothing of that was added: {error}"))
    kept = (note for note in fetched.notes if note not in missing)
    return replace(fetched, notes=(*kept, *notes))

"""The log of one host: opened at its start, or a refusal where the configuration demands one."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from host.audit import AuditRing
from host.errors import AuditError
from host.trail.place import Policy, place_of
from host.trail.store import Store
from host.trail.writer import TrailWriter

if TYPE_CHECKING:
    from host.config import Config

_logger = logging.getLogger("jcode_plugins")
_DAY_S = 24 * 3600.0


def start_trail(
    audit: AuditRing, config: "Config", home: Path, env: Mapping[str, str]
) -> TrailWriter | None:
    """Have every entry of *audit* written from here on; None when nothing is kept on disk.

    Raises :class:`AuditError` when the log cannot be used and *config* fails closed or is hardened: what
    nobody can look into afterwards does not start. Else ``audit.trouble`` says so.
    """
    if not config.audit.enable:
        return None
    place = place_of(home, config.audit.path, env)
    store = Store(place, policy_of(config))
    trouble = _open(store)
    if trouble is not None:
        if config.fail_closed or config.profile == "hardened":
            store.close()
            raise AuditError(f"the audit cannot be kept, so nothing is started: {trouble}")
        _logger.warning("the audit is not kept: %s", trouble)

    def on_trouble(trouble: str | None) -> None:
        audit.trouble = trouble

    audit.trouble = trouble
    writer = TrailWriter(
        store,
        flush_s=config.audit.flush_ms / 1000,
        on_trouble=on_trouble,
        on_tick=audit.record_counts,
        trouble=trouble,
    )
    audit.sink = writer.put
    return writer


@contextmanager
def recording(config: "Config", home: Path) -> Iterator[AuditRing]:
    """Open the log for a command that has no host of its own: what it records is on disk when the context is left.

    Raises as :func:`start_trail`.
    """
    audit = AuditRing(config.limits.audit_entries)
    trail = start_trail(audit, config, home, os.environ)
    try:
        yield audit
    finally:
        if trail is not None:
            trail.close()


def _open(store: Store) -> str | None:
    try:
        store.open()
    except AuditError as error:
        return str(error)
    return store.complaint


def policy_of(config: "Config") -> Policy:
    """Return how long files are kept."""
    days = config.audit.max_age_days
    return Policy(
        config.audit.max_bytes,
        config.audit.max_files,
        None if days is None else days * _DAY_S,
    )

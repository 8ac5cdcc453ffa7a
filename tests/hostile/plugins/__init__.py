"""The rows, by family."""

from typing import Final

from tests.hostile.plugins import (
    cpu,
    errors,
    floods,
    jobs,
    loading,
    memory,
    mistakes,
    reaching,
    realm,
    results,
)
from tests.hostile.row import Row

FAMILIES: Final[dict[str, tuple[Row, ...]]] = {
    "cpu": cpu.ROWS,
    "errors": errors.ROWS,
    "floods": floods.ROWS,
    "jobs": jobs.ROWS,
    "loading": loading.ROWS,
    "memory": memory.ROWS,
    "mistakes": mistakes.ROWS,
    "reaching": reaching.ROWS,
    "realm": realm.ROWS,
    "results": results.ROWS,
}

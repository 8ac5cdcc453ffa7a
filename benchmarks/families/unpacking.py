"""An archive of a package as npm packs it, unpacked by us, and by Python's tarfile with its filter for plain data."""

import gzip
import io
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.names import UNPACK_OURS, UNPACK_TARFILE
from benchmarks.results import Family
from benchmarks.row import Row, WrongAnswerError
from host.install.archive import unpack

_FILES: Final = 500
_LINE: Final = b"export const value = (a, b) => a + b; // %06d\n"


def _archive() -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for n in range(_FILES):
            data = b"".join(_LINE % (n * 100 + line) for line in range(80))
            member = tarfile.TarInfo(f"package/lib/{n % 20}/{n}.js")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(raw.getvalue())


def _with_tarfile(archive: bytes, into: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")


class Unpack(Row):
    """One archive into a new directory; making and removing that is not counted."""

    warm_up = 1
    max_per_round = 5

    def __init__(
        self, name: str, family: Family, unpacked: Callable[[bytes, Path], None]
    ) -> None:
        self.name = name
        self.family = family
        self._unpack = unpacked

    def setup(self) -> None:
        """Pack, and see that everything comes out."""
        self._archive = _archive()
        self._place = tempfile.TemporaryDirectory(prefix="bench-unpack-")
        self.sample(1)

    def sample(self, n: int) -> list[float]:
        """Return *n* durations in nanoseconds."""
        now = time.perf_counter_ns
        into = Path(self._place.name) / "into"
        samples = [0.0] * n
        for i in range(n):
            into.mkdir()
            begin = now()
            self._unpack(self._archive, into)
            samples[i] = float(now() - begin)
            if sum(1 for path in into.rglob("*.js")) != _FILES:
                raise WrongAnswerError(f"{self.name}: files are missing")
            shutil.rmtree(into)
        return samples

    def teardown(self) -> None:
        """Remove what is left."""
        self._place.cleanup()


def rows() -> list[Row]:
    """Both of them."""
    return [
        Unpack(UNPACK_OURS, "ours", unpack),
        Unpack(UNPACK_TARFILE, "peer", _with_tarfile),
    ]

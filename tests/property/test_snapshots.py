"""Whatever files a package has: what is kept is what was there, and any difference to it is told, and told as it is."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from host.install.snapshots import Kept, Snapshots
from host.install.tree import tree_of

MEMORY = "/dev/shm"
PARTS = st.sampled_from(["a", "b", "lib", "ä", "x y", "a.js", "-", "~"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
CONTENTS = st.binary(max_size=40)


def is_a_tree(files: dict[str, bytes]) -> bool:
    """Whether no file lies where another has a directory."""
    return not any(other.startswith(f"{path}/") for path in files for other in files)


PACKAGES = st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=8).filter(is_a_tree)


def write(root: Path, files: dict[str, bytes]) -> None:
    """Put *files* into *root*."""
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


@contextmanager
def kept(files: dict[str, bytes]) -> Iterator[tuple[Snapshots, Kept, Path]]:
    """Keep *files*; the snapshot can be written to."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as folder:
        package = Path(folder, "package")
        write(package, files)
        snapshots = Snapshots(Path(folder, "home"))
        with snapshots.keep(package) as snapshot:
            path = snapshots.path(snapshot.tree)
            for one, _, _ in os.walk(path):
                os.chmod(one, 0o700)
            yield snapshots, snapshot, path


@given(PACKAGES)
@settings(max_examples=50, deadline=None)
def test_what_is_kept_is_what_was_there(files: dict[str, bytes]) -> None:
    """To the byte, and under the name that follows from it."""
    with kept(files) as (snapshots, snapshot, path):
        found = {
            str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()
        }

        assert found == files
        assert snapshot.files == {p: hashlib.sha256(d).hexdigest() for p, d in files.items()}
        assert snapshot.tree == tree_of(snapshot.files)
        assert snapshots.verify(snapshot.tree, snapshot.files) == []


@given(PACKAGES, PACKAGES)
@settings(max_examples=50, deadline=None)
def test_every_difference_is_told(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """Changed, missing and added files, each by its path, and nothing else."""
    with kept(one) as (snapshots, snapshot, path):
        for file in [f for f in path.rglob("*") if f.is_file()]:
            file.unlink()
        for folder, _, _ in os.walk(path, topdown=False):
            if Path(folder) != path:
                os.rmdir(folder)
        write(path, other)

        told = set(snapshots.verify(snapshot.tree, snapshot.files))

    folders = {p[:at] for p in one for at, c in enumerate(p) if c == "/"}
    others = {p[:at] for p in other for at, c in enumerate(p) if c == "/"}
    expected = {f"{p} was changed" for p in one.keys() & other.keys() if one[p] != other[p]}
    expected |= {f"{p} is missing" for p in one.keys() - other.keys()}
    expected |= {f"{p} is no part of it" for p in other.keys() - one.keys()}
    expected |= {f"{p} is no part of it" for p in others - folders}
    assert told == expected

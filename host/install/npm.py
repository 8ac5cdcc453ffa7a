"""A package of npm with all that it imports, straight from the registry, as npm would lay it out; without npm.

Promises    No program is started and no script run. What is laid out is what the registry vouches for: each archive by its
            SHA-512 and, where the registry signs, its signature, each package by the name and version it has inside.
Elsewhere   Who may be asked, and how: ``npmrc``, ``npm_http``. What goes where: ``npm_resolve``. What may be in an archive:
            ``archive``.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from host.audit import printable
from host.errors import InstallError
from host.install.archive import unpack
from host.install.contained import listed, package_json, package_of
from host.install.npm_package import Published, clean, published
from host.install.npm_registry import Registry
from host.install.npm_resolve import Node, Tree, resolve
from host.install.npm_signature import sha512_of, stated_sha512
from host.install.npmrc import NpmSettings, user_settings
from host.install.progress import Progress
from host.install.spec import NpmSpec, parse_spec
from host.install.values import Fetched, Origin

MAX_BYTES: Final = 512 * 1024 * 1024
"""Of all packages together, packed and unpacked."""
_THREADS: Final = 8
_TELL_S: Final = 0.2
_MOST_NOTES: Final = 20


def fetch_npm(
    spec: NpmSpec, into: Path, progress: Progress, *, settings: NpmSettings | None = None
) -> Fetched:
    """Lay out what *spec* names in *into*, an empty directory of ours, its dependencies in ``node_modules`` there.

    *settings* say which registry is asked; None for what the user's own configuration says. Raises
    InstallError, and then there are parts of it in *into* for the caller to remove.
    """
    with _writing(into):
        return _fetched(spec, into, progress, settings or user_settings(os.environ))


def _fetched(spec: NpmSpec, into: Path, progress: Progress, settings: NpmSettings) -> Fetched:
    with Registry(settings) as registry:
        progress.step(f"looking up {spec.name}")
        root = registry.packument(spec.name).pick(spec.range)
        with _Archives(registry, into.parent) as archives:
            notes = _lay_out_all(root, registry, archives, into, progress)
            integrity = sha512_of(archives.path(root))
            notes += _differences(root, into)
    return Fetched(
        directory=into,
        origin=Origin("npm", spec.spec),
        resolved=f"npm:{root.id}",
        version=root.version,
        integrity=integrity,
        notes=tuple(notes),
    )


def complete_dependencies(
    directory: Path, progress: Progress, *, settings: NpmSettings | None = None
) -> list[str]:
    """Lay out in *directory*, a package from elsewhere, what it depends on and does not bring along.

    What it has in its ``node_modules`` stays as it is. Returns lines for the user. Raises InstallError, and then
    there are parts of it in *directory* for the caller to remove.
    """
    brought = dict(_packages_in(directory / "node_modules"))
    stated = package_of(directory)
    root = published(stated.name or directory.name, stated.version, package_json(directory))
    root = replace(root, bundled=frozenset(brought))
    with (
        _writing(directory),
        Registry(settings or user_settings(os.environ)) as registry,
        _Archives(registry, directory.parent) as archives,
    ):
        return _lay_out_all(root, registry, archives, directory, progress, brought)


@contextmanager
def _writing(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InstallError(
            "E_STATE", f"{error.filename or into}: {error.strerror}; nothing is installed"
        ) from error


def _lay_out_all(
    root: Published,
    registry: Registry,
    archives: "_Archives",
    into: Path,
    progress: Progress,
    brought: Mapping[str, str] | None = None,
) -> list[str]:
    """Lay out *root* and what it needs in *into*; only what it needs where it lies there with what it *brought*."""

    def bundle(package: Published) -> Mapping[str, str]:
        return brought if package is root and brought is not None else archives.bundle(package)

    progress.step(f"resolving what {root.id} needs")
    tree = resolve(root, registry, bundle)
    nodes = [node for node in tree.root.within() if not node.is_bundled]
    if brought is not None:
        nodes.remove(tree.root)
    packages = list({node.package.id: node.package for node in nodes}.values())
    progress.step(f"fetching {_counted(len(packages), 'package')}")
    archives.fetch(packages, progress)
    progress.step(f"unpacking {_counted(len(nodes), 'package')}")
    _lay_out(nodes, archives, into)
    return [*archives.notes(), *_notes(root, packages, tree)]


def newest(origin: Origin, *, settings: NpmSettings | None = None) -> str:
    """Return the version that installing *origin* again would take. Raises InstallError."""
    spec = parse_spec(origin.spec, Path("/"))
    if not isinstance(spec, NpmSpec):
        raise InstallError("E_SPEC", f"{printable(origin.spec)} is no package of npm")
    with Registry(settings or user_settings(os.environ)) as registry:
        return registry.packument(spec.name).pick(spec.range).version


class _Archives:
    """Archives that were found right, in files of ours until the context is left."""

    def __init__(self, registry: Registry, beside: Path) -> None:
        self._registry = registry
        self._beside = beside
        self._folder = Path()
        self._files: dict[str, Path] = {}
        self._signed: dict[str, bool | None] = {}
        self._lock = threading.Lock()
        self._bytes = 0
        self._moving: dict[str, int] = {}

    def __enter__(self) -> "_Archives":  # noqa: PYI034 - private
        self._folder = Path(tempfile.mkdtemp(prefix="archives-", dir=self._beside))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def path(self, package: Published) -> Path:
        """Where the archive of *package* is."""
        if package.id not in self._files:
            self._fetch(package)
        return self._files[package.id]

    def bundle(self, package: Published) -> Mapping[str, str]:
        """Return what *package*'s archive has in its ``node_modules``: versions by folder."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            unpack(self.path(package), Path(folder), called=printable(package.id))
            return dict(_packages_in(Path(folder) / "node_modules"))

    def fetch(self, packages: Iterable[Published], progress: Progress) -> None:
        """Get what is not here yet, several at once. Raises what went wrong with the first of them."""
        missing = [package for package in packages if package.id not in self._files]
        with ThreadPoolExecutor(_THREADS, "archives") as threads:
            asked = [threads.submit(self._fetch, package) for package in missing]
            try:
                self._watch(asked, progress)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self._registry.stop()
                raise

    def _watch(self, asked: "list[Future[None]]", progress: Progress) -> None:
        left = set(asked)
        while left:
            done, left = wait(left, _TELL_S, FIRST_EXCEPTION)
            for one in asked:
                if one in done:
                    one.result()
            with self._lock:
                moved = sum(self._moving.values())
            progress.moved(moved, None)

    def _fetch(self, package: Published) -> None:
        stated_sha512(package)
        signed = self._registry.check_signature(package)

        def moved(done: int, _: int | None) -> None:
            with self._lock:
                self._moving[package.id] = done

        data = self._registry.archive(package, moved)
        with self._lock:
            self._bytes += len(data)
            if self._bytes > MAX_BYTES:
                raise _too_much()
            path = self._folder / f"{len(self._files):05d}.tgz"
            self._files[package.id] = path
            self._signed[package.id] = signed
        path.write_bytes(data)

    def notes(self) -> Iterator[str]:
        """Say what is known of signatures."""
        count = len(self._signed)
        unsigned = sorted(id_ for id_, signed in self._signed.items() if signed is False)
        verified = sum(signed is True for signed in self._signed.values())
        if verified:
            of = f"all {count}" if verified == count > 1 else f"{verified} of {count}"
            yield f"the registry's signature holds for {of} {'packages' if count > 1 else 'package'}"
        if None in self._signed.values():
            yield "the registry publishes no keys: signatures were not checked"
        if unsigned:
            yield f"not signed by the registry: {listed(unsigned)}"


def _lay_out(nodes: Iterable[Node], archives: _Archives, into: Path) -> None:
    size = 0
    for node in nodes:  # parents first: an archive is unpacked into an empty directory
        package = node.package
        directory = into / node.path
        if node.parent is not None:
            _remove(directory)
            directory.mkdir(parents=True)
        unpack(archives.path(package), directory, called=printable(package.id))
        if not package.bundled:
            # Only what is declared counts; else an archive could slip in what another package imports.
            _remove(directory / "node_modules")
        _check_identity(package, directory)
        size += _size_of(directory)
        if size > MAX_BYTES:
            raise _too_much()


def _check_identity(package: Published, directory: Path) -> None:
    stated = package_json(directory)
    name, version = stated.get("name"), stated.get("version")
    if (
        name == package.name
        and isinstance(version, str)
        and clean(version) == clean(package.version)
    ):
        return
    told = f"{str(name)[:100]}@{str(version)[:40]}" if stated else "nothing that can be read"
    raise InstallError(
        "E_INTEGRITY",
        f"{printable(package.id)}: its archive says that it is {printable(told)}; it is not installed",
    )


def _packages_in(node_modules: Path) -> Iterator[tuple[str, str]]:
    if not node_modules.is_dir():
        return
    for entry in sorted(node_modules.iterdir()):
        scoped = entry.name.startswith("@") and entry.is_dir()
        for folder in sorted(entry.iterdir()) if scoped else [entry]:
            version = package_json(folder).get("version") if folder.is_dir() else None
            if isinstance(version, str) and clean(version):
                yield folder.relative_to(node_modules).as_posix(), clean(version)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size_of(directory: Path) -> int:
    return sum(
        Path(folder, name).lstat().st_size
        for folder, _, names in os.walk(directory)
        for name in names
    )


def _notes(root: Published, packages: Iterable[Published], tree: Tree) -> list[str]:
    notes = [
        printable(f"{package.id} is deprecated: {package.deprecated[:200]}")
        for package in packages
        if package.deprecated
    ]
    if scripts := sorted(package.id for package in packages if package.has_script):
        notes.append(f"has a script for its installation, which was not run: {listed(scripts)}")
    if (why := root.misfit) is not None:
        notes.append(f"{root.id}: {why}")
    notes += tree.notes
    more = len(notes) - _MOST_NOTES
    return notes if more <= 0 else [*notes[:_MOST_NOTES], f"{more} more such lines"]


def _differences(root: Published, into: Path) -> Iterator[str]:
    """The registry's description and the package's own may name other dependencies; the first one counts."""
    own = published(root.name, root.version, package_json(into))
    inside = {**own.dependencies, **own.optional}
    told = {**root.dependencies, **root.optional}
    if other := sorted(inside.keys() ^ told.keys()):
        yield f"its own package.json names other dependencies than the registry: {listed(other)}"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _too_much() -> InstallError:
    return InstallError(
        "E_ARCHIVE",
        f"its packages are larger than {MAX_BYTES >> 20} MiB together; nothing is installed",
    )

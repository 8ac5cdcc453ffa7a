"""Which version of which package goes into which ``node_modules``, so that every import finds what its importer wants.

Order       Breadth first, by name, each package as near to the root as nothing is in its way: where two versions are
            wanted the second is nested. The same answers of the registry give the same tree.
Promises    For every dependency that is not left out, looking upwards from the one who wants it finds a version that fits.
            A package sees the same peers as whoever wanted it. Of every tree there is an end: in packages, in depth.
Left out    What the runtime provides; what is only for development; optional ones that do not fit or cannot be had; what
            the plugin itself expects of whoever loads it (its own peers). A library's peers come along, as npm does it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from host.audit import printable
from host.errors import InstallError
from host.install.contained import listed
from host.install.npm_package import Published, Wanted, is_in, is_name, published, wanted
from ipc.provided import is_provided

MAX_PACKAGES: Final = 500
MAX_DEPTH: Final = 16
_MAX_DEPENDENCIES: Final = 600
_CANNOT_BE_HAD: Final = ("E_NOT_FOUND", "E_DEPENDENCY", "E_AUTH")
_MAX_RESTARTS: Final = 100

Bundle = Callable[[Published], Mapping[str, str]]
"""What a package's own archive has in its ``node_modules``: versions by folder."""


class Packages(Protocol):
    """Where versions come from."""

    def prefetch(self, names: list[str]) -> None:
        """These will be asked for."""
        ...

    def pick(self, wanted: Wanted) -> Published:
        """Return the version that is meant. Raises InstallError."""
        ...


@dataclass(eq=False, slots=True)
class Node:
    """A package in its place. ``folder`` is its name there, empty for the root."""

    folder: str
    package: Published
    parent: "Node | None" = None
    asker: "Node | None" = None
    """Whose dependency it was placed for."""
    is_optional: bool = False
    is_bundled: bool = False
    """It came in its parent's archive, with all that it needs."""
    children: "dict[str, Node]" = field(default_factory=dict)
    edges: "dict[str, Node]" = field(default_factory=dict)
    """What each of its dependencies finds."""

    @property
    def path(self) -> str:
        """From the root, for example ``node_modules/a/node_modules/@s/b``; empty for the root."""
        if self.parent is None:
            return ""
        above = self.parent.path
        return f"{above}/node_modules/{self.folder}" if above else f"node_modules/{self.folder}"

    def upwards(self) -> "Iterator[Node]":
        """This node and all that it lies in, up to the root."""
        at: Node | None = self
        while at is not None:
            yield at
            at = at.parent

    def find(self, folder: str) -> "Node | None":
        """Return what an import of *folder* finds here."""
        for at in self.upwards():
            if (found := at.children.get(folder)) is not None:
                return found
        return None

    def within(self) -> "Iterator[Node]":
        """This node and all that lies in it, parents first."""
        todo = [self]
        while todo:
            at = todo.pop()
            yield at
            todo.extend(reversed(at.children.values()))


@dataclass(frozen=True, slots=True)
class Tree:
    """The root with all that lies in it, and lines for the user: what was left out, and what is missing."""

    root: Node
    notes: tuple[str, ...]


class _DroppedError(Exception):
    """An optional dependency, or something that it needs, cannot be had."""

    def __init__(
        self, asker: str, folder: str, why: str, *, is_for_another_machine: bool = False
    ) -> None:
        super().__init__(why)
        self.edge = (asker, folder)
        self.is_for_another_machine = is_for_another_machine


def resolve(root: Published, packages: Packages, bundle: Bundle) -> Tree:
    """Return where *root*'s dependencies, and theirs, are put. Raises InstallError."""
    dropped: dict[tuple[str, str], _DroppedError] = {}
    restarts = 0
    while True:
        try:
            placed = _Attempt(root, packages, bundle, dropped).run()
        except _DroppedError as error:
            # Once more without it: what was placed for its sake is not to be found in the tree.
            dropped[error.edge] = error
            restarts += 1
            if restarts > _MAX_RESTARTS:
                raise InstallError(
                    "E_DEPENDENCY",
                    f"{printable(root.id)} has too many optional dependencies that cannot be had",
                ) from None
        else:
            return Tree(placed, tuple(_left_out(dropped.values()) + _missing_peers(placed)))


def _left_out(dropped: Iterable[_DroppedError]) -> list[str]:
    others = sorted({e.edge[1] for e in dropped if e.is_for_another_machine})
    notes = [f"left out, as for other machines: {listed(others)}"] if others else []
    told = [e for e in dropped if not e.is_for_another_machine]
    return notes + [f"{printable(e.edge[1])} is left out: {e}" for e in told]


@dataclass(frozen=True, slots=True)
class _Edge:
    folder: str
    wanted: Wanted
    is_optional: bool


class _Attempt:
    def __init__(
        self,
        root: Published,
        packages: Packages,
        bundle: Bundle,
        dropped: dict[tuple[str, str], _DroppedError],
    ) -> None:
        self._root = Node("", root)
        self._packages = packages
        self._bundle = bundle
        self._dropped = dropped
        self._todo = deque([self._root])
        self._count = 0

    def run(self) -> Node:
        """Return the root, with everything in its place."""
        while self._todo:
            while self._todo:
                self._expand(self._todo.popleft())
            # Last, so that a peer that somebody brings anyway is the one.
            self._add_a_peer()
        return self._root

    def _add_a_peer(self) -> None:
        """Place one package that another expects beside it and that nothing gives, if there is one."""
        for node, peer, text in _expected(self._root):
            # What the plugin itself expects is the agent's to give; that of libraries npm installs as well.
            is_open = node.parent is not None and node.find(peer) is None
            if not is_open or (node.package.id, peer) in self._dropped:
                continue
            try:
                edge = _Edge(peer, wanted(peer, text), is_optional=True)
                node.edges[peer] = self._added(node, edge, self._picked(node, edge), None)
            except (InstallError, _DroppedError) as error:
                if isinstance(error, InstallError) and error.code not in _CANNOT_BE_HAD:
                    raise
                self._dropped[node.package.id, peer] = _DroppedError(
                    node.package.id, peer, str(error)
                )
                continue
            return

    def _expand(self, node: Node) -> None:
        if node.package.bundled:
            for folder, version in sorted(self._bundle(node.package).items()):
                if is_name(folder):
                    self._put(
                        node, folder, published(folder, version, {}), node, is_bundled=True
                    )
        edges = self._edges(node)
        self._packages.prefetch([e.wanted.name for e in edges if _admitted(node, e) is None])
        while edges:
            edge: _Edge | None = None
            try:
                edge = self._next(node, edges)
                self._follow(node, edge)
            except _DroppedError as error:
                # Nothing was placed for the sake of one that is missing itself.
                edge = next(
                    (e for e in edges if (node.package.id, e.folder) == error.edge), None
                )
                if edge is None:
                    raise
                self._dropped[error.edge] = error
            edges.remove(edge)

    def _next(self, node: Node, edges: list[_Edge]) -> _Edge:
        """Return the first that has no peer among the others, so that it is put where it sees its peers."""
        names = {edge.folder for edge in edges}
        free = (e for e in edges if not names & self._peers_of(node, e) - {e.folder})
        return next(free, edges[0])

    def _edges(self, node: Node) -> list[_Edge]:
        package = node.package
        if len(package.dependencies) + len(package.optional) > _MAX_DEPENDENCIES:
            raise InstallError(
                "E_DEPENDENCY",
                f"{printable(package.id)} has more than {_MAX_DEPENDENCIES} dependencies",
            )
        edges = []
        for folder, text in sorted({**package.dependencies, **package.optional}.items()):
            is_optional = folder in package.optional
            if (
                is_provided(folder)
                or (package.id, folder) in self._dropped
                or (folder in package.bundled and folder in node.children)
            ):
                continue
            try:
                edges.append(_Edge(folder, wanted(folder, text), is_optional))
            except InstallError as error:
                if not is_optional:
                    self._give_up(node, folder, error, is_optional=False)
                self._dropped[node.package.id, folder] = _DroppedError(
                    node.package.id, folder, str(error)
                )
        return edges

    def _peers_of(self, node: Node, edge: _Edge) -> set[str]:
        found = _admitted(node, edge)
        return set((found.package if found else self._picked(node, edge)).peers)

    def _picked(self, node: Node, edge: _Edge) -> Published:
        try:
            return self._packages.pick(edge.wanted)
        except InstallError as error:
            self._give_up(node, edge.folder, error, is_optional=edge.is_optional)
            raise

    def _give_up(
        self, node: Node, folder: str, error: InstallError, *, is_optional: bool
    ) -> None:
        """Raise *error*, or leave out the nearest optional dependency that leads here."""
        # What cannot be had is one thing, what is not what it claims to be another.
        if error.code in _CANNOT_BE_HAD:
            if is_optional:
                raise _DroppedError(node.package.id, folder, str(error)) from None
            for at in _askers(node):
                if at.is_optional and at.asker is not None:
                    raise _DroppedError(at.asker.package.id, at.folder, str(error)) from None
        way = " > ".join(printable(at.package.id) for at in reversed(list(_askers(node))))
        raise InstallError(error.code, f"{way}: {error}") from None

    def _follow(self, node: Node, edge: _Edge) -> None:
        found = _admitted(node, edge)
        if found is None or not _sees_its_peers(found.package, found, node):
            picked = self._picked(node, edge)
            found = node.find(edge.folder)
            is_it = found is not None and found.package.id == picked.id
            if found is None or not (is_it and _sees_its_peers(picked, found, node)):
                found = self._added(node, edge, picked, found)
        node.edges[edge.folder] = found

    def _added(self, node: Node, edge: _Edge, picked: Published, found: Node | None) -> Node:
        if found is not None and found.parent is node:
            return found  # of its own archive, and so its author's choice
        if edge.is_optional and (why := picked.misfit) is not None:
            raise _DroppedError(
                node.package.id,
                edge.folder,
                why,
                is_for_another_machine=picked.is_for_another_machine,
            )
        place = self._place(node, edge.folder, picked, found)
        child = self._put(place, edge.folder, picked, node, is_optional=edge.is_optional)
        self._todo.append(child)
        return child

    def _place(self, node: Node, folder: str, package: Published, found: Node | None) -> Node:
        """Return the highest place from which *node* sees *package* and nobody else loses what he sees."""
        above = None if found is None else found.parent
        ways = []
        for at in node.upwards():
            if at is above:
                break
            ways.append(at)
        for at in reversed(ways):
            if _shadows(at, folder, package, found):
                continue
            if _sees_its_peers(package, at, node):
                return at
        return node

    def _put(
        self,
        place: Node,
        folder: str,
        package: Published,
        asker: Node,
        *,
        is_optional: bool = False,
        is_bundled: bool = False,
    ) -> Node:
        problem = None
        if self._count >= MAX_PACKAGES:
            problem = f"more than {MAX_PACKAGES} packages are needed"
        elif sum(1 for _ in place.upwards()) >= MAX_DEPTH:
            problem = (
                f"packages would be nested deeper than {MAX_DEPTH} (at {package.id}): "
                "they want each other in versions that exclude each other"
            )
        if problem is not None:
            error = InstallError("E_DEPENDENCY", printable(problem))
            self._give_up(asker, folder, error, is_optional=is_optional)
        child = Node(folder, package, place, asker, is_optional, is_bundled)
        place.children[folder] = child
        self._count += 1
        return child


def _askers(node: Node) -> Iterator[Node]:
    at: Node | None = node
    while at is not None:
        yield at
        at = at.asker


def _admitted(node: Node, edge: _Edge) -> Node | None:
    """What *node* finds already, if it is in the range that is asked for."""
    found = node.find(edge.folder)
    return found if found is not None and edge.wanted.admits(found.package) else None


def _sees_its_peers(package: Published, place: Node, node: Node) -> bool:
    """Whether *package*, in *place*, finds the same peers as *node*, which wants it."""
    return all(_sees(place, node, *peer) for peer in package.peers.items())


def _sees(place: Node, node: Node, peer: str, text: str) -> bool:
    """Whether *peer* is the same from *place* and from *node*; so if *node* has none that fits."""
    mine = node.find(peer)
    return mine is None or not is_in(mine.package.version, text) or place.find(peer) is mine


def _shadows(place: Node, folder: str, package: Published, found: Node | None) -> bool:
    """Whether *package* in *place* would take *found* from somebody in there."""
    if found is None:
        return False
    for at in place.within():
        if at.edges.get(folder) is found:
            return True
        text = at.package.peers.get(folder)
        if text is not None and at.find(folder) is found and not is_in(package.version, text):
            return True
    return False


def _expected(root: Node) -> Iterator[tuple[Node, str, str]]:
    """Who expects which peer, in which range; but those that the runtime gives."""
    for at in root.within():
        for peer, text in sorted(at.package.peers.items()):
            if not is_provided(peer):
                yield at, peer, text


def _missing_peers(root: Node) -> list[str]:
    notes = []
    for at, peer, text in _expected(root):
        found = at.find(peer)
        if found is None:
            told = "nothing gives it"
        elif not is_in(found.package.version, text):
            told = f"it finds {found.package.version}"
        else:
            continue
        line = f"{at.package.id} expects {peer} {text[:40]} beside it, and {told}"
        notes.append(printable(line))
    return list(dict.fromkeys(notes))

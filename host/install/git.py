"""A plugin from a git repository: one commit of it, exactly, as plain files.

Promises    What a branch, a tag or a range of versions means is resolved once, to a commit that is recorded. Its files are
            read from git's database as they were recorded: nothing is checked out, so no attribute, filter (LFS among
            them), hook, line-ending or submodule of the repository has any effect, and no ``.git`` is ever made.
            Links and submodules are left out, and the user is told: repositories hold links for their authors' sake, and
            one that a plugin needs is missed when it is loaded, not followed to somewhere else.
Elsewhere   How git runs: ``git_process``. What names may be: ``plain_tree``.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from host.errors import InstallError
from host.install.contained import Package, listed, missing_parts, package_of
from host.install.git_process import Answer, Git, GitProcess, LateError
from host.install.plain_tree import CAPS, Caps, UnfitError, size_text, writing
from host.install.progress import Progress, Quiet
from host.install.spec import GitSpec, check_revision, parse_spec, shown
from host.install.values import Fetched, Origin

_FETCH_WITHIN_S: Final = 600.0
_MAX_PACKED: Final = 512 * 1024 * 1024
"""What a repository may take on the way; more is wanted when its whole history has to be fetched."""
_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256_CHARS: Final = 64
_SHORT: Final = re.compile(r"[0-9a-f]{7,39}")
_LINE: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\t([^\n]*)")
_ENTRY: Final = re.compile(rb"(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t(.+)", re.DOTALL)
_TAKEN: Final = "refs/taken/it"
_SEMVER: Final = "semver:"
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_MAX_LFS_BYTES: Final = 1024
_LEFT_OUT: Final = {
    "120000": ("a link", "links", "left out"),
    "160000": ("a submodule", "submodules", "left out"),
    "lfs": ("a file", "files", "came as a pointer of LFS, without the content"),
}
"""What the user is told of, by its mode in git: one of it, several, and what became of them."""
_MAX_TAGS: Final = 10_000


def fetch_git(
    spec: GitSpec,
    into: Path,
    progress: Progress | None = None,
    *,
    track: str | None = None,
    caps: Caps = CAPS,
) -> Fetched:
    """Bring the commit that *spec* means into *into*, an empty directory of ours; *track* names a branch to follow.

    Raises InstallError: E_SPEC for a revision and a branch at once, E_NOT_FOUND for a repository or revision that
    is not there, E_NETWORK for one that cannot be read, E_ARCHIVE for files that no package may hold.
    """
    told = progress or Quiet()
    if track is not None:
        if spec.revision:
            raise InstallError(
                "E_SPEC",
                f"{shown(spec.spec)}: a revision holds still and --track {shown(track)} moves; give one of the two",
            )
        check_revision(track, track)
    told.step(f"reading {shown(spec.origin)}")
    with _repository(spec, into.parent) as git:
        wanted = _resolve(git, spec, track)
        told.step(f"fetching {wanted.name}")
        commit = _fetch(git, spec, wanted, told)
        told.step(f"unpacking {commit[:12]}")
        notes = _take(git, commit, into, f"{shown(spec.origin)} at {commit[:12]}", caps, told)
    package = package_of(into)
    return Fetched(
        directory=into,
        origin=Origin("git", spec.spec, track),
        resolved=f"{spec.origin}#{commit}",
        version=package.version or commit[:12],
        integrity=commit,
        notes=(*wanted.notes, *notes, *_scripts(package), *missing_parts(into, package)),
    )


def newest(origin: Origin) -> str:
    """Return the commit that *origin* means today, in full; one that was named by a part of its hash, as it was named.

    Raises InstallError as :func:`fetch_git` does.
    """
    spec = parse_spec(origin.spec, Path("/"))
    if not isinstance(spec, GitSpec):
        raise InstallError("E_SPEC", f"{shown(origin.spec)} is no repository")
    with (
        tempfile.TemporaryDirectory(prefix="jcode-git-") as place,
        _repository(spec, Path(place)) as git,
    ):
        return _resolve(git, spec, origin.track).commit


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to fetch: a ``ref`` and the commit that it stands for, or, without one, only the commit or a part of it."""

    name: str
    commit: str
    ref: str = ""
    notes: tuple[str, ...] = ()


@contextmanager
def _repository(spec: GitSpec, near: Path) -> Iterator[Git]:
    """A repository of ours for what *spec* needs, gone afterwards."""
    if spec.is_local:
        if not Path(spec.url).is_dir():
            raise InstallError("E_NOT_FOUND", f"{shown(spec.url)}: there is no such directory")
        protocols = "file"
    else:
        scheme = spec.url.partition("://")[0] if "://" in spec.url else "ssh"
        # The user's own configuration may replace one of the first two by the other.
        protocols = ":".join(dict.fromkeys(("https", "ssh", scheme)))
    with tempfile.TemporaryDirectory(prefix=".git-", dir=near) as place:
        try:
            yield Git(Path(place) / "bare", protocols)
        except LateError:
            raise InstallError(
                "E_NETWORK", f"{shown(spec.origin)} takes too long; try again"
            ) from None


def _resolve(git: Git, spec: GitSpec, track: str | None) -> _Wanted:
    revision = spec.revision
    if _HASH.fullmatch(revision):
        return _Wanted(f"commit {revision[:12]}", revision)
    if track is not None:
        heads = _listed(git, spec, f"refs/heads/{track}")
        return _found(heads, f"refs/heads/{track}", spec, f"branch {track}")
    if not revision:
        return _found(_listed(git, spec, "HEAD"), "HEAD", spec, "default branch")
    if revision.startswith(_SEMVER):
        tags = _listed(git, spec, "refs/tags/*")
        return _in_range(tags, revision.removeprefix(_SEMVER), spec)
    if revision.startswith("refs/"):
        return _found(_listed(git, spec, revision), revision, spec, revision)
    tag, head = f"refs/tags/{revision}", f"refs/heads/{revision}"
    refs = _listed(git, spec, tag, head)
    if tag in refs:
        wanted = _found(refs, tag, spec, f"tag {revision}")
        if head in refs:
            note = f"{revision} is a tag and a branch; the tag was taken (#refs/heads/{revision} means the branch)"
            wanted = replace(wanted, notes=(note,))
        return wanted
    if head not in refs and _SHORT.fullmatch(revision):
        return _Wanted(f"commit {revision}", revision)
    return _found(refs, head, spec, f"branch, tag or commit {revision}")


def _listed(git: Git, spec: GitSpec, *patterns: str) -> dict[str, str]:
    """Return what the repository calls by names that end as *patterns* do: objects, by full name."""
    peeled = (f"{pattern}^{{}}" for pattern in patterns)
    answer = git.run("ls-remote", "--quiet", *_giver(spec), "--", spec.url, *patterns, *peeled)
    if answer.code:
        raise _unreadable(spec, answer)
    return {
        found[2].decode("utf-8", "surrogateescape"): found[1].decode()
        for line in answer.out.split(b"\n")
        if (found := _LINE.fullmatch(line))
    }


def _giver(spec: GitSpec) -> tuple[str, ...]:
    """Options about the git that gives a repository of this machine: it obeys what is configured there."""
    # Such a configuration may say where missing objects are to be had, by a command. Older versions went and got them.
    return ("--upload-pack=GIT_ALLOW_PROTOCOL=none git-upload-pack",) if spec.is_local else ()


def _unreadable(spec: GitSpec, answer: Answer) -> InstallError:
    return InstallError(
        "E_NETWORK",
        f"{shown(spec.origin)} cannot be read: {answer.said}; check the address, and that git may read it",
    )


def _found(refs: dict[str, str], ref: str, spec: GitSpec, name: str) -> _Wanted:
    # A tag with a message is an object of its own; what it is about has the same name with ^{} behind it.
    commit = refs.get(f"{ref}^{{}}") or refs.get(ref)
    if commit is None:
        raise InstallError("E_NOT_FOUND", f"{shown(spec.origin)} has no {name}")
    return _Wanted(name, commit, ref)


def _in_range(tags: dict[str, str], wanted: str, spec: GitSpec) -> _Wanted:
    import nodesemver  # here: few repositories are named so

    by_version: dict[str, str] = {}
    for ref in list(tags)[:_MAX_TAGS]:
        version = ref.removeprefix("refs/tags/").removeprefix("v")
        if not ref.endswith("^{}") and nodesemver.valid(version, loose=False):
            by_version[version] = ref
    try:
        newest_ = nodesemver.max_satisfying(list(by_version), wanted, loose=False)
    except (ValueError, nodesemver.InvalidTypeIncluded):
        raise InstallError("E_SPEC", f"{wanted} is no range of versions") from None
    if newest_ is None:
        raise InstallError("E_NOT_FOUND", f"{shown(spec.origin)} has no tag in {wanted}")
    return _found(tags, by_version[newest_], spec, f"tag {newest_}")


def _fetch(git: Git, spec: GitSpec, wanted: _Wanted, told: Progress) -> str:
    """Fetch what is wanted and as little else as can be; return the commit that came."""
    git.begin(is_sha256=len(wanted.commit) == _SHA256_CHARS)
    answer = None
    if wanted.ref or _HASH.fullmatch(wanted.commit):
        source = f"+{wanted.ref or wanted.commit}:{_TAKEN}"
        answer = _fetched(git, spec, told, "--depth=1", source)
        if answer.code and wanted.ref:
            # A server of plain files cannot say where a history is cut.
            answer = _fetched(git, spec, told, source)
        if answer.code == 0:
            return _commit(git, _TAKEN, spec, wanted)
    if answer is None or not wanted.ref:
        # Not every server gives what no branch or tag stands for: among all of them it may be found.
        answer = _fetched(
            git, spec, told, "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"
        )
        if answer.code == 0:
            return _commit(git, wanted.commit, spec, wanted)
    raise _unreadable(spec, answer)


def _fetched(git: Git, spec: GitSpec, told: Progress, *arguments: str) -> Answer:
    def check() -> None:
        packed = 0
        for path in git.directory.rglob("*"):
            try:
                packed += path.lstat().st_size
            except OSError:
                continue  # renamed meanwhile
        told.moved(packed, None)
        if packed > _MAX_PACKED:
            raise InstallError(
                "E_ARCHIVE", f"{shown(spec.origin)} is larger than {size_text(_MAX_PACKED)}"
            )

    options = [word for word in arguments if word.startswith("--")]
    sources = [word for word in arguments if not word.startswith("--")]
    return git.run(
        "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance",
        *_giver(spec), *options, "--", spec.url, *sources, within_s=_FETCH_WITHIN_S, check=check,
    )  # fmt: skip


def _commit(git: Git, name: str, spec: GitSpec, wanted: _Wanted) -> str:
    answer = git.run(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    commit = answer.out.decode().strip()
    if answer.code or not _HASH.fullmatch(commit):
        raise InstallError("E_NOT_FOUND", f"{shown(spec.origin)} has no {wanted.name}")
    return commit


@dataclass(frozen=True, slots=True)
class _Blob:
    path: str
    object: str
    size: int
    is_executable: bool


def _take(
    git: Git, commit: str, into: Path, called: str, caps: Caps, told: Progress
) -> list[str]:
    """Write the files of *commit*; return what the user should know of those that are not among them."""
    blobs: list[_Blob] = []
    left_out: dict[str, list[str]] = {}
    with writing(into, called, caps) as tree:
        for mode, blob in _entries(git, commit, 2 * caps.entries):
            if mode in _LEFT_OUT:
                left_out.setdefault(mode, []).append(blob.path)
                continue
            tree.check_size(blob.path, blob.size)
            blobs.append(blob)
            if len(blobs) > caps.entries:
                raise UnfitError(f"holds more than {caps.entries} files")
        whole = sum(blob.size for blob in blobs)
        wanted = b"".join(f"{blob.object}\n".encode() for blob in blobs)
        with git.start("cat-file", "--batch", "--buffer", stdin=wanted) as process:
            content = _Content(process)
            for blob in blobs:
                chunks = content.of(blob)
                first = next(chunks, b"")
                if blob.size <= _MAX_LFS_BYTES and first.startswith(_LFS):
                    left_out.setdefault("lfs", []).append(blob.path)
                told.moved(tree.bytes, whole)
                tree.file(blob.path, _chained(first, chunks), is_executable=blob.is_executable)
    return [_left_out(kind, paths) for kind, paths in left_out.items()]


def _entries(git: Git, commit: str, most: int) -> Iterator[tuple[str, _Blob]]:
    """Yield all that *commit* records, with its mode. It may be endless: a tree can hold one tree many times."""
    with git.start("ls-tree", "-r", "-l", "-z", "--full-tree", commit) as process:
        rest = b""
        seen = 0
        while piece := process.read():
            *entries, rest = (rest + piece).split(b"\0")
            for entry in entries:
                seen += 1
                if seen > most:
                    raise UnfitError(f"records more than {most} files and links")
                yield _entry(entry)
            if len(rest) > 1 << 20:
                raise UnfitError("has a name that is too long")
        if process.wait() or rest:
            raise UnfitError(f"cannot be read: {process.said}")


def _entry(raw: bytes) -> tuple[str, _Blob]:
    found = _ENTRY.fullmatch(raw)
    if found is None:
        raise UnfitError("cannot be read: git lists what is neither file nor directory")
    mode = found[1].decode()
    try:
        path = found[5].decode("utf-8")
    except UnicodeDecodeError:
        raise UnfitError("has a name that is not UTF-8", found[5].decode("latin-1")) from None
    size = int(found[4]) if found[4] != b"-" else 0
    return mode, _Blob(path, found[3].decode(), size, mode == "100755")


class _Content:
    """What ``cat-file --batch`` prints, one object after another."""

    def __init__(self, process: GitProcess) -> None:
        self._process = process
        self._ready = b""

    def of(self, blob: _Blob) -> Iterator[bytes]:
        """Yield what *blob*, the next one, holds."""
        expected = f"{blob.object} blob {blob.size}\n".encode()
        if b"".join(self._exactly(len(expected))) != expected:
            raise UnfitError("cannot be read: it is not in the repository", blob.path)
        yield from self._exactly(blob.size)
        if b"".join(self._exactly(1)) != b"\n":
            raise UnfitError("cannot be read: git gave more than it announced", blob.path)

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._ready:
                self._ready = self._process.read()
                if not self._ready:
                    raise UnfitError(f"cannot be read: {self._process.said}")
            piece, self._ready = self._ready[:count], self._ready[count:]
            count -= len(piece)
            yield piece


def _scripts(package: Package) -> list[str]:
    if "prepare" not in package.scripts:
        return []
    return ["its script prepare was not run, no script is: what it would build is not there"]


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _left_out(kind: str, paths: list[str]) -> str:
    one, many, what = _LEFT_OUT[kind]
    return f"{one if len(paths) == 1 else f'{len(paths)} {many}'} {what}: {listed(paths)}"

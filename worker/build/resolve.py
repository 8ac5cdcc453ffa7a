"""Specifier to list of candidate files: names only, nothing is opened here.

Promises    No candidate is absolute, contains an empty, "." or ".." part, or leaves the root.
Elsewhere   Whether a candidate exists, and that no symlink leads out: the host, behind `Sources`.
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from ipc.provided import HOST_PACKAGES, HOST_SCOPES, NODE_BUILTINS

CODE_EXTENSIONS: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx")
EXTENSIONS: Final = (*CODE_EXTENSIONS, ".json")

TYPESCRIPT: Final = (".ts", ".tsx", ".mts", ".cts")

# What an import with a JavaScript ending may mean in a TypeScript project.
_REWRITES: Final = {
    ".js": (".ts", ".tsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}

MAX_SPECIFIER: Final = 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the plugin, as the host snapshot it.

    Attributes:
        path: relative to the plugin's root, posix.
        local: path of a readable copy, from the current directory; its ending tells the compiler the language.
        sha256: of the content, hexadecimal.
    """

    path: str
    local: str
    sha256: str


class Sources(Protocol):
    """Where files come from; injected, because the builder itself can open nothing."""

    def fetch(self, wanted: list[list[str]]) -> list[Found | None]:
        """Return, for each list of candidates, the first that is a regular file beneath the root."""
        ...


class EscapeError(Exception):
    """The specifier points outside the plugin's root."""


Kind = Literal["relative", "imports", "package", "external", "invalid"]


def classify(specifier: str) -> Kind:
    """Return what sort of specifier this is.

    Raises:
        EscapeError: an absolute path, or a URL other than `node:`.
    """
    if not specifier or len(specifier) > MAX_SPECIFIER or "\0" in specifier:
        return "invalid"
    if specifier in (".", "..") or specifier.startswith(("./", "../")):
        return "relative"
    if specifier.startswith(("/", "\\", "~")) or specifier[1:3] in (":/", ":\\"):
        raise EscapeError(specifier)
    if specifier.startswith("#"):
        return "imports"
    head = specifier.partition("/")[0]
    if ":" in head:
        if head.startswith(("node:", "bun:", "npm:", "jsr:")) or specifier.startswith("jcode:"):
            return "external"
        raise EscapeError(specifier)
    if head in NODE_BUILTINS or head in HOST_PACKAGES or specifier.startswith(HOST_SCOPES):
        return "external"
    if package_name(specifier) in HOST_PACKAGES:
        return "external"
    if any(part in ("", ".", "..") for part in specifier.rstrip("/").split("/")):
        return "invalid"
    return "package"


def package_name(specifier: str) -> str:
    """Return `name` or `@scope/name` of a bare specifier."""
    parts = specifier.split("/")
    return "/".join(parts[:2]) if specifier.startswith("@") else parts[0]


def join(folder: str, relative: str) -> str:
    """Return *relative* seen from *folder*, normalised; both are relative to the root.

    Raises:
        EscapeError: the result would lie above the root.
    """
    parts = [part for part in folder.split("/") if part]
    for part in relative.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                raise EscapeError(relative)
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def folder_of(path: str) -> str:
    """Return the folder part of a root-relative path, "" for the root."""
    return path.rpartition("/")[0]


def extension_of(path: str) -> str:
    """Return the ending of *path* if it is one that can be built, else ""."""
    name = path.rpartition("/")[2]
    ending = name[name.rfind(".") :] if "." in name else ""
    return ending if ending in EXTENSIONS and name != ending else ""


def file_candidates(path: str, *, only_folder: bool = False) -> list[str]:
    """Return the files that a root-relative *path* in an import may mean, best first."""
    found: list[str] = []
    if path and not only_folder:
        ending = extension_of(path)
        if ending:
            found.append(path)
            found.extend(
                path.removesuffix(ending) + other for other in _REWRITES.get(ending, ())
            )
        found.extend(path + added for added in EXTENSIONS)
        if not ending:
            found.append(path)  # last: `./tool` beside a script called `tool` means tool.ts
    found.extend(f"{path}/index{added}" if path else f"index{added}" for added in EXTENSIONS)
    return found


def entry_candidates(entry: str) -> list[str]:
    """Return candidates for the main file, named relative to the root.

    Raises:
        EscapeError: the name is absolute or leaves the root.
    """
    if entry.startswith(("/", "\\")) or "\0" in entry:
        raise EscapeError(entry)
    return file_candidates(join("", entry))


def relative_candidates(importer: str, specifier: str) -> list[str]:
    """Return candidates for a relative *specifier* in the file *importer*.

    Raises:
        EscapeError: it leaves the root.
    """
    path = join(folder_of(importer), specifier)
    folder_only = specifier.endswith("/") or specifier.rpartition("/")[2] in (".", "..")
    return file_candidates(path, only_folder=folder_only)


def package_json_candidates(importer: str, name: str) -> list[str]:
    """Return where `package.json` of package *name* may be, nearest first."""
    found: list[str] = []
    folder: str | None = folder_of(importer)
    while folder is not None:
        if folder.rpartition("/")[2] != "node_modules":
            prefix = f"{folder}/" if folder else ""
            found.append(f"{prefix}node_modules/{name}/package.json")
        folder = folder_of(folder) if folder else None
    return found


def own_package_candidates(importer: str) -> list[str]:
    """Return where the `package.json` that governs *importer* may be, nearest first."""
    found: list[str] = []
    folder: str | None = folder_of(importer)
    while folder is not None:
        found.append(f"{folder}/package.json" if folder else "package.json")
        folder = folder_of(folder) if folder else None
    return found

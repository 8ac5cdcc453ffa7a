"""Start of a zygote: ``python -I -S worker/__main__.py ROLE CONTROL_FD HOST_PIDFD ROOT NAME=PATH...``

Promises    Only the modules named here enter the process: the interpreter runs isolated, without site,
            and every package of ours or of others is mounted from the exact path that the host gave.
            A stray ``ipc.py`` in the working directory has no way in.

ROLE is ``plugins`` (workers that run JavaScript) or ``builder`` (one-shot builds).
NAME=PATH pairs: the file of ``_quickjs``, the directory of ``cbor2``; ``path=DIR`` is searched, last, for
whatever else the role imports at its start (the compiler of the builder), and no longer after that.
"""

import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType


def _mount_package(name: str, directory: str) -> None:
    """Make our own *name* importable from *directory*, running its ``__init__``."""
    spec = spec_from_file_location(
        name,
        f"{directory}/__init__.py",
        loader=SourceFileLoader(name, f"{directory}/__init__.py"),
        submodule_search_locations=[directory],
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot mount {name} from {directory}")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _mount_bare_package(name: str, directory: str) -> None:
    """Make the submodules of *name* importable without running its ``__init__``.

    cbor2's costs 20 ms and half the standard library; the extension inside needs none of it.
    """
    module = ModuleType(name)
    module.__path__ = [directory]
    sys.modules[name] = module


def _mount_extension(name: str, path: str) -> None:
    loader = ExtensionFileLoader(name, path)
    spec = ModuleSpec(name, loader, origin=path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)


def main(argv: list[str]) -> None:
    """Mount what the role needs and run the zygote until its host is gone."""
    role, control_fd, host_pidfd, root, *mounts = argv
    searched = []
    for mount in mounts:
        name, _, path = mount.partition("=")
        if name == "path":
            searched.append(path)
        elif name == "cbor2":
            _mount_bare_package(name, path)
        else:
            _mount_extension(name, path)
    for name in ("ipc", "worker"):
        _mount_package(name, f"{root}/{name}")
    sys.path.extend(searched)
    from worker.zygote import make_role, run

    made = make_role(role)
    del sys.path[len(sys.path) - len(searched) :]
    run(made, int(control_fd), int(host_pidfd))


if __name__ == "__main__":
    main(sys.argv[1:])

"""A zygote whose workers are not locked down: what the lockdown costs is measured against it.

Started in the place of ``worker/__main__.py``, with the same arguments. A worker still has its own process, its
priority and its end with the zygote; every layer of isolation is left out, and its hello says so.
"""

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main(argv: list[str]) -> None:
    """Run the real start with two functions replaced once the packages are there."""
    root = argv[3]
    spec = spec_from_file_location("zygote_start", f"{root}/worker/__main__.py")
    assert spec is not None
    assert spec.loader is not None
    start = module_from_spec(spec)
    spec.loader.exec_module(start)
    mount = start._mount_package

    def mount_and_unlock(name: str, directory: str) -> None:
        mount(name, directory)
        if name == "worker":
            _unlock()

    start._mount_package = mount_and_unlock
    start.main(argv)


def _unlock() -> None:
    from worker import loop, zygote
    from worker.lockdown import Filter, Layers, Limits
    from worker.lockdown.kernel import prctl

    def enter(limits: Limits, confine: Filter) -> Layers:
        os.nice(limits.niceness)
        prctl(_PR_SET_PDEATHSIG, _SIGKILL)
        return Layers()

    loop.enter_lockdown = enter  # type: ignore[assignment]  # without the builder's argument
    zygote.leave_shared = dict


if __name__ == "__main__":
    main(sys.argv[1:])

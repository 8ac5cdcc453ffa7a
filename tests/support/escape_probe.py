"""Runs every attempt in a fork of its own: ``python -I -S escape_probe.py ROOT MODE``; prints JSON.

MODE is ``open`` (no confinement at all), ``locked`` (the real lockdown) or ``unfiltered`` (all of it but seccomp).
Each attempt maps to ``["signal", number]``, ``["answer", what the kernel returned]`` or ``["exit", code]``.
It stands in for a zygote: one thread, everything imported, forks.
"""

import json
import os
import sys


def main(root: str, mode: str) -> None:
    """Make all attempts in *mode*."""
    sys.path.insert(0, root)
    from tests.support.attempts import ALLOWED, ATTEMPTS, Attempt
    from worker.lockdown import Filter, Layers, Limits, enter_lockdown

    class NoFilter(Filter):
        def install(self) -> str:
            return "left out"

    confine = Filter("plugins") if mode == "locked" else NoFilter("plugins")
    parent = os.getpid()
    is_root = os.getuid() == 0  # asked now: a locked process that asks is dead

    def attempt(made: Attempt) -> None:
        layers = None
        if mode != "open":
            limits = Limits(0, 128 << 20, 0)
            limits.parent_pid = parent
            layers = enter_lockdown(limits, confine)
            expected = {
                "seccomp": mode == "locked",
                "namespaces": False,
                "empty_root": False,
                "cgroup": False,
            }
            if not _as_expected(layers, expected):
                os._exit(70)
        os.write(4, b"%d" % made.make())
        os._exit(0)

    def _as_expected(layers: Layers, expected: dict[str, bool]) -> bool:
        mine = {"uid": is_root, "landlock": layers["landlock"]}
        return all(expected.get(k, mine.get(k, True)) == held for k, held in layers.items())

    print(
        json.dumps(
            {
                made.name: _outcome(lambda made=made: attempt(made))
                for made in (*ATTEMPTS, *ALLOWED)
            }
        )
    )


def _outcome(run: "object") -> list[object]:
    from_child, to_us = os.pipe()
    to_child, _held = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            a, b = os.dup2(to_child, 100), os.dup2(to_us, 101)
            os.dup2(a, 3)
            os.dup2(b, 4)
            run()  # type: ignore[operator]
        finally:
            os._exit(71)
    os.close(to_us)
    os.close(to_child)
    os.close(_held)
    told = os.read(from_child, 64)
    os.close(from_child)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return ["signal", os.WTERMSIG(status)]
    if told:
        return ["answer", int(told)]
    return ["exit", os.WEXITSTATUS(status)]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Where and from what a run was taken."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path

import psutil

from benchmarks.results import Machine


def describe() -> Machine:
    """Return this machine; unknown parts are the empty string."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        quickjs=importlib.metadata.version("quickjs-ng"),
        node=_first_line(["node", "--version"]) if shutil.which("node") else None,
    )


def commit() -> str:
    """Return the checkout's short commit, with ``+`` when files differ from it, or ``unknown``."""
    here = str(Path(__file__).resolve().parent)
    name = _first_line(["git", "-C", here, "rev-parse", "--short", "HEAD"])
    if not name:
        return "unknown"
    return name + ("+" if _first_line(["git", "-C", here, "status", "--porcelain"]) else "")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.partition("\n")[0].strip()

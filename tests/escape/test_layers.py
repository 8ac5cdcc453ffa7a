"""One layer taken away, one layer alone: what each of them is good for, and that the page says so."""

import re
from functools import cache

import pytest

from tests.escape import matrix
from tests.support.attempts import ATTEMPTS
from tests.support.escape_runs import IS_ROOT, Run, basic, single, succeed
from tests.support.modes import CONFINING, LOCKED, alone, without
from worker.lockdown import landlock
from worker.lockdown.kernel import MACHINE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(MACHINE != "x86_64", reason="the numbers of the attempts are x86_64's"),
]

STANDS_ON_IT = {"no_new_privs": {"landlock", "seccomp"}}
"""What the kernel refuses to a process without the layer."""
THE_ONLY_ONE = {
    "environment": {"a secret in the environment"},
    "pdeathsig": {"outlive the zygote"},
    "rlimits": {"a gigabyte of memory"},
}
"""What no other layer has a say in. Whatever else is left out, the filter stops all."""
FOR_USERS_ONLY = {"not_dumpable"}
"""Root has every worker as a user of its own, and reads whom it likes."""
FOR_ROOT_ONLY = {"uid", "capabilities", "namespaces", "empty_root", "no_new_privs"}
"""A user has no capability to lose. A set-user-id program to gain from is root's to make."""
LANDLOCK_OF_THE_PAGE = 6
"""From here on Landlock covers signals and abstract sockets."""


@cache
def measured(who: str) -> matrix.Measured:
    return matrix.measure_root() if who == "root" else matrix.measure_user()


USERS = ("root", "user") if IS_ROOT else ("user",)
"""The first has the runs with one layer left out."""


def first_runs() -> dict[str, Run]:
    unprivileged = not IS_ROOT
    return {**basic(unprivileged=unprivileged), **single(unprivileged=unprivileged)}


@pytest.mark.parametrize("layer", CONFINING)
def test_each_mode_is_what_it_says(layer: str) -> None:
    """What is left out is reported as missing, and nothing else but what stands on it."""
    runs = first_runs()
    whole = {name for name, held in runs[LOCKED].layers.items() if held}
    left = {name for name, held in runs[without(layer)].layers.items() if held}

    assert whole - left == ({layer} | STANDS_ON_IT.get(layer, set())) & whole
    if layer in whole:
        assert runs[alone(layer)].layers[layer]
    else:
        assert alone(layer) not in runs


@pytest.mark.parametrize("layer", sorted({*CONFINING} - {"seccomp", "no_new_privs"}))
def test_with_one_layer_less_hardly_anything_comes_through(layer: str) -> None:
    """Only what that layer is there for."""
    through = succeed(first_runs()[without(layer)])

    assert through == THE_ONLY_ONE.get(layer, set())


def test_without_the_filter_the_others_stop_what_would_do_harm() -> None:
    """A hole in the filter is not yet a way to the host: files, its memory, signals, the network, programs."""
    runs = first_runs()
    through = succeed(runs[without("seccomp")])

    assert through
    for name in HARM if IS_ROOT else HARM_TO_USERS:
        assert name not in through


HARM_TO_USERS = (
    "read a file of everyone's", "read a secret file of the user's", "write to a file of the user's", "a new file",
    "read the host's memory", "write the host's memory", "read the host's memory as a file", "trace the host",
    "the host's environment", "a signal to the host", "a signal to the host by its descriptor",
    "steal a descriptor of the host's", "TCP to a server of the host", "an abstract unix socket", "execve",
    "execve of a set-user-id program", "fork", "a thread", "mount", "chroot", "find an open descriptor up to 1023",
    "read another worker's memory", "trace another worker", "become root", "more descriptors",
)  # fmt: skip
HARM = (
    *HARM_TO_USERS, "UDP to a server of the host", "the host's System V memory", "a unix socket with a path",
    "find the host's network interfaces", "bpf", "join the host's network",
    "execveat of a file in memory",
)  # fmt: skip


@pytest.mark.parametrize("who", USERS)
def test_every_layer_alone_stops_something(who: str) -> None:
    """Or it would be there for show."""
    for layer, stops in measured(who).layers.items():
        if layer not in (FOR_USERS_ONLY if who == "root" else FOR_ROOT_ONLY):
            assert stops.alone, layer


def test_what_only_users_need_is_measured_for_users() -> None:
    """Not being dumpable keeps one worker of a user's from reading another."""
    layers = measured("user").layers

    assert "read another worker's memory" in layers["not_dumpable"].alone
    assert "trace another worker" in layers["not_dumpable"].alone
    if IS_ROOT:
        stopped = measured("root").layers["no_new_privs"].alone
        assert stopped == {"execve of a set-user-id program"}


# The page.

BLOCK = matrix.taken_from(matrix.PAGE.read_text(encoding="utf-8"))
NAMES = {attempt.name for attempt in ATTEMPTS}


def table() -> dict[str, tuple[int, int, int, int]]:
    """Layer -> its numbers on the page, -1 for a cell without one."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ([^|]*) \| (\d+) \| ([^|]*) \|$", BLOCK, re.M)
    return {
        layer: tuple(int(cell) if cell.strip().isdigit() else -1 for cell in cells)
        for layer, *cells in rows
    }


def named(layer: str, opening: str) -> set[str]:
    """Names in the list of *layer* on the page that begins with *opening*."""
    entry = re.search(rf"^- \*\*{layer}\*\* (.*?)(?=^- \*\*|^$)", BLOCK, re.M | re.S)
    assert entry is not None, layer
    found = re.search(rf"{opening}: (.*?)\.$", entry.group(1), re.M)
    if found is None:
        return set()
    names = {
        name for name in found.group(1).split("; ") if not re.match(r"and \d+ more|none$", name)
    }
    assert names <= NAMES, names - NAMES
    return names


def failing() -> set[str]:
    """Names whose control fails on the page's machine."""
    part = BLOCK.partition("even without a layer, and why:")[2]
    lists = re.findall(r"^- \*[^*]+\*: (.*)\.$", part, re.M)
    names = {name.rpartition(" (")[0] for found in lists for name in found.split("; ")}
    assert names <= NAMES, names - NAMES
    return names


def test_the_page_counts_what_there_is() -> None:
    """An attempt that was added, or a layer, and a page that was not written again."""
    assert BLOCK.startswith(f"{len(ATTEMPTS)} attempts, measured on Linux ")
    assert set(table()) == set(CONFINING)
    (said,) = re.findall(r"without any layer (\d+) come through for root", BLOCK)
    assert int(said) == len(ATTEMPTS) - len(failing())


@pytest.mark.parametrize("layer", CONFINING)
def test_the_page_says_what_each_layer_stops(layer: str) -> None:
    """Names are compared where the control succeeds and the layer holds here; numbers on a kernel like the page's."""
    who = USERS[0]
    here = measured(who)
    if layer not in here.layers or (
        layer == "landlock" and landlock.abi() < LANDLOCK_OF_THE_PAGE
    ):
        return
    stops = here.layers[layer]

    for opening, found in (
        ("stops alone, of root", stops.alone),
        ("Nothing else stops", stops.only),
        ("Nothing but it and seccomp stops", stops.second),
    ):
        if IS_ROOT:
            assert (named(layer, opening) & here.through) <= found, opening
    if IS_ROOT and layer not in ("seccomp", "no_new_privs"):
        whole = named(layer, "Nothing but it and seccomp stops") | named(
            layer, "Nothing else stops"
        )
        assert stops.second <= whole | failing()
    users = measured("user")
    if layer in users.layers:
        assert (named(layer, "Of a user as well") & users.through) <= users.layers[layer].alone


def test_the_numbers_of_the_page() -> None:
    """On another kernel other attempts come through; on the page's kernel, as many numbers differ at most."""
    if f"on Linux {matrix.kernel()}:" not in BLOCK or not IS_ROOT:
        return
    here = measured("root")
    differ = len((NAMES - failing()) ^ here.through)

    for layer, stops in here.layers.items():
        of_root, _, only, second = table()[layer]
        assert abs(of_root - len(stops.alone)) <= differ, layer
        assert abs(only - len(stops.only)) <= differ, layer
        if second >= 0:
            assert abs(second - len(stops.second)) <= differ, layer

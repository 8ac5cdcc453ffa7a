"""Which layer stops what: ``python -m tests.escape.matrix`` writes the table into ``docs/security.md``.

Every attempt of ``tests/support/attempts`` is made with no layer, with every layer, with each layer alone, and
with each left out. The test beside this file holds the page to what the machine at hand gives.
"""

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.attempts import ATTEMPTS
from tests.support.escape_runs import IS_ROOT, ROOT, Runs, basic, single, succeed
from tests.support.modes import (
    CONFINING,
    LOCKED,
    OPEN,
    UNFILTERED,
    alone,
    behind_seccomp,
    without,
)

PAGE: Final = ROOT / "docs" / "security.md"
BEGIN: Final = "<!-- python -m tests.escape.matrix writes from here -->"
END: Final = "<!-- to here -->"
_EXAMPLES: Final = 8


@dataclass(frozen=True, slots=True)
class Stops:
    """Names of the attempts that one layer stops.

    ``alone``: with this layer and no other. ``only``: they come through when this one is left out. ``second``:
    they come through when this one and the filter are left out, and not when only the filter is.
    """

    alone: frozenset[str]
    only: frozenset[str]
    second: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """One user's half of the table. ``through``: what comes through without any layer."""

    through: frozenset[str]
    layers: dict[str, Stops]


def measure(known: Runs, singles: Runs) -> Measured:
    """Return what each layer that holds here stops."""
    through = frozenset(succeed(known[OPEN]))
    rows: dict[str, Stops] = {}
    for layer in CONFINING:
        if not known[LOCKED].layers[layer]:
            continue
        left_out = known[UNFILTERED] if layer == "seccomp" else singles.get(without(layer))
        behind = singles.get(behind_seccomp(layer))
        mine = singles[alone(layer)]
        rows[layer] = Stops(
            frozenset(mine.outcomes) & through - succeed(mine),
            frozenset(succeed(left_out)) & through if left_out else frozenset(),
            frozenset(succeed(behind)) if behind else frozenset(),
        )
    return Measured(through, rows)


def measure_root(*, full: bool = False) -> Measured:
    """What holds for a host that is root."""
    return measure(basic(), single(full=full))


def measure_user(*, full: bool = False) -> Measured:
    """What holds for a host that is a user without user namespaces."""
    return measure(basic(unprivileged=True), single(unprivileged=True, full=full))


def render(root: Measured, user: Measured, kernel: str) -> str:
    """Return the table and its lists, for a machine that gives both."""
    total = len(ATTEMPTS)
    lines = [
        f"{total} attempts, measured on Linux {kernel}: without any layer {len(root.through)} come through for root and "
        f"{len(user.through)} for a user who may not make user namespaces. With the lockdown none does.",
        "",
        "| layer | stops alone, of root | stops alone, of a user | nothing else stops | nothing but it and seccomp stops |",
        "| --- | --- | --- | --- | --- |",
    ]
    for layer in reversed(CONFINING):
        mine, users = root.layers[layer], user.layers.get(layer)
        lines.append(
            f"| {layer} | {len(mine.alone)} | {len(users.alone) if users else 'not to be had'} "
            f"| {len(mine.only)} | {'' if layer == 'seccomp' else len(mine.second)} |"
        )
    lines += [
        "",
        "Without `no_new_privs` the kernel gives neither Landlock nor a filter, so its third and fourth numbers are"
        " those of all three.",
        "",
    ]
    for layer in reversed(CONFINING):
        mine, users = root.layers[layer], user.layers.get(layer)
        lines.append(f"- **{layer}** stops alone, of root: {_list(mine.alone)}.")
        if users and users.alone - mine.alone:
            lines.append(f"  Of a user as well: {_list(users.alone - mine.alone)}.")
        if layer not in ("seccomp", "no_new_privs"):
            if mine.only:
                lines.append(f"  Nothing else stops: {_list(mine.only)}.")
            if mine.second - mine.only:
                lines.append(
                    f"  Nothing but it and seccomp stops: {_list(mine.second - mine.only, 99)}."
                )
    lines += [
        "",
        f"The {total - len(root.through)} that do not come through for root even without a layer, and why:",
        "",
        *_without_success(root),
    ]
    return "\n".join(lines)


def _without_success(root: Measured) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    outcomes = basic()[OPEN].outcomes
    for attempt in ATTEMPTS:
        if attempt.name not in root.through:
            kernel_says = errno.errorcode.get(-outcomes[attempt.name][1], "?")
            by_reason.setdefault(attempt.reason, []).append(f"{attempt.name} ({kernel_says})")
    return [f"- *{reason}*: {'; '.join(names)}." for reason, names in by_reason.items()]


def _list(names: Iterable[str], at_most: int = _EXAMPLES) -> str:
    """Return *names* in the order of the attempts, the first *at_most* of them."""
    wanted = set(names)
    ordered = [attempt.name for attempt in ATTEMPTS if attempt.name in wanted]
    if not ordered:
        return "none"
    rest = len(ordered) - at_most
    return "; ".join(ordered[:at_most]) + (f"; and {rest} more" if rest > 0 else "")


def kernel() -> str:
    """Major and minor number of the running kernel."""
    return ".".join(os.uname().release.split(".")[:2])


def put(page: str, block: str) -> str:
    """Return *page* with *block* between the marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def taken_from(page: str) -> str:
    """Return what stands between the marks of *page*."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def main(page: Path = PAGE) -> int:
    """Write the page; return an exit code."""
    if not IS_ROOT:
        print("error: the table has a column for root; run it as root", file=sys.stderr)
        return 1
    text = page.read_text(encoding="utf-8")
    block = render(measure_root(full=True), measure_user(full=True), kernel())
    page.write_text(put(text, block), encoding="utf-8")
    print(f"wrote the table of {len(ATTEMPTS)} attempts into {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

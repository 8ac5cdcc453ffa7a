"""The filters of both architectures, simulated against a second opinion of what they should allow."""

import random
from collections.abc import Callable

import pytest

from tests.support import simulate
from worker.lockdown.bpf import ALLOW, KILL, Is, Rule, Within, assemble, to_bytes
from worker.lockdown.syscalls import MACHINES, PROFILES, Machine, Profile, rules

Args = tuple[int, int, int, int, int, int]

I386, X86_64, AARCH64, ARM = 0x40000003, 0xC000003E, 0xC00000B7, 0x40000028
X32_BIT = 0x40000000
CASES = 20_000
U64 = (1 << 64) - 1

EIGHT = {
    "read", "write", "mmap", "munmap", "mremap", "brk", "clock_gettime", "exit_group",
}  # fmt: skip

# Written by hand from the manual pages, not from the table.
NUMBERS = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "munmap": 11, "brk": 12, "mremap": 25,
               "clock_gettime": 228, "exit_group": 231, "openat": 257, "statx": 332, "close": 3, "futex": 202, "mprotect": 10},
    "aarch64": {"read": 63, "write": 64, "mmap": 222, "munmap": 215, "brk": 214, "mremap": 216,
                "clock_gettime": 113, "exit_group": 94, "openat": 56, "statx": 291, "close": 57, "futex": 98, "mprotect": 226},
}  # fmt: skip


def _mmap(a: Args) -> bool:
    return a[2] in (0, 1, 2, 3) and a[3] == 0x22 and a[4] & 0xFFFFFFFF == 0xFFFFFFFF


WORKER: dict[str, Callable[[Args], bool]] = {
    "read": lambda a: a[0] == 3,
    "write": lambda a: a[0] == 4,
    "mmap": _mmap,
    "munmap": lambda a: True,
    "mremap": lambda a: a[3] == 1,
    "brk": lambda a: True,
    "clock_gettime": lambda a: True,
    "exit_group": lambda a: True,
}
BUILDER: dict[str, Callable[[Args], bool]] = {
    **WORKER,
    "read": lambda a: True,
    "openat": lambda a: a[0] & 0xFFFFFFFF == 0xFFFFFF9C and a[2] == 0o2000000,
    "statx": lambda a: True,
    "close": lambda a: True,
    "mprotect": lambda a: a[2] == 3,
    "futex": lambda a: a[1] == 129,
}
EXPECTED: dict[Profile, dict[str, Callable[[Args], bool]]] = {
    "plugins": WORKER,
    "builder": BUILDER,
}

EVERY = [(name, profile) for name in MACHINES for profile in PROFILES]


def program(name: str, profile: Profile) -> list[tuple[int, int, int, int]]:
    machine = MACHINES[name]
    return assemble(machine.audit_arch, rules(machine, profile))


def test_a_worker_has_eight_system_calls_and_a_builder_five_more() -> None:
    """No row comes in unnoticed, and each says why it is there."""
    assert {row.name for row in PROFILES["plugins"]} == EIGHT
    assert {row.name for row in PROFILES["builder"]} == EIGHT | {
        "openat",
        "statx",
        "close",
        "mprotect",
        "futex",
    }
    assert all(len(row.why) > 5 for rows in PROFILES.values() for row in rows)


@pytest.mark.parametrize("name", MACHINES)
def test_the_numbers_are_those_of_the_architecture(name: str) -> None:
    """A wrong number would allow some other system call."""
    assert MACHINES[name].numbers == NUMBERS[name]


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_the_kernel_would_load_it(name: str, profile: Profile) -> None:
    """Every jump and load is in bounds, and it is short."""
    steps = program(name, profile)
    simulate.check(steps)

    assert len(steps) < 100
    assert len(to_bytes(steps)) == 8 * len(steps)


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_every_number_without_a_row_is_death(name: str, profile: Profile) -> None:
    """All numbers to 2048, all x32 ones, and some at the ends of the range, whatever the arguments."""
    steps, machine = program(name, profile), MACHINES[name]
    allowed = {machine.numbers[row.name] for row in PROFILES[profile]}
    good: Args = (3, 1, 3, 0x22, U64, 0)
    numbers = [
        *range(2048),
        *range(X32_BIT, X32_BIT + 2048),
        0x7FFFFFFF,
        0xFFFFFFFF,
        0x80000000,
    ]

    for number in numbers:
        if number not in allowed:
            assert simulate.run(steps, machine.audit_arch, number, good) == KILL


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_another_architecture_is_death(name: str, profile: Profile) -> None:
    """int 0x80 from a 64-bit process arrives with i386's mark and i386's numbers."""
    steps, own = program(name, profile), MACHINES[name].audit_arch

    for arch in {I386, X86_64, AARCH64, ARM, 0, 0xFFFFFFFF} - {own}:
        for number in range(512):
            assert simulate.run(steps, arch, number, (3, 1, 3, 0x22, U64, 0)) == KILL


INTERESTING = [
    0, 1, 2, 3, 4, 5, 6, 7, 0x22, 0x21, 0x20, 0x32, 0x62, 0x10022, 100, 128, 129, 137, 0o2000000, 0o2000001,
    0o2000002, 0x80000000, 0xFFFFFFFF, 0xFFFFFF9C, 1 << 32, (1 << 32) | 3, (1 << 32) | 4, (1 << 32) | 0x22,
    (1 << 63) | 3, U64, U64 - 99, U64 - 1,
]  # fmt: skip


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_the_filter_agrees_with_a_second_opinion(name: str, profile: Profile) -> None:
    """Thousands of calls, most of them a bit or a half away from an allowed one."""
    steps, machine = program(name, profile), MACHINES[name]
    names = {number: call for call, number in NUMBERS[name].items()}
    random_ = random.Random(f"{name} {profile}")  # noqa: S311 - the same cases every time
    expected, seen = EXPECTED[profile], set()

    for _ in range(CASES):
        number = random_.choice(
            [*names, random_.randrange(460), random_.choice([*names]) | X32_BIT]
        )
        args = [random_.choice(INTERESTING) for _ in range(6)]
        if random_.random() < 0.5:  # near an allowed one
            args[0] = random_.choice([3, 4, U64 - 99, 0xFFFFFF9C, args[0]])
            args[2] = random_.choice([1, 3, 0o2000000, args[2]])
            args[3] = random_.choice([0x22, 1, args[3]])
            args[4] = random_.choice([U64, 0xFFFFFFFF, args[4]])
        case: Args = (args[0], args[1], args[2], args[3], args[4], args[5])
        call = names.get(number, "")
        want = ALLOW if call in expected and expected[call](case) else KILL
        got = simulate.run(steps, machine.audit_arch, number, case)
        assert got == want, (call, number, [hex(a) for a in case])
        seen.add((call, want))

    assert {call for call, want in seen if want == ALLOW} == set(expected)


def test_values_of_more_than_32_bits_are_refused_rather_than_cut() -> None:
    """A rule that looked at half of a value would allow more than it says."""
    with pytest.raises(ValueError, match="32 bits"):
        assemble(X86_64, [Rule(0, (Is(0, (1 << 32,)),))])


def test_several_values_and_masks_mean_what_they_say() -> None:
    """The shapes of rules that the tables do not use yet."""
    machine = Machine(X86_64, 317, {})
    steps = assemble(
        machine.audit_arch, [Rule(7, (Is(1, (2, 5, 9)), Within(2, (1 << 40) | 6)))]
    )
    simulate.check(steps)

    for first in range(12):
        for second in (0, 2, 4, 6, 1, 8, 1 << 40, (1 << 40) | 6, 1 << 41):
            held = first in (2, 5, 9) and not second & ~((1 << 40) | 6)
            got = simulate.run(steps, X86_64, 7, (0, first, second))
            assert got == (ALLOW if held else KILL)

"""Which of two permission modes approves less by itself."""

from typing import Final

from policies.gate import AUTO_APPROVED, MODES, PermissionMode

_NOBODY_IS_ASKED: Final[PermissionMode] = "dont_ask"
"""What is not approved there is denied; in every other mode it is asked."""
_NOTHING_IS_REMEMBERED: Final[PermissionMode] = "plan"


def is_within(mode: PermissionMode, bound: PermissionMode) -> bool:
    """Whether *mode* never approves, asks or remembers where *bound* does not."""
    if not AUTO_APPROVED[mode] <= AUTO_APPROVED[bound]:
        return False
    if bound == _NOBODY_IS_ASKED:
        return mode == bound  # any other would ask where it denies
    return bound != _NOTHING_IS_REMEMBERED or mode == bound


def meet_permission_modes(one: object, two: object) -> object:
    """Return *one* if it is within *two*, else *two* if it is within *one*.

    Raises :class:`ValueError` where neither is: no third mode is within both.
    """
    first, second = _mode(one), _mode(two)
    if is_within(first, second):
        return first
    if is_within(second, first):
        return second
    raise ValueError(f"neither of {first} and {second} is within the other")


def _mode(value: object) -> PermissionMode:
    return next(mode for mode in MODES if mode == value)

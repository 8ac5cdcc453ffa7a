"""A question on the terminal, answered with one key.

Promises    Nothing that was typed before the question answers it. Ctrl-C, Ctrl-D and Escape deny; a key that means nothing
            is no answer. The terminal is left as it was found, whatever happens.
"""

import atexit
import contextlib
import os
import select
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from host.approvals import CAPABILITY, Answer, BlockingApprover, Question

T = TypeVar("T")

_KEYS: Final[dict[bytes, Answer]] = {
    b"o": "once",
    b"y": "once",
    b"s": "session",
    b"a": "always",
    b"d": "deny",
    b"n": "deny",
    b"\x03": "deny",  # Ctrl-C
    b"\x04": "deny",  # Ctrl-D
    b"\x1b": "deny",  # Escape, and every key that sends more than itself
}
_YES_OR_NO: Final[dict[bytes, bool]] = {
    b"y": True,
    **dict.fromkeys((b"n", b"\r", b"\n", b"\x03", b"\x04", b"\x1b"), False),
}
_MARGIN_S: Final = 0.2
"""The terminal is given back before the caller stops waiting, and with it perhaps the program."""


def is_attended() -> bool:
    """Whether somebody sits at a terminal of this process and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def terminal_approver() -> BlockingApprover | None:
    """Return what asks on this process's terminal; None when nobody sits there, and what would be asked is denied."""
    if not is_attended():
        return None
    return lambda question: ask_on(sys.stdin.fileno(), sys.stderr.fileno(), question)


def ask_on(keys_fd: int, text_fd: int, question: Question) -> Answer:
    """Ask *question* on a terminal and return the answer; no key in time is "deny"."""
    wait_s = question.timeout_s - _MARGIN_S
    answer = choose(keys_fd, text_fd, _text(question), _KEYS, otherwise="deny", wait_s=wait_s)
    _write(text_fd, f"{answer}\n")
    return answer


def agree(text: str) -> bool | None:
    """Ask a person at this process's terminal for a yes; None when nobody sits there. *text* is printed as it is."""
    if not is_attended():
        return None
    fds = sys.stdin.fileno(), sys.stderr.fileno()
    answer = choose(*fds, f"{text} [y/N] ", _YES_OR_NO, otherwise=False)
    _write(fds[1], "yes\n" if answer else "no\n")
    return answer


def choose(
    keys_fd: int,
    text_fd: int,
    text: str,
    keys: Mapping[bytes, T],
    *,
    otherwise: T,
    wait_s: float | None = None,
) -> T:
    """Write *text*, and return what the first of *keys* that is pressed stands for.

    *otherwise* is for a terminal that went away, and for nobody answering within *wait_s* seconds, if that is given.
    """
    until = None if wait_s is None else time.monotonic() + wait_s
    with _single_keys(keys_fd):
        _write(text_fd, text)
        while until is None or until > time.monotonic():
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([keys_fd], [], [], left)[0]:
                break
            key = os.read(keys_fd, 1).lower()
            if not key or key in keys:
                return keys.get(key, otherwise)
    return otherwise


def _text(question: Question) -> str:
    """Every part of it is one harmless line already: see :class:`Question`."""
    whose = f"plugin {question.plugin}" if question.plugin else "the agent"
    is_tool = not question.subject.startswith(CAPABILITY)
    wants, of_what = ("wants to run", "input") if is_tool else ("asks the host for", "what")
    return (
        f"{whose} {wants} {question.tool} ({question.tier})\n"
        f"  {of_what}: {question.summary}\n"
        f"  asked because {question.explanation}\n"
        f"  always is for this very {of_what if is_tool else 'thing'} in this project\n"
        "[o]nce, this [s]ession, [a]lways or [d]eny? "
    )


@contextlib.contextmanager
def _single_keys(fd: int) -> Iterator[None]:
    """Keys as they are pressed, unechoed, Ctrl-C as one of them; what was typed ahead is thrown away."""
    before = termios.tcgetattr(fd)
    mode = termios.tcgetattr(fd)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0

    def restore() -> None:
        termios.tcsetattr(fd, termios.TCSAFLUSH, before)

    atexit.register(restore)  # the program may end while its thread still asks
    try:
        termios.tcsetattr(fd, termios.TCSAFLUSH, mode)
        yield
    finally:
        restore()
        atexit.unregister(restore)


def _write(fd: int, text: str) -> None:
    data = text.encode("ascii", "backslashreplace")
    while data:
        data = data[os.write(fd, data) :]

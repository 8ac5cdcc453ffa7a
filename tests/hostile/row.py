"""One hostile plugin, and what must become of it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from host.outcome import Action, JsonObject, Status

PRELUDE: Final = """
  pi.on("Stop", () => ({ reason: "alive" }));
  const attack = (handler) => pi.on("PermissionRequest", handler);
"""
"""In front of every body: how it is asked whether it still lives, and where it attacks."""


class Fate(Enum):
    """What becomes of the plugin's worker in the attack."""

    LIVES = auto()  # the same process answers the next event
    HUNG = auto()  # killed for being busy
    OOM = auto()  # retired for its memory
    GONE = auto()  # any named end: it ran out of what its system gives it, at once or later
    ANY = auto()  # it depends on the machine; the row's statuses say what may be seen


@dataclass(frozen=True)
class Row:
    """*source* is the body of ``export default (pi) => {...}`` behind PRELUDE, or with *module* the whole file.

    The attack is one PermissionRequest, unless *event* names another; the plugin has every right to it, ``decide``
    included. *action*, *output* and *error* are of its result.
    """

    name: str
    source: str
    statuses: frozenset[Status] = frozenset({Status.ANSWERED})
    fate: Fate = Fate.LIVES
    action: Action = "continue"
    output: JsonObject | None = None
    error: str = ""
    load_codes: frozenset[str] = frozenset()
    """Not empty: the plugin does not load, for one of these reasons."""
    event: str = "PermissionRequest"
    is_module: bool = False
    files: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The plugin's file."""
        if self.is_module:
            return self.source
        return f"export default (pi) => {{{PRELUDE}{self.source}\n}};\n"

    @property
    def is_patient(self) -> bool:
        """Whether it comes to an end by itself, so that its deadline may be the one that everybody has."""
        if self.load_codes:
            return not self.load_codes & {"E_HUNG", "E_LOAD_TIMEOUT"}
        return not self.statuses & {Status.TIMED_OUT, Status.BUSY}


def answers(
    name: str,
    source: str,
    *,
    action: Action = "continue",
    output: JsonObject | None = None,
    error: str = "",
    event: str = "PermissionRequest",
    is_module: bool = False,
    files: tuple[tuple[str, str], ...] = (),
) -> Row:
    """It answers, with *action* and, if given, exactly *output*; its worker goes on."""
    return Row(
        name,
        source,
        action=action,
        output=output,
        error=error,
        event=event,
        is_module=is_module,
        files=files,
    )


def fails(name: str, source: str, error: str = "", *, event: str = "PermissionRequest") -> Row:
    """The handler fails, its error contains *error*; its worker goes on."""
    return Row(name, source, statuses=frozenset({Status.FAILED}), error=error, event=event)


def hangs(name: str, source: str) -> Row:
    """It is busy until it is killed; the event has timed out before."""
    return Row(
        name, source, statuses=frozenset({Status.TIMED_OUT, Status.KILLED}), fate=Fate.HUNG
    )


def floods(name: str, source: str) -> Row:
    """It asks without end: killed for the flood, the time or the memory of its promises, whichever shows first."""
    return Row(
        name,
        source,
        statuses=frozenset({Status.TIMED_OUT, Status.KILLED, Status.FAILED}),
        fate=Fate.GONE,
    )


def waits(name: str, source: str) -> Row:
    """It only waits: the event times out, the call is cancelled, its worker goes on."""
    return Row(name, source, statuses=frozenset({Status.TIMED_OUT}))


def eats(name: str, source: str) -> Row:
    """It wants more memory than there is, and loses its worker for that or for the time that it takes."""
    return Row(
        name,
        source,
        statuses=frozenset(
            {Status.ANSWERED, Status.FAILED, Status.KILLED, Status.TIMED_OUT, Status.CRASHED}
        ),
        fate=Fate.GONE,
    )


def ends(name: str, source: str) -> Row:
    """It ends somehow, with an answer or without, alive or not: which is the machine's to say."""
    return Row(
        name,
        source,
        statuses=frozenset(
            {Status.ANSWERED, Status.FAILED, Status.KILLED, Status.TIMED_OUT, Status.CRASHED}
        ),
        fate=Fate.ANY,
    )


def refused(
    name: str,
    source: str,
    *codes: str,
    is_module: bool = True,
    files: tuple[tuple[str, str], ...] = (),
) -> Row:
    """It does not load."""
    return Row(name, source, load_codes=frozenset(codes), is_module=is_module, files=files)

"""Commands that no plugin has a good reason to have written into it, as data with reasons.

Judged is what a call would run as far as the code writes it out; what is filled in at run time is a NUL and matches
nothing. Advice, not a boundary: a shell has a thousand ways to say the same.
"""

import re
from typing import Final

_END: Final = r"(?=$|[\s;|&\"')])"
_EVERYTHING: Final = (
    r"[\"']?(?:/|~|\$\{?HOME\}?|\.\.?|/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|srv|usr|var)|/Users)"
    r"(?:/?\*{0,2}|/)[\"']?" + _END
)
_RM: Final = r"\brm(?:\s+-{1,2}[\w-]+)*\s+-{1,2}(?:[\w-]*r|[\w-]*R|recursive)[\w-]*(?:\s+-{1,2}[\w-]+)*\s+(?:--\s+)?"

_TABLE: Final = (
    (_RM + _EVERYTHING, "removes everything beneath a root, a home or the working directory"),
    (_RM + r"\*" + _END, "removes everything in the working directory"),
    (r"--no-preserve-root\b", "takes away rm's own safeguard"),
    (r"\bfind\s+(?:/|~|\$HOME)\S*\s.*(?:-delete\b|-exec\s+rm\b)", "removes what it finds beneath a root or a home"),
    (r"\bmkfs(?:\.\w+)?\s", "makes a new file system over an old one"),
    (r"\bwipefs\b|\bblkdiscard\b", "wipes a device"),
    (r"\bdd\b[^|;&]*\bof=/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|mapper|dm-)", "writes over a device"),
    (r">\s*/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk)", "writes over a device"),
    (r"\bshred\b[^|;&]*(?:\s/dev/|\s-\w*u)", "destroys files for good"),
    (r":\s*\(\s*\)\s*\{[^}]*:\s*\|\s*:\s*&[^}]*\}", "starts processes until the machine stops"),
    (r"\bchmod\b(?=[^|;&]*\s-\w*R)[^|;&]*\s" + _EVERYTHING, "opens or closes a whole tree"),
    (r"\bchown\b(?=[^|;&]*\s-\w*R)[^|;&]*\s" + _EVERYTHING, "gives a whole tree away"),
    (
        r"\b(?:curl|wget|fetch)\b[^;&]*\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|da|z|k|fi)?sh\b|"
        r"\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+)?(?:\S*/)?(?:python\d?|node|perl|ruby)\b",
        "runs what a server sends",
    ),
    (r"\b(?:ba|z|da)?sh\s+-c\s+[\"']?\$\((?:curl|wget)\b|\beval\s+[\"']?\$\((?:curl|wget)\b", "runs what a server sends"),
    (r"\bbase64\s+(?:-d|-D|--decode)\b[^;&]*\|\s*(?:\S*/)?(?:ba|z|da)?sh\b", "runs what was hidden in an encoding"),
    (r"/dev/(?:tcp|udp)/", "opens a connection behind the shell's back"),
    (r"\bnc(?:at)?\b[^|;&]*\s-\w*e\b", "hands a shell to a connection"),
    (r"\b(?:shutdown|reboot|halt|poweroff)\b(?:\s+(?:-\w+|now|\+\d+))*" + _END, "stops the machine"),
    (r"\binit\s+[06]" + _END, "stops the machine"),
    (r"\bkill\s+-(?:9|KILL|SIGKILL)\s+-1" + _END, "ends every process of the user"),
    (r"\bcrontab\s+-r\b", "removes the user's scheduled jobs"),
    (r"\bmv\s+(?:-\w+\s+)*" + _EVERYTHING + r"\s+/dev/null", "moves a whole tree to nowhere"),
    (r"\b(?:iptables|nft)\s+(?:-F|flush)\b", "opens the firewall"),
    (r"\buserdel\b|\bpasswd\s+-d\b", "changes who may log in"),
    (r"\b(?:rm|mv|truncate|shred)\b[^;&|]*\s(?:~|\$HOME)?/\.(?:ssh|gnupg|aws|kube)\b", "destroys keys"),
)  # fmt: skip

_COMPILED: Final = tuple((re.compile(pattern), why) for pattern, why in _TABLE)
MAX_COMMAND_CHARS: Final = 1000
"""More of a command is not looked at."""


def why_destructive(command: str) -> str | None:
    """Return what is wrong with *command*, words joined by spaces, or None."""
    shown = command[:MAX_COMMAND_CHARS]
    return next((why for pattern, why in _COMPILED if pattern.search(shown)), None)

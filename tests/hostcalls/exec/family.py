"""A program that starts others in every way in which they get away from it, none of which ends when asked to.

``family.py FIFO``: each member tells its pid and its way through the FIFO.
"""

import os
import signal
import sys


def member(way: str) -> None:
    """Tell who this is, and stay."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for fd in (0, 1, 2):
        os.close(fd)  # no pipe tells of it
    with open(sys.argv[1], "w") as fifo:
        fifo.write(f"{os.getpid()} {way}\n")
    while True:
        signal.pause()


def start(way: str, *steps: str) -> None:
    """Fork, take *steps* and stay there."""
    if os.fork():
        return
    for step in steps:
        if step == "session":
            os.setsid()
        elif step == "group":
            os.setpgid(0, 0)
        elif os.fork():
            os._exit(0)
    member(way)


start("child")
start("group", "group")
start("session", "session")
start("orphan", "fork")
start("daemon", "session", "fork")
start("daemon twice", "session", "fork", "session", "fork")
member("program")

"""Every row there is; :func:`all_rows` is the order of the table."""

from benchmarks.families import (
    capabilities,
    commands,
    console,
    daemon,
    drawing,
    fanout,
    floor,
    hook,
    hook_process,
    hostcalls,
    in_process,
    interface,
    lifecycle,
    lockdown,
    mcp_servers,
    memory,
    nobody,
    node,
    switched_off,
    tool,
    trail,
    trouble,
    unpacking,
)
from benchmarks.row import Gauge, Row


def all_rows() -> list[Row]:
    """Return every row: the floor, ours, and what a user would pick instead."""
    ours = (
        hook,
        fanout,
        nobody,
        tool,
        interface,
        drawing,
        hostcalls,
        trail,
        lifecycle,
        trouble,
        capabilities,
        switched_off,
        daemon,
        hook_process,
        mcp_servers,
        unpacking,
    )
    return [
        row
        for family in (floor, *ours, lockdown, in_process, node, commands)
        for row in family.rows()
    ]


def all_gauges() -> list[Gauge]:
    """Return what is measured once, at the end."""
    return [*memory.gauges(), *console.gauges()]

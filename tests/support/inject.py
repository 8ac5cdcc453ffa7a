"""Makes a live process call what it never would, as native code that broke out of the engine could."""

from host.doctor.tracing import let_go, prepare_call, stop_in_read


def make_it_call(pid: int, number: int, *args: int) -> None:
    """Have *pid* make system call *number* instead of the read(2) that it waits in; missing *args* stay the read's."""
    prepare_call(pid, stop_in_read(pid), number, *args)
    let_go(pid)

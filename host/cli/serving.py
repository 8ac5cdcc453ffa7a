"""``serve``: the daemon, in the foreground or in the background."""

import os
from pathlib import Path

from host.audit import printable
from host.cli.failures import describe
from host.cli.run import version
from host.cli.session import log_level
from host.daemon.background import Parent, split
from host.daemon.listening import AlreadyRunningError
from host.daemon.logs import log_to_stderr
from host.daemon.serving import Serving, serve
from jcode_plugins import Client
from jcode_plugins.errors import JcodePluginsError
from jcode_plugins.place import open_directory, socket_path


def run_serve(
    path: Path | None, idle_exit_s: float | None, *, background: bool, log_json: bool
) -> int:
    """Serve until something stops it; return the exit code. In the background, return when it listens."""
    where = str(path.absolute()) if path is not None else None
    parent: Parent | None = None
    if background:
        directory = os.path.dirname(where or socket_path(os.environ))
        os.close(open_directory(directory, create=True))
        parent = split(Path(directory) / "daemon.log")
    log_to_stderr(log_level("info"), as_json=log_json)
    try:
        return serve(Serving(where, idle_exit_s, version()), parent)
    except AlreadyRunningError:
        if parent is None:
            raise
        parent.is_ready()  # somebody else was faster: there is a daemon, as was wanted
        return 0
    except Exception as error:
        if parent is not None:
            told = str(error) if isinstance(error, JcodePluginsError) else describe(error).line
            parent.failed(told)
        raise


def run_stop(path: Path | None) -> int:
    """Have the daemon that runs answer what it has, and end; return the exit code."""
    with Client(None if path is None else path.absolute()) as client:
        client.stop()
    print(f"the daemon at {printable(client.path)} ends")
    return 0

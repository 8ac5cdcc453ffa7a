"""Git repositories made by a test, benign and otherwise, and servers for them on this machine."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Final

ENVIRONMENT: Final = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "LC_ALL": "C.UTF-8",
}


def git(where: Path, *arguments: str, stdin: bytes = b"", home: Path | None = None) -> str:
    """Run git as its user would, *home* being where his own configuration is."""
    environment = dict(ENVIRONMENT)
    if home is not None:
        del environment["GIT_CONFIG_GLOBAL"]
        environment["HOME"] = str(home)
    done = subprocess.run(
        ["git", *arguments],
        cwd=where,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def repository(where: Path, *, form: str = "sha1") -> Path:
    """An empty bare repository."""
    where.mkdir(parents=True)
    git(where, "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={form}")
    return where


def blob(where: Path, data: bytes) -> str:
    return git(where, "hash-object", "-w", "--stdin", stdin=data)


def tree(where: Path, *entries: tuple[str, bytes, str]) -> str:
    """A tree of mode, name and object each, in whatever order and with whatever names: nothing is checked."""
    raw = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(object_)
        for mode, name, object_ in entries
    )
    return git(where, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)


def commit(where: Path, tree_: str, *, branch: str = "main", message: str = "x") -> str:
    """A commit of *tree_*, on top of *branch*."""
    ref = f"refs/heads/{branch}"
    before = subprocess.run(
        ["git", "rev-parse", "--quiet", "--verify", ref],
        cwd=where,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    ).stdout.decode()
    parents = ["-p", before.strip()] if before else []
    made = git(where, "commit-tree", "-m", message, *parents, tree_)
    git(where, "update-ref", ref, made)
    return made


def files(
    where: Path, given: dict[str, bytes], *, branch: str = "main", message: str = "x"
) -> str:
    """A commit of exactly these files at the top."""
    entries = [
        ("100644", name.encode(), blob(where, data)) for name, data in sorted(given.items())
    ]
    return commit(where, tree(where, *entries), branch=branch, message=message)


class _GitDaemon(StreamRequestHandler):
    """git's own daemon for one connection, on a port that nobody else has."""

    base = Path()

    def handle(self) -> None:
        """Let it speak."""
        program = Path(git(self.base, "--exec-path")) / "git-daemon"
        subprocess.run(
            [program, "--inetd", "--export-all", "--informative-errors", f"--base-path={self.base}", str(self.base)],
            env=ENVIRONMENT, stdin=self.connection, stdout=self.connection, stderr=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip


def served_by_git(base: Path) -> "AbstractContextManager[str]":
    """``git daemon`` for all that is beneath *base*; yields the address to put a path behind."""
    handler = type("Daemon", (_GitDaemon,), {"base": base})
    return _serving(ThreadingTCPServer(("127.0.0.1", 0), handler), "git")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def served_as_files(base: Path) -> "AbstractContextManager[str]":
    """The files beneath *base* over HTTP; yields the address to put a path behind."""
    handler = partial(_Quiet, directory=str(base))
    return _serving(ThreadingHTTPServer(("127.0.0.1", 0), handler), "http")


@contextmanager
def _serving(server: ThreadingTCPServer, scheme: str) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

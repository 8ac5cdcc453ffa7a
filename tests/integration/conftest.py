"""Hosts whose end is checked: whatever a test does, no process and no thread of ours may stay."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from host import BlockingPluginHost, BlockingSessionProvider, Config
from host.approvals import BlockingApprover
from tests.support.pi_package import fetch_examples

MakeHost = Callable[..., BlockingPluginHost]


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of pi's examples out of its npm package, fetched once for each run."""
    return fetch_examples(tmp_path_factory.mktemp("pi"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a file of a plugin beneath the test's directory."""

    def write_file(name: str, source: str) -> Path:
        path = tmp_path / "plugins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        return path

    return write_file


@pytest.fixture
def nothing_stays() -> Iterator[None]:
    """Fail a test that leaves a process or a thread of ours behind."""
    before = set(psutil.Process().children(recursive=True))
    threads = set(threading.enumerate())  # a host that a whole file shares has some
    yield
    left = [
        process
        for process in psutil.Process().children(recursive=True)
        if process not in before and process.status() != psutil.STATUS_ZOMBIE
    ]
    assert left == []
    new = [thread.name for thread in threading.enumerate() if thread not in threads]
    assert [name for name in new if name.startswith("jcode-plugins")] == []


@pytest.fixture
def make_host(tmp_path: Path, nothing_stays: None) -> Iterator[MakeHost]:
    """Return a function that makes a host; every one is closed at the end."""
    made: list[BlockingPluginHost] = []

    def make(
        config: Config | None = None,
        *,
        project: str = "project",
        home: str = "home",
        approver: BlockingApprover | None = None,
        session: BlockingSessionProvider | None = None,
    ) -> BlockingPluginHost:
        project_dir = tmp_path / project
        project_dir.mkdir(exist_ok=True)
        host = BlockingPluginHost(
            config,
            project_dir=project_dir,
            home=tmp_path / home,
            approver=approver,
            session=session,
        )
        made.append(host)
        return host.__enter__()

    yield make
    for host in made:
        host.close()


@pytest.fixture
def host(make_host: MakeHost) -> BlockingPluginHost:
    """A host with the default configuration."""
    return make_host()

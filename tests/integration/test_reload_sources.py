"""What a reload looks at: the record of an installed plugin, a project as it is trusted by now."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost, PluginLoadError
from host.config import load_config
from host.install.snapshots import Snapshots
from host.install.switch import remove
from tests.integration.changing import blocks, install, trust
from tests.integration.host_support import bash
from tests.unit.worker.build_support import write_files


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a plugin of its own."""
    project = tmp_path / "project"
    write_files(project / ".jcode" / "plugins", {"guard.js": blocks("one")})
    return project


@pytest.fixture
def host(
    home: Path, project: Path, request: pytest.FixtureRequest
) -> Iterator[BlockingPluginHost]:
    """A host as its user's files describe it, after the test's first step."""
    request.getfixturevalue("prepared")
    config = load_config(home, project_dir=project, variables={})
    with BlockingPluginHost(config, project_dir=project, home=home) as made:
        yield made


@pytest.fixture
def prepared(home: Path, project: Path) -> None:
    """The installed plugin is there; the project is not trusted."""
    install(home, "guard", blocks("one"))


def reason(host: BlockingPluginHost) -> str | None:
    """Who blocks a command now."""
    return host.dispatch("PreToolUse", bash()).reason


def test_an_installed_plugin_is_what_its_record_says_now(
    host: BlockingPluginHost, home: Path
) -> None:
    """An update of what is installed is what the next reload finds, from its own snapshot."""
    assert reason(host) == "one"
    assert not host.reload("guard").changed

    update = install(home, "guard", blocks("two"))

    assert host.reload("guard").changed
    assert reason(host) == "two"
    assert update.current.tree in host.plugins()[0].path


def test_an_installed_plugin_whose_files_are_not_what_was_installed_is_not_reloaded(
    host: BlockingPluginHost, home: Path
) -> None:
    """The version that runs goes on, and the file is named."""
    update = install(home, "guard", blocks("two"))
    file = Snapshots(home).path(update.current.tree) / "index.js"
    file.parent.chmod(0o700)
    file.chmod(0o600)
    file.write_text(blocks("evil"))

    with pytest.raises(
        PluginLoadError, match=r"index\.js.*was changed since guard was installed"
    ) as failed:
        host.reload("guard")

    assert failed.value.code == "E_INTEGRITY"
    assert reason(host) == "one"


def test_what_is_installed_no_more_goes_on_until_it_is_unloaded(
    host: BlockingPluginHost, home: Path
) -> None:
    """A reload says so."""
    remove(home, "guard")

    with pytest.raises(PluginLoadError, match="guard is not installed by now"):
        host.reload("guard")
    assert reason(host) == "one"


class TestOfAProject:
    """Its code is read as it is trusted."""

    @pytest.fixture
    def prepared(self, home: Path, project: Path) -> None:
        """The project is trusted."""
        trust(home, project)

    def test_it_is_reloaded_when_the_new_content_is_trusted(
        self, host: BlockingPluginHost, home: Path, project: Path
    ) -> None:
        """Until then the version that was trusted runs, and the error says what to do."""
        assert reason(host) == "one"
        write_files(project / ".jcode" / "plugins", {"guard.js": blocks("two")})

        with pytest.raises(PluginLoadError, match="jcode-plugin trust"):
            host.reload("guard")
        assert reason(host) == "one"

        trust(home, project)
        assert host.reload("guard").changed
        assert reason(host) == "two"

"""What a host finds to load: from where, in which order, and what it says of the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from host.config import Config, PluginSource, load_config
from host.discovery import Discovered, Found, discover
from host.install.store import Store
from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release
from host.project_code import project_code
from host.trusting import Trust, TrustedProject


class Machine:
    """A home and a project, with what a test puts there."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.elsewhere = root / "elsewhere"
        for path in (self.home, self.project, self.elsewhere):
            path.mkdir()

    def put(self, path: Path, text: str = "") -> Path:
        """A file, with the directories on the way."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def sources(self, text: str) -> None:
        """The list in the user's configuration, a table in braces a line."""
        self.put(self.home / "config.toml", f"[plugin]\nsources = [\n{text}\n]\n")

    def install(self, name: str, origin: Origin, *, enabled: bool = True) -> Installed:
        """An installed plugin."""
        files = {"index.js": "0" * 64, name: "1" * 64}
        release = Release("1.0.0", f"{origin.spec}", tree=tree_of(files), files=files)
        if origin.type == "link":
            release = Release("1.0.0", origin.spec)
        plugin = Installed(name, f"id:{name}", origin, release, enabled, 1.0, 1.0)
        with Store(self.home).changing() as installed:
            installed[name] = plugin
        return plugin

    def trust(self) -> None:
        """Trust the project as it is."""
        code = project_code(self.project)
        assert code is not None
        files = code.files()
        Trust(self.home).add(TrustedProject(str(code.root), tree_of(files), files, 1.0))

    def find(self) -> Discovered:
        """What a host finds that reads its configuration from the files."""
        config = load_config(self.home, project_dir=self.project, variables={})
        return discover(config, self.home, self.project)

    def names(self) -> list[str]:
        """The paths that are found, in a few letters."""
        return [self.short(one) for one in self.find().found]

    def short(self, one: Found) -> str:
        """Whence, and the name."""
        where = one.installed.name if one.installed is not None else one.path.name
        return f"{one.loaded} {'tool ' if one.is_tool else ''}{where}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty one."""
    return Machine(tmp_path.resolve())


NPM = Origin("npm", "npm:@acme/guard@^1.2")
GIT = Origin("git", "git+https://example.org/a/b.git#main")


def test_everything_is_found_in_the_order_of_merges(machine: Machine) -> None:
    """The configuration's list, the user's directories, what is installed, the project's."""
    listed = machine.put(machine.elsewhere / "listed.ts")
    machine.sources(
        f'{{type = "file", path = "{listed}"}},\n{{type = "npm", name = "@acme/guard"}}'
    )
    for name in ("b.ts", "a.js", "package/index.ts", "types.d.ts", ".hidden.js", "readme.md"):
        machine.put(machine.home / "plugins" / name)
    machine.put(machine.home / "plugins" / "named" / "package.json", "{}")
    machine.put(machine.home / "tools" / "weather.ts")
    machine.install("early", GIT)
    machine.install("guard", NPM)
    machine.put(machine.project / ".jcode" / "plugins" / "own.ts")
    machine.put(machine.project / ".jcode" / "tools" / "deploy.js")
    machine.trust()

    assert machine.names() == [
        "hand listed.ts",
        "installed guard",
        "hand a.js",
        "hand b.ts",
        "hand named",
        "hand package",
        "hand tool weather.ts",
        "installed early",
        "project own.ts",
        "project tool deploy.js",
    ]
    assert machine.find().missed == []


def test_a_configuration_made_in_code_stands_for_what_it_lists(machine: Machine) -> None:
    """An embedding program that names its plugins is given no others."""
    machine.put(machine.home / "plugins" / "a.js")
    machine.put(machine.home / "tools" / "a.js")
    machine.put(machine.project / ".jcode" / "plugins" / "own.ts")
    listed = PluginSource(type="file", path="x.ts")

    assert discover(Config(), machine.home, machine.project) == Discovered()
    (found,) = discover(Config(sources=(listed,)), machine.home, machine.project).found
    assert (found.path, found.loaded) == (Path("x.ts"), "hand")


def test_a_relative_path_is_one_beside_the_configuration(machine: Machine) -> None:
    """Never one in whatever directory a host is started in."""
    machine.sources('{type = "directory", path = "mine/one"}')

    (found,) = machine.find().found
    assert found.path == machine.home / "mine" / "one"
    assert found.where == f"{machine.home / 'config.toml'}:3"


@pytest.mark.parametrize(
    ("source", "is_there"),
    [
        ('{type = "npm", name = "@acme/guard"}', True),
        ('{type = "npm", package = "@acme/guard", version = "^1"}', True),
        ('{type = "npm", spec = "npm:@acme/guard@2[a,b]"}', True),
        ('{type = "npm", name = "guard"}', False),
        ('{type = "git", name = "@acme/guard"}', False),
        ('{type = "git", url = "https://example.org/a/b.git"}', True),
        ('{type = "git", url = "https://example.org/a/b", ref = "v2"}', True),
        ('{type = "git", spec = "git+https://example.org/a/b.git#main"}', True),
        ('{type = "git", url = "https://example.org/a/c.git"}', False),
    ],
)
def test_packages_and_repositories_are_matched_with_what_is_installed(
    machine: Machine, source: str, is_there: bool
) -> None:
    """By what they name, not by which version: that was decided when it was installed."""
    machine.sources(source)
    machine.install("guard", NPM)
    machine.install("other", GIT)
    found = machine.find()

    assert len(found.found) == 2  # each installed one once, wherever it is listed
    assert [missed.code for missed in found.missed] == ([] if is_there else ["E_NOT_INSTALLED"])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('{type = "npm", name = "@acme/guard", version = "^1.2"}',
         "npm:@acme/guard@^1.2 is not installed; jcode-plugin install 'npm:@acme/guard@^1.2'"),
        ('{type = "git", url = "https://example.org/x y.git"}',
         "git+https://example.org/x y.git is not installed; jcode-plugin install 'git+https://example.org/x y.git'"),
        ('{type = "npm"}', "names nothing; add name or spec"),
        ('{type = "git"}', "names nothing; add url or spec"),
        ('{type = "file"}', "has no path; name one"),
    ],
)  # fmt: skip
def test_what_is_listed_and_not_there_is_told(machine: Machine, source: str, told: str) -> None:
    """With its line, and what to do; the next one is found all the same."""
    machine.sources(f'{source},\n{{type = "file", path = "/next.ts"}}')
    found = machine.find()

    assert [m.line for m in found.missed] == [f"{machine.home / 'config.toml'}:3: {told}"]
    assert all(missed.is_failure for missed in found.missed)
    assert [one.path for one in found.found] == [Path("/next.ts")]


def test_a_plugin_that_is_off_is_not_loaded_by_being_listed(machine: Machine) -> None:
    """Disabling it is the later word."""
    machine.sources('{type = "npm", name = "@acme/guard"}')
    machine.install("guard", NPM, enabled=False)

    assert machine.find() == Discovered()


def test_a_link_runs_from_where_it_lies_and_a_package_from_its_snapshot(
    machine: Machine,
) -> None:
    """The name of the snapshot is the hash of its files."""
    package = machine.install("guard", NPM)
    machine.install("mine", Origin("link", str(machine.elsewhere)))
    found = {one.installed.name: one.path for one in machine.find().found if one.installed}

    assert found == {
        "guard": machine.home / "cache" / "packages" / package.current.tree,
        "mine": machine.elsewhere,
    }


def test_what_is_found_twice_is_loaded_once_where_it_was_first(machine: Machine) -> None:
    """By the file it really is."""
    own = machine.put(machine.home / "plugins" / "own.ts")
    (machine.elsewhere / "link.ts").symlink_to(own)
    machine.sources(f'{{type = "file", path = "{machine.elsewhere / "link.ts"}"}}')

    (found,) = machine.find().found
    assert found.path == machine.elsewhere / "link.ts"


def test_an_unusable_list_of_what_is_installed_keeps_nothing_else(machine: Machine) -> None:
    """It is told, and a failure."""
    machine.put(machine.home / "plugins" / "own.ts")
    machine.put(machine.home / "plugins" / "installed.json", "{").chmod(0o600)
    found = machine.find()

    assert [one.path.name for one in found.found] == ["own.ts"]
    assert [(m.code, m.is_failure) for m in found.missed] == [("E_STATE", True)]
    assert "is damaged" in found.missed[0].line


# --- projects --------------------------------------------------------------------------------------------------


def test_a_project_that_is_not_trusted_is_told_in_one_line(machine: Machine) -> None:
    """No failure: nobody relied on it yet."""
    for name in ("plugins/a.ts", "plugins/b/index.ts", "tools/c.ts"):
        machine.put(machine.project / ".jcode" / name, "const = 1;")
    found = machine.find()

    assert found.found == []
    (missed,) = found.missed
    assert (missed.code, missed.is_failure) == ("E_TRUST", False)
    assert missed.line.startswith("3 plugins of this project will not run: ")
    assert missed.line.endswith(f"jcode-plugin trust {machine.project}")


def test_a_trusted_project_is_read_from_what_was_trusted(machine: Machine) -> None:
    """Each plugin with the hashes of its own directory."""
    machine.put(machine.project / ".jcode" / "plugins" / "a.ts", "a")
    machine.put(machine.project / ".jcode" / "plugins" / "b" / "index.ts", "a")
    machine.trust()
    one, two = machine.find().found

    assert one.expected is not None
    assert set(one.expected.files) == {"a.ts", "b/index.ts"}
    assert two.expected is not None
    assert set(two.expected.files) == {"index.ts"}


def test_a_change_after_that_is_a_failure(machine: Machine) -> None:
    """Where plugins must not be missing, it must not be possible to take one away by breaking it."""
    plugin = machine.put(machine.project / ".jcode" / "plugins" / "a.ts", "a")
    machine.trust()
    plugin.write_text("b")
    (missed,) = machine.find().missed

    assert (missed.code, missed.is_failure) == ("E_TRUST", True)
    assert "plugins/a.ts changed" in missed.line


def test_the_users_own_directory_is_no_project(machine: Machine) -> None:
    """Started in the home directory, a host finds what is there once, and it is the user's."""
    home = machine.project / ".jcode"
    machine.put(home / "plugins" / "own.ts")
    config = load_config(home, project_dir=machine.project, variables={})
    found = discover(config, home, machine.project)

    assert [(one.loaded, one.path.name) for one in found.found] == [("hand", "own.ts")]
    assert found.missed == []


def test_another_plugin_directory(machine: Machine) -> None:
    """It takes the place of the user's; a project's own directory is none by being named so."""
    machine.put(machine.home / "plugins" / "own.ts")
    place = machine.put(machine.project / ".jcode" / "plugins" / "theirs.ts").parent
    config = load_config(machine.home, project_dir=machine.project, variables={})
    found = discover(config.looking_in(place), machine.home, machine.project)

    assert [(one.loaded, one.path.name) for one in found.found] == [("hand", "theirs.ts")]
    assert replace(found.found[0], path=Path()).expected is None

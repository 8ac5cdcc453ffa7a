"""The files of a project that could become code: which there are, and what is refused."""

import os
from pathlib import Path

import pytest

from host import project_code as module
from host.errors import TrustError
from host.project_code import beneath, changed, project_code

SHA = {  # of "a" and "b"
    "a": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "b": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a plugin, a package and a tool."""
    root = tmp_path / "project"
    write(root, "plugins/one.ts", "a")
    write(root, "plugins/two/index.js", "b")
    write(root, "plugins/two/lib/part.js", "a")
    write(root, "tools/three.ts", "b")
    return root


def write(project: Path, name: str, text: str = "") -> Path:
    """A file in the project's `.jcode`."""
    path = project / ".jcode" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def files_of(project: Path) -> dict[str, str]:
    """What would be trusted."""
    code = project_code(project)
    assert code is not None
    return code.files()


def test_every_file_is_hashed_and_the_plugins_are_named(project: Path) -> None:
    """Whatever its name: a module can be imported from any file."""
    write(project, "plugins/.hidden", "a")
    write(project, "plugins/types.d.ts", "a")
    code = project_code(project)

    assert code is not None
    assert [path.name for path in code.plugins] == ["one.ts", "two"]
    assert [path.name for path in code.tools] == ["three.ts"]
    assert code.files() == {
        "plugins/one.ts": SHA["a"],
        "plugins/two/index.js": SHA["b"],
        "plugins/two/lib/part.js": SHA["a"],
        "plugins/.hidden": SHA["a"],
        "plugins/types.d.ts": SHA["a"],
        "tools/three.ts": SHA["b"],
    }


def test_what_lies_beside_them_is_not_looked_at(project: Path) -> None:
    """The project's configuration is no code."""
    before = files_of(project)
    write(project, "config.toml", "[plugin]\n")
    (project / "src.ts").write_text("a")

    assert files_of(project) == before


def test_files_of_one_plugin(project: Path) -> None:
    """By their paths in its directory; a single file lies among the others."""
    files, root = files_of(project), project.resolve()
    plugins = root / ".jcode" / "plugins"

    assert beneath(files, root, plugins / "two") == {
        "index.js": SHA["b"],
        "lib/part.js": SHA["a"],
    }
    assert set(beneath(files, root, plugins)) == {"one.ts", "two/index.js", "two/lib/part.js"}


@pytest.mark.parametrize("place", ["plugins/link.ts", "plugins/two/link", "tools/link"])
@pytest.mark.parametrize("target", ["/etc/hostname", "one.ts", "nowhere"])
def test_a_link_is_refused(project: Path, place: str, target: str) -> None:
    """Wherever it leads: what it leads to is not what was shown."""
    (project / ".jcode" / place).symlink_to(target)

    with pytest.raises(TrustError, match=rf"\.jcode/{place}: is a link"):
        files_of(project)


@pytest.mark.parametrize("place", [".jcode", ".jcode/plugins", ".jcode/plugins/two"])
def test_a_directory_that_is_a_link_is_refused(project: Path, place: str) -> None:
    """Its files are another place's."""
    moved = project.parent / "moved"
    (project / place).rename(moved)
    (project / place).symlink_to(moved)

    with pytest.raises(TrustError, match="is a link"):
        files_of(project)


def test_names_of_programs_that_npm_links_are_no_code(project: Path) -> None:
    """A module is not looked for in `.bin`."""
    (write(project, "plugins/two/node_modules/.bin/x").parent / "tsc").symlink_to("../ts/tsc")

    assert "plugins/two/node_modules/.bin/tsc" not in files_of(project)


def test_a_pipe_does_not_hold_it_up(project: Path) -> None:
    """Nothing is opened that may wait."""
    os.mkfifo(project / ".jcode/plugins/pipe")

    with pytest.raises(TrustError, match="is no plain file"):
        files_of(project)


def test_a_name_that_cannot_be_shown_is_refused(project: Path) -> None:
    """It could look like another one in what is asked."""
    write(project, "plugins/a\u202egpj.ts")

    with pytest.raises(TrustError, match="cannot be shown"):
        files_of(project)


def test_there_are_bounds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of how many files, and of how much."""
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    with pytest.raises(TrustError, match="more than 0 MiB"):
        files_of(project)
    monkeypatch.setattr(module, "MAX_BYTES", 4)
    assert len(files_of(project)) == 4
    monkeypatch.setattr(module, "MAX_FILES", 3)
    with pytest.raises(TrustError, match="more than 3 files"):
        files_of(project)


def test_the_home_directory_is_no_project(tmp_path: Path) -> None:
    """Its `.jcode` is the user's own, by whatever path one comes to it."""
    write(tmp_path, "plugins/own.ts")
    write(tmp_path, "tools/own.ts")
    (tmp_path / "link").symlink_to(tmp_path)
    home = tmp_path / ".jcode"

    assert project_code(tmp_path / "link", home) is None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("plugins", "tools"):
        (elsewhere / name).symlink_to(home / name)
    assert project_code(tmp_path, elsewhere) is None
    found = project_code(tmp_path, tmp_path / "nowhere", home / "plugins")
    assert found is not None
    assert [path.parent.name for path in (*found.plugins, *found.tools)] == ["tools"]


def test_a_project_without_plugins_has_none(tmp_path: Path) -> None:
    """Neither has one with other files there."""
    assert project_code(tmp_path) is None
    write(tmp_path, "plugins/readme.md")
    assert project_code(tmp_path) is None


def test_changes_are_named() -> None:
    """In the order of the paths."""
    before = {"a": "1", "b": "1", "c": "1"}

    assert list(changed(before, {"b": "2", "c": "1", "d": "1"})) == [
        "a is gone",
        "b changed",
        "d is new",
    ]

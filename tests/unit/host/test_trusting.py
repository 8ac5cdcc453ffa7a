"""Which projects are trusted: with exactly which files, and at which place."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import trusting as module
from host.errors import TrustError
from host.install.tree import tree_of
from host.project_code import ProjectCode, project_code
from host.trusting import Trust, TrustedProject


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """That of a home without anything."""
    return Trust(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one plugin."""
    return make(tmp_path / "project")


def make(root: Path) -> Path:
    """A project at *root*."""
    (root / ".jcode" / "plugins").mkdir(parents=True)
    (root / ".jcode" / "plugins" / "guard.ts").write_text("one")
    return root


def code_of(project: Path) -> ProjectCode:
    """What it has."""
    code = project_code(project)
    assert code is not None
    return code


def give(trust: Trust, project: Path) -> None:
    """Trust *project* as it is."""
    code = code_of(project)
    files = code.files()
    shown = {"guard": ("tools *",)}
    trust.add(TrustedProject(str(code.root), tree_of(files), files, 1.5, shown))


def why(trust: Trust, project: Path) -> str:
    """Why its plugins do not run."""
    with pytest.raises(TrustError) as refused:
        trust.files_of(code_of(project))
    return str(refused.value)


def test_a_project_is_not_trusted_until_somebody_says_so(trust: Trust, project: Path) -> None:
    """Then its files are given as they were trusted; what was shown is kept."""
    told = why(trust, project)
    give(trust, project)

    assert told == (
        f"1 plugin of this project will not run: {project} is not trusted; to see them and decide: "
        f"jcode-plugin trust {project}"
    )
    assert trust.files_of(code_of(project)) == code_of(project).files()
    (kept,) = trust.read().values()
    assert (kept.trusted_at, kept.shown) == (1.5, {"guard": ("tools *",)})
    assert trust.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: (p / "guard.ts").write_text("two"), "plugins/guard.ts changed"),
        (lambda p: (p / "data.bin").write_text(""), "plugins/data.bin is new"),
        (lambda p: (p / "guard.ts").rename(p / "other.ts"), "plugins/guard.ts is gone, plugins/other.ts is new"),
        (lambda p: [(p / f"{i}").write_text("") for i in range(9)], "plugins/4 is new and 4 more"),
    ],
)  # fmt: skip
def test_a_change_ends_the_trust_and_is_named(
    trust: Trust, project: Path, change: object, told: str
) -> None:
    """Whatever changed; undoing it is trust again."""
    give(trust, project)
    assert callable(change)
    place = project / ".jcode" / "plugins"
    change(place)
    refused = why(trust, project)
    shutil.rmtree(place)
    place.mkdir()
    (place / "guard.ts").write_text("one")

    assert f"since {project} was trusted, " in refused
    assert f"{told}; " in refused
    assert trust.files_of(code_of(project))


def test_trust_is_of_a_place(trust: Trust, project: Path) -> None:
    """A link to it is that place; what it was moved to, and a copy, are others."""
    give(trust, project)
    link = project.parent / "link"
    link.symlink_to(project)
    assert trust.files_of(code_of(link))
    moved = project.rename(project.parent / "moved")

    assert "is not trusted" in why(trust, moved)


def test_trust_of_a_directory_says_nothing_of_others(trust: Trust, project: Path) -> None:
    """Neither of one beneath it, with the same files, nor of the one that holds it."""
    give(trust, project)
    nested = make(project / "nested")

    assert "is not trusted" in why(trust, nested)
    trust.forget(str(project))
    give(trust, nested)
    assert "is not trusted" in why(trust, project)


def test_what_is_forgotten_is_not_trusted(trust: Trust, project: Path) -> None:
    """And there is nothing to forget twice."""
    give(trust, project)

    assert trust.forget(str(project))
    assert not trust.forget(str(project))
    assert "is not trusted" in why(trust, project)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is damaged"),
        ('{"schema": 2, "projects": [], "more": 1}', "is of schema 2, and this program knows 1"),
        ('{"schema": 0, "projects": []}', "is damaged (no schema 1)"),
        ('{"schema": 1, "projects": [{"project": "/p"}]}', "is damaged"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_left_as_it_is(
    trust: Trust, project: Path, text: str, what: str
) -> None:
    """Nothing is trusted meanwhile, and nothing can be added."""
    trust.path.parent.mkdir()
    trust.path.write_text(text)
    trust.path.chmod(0o600)

    assert what in why(trust, project)
    with pytest.raises(TrustError):
        give(trust, project)
    assert trust.path.read_text() == text


def test_a_record_whose_files_were_exchanged_does_not_count(
    trust: Trust, project: Path
) -> None:
    """The tree is the hash of all of them."""
    give(trust, project)
    told = json.loads(trust.path.read_text())
    told["projects"][0]["files"]["plugins/guard.ts"] = "0" * 64
    trust.path.write_text(json.dumps(told))

    assert "is damaged" in why(trust, project)


def test_a_file_that_others_may_write_does_not_count(trust: Trust, project: Path) -> None:
    """Whoever could write there could trust anything."""
    give(trust, project)
    assert trust.files_of(code_of(project))
    trust.path.chmod(0o666)

    assert "can be written by other users" in why(trust, project)


def test_answers_given_at_the_same_time_are_all_kept(trust: Trust, project: Path) -> None:
    """From many threads and for many projects: none is lost, and the file is whole whenever it is read."""
    files = code_of(project).files()

    def answer(number: int) -> int:
        trust.add(TrustedProject(f"/p{number}", tree_of(files), files, 1.0))
        return len(trust.read())

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(answer, range(16)))

    assert all(count >= 1 for count in seen)
    assert set(trust.read()) == {f"/p{number}" for number in range(16)}


def test_what_could_not_be_read_again_is_not_written(
    trust: Trust, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One project too many must not cost the others their trust."""
    give(trust, project)
    monkeypatch.setattr(module, "_MAX_BYTES", trust.path.stat().st_size + 10)

    with pytest.raises(TrustError, match="would be larger than"):
        give(trust, make(project.parent / "other"))
    assert trust.files_of(code_of(project))


def test_the_state_of_what_is_trusted(trust: Trust, project: Path) -> None:
    """As it was, changed, or no plugins there any more."""
    give(trust, project)
    (kept,) = trust.read().values()
    plugin = project / ".jcode" / "plugins" / "guard.ts"

    assert trust.state_of(kept, None) == "trusted"
    plugin.write_text("two")
    assert trust.state_of(kept, None) == "changed"
    plugin.unlink()
    assert trust.state_of(kept, None) == "gone"


def test_what_cannot_be_trusted_any_more_says_that_nothing_runs(
    trust: Trust, project: Path
) -> None:
    """A link that appears is named with its consequence."""
    give(trust, project)
    (project / ".jcode" / "plugins" / "more.ts").symlink_to("/etc/hostname")

    assert why(trust, project).startswith(
        "2 plugins of this project will not run: .jcode/plugins/more.ts: is a link"
    )

"""Which files a package of another format names as its extensions."""

from pathlib import Path

import pytest

from host import extension_files as module
from host.errors import PluginLoadError
from host.extension_files import extension_files
from host.integrity import Expected

FILES = (
    "one.ts",
    "two.ts",
    "types.d.ts",
    "readme.md",
    "src/index.ts",
    "src/part.ts",
    "ext/a.ts",
    "ext/b/index.js",
    "ext/b/other.js",
    "ext/c/helper.ts",
    "ext/deep/er/index.ts",
    "node_modules/x/index.js",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package of these files."""
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize("is_installed", [False, True])
@pytest.mark.parametrize(
    ("named", "files"),
    [
        (["./two.ts", "one.ts"], ["two.ts", "one.ts"]),
        (["one.ts", "./one.ts"], ["one.ts"]),
        (["*.ts"], ["one.ts", "two.ts"]),
        (["**/index.*"], ["ext/b/index.js", "ext/deep/er/index.ts", "src/index.ts"]),
        (["?wo.ts"], ["two.ts"]),
        (["./src"], ["src/index.ts"]),
        (["ext/"], ["ext/a.ts", "ext/b/index.js"]),
        (["."], ["one.ts", "src/index.ts", "two.ts"]),
        (
            ["**"],
            [
                "ext/a.ts",
                "ext/b/index.js",
                "ext/b/other.js",
                "ext/c/helper.ts",
                "ext/deep/er/index.ts",
                "one.ts",
                "src/index.ts",
                "src/part.ts",
                "two.ts",
            ],
        ),
        (["ext/**/index.*"], ["ext/b/index.js", "ext/deep/er/index.ts"]),
        (["ext/*"], ["ext/a.ts"]),
        (["ext", "!ext/b"], ["ext/a.ts"]),
        (["*.ts", "!one.*"], ["two.ts"]),
        (["!one.ts", "*.ts"], ["one.ts", "two.ts"]),
        (["one"], ["one"]),
        (["*.mjs"], []),
        (["node_modules/x/index.js"], ["node_modules/x/index.js"]),
        (["**/x/*"], []),
    ],
)
def test_names_stand_for_files(
    root: Path, named: list[str], files: list[str], is_installed: bool
) -> None:
    """In the order of the list; of what was installed, as it was installed."""
    expected = Expected(dict.fromkeys(FILES, ""), "x was installed", "install it")
    if is_installed:
        for file in root.rglob("*.ts"):
            file.unlink()

    assert extension_files(root, named, "p", expected if is_installed else None) == files


@pytest.mark.parametrize("name", ["/etc/x.ts", "../x.ts", "a/../../x.ts", "!../x.ts"])
def test_what_leads_out_is_refused(root: Path, name: str) -> None:
    """Whatever is there."""
    with pytest.raises(PluginLoadError, match="outside the plugin"):
        extension_files(root, [name], "p", None)


def test_looking_has_an_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more files than anybody wrote by hand; naming one needs no look."""
    monkeypatch.setattr(module, "MAX_LOOKED_AT", 3)

    assert extension_files(root, ["one.ts"], "p", None) == ["one.ts"]
    with pytest.raises(PluginLoadError, match="name them one by one"):
        extension_files(root, ["*.ts"], "p", None)


def test_a_pattern_costs_little(root: Path) -> None:
    """Stars beside stars are no way to hold up a host."""
    (root / ("a" * 200 + ".ts")).touch()

    assert extension_files(root, ["*a" * 25 + "b"], "p", None) == []
    assert extension_files(root, ["**/" * 50 + "b.ts"], "p", None) == []
    with pytest.raises(PluginLoadError, match="more than 100 extensions"):
        extension_files(root, ["*.ts"] * 101, "p", None)

"""Published packages of the kind that plugins import, and our own examples: nothing in them deserves a finding."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from host.artifact import read_facts
from policies.preflight import judge
from tests.unit.worker.build_support import ROOT, Folder, write_files
from worker.build import Limits, build

WITHIN_S: Final = 300
PACKAGES: Final = (
    "picomatch@4", "semver@7", "mime@4", "ini@5", "nanoid@5", "p-limit@6", "eventemitter3@5", "marked@15", "diff@8",
    "ms@2", "uuid@11", "yaml@2", "smol-toml@1", "ignore@7", "minimatch@10", "escape-html@1", "fast-deep-equal@3",
    "kleur@4", "camelcase@8", "strip-json-comments@5", "pretty-bytes@6", "title-case@4", "clsx@2", "dequal@2",
    "throttle-debounce@5", "string-width@7",
)  # fmt: skip
EXAMPLES: Final = sorted(
    path for path in (ROOT / "examples").glob("*.[tj]s") if not path.name.startswith("_")
)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packages in one folder, as a plugin would have them; none of their scripts was run."""
    folder = tmp_path_factory.mktemp("packages")
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES],
        cwd=folder, check=True, capture_output=True, timeout=WITHIN_S,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_a_real_package_has_no_finding(package: str, installed: Path, tmp_path: Path) -> None:
    """Everything that importing it reaches."""
    name = package.rpartition("@")[0]
    write_files(
        installed, {"entry.js": f"import * as all from {name!r};\nexport default all;\n"}
    )
    artifact = build("entry.js", Folder(installed, tmp_path), Limits())
    modules: object = artifact["modules"]
    facts = read_facts(artifact["facts"])  # type: ignore[arg-type]  # plain data

    assert isinstance(modules, list)
    assert len(modules) > 1, "the package was not found"
    assert judge(facts, bound=()).findings == ()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_no_finding(example: Path, tmp_path: Path) -> None:
    """They are what authors begin with."""
    artifact = build(example.name, Folder(example.parent, tmp_path), Limits())

    facts = read_facts(artifact["facts"])  # type: ignore[arg-type]  # plain data
    assert judge(facts, bound=()).findings == ()


def test_there_are_enough() -> None:
    """Of both."""
    assert len(PACKAGES) >= 20
    assert len(EXAMPLES) >= 5

"""The components that plugins import, against pi's own package under Node: the same keys, the same lines, the same callbacks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host import BlockingPluginHost
from tests.pi_components.table import DIFFERENCES, HERE, NAMES, given_by_node, plugin
from tests.support.npm import install_locked

_INSTALL_S: Final = 240
_AT_ONCE: Final = 4
"""Cases of one prompt: each of them has the deadline of an event, on a busy machine as well."""

pytestmark = pytest.mark.timeout(_INSTALL_S + 120)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with pi-tui as it is published, without its native code; no script of any package was run."""
    folder = tmp_path_factory.mktemp("pi-tui")
    install_locked(HERE, folder, _INSTALL_S, optional=False)
    return folder


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingPluginHost]:
    """One host for all of them; each file is a plugin of its own in a worker of its own."""
    folder = tmp_path_factory.mktemp("host")
    with BlockingPluginHost(project_dir=folder, home=folder / "home") as running:
        yield running


def given_by_worker(name: str, host: BlockingPluginHost, folder: Path) -> dict[str, object]:
    """Case -> what the worker's components give."""
    (folder / f"{name}.js").write_text(plugin(name))
    loaded = host.load(folder / f"{name}.js")

    def ask(content: str) -> object:
        outcome = host.dispatch("UserPromptSubmit", {"content": content})
        assert outcome.output, outcome.results
        return json.loads(str(outcome.output["modified_prompt"]))

    try:
        names = ask("")
        assert isinstance(names, list)
        given: dict[str, object] = {}
        for start in range(0, len(names), _AT_ONCE):
            part = ask(json.dumps(names[start : start + _AT_ONCE]))
            assert isinstance(part, dict)
            given.update(part)
    finally:
        host.unload(loaded.name)
    return given


@pytest.mark.parametrize("name", NAMES)
def test_both_give_the_same(
    name: str, installed: Path, host: BlockingPluginHost, tmp_path: Path
) -> None:
    """But for the cases that the table explains, which are different indeed."""
    expected = given_by_node(name, installed)
    given = given_by_worker(name, host, tmp_path)
    different = {case for case in expected if given[case] != expected[case]}

    assert not any(str(value).startswith("threw ") for value in (expected | given).values())
    unexplained = [
        (case, expected[case], given[case])
        for case in sorted(different - DIFFERENCES[name].keys())
    ]
    assert unexplained == []
    assert different == set(DIFFERENCES[name])


def test_the_table_explains_nothing_else() -> None:
    """Every file has a place in it."""
    assert sorted(DIFFERENCES) == NAMES

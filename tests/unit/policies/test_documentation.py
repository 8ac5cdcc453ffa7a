"""``docs/policies.md`` is run: every example row, the configuration, and the table of layer 0."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from host.config.reading import parse
from policies.capability import FileRequest, HostRequest, NameRequest, Request, ShellRequest
from policies.chain import Chain
from policies.consent import consent, granted
from policies.decision import Rule, Source
from policies.layers import PluginPolicy
from policies.protected_rows import ROWS

PAGE: Final = (Path(__file__).parents[3] / "docs" / "policies.md").read_text()
_VERBS: Final = {"fs_read": "read", "fs_write": "write", "config_write": "write settings"}


def tables(header: str) -> list[list[str]]:
    """Return the cells of every row of the tables that begin with *header*."""
    rows: list[list[str]] = []
    inside = False
    for line in PAGE.splitlines():
        if line == header:
            inside = True
        elif inside and line.startswith("| ---"):
            continue
        elif inside and line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        else:
            inside = False
    return rows


EXAMPLES: Final = tables("| rules | request | answer | code |")


def chain_of(text: str) -> Chain:
    lists: dict[str, list[Rule]] = {
        "allow": [],
        "deny": [],
        "plugin allow": [],
        "plugin deny": [],
    }
    words: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.strip("`").split(";"))):
        found = re.fullmatch(r"((?:plugin )?(?:allow|deny)) (\w+) (.+)", part)
        if found is None:
            key, value = part.split(" ")
            words[key] = value
        else:
            lists[found[1]].append(Rule(found[2], found[3], Source("file", "config.toml:1")))
    policy = PluginPolicy(
        root="/opt/guard",
        data="/home/ada/.jcode/data/guard/x",
        deny=tuple(lists["plugin deny"]),
        allow=tuple(lists["plugin allow"]),
        consent=consent("hand", Source("consent", "loaded by hand")),
        granted=granted("hand"),
    )
    return Chain(
        mode=words.get("mode", "strict"),  # type: ignore[arg-type]  # a word of the page
        global_default=words.get("global_default"),  # type: ignore[arg-type]  # a word of the page
        deny=tuple(lists["deny"]),
        allow=tuple(lists["allow"]),
        home="/home/ada",
        cwd="/work/app",
        state="/home/ada/.jcode",
    ).with_plugin("guard", policy)


def request_of(text: str) -> Request:
    kind, _, what = text.strip("`").partition(" ")
    if kind in ("fs_read", "fs_write"):
        return FileRequest(kind, what)  # type: ignore[arg-type]  # one of the two
    if kind == "http_hosts":
        host, _, port = what.rpartition(":")
        return HostRequest(host, int(port))
    if kind == "shell":
        return ShellRequest(tuple(shlex.split(what)))
    return NameRequest(kind, what)  # type: ignore[arg-type]  # one of the others


@pytest.mark.parametrize(("rules", "request_", "answer", "code"), EXAMPLES)
def test_an_example_is_so(rules: str, request_: str, answer: str, code: str) -> None:
    """What the page says of a request is what the chain says."""
    decision = chain_of(rules).decide("guard", request_of(request_))

    assert (decision.verdict, f"`{decision.code}`") == (answer, code)


def test_the_examples_are_found() -> None:
    """Of every kind of pattern, with every answer."""
    assert len(EXAMPLES) > 50
    assert {row[2] for row in EXAMPLES} == {"allow", "deny", "ask"}


def test_the_configuration_of_the_page_is_one() -> None:
    """Read as a file, without a warning."""
    text = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    config = parse(Path("config.toml"), text[1].encode())

    assert config.warnings == ()
    assert [rule.source.where for rule in config.rules("deny")] == [
        "config.toml:5",
        "config.toml:5",
        "config.toml:6",
    ]
    assert len(config.rules("allow", "formatter")) == 4


def test_layer_0_is_on_the_page() -> None:
    """Every row, with its kinds and its reason."""
    assert tables("| row | no plugin may | what |") == [
        [row.name, " or ".join(_VERBS[kind] for kind in row.kinds), row.reason] for row in ROWS
    ]

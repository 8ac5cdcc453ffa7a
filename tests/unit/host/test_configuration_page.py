"""docs/configuration.md lists the keys that there are, with their defaults and who may set them."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from host.config import Config, PluginOptions
from host.config.tighten import OWN_RULES, RULES
from host.trail.place import PATH_VARIABLE
from policies import switch_words
from policies.capability import KINDS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "configuration.md"
_OF_A_PLUGIN = ("limits", "deny", "timeout_ms")
"""Keys of one plugin that a project and a ceiling may tighten, beside those with a rule in the table."""


def expected() -> dict[str, tuple[str, str]]:
    """Every key, with its default as TOML has it and the letters of who may tighten it."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in Config.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            for key in type(default).model_fields:
                rules = RULES.get(type(default), {})
                can = name in OWN_RULES and key in rules
                found[f"{name}.{key}"] = (_toml(getattr(default, key)), "P C" if can else "")
        elif name == "plugins":
            options = PluginOptions()
            for key in PluginOptions.model_fields:
                value = {} if key == "limits" else getattr(options, key)
                can = key in RULES[PluginOptions] or key in _OF_A_PLUGIN
                found[f'plugins."name".{key}'] = (_toml(value), "P C" if can else "")
        else:
            can = name in RULES[Config] or name in OWN_RULES
            who = "C" if name in ("skip_hooks", "trusted_keys") else "P C" if can else ""
            found[name] = (_toml(default), who)
    return found


def _toml(value: object) -> str:
    return "none" if value is None else f"`{json.dumps(value)}`"


def documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(
        r"^\| `([^|`]+)` \| [^|]+ \| ([^|]+) \| ([PC ]*)\| [^|]+ \|$", PAGE.read_text(), re.M
    )
    return {key: (default.strip(), who.strip()) for key, default, who in rows}


def test_the_page_lists_exactly_the_keys_of_the_model() -> None:
    """A key that is new, gone, or has another default is to be written down."""
    assert documented() == expected()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_named(kind: str) -> None:
    """As rules spell it."""
    assert kind in PAGE.read_text()


def test_every_variable_is_named() -> None:
    """All that the program reads."""
    names = [*switch_words.DISABLE, *switch_words.SKIP_HOOKS, *switch_words.FORCE_DENY]
    names += [switch_words.DENY, switch_words.MODE, switch_words.DIR, PATH_VARIABLE]
    names += ["JCODE_HOME", "JCODE_PLUGIN_LOG", f"{switch_words.KILL_PREFIX}<NAME>"]
    listed = set(re.findall(r"`(JCODE_[A-Z_]+(?:<NAME>)?)`", PAGE.read_text()))
    assert set(names) <= listed

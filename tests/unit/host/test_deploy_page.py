"""docs/deploy.md: the ceiling that it shows is one, and holds what it says."""

import os
import re
from pathlib import Path

from host.config import CeilingFile, load_config

ROOT = Path(__file__).resolve().parents[3]


def test_the_ceiling_of_the_page_is_one(tmp_path: Path) -> None:
    """Without a warning; a user cannot loosen any of it."""
    found = re.search(
        r"^```toml\n(.*?)^```$", (ROOT / "docs" / "deploy.md").read_text(), re.M | re.S
    )
    assert found is not None
    ceiling = tmp_path / "plugin.toml"
    ceiling.write_text(found[1])
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        '[plugin]\nenable = true\nmode = "permissive"\nrequire_signature = "off"\nprofile = "standard"\n'
        '[plugin.allow]\nshell = ["*"]\n'
    )

    config = load_config(home, ceiling=CeilingFile(ceiling, os.geteuid()))

    assert config.enable == ("acme-guard", "acme-style")
    assert (config.mode, config.require_signature, config.profile) == (
        "strict",
        "require",
        "hardened",
    )
    assert config.fail_closed
    assert [rule.pattern for rule in config.rules("deny") if rule.kind == "shell"] == ["*"]
    assert [key.name for key in config.keys().values()] == ["Acme plugins"]

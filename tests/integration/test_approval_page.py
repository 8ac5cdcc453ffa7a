"""The page about approval: its program prints what it says, its configuration is one."""

import re
from pathlib import Path

import pytest

from host.config import load_config

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "approval.md").read_text()


def test_the_pages_program_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Word for word."""
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (printed,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JCODE_HOME", str(tmp_path / "home"))

    exec(compile(program, "approval.md", "exec"), {})  # noqa: S102 - it is our own page

    assert capsys.readouterr().out == printed


def test_the_pages_configuration_is_read_without_a_warning(tmp_path: Path) -> None:
    """And says what the text beside it says."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "config.toml").write_text(text)

    config = load_config(tmp_path)

    assert config.warnings == ()
    assert config.approval == {
        "bash": "prompt",
        "plugin_deploy": "deny",
        "plugin_note_add": "allow",
    }
    assert (config.remember_days, config.timeouts.approval_ms) == (30, 25_000)
    assert config.limits.max_tool_duration_secs == 60

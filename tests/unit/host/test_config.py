"""Reading ``config.toml``: defaults, the whole documented shape, and errors that help."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from host.config import Config, Limits, PluginOptions, Timeouts, jcode_home, load_config
from host.errors import ConfigError
from host.events import PluginEvent
from ipc import limits as wire


def load(home: Path, text: str) -> Config:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load_config(home)


def refusal(home: Path, text: str) -> str:
    """Return what the error says after the path of the file; it must be one line."""
    with pytest.raises(ConfigError) as caught:
        load(home, text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{home / 'config.toml'}:")
    return message.removeprefix(f"{home / 'config.toml'}:")


def test_no_file_means_the_documented_defaults(tmp_path: Path) -> None:
    """Deadlines and sizes are those that the documentation promises."""
    config = load_config(tmp_path)

    assert config.model_dump() == Config().model_dump()
    assert config.warnings == ()
    assert (config.timeouts.info_ms, config.timeouts.actionable_ms) == (500, 5000)
    assert (config.timeouts.permission_ms, config.timeouts.grace_ms) == (3_600_000, 250)
    assert config.timeouts.max_busy_ms == 5000
    assert (config.limits.heap_bytes, config.limits.data_bytes) == (64 << 20, 128 << 20)
    assert (config.limits.max_inflight, config.limits.info_queue) == (32, 256)
    assert (config.limits.audit_entries, config.limits.max_sessions) == (1000, 64)
    assert (config.limits.kv_bytes, config.limits.frame_bytes) == (4 << 20, 16 << 20)
    assert (config.limits.load_busy_ms, config.limits.load_total_ms) == (5000, 30_000)
    assert (config.mode, config.fail_closed, config.dispatch) == (None, False, "parallel")


def test_a_file_without_our_table_is_fine(tmp_path: Path) -> None:
    """config.toml belongs to the agent as well."""
    assert load(tmp_path, "[hooks]\npre_tool = 'x'\n").model_dump() == Config().model_dump()


DOCUMENTED = """
[plugin]
enable = true
disable = ["bad"]
mode = "trusted"
global_default = "ask"
permission_mode = "plan"
fail_closed = true
dispatch = "chain"
skip_hooks = true
force_deny = true
profile = "hardened"
require_signature = true
[[plugin.sources]]
type = "git"
url = "https://example.org/x.git"
[plugin.timeouts]
info_ms = 1
actionable_ms = 2
permission_ms = 3
grace_ms = 4
max_busy_ms = 5
[plugin.limits]
heap_bytes = 33554432
[plugin.sandbox]
require = ["seccomp", "landlock"]
[plugin.approval]
bash = "prompt"
[plugin.deny]
fs_read = ["~/.ssh"]
[plugin.allow]
http_hosts = ["example.org"]
[plugin.kill]
evil = true
[plugin.settings."@scope/name"]
key = { nested = [1, 2.5, "x"] }
[plugin.features]
one = ["a"]
[plugin.features.two]
enable = ["b"]
[plugin.plugins."@scope/name"]
enable = false
timeout_ms = 250
allow = { shell = ["git *"] }
deny = { env = ["*"] }
scope = "session"
[plugin.plugins."@scope/name".limits]
kv_bytes = 0
"""


@pytest.mark.parametrize("table", ["plugin", "plugins"])
def test_the_whole_documented_table_is_read(tmp_path: Path, table: str) -> None:
    """Under either name, and without a warning."""
    config = load(tmp_path, DOCUMENTED.replace("[plugin", f"[{table}"))

    assert config.warnings == ()
    assert config.mode == "permissive"  # the older word was "trusted"
    assert config.disable == ("bad",)
    assert config.sources[0].model_dump() == {
        "type": "git",
        "path": None,
        "url": "https://example.org/x.git",
    }
    assert config.timeouts == Timeouts(
        info_ms=1, actionable_ms=2, permission_ms=3, grace_ms=4, max_busy_ms=5
    )
    assert config.sandbox.require == ("seccomp", "landlock")
    assert config.deny == {"fs_read": ("~/.ssh",)}
    assert config.settings == {"@scope/name": {"key": {"nested": [1, 2.5, "x"]}}}
    assert config.features == {"one": ("a",), "two": ("b",)}
    assert config.plugins["@scope/name"].allow == {"shell": ("git *",)}
    assert config.limits_for("@scope/name") == Limits(heap_bytes=32 << 20, kv_bytes=0)
    assert config.limits_for("other") == Limits(heap_bytes=32 << 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[plugin]\nmode = \n", "2:8: not TOML: Invalid value; correct this line"),
        ("[plugin]\na = 1\na = 2\n", "3:6: not TOML: Cannot overwrite a value; correct this"),
        ("[plugin]\nmode = 'x", '2: not TOML: Expected "\'"'),
        ("plugin = 3\n", "1: plugin must be a table"),
        (
            "[plugin.timeouts]\n\ninfo_ms = 'soon'\n",
            "3: plugin.timeouts.info_ms: should be a valid integer, not 'soon'; correct it",
        ),
        (
            "[plugin]\nfail_closed = 'no'\n",
            "2: plugin.fail_closed: should be a valid boolean, n",
        ),
        ("[plugin]\nmode = 'stric'\n", "2: plugin.mode: should be 'strict', 'prompt', 'perm"),
        (
            "[plugin]\ntimeouts = {info_ms = 0}\n",
            "2: plugin.timeouts.info_ms: should be greater",
        ),
        ("[plugin]\n'timeouts'.info_ms = 0\n", "2: plugin.timeouts.info_ms: should be greater"),
        ("[plugin]\ntimeouts = 5\n", "2: plugin.timeouts: "),
        ("[plugin]\nenable = 5\n", "2: plugin.enable: "),
        (
            "[plugin]\ndisable = ['a', 5]\n",
            "2: plugin.disable.1: should be a valid string, not 5",
        ),
        (
            "[plugin.limits]\nframe_bytes = 999999999\n",
            "2: plugin.limits.frame_bytes: should be less than or equal to 16777216, not 99999",
        ),
        (
            "[plugin]\n[[plugin.sources]]\ntype='git'\n[[plugin.sources]]\ntype='cvs'\n",
            "5: plugin.sources.1.type: should be 'npm', 'git', 'file' or 'directory', not 'cvs'",
        ),
        ("[[plugin.sources]]\nurl='x'\n", "1: plugin.sources.0: type is missing; add it"),
        (
            "[plugin.deny]\nfs_raed = ['x']\n",
            "2: plugin.deny.fs_raed: no such kind of capability; did you mean fs_read?",
        ),
        (
            '[plugin.plugins."a.b"]\ntimeout_ms = -1\n',
            "2: plugin.plugins.a.b.timeout_ms: should be greater than 0, not -1",
        ),
        ("[plugin.settings]\nx = {when = 1979-05-27}\n", "2: plugin.settings.x.when: "),
        ("[plugins]\nmode = 'x'\n", "2: plugins.mode: should be"),
        (
            "[plugin]\nmode = 'strict'\n[plugins.timeouts]\ninfo_ms = 5\n",
            "3: both [plugin] (line 1) and [plugins] (line 3); put everything under [plugin]",
        ),
    ],
)
def test_what_cannot_be_understood_names_its_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    """One line: where, what, and what to do."""
    assert refusal(tmp_path, text).startswith(expected)


def test_a_file_that_is_not_text_names_its_line(tmp_path: Path) -> None:
    """Bytes of another encoding are found where they stand."""
    (tmp_path / "config.toml").write_bytes(b"[plugin]\nmode = '\xff'\n")

    with pytest.raises(ConfigError, match=r"config\.toml:2: not UTF-8"):
        load_config(tmp_path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Only a file that does not exist stands for the defaults."""
    (tmp_path / "config.toml").mkdir()

    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_unknown_keys_warn_with_the_nearest_name(tmp_path: Path) -> None:
    """At every depth; the rest of the file counts."""
    config = load(
        tmp_path,
        "[plugin]\nfail_close = true\nmode = 'strict'\nzzz = 1\n"
        "[plugin.timeouts]\ninfo = 5\n"
        '[plugin.plugins."x"]\ntimeout = 5\nscope = "global"\n',
    )

    path = tmp_path / "config.toml"
    assert config.warnings == (
        f"{path}:2: unknown key 'fail_close' is ignored; did you mean fail_closed?",
        f"{path}:4: unknown key 'zzz' is ignored",
        f"{path}:6: unknown key 'info' is ignored; did you mean info_ms?",
        f"{path}:8: unknown key 'timeout' is ignored; did you mean timeout_ms?",
    )
    assert (config.mode, config.plugins["x"].scope) == ("strict", "global")


def test_a_configuration_is_made_in_code_and_stays_as_it_is() -> None:
    """An unknown name or a wrong value is an error at once, and nothing can be assigned."""
    config = Config(fail_closed=True, timeouts=Timeouts(actionable_ms=200))

    assert config.timeouts.actionable_ms == 200
    with pytest.raises(ValidationError):
        Config.model_validate({"fail_close": True})
    with pytest.raises(ValidationError):
        Limits(payload_in_bytes=wire.MAX_PAYLOAD_IN_BYTES + 1)
    with pytest.raises(ValidationError):
        config.fail_closed = False  # type: ignore[misc]  # that it is refused is the test


@pytest.mark.parametrize(
    ("event", "seconds"),
    [
        (PluginEvent.TURN_END, 0.5),
        (PluginEvent.PRE_TOOL_USE, 0.2),
        (PluginEvent.PERMISSION_REQUEST, 3600.0),
    ],
)
def test_deadlines_follow_the_class_of_the_event(event: PluginEvent, seconds: float) -> None:
    """Unless the operator gave the plugin one of its own."""
    config = Config(
        timeouts=Timeouts(actionable_ms=200), plugins={"slow": PluginOptions(timeout_ms=1500)}
    )

    assert config.timeout_s(event, "any") == seconds
    assert config.timeout_s(event, "slow") == 1.5


def test_the_state_directory_can_be_moved() -> None:
    """JCODE_HOME wins; empty is as good as unset."""
    assert jcode_home({"JCODE_HOME": "/x", "HOME": "/h"}) == Path("/x")
    assert jcode_home({"JCODE_HOME": "", "HOME": "/h"}) == Path("/h/.jcode")
    assert jcode_home({"JCODE_HOME": "rel"}).is_absolute()


def test_modules_beside_this_one_do_not_need_pydantic() -> None:
    """Importing it costs a fifth of a second; only the loader of the configuration pays."""
    # The package itself exports Config, so it is replaced by an empty one with the same path.
    code = (
        "import sys, types; package = types.ModuleType('host'); package.__path__ = ['host']; "
        "sys.modules['host'] = package; "
        "import host.errors, host.events, host.outcome, host.merge, host.rewrite, host.kv, "
        "host.audit, host.breaker; print('pydantic' in sys.modules)"
    )
    root = Path(__file__).parents[3]

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={"PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "False"


def test_a_rule_knows_its_line(tmp_path: Path) -> None:
    """However the list is written: that is where an operator will look."""
    config = load(
        tmp_path,
        '# ours\n[plugin.deny]\nshell = [\n  "rm *",\n  "dd *", # two\n]\n'
        '[plugin]\nallow = { env = ["A", "B"] }\n[plugin.plugins."@a/b".deny]\n'
        'fs_read = ["/x",\n"/y"]\n[[plugin.sources]]\ntype = "file"\n[[plugin.sources]]\ntype = "npm"\n',
    )
    file = tmp_path / "config.toml"

    def told(*parts: str) -> list[tuple[str, str]]:
        rules = config.rules(*parts)  # type: ignore[arg-type]
        return [
            (f"{rule.kind}:{rule.pattern}", str(rule.source).removeprefix(f"{file}:"))
            for rule in rules
        ]

    assert told("deny") == [("shell:rm *", "4"), ("shell:dd *", "5")]
    assert told("allow") == [("env:A", "8"), ("env:B", "8")]
    assert told("deny", "@a/b") == [("fs_read:/x", "10"), ("fs_read:/y", "11")]
    assert told("deny", "other") == []
    assert config.places["sources", 1, "type"].where == f"{file}:15"


def test_a_rule_of_the_embedding_program_says_so() -> None:
    """What was made in code has no line."""
    (rule,) = Config(deny={"shell": ("rm *",)}).rules("deny")

    assert str(rule.source) == "api"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('deny = {fs_read = ["/etc", "**/*.{pem,key}"]}', "deny.fs_read: '**/*.{pem,key}': braces are not"),
        ('deny = {fs_read = ["$HOEM/x"]}', "the variables are $CWD, $HOME, $PLUGIN and $DATA"),
        ('allow = {http_hosts = ["https://a.com"]}', "allow.http_hosts: 'https://a.com': a host pattern is only"),
        ('deny = {shell = ["rm \'x"]}', "a quotation mark is not closed"),
        ('deny = {events = ["PreToolUze"]}', "no event has that name; did you mean PreToolUse?"),
        ('deny = {events = ["Stop:vote"]}', "a right of an event is one of observe, veto, rewrite, decide or *"),
        ('plugins.p.deny = {env = [""]}', "a name pattern is not empty"),
    ],
)  # fmt: skip
def test_a_pattern_that_nobody_can_read_names_its_line(
    tmp_path: Path, line: str, told: str
) -> None:
    """A denial that is misspelt must not pass for one."""
    message = refusal(tmp_path, f"[plugin]\n{line}\n")

    assert message.startswith("2: ")
    assert told in message


def test_patterns_of_every_kind_are_read(tmp_path: Path) -> None:
    """The control of the test above."""
    config = load(
        tmp_path,
        "[plugin.deny]\n"
        'fs_read = ["**/.env", "$HOME/x/*"]\nhttp_hosts = ["*.a.com:443"]\nshell = ["rm ...", "*"]\n'
        'events = ["*:rewrite", "Pre*", "Stop"]\nenv = ["*TOKEN*"]\ntools = ["plugin_x"]\n',
    )

    assert len(config.rules("deny")) == 10


def test_a_setting_that_stands_one_level_too_high_is_not_quoted(tmp_path: Path) -> None:
    """It may be a password; the control is a wrong value elsewhere, which is."""
    assert "hunter2" in refusal(tmp_path, "[plugin.approval]\ntoken = 'hunter2'\n")

    told = refusal(tmp_path, "[plugin.settings]\ntoken = 'hunter2'\n")

    assert told.startswith("2: plugin.settings.token: ")
    assert "hunter2" not in told

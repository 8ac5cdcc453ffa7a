"""User, project, environment, flag and ceiling: who may say what, and the line that tells what was ignored."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from host import BlockingPluginHost, PluginHost
from host.config import CeilingFile, Config, load_config
from host.core import HostCore
from host.errors import ConfigError, InputError
from policies.decision import Source


@dataclass
class Machine:
    """Files where a host looks for them."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    mode: str | None = None

    @property
    def user(self) -> Path:
        return self.root / "home" / "config.toml"

    @property
    def project(self) -> Path:
        return self.root / "project" / ".jcode" / "config.toml"

    @property
    def ceiling(self) -> Path:
        return self.root / "etc" / "plugin.toml"

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o755)
        path.write_text(text)
        path.chmod(0o644)

    def load(
        self,
        user: str | None = None,
        project: str | None = None,
        ceiling: str | None = None,
    ) -> Config:
        for path, text in ((self.user, user), (self.project, project), (self.ceiling, ceiling)):
            if text is not None:
                self.write(path, text)
        return load_config(
            self.user.parent,
            project_dir=self.root / "project",
            variables=self.variables,
            mode=self.mode,
            ceiling=CeilingFile(self.ceiling, os.getuid()),
        )

    def error(self, **files: str) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(**files)
        message = str(caught.value)
        assert "\n" not in message
        return message


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "project").mkdir()
    return Machine(tmp_path)


# The project.


def test_a_project_tightens(machine: Machine) -> None:
    """Denials add up, flags go on, limits go down, and each says where it is written."""
    config = machine.load(
        user="[plugin]\nmode = 'permissive'\n[plugin.deny]\nenv = ['A']\n[plugin.approval]\nbash = 'allow'\n",
        project=(
            "[plugin]\nmode = 'strict'\nfail_closed = true\ndisable = ['x']\n[plugin.deny]\n"
            "env = ['B', 'A']\nshell = ['*']\n[plugin.limits]\nmax_inflight = 4\n"
            "[plugin.approval]\nbash = 'prompt'\n[plugin.sandbox]\nrequire = ['seccomp', 'uid']\n"
        ),
    )

    assert config.warnings == ()
    assert (config.mode, config.fail_closed, config.disable) == ("strict", True, ("x",))
    assert config.limits.max_inflight == 4
    assert config.approval == {"bash": "prompt"}
    assert "uid" in config.sandbox.require
    assert "seccomp" in config.sandbox.require
    assert [(r.kind, r.pattern, str(r.source)) for r in config.rules("deny")] == [
        ("env", "A", f"{machine.user}:4"),
        ("env", "B", f"{machine.project}:6"),
        ("shell", "*", f"{machine.project}:7"),
    ]
    for key, line in (("mode", 2), ("fail_closed", 3)):
        assert config.source_of(key) == Source("file", f"{machine.project}:{line}")
    assert str(config.source_of("disable", "x")) == f"{machine.project}:4"
    assert str(config.source_of("limits", "max_inflight")) == f"{machine.project}:9"
    assert str(config.source_of("approval", "bash")) == f"{machine.project}:11"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("mode = 'permissive'", "mode is ignored: a project's file may only tighten"),
        (
            "global_default = 'allow'",
            "global_default is ignored: a project's file may only tighten",
        ),
        ("permission_mode = 'bypass_permissions'", "permission_mode is ignored: a project's"),
        ("permission_mode = 'plan'", None),
        ("fail_closed = false", None),
        (
            "require_signature = false",
            "require_signature is ignored: a project's file may only",
        ),
        (
            "sources = [{type = 'file', path = 'x.js'}]",
            "sources is ignored: a project's file cannot",
        ),
        (
            "install = {registry = 'https://evil.example/'}",
            "install is ignored: a project's file cannot set it",
        ),
        ("dispatch = 'chain'", "dispatch is ignored: a project's file cannot set it"),
        (
            "skip_hooks = true",
            "skip_hooks is ignored: a project's file cannot take guards away",
        ),
        ("allow = {shell = ['*']}", "allow is ignored: a project's file cannot set it"),
        (
            "approval = {bash = 'allow'}",
            "approval.bash is ignored: a project's file cannot set it",
        ),
        ("approval = {edit = 'allow'}", "approval.edit is ignored: a project's file may only"),
        (
            "limits = {max_inflight = 64}",
            "limits.max_inflight is ignored: a project's file may",
        ),
        (
            "limits = {audit_entries = 1}",
            "limits.audit_entries is ignored: a project's file cann",
        ),
        (
            "timeouts = {info_ms = 60000}",
            "timeouts.info_ms is ignored: a project's file may only",
        ),
        (
            "ui = {dialog_secs = 9000}",
            "ui.dialog_secs is ignored: a project's file may only tighten",
        ),
        ("settings = {p = {a = 1}}", "settings is ignored: a project's file cannot set it"),
        ("features = {p = ['a']}", "features is ignored: a project's file cannot set it"),
        ("kill = {p = false}", "kill.p is ignored: a project's file may only tighten"),
        (
            "plugins = {p = {allow = {env = ['*']}}}",
            "plugins.p.allow is ignored: a project's f",
        ),
        (
            "plugins = {p = {scope = 'global'}}",
            "plugins.p.scope is ignored: a project's file cann",
        ),
        (
            "plugins = {p = {timeout_ms = 9000}}",
            "plugins.p.timeout_ms is ignored: a project's fi",
        ),
    ],
)
def test_what_would_loosen_is_ignored_with_its_line(
    machine: Machine, line: str, told: str | None
) -> None:
    """Nothing of it counts, and the warning says why."""
    user = (
        "[plugin]\nmode = 'strict'\nrequire_signature = true\n[plugin.kill]\np = true\n"
        "[plugin.approval]\nedit = 'deny'\n"
    )
    machine.load(user=user)
    before = machine.load()

    config = machine.load(project=f"[plugin]\n\n{line}\n")

    if told is None:
        assert config.warnings == ()
    else:
        (warning,) = config.warnings
        assert warning.startswith(f"{machine.project}:3: {told}")
        same = config.model_dump() | {"plugins": {}, "permission_mode": "default"}
        assert same == before.model_dump() | {"plugins": {}}
        assert config.permission_mode == "default"
        assert config.rules("allow", "p") == ()
        assert config.limits_for("p") == before.limits_for("p")


GUARD_TAKING = [
    "enable = false",
    "enable = ['other']",
    "disable = ['guard']",
    "kill = {guard = true}",
    "skip_hooks = true",
    "mode = 'disabled'",
    "deny = {events = ['*']}",
    "timeouts = {actionable_ms = 1}",
    "limits = {heap_bytes = 4194304}",
    "ui = {enable = false}",
    "ui = {dialog_secs = 1}",
    "plugins = {guard = {enable = false}}",
    "plugins = {guard = {ui = false}}",
    "plugins = {guard = {timeout_ms = 1}}",
    "plugins = {guard = {deny = {events = ['PreToolUse:veto']}}}",
]


@pytest.mark.parametrize("line", GUARD_TAKING)
def test_who_fails_closed_keeps_the_guards(machine: Machine, line: str) -> None:
    """A checkout that switches a guard off would open what the user wants closed."""
    before = machine.load(user="[plugin]\nfail_closed = true\n")

    config = machine.load(project=f"[plugin]\n{line}\n")

    (warning,) = config.warnings
    assert warning.startswith(f"{machine.project}:2: ")
    assert "cannot take guards away" in warning
    kept = {"plugins": {}}
    assert config.model_dump() | kept == before.model_dump() | kept
    assert config.limits_for("guard") == before.limits_for("guard")
    assert config.rules("deny", "guard") == ()


@pytest.mark.parametrize("line", [line for line in GUARD_TAKING if "skip_hooks" not in line])
def test_else_a_project_may_do_without_plugins(machine: Machine, line: str) -> None:
    """The control: without fail_closed each of them counts."""
    before = machine.load(user="[plugin]\n")

    config = machine.load(project=f"[plugin]\n{line}\n")

    assert config.warnings == ()
    assert config.model_dump() != before.model_dump()


def test_the_ceilings_fail_closed_keeps_the_guards_as_well(machine: Machine) -> None:
    """Whoever of the two says it."""
    config = machine.load(
        project="[plugin]\ndisable = ['guard']\n", ceiling="[plugin]\nfail_closed = true\n"
    )

    assert config.disable == ()


def test_a_home_that_is_a_project_is_no_project(tmp_path: Path) -> None:
    """With the home directory as working directory both files are one, and it is the user's."""
    home = tmp_path / ".jcode"
    home.mkdir()
    (home / "config.toml").write_text("[plugin]\nallow = {env = ['A']}\n")

    config = load_config(home, project_dir=tmp_path)

    assert (config.allow, config.warnings) == ({"env": ("A",)}, ())


def test_a_projects_broken_file_stops_the_start(machine: Machine) -> None:
    """What it would have denied is not known."""
    assert machine.error(project="[plugin]\nmode = 'x'\n").startswith(f"{machine.project}:2: ")
    machine.project.unlink()
    os.mkfifo(machine.project)
    assert "not a regular file" in machine.error()
    machine.project.unlink()
    machine.project.symlink_to("/dev/zero")
    assert "not a regular file" in machine.error()
    machine.project.unlink()
    assert "larger than" in machine.error(project="#" * (256 * 1024 + 1))


# The environment and the flag.


def test_the_environment_goes_before_the_flag_and_both_before_the_files(
    machine: Machine,
) -> None:
    """The mode decides alone then: a default of a file would lift it again."""
    text = "[plugin]\nmode = 'permissive'\nglobal_default = 'allow'\n"
    assert machine.load(user=text).mode == "permissive"
    machine.mode = "prompt"
    flagged = machine.load()
    machine.variables["JCODE_PLUGIN_MODE"] = " Strict "
    config = machine.load()

    assert (flagged.mode, flagged.global_default) == ("prompt", None)
    assert flagged.source_of("mode") == Source("flag", "--plugin-mode")
    assert (config.mode, config.global_default) == ("strict", None)
    assert config.source_of("mode") == Source("switch", "JCODE_PLUGIN_MODE")
    machine.variables["JCODE_PLUGIN_MODE"] = ""
    assert machine.load().mode == "prompt"


def test_a_mode_that_is_none_is_an_error(machine: Machine) -> None:
    """Of either; the message lists them."""
    machine.variables["JCODE_PLUGIN_MODE"] = "stric"
    assert machine.error().startswith(
        "JCODE_PLUGIN_MODE: 'stric' is no mode; use one of strict,"
    )
    machine.variables.clear()
    machine.mode = "x"
    assert machine.error().startswith("--plugin-mode: 'x' is no mode")


def test_older_words_are_modes(machine: Machine) -> None:
    """As in the file."""
    for word, mode in (("all", "strict"), ("trusted", "permissive"), ("none", "disabled")):
        machine.mode = word
        assert machine.load().mode == mode


def test_the_plugin_directory(machine: Machine) -> None:
    """Of the home, or where the environment says."""
    assert machine.load().plugin_dir == machine.root / "home" / "plugins"
    machine.variables["JCODE_PLUGIN_DIR"] = "/elsewhere"
    assert machine.load().plugin_dir == Path("/elsewhere")


# The ceiling.


def test_a_ceiling_holds_against_everybody(machine: Machine) -> None:
    """User, project, environment and flag; what it overrules in a file is told."""
    machine.variables["JCODE_PLUGIN_MODE"] = "permissive"
    machine.mode = "permissive"
    config = machine.load(
        user=(
            "[plugin]\npermission_mode = 'bypass_permissions'\n[plugin.limits]\nheap_bytes = 268435456\n"
            "[plugin.plugins.p]\ntimeout_ms = 60000\n[plugin.plugins.p.limits]\nheap_bytes = 536870912\n"
        ),
        project="[plugin]\nfail_closed = false\n",
        ceiling=(
            "[plugin]\nmode = 'strict'\npermission_mode = 'default'\nfail_closed = true\n"
            "[plugin.limits]\nheap_bytes = 67108864\n[plugin.timeouts]\nactionable_ms = 1000\n"
            "[plugin.deny]\nshell = ['*']\n"
        ),
    )

    assert (config.mode, config.permission_mode, config.fail_closed) == (
        "strict",
        "default",
        True,
    )
    assert config.limits.heap_bytes == config.limits_for("p").heap_bytes == 64 << 20
    assert config.timeout_s(0, "p") == 1.0  # type: ignore[arg-type] # PreToolUse by its number
    assert config.source_of("mode") == Source("file", f"{machine.ceiling}:2")
    (rule,) = config.rules("deny")
    assert str(rule.source) == f"{machine.ceiling}:10"
    assert any(
        w.startswith(
            f"{machine.user}:2: permission_mode exceeds the ceiling, {machine.ceiling}:3"
        )
        for w in config.warnings
    )


@pytest.mark.parametrize(
    "line",
    [
        "allow = {env = ['A']}",
        "sources = [{type = 'file', path = '/x'}]",
        "settings = {p = {a = 1}}",
        "features = {p = ['a']}",
        "dispatch = 'chain'",
        "approval = {bash = 'allow'}",
        "approval = {bash = 'prompt'}",
        "plugins = {p = {allow = {env = ['A']}}}",
        "plugins = {p = {scope = 'session'}}",
        "limits = {audit_entries = 5}",
    ],
)
def test_what_a_ceiling_cannot_say_is_an_error(machine: Machine, line: str) -> None:
    """Whoever wrote it relies on it."""
    message = machine.error(ceiling=f"[plugin]\n{line}\n")

    assert message.startswith(f"{machine.ceiling}:2: ")
    assert "cannot be set in a ceiling" in message


def test_a_ceiling_must_be_understood(machine: Machine) -> None:
    """A misspelt key, or keys outside the table, would bound nothing."""
    assert machine.error(ceiling="[plugin]\nfail_closd = true\n").startswith(
        f"{machine.ceiling}:2: unknown key 'fail_closd' is ignored; did you mean fail_closed?"
    )
    assert "no [plugin] table" in machine.error(ceiling="mode = 'strict'\n")
    assert machine.error(ceiling="[plugin\n").startswith(f"{machine.ceiling}:1:8: not TOML")


def test_two_permission_modes_of_which_neither_is_tighter(machine: Machine) -> None:
    """No mode is within both, so nothing runs until they agree; a project's is ignored."""
    message = machine.error(
        user="[plugin]\npermission_mode = 'dont_ask'\n",
        ceiling="[plugin]\npermission_mode = 'plan'\n",
    )
    assert message == (
        f"{machine.user}:2: permission_mode cannot be united with {machine.ceiling}:2; "
        "set it to what the ceiling says"
    )
    machine.ceiling.unlink()
    config = machine.load(project="[plugin]\npermission_mode = 'plan'\n")
    assert config.permission_mode == "dont_ask"
    assert len(config.warnings) == 1


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o777])
def test_a_ceiling_that_others_may_write_is_none(machine: Machine, mode: int) -> None:
    """The file, and the directory in which it could be replaced."""
    machine.load(ceiling="[plugin]\nmode = 'strict'\n")  # the control
    machine.ceiling.chmod(mode)
    assert "others may write to it" in machine.error()
    machine.ceiling.chmod(0o644)
    machine.ceiling.parent.chmod(mode | 0o111)
    assert machine.error().startswith(f"{machine.ceiling.parent}: others may write")


def test_a_ceiling_of_somebody_else_is_none(machine: Machine) -> None:
    """By default it must be root's."""
    machine.write(machine.ceiling, "[plugin]\nmode = 'strict'\n")

    with pytest.raises(ConfigError, match="it must belong to user"):
        load_config(machine.user.parent, ceiling=CeilingFile(machine.ceiling, os.getuid() + 1))


def test_no_ceiling_is_no_error(machine: Machine) -> None:
    """Most machines have none."""
    assert machine.load().ceiling is None


def test_a_strangers_file_is_read_in_bounded_time_and_lines(machine: Machine) -> None:
    """As many unknown keys as there is room for, or of brackets, is neither a long start nor a flood."""
    keys = "".join(f"fail_close{n} = 1\n" for n in range(12_000))
    config = machine.load(project=f"[plugin]\n{keys}")

    assert len(config.warnings) == 51
    assert config.warnings[0].endswith("did you mean fail_closed?")
    assert config.warnings[-1].startswith("11950 more warnings")

    nested = "[" * 90 + "1," * 100 + "]" * 90
    rows = "".join(f"k{n} = {nested}\n" for n in range(600))
    assert len(machine.load(project=f"[other]\n{rows}").warnings) == 0


def test_what_was_loosened_after_loading_is_bounded_again(machine: Machine) -> None:
    """A program that copies a configuration, and sets the mode while it runs, stays within the ceiling."""
    config = machine.load(ceiling="[plugin]\npermission_mode = 'default'\nforce_deny = true\n")
    looser = config.model_copy(
        update={"permission_mode": "bypass_permissions", "force_deny": False}
    )
    host = BlockingPluginHost(looser, project_dir=machine.root, home=machine.root / "home")
    try:
        assert host.config.force_deny
        assert host.permission_mode == "default"
        host.set_mode("plan")
        assert host.permission_mode == "plan"
        with pytest.raises(
            InputError, match=r"exceeds the ceiling, default \(.*plugin\.toml:2\)"
        ):
            host.set_mode("accept_edits")
        assert host.permission_mode == "plan"
    finally:
        host.close()


@pytest.mark.parametrize("front", [PluginHost, BlockingPluginHost])
def test_a_host_from_the_configuration_reads_every_layer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, front: type[HostCore]
) -> None:
    """Files, environment and the mode that is given."""
    machine.write(machine.user, "[plugin]\n[plugin.deny]\nenv = ['A']\n")
    machine.write(machine.project, "[plugin]\n[plugin.deny]\nenv = ['B']\n")
    monkeypatch.setenv("JCODE_HOME", str(machine.user.parent))
    monkeypatch.delenv("JCODE_PLUGIN_MODE", raising=False)
    make = front.from_config  # type: ignore[attr-defined] # both front ends have it

    host = make(project_dir=machine.root / "project", mode="interactive")
    try:
        assert (host.config.mode, host.config.deny) == ("interactive", {"env": ("A", "B")})
    finally:
        host.runtime.close()
    with pytest.raises(ConfigError, match="--plugin-mode: 'x' is no mode"):
        make(mode="x")


@pytest.mark.parametrize(
    ("user", "project", "ceiling", "holds"),
    [
        (None, None, None, None),
        (None, 400, None, 50),
        (None, 20, None, 20),
        (None, None, 400, 50),
        (300, None, 400, 300),
        (300, 400, None, 300),
        (300, 20, 30, 20),
        (300, None, 30, 30),
        (0, 20, 30, 0),
    ],
)
def test_a_rate_that_the_mode_gives_is_never_raised_by_who_may_only_tighten(
    machine: Machine,
    user: int | None,
    project: int | None,
    ceiling: int | None,
    holds: int | None,
) -> None:
    """Nothing configured is what the mode gives, 50 at least; a number from a project or a ceiling only lowers."""

    def text(most: int | None) -> str | None:
        return None if most is None else f"[plugin.limits]\nmax_hostcalls_per_sec = {most}\n"

    config = machine.load(text(user), text(project), text(ceiling))

    assert config.limits.max_hostcalls_per_sec == holds

"""Plugins whose signature does not hold do not run where one is required; each refusal beside a load that works."""

import logging
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, PluginLoadError
from host.audit import Kind
from host.config import CeilingFile, PluginSource, load_config
from host.core import HostCore
from host.signing import loading
from host.signing.contents import NAME, Place
from host.signing.examine import Signature
from host.signing.keyring import Keyring
from tests.integration.conftest import MakeHost
from tests.integration.host_support import audited, bash, result_of
from tests.support.signing import Signer, new_signer

GUARD = 'import { why } from "./why.js";\nexport default (pi) => { pi.on("PreToolUse", () => ({ block: why })); };\n'


@pytest.fixture(scope="module")
def signer() -> Signer:
    """The key that the operator trusts."""
    return new_signer()


@pytest.fixture
def guard(tmp_path: Path, signer: Signer) -> Path:
    """A signed plugin in a directory."""
    root = tmp_path / "plugins" / "guard"
    root.mkdir(parents=True)
    (root / "index.js").write_text(GUARD)
    (root / "why.js").write_text('export const why = "signed";\n')
    (root / "package.json").write_text('{"name": "guard", "version": "1.0.0"}')
    signer.sign(root, "guard", "1.0.0")
    return root


def requiring(signer: Signer, **more: object) -> Config:
    """A configuration that runs what *signer* signed, and nothing else."""
    return Config.model_validate(
        {"require_signature": "require", "trusted_keys": signer.trusted(**more)}  # type: ignore[arg-type]
    )


def refused(host: BlockingPluginHost, path: Path, told: str) -> None:
    """Loading *path* is refused with E_SIGNATURE, the audit has it, and nothing runs."""
    with pytest.raises(PluginLoadError, match=told) as caught:
        host.load(path)
    assert caught.value.code == "E_SIGNATURE"
    assert audited(host, Kind.LOAD_FAILED)[0].code == "E_SIGNATURE"
    assert host.plugins() == []


def blocked_by(host: HostCore) -> str | None:
    """Why a PreToolUse is blocked."""
    assert isinstance(host, BlockingPluginHost)
    return host.dispatch("PreToolUse", bash()).reason


def test_only_what_a_trusted_key_signed_runs(
    make_host: MakeHost, guard: Path, signer: Signer
) -> None:
    """As it was signed; one other byte, one more file, no signature: no."""
    host = make_host(requiring(signer))
    info = host.load(guard)
    assert blocked_by(host) == "signed"
    assert info.signed_by == signer.id
    host.unload("guard")

    (guard / "why.js").write_text('export const why = "other";\n')
    refused(host, guard, "why.js was changed")
    (guard / "why.js").write_text('export const why = "signed";\n')
    host.load(guard)  # the control: whole again
    host.unload("guard")

    (guard / "why.js.ts").write_text("1;\n")
    refused(host, guard, "why.js.ts is not signed")
    (guard / "why.js.ts").unlink()
    (guard / "package.json").rename(guard / "x.json")
    refused(host, guard, "package.json is missing, x.json is not signed")
    (guard / "x.json").rename(guard / "package.json")
    (guard / f"{NAME}.minisig").unlink()
    refused(host, guard, "it is not signed; the embedding program requires a signature")


def test_a_plugin_of_one_file_has_its_signature_beside_it(
    make_host: MakeHost, tmp_path: Path, signer: Signer
) -> None:
    """What it imports is not signed with it."""
    path = tmp_path / "plugins" / "one.js"
    path.parent.mkdir()
    path.write_text(
        'export default (pi) => { pi.on("PreToolUse", () => ({ block: "one" })); };\n'
    )
    host = make_host(requiring(signer))
    refused(host, path, "it is not signed")
    signer.sign(path, "one")
    host.load(path)
    assert blocked_by(host) == "one"
    host.unload("one")

    (path.parent / "more.js").write_text("1;\n")
    path.write_text('import "./more.js";\n' + path.read_text())
    signer.sign(path, "one")
    refused(host, path, "more.js is not signed")


def test_what_is_built_is_what_was_signed(
    make_host: MakeHost, guard: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes a file after it was looked at and before it is read wins nothing."""
    look = loading.look
    host = make_host(requiring(signer))

    async def and_change(runtime: object, keyring: Keyring, place: Place) -> Signature:
        found = await look(runtime, keyring, place)  # type: ignore[arg-type]
        (guard / "why.js").write_text('export const why = "swapped";\n')
        return found

    monkeypatch.setattr(loading, "look", and_change)
    refused(host, guard, "why.js was changed")

    monkeypatch.setattr(loading, "look", look)
    (guard / "why.js").write_text('export const why = "signed";\n')
    host.load(guard)
    assert blocked_by(host) == "signed"


def test_a_signature_does_not_move_to_another_plugin(
    make_host: MakeHost, guard: Path, signer: Signer, tmp_path: Path
) -> None:
    """Nor to another name of it, nor to a plugin that the key may not sign."""
    host = make_host(requiring(signer))
    with pytest.raises(
        PluginLoadError, match=r"is for guard 1[.]0[.]0, and this is safe 1[.]0[.]0"
    ):
        host.load(guard, name="safe")
    with make_host(requiring(signer, plugins=["acme-*"]), home="h2") as narrow:
        refused(narrow, guard, "may not sign a plugin called guard")

    bare = tmp_path / "plugins" / "bare"
    bare.mkdir()
    (bare / "index.js").write_text("export default () => {};\n")
    signer.sign(bare, "bare")
    host.load(bare)
    host.unload("bare")
    other = shutil.copytree(bare, bare.with_name("other"))
    refused(host, other, "is for bare 0.0.0, and this is other 0.0.0")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"revoked": True}, "is revoked"),
        ({"expires": "2020-01-01"}, "expired on 2020-01-01"),
        (None, "no key of that id is trusted"),
    ],
)
def test_a_key_that_does_not_count_signs_nothing(
    make_host: MakeHost, guard: Path, signer: Signer, more: dict[str, object] | None, told: str
) -> None:
    """Revoked, expired, unknown; the control is the same plugin with the key as it was."""
    trusted = requiring(signer)
    host = make_host(requiring(new_signer()) if more is None else requiring(signer, **more))

    refused(host, guard, told)

    make_host(trusted, home="control").load(guard)


def test_where_signatures_are_only_wished_for_a_line_says_so(
    make_host: MakeHost, guard: Path, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, and the plugin runs. Without a word nothing is looked at."""
    (guard / "why.js").write_text('export const why = "changed";\n')
    config = requiring(signer).model_copy(update={"require_signature": "warn"})
    with caplog.at_level(logging.WARNING, "jcode_plugins"):
        host = make_host(config)
        info = host.load(guard)

    assert blocked_by(host) == "changed"
    assert info.signed_by == ""
    (line,) = [line for line in caplog.messages if "signature" in line]
    assert line == "[guard] no valid signature: why.js was changed"
    caplog.clear()
    with caplog.at_level(logging.WARNING, "jcode_plugins"):
        make_host(Config(), home="off").load(guard)
    assert caplog.messages == []


def test_what_a_configuration_names_is_judged_as_well(
    make_host: MakeHost, guard: Path, signer: Signer
) -> None:
    """Sources and the plugin directory: the signed one runs, the other is left out."""
    other = shutil.copytree(guard, guard.with_name("other"))
    (other / "package.json").write_text('{"name": "other"}')
    sources = [PluginSource(type="directory", path=str(path)) for path in (guard, other)]
    config = requiring(signer).model_copy(update={"sources": tuple(sources)})

    assert [info.name for info in make_host(config).plugins()] == ["guard"]
    off = config.model_copy(update={"require_signature": "off"})
    assert len(make_host(off, home="control").plugins()) == 2


Load = Callable[[str], Config]


@pytest.fixture
def configured(tmp_path: Path) -> Load:
    """Return a function that writes the user's file and reads it as a host does."""
    home = tmp_path / "home"
    home.mkdir()

    def read(text: str) -> Config:
        (home / "config.toml").write_text(text)
        return load_config(home, ceiling=CeilingFile(tmp_path / "none.toml"))

    return read


def test_a_key_that_is_revoked_stops_what_runs(
    make_host: MakeHost,
    guard: Path,
    signer: Signer,
    configured: Load,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At the next look at the files, without a restart; a file that cannot be read changes nothing."""
    text = f'[plugin]\nrequire_signature = "require"\n[plugin.trusted_keys.{signer.id}]\nkey = "{signer.public}"\n'
    host = make_host(configured(text))
    host.load(guard)
    assert blocked_by(host) == "signed"
    assert not host.runtime.look_at_switches()

    configured_at = Path(host.home) / "config.toml"
    configured_at.write_text(text + "revoked = tru\n")
    with caplog.at_level(logging.WARNING, "jcode_plugins"):
        host.runtime.look_at_switches()
    assert any("trusted keys stay as they were" in line for line in caplog.messages)
    assert blocked_by(host) == "signed"

    configured_at.write_text(text + "revoked = true\n")
    assert host.runtime.look_at_switches()
    outcome = host.dispatch("PreToolUse", bash())
    assert not outcome.blocked
    result = result_of(outcome, "guard")
    assert (result.status.value, result.error) == ("blocked", f"key {signer.id} is revoked")
    assert host.plugins()[0].state == "blocked"
    assert host.plugins()[0].pids == ()
    (entry,) = audited(host, Kind.BLOCKED, "guard")
    assert (entry.code, entry.detail) == ("E_SIGNATURE", f"key {signer.id} is revoked")
    with pytest.raises(PluginLoadError, match="is revoked"):
        host.enable("guard")
    other = shutil.copytree(guard, guard.with_name("again"))
    with pytest.raises(PluginLoadError, match="is revoked"):
        host.load(other, name="again")

    configured_at.write_text(text)
    assert host.runtime.look_at_switches()
    assert blocked_by(host) == "signed"


def test_a_key_s_last_day_ends_while_a_host_runs(
    make_host: MakeHost, guard: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Midnight in UTC. Whoever fails closed has lost a guard then, and not its veto."""
    now = date(2026, 5, 1)
    monkeypatch.setattr("host.signing.keyring.today", lambda: now)
    config = requiring(signer, expires="2026-05-01")
    host = make_host(config.model_copy(update={"fail_closed": True}))
    host.load(guard)
    assert blocked_by(host) == "signed"

    now += timedelta(1)
    host.runtime.look_at_switches()

    assert host.plugins()[0].state == "blocked"
    outcome = host.dispatch("PreToolUse", bash())
    assert outcome.blocked
    assert result_of(outcome, "guard").status.value == "blocked"


def test_a_newer_version_needs_a_signature_too(
    make_host: MakeHost, guard: Path, signer: Signer
) -> None:
    """One that is not signed changes nothing; signed, it takes the place."""
    host = make_host(requiring(signer))
    host.load(guard)
    (guard / "why.js").write_text('export const why = "newer";\n')
    with pytest.raises(PluginLoadError, match="was changed") as caught:
        host.reload("guard")
    assert caught.value.code == "E_SIGNATURE"
    assert blocked_by(host) == "signed"

    signer.sign(guard, "guard", "1.0.0")
    host.reload("guard")
    assert blocked_by(host) == "newer"

"""keygen, sign and verify, as people and programs run them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from host.install.snapshots import Snapshots
from host.install.store import Store
from host.install.values import Installed, Origin, Release
from host.outcome import JsonObject
from tests.integration.cli_support import Cli, InProcess, Terminal

GUARD = 'import { why } from "./why.ts";\nexport default (pi) => { pi.on("PreToolUse", () => ({ block: why })); };\n'


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return InProcess(tmp_path / "work", tmp_path / "home")


def key_of(cli: Cli) -> JsonObject:
    """A new key in the home."""
    return cli("keygen", "--no-password", "--json", check=0).json()


def trust(cli: Cli, key: JsonObject, word: str = "require", more: str = "") -> None:
    """Have the user trust it."""
    (cli.home / "config.toml").write_text(
        f'[plugin]\nrequire_signature = "{word}"\n'
        f'[plugin.trusted_keys.{key["id"]}]\nkey = "{key["public_key"]}"\nname = "Acme"\n{more}'
    )


def guard_in(cli: Cli) -> Path:
    """A plugin that is not signed yet."""
    root = cli.cwd / "guard"
    root.mkdir()
    (root / "index.ts").write_text(GUARD)
    (root / "why.ts").write_text('export const why: string = "signed";\n')
    (root / "package.json").write_text('{"name": "guard", "version": "1.0.0"}')
    return root


def test_from_a_key_to_a_plugin_that_runs(cli: Cli) -> None:
    """Made, signed, trusted, verified, run; then one byte is changed."""
    key = key_of(cli)
    secret = cli.home / "keys" / "signing.key"
    assert secret.stat().st_mode & 0o777 == 0o600
    root = guard_in(cli)
    trust(cli, key)
    ran = cli("dispatch", "PreToolUse", "-p", "guard", "-i", "{}", check=1)
    assert "it is not signed; " in ran.err
    assert f"{cli.home}/config.toml:2 requires a signature" in ran.err
    check = cli("check", "guard", "--json", check=0).json()
    assert check["signature"] == {"signed_by": None, "problem": "it is not signed"}

    signed = cli("sign", "guard", "--json", check=0).json()
    assert (signed["name"], signed["version"], signed["files"]) == ("guard", "1.0.0", 3)
    assert signed["signed_by"] == key["id"]
    assert (root / "jcode-plugin.files.json").stat().st_mode & 0o777 == 0o644
    assert not list(root.glob(".jcode*"))
    found = cli("verify", "guard", "--json", check=0).json()
    assert (found["ok"], found["signed_by"], found["key_name"]) == (True, key["id"], "Acme")
    assert (found["changed"], found["missing"], found["extra"]) == ([], [], [])
    assert "holds: every file" in cli("verify", "guard", check=0).out
    cli("dispatch", "PreToolUse", "-p", "guard", "-i", "{}", check=2)
    assert f"signed by Acme ({key['id']})" in cli("check", "guard", check=0).out

    (root / "why.ts").write_text('export const why = "changed";\n')
    (root / "more.ts").write_text("")
    found = cli("verify", "guard", "--json", check=2).json()
    assert (found["ok"], found["changed"], found["extra"]) == (False, ["why.ts"], ["more.ts"])
    assert "does not hold: guard: why.ts was changed" in cli("verify", "guard", check=2).out
    failed = cli("dispatch", "PreToolUse", "-p", "guard", "-i", "{}", "--json", check=1)
    assert failed.json()["code"] == "E_SIGNATURE"


def test_a_key_that_is_given_is_the_only_one_that_counts(cli: Cli) -> None:
    """Whatever the configuration trusts."""
    key = key_of(cli)
    guard_in(cli)
    cli("sign", "guard", check=0)
    assert "no key of that id is trusted" in cli("verify", "guard", check=2).out
    (cli.cwd / "acme.pub").write_text(f"{key['public_key']}\n")
    cli("verify", "guard", "--key", "acme.pub", check=0)

    other = cli("keygen", "--no-password", "--json", "--out", "other", check=0).json()
    (cli.cwd / "other.pub").write_text(f"{other['public_key']}\n")
    trust(cli, key)
    cli("verify", "guard", check=0)
    cli("verify", "guard", "--key", "other.pub", check=2)


def test_a_signature_is_for_the_name_and_version_in_the_manifest(cli: Cli) -> None:
    """Signed again under another name it is another plugin's."""
    trust(cli, key_of(cli))
    root = guard_in(cli)
    cli("sign", "guard", check=0)
    cli("verify", "guard", check=0)
    listed = json.loads((root / "jcode-plugin.files.json").read_text())
    assert (listed["name"], listed["version"]) == ("guard", "1.0.0")

    single = cli.cwd / "single.js"
    single.write_text("export default () => {};\n")
    cli("sign", "single.js", check=0)
    cli("verify", "single.js", check=0)
    for suffix in ("", ".files.json", ".files.json.minisig"):
        shutil.copy(f"{single}{suffix}", cli.cwd / f"other.js{suffix}")
    ran = cli("verify", "other.js", check=2)
    assert "is for single 0.0.0, and this is other 0.0.0" in ran.out


def test_a_plugin_is_installed_with_its_signature(cli: Cli) -> None:
    """A directory, and a single file, whose signature lies beside it; what is not signed is not installed."""
    key = key_of(cli)
    trust(cli, key)
    guard_in(cli)
    single = cli.cwd / "single.js"
    single.write_text('export default (pi) => { pi.on("TurnEnd", () => {}); };\n')
    for path, name in (("./guard", "guard"), ("./single.js", "single")):
        refused = cli("install", path, "--yes", "--json", check=2)
        assert refused.json()["code"] == "E_SIGNATURE"
        cli("sign", path, check=0)
        cli("install", path, "--yes", check=0)
        assert Store(cli.home).read()[name].current.signed_by == key["id"]
        assert cli("verify", name, "--json", check=0).json()["name"] == name
    names = {
        info["plugin"]
        for info in results(cli("dispatch", "TurnEnd", "-i", "{}", "--json").json())
    }
    assert names == {"single"}  # guard listens to another event
    cli("dispatch", "PreToolUse", "-i", "{}", check=2)


def results(told: JsonObject) -> list[JsonObject]:
    """What every plugin did."""
    found = told["results"]
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, dict)]


def test_an_installed_plugin_is_verified_by_its_name(cli: Cli) -> None:
    """In its snapshot."""
    key = key_of(cli)
    trust(cli, key)
    root = guard_in(cli)
    cli("sign", "guard", check=0)
    release_of(cli, root)
    shutil.rmtree(root)

    found = cli("verify", "guard", "--json", check=0).json()

    assert (found["ok"], found["name"], found["signed_by"]) == (True, "guard", key["id"])
    assert "neither a file or directory nor an installed" in cli("verify", "nope", check=1).err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sign", "guard"), "make one: jcode-plugin keygen"),
        (("sign", "guard", "--key", "guard/index.ts"), "not a secret key"),
        (("verify", "guard", "--key", "guard/index.ts"), "not a public key"),
        (("keygen",), "no terminal to ask for a password"),
        (("keygen", "--no-password", "--out", "guard/index.ts"), "exists, and a key that is"),
        (("verify", "guard/none"), "neither a file or directory nor"),
    ],
)
def test_what_cannot_be_done_is_one_line(cli: Cli, words: tuple[str, ...], told: str) -> None:
    """What, where, what to do."""
    guard_in(cli)
    (cli.cwd / "guard" / "index.ts").chmod(0o600)

    ran = cli(*words, check=1)

    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_link_is_not_signed(cli: Cli) -> None:
    """What it leads to is not part of the plugin."""
    key_of(cli)
    (guard_in(cli) / "link.ts").symlink_to("/etc/passwd")

    assert "link.ts is a link" in cli("sign", "guard", check=1).err


def test_minisign_reads_what_is_made_here_and_the_other_way_round(cli: Cli) -> None:
    """The same keys, the same signatures."""
    if shutil.which("minisign") is None:
        pytest.skip("minisign is not installed")
    key = key_of(cli)
    guard_in(cli)
    cli("sign", "guard", check=0)
    verified = subprocess.run(
        ["minisign", "-Vm", "guard/jcode-plugin.files.json", "-P", str(key["public_key"])],
        cwd=cli.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified
    assert "file:jcode-plugin.files.json" in verified.stdout

    subprocess.run(
        ["minisign", "-G", "-W", "-s", "their.key", "-p", "their.pub"],
        cwd=cli.cwd,
        capture_output=True,
        check=True,
    )
    (cli.cwd / "their.key").chmod(0o600)
    cli("sign", "guard", "--key", "their.key", check=0)
    cli("verify", "guard", "--key", "their.pub", check=0)
    subprocess.run(
        ["minisign", "-S", "-W", "-s", "their.key", "-m", "guard/jcode-plugin.files.json"],
        cwd=cli.cwd,
        capture_output=True,
        check=True,
    )
    found = cli("verify", "guard", "--key", "their.pub", "--json", check=0).json()
    named = (cli.cwd / "their.pub").read_text().splitlines()[0].rsplit(" ", 1)[1]
    assert found["signed_by"] == named


def test_a_password_is_typed_and_not_shown(cli: Cli) -> None:
    """Twice for a new key; once to sign."""
    guard_in(cli)
    new = Terminal(cli, "keygen", "--json")
    new.wait_for(b"Password for the new key: ")
    os.write(new._master, b"open sesame\n")
    new.wait_for(b"The same again: ")
    code, out = new.press(b"open sesame\n")
    key = json.loads(out)
    assert (code, b"sesame" in new.shown) == (0, False)
    assert b"encrypted" in (cli.home / "keys" / "signing.key").read_bytes()

    assert "no terminal to ask" in cli("sign", "guard", check=1).err
    wrong = Terminal(cli, "sign", "guard")
    wrong.wait_for(b"Password of the key: ")
    assert wrong.press(b"shut\n")[0] == 1
    right = Terminal(cli, "sign", "guard")
    right.wait_for(b"Password of the key: ")
    assert right.press(b"open sesame\n")[0] == 0

    trust(cli, key)
    cli("verify", "guard", check=0)


def test_two_passwords_that_differ_make_no_key(cli: Cli) -> None:
    """Neither does an empty one."""
    for first, second in ((b"one\n", b"two\n"), (b"\n", b"")):
        new = Terminal(cli, "keygen")
        new.wait_for(b"Password for the new key: ")
        os.write(new._master, first)
        if second:
            new.wait_for(b"The same again: ")
        assert new.press(second)[0] == 1
        assert not (cli.home / "keys" / "signing.key").exists()


def test_however_a_plugin_came_it_needs_a_signature(cli: Cli) -> None:
    """Installed, in a directory of the user's, a tool of theirs, of a trusted project: signed it runs, and else not."""
    key = key_of(cli)
    listens = 'export default (pi) => { pi.on("TurnEnd", () => {}); };\n'
    places = {
        "installed": cli.cwd.parent / "from" / "installed",
        "mine": cli.home / "plugins" / "mine",
        "ours": cli.cwd / ".jcode" / "plugins" / "ours",
    }
    for name, root in places.items():
        root.mkdir(parents=True)
        (root / "index.js").write_text(listens)
        (root / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0"}))
    tool = cli.home / "tools" / "shout.js"
    tool.parent.mkdir()
    tool.write_text('export default { description: "d", handler: () => "LOUD" };\n')

    def put_in_place(told: str) -> None:
        release_of(cli, places["installed"])
        cli("trust", "--yes", check=0)
        trust(cli, key, told)

    def who_answers() -> set[str]:
        told = cli("dispatch", "TurnEnd", "-i", "{}", "--json").json()
        results = told["results"]
        assert isinstance(results, list)
        return {str(result["plugin"]) for result in results if isinstance(result, dict)}

    put_in_place("off")
    assert who_answers() == {"installed", "mine", "ours"}
    assert cli("call", "shout", "-i", "{}").code == 0
    put_in_place("require")
    assert who_answers() == set()
    assert cli("call", "shout", "-i", "{}").code == 1

    for path in (*places.values(), tool):
        cli("sign", str(path), check=0)
    put_in_place("require")
    assert who_answers() == {"installed", "mine", "ours"}
    assert cli("call", "shout", "-i", "{}").code == 0


def release_of(cli: Cli, root: Path) -> None:
    """Install what is in *root* as it is now, with all that it registers accepted."""
    with Snapshots(cli.home).keep(root) as kept, Store(cli.home).changing() as installed:
        accepted = (("events", "TurnEnd"),)
        release = Release("1.0.0", f"file:{root}", "", kept.tree, dict(kept.files), accepted)
        installed[root.name] = Installed(
            root.name, f"file:{root}", Origin("directory", str(root)), release, True, 1.0, 1.0
        )

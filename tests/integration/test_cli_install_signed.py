"""Installing and updating where signatures are asked for: whose they are is remembered, and another's is asked about."""

import shutil
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli, InProcess
from tests.integration.packages import package
from tests.support.signing import Signer, new_signer


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return InProcess(tmp_path / "work", tmp_path / "home")


def trust(cli: Cli, word: str, *signers: tuple[Signer, str]) -> None:
    """Have the user trust *signers*, each with more lines of its table."""
    tables = (
        f'[plugin.trusted_keys.{signer.id}]\nkey = "{signer.public}"\n{more}'
        for signer, more in signers
    )
    (cli.home / "config.toml").write_text(
        "\n".join([f'[plugin]\nrequire_signature = "{word}"', *tables])
    )


def publish(cli: Cli, version: str, signer: Signer | None) -> Path:
    """Put a version where the one before was."""
    root = cli.cwd / "guard"
    if root.exists():
        shutil.rmtree(root)
    package(root, version=version)
    if signer is not None:
        signer.sign(root, "guard", version)
    return root


def test_who_signed_it_is_remembered_and_another_is_asked_about(cli: Cli) -> None:
    """A successor follows by itself; a stranger takes a person's word, although both are trusted."""
    first, successor, stranger = new_signer(), new_signer(), new_signer()
    trust(
        cli,
        "require",
        (first, f'successor = "{successor.id}"'),
        (successor, ""),
        (stranger, ""),
    )
    publish(cli, "1.0.0", None)
    refused = cli("install", "./guard", "--yes", "--json", check=2).json()
    assert refused["code"] == "E_SIGNATURE"

    publish(cli, "1.0.0", first)
    assert cli("install", "./guard", "--yes", "--json", check=0).json()["signed_by"] == first.id
    publish(cli, "1.1.0", successor)
    cli("update", "guard", check=0)
    assert cli("info", "guard", "--json", check=0).json()["signed_by"] == successor.id

    publish(cli, "1.2.0", stranger)
    ran = cli("update", "guard", check=2)
    assert f"the version before was signed by {successor.id}" in ran.out
    assert cli("info", "guard", "--json", check=0).json()["version"] == "1.1.0"
    cli("update", "guard", "--yes", check=0)
    assert cli("info", "guard", "--json", check=0).json()["signed_by"] == stranger.id


def test_a_signature_that_is_lost_is_asked_about(cli: Cli) -> None:
    """Where one is not required, but was there."""
    signer = new_signer()
    trust(cli, "warn", (signer, ""))
    publish(cli, "1.0.0", signer)
    cli("install", "./guard", "--yes", check=0)
    publish(cli, "1.1.0", None)
    ran = cli("update", "guard", check=2)
    assert "this one is not signed by a trusted key" in ran.out
    assert "no valid signature: it is not signed" in ran.out

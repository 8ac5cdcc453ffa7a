"""Which registry, and which credential for which address: what the user told npm, and nothing that a checkout says."""

import base64
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.npmrc import (
    NpmSettings,
    ask_npm,
    is_loopback,
    read_settings,
    registry_url,
    user_settings,
)

REGISTRY: Final = "https://npm.example/"


class Machine:
    """A home, a machine's npmrc and variables; npm is not there unless a test says so."""

    def __init__(self, root: Path) -> None:
        self.user = root / "home" / ".npmrc"
        self.user.parent.mkdir()
        self.machine = root / "global-npmrc"
        self.variables = {
            "HOME": str(self.user.parent),
            "NPM_CONFIG_GLOBALCONFIG": str(self.machine),
            "PATH": "",
        }
        self.told: str | None = None

    def read(self, configured: str | None = None) -> NpmSettings:
        return read_settings(self.variables, configured=configured, ask=self._ask)

    def _ask(self, variables: Mapping[str, str]) -> str | None:
        return self.told

    def error(self) -> InstallError:
        with pytest.raises(InstallError) as caught:
            self.read()
        return caught.value


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """See :class:`Machine`."""
    return Machine(tmp_path)


def test_who_is_heard_first(machine: Machine) -> None:
    """Our configuration, the environment, the user's npmrc, the machine's, npm itself; each only without the ones before."""
    machine.told = "https://asked.example"
    answers = [machine.read().registry]
    machine.machine.write_text("registry=https://machine.example/\n")
    answers.append(machine.read().registry)
    machine.user.write_text("registry = https://user.example\n")
    answers.append(machine.read().registry)
    machine.variables["npm_config_registry"] = "https://variable.example/npm"
    answers.append(machine.read().registry)
    answers.append(machine.read("https://configured.example").registry)

    assert answers == [
        "https://asked.example/",
        "https://machine.example/",
        "https://user.example/",
        "https://variable.example/npm/",
        "https://configured.example/",
    ]


def test_our_own_configuration(machine: Machine) -> None:
    """The user's; what it says wrongly is told with its line."""
    home = machine.user.parent / ".jcode"
    home.mkdir()
    machine.user.write_text("registry=https://user.example/\n")
    assert user_settings(machine.variables).registry == "https://user.example/"

    (home / "config.toml").write_text(f"[plugin.install]\nregistry = '{REGISTRY}'\n")
    assert user_settings(machine.variables).registry == REGISTRY

    (home / "config.toml").write_text("[plugin.install]\nregistry = 'http://npm.example/'\n")
    with pytest.raises(InstallError, match=r"config\.toml:2: .*use https"):
        user_settings(machine.variables)


def test_npm_is_not_asked_when_something_else_says_it(machine: Machine) -> None:
    """Starting it takes a third of a second."""
    machine.user.write_text(f"registry={REGISTRY}\n")

    def ask(variables: Mapping[str, str]) -> str | None:
        raise AssertionError(variables)

    assert read_settings(machine.variables, ask=ask).registry == REGISTRY


def test_without_anybody_who_says_it_the_error_says_what_to_do(machine: Machine) -> None:
    """There is no registry that is built in."""
    with pytest.raises(
        InstallError, match=r"plugin\.install.*NPM_CONFIG_REGISTRY.*npmrc"
    ) as caught:
        machine.read().registry_for("left-pad")

    assert caught.value.code == "E_NO_REGISTRY"


def test_a_scope_has_its_own_registry(machine: Machine) -> None:
    """A name of the company's is never looked up where anybody could have registered it."""
    machine.user.write_text(
        f"registry={REGISTRY}\n@acme:registry=https://npm.acme.example/feed/\n"
    )
    settings = machine.read(configured="https://configured.example/")

    assert settings.registry_for("@acme/tool") == "https://npm.acme.example/feed/"
    assert settings.registry_for("@acmetools/x") == "https://configured.example/"
    assert settings.registry_for("acme") == "https://configured.example/"


def test_the_npmrc_of_a_project_is_not_read(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout does not choose where code comes from; in the home directory the same file does."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".npmrc").write_text("registry=https://evil.example/\n")
    monkeypatch.chdir(project)
    machine.user.write_text(f"registry={REGISTRY}\n")

    assert machine.read().registry == REGISTRY

    machine.variables["HOME"] = str(project)
    assert machine.read().registry == "https://evil.example/"


@pytest.mark.skipif(shutil.which("npm") is None, reason="asks the npm of this machine")
def test_npm_is_asked_where_no_project_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the user's npmrc it tells; of one in the working directory, or above the one it runs in, it does not."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text(f"registry={REGISTRY}\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".npmrc").write_text("registry=https://evil.example/\n")
    (project / "package.json").write_text("{}")
    monkeypatch.chdir(project)
    monkeypatch.setattr("tempfile.tempdir", str(project))
    variables = {"HOME": str(home), "PATH": os.environ["PATH"]}

    assert ask_npm(variables) == REGISTRY


def test_without_npm_nobody_answers(tmp_path: Path) -> None:
    """A file called npm in the working directory is not npm."""
    assert ask_npm({"HOME": str(tmp_path), "PATH": str(tmp_path)}) is None


CREDENTIALS: Final = {
    "//npm.example/:_authToken=abc": "Bearer abc",
    '//npm.example/:_authToken="abc"': "Bearer abc",
    "//npm.example/:_authToken=${TOKEN}": "Bearer from-variable",
    "//NPM.example/:_authToken=abc ; for ci": "Bearer abc",
    "//npm.example/:_auth=dTpw": "Basic dTpw",
    "//npm.example/:username=u\n//npm.example/:_password=cA==": f"Basic {base64.b64encode(b'u:p').decode()}",
    "//npm.example:443/:_authToken=abc": None,  # as npm: the usual port is not written
    "//npm.example/feed/:_authToken=abc": None,
    "//other.example/:_authToken=abc": None,
    "_authToken=abc": None,  # for no host in particular: npm refuses it, too
}


@pytest.mark.parametrize("line", CREDENTIALS)
def test_credentials_of_the_registry(machine: Machine, line: str) -> None:
    """In every form that npm has, for that very host and path."""
    machine.variables["TOKEN"] = "from-variable"
    machine.user.write_text(f"registry={REGISTRY}\n{line}\n")
    settings = machine.read()

    assert settings.authorization(f"{REGISTRY}left-pad", REGISTRY) == CREDENTIALS[line]


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/left-pad",
        "https://npm.example.evil/left-pad",
        "https://npm.example:8443/left-pad",
        "http://npm.example/left-pad",
        "https://npm.example@evil.example/left-pad",
    ],
)
def test_a_credential_goes_to_no_other_host(machine: Machine, url: str) -> None:
    """Not even to one that has a credential of its own: a registry's answer does not choose who gets one."""
    machine.user.write_text(
        f"registry={REGISTRY}\n//npm.example/:_authToken=abc\n//other.example/:_authToken=def\n"
    )
    settings = machine.read()

    assert settings.authorization(f"{REGISTRY}-/x.tgz", REGISTRY) == "Bearer abc"
    assert settings.authorization(url, REGISTRY) is None


def test_the_nearest_path_decides(machine: Machine) -> None:
    """One host may hold several registries; a path beside them has the credential of the registry that led there."""
    machine.user.write_text(
        "registry=https://npm.example/a/\n"
        "//npm.example/a/:_authToken=for-a\n//npm.example/a/b/:_authToken=for-b\n"
    )
    settings = machine.read()
    registry = settings.registry_for("x")

    assert settings.authorization("https://npm.example/a/x", registry) == "Bearer for-a"
    assert settings.authorization("https://npm.example/a/b/x", registry) == "Bearer for-b"
    assert settings.authorization("https://npm.example/files/x.tgz", registry) == "Bearer for-a"


def test_a_variable_that_is_not_set_is_named(machine: Machine) -> None:
    """Its name is sent to nobody as if it were the token."""
    machine.user.write_text(f"registry={REGISTRY}\n//npm.example/:_authToken=${{NPM_TOKEN}}\n")
    settings = machine.read()

    assert settings.authorization(REGISTRY, REGISTRY) is None
    assert "NPM_TOKEN, which is not set" in (settings.why_no_credential(REGISTRY) or "")


def test_no_credential_is_shown(machine: Machine) -> None:
    """Whoever prints the settings prints none."""
    machine.user.write_text(f"registry={REGISTRY}\n//npm.example/:_authToken=s3cret\n")

    assert "s3cret" not in repr(machine.read())


def test_a_credential_cannot_end_its_header(machine: Machine) -> None:
    """What a variable holds is not a second header."""
    machine.variables["T"] = "x\r\nhost: evil.example"
    machine.user.write_text(f"registry={REGISTRY}\n//npm.example/:_authToken=${{T}}\n")
    error = machine.error()

    assert error.code == "E_AUTH"
    assert "evil" not in str(error)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("npm.example", "https://"),
        ("ftp://npm.example/", "https://"),
        ("file:///etc", "https://"),
        ("http://npm.example/", "use https://"),
        ("http://127.0.0.1.evil.example/", "use https://"),
        ("https://u:hunter2@npm.example/", "_authToken"),
        ("https://npm.example/?x=1", "query"),
        ("https://npm.example:99999/", "https://"),
        ("https:///x", "https://"),
    ],
)
def test_what_is_no_registry(machine: Machine, given: str, told: str) -> None:
    """The line says where it is written and shows no password."""
    machine.user.write_text(f"registry={given}\n")
    error = machine.error()

    assert error.code == "E_NO_REGISTRY"
    assert str(machine.user) in str(error)
    assert told in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:4873", "http://localhost:4873/", "http://[::1]:4873/"]
)
def test_this_machine_may_be_asked_in_the_clear(given: str) -> None:
    """A registry under test has no certificate."""
    assert registry_url(given, "x") == given.rstrip("/") + "/"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "LOCALHOST"])
def test_loopback(host: str) -> None:
    """By number or by the one name that cannot be another's."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example", "10.0.0.1", "0.0.0.0", "127.0.0.1.example", ""]
)
def test_not_loopback(host: str) -> None:
    """Whoever owns a zone chooses what its names lead to."""
    assert not is_loopback(host)


def test_files_of_authorities(machine: Machine, tmp_path: Path) -> None:
    """npm's must be there, node's count if they are."""
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    machine.user.write_text(f"registry={REGISTRY}\ncafile={ca}\n")
    machine.variables["NODE_EXTRA_CA_CERTS"] = str(tmp_path / "gone.pem")

    assert machine.read().ca_files == (str(ca),)

    ca.unlink()
    assert "cafile" in str(machine.error())


def test_an_npmrc_is_a_file_of_a_bounded_size(machine: Machine) -> None:
    """A pipe is not waited for."""
    os.mkfifo(machine.user)
    assert machine.read().registry is None

    machine.user.unlink()
    machine.user.write_bytes(b"x" * 300_000)
    assert "larger" in str(machine.error())

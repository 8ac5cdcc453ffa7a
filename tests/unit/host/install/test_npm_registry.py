"""What a registry's answers mean: which version is taken, and what is believed of them."""

import json
from collections.abc import Iterator
from time import perf_counter

import pytest

from host.errors import InstallError
from host.install.npm_registry import Packument, Registry, _as_safe_as
from host.install.npmrc import NpmSettings
from tests.support.registry import Answer, LoopbackRegistry, loopback_registry


@pytest.fixture
def server() -> Iterator[LoopbackRegistry]:
    """An empty one."""
    with loopback_registry() as made:
        yield made


@pytest.fixture
def registry(server: LoopbackRegistry) -> Iterator[Registry]:
    """Its client, which does not wait before it tries again."""
    with Registry(server.settings, pause=lambda seconds: None) as made:
        yield made


def error_of(registry: Registry, name: str, wanted: str = "") -> InstallError:
    with pytest.raises(InstallError) as caught:
        registry.packument(name).pick(wanted)
    assert str(caught.value).isprintable()
    return caught.value


def described(server: LoopbackRegistry, **parts: object) -> None:
    """Answer for guard with a description that is changed in *parts*."""
    server.publish("guard", "1.0.0")
    changed = server.packages["guard"] | parts
    server.answers["/guard"] = Answer(body=json.dumps(changed).encode())


# Which version.


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("", "1.5.0"),
        ("latest", "1.5.0"),
        ("next", "3.0.0-rc.1"),
        ("*", "1.5.0"),
        ("^1", "1.5.0"),
        ("1", "1.5.0"),
        (">=1", "1.5.0"),
        ("~1.0", "1.0.0"),
        ("1.0", "1.0.0"),
        ("1.0.0", "1.0.0"),
        ("v1.0.0", "1.0.0"),
        ("2", "2.0.0"),
        (">=2", "2.0.0"),
        ("^3.0.0-rc.0", "3.0.0-rc.1"),
        ("3.0.0-rc.1", "3.0.0-rc.1"),
        ("1.9.0", "1.9.0"),
        (">1.5 <2", "1.9.0"),
        ("0.x", "0.9.0"),
    ],
)
def test_what_npm_would_take(
    server: LoopbackRegistry, registry: Registry, wanted: str, taken: str
) -> None:
    """What latest names if the range has it, else the highest, and one that is deprecated only if there is no other."""
    for version in ("0.9.0", "1.0.0", "1.5.0", "1.9.0", "2.0.0", "2.1.0", "3.0.0-rc.1"):
        is_deprecated = version in ("0.9.0", "1.9.0", "2.1.0")
        server.publish("guard", version, **({"deprecated": "do not"} if is_deprecated else {}))
    server.packages["guard"]["dist-tags"] = {"latest": "1.5.0", "next": "3.0.0-rc.1"}

    assert registry.packument("guard").pick(wanted).version == taken


def test_a_latest_that_is_deprecated_is_still_latest(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """By its name, and with a line that says so; a range prefers another."""
    server.publish("guard", "1.0.0")
    server.publish("guard", "1.1.0", deprecated="do not")

    assert registry.packument("guard").pick("").version == "1.1.0"
    assert registry.packument("guard").pick("^1").version == "1.0.0"


def test_an_old_way_of_writing_a_version(server: LoopbackRegistry, registry: Registry) -> None:
    """It is taken by the name that the registry has for it."""
    server.publish("guard", "1.0.0beta")
    server.packages["guard"]["dist-tags"] = {}

    assert registry.packument("guard").pick(">=1.0.0-a").version == "1.0.0beta"


def test_without_a_tag_the_highest_is_latest(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """Some registries set none."""
    server.publish("guard", "1.0.0")
    server.publish("guard", "10.0.0")
    server.publish("guard", "9.0.0")
    server.packages["guard"]["dist-tags"] = {}

    assert registry.packument("guard").pick("").version == "10.0.0"


@pytest.mark.parametrize("wanted", ["^7", "7.7.7", "beta", "stale", ">=5 <6"])
def test_a_version_that_is_not_there(
    server: LoopbackRegistry, registry: Registry, wanted: str
) -> None:
    """One line that says which there are."""
    for minor in range(20):
        server.publish("guard", f"1.{minor}.0")
    tags = server.packages["guard"]["dist-tags"]
    assert isinstance(tags, dict)
    tags["stale"] = "0.0.1"
    error = error_of(registry, "guard", wanted)

    assert error.code == "E_NOT_FOUND"
    assert "there are 1.19.0, 1.18.0, 1.17.0, 1.16.0, 1.15.0 and 15 more" in str(error)
    assert "latest = 1.19.0" in str(error)


def test_a_hundred_thousand_versions(server: LoopbackRegistry) -> None:
    """Are read as one document, of which one version is decoded; the bound is for a hang."""
    one = b'{"name":"guard","version":"%s","dependencies":{"a":"^1"}}'
    versions = b",".join(
        b'"%s":%s' % (v, one % v) for n in range(100_000) for v in [b"1.%d.%d" % divmod(n, 100)]
    )
    server.answers["/guard"] = Answer(body=b'{"name":"guard","versions":{%s}}' % versions)
    began = perf_counter()
    with Registry(server.settings) as registry:
        packument = registry.packument("guard")

        assert packument.pick("~1.500").version == "1.500.99"
        assert packument.pick("1.0.7").version == "1.0.7"
        with pytest.raises(InstallError, match="and 99995 more"):
            packument.pick("beta")
    assert perf_counter() - began < 60


# Who is there.


def test_a_name_that_is_not_there(registry: Registry) -> None:
    """Nobody guesses."""
    error = error_of(registry, "gaurd")

    assert error.code == "E_NOT_FOUND"
    assert "gaurd is not in the registry at 127.0.0.1:" in str(error)


def test_a_scoped_name_that_is_not_there_may_be_private(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """Registries say the same of both to whoever shows no token."""
    assert "_authToken" in str(error_of(registry, "@acme/guard"))

    settings = NpmSettings(server.url, credentials={server.url.partition(":")[2]: "Bearer x"})
    with Registry(settings) as known:
        assert "_authToken" not in str(error_of(known, "@acme/guard"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_name_that_is_not_given(
    server: LoopbackRegistry, registry: Registry, status: int
) -> None:
    """The line says where a token belongs, or which variable is missing."""
    server.answers["/guard"] = Answer(status)
    error = error_of(registry, "guard")
    assert error.code == "E_AUTH"
    assert f"({status})" in str(error)
    assert "/:_authToken=TOKEN" in str(error)

    place = server.url.partition(":")[2]
    settings = NpmSettings(
        server.url, unset={place: "~/.npmrc takes it from T, which is not set"}
    )
    with Registry(settings) as other:
        assert "from T, which is not set" in str(error_of(other, "guard"))


def test_a_registry_that_fails(server: LoopbackRegistry, registry: Registry) -> None:
    """Three times."""
    server.answers["/guard"] = Answer(502)
    error = error_of(registry, "guard")

    assert error.code == "E_NETWORK"
    assert len(server.asked("/guard")) == 3


def test_a_scoped_name_is_one_step_of_the_path(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """Its slash is no slash of the address."""
    server.publish("@acme/guard")

    assert registry.packument("@acme/guard").pick("").id == "@acme/guard@1.0.0"


@pytest.mark.parametrize("name", ["../x", "a/b", "@a/../b", "-/npm/v1/keys", ".a", "A B", ""])
def test_no_name_is_a_path(server: LoopbackRegistry, registry: Registry, name: str) -> None:
    """Nothing is asked."""
    assert error_of(registry, name).code == "E_SPEC"
    assert server.requests == []


def test_lookups_are_bounded(server: LoopbackRegistry) -> None:
    """Packages that are left out are looked up as well."""
    with Registry(server.settings, most_lookups=3) as registry:
        registry.prefetch([f"p{n}" for n in range(10)])
        codes = [error_of(registry, f"p{n}").code for n in range(10)]

    assert sorted(codes) == ["E_DEPENDENCY"] * 7 + ["E_NOT_FOUND"] * 3
    assert len(server.requests) == 3


def test_descriptions_are_bounded_together(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """They are all in memory at once."""
    for name in ("a", "b"):
        server.publish(name)
    size = len(json.dumps(server.packages["a"]))
    registry._bytes_left = size + size // 2

    assert registry.packument("a").name == "a"
    assert error_of(registry, "b").code == "E_DEPENDENCY"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://npm.example/a.tgz", "https://npm.example/a.tgz"),
        ("https://npm.example/a.tgz", "https://npm.example/a.tgz"),
        ("http://npm.example.evil/a.tgz", "http://npm.example.evil/a.tgz"),
        ("http://npm.example:80/a.tgz", "http://npm.example:80/a.tgz"),
        ("http://other.example/a.tgz", "http://other.example/a.tgz"),
    ],
)
def test_a_registry_that_does_not_know_that_it_is_encrypted(url: str, asked: str) -> None:
    """Its own archives are asked for as it is itself; what is left in the clear is refused."""
    assert _as_safe_as("https://npm.example/feed/", url) == asked


# What is believed.


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"guard"',
        b"{}",
        b'{"name": 3}',
        b'{"name":"guard","versions":[]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_description(
    server: LoopbackRegistry, registry: Registry, body: bytes
) -> None:
    """A page to log in, for example."""
    server.answers["/guard"] = Answer(body=body)

    assert error_of(registry, "guard").code == "E_REGISTRY"


@pytest.mark.parametrize("name", ["other", "Guard", "guard ", "@evil/guard", "\x1b[2J"])
def test_a_description_of_another_package(
    server: LoopbackRegistry, registry: Registry, name: str
) -> None:
    """It is of nobody that was asked about."""
    described(server, name=name)

    assert error_of(registry, "guard").code == "E_REGISTRY"


@pytest.mark.parametrize(
    "lie", [{"name": "other"}, {"version": "2.0.0"}, {"version": "v1.0.0"}, {"name": None}]
)
def test_a_version_that_lies(
    server: LoopbackRegistry, registry: Registry, lie: dict[str, object]
) -> None:
    """What is looked up under one version is that version, of that package."""
    described(server, versions={"1.0.0": server.publish("guard") | lie})
    error = error_of(registry, "guard")

    assert error.code == "E_REGISTRY"
    assert "guard@1.0.0" in str(error)


def test_a_package_that_was_taken_back(server: LoopbackRegistry, registry: Registry) -> None:
    """Its description is left."""
    described(server, versions={}, time={"unpublished": {"name": "guard"}})

    assert "taken back" in str(error_of(registry, "guard"))


def test_versions_that_are_none_are_not_taken(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """They become parts of messages and of what is remembered."""
    one = server.publish("guard")
    described(server, versions={"../../x": one, "1.0.0": one, "x" * 1000: one, "2.0": one})
    packument = registry.packument("guard")

    assert packument.pick("*").version == "1.0.0"
    assert isinstance(packument, Packument)
    assert error_of(registry, "guard", "../../x").code == "E_NOT_FOUND"


def test_a_tag_that_names_what_is_no_version(
    server: LoopbackRegistry, registry: Registry
) -> None:
    """Even if the registry lists it as one."""
    one = server.publish("guard") | {"version": "../../x"}
    described(server, versions={"../../x": one}, **{"dist-tags": {"latest": "../../x"}})

    assert error_of(registry, "guard").code == "E_NOT_FOUND"

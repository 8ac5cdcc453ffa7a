"""Names that lead to this machine, its network or a metadata service, and other ways to write such an address.

Every attempt is made against a server that would answer: the control allows it and gets there.
"""

from ipaddress import ip_address
from pathlib import Path

import pytest

from host.audit import Kind
from host.hostcalls.http_hub import is_own, resolve
from policies.addresses import judge
from policies.decision import Decision, Source
from policies.hosts import is_inner, is_metadata, normalise
from tests.hostcalls.http.client import Client, Names, client
from tests.hostcalls.http.server import Server, answer, redirect

LOOPBACK = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020.0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "0.0.0.0",
    "0",
    "[::]",
    "169.254.169.254",
    "0xa9fea9fe",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "metadata",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[fe80::1]",
    "[fc00::1]",
    "224.0.0.1",
    "255.255.255.255",
]


def refusals(plugin: Client) -> list[str]:
    """The codes of what was denied, as the audit has them."""
    return [
        entry.code
        for entry in plugin.stage.entries(Kind.DECISION)
        if entry.data is not None and entry.data["decision"] == "deny"
    ]


def test_no_wildcard_reaches_an_inner_host(tmp_path: Path) -> None:
    """However it is written; each is denied and audited, and nothing is resolved."""
    names = Names({})
    with Server({"/": answer()}) as server, client(tmp_path, "*", names=names) as plugin:
        found = {
            host: plugin.refused(f"http://{host}:{server.port}/")[0]
            for host in LOOPBACK
            if host.isascii()
        }
        # In another script a URL is no ASCII; a worker's own URL parser has made one of it.
        odd = {
            host: plugin.refused(f"http://{host}:{server.port}/")[0]
            for host in LOOPBACK
            if not host.isascii()
        }

    assert set(found.values()) == {"E_DENIED"}, found
    assert set(odd.values()) == {"E_INVALID"}
    assert (names.asked, server.requests) == ([], [])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "127.0.0.1.", "[::ffff:127.0.0.1]"],
)
def test_the_control_an_address_that_is_allowed_is_reached(tmp_path: Path, host: str) -> None:
    """However it is written."""
    with Server({"/": answer(b"in")}) as server, client(tmp_path, "127.0.0.1") as plugin:
        body, _ = plugin.read(plugin.get(f"http://{host}:{server.port}/"))

    assert body == b"in"


INNER = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
    "::10.0.0.1",
    "fd00:ec2::254",
    "100.64.0.1",
    "168.63.129.16",
    "198.18.0.1",
]


def test_a_public_name_does_not_lead_inside(tmp_path: Path) -> None:
    """Whatever its records say; also when only one of several does, first or last."""
    attempts = [[address] for address in INNER]
    attempts += [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"]]
    names = Names({f"n{at}.example": [found] for at, found in enumerate(attempts)})
    with (
        Server({"/": answer()}) as server,
        client(tmp_path, "*.example", names=names) as plugin,
    ):
        for at in range(len(attempts)):
            code, message = plugin.refused(f"http://n{at}.example:{server.port}/")
            assert code == "E_DENIED", (attempts[at], message)
            assert message.startswith(f"n{at}.example:{server.port}: it leads to this machine")
        codes = refusals(plugin)

    assert codes == ["deny.address"] * len(attempts)
    assert server.requests == []


def test_the_control_the_same_names_when_the_operator_means_it(tmp_path: Path) -> None:
    """The address is allowed as well, or exactly that name is."""
    names = Names({"api.example": [["127.0.0.1"]], "b.example": [["127.0.0.1"]]})
    with Server({"/": answer(b"in")}) as server:
        with client(tmp_path / "a", "*.example", "127.0.0.1", names=names) as plugin:
            assert plugin.read(plugin.get(f"http://b.example:{server.port}/"))[0] == b"in"
        with client(tmp_path / "b", "api.example", names=names) as plugin:
            assert plugin.read(plugin.get(f"http://api.example:{server.port}/"))[0] == b"in"

    assert [sent.get("host") for sent in server.requests] == [
        [f"b.example:{server.port}"],
        [f"api.example:{server.port}"],
    ]


def test_what_was_judged_is_what_is_connected_to(tmp_path: Path) -> None:
    """A name that changes between two look-ups has only one: no second is made."""
    names = Names({"api.example": [["127.0.0.1"], ["192.0.2.1"]]})
    with (
        Server({"/": answer(b"in")}) as server,
        client(tmp_path, "api.example", names=names) as plugin,
    ):
        body, _ = plugin.read(plugin.get(f"http://api.example:{server.port}/"))

    assert (body, names.asked) == (b"in", ["api.example"])


def test_a_name_that_changes_is_judged_every_time(tmp_path: Path) -> None:
    """First public, then of this network: the second request is denied, and so is a redirect back to itself."""
    names = Names({"a.example": [["127.0.0.1"], ["169.254.169.254"]]})
    handlers = {"/": redirect("/again"), "/again": answer()}
    with Server(handlers) as server, client(tmp_path, "a.example", names=names) as plugin:
        code, message = plugin.refused(f"http://a.example:{server.port}/")

    assert (code, names.asked) == ("E_DENIED", ["a.example", "a.example"])
    assert [sent.target for sent in server.requests] == ["/"]
    assert "metadata service" in message


def test_a_denied_address_is_denied_under_every_name(tmp_path: Path) -> None:
    """The operator's denial of an address, and a name that is allowed."""
    names = Names({"api.example": [["127.0.0.1"]]})
    with Server({"/": answer()}) as server:
        with client(tmp_path, "api.example", names=names, deny=("127.0.0.1",)) as plugin:
            code, _ = plugin.refused(f"http://api.example:{server.port}/")

        assert (code, server.requests) == ("E_DENIED", [])


def test_every_hop_is_decided(tmp_path: Path) -> None:
    """A redirect leads to no host that could not have been asked for."""
    places = [
        "http://127.0.0.1:{}/",
        "http://localhost:{}/",
        "http://0x7f.1:{}/",
        "//[::1]:{}/",
    ]
    places += ["http://169.254.169.254/latest/meta-data/", "http://other.example:{}/"]
    names = Names({"api.example": [["127.0.0.1"]]})
    with Server({"/": answer()}) as inside, Server({}) as server:
        for at, place in enumerate(places):
            server.handlers[f"/{at}"] = redirect(place.format(inside.port))
        server.handlers["/scheme"] = redirect("gopher://127.0.0.1/")
        server.handlers["/user"] = redirect("http://ada@api.example/")
        with client(tmp_path, "api.example", names=names) as plugin:
            url = f"http://api.example:{server.port}"
            codes = [
                plugin.refused(f"{url}/{path}")[0]
                for path in (*range(len(places)), "scheme", "user")
            ]
            denied = refusals(plugin)

    assert set(codes) == {"E_DENIED"}
    assert len(denied) == len(places) - 1  # two are the same address
    assert inside.requests == []


def test_ports_are_part_of_what_is_allowed(tmp_path: Path) -> None:
    """One port of a host, and no other."""
    with (
        Server({"/": answer()}) as one,
        Server({"/": answer()}) as two,
        client(tmp_path, f"127.0.0.1:{one.port}") as plugin,
    ):
        plugin.get(one.url())
        code, message = plugin.refused(two.url())

    assert (code, two.requests) == ("E_DENIED", [])
    assert message == f"http_hosts: 127.0.0.1:{two.port}: not allowed (deny.private)"


PUBLIC = normalise("api.example.com")
CONSENT = Decision(
    "allow", 3, "allow.consent", Source("consent", "installed"), "api.example.com"
)
OPERATOR = Decision("allow", 4, "allow.global", Source("file", "/c.toml:3"), "api.example.com")
WILD = Decision("allow", 4, "allow.global", Source("file", "/c.toml:3"), "*.example.com")
MODE = Decision("allow", 5, "allow.mode")
NOT_NAMED = Decision("deny", 5, "deny.private")
NAMED = Decision("allow", 4, "allow.global", Source("file", "/c.toml:4"), "10.0.0.1")
DENIED = Decision("deny", 2, "deny.global", Source("file", "/c.toml:5"), "10.0.0.1")


@pytest.mark.parametrize(
    ("by_name", "address", "by_address", "allowed"),
    [
        (CONSENT, "93.184.216.34", NOT_NAMED, True),
        (CONSENT, "10.0.0.1", NOT_NAMED, False),  # what a manifest asked for is a public name
        (OPERATOR, "10.0.0.1", NOT_NAMED, True),
        (OPERATOR, "127.0.0.1", NOT_NAMED, True),
        (OPERATOR, "169.254.169.254", NOT_NAMED, False),  # takes its own rule
        (OPERATOR, "::ffff:169.254.169.254", NOT_NAMED, False),
        (OPERATOR, "64:ff9b::a9fe:a9fe", NOT_NAMED, False),
        (OPERATOR, "fe80::1", NOT_NAMED, False),
        (OPERATOR, "169.254.169.254", NAMED, True),
        (WILD, "10.0.0.1", NOT_NAMED, False),
        (WILD, "10.0.0.1", NAMED, True),
        (MODE, "10.0.0.1", NOT_NAMED, False),
        (OPERATOR, "10.0.0.1", DENIED, False),
        (OPERATOR, "93.184.216.34", DENIED, False),
    ],
)
def test_who_may_mean_an_inner_address(
    by_name: Decision, address: str, by_address: Decision, allowed: bool
) -> None:
    """The address itself, or the operator's own rule for exactly that name; a metadata service takes its address."""

    assert PUBLIC is not None

    assert judge(PUBLIC, by_name, ip_address(address), by_address).allowed is allowed


@pytest.mark.parametrize(
    ("by_name", "by_address", "allowed"),
    [
        (WILD, NOT_NAMED, False),
        (WILD, WILD, False),  # "*" covers the address as well, and does not mean this machine
        (CONSENT, NOT_NAMED, False),
        (MODE, MODE, False),
        (OPERATOR, NOT_NAMED, True),
        (WILD, NAMED, False),  # another one
        (WILD, Decision("allow", 4, "allow.global", Source("file"), "[2a00:1450::1]"), True),
    ],
)
def test_a_public_address_of_this_machine_is_of_this_machine(
    by_name: Decision, by_address: Decision, allowed: bool
) -> None:
    """A name of a stranger's that has it would reach what listens here; somewhere else it is allowed, the control."""
    address = ip_address("2a00:1450::1")
    assert PUBLIC is not None

    assert judge(PUBLIC, by_name, address, by_address).allowed
    assert judge(PUBLIC, by_name, address, by_address, is_own=True).allowed is allowed


def test_the_kernel_says_which_addresses_are_ours() -> None:
    """Whatever they look like."""
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("198.51.100.7"))


def test_a_name_that_leads_to_this_machine_by_a_public_address_is_refused(
    tmp_path: Path,
) -> None:
    """Before anything is connected."""
    names = Names({"example.com": [["192.88.98.1"]]})
    with client(tmp_path, "*", names=names) as plugin:
        plugin.stage.runtime.http.is_own = lambda address: str(address) == "192.88.98.1"
        assert plugin.refused("http://example.com/")[0] == "E_DENIED"
        assert plugin.refused("http://192.88.98.1/")[0] == "E_DENIED"
        assert refusals(plugin) == ["deny.address"] * 2


def test_a_name_that_can_only_be_internal_may_lead_inside() -> None:
    """Whoever allows ``*.svc.internal`` means the inside; not its metadata service."""

    host = normalise("db.svc.internal")
    wild = Decision(
        "allow", 3, "allow.consent", Source("consent", "installed"), "*.svc.internal"
    )
    assert host is not None

    assert judge(host, wild, ip_address("10.0.0.1"), NOT_NAMED).allowed
    assert not judge(host, wild, ip_address("169.254.169.254"), NOT_NAMED).allowed


def test_addresses_of_metadata_services_are_inner() -> None:
    """Each of them, or a wildcard would reach it."""

    for text in (
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    ):
        assert is_metadata(ip_address(text))
        assert is_inner(ip_address(text))
    assert not is_metadata(ip_address("10.0.0.1"))


def test_the_systems_resolver_gives_addresses() -> None:
    """The one that hosts use when no test gives them another."""
    assert any(str(address) in ("127.0.0.1", "::1") for address in resolve("localhost", 80))

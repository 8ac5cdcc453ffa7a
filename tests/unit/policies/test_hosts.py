"""Hosts against patterns, as an attacker would write them."""

import pytest

from policies.capability import HostRequest
from policies.decision import Rule
from policies.hosts import HostSet, normalise, redirect_of, request_of
from policies.rules import problem

FORMS = [
    ("example.com", "example.com"),
    ("EXAMPLE.Com", "example.com"),
    ("example.com.", "example.com"),
    ("ex%61mple.com", "example.com"),
    ("exa\u00admple.com", "example.com"),  # a soft hyphen vanishes
    ("\uff45xample.com", "example.com"),  # fullwidth e
    ("example\u3002com", "example.com"),  # an ideographic full stop
    ("example\uff0ecom", "example.com"),
    ("exa\u212bmple.com", "xn--example-gxa.com"),  # the Angstrom sign
    ("b\u00fccher.de", "xn--bcher-kva.de"),
    ("B\u00dcCHER.de", "xn--bcher-kva.de"),
    ("xn--bcher-kva.de", "xn--bcher-kva.de"),
    ("XN--BCHER-KVA.DE", "xn--bcher-kva.de"),
    ("p\u0430ypal.com", "xn--pypal-4ve.com"),  # a Cyrillic a
    ("stra\u00dfe.de", "xn--strae-oqa.de"),
    ("a_b.example", "a_b.example"),
    ("127.0.0.1", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.1", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("0x7f000001", "127.0.0.1"),
    ("0X7F.1", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
    ("\u2460\u2461\u2466.1", "127.0.0.1"),  # circled digits
    ("0", "0.0.0.0"),
    ("0x", "0.0.0.0"),
    ("0xa9fea9fe", "169.254.169.254"),
    ("[::1]", "::1"),
    ("::1", "::1"),
    ("[0:0:0:0:0:0:0:1]", "::1"),
    ("[::ffff:127.0.0.1]", "127.0.0.1"),
    ("[::FFFF:7F00:1]", "127.0.0.1"),
    ("[fe80::1%eth0]", "fe80::1"),
    ("[fe80::1%25eth0]", "fe80::1"),
    ("[2001:DB8::1]", "2001:db8::1"),
]


@pytest.mark.parametrize(("written", "form"), FORMS)
def test_a_host_has_one_form(written: str, form: str) -> None:
    """The one a URL parser would connect to."""
    found = normalise(written)

    assert found is not None
    assert found.text == form


NO_HOSTS = [
    "", ".", "..", "a..b", ".a", " a.com", "a.com ", "a b.com", "a\tb.com", "a\nb.com", "a\0b.com", "a%00b.com",
    "a@b.com", "a%40b.com", "user:pass@b.com", "a/b", "a%2fb", "a\\b", "a?b", "a#b", "a:b:c", "[::1", "[::1]x",
    "[127.0.0.1]", "256.256.256.256", "1.2.3.4.5", "1.2.3.256", "0x1ffffffff", "4294967296", "08.0.0.1", "1.2.3.08",
    "a.1", "a.0x1", "1.2.x.4", "%", "%zz", "%ff", "a" * 64 + ".com", "a." * 130 + "com", "x" * 5000, "\ud800.com",
    "\u2100.com", "a\u2215b.com\u2044", "*.com", "\u200b", "<a>.com", "a^b.com", "a|b.com",
]  # fmt: skip


@pytest.mark.parametrize("written", NO_HOSTS)
def test_what_no_url_parser_takes_is_no_host(written: str) -> None:
    """Rather than guessed at."""
    found = normalise(written)

    assert found is None or "*" in written


INNER = [
    "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "169.254.0.1",
    "100.100.100.200", "0", "255.255.255.255", "224.0.0.1", "192.0.0.192", "198.18.0.1", "240.0.0.1",
    "[::1]", "[::]", "[fe80::1]", "[fe80::1%eth0]", "[2606:4700::1%eth0]", "[fc00::1]", "[fd00:ec2::254]",
    "[::ffff:10.0.0.1]", "[::ffff:0:10.0.0.1]", "[::10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[ff02::1]", "[fec0::1]",
    "localhost", "LOCALHOST.", "a.localhost", "metadata.google.internal", "metadata", "printer.local", "db",
    "router.lan", "x.home.arpa", "intranet", "0x7f.1", "2852039166",
]  # fmt: skip
OUTER = ["example.com", "93.184.216.34", "[2606:4700::1]", "local.example.com", "localhost.example.com",
         "internal.dev", "[64:ff9b::5db8:d822]", "1.1.1.1", "localhosts.net"]  # fmt: skip


@pytest.mark.parametrize("written", INNER)
def test_wildcards_permit_nothing_of_the_inner_network(written: str) -> None:
    """Whoever wants it spells it out; a denial's wildcard covers it all the same."""
    host = normalise(written)
    assert host is not None
    every = [
        Rule("http_hosts", "*"),
        Rule("http_hosts", "*.internal"),
        Rule("http_hosts", "*.0.0.1"),
    ]

    assert HostSet(every, denies=False).find(host, 80) is None
    assert HostSet(every, denies=True).find(host, 80) is every[0]
    assert HostSet([Rule("http_hosts", written)], denies=False).find(host, 80) is not None


@pytest.mark.parametrize("written", OUTER)
def test_the_world_is_covered_by_a_star(written: str) -> None:
    """The control of the test above."""
    host = normalise(written)

    assert host is not None
    assert HostSet([Rule("http_hosts", "*")], denies=False).find(host, 80) is not None


CASES = [
    ("example.com", "example.com", 443, True),
    ("example.com", "EXAMPLE.COM.", 443, True),
    ("EXAMPLE.com.", "example.com", 443, True),
    ("example.com", "www.example.com", 443, False),
    ("example.com", "example.com.evil.net", 443, False),
    ("example.com", "evilexample.com", 443, False),
    ("example.com", "example.co", 443, False),
    ("*.example.com", "www.example.com", 443, True),
    ("*.example.com", "a.b.example.com", 443, True),
    ("*.example.com", "example.com", 443, False),
    ("*.example.com", "evilexample.com", 443, False),
    ("*.example.com", "www.example.com.evil.net", 443, False),
    ("*.EXAMPLE.com", "WWW.example.COM.", 443, True),
    ("*", "a.example", 1, True),
    ("*:443", "a.example", 443, True),
    ("*:443", "a.example", 80, False),
    ("*.example.com:443", "www.example.com", 80, False),
    ("example.com:8443", "example.com", 8443, True),
    ("example.com:8443", "example.com", 443, False),
    ("example.com:*", "example.com", 8443, True),
    ("127.0.0.1", "0x7f.1", 80, True),
    ("127.0.0.1", "[::ffff:127.0.0.1]", 80, True),
    ("127.0.0.1:8080", "2130706433", 8080, True),
    ("127.0.0.1:8080", "127.0.0.1", 80, False),
    ("0x7f.1", "127.0.0.1", 80, True),
    ("[::1]:3000", "::1", 3000, True),
    ("[::1]", "[0::1]", 3000, True),
    ("::1", "[::1]", 3000, True),
    ("localhost", "localhost.", 80, True),
    ("localhost", "127.0.0.1", 80, False),  # a name is no address
    ("paypal.com", "p\u0430ypal.com", 443, False),
    ("p\u0430ypal.com", "xn--pypal-4ve.com", 443, True),
    ("b\u00fccher.de", "XN--bcher-kva.de", 443, True),
    ("xn--bcher-kva.de", "B\u00dccher.de", 443, True),
    ("*.b\u00fccher.de", "www.xn--bcher-kva.de", 443, True),
    ("*.com", "example.com", 443, True),
    ("*.svc.internal", "db.svc.internal", 5432, True),
    ("*.svc.internal", "svc.internal", 5432, False),
    ("*.internal", "db.svc.internal", 5432, True),
    ("*.internal", "metadata.google.internal", 80, False),
    ("metadata.google.internal", "metadata.google.internal.", 80, True),
    ("*.tencentyun.com", "metadata.tencentyun.com", 80, False),
    ("*.localhost", "a.localhost", 80, True),
    ("*.0.0.1", "127.0.0.1", 80, False),
    ("1.1.1.1", "1.1.1.1", 80, True),
    ("1.1.1.1", "1.1.257", 80, True),
    ("1.1.1.1", "1.1.1.10", 80, False),
]


@pytest.mark.parametrize(("pattern", "written", "port", "covered"), CASES)
def test_a_pattern_covers_what_it_says(
    pattern: str, written: str, port: int, covered: bool
) -> None:
    """Compared by the one form of both."""
    host = normalise(written)
    assert host is not None

    found = HostSet([Rule("http_hosts", pattern)], denies=False).find(host, port)
    assert (found is not None) is covered


UNREADABLE = [
    "", "http://example.com", "example.com/path", "user@example.com", "ex*mple.com", "*example.com", "*.*.com",
    "a.*", "example.com:", "example.com:0", "example.com:65536", "example.com:https", "example.com:80:80x",
    "*.127.0.0.1", "a b", "*.", "[::1]:x", "[::1", "10.0.0.0/8", "example.com:\u0661",
]  # fmt: skip


@pytest.mark.parametrize("pattern", UNREADABLE)
def test_what_cannot_be_read_denies_all_and_permits_nothing(pattern: str) -> None:
    """And the loader of a file is told what is wrong."""
    rules = [Rule("http_hosts", pattern)]
    host = normalise("example.com")
    assert host is not None

    assert problem("http_hosts", pattern)
    assert HostSet(rules, denies=True).find(host, 80) is not None
    assert HostSet(rules, denies=False).find(host, 80) is None


URLS = [
    ("https://example.com/x", HostRequest("example.com", 443)),
    ("http://example.com", HostRequest("example.com", 80)),
    ("HTTPS://example.com:8443/", HostRequest("example.com", 8443)),
    ("http://good.com@evil.com/", HostRequest("evil.com", 80)),
    ("http://good.com:80@evil.com:81/", HostRequest("evil.com", 81)),
    ("http://a@b@evil.com/", HostRequest("evil.com", 80)),
    ("http://evil.com#@good.com/", HostRequest("evil.com", 80)),
    ("http://evil.com?@good.com/", HostRequest("evil.com", 80)),
    ("http://evil.com/@good.com/", HostRequest("evil.com", 80)),
    ("http://[::1]:8080/", HostRequest("[::1]", 8080)),
    ("http://[::ffff:10.0.0.1]/", HostRequest("[::ffff:10.0.0.1]", 80)),
    ("http://0x7f.1/", HostRequest("0x7f.1", 80)),
    ("http://example.com\\@good.com/", None),
    ("http:\\\\example.com/", None),
    ("http://exam\tple.com/", None),
    ("http://exam\nple.com/", None),
    (" http://example.com/", None),
    ("http:///example.com/", None),
    ("http:example.com", None),
    ("//example.com/", None),
    ("example.com", None),
    ("ftp://example.com/", None),
    ("file:///etc/passwd", None),
    ("javascript:alert(1)", None),
    ("http://", None),
    ("http://@/", None),
    ("http://example.com:/", None),
    ("http://example.com:0/", None),
    ("http://example.com:65536/", None),
    ("http://example.com:8x/", None),
    ("http://[::1/", None),
    ("http://[::1]evil.com/", None),
    ("http://[v1.x]/", None),
    ("http://a..b/", None),
    ("http://\u2100.com/", None),
]


@pytest.mark.parametrize(("url", "request_"), URLS)
def test_a_url_names_one_host_or_none(url: str, request_: HostRequest | None) -> None:
    """Credentials are not part of it, and what parsers read differently is refused."""
    assert request_of(url) == request_


REDIRECTS = [
    ("/next", "good.com"),
    ("next", "good.com"),
    ("//evil.com/x", "evil.com"),
    ("https://evil.com/", "evil.com"),
    ("http://169.254.169.254/latest", "169.254.169.254"),
    ("https://good.com@evil.com/", "evil.com"),
    ("?q=https://evil.com", "good.com"),
    ("\\\\evil.com", None),
    ("/\\evil.com", None),
    ("file:///etc/passwd", None),
    ("data:text/html,x", None),
    ("https://", None),
    ("https:", None),
    ("https:evil.com", None),
    ("https:///evil.com", None),
    ("///evil.com", None),
    ("//", None),
    ("http:evil.com", None),
    ("//[::1", None),
]


@pytest.mark.parametrize(("location", "host"), REDIRECTS)
def test_a_redirect_is_a_request_of_its_own(location: str, host: str | None) -> None:
    """Its target is judged like any other."""
    found = redirect_of("https://good.com/a", location)

    assert (found.host if found is not None else None) == host

"""What ``http.request`` takes, judged before anything is resolved or sent."""

from pathlib import Path

import pytest

from host.hostcalls.granted import ArgumentsError
from host.hostcalls.http_arguments import Wanted, host_of, read, redirected
from host.outcome import JsonObject
from tests.hostcalls.http.client import client
from tests.hostcalls.http.server import Server, answer

REFUSED: list[JsonObject] = [
    {"url": 1},
    {"url": "ftp://127.0.0.1/"},
    {"url": "file:///etc/passwd"},
    {"url": "/only/a/path"},
    {"url": "http://ada:pw@127.0.0.1/"},
    {"url": "http://127.0.0.1@169.254.169.254/"},
    {"url": "http://127.0.0.1\\@169.254.169.254/"},
    {"url": "http://127.0.0.1/\r\nX: y"},
    {"url": "http://127.0.0.1/ä"},
    {"url": "http://127.0.0.1:25/"},
    {"url": "http://127.0.0.1:70000/"},
    {"url": "http://127.0.0.1/" + "a" * 20000},
    {"method": "GET\r\nX: y"},
    {"method": "CONNECT"},
    {"method": "trace"},
    {"method": 5},
    {"headers": {"a": "b"}},
    {"headers": [["a", "b\r\nX: y"]]},
    {"headers": [["a", "b\0"]]},
    {"headers": [["a: b\r\nX", "y"]]},
    {"headers": [["", "y"]]},
    {"headers": [["a", "\u0100"]]},
    {"headers": [["a", "b" * 70000]]},
    {"headers": [["a", "b"]] * 300},
    {"headers": [["a", "b", "c"]]},
    {"body": 5},
    {"body": "x", "method": "GET"},
    {"body_base64": "%%%", "method": "POST"},
    {"timeout_ms": -1},
    {"timeout_ms": True},
    {"redirect": "sometimes"},
]
BASE: JsonObject = {"url": "http://127.0.0.1/", "method": "POST"}


@pytest.mark.parametrize("args", REFUSED, ids=lambda args: str(args)[:50])
def test_what_is_no_request_is_refused(args: JsonObject) -> None:
    """An author's mistake, or an attempt. The control is the same without it."""
    with pytest.raises(ArgumentsError):
        read(BASE | args | {"url": (host_of(BASE | args), (BASE | args)["url"])[1]})

    assert (host_of(BASE).host, read(BASE).method) == ("127.0.0.1", "POST")


def test_it_is_an_answer_that_the_plugin_can_catch(tmp_path: Path) -> None:
    """E_INVALID, and no connection."""
    with Server({"/": answer()}) as server, client(tmp_path, "127.0.0.1") as plugin:
        codes = {
            plugin.refused(server.url(), headers=[["a", "b\r\nX: y"]])[0],
            plugin.refused(server.url().replace("//", "//ada:pw@"))[0],
        }

    assert codes == {"E_INVALID"}
    assert server.requests == []


LOCATIONS = [
    ("http://b.example/x", "http://b.example/x"),
    ("/x#part", "http://a.example/x"),
    ("x", "http://a.example/dir/x"),
    ("?q", "http://a.example/dir/page?q"),
    ("//b.example/", "http://b.example/"),
    ("ftp://b.example/", None),
    ("javascript:alert(1)", None),
    ("file:///etc/passwd", None),
    ("data:text/plain,x", None),
    ("http://ada:pw@b.example/", None),
    ("http://b.example:22/", None),
    ("http:///b.example/", None),
    ("http:b.example", None),
    ("\\\\b.example/", None),
    ("http://b.example/\r\nX: y", None),
    ("http://b.example:99999/", None),
    ("http://[::1", None),
]


@pytest.mark.parametrize(("location", "url"), LOCATIONS)
def test_where_a_redirect_leads(location: str, url: str | None) -> None:
    """To another plain URL, or nowhere."""
    wanted = Wanted("GET", "http://a.example/dir/page", (), None, None, "follow")
    if url is None:
        with pytest.raises(ArgumentsError):
            redirected(wanted, 302, location)
    else:
        assert redirected(wanted, 302, location)[0].url == url

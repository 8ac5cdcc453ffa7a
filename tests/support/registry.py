"""A registry on this machine: descriptions and archives that a test makes, signed with a key that it makes, too."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from host.install.npmrc import NpmSettings

KEYS: Final = "/-/npm/v1/keys"

Json = Mapping[str, object]


class SigningKey:
    """A key of a registry: ECDSA P-256, as its list of keys describes it."""

    def __init__(self, expires: str | None = None) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        der = self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.keyid = f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode()}"
        self.described: dict[str, object] = {
            "expires": expires,
            "keyid": self.keyid,
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": base64.b64encode(der).decode(),
        }

    def sign(self, message: str) -> dict[str, str]:
        """The signature of *message*, as a description holds it."""
        value = self._private.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
        return {"keyid": self.keyid, "sig": base64.b64encode(value).decode()}


def pack(files: Mapping[str, str | bytes], folder: str = "package") -> bytes:
    """An archive as npm packs it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)


def sri(data: bytes) -> str:
    """What a description states of *data*."""
    return f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"


@dataclass
class Answer:
    """What is sent for a path, whatever was published. ``body`` may be pieces that never end."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What was asked."""

    path: str
    authorization: str | None
    accept: str


class LoopbackRegistry:
    """See :func:`loopback_registry`. ``answers`` go before what was published, by path; each may be a function."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.keys: list[SigningKey] = [SigningKey()]
        self.has_keys = True
        self.packages: dict[str, dict[str, object]] = {}
        self.archives: dict[str, bytes] = {}

    @property
    def settings(self) -> NpmSettings:
        """Of a user of it."""
        return NpmSettings(self.url)

    def publish(
        self,
        name: str,
        version: str = "1.0.0",
        files: Mapping[str, str | bytes] | None = None,
        *,
        is_signed: bool = True,
        inside: Json | None = None,
        **described: object,
    ) -> dict[str, object]:
        """Publish a version and return its description, which may be changed. *inside* is what its package.json adds."""
        manifest = {"name": name, "version": version, **described, **(inside or {})}
        manifest = {key: value for key, value in manifest.items() if value is not None}
        content = {
            "package.json": json.dumps(manifest),
            "index.js": f"export default {json.dumps(f'{name}@{version}')};\n",
            **(files or {}),
        }
        data = pack(content)
        path = f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.archives[path] = data
        integrity = sri(data)
        dist: dict[str, object] = {
            "tarball": self.url + path[1:],
            "shasum": hashlib.sha1(data).hexdigest(),  # noqa: S324 - as registries still do
            "integrity": integrity,
        }
        if is_signed:
            message = f"{name}@{version}:{integrity}"
            dist["signatures"] = [key.sign(message) for key in self.keys]
        description: dict[str, object] = {
            "name": name,
            "version": version,
            "dist": dist,
            **described,
        }
        package = self.packages.setdefault(
            name, {"name": name, "dist-tags": {}, "versions": {}, "time": {}}
        )
        versions, tags, times = package["versions"], package["dist-tags"], package["time"]
        assert isinstance(versions, dict)
        assert isinstance(tags, dict)
        assert isinstance(times, dict)
        versions[version] = description
        tags["latest"] = version
        times[version] = "2024-05-05T00:00:00.000Z"
        return description

    def dist(self, name: str, version: str = "1.0.0") -> dict[str, object]:
        """What is stated of an archive, to be changed."""
        versions = self.packages[name]["versions"]
        assert isinstance(versions, dict)
        dist = versions[version]["dist"]
        assert isinstance(dist, dict)
        return dist

    def archive_path(self, name: str, version: str = "1.0.0") -> str:
        """Where it is asked for."""
        return f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"

    def asked(self, path: str) -> list[Request]:
        """What was asked of *path*."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Answer:
        """What is sent for *request*."""
        self.requests.append(request)
        given = self.answers.get(request.path)
        if given is not None:
            return given if isinstance(given, Answer) else given()
        if request.path == KEYS and self.has_keys:
            return _json({"keys": [key.described for key in self.keys]})
        if (archive := self.archives.get(request.path)) is not None:
            return Answer(body=archive, headers={"content-type": "application/octet-stream"})
        if (package := self.packages.get(request.path[1:])) is not None:
            is_short = "install-v1" in request.accept
            return _json({k: v for k, v in package.items() if not is_short or k != "time"})
        return Answer(404, b'{"error":"not found"}')


def _json(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode(), headers={"content-type": "application/json"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the one who asked
    registry: LoopbackRegistry

    def do_GET(self) -> None:
        answer = self.registry.answer(
            Request(
                unquote(self.path),
                self.headers.get("authorization"),
                self.headers.get("accept", ""),
            )
        )
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for piece in answer.body:
                self.wfile.write(piece)
        except OSError:  # whoever asked has heard enough
            self.close_connection = True
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no news."""


@contextmanager
def loopback_registry(path: str = "/") -> Iterator[LoopbackRegistry]:
    """Serve an empty registry on a port of this machine."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    registry = LoopbackRegistry(f"http://127.0.0.1:{server.server_address[1]}{path}")
    handler.registry = registry  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""What is signed, and what a signature is worth: every byte of both counts."""

import base64
import json
import os
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import minisign
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.config import Config
from host.errors import ConfigError, InputError
from host.signing import contents as signed_contents
from host.signing.contents import NAME, Contents, ContentsError, Place, encode, parse
from host.signing.detached import (
    SignatureError,
    make_key,
    open_secret,
    read_public,
    sign,
    signer_of,
    verify,
    write_secret,
)
from host.signing.examine import examine, today
from host.sources import Read
from policies.signing import TrustedKey
from tests.support.signing import Signer, new_signer

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the curve: what is added to a number of a signature without a change of what it says."""
SIGNATURE = f"{NAME}.minisig"


@pytest.fixture(scope="module")
def signer() -> Signer:
    """One key for the file."""
    return new_signer()


@pytest.fixture
def plugin(tmp_path: Path, signer: Signer) -> Path:
    """A signed plugin in a directory."""
    root = tmp_path / "guard"
    (root / "lib").mkdir(parents=True)
    (root / "index.js").write_text('import "./lib/a.js";\n')
    (root / "lib" / "a.js").write_text("1;\n")
    (root / "package.json").write_text('{"name": "guard"}')
    signer.sign(root, "guard")
    return root


def problem(root: Path, signer: Signer, **more: object) -> str:
    """Why the signature does not hold, or nothing."""
    key = TrustedKey(signer.id, signer.public, **more)  # type: ignore[arg-type]
    return examine(Place(root), {signer.id: key}, today()).problem


def test_a_plugin_as_it_was_signed_holds(plugin: Path, signer: Signer) -> None:
    """The control of all below."""
    found = examine(Place(plugin), {signer.id: TrustedKey(signer.id, signer.public)}, today())

    assert found.problem == ""
    assert found.signed_by == signer.id
    assert found.contents is not None
    assert set(found.contents.files) == {"index.js", "lib/a.js", "package.json"}
    assert found.signed_at > 1_600_000_000


def _write(name: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return change


def _append(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes((root / name).read_bytes() + data)


def _replace(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        data = (root / name).read_bytes()
        assert old in data
        (root / name).write_bytes(data.replace(old, new, 1))

    return change


def _link(name: str, target: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)

    return change


def _large(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        os.truncate(root / name, 100 * 1024 * 1024)

    return change


def _fifo(root: Path) -> None:
    os.mkfifo(root / "pipe.js")


def _socket(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(root, os.O_PATH)
        try:
            made.bind(f"/proc/self/fd/{here}/s.js")
        finally:
            os.close(here)


def _moved(root: Path) -> None:
    (root / "lib" / "a.js").rename(root / "lib" / "b.js")


def _other_list(root: Path) -> None:
    """A list of our own, of the files as they are, under the old signature."""
    (root / "index.js").write_text("2;\n")
    files = {
        path: digest
        for path, digest in parse((root / NAME).read_bytes()).files.items()
        if path != "index.js"
    }
    (root / NAME).write_bytes(encode(Contents("guard", "0.0.0", files)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_append("index.js", b"\n"), "index.js was changed"),
        (_write("lib/a.js", "2;\n"), "lib/a.js was changed"),
        (_write("package.json", "{}"), "package.json was changed"),
        (lambda root: (root / "package.json").unlink(), "package.json is missing"),
        (_write("lib/evil.js", "1;\n"), "lib/evil.js is not signed"),
        (_write("node_modules/x/index.js", "1;\n"), "node_modules/x/index.js is not signed"),
        (_write("lib/.bin/x.js", "1;\n"), "lib/.bin/x.js is not signed"),
        (_write("node_modules/x/.bin/y.js", "1;\n"), "node_modules/x/.bin/y.js is not signed"),
        (_moved, "lib/a.js is missing, lib/b.js is not signed"),
        (_link("index.js", "lib/a.js"), "index.js is a link"),
        (_link("lib/up", "../.."), "lib/up is a link"),
        (_link(NAME, "lib/a.js"), f"{NAME} is not a plain file"),
        (_link(SIGNATURE, "lib/a.js"), f"{SIGNATURE} is not a plain file"),
        (_link(SIGNATURE, "nothing"), f"{SIGNATURE} is not a plain file"),
        (_fifo, "pipe.js is not a plain file"),
        (_socket, "s.js is not a plain file"),
        (lambda root: (root / SIGNATURE).unlink(), "it is not signed"),
        (lambda root: (root / NAME).unlink(), f"{NAME} is missing"),
        (_other_list, f"{SIGNATURE}: the signature is not by that key, or not of this text"),
        (_append(NAME, b" "), "not of this text"),
        (_replace(NAME, b"guard", b"guarD"), "not of this text"),
        (_append(SIGNATURE, b"\n"), "no signature of minisign's format"),
        (_append(SIGNATURE, b"x"), "no signature of minisign's format"),
        (_replace(SIGNATURE, b"\n", b"\r\n"), "bytes that do not belong"),
        (_replace(SIGNATURE, b"timestamp:", b"timestamp:1"), "not of this text"),
        (_large(SIGNATURE), "is larger than 16 KiB"),
        (_large(NAME), "is larger than 4096 KiB"),
        (_large("index.js"), "index.js was changed"),
    ],
)
def test_whatever_is_changed_does_not_hold(
    plugin: Path, signer: Signer, change: Callable[[Path], None], told: str
) -> None:
    """And the line names it."""
    assert problem(plugin, signer) == ""

    change(plugin)

    found = problem(plugin, signer)
    assert told in found


def test_a_checkout_s_history_is_not_its_code(plugin: Path, signer: Signer) -> None:
    """It changes with every commit, and no installation takes it along, nor the commands of packages. What a plugin
    would load from them is no part of what was signed all the same."""
    for name in (".git/HEAD", "lib/.git", "node_modules/.bin/x"):
        _write(name, "ref: x\n")(plugin)
    key = TrustedKey(signer.id, signer.public)
    found = examine(Place(plugin), {signer.id: key}, today())
    assert found.problem == ""
    package = parse((plugin / NAME).read_bytes()).files["package.json"]

    built = found.covering([Read((".git/x.js",), ".git/x.js", "0" * 64)], package)

    assert built.problem == ".git/x.js is not signed"
    assert found.contents is not None
    index = Read(("index.js",), "index.js", found.contents.files["index.js"])
    assert found.covering([index], package).problem == ""


def test_what_was_built_is_compared_with_what_was_signed(plugin: Path, signer: Signer) -> None:
    """Not with what lay there when somebody looked."""
    found = examine(Place(plugin), {signer.id: TrustedKey(signer.id, signer.public)}, today())
    assert found.contents is not None
    files = found.contents.files
    package, names = files["package.json"], ("./lib/a.ts", "lib/a.js", "index.js")

    def problem_of(chosen: str | None, sha256: str | None) -> str:
        return found.covering([Read(names, chosen, sha256)], package).problem

    assert (
        problem_of("lib/a.js", files["lib/a.js"]) == ""
    )  # the control: the first that was signed
    assert problem_of("lib/a.js", "0" * 64) == "lib/a.js was changed"
    assert problem_of("lib/a.ts", "0" * 64) == "lib/a.js is missing, lib/a.ts is not signed"
    assert problem_of("index.js", files["index.js"]).startswith("lib/a.js is missing")
    assert problem_of(None, None) == "lib/a.js is missing"
    assert found.covering([Read(("x.js",), None, None)], package).problem == ""
    assert found.covering([], "").problem == "package.json is missing"
    assert found.covering([], "0" * 64).problem == "package.json was changed"
    assert found.covering([], "").signed_by == ""


def test_a_signature_is_for_one_name_and_version(plugin: Path, signer: Signer) -> None:
    """Nor may a key sign for names that it was not trusted with."""
    key = TrustedKey(signer.id, signer.public, plugins=("guard", "acme-*"))
    found = examine(Place(plugin), {signer.id: key}, today())

    assert found.naming("guard", "0.0.0").problem == ""
    assert (
        "is for guard 0.0.0, and this is other 0.0.0" in found.naming("other", "0.0.0").problem
    )
    assert "this is guard 0.0.1" in found.naming("guard", "0.0.1").problem
    narrow = TrustedKey(signer.id, signer.public, plugins=("acme-*",))
    found = examine(Place(plugin), {signer.id: narrow}, today())
    assert "may not sign a plugin called guard" in found.naming("guard", "0.0.0").problem


def test_a_key_counts_while_it_is_trusted(plugin: Path, signer: Signer) -> None:
    """Unknown, revoked, expired, or another key that goes by the same id."""
    yesterday = today() - timedelta(1)
    assert problem(plugin, signer, expires=today()) == ""

    assert "expired" in problem(plugin, signer, expires=yesterday)
    assert "is revoked" in problem(plugin, signer, revoked=True)
    assert "no key of that id is trusted" in examine(Place(plugin), {}, today()).problem
    data = base64.b64decode(signer.public)
    forged = base64.b64encode(data[:10] + base64.b64decode(new_signer().public)[10:]).decode()
    key = TrustedKey(signer.id, forged)
    found = examine(Place(plugin), {signer.id: key}, today())
    assert "not by that key" in found.problem


def test_a_signature_of_another_plugin_is_none_of_this_one(
    plugin: Path, tmp_path: Path, signer: Signer
) -> None:
    """By the same key, for its own files."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.js").write_text("1;\n")
    signer.sign(other, "other")
    assert problem(other, signer) == ""

    (plugin / SIGNATURE).write_bytes((other / SIGNATURE).read_bytes())
    assert "not of this text" in problem(plugin, signer)

    (plugin / NAME).write_bytes((other / NAME).read_bytes())
    assert "was changed" in problem(plugin, signer)


def test_the_other_form_of_a_number_is_no_signature(signer: Signer) -> None:
    """What is added to S leaves the equation as it is; a verifier that takes it lets signatures be remade."""
    made = sign(b"text", signer.secret, "comment")
    verify(b"text", made, signer.public)
    lines = made.split(b"\n")
    raw = bytearray(base64.b64decode(lines[1]))
    number = int.from_bytes(raw[42:74], "little") + ORDER
    raw[42:74] = number.to_bytes(32, "little")
    lines[1] = base64.b64encode(raw)

    with pytest.raises(SignatureError, match="not by that key"):
        verify(b"text", b"\n".join(lines), signer.public)


def test_the_same_bytes_in_another_base64_are_no_signature(signer: Signer) -> None:
    """Its last digit has bits to spare."""
    made = sign(b"text", signer.secret, "comment")
    lines = made.split(b"\n")
    spare = lines[1][:-2] + bytes([lines[1][-2] + 1]) + lines[1][-1:]
    if base64.b64decode(spare) != base64.b64decode(lines[1]):
        spare = lines[1]  # this one has none to spare: the next line has
    last = lines[3][:-3] + bytes([lines[3][-3] + 1]) + lines[3][-2:]
    assert lines[3].endswith(b"==")
    assert base64.b64decode(last) == base64.b64decode(lines[3])
    changed = b"\n".join((lines[0], spare, lines[2], last, b""))

    with pytest.raises(SignatureError, match="bytes that do not belong"):
        verify(b"text", changed, signer.public)


def test_minisign_s_older_kind_is_refused(signer: Signer) -> None:
    """A file that is the hash of another one would be signed for it as well."""
    made = bytes(signer.secret.sign(b"text", prehash=False)) + b"\n"

    with pytest.raises(SignatureError, match="older kind"):
        signer_of(made)


LISTS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    max_size=4,
)


@given(st.text(st.characters(codec="utf-8"), max_size=12), LISTS)
def test_a_list_survives_its_text(name: str, files: dict[str, str]) -> None:
    """And has no other one."""
    contents = Contents(name, "1", files)

    data = encode(contents)

    assert parse(data) == contents
    with pytest.raises(ContentsError):
        parse(data + b"\n")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_one_other_byte_anywhere_is_noticed(data: st.DataObject) -> None:
    """In the list, or in its signature but for the words before the first line's end, which nobody signs or reads."""
    signer = _SIGNER
    text = encode(Contents("guard", "1.0.0", {"index.js": "0" * 64}))
    made = bytearray(sign(text, signer.secret, "timestamp:1"))
    whole = bytearray(text)
    target = data.draw(st.sampled_from([whole, made]))
    first = made.index(b"\n") if target is made else 0
    at = data.draw(st.integers(first, len(target) - 1))
    target[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(SignatureError):
        _verify_as_a_load_does(bytes(whole), bytes(made), signer)


def _verify_as_a_load_does(text: bytes, made: bytes, signer: Signer) -> None:
    if signer_of(made) != signer.id:
        raise SignatureError("another key's")
    verify(text, made, signer.public)


_SIGNER = new_signer()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b"{}",
        json.dumps({"format": 2, "name": "a", "version": "1", "files": {}}).encode(),
        json.dumps({"format": 1, "name": "a", "version": "1", "files": {"a": "0"}}).encode(),
        encode(Contents("a", "1", {})).replace(b'"name"', b'"name": "b",\n "name"', 1),
        encode(Contents("a", "1", {})).replace(b" ", b"  ", 1),
        encode(Contents("a", "1", {})) + b" ",
    ],
)
def test_what_is_not_written_as_we_write_it_is_no_list(text: bytes) -> None:
    """Twice the same key, another order, a space: the same to a parser, and not the same."""
    with pytest.raises(ContentsError):
        parse(text)


def test_too_many_files_are_too_many(
    plugin: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a directory without end."""
    monkeypatch.setattr(signed_contents, "MAX_FILES", 3)
    assert problem(plugin, signer) == ""
    _write("lib/more.js", "1;\n")(plugin)

    assert "more than 3 files" in problem(plugin, signer)


def test_a_secret_key_is_for_its_owner_only(tmp_path: Path) -> None:
    """Written so, never over another one, and refused when others can read it."""
    path = tmp_path / "keys" / "k"
    made = make_key(None)
    before = os.umask(0)
    try:
        write_secret(path, made.secret)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    with open_secret(path, lambda: None) as secret:
        assert not secret.is_wiped()

    with pytest.raises(InputError, match="exists"):
        write_secret(path, made.secret)
    path.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        open_secret(path, lambda: None)


def test_a_password_is_needed_for_the_key_that_has_one(tmp_path: Path) -> None:
    """The right one."""
    path = tmp_path / "k"
    made = make_key("open")
    write_secret(path, made.secret)

    with open_secret(path, lambda: "open") as secret:
        signature = sign(b"text", secret, "c")
    assert verify(b"text", signature, made.public) == "c"
    with pytest.raises(InputError, match="not the password"):
        open_secret(path, lambda: "shut")
    with pytest.raises(InputError, match="no terminal"):
        open_secret(path, lambda: None)


def test_a_public_key_is_read_as_keygen_and_minisign_write_it(
    tmp_path: Path, signer: Signer
) -> None:
    """A line, or a comment and a line."""
    path = tmp_path / "key.pub"
    for text in (signer.public, f"untrusted comment: x\n{signer.public}\n"):
        path.write_text(text)
        assert read_public(path) == signer.public
    minisign.PublicKey.from_bytes(path.read_bytes())
    path.write_text("nonsense")
    with pytest.raises(InputError, match="not a public key"):
        read_public(path)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"x": {"key": "y"}}, "trusted_keys.x: not a key's id"),
        ({"A" * 16: {"key": "y"}}, "key: not a public key"),
        ({"A" * 16: {}}, "key: not a public key"),
        ({"A" * 16: {"revoked": True}}, None),
        ({"A" * 16: {"key": _SIGNER.public}}, f"this key's id is {_SIGNER.id}"),
        (_SIGNER.trusted(successor="b"), "successor: not a key's id"),
        (_SIGNER.trusted(successor="B" * 16), None),
    ],
    ids=lambda value: str(value).replace(_SIGNER.id, "ID").replace(_SIGNER.public, "KEY"),
)
def test_a_trusted_key_is_one(keys: dict[str, object], told: str | None) -> None:
    """Or a line says what it is instead."""
    config = Config.model_validate({"trusted_keys": keys})

    if told is None:
        config.check_keys()
    else:
        with pytest.raises(ConfigError, match=told):
            config.check_keys()

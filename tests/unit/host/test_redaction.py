"""Redaction: no secret is kept, and what is none is kept as it was."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.audit import MAX_DETAIL_CHARS, AuditRing, Kind
from host.outcome import Json, JsonObject
from host.redaction import MASK, Redactor
from policies.capability import FileRequest, ShellRequest
from policies.decision import Decision, Source


def test_a_known_secret_is_in_no_field() -> None:
    """Detail, data, its keys, the plugin's name; control: without add_secret it is there."""
    told = 'the key is hunter2-"x" here'
    control, audit = AuditRing(), AuditRing()
    assert audit.add_secret('hunter2-"x"')

    for one in (control, audit):
        one.record(Kind.LOG, told, told, told, data={told: [told, {"a": {told: told}}], "n": 1})

    assert "hunter2" in str(control.recent())
    assert "hunter2" not in str(audit.recent())
    assert audit.recent()[0].detail == f"the key is {MASK} here"


def test_forms_of_a_secret_are_masked_too() -> None:
    """As JSON and as a URL write it."""
    redactor = Redactor()
    redactor.add('p\u00e4ss/w\u00f6rd "1"')

    for text in ('p\\u00e4ss/w\\u00f6rd \\"1\\"', "p%C3%A4ss/w%C3%B6rd%20%221%22"):
        assert redactor.text(f"a {text} b", 100) == f"a {MASK} b"


def test_a_secret_is_masked_until_all_have_removed_it() -> None:
    """Two plugins may be given one token."""
    audit = AuditRing()
    audit.add_secret("tok-12345")
    audit.add_secret("tok-12345")

    audit.remove_secret("tok-12345")
    assert "tok" not in audit.record(Kind.LOG, "a", "OK", "x tok-12345").detail
    audit.remove_secret("tok-12345")
    audit.remove_secret("never added")
    assert audit.record(Kind.LOG, "a", "OK", "x tok-12345").detail == "x tok-12345"


def test_a_secret_too_short_to_be_one_is_not_masked() -> None:
    """Masking every "a" would hide the record."""
    assert not AuditRing().add_secret("abc")


@given(st.integers(0, 5000), st.integers(4, 300))
def test_a_cut_never_leaves_the_beginning_of_a_secret(before: int, length: int) -> None:
    """Wherever it stands: the text is masked before it is cut."""
    secret = "S3" * length
    redactor = Redactor()
    redactor.add(secret)

    kept = redactor.text("." * before + secret + "." * 5000, MAX_DETAIL_CHARS)

    assert "S" not in kept
    assert len(kept) <= MAX_DETAIL_CHARS


@pytest.mark.parametrize(
    "key",
    ["password", "db_password", "dbPassword", "Authorization", "api_key", "apiKey", "API-KEY", "x-api-key",
     "token", "access_token", "clientSecret", "private_key", "Set-Cookie", "credentials", "auth"],
)  # fmt: skip
def test_a_credential_is_known_by_its_name(key: str) -> None:
    """Whatever the value is, at any depth."""
    data: JsonObject = {"headers": [{key: "opaque"}], key: {"a": "opaque"}}

    assert Redactor().data(data) == {"headers": [{key: MASK}], key: MASK}


def test_what_is_no_credential_is_kept() -> None:
    """Counts, names that only contain such a word, nothing at all."""
    data: JsonObject = {
        "max_tokens": 5, "token_count": 7, "author": "a", "session_id": "s", "password": "", "tokenizer": "t",
        "path": "/home/a/tokens.txt", "key": "k", "f": 1.5, "none": None, "yes": True,
    }  # fmt: skip

    assert Redactor().data(data) == data


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("curl -H 'Authorization: Bearer abc.def.ghi' x", f"curl -H 'Authorization: Bearer {MASK}' x"),
        ("login --password hunter22 --user a", f"login --password {MASK} --user a"),
        ("PASSWORD=hunter22;", f"PASSWORD={MASK};"),
        ('{"api_key": "k-123456"}', f'{{"api_key": "{MASK}"}}'),
        ("git clone https://me:s3cr3t@host/x", f"git clone https://me:{MASK}@host/x"),
        ("ghp_" + "a" * 36, MASK),
        ("use sk-abcdefghijklmnop1234", f"use {MASK}"),
        ("plain words about a path /etc/passwd", "plain words about a path /etc/passwd"),
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
    ],
)  # fmt: skip
def test_a_credential_is_known_by_its_form(text: str, kept: str) -> None:
    """What stands around it is kept."""
    assert Redactor().text(text, 1024) == kept


def test_a_decision_keeps_what_an_operator_asks_for() -> None:
    """Tool, tier, decision, layer, source, duration and plugin, under keys that do not change."""
    audit = AuditRing()
    decision = Decision("deny", 2, "deny.global", Source("file", "/etc/x.toml:3"), "~/.ssh/**")

    entry = audit.record_decision(
        "p", FileRequest("fs_read", "/root/.ssh/id"), decision, tool="bash", tier="exec", duration_ms=1.23456
    )  # fmt: skip

    assert (entry.kind, entry.plugin, entry.code, entry.detail) == (
        Kind.DECISION,
        "p",
        "deny.global",
        "~/.ssh/**",
    )
    assert entry.data == {
        "decision": "deny",
        "layer": 2,
        "layer_name": "global deny",
        "source": "/etc/x.toml:3",
        "capability": "fs_read",
        "target": "/root/.ssh/id",
        "tool": "bash",
        "tier": "exec",
        "duration_ms": 1.235,
    }


def test_a_decision_about_a_command_keeps_no_credential() -> None:
    """Its target is what a plugin wrote, and it may be anything."""
    request = ShellRequest(("curl", "-H", "Authorization: Bearer abcdefghij"))

    entry = AuditRing().record_decision("p", request, Decision("ask", 5, "ask.mode"))

    assert "abcdefghij" not in str(entry)


def test_data_is_copied_and_bounded() -> None:
    """What the caller changes later, and a value without an end, change nothing."""
    deep: Json = []
    for _ in range(10_000):
        deep = [deep]
    given_data: JsonObject = {"deep": deep, "wide": list(range(100_000)), "long": "x" * 100_000}

    entry = AuditRing().record(Kind.LOG, "p", "OK", data=given_data)
    given_data["later"] = 1

    assert entry.data is not None
    assert "later" not in entry.data
    assert len(str(entry.data)) < 50_000


def test_secrets_may_come_while_others_record() -> None:
    """The pattern is replaced whole."""
    audit = AuditRing(10)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            audit.add_secret("swordfish")
            audit.remove_secret("swordfish")

    audit.add_secret("swordfish")
    thread = threading.Thread(target=work)
    thread.start()
    try:
        kept = [audit.record(Kind.LOG, "a", "OK", "a swordfish").detail for _ in range(2000)]
    finally:
        stop.set()
        thread.join()

    assert set(kept) == {f"a {MASK}"}


@pytest.mark.parametrize("at", range(80, 101))
@pytest.mark.parametrize("cut", ["", "... [37 characters cut]"])
def test_a_text_that_was_cut_ends_with_no_half_of_a_secret(at: int, cut: str) -> None:
    """Wherever the cut was and whoever made it; four characters are not yet a beginning to hide."""
    redactor = Redactor()
    redactor.add("correct-horse")
    whole = "x" * at + "correct-horse"

    by_us = redactor.cut(whole + "y" * 200, 100)
    by_a_worker = redactor.cut(whole[:100] + cut, 200)

    for told in (by_us, by_a_worker):
        assert "corr" not in told
        assert told.startswith("x" * 80)
    assert redactor.cut("harmless" * 20, 100) == ("harmless" * 20)[:100]


def test_known_secrets_are_masked_in_every_text_of_a_value() -> None:
    """Keys and values; what is no text stays what it is, and what is too deep is left out."""
    redactor = Redactor()
    redactor.add("hunter2")
    value: Json = {"a hunter2": ["x hunter2 y", 1, None, True, {"n": 1.5}]}
    deep: Json = "hunter2"
    for _ in range(300):
        deep = [deep]

    assert redactor.known_in(value) == {
        "a [masked]": ["x [masked] y", 1, None, True, {"n": 1.5}]
    }
    assert "hunter2" not in repr(redactor.known_in(deep))

"""Names that are one, and names that only resemble each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.identity import identity


@pytest.mark.parametrize(
    "other",
    [
        "Guard",
        "GUARD",
        "gυard",  # Greek
        "guаrd",  # Cyrillic
        "ｇｕａｒｄ",  # full width
        "𝐠uard",  # mathematical
        "gu\u200bard",  # a space that is not shown
        "gua\u00adrd",  # a hyphen that is not shown
        "ᏀUARD",  # Cherokee
        "ＧＵＡＲＤ",
    ],
)
def test_a_name_and_what_is_taken_for_it_are_one(other: str) -> None:
    """Whoever reads `guard` on the screen means one plugin."""
    assert identity(other) == identity("guard")


@pytest.mark.parametrize(
    ("one", "other"),
    [("p1ugin", "plugin"), ("rnemory", "memory"), ("g0od", "good"), ("@acme∕guard", "@acme/guard"), ("a‐b", "a-b")],
)  # fmt: skip
def test_letters_that_resemble_each_other_are_one(one: str, other: str) -> None:
    """Within the alphabet of names, too."""
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("guard", "guards"), ("my-guard", "my_guard"), ("@a/guard", "guard"), ("v2", "v3"), ("guard", "gard")],
)  # fmt: skip
def test_other_names_stay_others(one: str, other: str) -> None:
    """A refusal of what nobody confuses would only be in the way."""
    assert identity(one) != identity(other)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789@/._-", max_size=30))
def test_case_makes_no_difference_and_once_is_enough(name: str) -> None:
    """An identity of an identity is the same one."""
    assert identity(name.upper()) == identity(name) == identity(identity(name))


@given(st.text(max_size=30))
def test_every_text_has_one(name: str) -> None:
    """Names of embedding programs are of any kind; none of them raises."""
    assert isinstance(identity(name), str)

"""Names of plugins as parts of paths."""

from hypothesis import example, given
from hypothesis import strategies as st

from policies.plugin_name import folder_name, slug

NAMES = st.one_of(st.text("ab@/._-+", max_size=12), st.text(max_size=12))


@given(NAMES, NAMES)
@example("a/b", "a__b")
@example("a/b", "a+b")
@example("@s/p", "s/p")
@example("", "a")
def test_no_two_names_share_a_folder(one: str, other: str) -> None:
    """Whoever chose a name that looks like another's would otherwise find its data."""
    assert (folder_name(one) == folder_name(other)) == (one == other)


@given(NAMES)
@example("..")
@example(".")
@example("../../etc")
@example("a\0b")
def test_a_folder_is_one_harmless_part(name: str) -> None:
    """No separator, no way up, no surprise for a file system."""
    folder = folder_name(name)

    assert folder not in ("", ".", "..")
    assert not set(folder) & {"/", "\0"}
    assert folder.isascii()


def test_ordinary_names_stay_readable() -> None:
    """Most names are their own folder."""
    assert folder_name("my-plugin_2") == "my-plugin_2"
    assert folder_name("@scope/name") == "@scope+name"
    assert slug("@scope/name") == "@scope/name"

"""The map of what plugins show, kept by its differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.console.mirror import Changed, GapError, Json, JsonObject, Key, Mirror

NAMES = st.sampled_from(["guard", "clock", "other"])
KEYS = st.tuples(
    NAMES,
    st.sampled_from(["", "s1"]),
    st.sampled_from(["status", "slot"]),
    st.sampled_from("abc"),
)
VALUES = st.fixed_dictionaries({"order": st.integers(0, 9)})


def entry(key: tuple[str, str, str, str], value: JsonObject) -> Json:
    """An entry as the daemon sends it."""
    plugin, session, area, name = key
    return {"plugin": plugin, "session": session, "area": area, "key": name, "value": value}


@given(st.lists(st.tuples(KEYS, st.one_of(st.none(), VALUES)), max_size=40))
def test_differences_give_what_a_snapshot_gives(
    steps: list[tuple[tuple[str, str, str, str], JsonObject | None]],
) -> None:
    """However it came to be, the map is the same."""
    mirror, told = Mirror(), dict[tuple[str, str, str, str], JsonObject]()
    mirror.load({"version": 1, "entries": [], "ui": None})
    for version, (key, value) in enumerate(steps, 1):
        if value is None:
            told.pop(key, None)
        else:
            told[key] = value
        mirror.apply(
            {
                "from": version,
                "to": version + 1,
                "set": [] if value is None else [entry(key, value)],
                "remove": [[*key]] if value is None else [],
            }
        )
    whole = Mirror()
    whole.load(
        {
            "version": len(steps) + 1,
            "entries": [entry(key, value) for key, value in told.items()],
        }
    )

    for area in ("status", "slot"):
        assert mirror.area(area) == whole.area(area)
    assert len(mirror) == len(told)
    assert mirror.version == whole.version


def test_a_missed_difference_is_told_and_changes_nothing() -> None:
    """What is shown is old then, and never a mixture."""
    mirror = Mirror()
    mirror.load({"version": 4, "entries": [entry(("guard", "", "status", "a"), {"order": 1})]})

    with pytest.raises(GapError):
        mirror.apply({"from": 5, "to": 6, "set": [], "remove": [["guard", "", "status", "a"]]})
    assert len(mirror) == 1
    mirror.apply({"from": 4, "to": 6, "set": [], "remove": [["guard", "", "status", "a"]]})
    assert len(mirror) == 0


def test_what_is_no_entry_is_left_out() -> None:
    """A daemon that lies costs nothing but its lie."""
    mirror = Mirror()
    good = entry(("guard", "", "status", "a"), {"order": 1})
    bad: list[Json] = [None, 5, [], {}, {"plugin": "x"}, entry(("x", "", "status", "a"), {})]
    bad[-1] = {"plugin": "x", "session": 5, "area": "status", "key": "a", "value": {}}
    mirror.load({"version": True, "entries": [*bad, good]})

    assert len(mirror) == 1
    assert mirror.version == 0
    mirror.apply({"from": 0, "to": 1, "set": "no", "remove": [[], ["x"], 5, ["a", 1, 2, 3]]})
    assert len(mirror) == 1


def test_who_listens_hears_what_changed() -> None:
    """The keys of a difference, nothing for a snapshot, and no more after the end."""
    mirror, heard = Mirror(), list[Changed]()
    end = mirror.listen(heard.append)
    mirror.load({"version": 1, "entries": []})
    mirror.apply(
        {"from": 1, "to": 2, "set": [entry(("guard", "", "status", "a"), {})], "remove": []}
    )
    mirror.apply({"from": 2, "to": 3, "set": [], "remove": [["no", "", "status", "a"]]})
    end()
    mirror.clear()

    assert heard == [None, frozenset({Key("guard", "", "status", "a")})]


def test_a_session_sees_its_own_and_the_projects() -> None:
    """What another session's instance shows is for that one."""
    mirror = Mirror()
    keys = [("guard", session, "status", "a") for session in ("", "s1", "s2")]
    mirror.load({"version": 1, "entries": [entry(key, {}) for key in keys]})

    assert [key.session for key, _ in mirror.seen_by("s1", "status")] == ["", "s1"]

"""Orders to hosts that run: each host carries each out once, and a late one begins with what there is."""

from pathlib import Path

import pytest

from host.errors import OrdersError
from host.orders import KEPT, Orders


def told(orders: Orders) -> list[tuple[str, str]]:
    """What is new to a host."""
    return [(order.word, order.name) for order in orders.new()]


def test_every_host_that_runs_hears_an_order_once(tmp_path: Path) -> None:
    """In the order in which they were given; whoever comes later hears nothing of it."""
    first, second = Orders(tmp_path), Orders(tmp_path)
    Orders(tmp_path).give("reload", "guard")
    Orders(tmp_path).give("enable", "other")

    assert told(first) == told(second) == [("reload", "guard"), ("enable", "other")]
    assert told(first) == []
    late = Orders(tmp_path)
    assert told(late) == []
    first.give("reload", "guard")
    assert told(late) == told(second) == [("reload", "guard")]


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    """A host that did not look for long misses the oldest, and nobody else anything."""
    host = Orders(tmp_path)
    for number in range(KEPT + 5):
        Orders(tmp_path).give("reload", f"p{number}")

    assert told(host) == [("reload", f"p{number}") for number in range(5, KEPT + 5)]


def test_a_file_that_cannot_be_used_is_told_once_and_not_written_over(tmp_path: Path) -> None:
    """Moved away, it begins anew, and hosts that ran before go on hearing."""
    host = Orders(tmp_path)
    host.give("reload", "one")
    assert told(host) == [("reload", "one")]
    host.path.write_text("{")

    with pytest.raises(OrdersError, match="is damaged"):
        host.new()
    assert host.new() == []
    with pytest.raises(OrdersError, match="no host was told"):
        Orders(tmp_path).give("reload", "two")
    assert host.path.read_text() == "{"

    host.path.unlink()
    assert told(host) == []
    Orders(tmp_path).give("reload", "three")
    assert told(host) == [("reload", "three")]

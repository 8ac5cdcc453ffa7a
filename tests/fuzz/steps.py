"""What a hostile worker writes, and what happens around it, as data that can be kept, cut and put together.

Mostly near misses: a conversation that is wrong in one place gets further than noise does.
"""

import random
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ipc.codec import encode
from ipc.limits import MAX_ID
from ipc.messages import (
    CAST,
    CONTROL,
    END,
    FROM_HOST,
    FROM_WORKER,
    HELLO,
    HOSTCALL,
    RESULT,
    YIELD,
    Message,
)
from tests.support.scripted import ALL_LAYERS, REGISTERED, REGISTRY

ActName = Literal["dispatch", "tool", "expire", "push", "wake", "publish"]


@dataclass(frozen=True, slots=True)
class Say:
    """A message as it should be written. Integers below zero stand for ids: -n is the n-th open call's.

    ``in_turn``: the host gives the worker something to do first, if it has nothing.
    """

    message: tuple[int | str, ...]
    in_turn: bool = True


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes, whatever they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the host does."""

    name: ActName


Step: TypeAlias = Say | Raw | Act

_NAMES: Final = (
    "kv.load",
    "kv.delete",
    "log",
    "timer",
    "registry",
    "unhandled",
    "",
    "kv.",
    "x" * 65,
)
_TEXTS: Final = (
    "",
    "{}",
    "[]",
    "null",
    REGISTERED,
    REGISTRY,
    ALL_LAYERS,
    '{"block":"no"}',
    '{"decision":"allow"}',
    '{"action":"allow","output":{"modified_input":{"command":"x"}}}',
    '{"modified_input":{"command":"y"}}',
    '{"action":{"block":"why"}}',
    '{"output":"text","content":[{"type":"text","text":"a"}]}',
    '{"code":"E_LOAD","message":"m","stack":"at f (a.js:1:2)"}',
    '{"level":"info","text":"a line"}',
    '{"in_ms":1e308}',
    '{"in_ms":-1}',
    '{"key":"k"}',
    '{"key":1,"value":null}',
    '{"events":[0,1,99,-1,"x"],"tools":[{"name":"a"},{"name":5}],"commands":{}}',
    '{"a":' * 60 + "1" + "}" * 60,
    "[" * 5000,
    '{"__proto__":{"action":"allow"}}',
    '{"x":"\\ud800"}',
    '{"x":1e999}',
    '{"x":123456789012345678901234567890}',
    "\x00",
    "{",
    '"' + "a" * 300 + '"',
)
_FLAGS: Final = (0, 1, 2, 255)
_WEIGHTED: Final = (RESULT,) * 6 + (HOSTCALL,) * 4 + (CAST,) * 4 + (END,) * 4 + (YIELD, HELLO)
_ACTS: Final[tuple[ActName, ...]] = (
    "dispatch", "dispatch", "dispatch", "tool", "expire", "push", "wake", "publish",
)  # fmt: skip


def make_step(chance: random.Random) -> Step:
    """Return a step of any sort."""
    roll = chance.random()
    if roll < 0.35:
        return Act(chance.choice(_ACTS))
    if roll < 0.95:
        return Say(likely_message(chance), chance.random() < 0.95)
    return Raw(wound(chance, framed(chance, any_message(chance))))


def likely_message(chance: random.Random) -> tuple[int | str, ...]:
    """Return a message that is in its place more often than not."""
    kind = chance.choice(_WEIGHTED)
    call = chance.choice((-1, -1, -1, -2, 0, 7))
    text = chance.choice(_TEXTS)
    if kind == RESULT:
        return RESULT, call, chance.choice((0, 1, 1, 2, 3)), chance.choice((1, 1, 0, 2)), text
    if kind == HOSTCALL:
        flags = chance.choice((0, 0, 0, 1, 2))
        return HOSTCALL, chance.randrange(12), call, flags, chance.choice(_NAMES), text
    if kind == CAST:
        return CAST, call, chance.choice(_NAMES), text
    if kind == END:
        return END, chance.choice((0, 0, 0, -1, 3))
    if kind == HELLO:
        return HELLO, chance.choice((1, 2)), "e", text
    return (YIELD,)


def any_message(chance: random.Random) -> Message:
    """Return a row of any table, or nearly one."""
    table = chance.choice((FROM_WORKER, FROM_WORKER, FROM_HOST, CONTROL))
    kind = chance.choice(list(table))
    message: Message = [kind]
    for shape in table[kind][1]:
        as_int = (shape is int) != (chance.random() < 0.03)
        message.append(_number(chance) if as_int else chance.choice(_TEXTS))
    if chance.random() < 0.05:
        message.insert(chance.randrange(len(message) + 1), _number(chance))
    return message


def _number(chance: random.Random) -> int:
    return chance.choice(
        (0, 1, 23, 24, 255, 256, 65535, 65536, MAX_ID, MAX_ID + 1, 2**32, 2**63, -1)
    )


def framed(chance: random.Random, message: Message) -> bytes:
    """Return the frame of *message*; now and then with another length than its own."""
    body = encode(message)
    length = len(body)
    if chance.random() < 0.02:
        length = chance.choice(
            (0, 1, length - 1, length + 1, 2**24, 2**24 + 1, 2**31, 2**32 - 1)
        )
    return length.to_bytes(4, "big") + body


_SEEDS: Final = (
    bytes.fromhex("c074323031332d30332d32315432303a30343a30305a"),  # a date
    bytes.fromhex("d81c81d81d00"),  # a list that holds itself
    bytes.fromhex("d8236128"),  # a regular expression that is none
    bytes.fromhex("c248ffffffffffffffff"),  # a large integer
    bytes.fromhex("9f00ff"),  # no definite length
    bytes.fromhex("5b7fffffffffffffff"),  # a length that nobody has
    bytes.fromhex("bb7fffffffffffffff"),
    bytes.fromhex("a2000000"),
    bytes.fromhex("f97e00"),
    bytes.fromhex("fb7ff8000000000001"),
    bytes.fromhex("62edb0"),  # a text that is not UTF-8
    bytes.fromhex("d9d9f7"),
    bytes.fromhex("1b8000000000000000"),
    bytes.fromhex("3bffffffffffffffff"),
    bytes.fromhex("f4f5f6f7"),
    b"\x81" * 64,
)


def wound(chance: random.Random, data: bytes) -> bytes:
    """Return *data* with up to four small changes behind its length, or none."""
    wounded = bytearray(data)
    for _ in range(chance.randrange(5)):
        at = chance.randrange(4, len(wounded)) if len(wounded) > 4 else len(wounded)
        match chance.randrange(6):
            case 0 if at < len(wounded):
                wounded[at] ^= 1 << chance.randrange(8)
            case 1:
                wounded[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 2:
                del wounded[at : at + chance.randrange(1, 5)]
            case 3:
                wounded[at:at] = wounded[at : at + chance.randrange(1, 9)]
            case 4:
                wounded[at:at] = chance.choice(_SEEDS)
            case _:
                del wounded[at:]
    if (
        chance.random() < 0.97
    ):  # else the length is a lie, and the next frame is cut out of this one
        wounded[:4] = max(len(wounded) - 4, 0).to_bytes(4, "big")
    return bytes(wounded)


def change(chance: random.Random, kept: list[list[Step]]) -> list[Step]:
    """Return a new conversation: from nothing, or from one or two that led somewhere."""
    if not kept or chance.random() < 0.25:
        return [make_step(chance) for _ in range(chance.randrange(1, 24))]
    steps = list(chance.choice(kept))
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(steps) + 1)
        match chance.randrange(4):
            case 0:
                steps.insert(at, make_step(chance))
            case 1 if steps:
                steps[at % len(steps)] = make_step(chance)
            case 2 if len(steps) > 1:
                del steps[at % len(steps)]
            case _:
                other = chance.choice(kept)
                steps[at:] = other[chance.randrange(len(other)) :] if other else []
    return steps[:48] or [make_step(chance)]

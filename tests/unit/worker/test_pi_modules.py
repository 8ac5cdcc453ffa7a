"""What pi's host packages offer here: texts, keys, fuzzy search and components that are made of text."""

import json

import pytest

from tests.unit.worker.js_support import evaluate

SCOPES = ("@mariozechner", "@earendil-works", "@oh-my-pi")
_RED, _OFF = "\x1b[31m", "\x1b[39m"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("plain", 5),
        ("", 0),
        (f"{_RED}red{_OFF}", 3),
        ("\u53e4\u4eca", 4),
        ("e\u0301", 1),
        ("\U0001f44d\U0001f3fd", 2),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 2),
        ("\U0001f1eb\U0001f1f7", 2),
        ("\u2764\ufe0f", 2),
        ("a\tb", 5),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", 4),
        ("\u200b", 0),
    ],
)
def test_a_width_is_that_of_what_is_seen(text: str, width: int) -> None:
    """Colours and links take nothing, wide characters and emoji two columns."""
    assert evaluate(f"visibleWidth({json.dumps(text)})", "visibleWidth") == width


def test_cutting_and_wrapping_keep_to_the_width() -> None:
    """With the ellipsis inside it, and the colours carried on to the next line."""
    names = "truncateToWidth wrapTextWithAnsi visibleWidth"
    cut = "[truncateToWidth('short', 9), truncateToWidth('a long text', 6), truncateToWidth('\\u53e4\\u53e4\\u53e4', 5, '.'), truncateToWidth('ab', 4, '', true), truncateToWidth('abc', 2, '...')]"
    assert evaluate(cut, names) == [
        "short",
        "a l\x1b[0m...",
        "\u53e4\u53e4\x1b[0m.",
        "ab  ",
        "..",
    ]

    wrapped = f"wrapTextWithAnsi({json.dumps(f'one {_RED}two three{_OFF} four' + chr(10) + 'abcdefghij')}, 8)"
    assert evaluate(wrapped, names) == [
        f"one {_RED}two",
        f"{_RED}three{_OFF}",
        "four",
        "abcdefgh",
        "ij",
    ]
    assert evaluate("wrapTextWithAnsi('', 5)", names) == [""]
    fits = f"{wrapped}.every((line) => visibleWidth(line) <= 8)"
    assert evaluate(fits, names) is True


def test_colours_by_name_take_no_room_and_go_on() -> None:
    """The host's own sequences for them are read as any other, also where a line is wrapped or cut."""
    text = "\x1b[38;6;7m\x1b[48;6;46mone two three\x1b[39m four\x1b[49m"
    code = f"(() => {{ const text = {json.dumps(text)}; return [visibleWidth(text), wrapTextWithAnsi(text, 9), truncateToWidth(text, 5, '')]; }})()"

    assert evaluate(code, "visibleWidth wrapTextWithAnsi truncateToWidth") == [
        18,
        [
            "\x1b[38;6;7m\x1b[48;6;46mone two",
            "\x1b[38;6;7;48;6;46mthree\x1b[39m",
            "\x1b[48;6;46mfour\x1b[49m",
        ],
        "\x1b[38;6;7m\x1b[48;6;46mone t\x1b[0m",
    ]


@pytest.mark.parametrize(
    ("data", "key", "is_match"),
    [
        ("\x1b", "escape", True),
        ("\x1b", "esc", True),
        ("\r", "return", True),
        ("\x03", "ctrl+c", True),
        ("\x1b[99;5u", "ctrl+c", True),
        ("\x1b[A", "up", True),
        ("\x1bOA", "up", True),
        ("\x1b[1;5C", "ctrl+right", True),
        ("\x1b[Z", "shift+tab", True),
        ("\x1b[3~", "delete", True),
        ("\x1b[5~", "pageUp", True),
        ("\x1ba", "alt+a", True),
        ("q", "q", True),
        ("Q", "shift+q", True),
        ("?", "?", True),
        ("\x7f", "backspace", True),
        ("\x1b[24~", "f12", True),
        ("q", "w", False),
        ("\x1b[A", "down", False),
        ("\x03", "c", False),
        ("\x1b[99;5u", "ctrl+shift+c", False),
        ("", "a", False),
        ("\x1b[9999999999u", "a", False),
    ],
)
def test_keys_are_known_by_what_a_terminal_sends(data: str, key: str, is_match: bool) -> None:
    """In the older way and in kitty's; what is no key matches none."""
    code = f"matchesKey({json.dumps(data)}, {json.dumps(key)})"

    assert evaluate(code, "matchesKey") is is_match


def test_names_of_keys() -> None:
    """As plugins write them."""
    code = "[Key.escape, Key.ctrl('c'), Key.ctrlShift('p'), Key.slash, matchesKey('\\u0003', Key.ctrl('c')), parseKey('\\u001b[1;6A'), isKeyRelease('\\u001b[97;1:3u')]"

    assert evaluate(code, "Key matchesKey parseKey isKeyRelease") == [
        "escape",
        "ctrl+c",
        "ctrl+shift+p",
        "/",
        True,
        "shift+ctrl+up",
        True,
    ]


def test_fuzzy_search_ranks() -> None:
    """Letters side by side and at the start of words first; every word of the query must be there."""
    code = "[fuzzyMatch('abc', 'a_b_c').matches, fuzzyMatch('abd', 'abc').matches, fuzzyFilter(['xaxbxc', 'abc', 'none'], 'abc', (x) => x), fuzzyFilter(['git commit', 'git push'], 'git pu', (x) => x), fuzzyFilter(['a', 'b'], ' ', (x) => x)]"

    assert evaluate(code, "fuzzyMatch fuzzyFilter") == [
        True,
        False,
        ["abc", "xaxbxc"],
        ["git push"],
        ["a", "b"],
    ]


def test_components_render_to_lines() -> None:
    """Of exactly the width where they have a background, with their padding."""
    code = "(() => { const box = new Box(1, 0, (s) => `<${s}>`); box.addChild(new Text('hello world', 0, 0)); const all = new Container(); all.addChild(new Text('t')); all.addChild(new Spacer(2)); const gone = new Text('x', 0, 0); all.addChild(gone); all.addChild(box); all.removeChild(gone); return [all.render(9), new Text('').render(9), new TruncatedText('too long a line', 0, 0).render(8).map((l) => l.length > 0)]; })()"

    assert evaluate(code, "Text Container Spacer Box TruncatedText") == [
        [
            "         ",
            " t       ",
            "         ",
            "",
            "",
            "< hello   >",
            "< world   >",
        ],
        [],
        [True],
    ]


def test_helpers_for_what_a_tool_gives_back() -> None:
    """Sizes in words, both ends of a long text, the head of a Markdown file, languages by ending."""
    names = "formatSize truncateHead truncateTail parseFrontmatter getLanguageFromPath DEFAULT_MAX_LINES DEFAULT_MAX_BYTES DynamicBorder withFileMutationQueue defineTool"
    code = "(async () => { const order = []; await Promise.all([withFileMutationQueue('f', async () => { await 0; await 0; order.push(1); }), withFileMutationQueue('f', async () => { order.push(2); })]); const t = { name: 'x' }; return [formatSize(12), formatSize(1536), formatSize(3 * 1048576), truncateHead('a\\nb\\nc', { maxLines: 2 }).content, truncateTail('a\\nb\\nc', { maxLines: 2 }).content, truncateHead('aaaa\\nb', { maxBytes: 5 }).truncatedBy, truncateHead('aaaa\\nb', { maxBytes: 2 }).firstLineExceedsLimit, truncateTail('x\\u20acy', { maxBytes: 3 }).content, truncateHead('ok').truncated, parseFrontmatter('---\\na: [1]\\n---\\nbody\\n'), parseFrontmatter('none'), getLanguageFromPath('a/b.tsx'), getLanguageFromPath('x.constructor') ?? null, DEFAULT_MAX_LINES, DEFAULT_MAX_BYTES, new DynamicBorder((s) => `[${s}]`).render(3), order, defineTool(t) === t]; })()"

    assert evaluate(code, names, "pi-coding-agent") == [
        "12B",
        "1.5KB",
        "3.0MB",
        "a\nb",
        "b\nc",
        "bytes",
        True,
        "y",
        False,
        {"frontmatter": {"a": [1]}, "body": "body"},
        {"frontmatter": {}, "body": "none"},
        "typescript",
        None,
        2000,
        51200,
        ["[\u2500\u2500\u2500]"],
        [1, 2],
        True,
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_of_pi_offers_them(scope: str) -> None:
    """Under the name that its plugins know; what is absent is undefined."""
    code = "[typeof visibleWidth, typeof somethingElse]"

    assert evaluate(code, "visibleWidth somethingElse", scope=scope) == [
        "function",
        "undefined",
    ]


def test_what_needs_a_terminal_is_refused_when_it_is_made() -> None:
    """A plugin that names one still loads; only its own terminal does not come to be."""
    code = "(() => { const out = [typeof ProcessTerminal]; for (const f of [() => new ProcessTerminal(), () => new TUI({ rows: 1, columns: 1 }).start()]) try { f(); } catch (e) { out.push([e.code, e.message]); } return out; })()"

    assert evaluate(code, "ProcessTerminal TUI") == [
        "function",
        *(
            [
                "E_NEVER",
                f"pi-tui: {name} is never available to plugins: they have no terminal, ctx.ui.custom shows what they draw",
            ]
            for name in ("ProcessTerminal", "TUI.start")
        ),
    ]

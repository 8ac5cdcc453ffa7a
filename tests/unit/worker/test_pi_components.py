"""What pi-coding-agent offers for drawing: its themes, hints, editor, loader and messages, as lines."""

from typing import Final

from tests.unit.worker.js_support import Js, as_object, evaluate

AGENT: Final = "pi-coding-agent"
THEME: Final = (
    "const theme = { fg: (name, text) => `<${name}>${text}</>`, bg: (name, text) => text };"
    "const tui = { terminal: { rows: 24, columns: 80 }, drawn: 0, requestRender() { this.drawn += 1; } };"
    "const editorTheme = { borderColor: (text) => text, selectList: {} };"
)
_RULE: Final = "\u2500"


def run(body: str, names: str) -> object:
    """What *body*, of a function, returns; *names* come from pi-coding-agent."""
    return evaluate(f"(async () => {{ {THEME} {body} }})()", names, AGENT)


def test_without_an_interface_nothing_is_coloured() -> None:
    """The themes of components are there, and give the text as it is."""
    code = "[getMarkdownTheme().heading('a'), getMarkdownTheme().bold('b'), getSelectListTheme().selectedText('c'), getSettingsListTheme().value('d', true), getSettingsListTheme().cursor, highlightCode('e\\nf', 'js')]"
    names = "getMarkdownTheme getSelectListTheme getSettingsListTheme highlightCode"

    assert evaluate(code, names, AGENT) == ["a", "b", "c", "d", "\u2192 ", ["e", "f"]]


def test_hints_name_the_keys() -> None:
    """Of pi's names for what they do, and of the older ones."""
    code = "[keyText('tui.select.cancel'), keyText('app.tools.expand'), keyHint('expandTools', 'to see more'), rawKeyHint('x', 'to close'), keyText('nothing')]"

    assert evaluate(code, "keyText keyHint rawKeyHint", AGENT) == [
        "escape/ctrl+c",
        "ctrl+o",
        "ctrl+o to see more",
        "x to close",
        "",
    ]


def test_older_names_of_keys_are_known() -> None:
    """Published plugins ask an older version's getEditorKeybindings."""
    code = "(() => { const keys = getEditorKeybindings(); return [keys.matches('\\x1b[A', 'selectUp'), keys.matches('\\r', 'selectConfirm'), keys.matches('\\x1b', 'selectCancel'), keys.matches('\\x17', 'deleteWordBackward'), keys.matches('x', 'selectUp'), keys.matches('x', 'constructor')]; })()"

    assert evaluate(code, "getEditorKeybindings") == [True, True, True, True, False, False]


def test_a_loader_in_borders() -> None:
    """Ends with Escape; another cannot be ended."""
    lines = run(
        "const loader = new BorderedLoader(tui, theme, 'Working'); const told = []; loader.onAbort = () => told.push('abort');"
        "const lines = loader.render(80); loader.handleInput('x'); const before = loader.signal.aborted; loader.handleInput('\\x1b'); loader.dispose();"
        "const other = new BorderedLoader(tui, theme, 'Working', { cancellable: false }); other.handleInput('\\x1b'); other.dispose();"
        "return [lines.map((line) => line.trim()), before, loader.signal.aborted, told, other.signal.aborted, other.render(80).length];",
        "BorderedLoader",
    )

    border = f"<border>{_RULE * 80}</>"
    assert lines == [
        [
            border,
            "",
            "<accent>\u280b</> <muted>Working</>",
            "",
            "escape/ctrl+c cancel",
            "",
            border,
        ],
        False,
        True,
        ["abort"],
        False,
        5,
    ]


def test_an_editor_of_a_plugin_extends_ours() -> None:
    """It hears the agent's keys first, changes what it likes and leaves the rest to us."""
    given = run(
        "const told = []; class Modal extends CustomEditor { handleInput(data) { if (data === 'j') told.push('j'); else super.handleInput(data); }"
        "  render(width) { return [...super.render(width), 'MODE']; } }"
        "const editor = new Modal(tui, editorTheme); editor.onEscape = () => told.push('escape'); editor.onCtrlD = () => told.push('exit');"
        "editor.onAction('app.model.select', () => told.push('model')); editor.onExtensionShortcut = (data) => data === '\\x18' && (told.push('own'), true);"
        "editor.onSubmit = (text) => told.push(text); editor.handleInput('\\x04');"
        "for (const key of ['a', 'j', 'b', '\\x0c', '\\x18', '\\x1b', '\\x01', '\\x04', '\\r']) editor.handleInput(key);"
        "return [told, editor.render(10), editor instanceof CustomEditor];",
        "CustomEditor",
    )

    assert given == [
        ["exit", "j", "model", "own", "escape", "b"],
        [_RULE * 10, "\x1b[7m \x1b[0m         ", _RULE * 10, "MODE"],
        True,
    ]


def test_messages_are_text() -> None:
    """A person's, the model's with its thinking, and one that was cut off."""
    given = run(
        "const trimmed = (component) => component.render(30).map((line) => line.trim());"
        "const message = { content: [{ type: 'thinking', thinking: 'hm' }, { type: 'text', text: '**yes**' }], stopReason: 'stop' };"
        "const assistant = new AssistantMessageComponent(message); const shown = trimmed(assistant); assistant.setHideThinkingBlock(true);"
        "return [trimmed(new UserMessageComponent('# hello')), shown, trimmed(assistant),"
        "  trimmed(new AssistantMessageComponent({ content: [], stopReason: 'aborted' })), trimmed(new AssistantMessageComponent({ content: [], stopReason: 'error', errorMessage: 'x' })),"
        "  trimmed(new AssistantMessageComponent())];",
        "UserMessageComponent AssistantMessageComponent",
    )

    assert given == [
        ["", "hello", ""],
        ["", "hm", "", "yes"],
        ["", "Thinking...", "", "yes"],
        ["", "Operation aborted"],
        ["", "Error: x"],
        [],
    ]


def test_the_run_of_a_tool_is_text() -> None:
    """Its name, its arguments and its result; or what its own renderers say, which may fail."""
    given = run(
        "const trimmed = (component) => component.render(40).map((line) => line.trim()).filter((line) => line !== '');"
        "const Line = class { constructor(text) { this.text = text; } render() { return [this.text]; } invalidate() {} };"
        "const result = { content: [{ type: 'text', text: '\\x1b[31mout\\x1b[0m\\x07' }, { type: 'image', mimeType: 'image/png', data: '' }], isError: false };"
        "const plain = new ToolExecutionComponent('ls', 'id', { path: 'x' }, {}, undefined, tui, '/w'); plain.updateResult(result); const first = trimmed(plain);"
        "const tool = { renderCall: (args, t, context) => new Line(`call ${args.path} ${context.isPartial}`), renderResult: () => { throw new Error('broken'); } };"
        "const own = new ToolExecutionComponent('ls', 'id', { path: 'x' }, {}, tool, tui, '/w'); const before = trimmed(own); own.updateResult(result); return [first, before, trimmed(own), tui.drawn];",
        "ToolExecutionComponent",
    )

    assert given == [
        ["ls", "{", '"path": "x"', "}", "out", "[Image: [image/png]]"],
        ["call x true"],
        ["call x false", "out", "[Image: [image/png]]"],
        2,
    ]


def test_what_is_not_asked_for_is_not_evaluated() -> None:
    """A plugin that imports a text pays for no editor and no parser of Markdown."""

    def heap(name: str) -> int:
        js = Js()
        js.load(
            f"imports.{name}; exports.default = () => undefined;",
            imports={name: ("@mariozechner/pi-tui", name)},
        )
        return js.engine.heap_bytes()

    assert heap("Text") < heap("Editor") < heap("Markdown")
    assert heap("Markdown") - heap("Text") > 300_000


def test_a_provider_of_completions_that_fails_is_reported() -> None:
    """The editor goes on."""
    js = Js()
    js.load(
        f"const {{ CustomEditor }} = imports; {THEME} exports.default = (pi) => {{ const editor = new CustomEditor(tui, editorTheme);"
        "  editor.setAutocompleteProvider({ getSuggestions() { throw new Error('no such thing'); } }); editor.handleInput('/'); editor.handleInput('x');"
        "  pi.on('Stop', () => ({ reason: editor.getText() })); };",
        imports={"CustomEditor": ("@mariozechner/pi-coding-agent", "CustomEditor")},
    )

    assert as_object(js.event("Stop")["output"]) == {"reason": "/x"}
    assert any("no such thing" in text for text in js.unhandled())

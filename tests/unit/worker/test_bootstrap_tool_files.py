"""Files of a tools directory: what their default export may be, and how its tools are called."""

import pytest

from tests.unit.worker.js_support import Failed, Js, JsonObject, as_list, as_object

TOOL = "{ name: 'hello', description: 'd', parameters: { type: 'object' }, handler: (p) => `hi ${p.who}` }"


def loaded(source: str, **header: str) -> tuple[Js, list[str]]:
    """A tools file with *source*, and the names of its tools."""
    js = Js()
    registered = js.load(source, header={"tool_files": [0], **header})
    return js, [str(as_object(tool)["name"]) for tool in as_list(registered["tools"])]


@pytest.mark.parametrize(
    "exported",
    [
        TOOL,
        f"[{TOOL}]",
        f"() => ({TOOL})",
        f"(pi) => [{TOOL}]",
        f"async (pi) => {{ await null; return {TOOL}; }}",
        f"Promise.resolve([{TOOL}])",
        f"(pi) => {{ pi.registerTool({TOOL}); }}",
        f"async (pi) => {{ await null; pi.registerTool({TOOL}); return []; }}",
    ],
)
def test_a_default_export_that_gives_tools_registers_them(exported: str) -> None:
    """Nobody calls registerTool by hand, and the tool works as if somebody had."""
    js, names = loaded(f"exports.default = {exported};")

    assert names == ["hello"]
    assert js.tool("hello", {"who": "Ada"}) == {"output": "hi Ada"}


def test_several_tools_of_one_file() -> None:
    """In their order; with their own tiers."""
    js = Js()
    registered = js.load(
        "exports.default = [{ name: 'one', description: 'd', tier: 'read', handler: () => 1 },"
        " { name: 'two', description: 'd', handler: () => 2 }];",
        header={"tool_files": [0]},
    )
    told = [as_object(tool) for tool in as_list(registered["tools"])]

    assert [(tool["name"], tool.get("tier")) for tool in told] == [
        ("one", "read"),
        ("two", None),
    ]


def test_a_tool_without_a_name_has_the_files() -> None:
    """One tool to a file needs to be named once."""
    _, names = loaded(
        "exports.default = { description: 'd', handler: () => 1 };", name="weather"
    )

    assert names == ["weather"]


@pytest.mark.parametrize(
    "parameters",
    ["(id, params, onUpdate, ctx, signal)", "(id, params, signal, onUpdate, ctx)"],
)
def test_both_orders_of_execute_work(parameters: str) -> None:
    """That of oh-my-pi's custom tools, and the newer one."""
    js, _ = loaded(
        "exports.default = (pi) => ({ name: 't', label: 'T', description: 'd',"
        " parameters: pi.typebox.Type.Object({ a: pi.typebox.Type.Optional(pi.typebox.Type.String()) }),"
        f" async execute{parameters} {{ onUpdate?.({{ content: [] }}); return {{ content: [{{ type: 'text',"
        " text: [typeof id, typeof params.a, typeof onUpdate, typeof ctx.cwd, signal.aborted].join() }] }; } });"
    )
    result: JsonObject = js.tool("t", {"a": "x"})

    assert result["output"] == "string,string,function,string,false"


def test_its_function_gets_what_custom_tools_of_oh_my_pi_get() -> None:
    """cwd, exec, logger and kv are those of any plugin."""
    js, _ = loaded(
        "exports.default = (pi) => ({ name: 't', description: 'd', handler: () => ["
        " typeof pi.cwd, typeof pi.exec, typeof pi.logger.info, typeof pi.typebox.Type.String,"
        " typeof pi.pi.defineTool, pi.hasUI, typeof pi.ui.notify, Object.isFrozen(pi)].join() });"
    )

    assert js.tool("t", {}) == {
        "output": "string,function,function,function,function,false,function,true"
    }


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("exports.nothing = 1;", "exports a tool as default"),
        ("exports.default = undefined;", "exports a tool as default"),
        ("exports.default = () => {};", "exports a tool as default"),
        ("exports.default = 7;", "registerTool"),
        ("exports.default = [{ description: 'd' }];", "a name is"),
        ("exports.default = { name: 'x' };", "description"),
    ],
)
def test_what_gives_no_tool_does_not_load(source: str, told: str) -> None:
    """A file in a tools directory that offers nothing is a mistake."""
    with pytest.raises(Failed, match=told):
        loaded(source)


def test_elsewhere_an_exported_object_is_no_tool() -> None:
    """It is the metadata of a plugin."""
    js = Js()

    assert js.load(f"exports.default = {TOOL};")["tools"] == []

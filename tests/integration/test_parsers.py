"""pi.parse in a real worker, with what a hostile document tries."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host import BlockingPluginHost

PLUGIN = """
export default (pi) => {
  pi.on("UserPromptSubmit", (event) => {
    const [kind, text] = JSON.parse(event.content);
    try {
      return { modified_prompt: JSON.stringify(pi.parse[kind](text)) };
    } catch (error) {
      return { modified_prompt: `${error.name}` };
    }
  });
};
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("json", '{"a": [1, null]}', '{"a":[1,null]}'),
        ("json", "{", "SyntaxError"),
        ("yaml", "a:\n  - 1\n  - x: true\nb: |\n  two\n  lines\n", '{"a":[1,{"x":true}],"b":"two\\nlines\\n"}'),
        ("yaml", "a: &x 1\nb: *x\n", '{"a":1,"b":1}'),
        ("yaml", "a: [", "YAMLParseError"),
        ("yaml", BOMB, "ReferenceError"),
        ("toml", '[a]\nb = "c"\nn = [1, 2]\n', '{"a":{"b":"c","n":[1,2]}}'),
        ("toml", "a = ", "Error"),
        ("yaml", "__proto__: {action: allow}", '{"__proto__":{"action":"allow"}}'),
    ],
    ids=["json", "bad json", "yaml", "anchor", "bad yaml", "bomb", "toml", "bad toml", "proto"],
)  # fmt: skip
def test_texts_become_data(
    kind: str, text: str, expected: str, tmp_path: Path, write: Callable[[str, str], Path]
) -> None:
    """Or an error that the plugin can catch; a document that unfolds into millions of nodes is one."""
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(write("parser.js", PLUGIN))
        outcome = host.dispatch("UserPromptSubmit", {"content": json.dumps([kind, text])})

    assert outcome.output == {"modified_prompt": expected}

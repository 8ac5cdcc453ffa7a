"""Stacks of running plugins lead back to the author's lines and columns."""

import re
from pathlib import Path

import pytest

from host.positions import ArtifactMap, map_positions
from tests.unit.worker.build_support import build_files, run_in_quickjs

PROBE = "globalThis.at = (label) => [label, new Error('probe').stack];"

TYPESCRIPT = """\
#!/usr/bin/env node
import type { Api } from "./types";
import { join,
  sep as separator } from "node:path";

/** A comment that stays. */
interface Options<T extends object = {}> { readonly name: string; list?: Array<T>; fn(a: number): void }
type Alias = { [K in keyof Options]: Options[K] } | null;
enum Colour { Red = 1, Green }
abstract class Base<T> { constructor(protected readonly x: number, private y?: T) { at("2"); } abstract m(): void }
class Sub extends Base<string> { m(): void {} override z = 4; }
declare function later(x: number): string;

function generic<T extends { a: number }>(value: T, second?: Map<string, T[]>): T { at("1"); return value as unknown as T; }
export const first = generic<{ a: number }>({ a: 1 } satisfies { a: number }, new Map<string, { a: number }[]>());
const sub = new Sub(Colour.Green!, "é");
const arrow = async <T,>(p: T, { q = 1, ...r }: { q?: number } = {}): Promise<T> => { const s = "é😀"; at("3"); return p; };
await arrow(join("a", separator) as string, {});
namespace Inner { export const k: number = 1; at("4"); }
for await (const item of [1, 2] as number[]) { at("5"); }
if (sub) {
      const t: string = `x${ at("6") }`;   at("7");
}
const pair: [number, string] = [1, "b"], tagged = at("8"), last = (<any>sub)!.z;
export default async function (pi: Api): Promise<void> { await 0; return at("9") as any; }
"""

JAVASCRIPT = """\
'use strict'; var x = 1, y = function () {
    return at("1") }; y();
if (x) at("2"); /* é */ at("3");
module.exports = at("4");
"""


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ("main.ts", TYPESCRIPT + 'at("10"); (globalThis as any).done = 1;\n'),
        ("main.cjs", JAVASCRIPT),
        ("main.js", 'import { join as j } from "node:path"; const f = () => at("1"); f(); j(f(), at("2"));\n\n\texport default at("3");'),
        ("main.tsx", 'const React = { createElement: (...a: unknown[]) => a };\nconst v = <div\n  title={at("1")}>\n  text {at("2")}\n</div>;\nexport default v;\n'),
        ("crlf.ts", 'let a: number = 1;\r\n\r\nlet b = at("1");\r\nexport default at("2");\r\n'),
        ("bom.ts", '\ufefftype A = 1;\nat("1"); export {};'),
    ],
)  # fmt: skip
def test_every_call_is_found_again(entry: str, source: str, tmp_path: Path) -> None:
    """Each `at("n")` reports the line and the column where it stands in the source."""
    artifact = build_files(tmp_path, {entry: source}, entry)
    recorder = PROBE.replace("=> [", "=> globalThis.seen.push([").replace("];", "]);")
    seen = _stacks(artifact, f"globalThis.seen = []; {recorder}")
    positions = ArtifactMap.from_artifact(artifact)
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")

    assert seen
    for label, stack in seen:
        mapped = map_positions(stack, positions).strip().split("\n")
        found = re.search(r"\((.*):(\d+):(\d+)\)|at ([^ ]*):(\d+):(\d+)$", mapped[0])
        assert found, (label, stack, mapped)
        place = next((n, text) for n, text in enumerate(lines, 1) if f'at("{label}")' in text)
        line, column = int(found[2] or found[5]), int(found[3] or found[6])
        start = place[1].index(f'at("{label}")') + 1
        assert (label, line) == (label, place[0]), mapped
        assert start <= column <= start + 2, (label, column, start)
        assert (found[1] or found[4]) == entry


def _stacks(artifact: dict[str, object], prelude: str) -> list[tuple[str, str]]:
    files = dict(artifact)
    code = files["code"]
    assert isinstance(code, str)
    # the list comes out through the log, which the harness clears before it loads anything
    result = run_in_quickjs(
        files,
        prelude
        + " Object.defineProperty(globalThis, 'seen', { get: () => ({ push: (item) => globalThis.log.push(item) }) });",
    )
    assert isinstance(result, dict)
    # the probe's own frame comes first and has no bundle line
    return [(label, "\n".join(stack.split("\n")[1:])) for label, stack in result["log"]]


def test_syntax_errors_of_the_engine_are_mapped(tmp_path: Path) -> None:
    """What only the engine refuses still names the plugin's file."""
    source = "exports.a = 1;\nlet q = 1;\nlet q = 2;\n"
    artifact = build_files(tmp_path, {"main.cjs": source}, "main.cjs")
    positions = ArtifactMap.from_artifact(artifact)
    with pytest.raises(Exception, match=r"redefinition|redeclar|already") as caught:
        run_in_quickjs(artifact)

    assert "main.cjs:3" in map_positions(str(caught.value), positions)

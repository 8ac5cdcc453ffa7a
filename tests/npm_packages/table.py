"""Packages of the kind that plugins import, and one characteristic thing done with each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """``code`` is a module whose default export is compared with ``expect``, as JSON."""

    name: str
    code: str
    expect: object

    @property
    def file(self) -> str:
        """A file name for its code."""
        return self.name.replace("@", "").replace("/", "-") + ".mjs"


PACKAGES = [
    # --- validation -------------------------------------------------------------------------------------------------
    Package("zod", 'import { z } from "zod"; const S = z.object({ a: z.string().min(2), b: z.number().optional() }); export default [S.parse({ a: "xy" }), S.safeParse({ a: "x" }).error.issues[0].path, z.string().email().safeParse("no").success];', [{"a": "xy"}, ["a"], False]),
    Package("valibot", 'import * as v from "valibot"; const S = v.object({ n: v.pipe(v.string(), v.minLength(2)) }); export default [v.safeParse(S, { n: "ab" }).success, v.safeParse(S, { n: "a" }).issues.length];', [True, 1]),
    Package("superstruct", 'import { object, string, is, assert } from "superstruct"; const S = object({ a: string() }); let m; try { assert({ a: 1 }, S); } catch (e) { m = e.path; } export default [is({ a: "x" }, S), m];', [True, ["a"]]),
    Package("ajv", 'import Ajv from "ajv"; const validate = new Ajv({ allErrors: true }).compile({ type: "object", properties: { n: { type: "integer", minimum: 3 } }, required: ["n"] }); export default [validate({ n: 4 }), validate({ n: 1 }), validate.errors[0].keyword];', [True, False, "minimum"]),
    Package("ajv-formats", 'import Ajv from "ajv"; import addFormats from "ajv-formats"; const ajv = new Ajv(); addFormats(ajv); const v = ajv.compile({ type: "string", format: "date" }); export default [v("2024-02-29"), v("2023-02-29")];', [True, False]),
    Package("@sinclair/typebox", 'import { Type } from "@sinclair/typebox"; export default JSON.parse(JSON.stringify(Type.Object({ a: Type.String(), b: Type.Optional(Type.Number()) })));', {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "number"}}}),
    # --- formats ----------------------------------------------------------------------------------------------------
    Package("yaml", 'import { parse, stringify } from "yaml"; export default [parse("a: [1, 2]\\nb: {c: ~}"), stringify({ x: ["y"] })];', [{"a": [1, 2], "b": {"c": None}}, "x:\n  - y\n"]),
    Package("js-yaml", 'import * as yaml from "js-yaml"; export default [yaml.load("- 1\\n- two: 3"), yaml.dump({ a: "b" })];', [[1, {"two": 3}], "a: b\n"]),
    Package("smol-toml", 'import { parse, stringify } from "smol-toml"; export default [parse("[t]\\nx = 1\\n"), stringify({ a: "b" })];', [{"t": {"x": 1}}, 'a = "b"\n']),
    Package("@iarna/toml", 'import TOML from "@iarna/toml"; export default [TOML.parse("a = [1, 2]"), TOML.stringify({ k: true })];', [{"a": [1, 2]}, "k = true\n"]),
    Package("ini", 'import { parse, stringify } from "ini"; export default [parse("a=1\\n[s]\\nb=two"), stringify({ s: { k: "v" } })];', [{"a": "1", "s": {"b": "two"}}, "[s]\nk=v\n"]),
    Package("dotenv", 'import { parse } from "dotenv"; export default parse("A=1\\n# c\\nB=\\"two words\\"");', {"A": "1", "B": "two words"}),
    Package("fast-xml-parser", 'import { XMLParser, XMLBuilder } from "fast-xml-parser"; export default [new XMLParser({ ignoreAttributes: false }).parse("<a k=\'v\'><b>1</b><b>2</b></a>"), new XMLBuilder().build({ x: { y: 1 } })];', [{"a": {"b": [1, 2], "@_k": "v"}}, "<x><y>1</y></x>"]),
    Package("csv-parse", 'import { parse } from "csv-parse/sync"; export default parse("a,b\\n1,\\"x,y\\"\\n", { columns: true });', [{"a": "1", "b": "x,y"}]),
    Package("papaparse", 'import Papa from "papaparse"; export default [Papa.parse("a,b\\n1,2", { header: true }).data, Papa.unparse([["x", "y,z"]])];', [[{"a": "1", "b": "2"}], 'x,"y,z"']),
    Package("json5", 'import JSON5 from "json5"; export default JSON5.parse("{a: 1, /* c */ b: [2,],}");', {"a": 1, "b": [2]}),
    Package("jsonc-parser", 'import { parse, modify, applyEdits } from "jsonc-parser"; export default [parse("{// c\\n \\"a\\": 1}"), applyEdits("{}", modify("{}", ["x"], 1, {}))];', [{"a": 1}, '{"x": 1}']),
    Package("strip-json-comments", 'import strip from "strip-json-comments"; export default JSON.parse(strip("{/*x*/\\"a\\":1}"));', {"a": 1}),
    Package("gray-matter", 'import matter from "gray-matter"; const { data, content } = matter("---\\ntitle: T\\n---\\nbody"); export default [data, content];', [{"title": "T"}, "body"]),
    Package("bytes", 'import bytes from "bytes"; export default [bytes("1kb"), bytes(2048)];', [1024, "2KB"]),
    Package("ms", 'import ms from "ms"; export default [ms("2 days"), ms(60000)];', [172800000, "1m"]),
    Package("pretty-bytes", 'import prettyBytes from "pretty-bytes"; export default prettyBytes(1337);', "1.34 kB"),
    Package("pretty-ms", 'import prettyMs from "pretty-ms"; export default prettyMs(1337000000);', "15d 11h 23m 20s"),
    # --- text -------------------------------------------------------------------------------------------------------
    Package("marked", 'import { marked, lexer } from "marked"; export default [marked.parse("# Hi\\n\\n*a* `b`"), lexer("- x")[0].type];', ["<h1>Hi</h1>\n<p><em>a</em> <code>b</code></p>\n", "list"]),
    Package("markdown-it", 'import MarkdownIt from "markdown-it"; export default new MarkdownIt().render("**b**");', "<p><strong>b</strong></p>\n"),
    Package("turndown", 'import TurndownService from "turndown"; export default [typeof TurndownService, new TurndownService().escape("*x*"), new TurndownService().options.headingStyle];', ["function", "\\*x\\*", "setext"]),
    Package("linkedom", 'import { parseHTML } from "linkedom"; const { document } = parseHTML("<p class=x>hi <b>you</b></p>"); export default [document.querySelector("p.x").textContent, document.querySelectorAll("b").length];', ["hi you", 1]),
    Package("cheerio", 'import { load } from "cheerio/slim"; const $ = load("<ul><li>a</li><li>b</li></ul>"); export default $("li").map((_, e) => $(e).text()).get();', ["a", "b"]),
    Package("node-html-parser", 'import { parse } from "node-html-parser"; export default parse("<a href=\'/x\'>t</a>").querySelector("a").getAttribute("href");', "/x"),
    Package("diff", 'import { diffLines, createPatch, applyPatch } from "diff"; const p = createPatch("f", "a\\nb\\n", "a\\nc\\n"); export default [diffLines("a\\n", "b\\n").length, p.includes("+c"), applyPatch("a\\nb\\n", p)];', [2, True, "a\nc\n"]),
    Package("handlebars", 'import Handlebars from "handlebars"; export default Handlebars.compile("{{#each xs}}<{{this}}>{{/each}}")({ xs: [1, "&"] });', "<1><&amp;>"),
    Package("mustache", 'import Mustache from "mustache"; export default Mustache.render("{{a}}{{^b}}no{{/b}}", { a: "<" });', "&lt;no"),
    Package("he", 'import he from "he"; export default [he.encode("<\\u00e9>"), he.decode("&amp;&#x41;")];', ["&#x3C;&#xE9;&#x3E;", "&A"]),
    Package("entities", 'import { decodeHTML, escapeText } from "entities"; export default [decodeHTML("&eacute;&lt;"), escapeText("a&b")];', ["é<", "a&amp;b"]),
    Package("slugify", 'import slugify from "slugify"; export default slugify("H\\u00e9llo W\\u00f6rld!", { lower: true, strict: true });', "hello-world"),
    Package("change-case", 'import { camelCase, kebabCase } from "change-case"; export default [camelCase("two words"), kebabCase("TwoWords")];', ["twoWords", "two-words"]),
    Package("fuse.js", 'import Fuse from "fuse.js"; export default new Fuse(["apple", "banana"], {}).search("aple")[0].item;', "apple"),
    Package("fuzzysort", 'import fuzzysort from "fuzzysort"; export default fuzzysort.go("mr", ["Monitor.cpp", "MeshRenderer.cpp", "x"]).map((r) => r.target);', ["MeshRenderer.cpp"]),
    Package("shell-quote", 'import { parse, quote } from "shell-quote"; export default [parse("a \\"b c\\" | d"), quote(["x y", "z"])];', [["a", "b c", {"op": "|"}, "d"], "'x y' z"]),
    Package("common-tags", 'import { stripIndent } from "common-tags"; export default stripIndent`\n  a\n    b\n`;', "a\n  b"),
    # --- terminal ---------------------------------------------------------------------------------------------------
    Package("chalk", 'import { Chalk } from "chalk"; import chalk from "chalk"; export default [new Chalk({ level: 1 }).red.bold("x"), chalk.level, chalk.green("plain")];', ["\x1b[31m\x1b[1mx\x1b[22m\x1b[39m", 0, "plain"]),
    Package("kleur", 'import kleur from "kleur"; kleur.enabled = true; export default kleur.red("x");', "\x1b[31mx\x1b[39m"),
    Package("picocolors", 'import pc from "picocolors"; export default [pc.createColors(true).blue("x"), pc.createColors(false).blue("x")];', ["\x1b[34mx\x1b[39m", "x"]),
    Package("ansi-styles", 'import styles from "ansi-styles"; export default styles.green.open;', "\x1b[32m"),
    Package("strip-ansi", 'import stripAnsi from "strip-ansi"; export default stripAnsi("\\u001b[31mred\\u001b[39m");', "red"),
    Package("string-width", 'import stringWidth from "string-width"; export default [stringWidth("\\u53e4"), stringWidth("\\u001b[1mab\\u001b[22m")];', [2, 2]),
    Package("wrap-ansi", 'import wrapAnsi from "wrap-ansi"; export default wrapAnsi("aaa bbb", 4);', "aaa\nbbb"),
    Package("cli-table3", 'import Table from "cli-table3"; const t = new Table({ head: ["a"], style: { head: [], border: [] } }); t.push(["1"]); export default t.toString().split("\\n").length;', 5),
    Package("figures", 'import figures from "figures"; export default typeof figures.tick;', "string"),
    Package("commander", 'import { Command } from "commander"; const p = new Command().exitOverride().option("-n, --num <n>").argument("<x>"); p.parse(["a", "-n", "3"], { from: "user" }); export default [p.opts(), p.args];', [{"num": "3"}, ["a"]]),
    Package("minimist", 'import minimist from "minimist"; export default minimist(["--a=1", "-b", "c"]);', {"_": [], "a": 1, "b": "c"}),
    # --- paths and versions -----------------------------------------------------------------------------------------
    Package("semver", 'import semver from "semver"; export default [semver.satisfies("1.2.3", "^1.0.0"), semver.inc("1.2.3", "minor"), semver.sort(["2.0.0", "1.0.0"])];', [True, "1.3.0", ["1.0.0", "2.0.0"]]),
    Package("minimatch", 'import { minimatch } from "minimatch"; export default [minimatch("a/b.js", "**/*.js"), minimatch("x.ts", "*.{js,ts}"), minimatch("a", "!a")];', [True, True, False]),
    Package("picomatch", 'import picomatch from "picomatch"; export default [picomatch("*.js")("a.js"), picomatch("src/**")("src/a/b")];', [True, True]),
    Package("micromatch", 'import micromatch from "micromatch"; export default micromatch(["a.js", "b.md", "c/d.js"], ["*.js", "c/*"]);', ["a.js", "c/d.js"]),
    Package("ignore", 'import ignore from "ignore"; export default ignore().add(["*.log", "!keep.log"]).filter(["a.log", "keep.log", "b.txt"]);', ["keep.log", "b.txt"]),
    Package("mime", 'import mime from "mime"; export default [mime.getType("x.json"), mime.getExtension("text/html")];', ["application/json", "html"]),
    Package("mime-types", 'import mime from "mime-types"; export default [mime.lookup("a.png"), mime.contentType("md")];', ["image/png", "text/markdown; charset=utf-8"]),
    Package("picoquery", 'import { parse, stringify } from "picoquery"; export default [parse("a=1&b=2"), stringify({ x: "y z" })];', [{"a": "1", "b": "2"}, "x=y%20z"]),
    Package("qs", 'import qs from "qs"; export default [qs.parse("a[b]=1&c[]=2"), qs.stringify({ a: [1] })];', [{"a": {"b": "1"}, "c": ["2"]}, "a%5B0%5D=1"]),
    # --- data -------------------------------------------------------------------------------------------------------
    Package("lodash", 'import _ from "lodash"; export default [_.groupBy([1.2, 1.8, 2.1], Math.floor), _.get({ a: [{ b: 3 }] }, "a[0].b"), _.chunk([1, 2, 3], 2), _.template("<%= a %>!")({ a: "x" })];', [{"1": [1.2, 1.8], "2": [2.1]}, 3, [[1, 2], [3]], "x!"]),
    Package("lodash-es", 'import { debounce, merge, kebabCase } from "lodash-es"; export default [typeof debounce(() => 1, 1), merge({ a: { b: 1 } }, { a: { c: 2 } }), kebabCase("fooBar")];', ["function", {"a": {"b": 1, "c": 2}}, "foo-bar"]),
    Package("date-fns", 'import { addDays, format, parseISO, differenceInDays } from "date-fns"; export default [format(addDays(new Date(2024, 0, 31), 1), "yyyy-MM-dd"), differenceInDays(parseISO("2024-03-01"), parseISO("2024-02-28"))];', ["2024-02-01", 2]),
    Package("dayjs", 'import dayjs from "dayjs"; import utc from "dayjs/plugin/utc.js"; dayjs.extend(utc); export default dayjs.utc("2024-01-31").add(1, "month").format("YYYY-MM-DD");', "2024-02-29"),
    Package("deepmerge", 'import merge from "deepmerge"; export default merge({ a: [1], b: { c: 1 } }, { a: [2], b: { d: 2 } });', {"a": [1, 2], "b": {"c": 1, "d": 2}}),
    Package("defu", 'import { defu } from "defu"; export default defu({ a: 1 }, { a: 2, b: 3 });', {"a": 1, "b": 3}),
    Package("fast-deep-equal", 'import equal from "fast-deep-equal"; export default [equal({ a: [1] }, { a: [1] }), equal([1], [2])];', [True, False]),
    Package("immer", 'import { produce } from "immer"; const a = { l: [1] }; const b = produce(a, (d) => { d.l.push(2); }); export default [a, b, Object.isFrozen(b)];', [{"l": [1]}, {"l": [1, 2]}, True]),
    Package("lru-cache", 'import { LRUCache } from "lru-cache"; const c = new LRUCache({ max: 2 }); c.set("a", 1); c.set("b", 2); c.get("a"); c.set("c", 3); export default [...c.keys()];', ["c", "a"]),
    Package("uuid", 'import { v4, v5, validate } from "uuid"; export default [validate(v4()), v5("x", v5.URL)];', [True, "4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4"]),
    Package("nanoid", 'import { nanoid, customAlphabet } from "nanoid"; export default [nanoid().length, /^[ab]{5}$/.test(customAlphabet("ab", 5)())];', [21, True]),
    Package("ulid", 'import { ulid, decodeTime } from "ulid"; export default [ulid().length, decodeTime(ulid(1000))];', [26, 1000]),
    Package("object-hash", 'import hash from "object-hash"; export default [hash({ a: 1, b: 2 }) === hash({ b: 2, a: 1 }), hash("x").length];', [True, 40]),
    Package("jsonpath-plus", 'import { JSONPath } from "jsonpath-plus"; export default JSONPath({ path: "$.a[*].b", json: { a: [{ b: 1 }, { b: 2 }] } });', [1, 2]),
    # --- flow -------------------------------------------------------------------------------------------------------
    Package("p-limit", 'import pLimit from "p-limit"; const l = pLimit(1); const o = []; await Promise.all([1, 2].map((n) => l(async () => { o.push(n); await 0; o.push(-n); }))); export default o;', [1, -1, 2, -2]),
    Package("p-queue", 'import PQueue from "p-queue"; const q = new PQueue({ concurrency: 1 }); const o = []; q.add(() => o.push(1)); q.add(() => o.push(2), { priority: 1 }); await q.onIdle(); export default o;', [1, 2]),
    Package("p-retry", 'import pRetry from "p-retry"; let n = 0; export default await pRetry(() => { n += 1; if (n < 2) throw new Error("x"); return n; }, { retries: 2, minTimeout: 1 });', 2),
    Package("p-map", 'import pMap from "p-map"; export default await pMap([1, 2], async (x) => x * 2, { concurrency: 1 });', [2, 4]),
    Package("eventemitter3", 'import EventEmitter from "eventemitter3"; const e = new EventEmitter(); const o = []; e.on("x", (v) => o.push(v)); e.emit("x", 1); export default o;', [1]),
    Package("mitt", 'import mitt from "mitt"; const e = mitt(); const o = []; e.on("*", (t, v) => o.push([t, v])); e.emit("a", 1); export default o;', [["a", 1]]),
    Package("rxjs", 'import { from, map, filter, lastValueFrom, toArray } from "rxjs"; export default await lastValueFrom(from([1, 2, 3]).pipe(filter((x) => x > 1), map((x) => x * 2), toArray()));', [4, 6]),
    Package("neverthrow", 'import { ok, err } from "neverthrow"; export default [ok(1).map((x) => x + 1).unwrapOr(0), err("e").isErr()];', [2, True]),
    Package("ts-pattern", 'import { match, P } from "ts-pattern"; export default match({ t: "a", v: 2 }).with({ t: "a", v: P.number }, (x) => x.v).otherwise(() => 0);', 2),
    Package("debug", 'import debug from "debug"; const d = debug("x"); d("quiet"); export default [!d.enabled, typeof d.extend("y")];', [True, "function"]),
    Package("jsonwebtoken", 'import jwt from "jsonwebtoken"; export default jwt.decode("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.");', {"a": 1}),
    Package("acorn", 'import { parse } from "acorn"; export default parse("let x = 1", { ecmaVersion: 2022 }).body[0].kind;', "let"),
]  # fmt: skip

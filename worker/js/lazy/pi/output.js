// pi-coding-agent's helpers for what a tool gives back: cut to size, told in words.
"use strict";

const DEFAULT_MAX_LINES = 2000;
const DEFAULT_MAX_BYTES = 50 * 1024;

const encoder = new TextEncoder();
const bytesOf = (text) => encoder.encode(text).length;

function formatSize(bytes) {
  if (bytes < 1024) return `${bytes}B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)}KB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)}MB`;
}

/** Whole lines of *content* from one end, within both limits; the same answer in every case. */
function truncate(content, options, isHead) {
  const maxLines = options?.maxLines ?? DEFAULT_MAX_LINES;
  const maxBytes = options?.maxBytes ?? DEFAULT_MAX_BYTES;
  const lines = content.split("\n");
  const totalBytes = bytesOf(content);
  const told = { totalLines: lines.length, totalBytes, lastLinePartial: false, firstLineExceedsLimit: false, maxLines, maxBytes };
  if (lines.length <= maxLines && totalBytes <= maxBytes) {
    return { content, truncated: false, truncatedBy: null, outputLines: lines.length, outputBytes: totalBytes, ...told };
  }
  if (!isHead) lines.reverse();
  const kept = [];
  let size = 0;
  let truncatedBy = "lines";
  for (const line of lines) {
    if (kept.length >= maxLines) break;
    const more = bytesOf(line) + (kept.length > 0 ? 1 : 0);
    if (size + more > maxBytes) {
      truncatedBy = "bytes";
      break;
    }
    kept.push(line);
    size += more;
  }
  if (kept.length === 0 && truncatedBy === "bytes") {
    if (isHead) told.firstLineExceedsLimit = true;
    else {
      kept.push(endOf(lines[0], maxBytes)); // the end of one long line is better than nothing
      size = bytesOf(kept[0]);
      told.lastLinePartial = true;
    }
  }
  if (!isHead) kept.reverse();
  return { content: kept.join("\n"), truncated: true, truncatedBy, outputLines: kept.length, outputBytes: size, ...told };
}

/** The end of *text* in at most *maxBytes*, without half a character. */
function endOf(text, maxBytes) {
  const bytes = encoder.encode(text);
  let from = Math.max(0, bytes.length - maxBytes);
  while (from < bytes.length && (bytes[from] & 0xc0) === 0x80) from += 1;
  return new TextDecoder().decode(bytes.subarray(from));
}

/** {frontmatter, body} of a text that may begin with YAML between two lines of dashes. */
function parseFrontmatter(content) {
  const text = content.replace(/\r\n?/g, "\n");
  const end = text.startsWith("---") ? text.indexOf("\n---", 3) : -1;
  if (end < 0) return { frontmatter: {}, body: text };
  const parsed = require("vendor/yaml").parse(text.slice(4, end));
  return { frontmatter: parsed ?? {}, body: text.slice(end + 4).trim() };
}

const LANGUAGES = {
  ts: "typescript", tsx: "typescript", mts: "typescript", cts: "typescript", js: "javascript", jsx: "javascript", mjs: "javascript", cjs: "javascript",
  py: "python", rb: "ruby", rs: "rust", go: "go", java: "java", kt: "kotlin", swift: "swift", c: "c", h: "c", cpp: "cpp", cc: "cpp", cxx: "cpp",
  hpp: "cpp", cs: "csharp", php: "php", sh: "bash", bash: "bash", zsh: "bash", fish: "fish", ps1: "powershell", sql: "sql", html: "html", htm: "html",
  css: "css", scss: "scss", sass: "sass", less: "less", json: "json", yaml: "yaml", yml: "yaml", toml: "toml", xml: "xml", md: "markdown",
  markdown: "markdown", dockerfile: "dockerfile", makefile: "makefile", cmake: "cmake", lua: "lua", perl: "perl", r: "r", scala: "scala", clj: "clojure",
  ex: "elixir", exs: "elixir", erl: "erlang", hs: "haskell", ml: "ocaml", vim: "vim", graphql: "graphql", proto: "protobuf", tf: "hcl", hcl: "hcl",
};

const getLanguageFromPath = (path) => {
  const ending = path.split(".").pop()?.toLowerCase();
  return ending !== undefined && Object.hasOwn(LANGUAGES, ending) ? LANGUAGES[ending] : undefined;
};

const queues = new Map(); // path -> the last of those that wait

/** *fn()* when everybody who asked for the same *path* before has finished. */
async function withFileMutationQueue(path, fn) {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(() => fn());
  const settled = mine.then(() => undefined, () => undefined);
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

Object.assign(exports, {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_LINES,
  formatSize,
  getAgentDir: () => require("node/path").join(require("node/os").homedir(), ".pi", "agent"),
  getLanguageFromPath,
  parseFrontmatter,
  stripFrontmatter: (content) => parseFrontmatter(content).body,
  truncateHead: (content, options) => truncate(content, options, true),
  truncateTail: (content, options) => truncate(content, options, false),
  withFileMutationQueue,
});

// Runs a table of cases, in Node and in a worker alike: each is an expression, awaited, and shown as text.

/** What *value* is, as the right side of a case. */
const show = (value) => {
  if (value === undefined) return "undefined";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return Object.is(value, -0) ? "-0" : `${value}`;
  return JSON.stringify(value);
};

/** *setup* is code whose declarations the *cases* use; the texts of what they give, in order. */
async function runTable({ setup, cases }) {
  const run = (0, eval)(`(function () { ${setup}\nreturn (code) => eval("(async () => (" + code + "\\n))()"); })`)();
  const shown = [];
  for (const code of cases) {
    try {
      shown.push(show(await run(code)));
    } catch (error) {
      shown.push(`throws ${error?.name}`);
    }
  }
  return shown;
}

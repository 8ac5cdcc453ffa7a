// node:assert.
"use strict";

const { deepEqual, deepStrictEqual } = require("node/equal");
const { inspect } = require("vendor/inspect");

class AssertionError extends Error {
  constructor(options) {
    const { message, operator, actual, expected } = options;
    super(message === undefined ? `${inspect(actual)} ${operator} ${inspect(expected)}` : String(message));
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    this.generatedMessage = message === undefined;
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }
}

function fail(message, operator, actual, expected, told) {
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message: message ?? told, operator, actual, expected });
  error.generatedMessage = message === undefined || message === null;
  throw error;
}

const TOLD = {
  "==": "Expected values to be loosely equal:",
  "!=": "Expected \"actual\" to be loosely unequal to:",
  strictEqual: "Expected values to be strictly equal:",
  notStrictEqual: "Expected \"actual\" to be strictly unequal to:",
  deepEqual: "Expected values to be loosely deep-equal:",
  notDeepEqual: "Expected \"actual\" not to be loosely deep-equal to:",
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  notDeepStrictEqual: "Expected \"actual\" not to be strictly deep-equal to:",
};

function comparison(operator, holds) {
  return (actual, expected, message) => {
    if (holds(actual, expected)) return;
    const isNegative = operator.startsWith("not") || operator === "!=";
    const shown = isNegative ? inspect(expected) : `${inspect(actual)} !== ${inspect(expected)}`;
    fail(message, operator, actual, expected, `${TOLD[operator]}\n\n${shown}\n`);
  };
}

function ok(value, message) {
  if (value) return;
  const told = arguments.length === 0 ? "No value argument passed to `assert.ok()`" : "The expression evaluated to a falsy value";
  fail(message, "==", value, true, told);
}

/** Whether *error* is what *expected* describes; throws when it describes it and the details differ. */
function checkError(error, expected, message, operator) {
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected) || expected === Error) {
      fail(message, operator, error, expected, `The error is expected to be an instance of "${expected.name}". Received "${error?.constructor?.name}"\n\nError message:\n\n${error?.message}`);
    }
    if (expected.call({}, error) === true) return;
    fail(message, operator, error, expected, `The ${inspect(expected)} validation function is expected to return "true".`);
  }
  if (expected instanceof RegExp) {
    if (expected.test(String(error))) return;
    fail(message, operator, error, expected, `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`);
  }
  if (typeof expected === "object" && expected !== null) {
    const keys = Object.keys(expected);
    if (expected instanceof Error) keys.push("name", "message");
    for (const key of keys) {
      const isMatch = expected[key] instanceof RegExp && typeof error?.[key] === "string"
        ? expected[key].test(error[key])
        : deepStrictEqual(error?.[key], expected[key]);
      if (!isMatch) fail(message, operator, error, expected, `${TOLD.deepStrictEqual}\n\n${key}: ${inspect(error?.[key])} !== ${inspect(expected[key])}\n`);
    }
  }
}

const NOTHING = Symbol("nothing was thrown");

function caught(fn) {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return NOTHING;
}

async function rejection(given) {
  const promise = typeof given === "function" ? given() : given;
  if (typeof promise?.then !== "function") {
    throw Object.assign(new TypeError("Expected instance of Promise to be returned from the \"promiseFn\" function"), { code: "ERR_INVALID_RETURN_VALUE" });
  }
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return NOTHING;
}

function expectError(error, expected, message, operator) {
  const wanted = typeof expected === "string" ? undefined : expected;
  const told = typeof expected === "string" ? expected : message;
  if (error === NOTHING) {
    const what = operator === "rejects" ? "rejection" : "exception";
    const named = typeof wanted === "function" && wanted.name !== "" ? ` (${wanted.name})` : "";
    fail(undefined, operator, undefined, wanted, `Missing expected ${what}${named}${told === undefined ? "." : `: ${told}`}`);
  }
  if (wanted !== undefined) checkError(error, wanted, told, operator);
}

function expectNone(error, expected, message, operator) {
  if (error === NOTHING) return;
  const told = typeof expected === "string" ? expected : message;
  if (typeof expected === "function" && !(error instanceof expected)) throw error;
  const what = operator === "doesNotReject" ? "rejection" : "exception";
  fail(undefined, operator, error, expected, `Got unwanted ${what}${told === undefined ? "." : `: ${told}`}\nActual message: "${error?.message}"`);
}

function matching(operator, isWanted) {
  return (text, pattern, message) => {
    if (!(pattern instanceof RegExp)) throw Object.assign(new TypeError("The \"regexp\" argument must be an instance of RegExp."), { code: "ERR_INVALID_ARG_TYPE" });
    if (typeof text === "string" && pattern.test(text) === isWanted) return;
    const told = isWanted ? "The input did not match the regular expression" : "The input was expected to not match the regular expression";
    fail(message, operator, text, pattern, `${told} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`);
  };
}

const strictly = {
  equal: comparison("strictEqual", Object.is),
  notEqual: comparison("notStrictEqual", (actual, expected) => !Object.is(actual, expected)),
  deepEqual: comparison("deepStrictEqual", deepStrictEqual),
  notDeepEqual: comparison("notDeepStrictEqual", (actual, expected) => !deepStrictEqual(actual, expected)),
};

function assert(...args) {
  ok(...args);
}

Object.assign(assert, {
  AssertionError,
  ok,
  // == is what loose means here
  equal: comparison("==", (actual, expected) => actual == expected || (actual !== actual && expected !== expected)),
  notEqual: comparison("!=", (actual, expected) => !(actual == expected || (actual !== actual && expected !== expected))),
  strictEqual: strictly.equal,
  notStrictEqual: strictly.notEqual,
  deepEqual: comparison("deepEqual", deepEqual),
  notDeepEqual: comparison("notDeepEqual", (actual, expected) => !deepEqual(actual, expected)),
  deepStrictEqual: strictly.deepEqual,
  notDeepStrictEqual: strictly.notDeepEqual,
  throws: (fn, expected, message) => expectError(caught(fn), expected, message, "throws"),
  doesNotThrow: (fn, expected, message) => expectNone(caught(fn), expected, message, "doesNotThrow"),
  rejects: async (promise, expected, message) => expectError(await rejection(promise), expected, message, "rejects"),
  doesNotReject: async (promise, expected, message) => expectNone(await rejection(promise), expected, message, "doesNotReject"),
  match: matching("match", true),
  doesNotMatch: matching("doesNotMatch", false),
  fail: (message = "Failed") => fail(message, "fail", undefined, undefined, message),
  ifError: (value) => {
    if (value === null || value === undefined) return;
    fail(undefined, "ifError", value, null, `ifError got unwanted exception: ${value?.message ?? inspect(value)}`);
  },
});

function strict(...args) {
  ok(...args);
}
Object.assign(strict, assert, strictly);
assert.strict = strict;
strict.strict = strict;
module.exports = assert;

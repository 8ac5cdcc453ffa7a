// Randomness. The bootstrap runs once and is forked into every worker, so nothing is drawn here:
// LOAD seeds the generator from the worker's own keyed one.
//
// Promises    Math.random differs between workers and is uniform in [0, 1) with 53 bits. It is not a secret
//             source. Ids come from __py.entropy, which is.

const randomState = { __proto__: null, a: 1, b: 2, c: 3, d: 4 };

/** Seed Math.random from the engine's entropy. */
function seedRandom() {
  const hex = __py.entropy(16);
  randomState.a = parseInteger(stringSlice(hex, 0, 8), 16) | 0;
  randomState.b = parseInteger(stringSlice(hex, 8, 16), 16) | 0;
  randomState.c = parseInteger(stringSlice(hex, 16, 24), 16) | 0;
  randomState.d = parseInteger(stringSlice(hex, 24, 32), 16) | 0 || 1; // all zero would stay zero
}

/** The next 32 bits of xoshiro128**, as an unsigned number. */
function nextRandom() {
  const s = randomState;
  const x = mathImul(s.b, 5);
  const result = mathImul((x << 7) | (x >>> 25), 9) >>> 0;
  const t = s.b << 9;
  s.c ^= s.a;
  s.d ^= s.b;
  s.b ^= s.c;
  s.a ^= s.d;
  s.c ^= t;
  s.d = (s.d << 11) | (s.d >>> 21);
  return result;
}

const random = () => (mathFloor(nextRandom() / 64) * 134217728 + mathFloor(nextRandom() / 32)) / 9007199254740992;
defineProperty(random, "name", { __proto__: null, value: "random" });
defineProperty(Math, "random", {
  __proto__: null, value: random, writable: true, enumerable: false, configurable: true,
});

/** A version 4 UUID from cryptographic randomness. */
function uuid() {
  const hex = __py.entropy(16);
  const variant = "89ab"[parseInteger(hex[16], 16) & 3];
  return arrayJoin([
    stringSlice(hex, 0, 8), stringSlice(hex, 8, 12), `4${stringSlice(hex, 13, 16)}`,
    `${variant}${stringSlice(hex, 17, 20)}`, stringSlice(hex, 20, 32),
  ], "-");
}

// Attack: throws at every key, whatever can be thrown.
// Expected: its worker goes on.
import { attempted, onceSeen } from "./lib/everywhere.js";

const thrown = [undefined, null, "x", { toString() { throw 1; } }, new Proxy({}, { get() { throw 2; } }), Symbol("s")];
let at = 0;
onceSeen(() => {
  pi.ui.custom(() => ({ render: () => { if (at++ % 2) throw thrown[at % thrown.length]; return ["thrown"]; }, handleInput: () => { throw thrown[at++ % thrown.length]; }, invalidate: () => { throw thrown[0]; } })).catch(() => {});
  attempted();
});

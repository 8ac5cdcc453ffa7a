// Attack: renders what is no lines.
// Expected: nothing, or what of it is text; its worker goes on.
import { again, attempted, onceSeen } from "./lib/everywhere.js";

const made = [null, 7, "text", {}, [null], [7, {}, ["x"], Symbol("x")], Array(1e6), new Proxy([], { get() { throw 1; } }), [{ toString() { throw 1; } }], [Object("boxed")], { length: 1e9 }, () => ["f"]];
let n = 0;
onceSeen(() => {
  pi.ui.custom((tui) => { again(() => tui.requestRender(), { ms: 5 }); return { render: () => made[n++ % made.length], handleInput: () => true, invalidate: () => {} }; }).catch(() => {});
  attempted();
});

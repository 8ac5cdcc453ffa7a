// Attack: grows and shrinks beside the line in which the person types.
// Expected: the line stays where it can be seen.
import { again } from "./lib/everywhere.js";

again((n) => pi.ui.setWidget("w", n % 3 ? Array.from({ length: 200 }, (_, at) => `row ${at} of ${n}`) : undefined, { placement: n % 2 ? "aboveEditor" : "belowEditor" }), { often: 3, ms: 5 });

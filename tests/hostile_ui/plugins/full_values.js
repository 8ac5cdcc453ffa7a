// Attack: holds as many bytes as every entry may have, in every entry.
// Expected: a mebibyte of a plugin in all.
import { again } from "./lib/everywhere.js";

again((n) => pi.ui.setWidget(`w${n % 64}`, Array.from({ length: 100 }, () => `${n} `.repeat(90))), { often: 4, ms: 5 });

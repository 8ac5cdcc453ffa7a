// Attack: guesses the console's mark, thousands a second.
// Expected: row 0 alone has it; a guess stands in its own frame.
import { again } from "./lib/everywhere.js";

const first = "amber brave calm clear copper dusty fair gentle golden green happy jolly kind lucky mellow misty noble plain proud quiet rapid red sharp silver smooth steady sunny swift true warm wild wise sure".split(" ");
const second = "acorn anchor badger beacon birch candle canoe castle comet crane eagle falcon fox garden hawk heron island lark lemon lion maple mole moose oak otter owl panda pony raven river robin salmon swan tiger tower willow".split(" ");
again((n) => pi.ui.setStatus(`s${n % 50}`, `[${first[n % first.length]} ${second[(n * 7) % second.length]}]`), { often: 20, ms: 5 });

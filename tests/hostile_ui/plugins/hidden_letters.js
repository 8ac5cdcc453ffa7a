// Attack: writes in tags, private and unassigned characters.
// Expected: nothing that is not seen.
import { everywhere } from "./lib/everywhere.js";

everywhere("visible\u{e0041}\u{e0042}\u{e007f}\ue000\u{10fffd}\ufdd0\u{1fffe}");

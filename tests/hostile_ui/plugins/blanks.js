// Attack: is not empty, but looks so.
// Expected: nothing that takes part in a line without being seen in it.
import { everywhere } from "./lib/everywhere.js";

everywhere("\u200b\u2060\ufeff\u00ad\u3164\uffa0\u115f\u2800\u180e");

// Attack: makes a link of harmless words.
// Expected: the words, without the link.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b]8;;file:///etc/passwd\x1b\\docs\x1b]8;;\x1b\\");

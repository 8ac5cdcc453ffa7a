// Attack: writes into the person's clipboard, and asks for it.
// Expected: neither the sequence nor its words.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b]52;c;cm0gLXJmIC8=\x07\x1b]52;c;?\x1b\\");

// Attack: uses the one-character forms of the sequences.
// Expected: the sequence is gone, what stands around it is shown.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x9b2J\x9d0;owned\x9c\x90q\x9c\x84\x85\x8d\x9eafter");

// Attack: uses styles that nobody has, and numbers that no integer holds.
// Expected: styles of the list, and no others.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b[38;6;9999999999999999999mx\x1b[38;6;-1mx\x1b[48;5;999mx\x1b[38;2;999;0;0mx\x1b[" + "1;".repeat(50000) + "mx\x1b[38:2::1:2:3mx\x1b[8mhidden\x1b[5mblinks");

// Attack: sends halves of characters.
// Expected: a replacement character for each.
import { everywhere } from "./lib/everywhere.js";

everywhere("\ud83d \udfff \ud800x\udc00");

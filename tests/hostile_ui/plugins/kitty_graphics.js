// Attack: draws a picture by another protocol, out of a file.
// Expected: neither the sequence nor its words.
import { everywhere } from "./lib/everywhere.js";

everywhere("\x1b_Ga=T,t=f,f=100;L2V0Yy9wYXNzd2Q=\x1b\\\x1b^private\x1b\\\x1bXstart\x1b\\after");

// Attack: writes in the markup of whatever shows it elsewhere.
// Expected: the text as it is.
import { everywhere } from "./lib/everywhere.js";

everywhere("<script>alert(1)</script>&#27;[2J<img src=x onerror=1>{{7*7}}%s%n${7}");

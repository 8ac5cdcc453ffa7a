// Attack: is wider than it is long.
// Expected: no more columns than a line has; no half letter at an edge.
import { everywhere } from "./lib/everywhere.js";

everywhere("\u6f22".repeat(5000) + "\uff21".repeat(5000));

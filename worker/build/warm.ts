// Compiled once when the builder starts, so that everything lazy in the compiler has happened.
import { join } from "node:path";
import type { Nothing } from "./nothing";

enum Colour { Red, Green = 4 }

export default async function warm(pi: { on(name: string, fn: () => void): void }): Promise<Nothing | string> {
  const { a, ...rest } = { a: Colour.Red, b: [1, 2, 3] as const };
  pi.on("x", () => { void rest; });
  if (rest) pi.on("if", () => {}); // here the compiler asks /proc, once, where its stack ends
  else pi.on("else", () => {});
  return join(String(a), `${rest.b[0]}`);
}

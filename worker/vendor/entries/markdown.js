// Markdown, in tokens: blocks, and what stands in a line.
export { Marked, Tokenizer } from "marked";

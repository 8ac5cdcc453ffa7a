// How many columns of a terminal a character takes.
export { eastAsianWidth } from "get-east-asian-width";

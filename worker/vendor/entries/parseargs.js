// util.parseArgs.
export { parseArgs } from "@pkgjs/parseargs";

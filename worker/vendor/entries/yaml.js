export { parse, parseAllDocuments, stringify } from "yaml";

import ListFormat from "@formatjs/intl-listformat";
import RelativeTimeFormat from "@formatjs/intl-relativetimeformat";
import { settle } from "./intl.js";

settle("ListFormat", ListFormat);
settle("RelativeTimeFormat", RelativeTimeFormat);
export { ListFormat, RelativeTimeFormat };

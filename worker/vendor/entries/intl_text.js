// Intl.RelativeTimeFormat and Intl.ListFormat for English.
import { ListFormat, RelativeTimeFormat } from "../shims/text_format.js";
import "@formatjs/intl-listformat/locale-data/en.js";
import "@formatjs/intl-relativetimeformat/locale-data/en.js";
import { speakEnglish } from "../shims/english.js";

speakEnglish(ListFormat, RelativeTimeFormat);
export { ListFormat, RelativeTimeFormat };

// Intl.DateTimeFormat for English; names of time zones other than UTC are in intl_zones.js.
import { DateTimeFormat } from "../shims/date_format.js";
import "@formatjs/intl-datetimeformat/locale-data/en.js";
import { speakEnglish } from "../shims/english.js";

speakEnglish(DateTimeFormat);
export { DateTimeFormat };

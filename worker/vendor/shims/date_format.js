import { DateTimeFormat } from "@formatjs/intl-datetimeformat";
import { settle } from "./intl.js";

// Every pattern of a locale is parsed before the first date is shown; those of ranges would be five sixths of the time.
// Programs read what toLocaleTimeString gives: as in every browser, what stands before AM is the space that it always was.
const plainSpaces = (part) => JSON.parse(JSON.stringify(part).replaceAll("\u202f", " "));
const add = DateTimeFormat.__addLocaleData;
DateTimeFormat.__addLocaleData = ({ data, locale }) => {
  const { intervalFormatFallback } = data.intervalFormats;
  const at = "{1} 'at' {0}"; // between a long date and a time; the package has what stands between a date and anything
  const dateTimeFormat = { ...data.dateTimeFormat, full: at, long: at };
  const { formats, timeFormat } = plainSpaces({ formats: data.formats, timeFormat: data.timeFormat });
  add({ locale, data: { ...data, formats, timeFormat, dateTimeFormat, intervalFormats: { intervalFormatFallback } } });
};
delete DateTimeFormat.prototype.formatRange;
delete DateTimeFormat.prototype.formatRangeToParts;
settle("DateTimeFormat", DateTimeFormat);
export { DateTimeFormat };

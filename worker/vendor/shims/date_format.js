import { DateTimeFormat } from "@formatjs/intl-datetimeformat";
import { settle } from "./intl.js";

// Every pattern of a locale is parsed before the first date is shown; those of ranges would be five sixths of the time.
const add = DateTimeFormat.__addLocaleData;
DateTimeFormat.__addLocaleData = ({ data, locale }) => {
  const { intervalFormatFallback } = data.intervalFormats;
  const at = "{1} 'at' {0}"; // between a long date and a time; the package has what stands between a date and anything
  const dateTimeFormat = { ...data.dateTimeFormat, full: at, long: at };
  add({ locale, data: { ...data, dateTimeFormat, intervalFormats: { intervalFormatFallback } } });
};
delete DateTimeFormat.prototype.formatRange;
delete DateTimeFormat.prototype.formatRangeToParts;
settle("DateTimeFormat", DateTimeFormat);
export { DateTimeFormat };

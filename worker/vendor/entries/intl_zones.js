// The world's time zones and when their clocks changed, for intl_date.js.
import "@formatjs/intl-datetimeformat/add-golden-tz.js";

// Intl.NumberFormat and Intl.PluralRules for English.
import { NumberFormat, PluralRules } from "../shims/number_format.js";
import "@formatjs/intl-numberformat/locale-data/en.js";
import "@formatjs/intl-pluralrules/locale-data/en.js";
import { speakEnglish } from "../shims/english.js";

speakEnglish(NumberFormat, PluralRules);
export { NumberFormat, PluralRules };

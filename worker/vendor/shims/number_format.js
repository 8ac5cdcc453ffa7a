import { NumberFormat } from "@formatjs/intl-numberformat";
import { PluralRules } from "@formatjs/intl-pluralrules";
import { settle } from "./intl.js";

settle("NumberFormat", NumberFormat);
settle("PluralRules", PluralRules);
export { NumberFormat, PluralRules };

// Intl.Segmenter: graphemes, words and sentences by Unicode's own rules.
export { Segmenter } from "@formatjs/intl-segmenter";

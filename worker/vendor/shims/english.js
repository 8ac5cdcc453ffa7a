/** American English is English; it is what is used when nothing is asked for. */
export function speakEnglish(...Classes) {
  for (const Class of Classes) {
    Class.localeData["en-US"] = Class.localeData.en;
    if (Array.isArray(Class.availableLocales)) Class.availableLocales.push("en-US");
    else Class.availableLocales.add("en-US");
    Class.__defaultLocale = "en-US";
  }
}

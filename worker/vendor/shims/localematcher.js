// Which locale is used for what was asked (ECMA-402, the lookup matcher). The package's own compares languages by
// distance, with 250 KB of tables; where the choice is between forms of English, cutting the tag at its end is enough.

/** The longest beginning of *tag* that is available. */
function bestAvailable(available, tag) {
  let candidate = tag;
  for (;;) {
    if (available.includes(candidate)) return candidate;
    let cut = candidate.lastIndexOf("-");
    if (cut < 0) return undefined;
    if (cut >= 2 && candidate[cut - 2] === "-") cut -= 2;
    candidate = candidate.slice(0, cut);
  }
}

/** *tag* without its -u- extension, and the keywords of that. */
function split(tag) {
  const match = /-u((?:-[a-z0-9]{2,8})+)/i.exec(tag);
  if (match === null) return { bare: tag, keywords: new Map() };
  const keywords = new Map();
  let key = null;
  for (const part of match[1].slice(1).split("-")) {
    if (part.length === 2) {
      key = keywords.has(part) ? null : part;
      if (key !== null) keywords.set(key, "");
    } else if (key !== null) keywords.set(key, keywords.get(key) === "" ? part : `${keywords.get(key)}-${part}`);
  }
  return { bare: tag.replace(match[0], ""), keywords };
}

export function LookupSupportedLocales(available, requested) {
  return requested.filter((tag) => bestAvailable([...available], split(tag).bare) !== undefined);
}

export function match(requested, available, fallback) {
  for (const tag of requested) {
    const found = bestAvailable([...available], split(tag).bare);
    if (found !== undefined) return found;
  }
  return fallback;
}

export function ResolveLocale(available, requested, options, keys, localeData, getDefaultLocale) {
  let dataLocale = getDefaultLocale();
  let keywords = new Map();
  for (const tag of requested) {
    const asked = split(tag);
    const found = bestAvailable([...available], asked.bare);
    if (found !== undefined) {
      dataLocale = found;
      keywords = asked.keywords;
      break;
    }
  }
  const result = { __proto__: null, dataLocale };
  const extensions = [];
  for (const key of keys) {
    const values = localeData[dataLocale]?.[key] ?? [];
    let value = values[0];
    let kept = false;
    const asked = keywords.get(key);
    if (asked !== undefined && values.includes(asked || "true")) {
      value = asked || "true";
      kept = true;
    }
    const option = options[key];
    if (option !== undefined && option !== value && values.includes(option)) {
      value = option;
      kept = false;
    }
    if (kept) extensions.push(asked === "" ? key : `${key}-${asked}`);
    result[key] = value;
  }
  result.locale = extensions.length === 0 ? dataLocale : `${dataLocale}-u-${extensions.sort().join("-")}`;
  return result;
}

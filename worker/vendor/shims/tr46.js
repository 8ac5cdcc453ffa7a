// International host names need 230 KB of tables, and next to no URL has one: they are loaded by the first that does.
const isPlain = (domain) => /^[\x00-\x7f]*$/.test(domain) && !/(^|\.)xn--/i.test(domain);
const tables = () => require("vendor/idna");

export function toASCII(domain, options) {
  const strict = options.checkHyphens || options.useSTD3ASCIIRules || options.verifyDNSLength;
  return !strict && isPlain(domain) ? domain.toLowerCase() : tables().toASCII(domain, options);
}

export function toUnicode(domain, options) {
  return tables().toUnicode(domain, options);
}

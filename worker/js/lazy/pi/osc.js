// Notices that a program sends its terminal as escape sequences, taken out of what a plugin writes to its output:
// OSC 9 ; text, OSC 777 ; notify ; title ; text, and kitty's OSC 99 ; metadata ; text, in parts.
"use strict";

const SEQUENCE = /\x1b\](9|99|777);([^\x07\x1b]*)(?:\x07|\x1b\\)/g;
const MAX_OPEN = 16;

const open = new Map(); // kitty's id -> {title, body}: more is to come

/** What is left of *text* without its notices; each is given to *notify*. */
exports.take = function take(text, notify) {
  return text.replace(SEQUENCE, (whole, kind, rest) => {
    if (kind === "99") return kitty(rest, notify);
    if (kind === "777") {
      const [verb, title, ...body] = rest.split(";");
      if (verb !== "notify") return whole;
      notify(said(title ?? "", body.join(";")));
      return "";
    }
    if (/^4(;|$)/.test(rest)) return whole; // progress, of another terminal
    notify(rest);
    return "";
  });
};

const said = (title, body) => (title !== "" && body !== "" ? `${title}: ${body}` : title + body);

function kitty(rest, notify) {
  const at = rest.indexOf(";");
  const fields = new Map((at < 0 ? rest : rest.slice(0, at)).split(":").map((field) => [field.slice(0, 1), field.slice(2)]));
  const payload = at < 0 ? "" : rest.slice(at + 1);
  const part = fields.get("p") ?? "title";
  if (part !== "title" && part !== "body") return ""; // icons, buttons, questions to the terminal
  const id = fields.get("i") ?? "";
  const notice = open.get(id) ?? { title: "", body: "" };
  notice[part] += (fields.get("e") === "1" ? decoded(payload) : payload).slice(0, 4096);
  open.delete(id);
  if (fields.get("d") !== "0") notify(said(notice.title, notice.body));
  else {
    if (open.size >= MAX_OPEN) open.delete(open.keys().next().value);
    open.set(id, notice);
  }
  return "";
}

function decoded(payload) {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(payload));
  } catch {
    return "";
  }
}

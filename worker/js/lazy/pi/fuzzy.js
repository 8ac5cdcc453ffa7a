// Fuzzy search: the letters of a query in their order, not always side by side. A lower score is a better match.
"use strict";

function inOrder(wanted, held) {
  if (wanted === "") return { matches: true, score: 0 };
  let score = 0;
  let at = 0;
  let last = -1;
  let run = 0;
  for (const letter of wanted) {
    const found = held.indexOf(letter, at);
    if (found < 0) return { matches: false, score: 0 };
    const isStart = found === 0 || /[\s\-_./:]/.test(held[found - 1]);
    if (found === last + 1) {
      run += 1;
      score -= run * 5;
    } else {
      run = 0;
      if (last >= 0) score += (found - last - 1) * 2;
    }
    if (isStart) score -= 10;
    score += found * 0.1;
    last = found;
    at = found + letter.length;
  }
  return { matches: true, score: wanted === held ? score - 100 : score };
}

/** {matches, score} of *query* in *text*; of letters and digits also the other way round, which is a little worse. */
function fuzzyMatch(query, text) {
  const wanted = query.toLowerCase();
  const held = text.toLowerCase();
  const direct = inOrder(wanted, held);
  const parts = /^([a-z]+)([0-9]+)$|^([0-9]+)([a-z]+)$/.exec(wanted);
  if (direct.matches || parts === null) return direct;
  const swapped = inOrder((parts[2] ?? parts[4]) + (parts[1] ?? parts[3]), held);
  return swapped.matches ? { matches: true, score: swapped.score + 5 } : direct;
}

/** The items whose text holds every word of *query*, best first. */
function fuzzyFilter(items, query, getText) {
  const words = query.trim().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return items;
  const found = [];
  for (const item of items) {
    const results = words.map((word) => fuzzyMatch(word, getText(item)));
    if (results.every((result) => result.matches)) found.push({ item, score: results.reduce((sum, result) => sum + result.score, 0) });
  }
  return found.sort((a, b) => a.score - b.score).map((entry) => entry.item);
}

Object.assign(exports, { fuzzyFilter, fuzzyMatch });

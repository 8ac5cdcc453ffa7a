// Attack: registers and takes back keys, commands and views, all the time.
// Expected: the host keeps up; nothing is left of it.
import { again } from "./lib/everywhere.js";

again((n) => {
  const off = pi.tui.keymap.register(`ctrl+alt+${"abcdefghij"[n % 10]}`, () => {}, { description: `binding ${n}` });
  const gone = pi.tui.route.register(`r${n % 70}`, { title: `view ${n}`, component: () => ({ render: () => [`${n}`] }) });
  if (n % 2) { off(); gone(); }
}, { often: 10, ms: 5 });

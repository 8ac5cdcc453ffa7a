// Attack: covers all with an overlay as large as it can be, again as soon as it is left.
// Expected: the console's rows are never under it.
import { attempted, onceSeen, showing } from "./lib/everywhere.js";

const cover = () => pi.ui.custom(() => showing(...Array.from({ length: 500 }, () => "\x1b[7m" + "#".repeat(500))), { overlay: true, overlayOptions: { width: "100%", maxHeight: "100%", anchor: "top-left", offsetX: -50, offsetY: -50, row: -5, col: -5, margin: -9 } });
onceSeen(async () => { attempted(); for (;;) { try { await cover(); } catch { await pi.sleep(20); } } });

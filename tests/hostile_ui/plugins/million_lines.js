// Attack: sets a widget of a million lines.
// Expected: cut or refused; the host reads no more of them than are shown.
import { attempted } from "./lib/everywhere.js";

pi.ui.setWidget("hostile", Array.from({ length: 1000000 }, () => ""));
pi.ui.setWidget("ends", "\n".repeat(60000));
attempted();

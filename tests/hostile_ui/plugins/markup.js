// Attack: writes in the markup of the console's own toolkit.
// Expected: the brackets, as text.
import { everywhere } from "./lib/everywhere.js";

everywhere("[bold red on white]x[/][@click=app.exit]go[/][link=http://x]y[/link][/] [[ \\[ :smile: $accent");

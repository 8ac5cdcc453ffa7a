// Conventions: what CONVENTIONS.md says is told to every agent that starts, so that nobody has to repeat it.

import type { Ctx, Pi } from "jcode-plugin";

export default function (pi: Pi) {
  const files: string[] = pi.settings.files ?? ["CONVENTIONS.md"];
  const most: number = pi.settings.max_characters ?? 8000;
  const told = new Set<string>();

  /** The files that are there, or null. Read every time: they change while people work. */
  async function conventions(ctx: Ctx): Promise<string | null> {
    const parts: string[] = [];
    for (const file of files) {
      try {
        const text = (await ctx.fs.readText(`${ctx.cwd}/${file}`)).trim();
        if (text) parts.push(`From ${file} of this project:\n\n${text}`);
      } catch (error: any) {
        if (error.code !== "E_NOT_FOUND") pi.logger.warn(`${file} is not read: ${error.message}`);
      }
    }
    if (parts.length === 0) return null;
    const all = parts.join("\n\n");
    return all.length <= most ? all : `${all.slice(0, most)}\n(cut here; read the file for the rest)`;
  }

  pi.on("AgentStart", async (_event, _output, ctx) => {
    const text = await conventions(ctx);
    if (text) return { additional_system_prompt: [text] };
  });

  pi.on("UserPromptSubmit", async (event, _output, ctx) => {
    if (!pi.settings.in_prompt || told.has(event.session_id)) return;
    const text = await conventions(ctx);
    if (!text) return;
    if (told.size >= 1000) told.clear();
    told.add(event.session_id);
    return { modified_prompt: `${text}\n\n---\n\n${event.content}` };
  });
}

// The notes of workbench.ts: a small store on top of the key-value API.

import defaults from "./defaults.json";

export interface Note {
  id: string;
  text: string;
  tags: string[];
}

interface Store {
  get(key: string): unknown;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  list(prefix?: string): string[];
}

const PREFIX = "note:";

export class Notes {
  constructor(
    private readonly kv: Store,
    private readonly makeId: () => string,
  ) {}

  /** Every note, in the order of their ids. Reads are answered at once. */
  all(): Note[] {
    return this.kv.list(PREFIX).map((key) => this.kv.get(key) as Note);
  }

  /** Keep a note; the promise resolves when it is on disk. */
  async add(text: string, tags: string[] = []): Promise<Note> {
    if (this.all().length >= defaults.max_notes) throw new Error(`there are ${defaults.max_notes} notes already`);
    const note = { id: this.makeId().slice(0, 8), text, tags };
    await this.kv.set(PREFIX + note.id, note);
    return note;
  }

  /** Forget a note; false when there is none of that id. */
  async remove(id: string): Promise<boolean> {
    if (this.kv.get(PREFIX + id) === null) return false;
    await this.kv.delete(PREFIX + id);
    return true;
  }
}

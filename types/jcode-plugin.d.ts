// Types of the plugin API, version 0.30: what `pi` (alias `jcode`) and a handler's `ctx` are in a worker.
//
//   import type { Pi } from "jcode-plugin";            // or: /// <reference path="jcode-plugin.d.ts" />
//   export default function (pi: Pi) { pi.on("PreToolUse", (event) => { ... }); }
//
// Only types: nothing of this file runs. Every privileged call may reject or throw a PluginError.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: any };

/** What the host refuses. `code` is stable: E_DENIED, E_QUOTA, E_TIMEOUT, E_CANCELLED, E_NOT_FOUND, E_INVALID, ... */
export interface PluginError extends Error {
  code: string;
}

// --- events ------------------------------------------------------------------------------------------------

/** The fields of each event. They can be read in camelCase as well: `event.toolName`. */
export interface EventFields {
  PreToolUse: { tool_name: string; tool_input: JsonObject; session_id: string };
  PostToolUse: { tool_name: string; tool_input: JsonObject; tool_output: any; duration_ms: number; success: boolean; session_id: string };
  PostToolUseFailure: { tool_name: string; tool_input: JsonObject; error: string; duration_ms: number; session_id: string };
  ToolExecutionStart: { tool_name: string; tool_input: JsonObject; session_id: string };
  ToolExecutionEnd: { tool_name: string; tool_output: any; duration_ms: number; session_id: string };
  SessionStart: { session_id: string; project_dir: string; model: string; provider: string };
  SessionEnd: { session_id: string; duration_seconds: number; message_count: number };
  SessionSwitch: { session_id: string; target_session_id: string };
  SessionCompact: { session_id: string; reason: string };
  SessionBeforeCompact: { session_id: string; reason: string };
  SessionShutdown: { session_id: string; duration_seconds: number; message_count: number };
  PermissionRequest: { action: string; tool_name?: string; target?: string; session_id: string };
  PermissionDenied: { action: string; tool_name?: string; target?: string; reason: string; session_id: string };
  AgentStart: { session_id: string; system_prompt: string; tools: any[] };
  AgentEnd: { session_id: string; duration_seconds: number; message_count: number };
  TurnStart: { session_id: string; turn_number: number; messages: any[] };
  TurnEnd: { session_id: string; turn_number: number; duration_ms: number };
  MessageStart: { session_id: string; role: string };
  MessageEnd: { session_id: string; role: string; content: any };
  PreCompact: { session_id: string; message_count: number; token_count: number; system_prompt: string };
  PostCompact: { session_id: string; messages_removed: number; tokens_saved: number };
  TaskCreated: { session_id: string; task_id: string; subject: string };
  TaskCompleted: { session_id: string; task_id: string; success: boolean };
  AutoCompactionStart: { session_id: string; message_count: number; token_count: number; system_prompt: string };
  UserPromptSubmit: { content: string; session_id: string };
  Stop: { session_id: string; reason: string };
  Notification: { level: string; message: string; session_id?: string };
  SessionBeforeSwitch: { session_id: string; reason: "new" | "resume"; target_session_id?: string };
  SessionBeforeFork: { session_id: string; entry_id: string; position: "before" | "at" };
  SessionTree: { session_id: string; reason: string };
  ModelSelect: { session_id: string; model: any; previous_model?: any; source: string };
}

/** What a handler of each event may give. Each takes its right: veto, rewrite or decide. */
export interface EventOutputs {
  PreToolUse: { block?: string | boolean; modified_input?: JsonObject };
  PostToolUse: { modified_output?: any };
  PostToolUseFailure: {};
  ToolExecutionStart: {};
  ToolExecutionEnd: {};
  SessionStart: {};
  SessionEnd: {};
  SessionSwitch: {};
  SessionCompact: {};
  SessionBeforeCompact: {};
  SessionShutdown: {};
  PermissionRequest: { decision?: "allow" | "deny" | "ask"; message?: string };
  PermissionDenied: {};
  AgentStart: { additional_system_prompt?: string | string[]; system_prompt?: string; messages?: any[] };
  AgentEnd: {};
  TurnStart: {};
  TurnEnd: {};
  MessageStart: {};
  MessageEnd: {};
  PreCompact: { system_prompt?: string; instructions?: string; prevent?: string | boolean };
  PostCompact: {};
  TaskCreated: {};
  TaskCompleted: {};
  AutoCompactionStart: {};
  UserPromptSubmit: { block?: string | boolean; modified_prompt?: string };
  Stop: { reason?: string };
  Notification: { suppress?: boolean; modified_message?: string };
  SessionBeforeSwitch: { block?: string | boolean; cancel?: boolean };
  SessionBeforeFork: { block?: string | boolean; cancel?: boolean };
  SessionTree: {};
  ModelSelect: {};
}

export type EventName = keyof EventFields;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type WithCamel<T> = T & { [K in keyof T as Camel<K & string>]: T[K] };

export type PluginEvent<N extends EventName> = WithCamel<EventFields[N]> & { event: N; [more: string]: any };
export type EventOutput<N extends EventName> = EventOutputs[N] & { [K in keyof EventOutputs[N] as Camel<K & string>]?: EventOutputs[N][K] };

export type EventResult<N extends EventName> =
  | void
  | undefined
  | EventOutput<N>
  | { action: "continue" | "block" | "allow" | "deny" | "error" | { block: string }; output?: EventOutput<N> | string; error?: string };

export type EventHandler<N extends EventName> = (
  event: PluginEvent<N>,
  output: EventOutput<N>,
  ctx: Ctx,
) => EventResult<N> | Promise<EventResult<N>>;

/** The events of pi's extensions, each with pi's own event object. */
export type PiEventName =
  | "agent_end"
  | "agent_start"
  | "before_agent_start"
  | "input"
  | "message_end"
  | "message_start"
  | "model_select"
  | "session_before_fork"
  | "session_before_switch"
  | "session_compact"
  | "session_shutdown"
  | "session_start"
  | "session_switch"
  | "session_tree"
  | "tool_call"
  | "tool_execution_end"
  | "tool_execution_start"
  | "tool_result"
  | "turn_end"
  | "turn_start";

// --- tools, commands, what else is registered -------------------------------------------------------------

export type Tier = "read" | "write" | "exec";
export type ContentBlock = { type: string; text?: string; [more: string]: any };

export interface ToolResult {
  output?: any;
  content?: ContentBlock[];
  title?: string;
  metadata?: any;
  images?: any[];
  details?: any;
  is_error?: boolean;
  isError?: boolean;
}

export type OnUpdate = (partial: ToolResult | Json) => void;

export interface ToolDefinition<P = any> {
  name: string;
  description: string;
  label?: string;
  /** A JSON Schema; what does not fit it does not reach the tool. */
  parameters?: object;
  /** A JSON Schema of `output`; what does not fit it does not reach the agent. */
  outputSchema?: object;
  /** The same as outputSchema. */
  returns?: object;
  tier?: Tier;
  handler?(params: P, ctx: Ctx): any;
  /** pi's way: (id, params, signal, onUpdate, ctx); before 0.51 (id, params, onUpdate, ctx, signal), told apart by names. */
  execute?(id: string, params: P, ...rest: any[]): any;
  prepareArguments?(params: any): P;
}

/** What a file in a tools directory exports as its default; a single tool without a name has the file's. */
export type ToolFile =
  | (Omit<ToolDefinition, "name"> & { name?: string })
  | ToolDefinition[]
  | ((pi: ToolPi) => ToolFileResult | Promise<ToolFileResult>);
export type ToolFileResult = (Omit<ToolDefinition, "name"> & { name?: string }) | ToolDefinition[] | void;

export interface ToolInfo {
  name: string;
  description: string;
  tier?: Tier;
  plugin?: string;
  parameters?: object;
}

export interface Completion {
  value: string;
  label?: string;
  description?: string;
}

export interface CommandDefinition {
  name?: string;
  description?: string;
  handler(args: string, ctx: Ctx): any;
  getArgumentCompletions?(prefix: string, ctx: Ctx): (string | Completion)[] | null | Promise<(string | Completion)[] | null>;
}

export interface FlagOptions {
  type?: "boolean" | "string";
  default?: boolean | string;
  description?: string;
}

export interface ShortcutOptions {
  description?: string;
  handler?(ctx: Ctx): any;
}

export interface CommandInfo {
  name: string;
  description: string;
  source: "extension";
  /** `path` is "" for another plugin's command. */
  sourceInfo: { path: string; source: string; scope: string };
}

/** Plain data: functions in it stay in the plugin. */
export interface ProviderDefinition {
  name?: string;
  baseUrl?: string;
  api?: string;
  apiKey?: string;
  displayName?: string;
  models?: (string | { id: string; [more: string]: any })[];
  [more: string]: any;
}

// --- what the host does for a plugin ------------------------------------------------------------------------

export interface Logger {
  debug(...values: any[]): void;
  info(...values: any[]): void;
  warn(...values: any[]): void;
  error(...values: any[]): void;
}

/** Small JSON values that stay. `get` and `list` answer at once; `set` and `delete` resolve when it is on the disk. */
export interface Kv {
  get(key: string): any;
  list(prefix?: string): string[];
  set(key: string, value: any): Promise<void>;
  delete(key: string): Promise<any>;
}

export interface Env {
  /** undefined for what is not set; throws E_DENIED for what may not be read. */
  get(name: string): string | undefined;
  list(): string[];
}

/** Messages within the plugin, at once, and to the other plugins of the workspace, soon. */
export interface Events {
  on(name: string, handler: (data: any, about: { from: string; part: "server" | "tui" }) => any): () => boolean;
  once(name: string, handler: (data: any, about: { from: string; part: "server" | "tui" }) => any): () => boolean;
  off(name: string, handler?: (data: any, about: { from: string; part: "server" | "tui" }) => any): boolean;
  emit(name: string, data?: any): Promise<{ delivered: number }>;
}

export interface FileInfo {
  type: string;
  size: number;
  mode: number;
  mtime: any;
  atime: any;
  ctime: any;
  isFile: boolean;
  isDirectory: boolean;
}

export interface Fs {
  readText(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  writeText(path: string, text: string, options?: { append?: boolean; exclusive?: boolean; mode?: number }): Promise<void>;
  writeBytes(path: string, bytes: ArrayBuffer | ArrayBufferView, options?: { append?: boolean; exclusive?: boolean; mode?: number }): Promise<void>;
  exists(path: string): Promise<boolean>;
  list(path: string): Promise<{ name: string; type: string }[]>;
  stat(path: string): Promise<FileInfo>;
  mkdir(path: string, options?: { recursive?: boolean }): Promise<void>;
  remove(path: string, options?: { recursive?: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
}

export interface HttpOptions extends RequestInit {
  timeoutMs?: number;
  json?: any;
}

export interface Http {
  get(url: string, options?: HttpOptions): Promise<Response>;
  post(url: string, body?: any, options?: HttpOptions): Promise<Response>;
  request(url: string | (HttpOptions & { url: string }), options?: HttpOptions): Promise<Response>;
}

export interface ExecOptions {
  cwd?: string;
  env?: { [name: string]: string | undefined };
  input?: string | ArrayBuffer | ArrayBufferView;
  /** Milliseconds. */
  timeout?: number;
  maxBytes?: number;
  signal?: AbortSignal;
  shell?: boolean;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  code: number;
  killed: boolean;
  signal?: string | null;
  truncated?: boolean;
}

export interface SessionMessage {
  content: string | ContentBlock[];
  role?: "user" | "custom";
  customType?: string;
  display?: boolean;
  details?: any;
}

export interface SendOptions {
  triggerTurn?: boolean;
  deliverAs?: "steer" | "followUp" | "nextTurn";
}

/** The session that a call belongs to, where the agent offers one. */
export interface Session {
  getId(): string | null;
  sendMessage(message: string | ContentBlock[] | SessionMessage, options?: SendOptions): Promise<any>;
  getMessages(options?: { limit?: number }): Promise<JsonObject[]>;
}

export interface CallToolOptions {
  signal?: AbortSignal;
}

export interface CalledTool {
  output?: any;
  content?: ContentBlock[];
  title?: string;
  metadata?: any;
  images?: any[];
  details?: any;
}

// --- the interface -------------------------------------------------------------------------------------------

/** Styles as escape sequences, which the interface reads. Without an interface nothing is coloured. */
export interface Theme {
  readonly name: string;
  fg(color: string, text: string): string;
  bg(color: string, text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  italic(text: string): string;
  underline(text: string): string;
  inverse(text: string): string;
  strikethrough(text: string): string;
  getFgAnsi(color: string): string;
  getBgAnsi(color: string): string;
  getColorMode(): "truecolor";
  getThinkingBorderColor(level: string): (text: string) => string;
  getBashModeBorderColor(): (text: string) => string;
}

/** What a plugin draws itself: lines for a width, with escape sequences for styles. */
export interface Component {
  render(width: number): string[];
  /** A key as a terminal sends it; `matchesKey` of pi-tui reads it. */
  handleInput?(data: string): any;
  invalidate?(): void;
  dispose?(): void;
  focused?: boolean;
}

/** What a component asks of the interface it is on. */
export interface ComponentTui {
  readonly terminal: { readonly columns: number; readonly rows: number; [more: string]: any };
  requestRender(force?: boolean): void;
  setFocus(component: Component | null): void;
  addInputListener(listener: (data: string) => { consume?: boolean; data?: string } | undefined | void): () => void;
  removeInputListener(listener: (data: string) => any): void;
  showOverlay(component: Component, options?: OverlayOptions): OverlayHandle;
  hideOverlay(): void;
  hasOverlay(): boolean;
  invalidate(): void;
  [more: string]: any;
}

/** Sizes in columns and rows, or as shares such as "50%". */
export interface OverlayOptions {
  width?: number | string;
  minWidth?: number | string;
  maxHeight?: number | string;
  anchor?: string;
  row?: number | string;
  col?: number | string;
  offsetX?: number;
  offsetY?: number;
  [more: string]: any;
}

export interface OverlayHandle {
  hide(): void;
  setHidden(hidden: boolean): void;
  isHidden(): boolean;
  focus(): void;
  unfocus(): void;
  isFocused(): boolean;
}

export interface DialogOptions {
  signal?: AbortSignal;
  /** Milliseconds; then it is cancelled. */
  timeout?: number;
  [more: string]: any;
}

export interface Item {
  label: string;
  description?: string;
  value?: any;
  [more: string]: any;
}

export type ComponentFactory = (tui: ComponentTui, theme: Theme, ...more: any[]) => Component;
export type Severity = "info" | "success" | "warning" | "error";

/** What a plugin shows and asks. Dialogs resolve as cancelled (undefined, false) when nobody looks. */
export interface Ui {
  select<T extends string | Item>(title: string, items: T[], options?: DialogOptions): Promise<any>;
  confirm(title: string, message?: string, options?: DialogOptions): Promise<boolean>;
  input(title: string, placeholder?: string, options?: DialogOptions): Promise<string | undefined>;
  editor(title: string, prefill?: string, options?: DialogOptions): Promise<string | undefined>;
  /** The item as it was given. Also quickPick(title, items, options). */
  quickPick(items: any, options?: any, more?: DialogOptions): Promise<any>;
  custom<T = any>(
    factory: (tui: ComponentTui, theme: Theme, keybindings: any, done: (value: T) => void) => Component | Promise<Component>,
    options?: { overlay?: boolean; overlayOptions?: OverlayOptions | (() => OverlayOptions); onHandle?: (handle: OverlayHandle) => void; title?: string },
  ): Promise<T>;
  /** A command of this plugin; gives its output. */
  executeCommand(name: string, args?: string): Promise<any>;
  notify(message: string, level?: Severity): void;
  setStatus(key: string, text: string | undefined, options?: { severity?: Severity }): void;
  setWidget(key: string, content: string | string[] | ComponentFactory | undefined, options?: { placement?: "aboveEditor" | "belowEditor" }): void;
  setTitle(title: string | undefined): void;
  setWorkingMessage(message?: string): void;
  setWorkingVisible(visible: boolean): void;
  setWorkingIndicator(indicator?: { frames?: string[]; intervalMs?: number }): void;
  setHeader(factory: ComponentFactory | undefined): void;
  setFooter(factory: ComponentFactory | undefined): void;
  setEditorText(text: string): void;
  pasteToEditor(text: string): void;
  getEditorText(): string;
  readonly theme: Theme;
  getAllThemes(): { name: string; path: undefined }[];
  getTheme(name: string): Theme | undefined;
  /** Only the theme of now can be set: the person chooses. */
  setTheme(theme: string | Theme): { success: boolean; error?: string };
  /** Hears the keys that reach this plugin's own components. */
  onTerminalInput(handler: (data: string) => { consume?: boolean; data?: string } | undefined | void): () => void;
  /** Kept, and acted on by nothing here, as the five below. */
  setEditorComponent(factory: any): void;
  getEditorComponent(): any;
  addAutocompleteProvider(factory: any): void;
  setHiddenThinkingLabel(label?: string): void;
  getToolsExpanded(): boolean;
  setToolsExpanded(expanded: boolean): void;
}

export type SlotName = "Sidebar" | "StatusBar" | "Overlay" | "Header" | "Footer";
export type Node = string | string[] | JsonObject | Node[];

export interface Route {
  title?: string;
  component: Component | ((tui: ComponentTui, theme: Theme, keybindings: any, done: () => void) => Component);
}

export interface KeyBinding {
  description?: string;
  handler?(ctx: Ctx): any;
  /** A command of this plugin, in place of a handler. */
  command?: string;
  args?: string;
}

/** Slots, keys, full-screen views and colours of a terminal interface. */
export interface Tui {
  readonly route: {
    register(name: string, route: Route | Route["component"]): () => void;
    unregister(name: string): boolean;
    /** Opens a view of this plugin; without a name, closes it. */
    navigate(name?: string | null): boolean;
    list(): { name: string; title: string; isOpen: boolean }[];
  };
  readonly keymap: {
    register(key: string, binding: KeyBinding | ((ctx: Ctx) => any), options?: { description?: string }): () => void;
    register(binding: KeyBinding & { key: string }): () => void;
    unregister(key: string): boolean;
    list(): { key: string; description: string }[];
  };
  readonly ui: {
    text(text: string | string[]): JsonObject;
    box(children: Node[], options?: { title?: string }): JsonObject;
    box(title: string | { title?: string }, children: Node[]): JsonObject;
    list(
      items: (string | { id?: string; line?: string; label?: string; severity?: Severity; checked?: boolean })[],
      options?: { title?: string; selected?: number; selectable?: boolean; onSelect?(item: string, action: "activate" | "toggle", ctx: Ctx): any },
    ): JsonObject;
    items(items: (string | { line: string; severity?: Severity })[]): JsonObject;
  };
  readonly slot: {
    fill(
      slot: SlotName,
      content: Node | Component | ComponentFactory,
      options?: { id?: string; order?: number; onSelect?(item: string, action: "activate" | "toggle", ctx: Ctx): any },
    ): () => void;
    clear(slot: SlotName, id?: string): boolean;
    list(): { slot: SlotName; id: string; order: number; plugin: string }[];
  };
  readonly theme: {
    /** A colour that this plugin set, else the name itself; undefined for a name that the interface does not have. */
    getColor(name: string): string | undefined;
    setColor(name: string, color: string | null): void;
    getAll(): { [name: string]: string };
  };
  readonly kv: Kv;
  readonly eventBus: Events;
}

/** An entry of the session in memory: what the plugin appended, and what its own tools gave. */
export interface SessionEntry {
  type: "custom" | "message" | "label" | "session_info";
  id: string;
  parentId: string | null;
  timestamp: string;
  [more: string]: any;
}

/** pi's session manager, to read: of this plugin's own entries, for as long as its worker lives. */
export interface SessionManager {
  getEntries(): SessionEntry[];
  getBranch(id?: string): SessionEntry[];
  getTree(): any[];
  getEntry(id: string): SessionEntry | undefined;
  getLabel(id: string): string | undefined;
  getLeafEntry(): SessionEntry | undefined;
  getLeafId(): string | null;
  getHeader(): null;
  getSessionFile(): undefined;
  getSessionDir(): string;
  getSessionName(): string | undefined;
  getSessionId(): string;
  getCwd(): string;
}

// --- ctx ----------------------------------------------------------------------------------------------------

/** What a handler holds of its own call. Work that it starts through it ends with the call. */
export interface Ctx {
  readonly sessionId: string | null;
  readonly signal: AbortSignal;
  readonly cwd: string;
  readonly kv: Kv;
  readonly logger: Logger;
  readonly fs: Fs;
  readonly http: Http;
  readonly fetch: typeof fetch;
  readonly exec: (command: string, args?: string[] | ExecOptions, options?: ExecOptions) => Promise<ExecResult>;
  readonly session: Session;
  readonly callTool: (name: string, params?: JsonObject, options?: CallToolOptions) => Promise<CalledTool>;
  /** What a tool has so far, for an agent that shows it. */
  readonly onUpdate: OnUpdate;
  readonly sleep: (ms: number) => Promise<void>;
  /** Whether somebody looks at an interface now; without one the dialogs of `ui` resolve as cancelled. */
  readonly hasUI: boolean;
  readonly ui: Ui;
  readonly sessionManager: SessionManager;
  readonly model: undefined;
  readonly isIdle: () => boolean;
  readonly hasPendingMessages: () => boolean;
  readonly hasQueuedMessages: () => boolean;
  readonly getContextUsage: () => undefined;
  readonly getSystemPrompt: () => string;
}

// --- pi -----------------------------------------------------------------------------------------------------

export interface Pi {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Which halves the plugin has. */
  readonly kind: "server" | "tui" | "both";
  /** Which half this is: what answers events, or what runs where there is an interface. */
  readonly part: "server" | "tui";
  readonly cwd: string;
  readonly dataDir: string;
  readonly settings: Readonly<JsonObject>;
  readonly logger: Logger;
  readonly kv: Kv;
  readonly env: Env;
  readonly events: Events;
  readonly fs: Fs;
  readonly http: Http;
  readonly session: Session;
  readonly ui: Ui;
  readonly tui: Tui;
  readonly parse: { json(text: string): any; yaml(text: string): any; toml(text: string): any };

  on<N extends EventName>(name: N, handler: EventHandler<N>): () => void;
  on(name: PiEventName, handler: (event: any, ctx: Ctx) => any): () => void;
  once<N extends EventName>(name: N, handler: EventHandler<N>): () => void;
  once(name: PiEventName, handler: (event: any, ctx: Ctx) => any): () => void;
  off(name: string, handler: (...args: any[]) => any): void;

  registerTool<P = any>(definition: ToolDefinition<P>): void;
  unregisterTool(name: string): boolean;
  /** The tools of this plugin. */
  getTools(): ToolInfo[];
  /** These, and those of other plugins that this one may call. */
  getAllTools(): ToolInfo[];
  callTool(name: string, params?: JsonObject, options?: CallToolOptions): Promise<CalledTool>;
  registerCommand(name: string, definition: CommandDefinition): void;
  registerCommand(definition: CommandDefinition & { name: string }): void;
  registerProvider(name: string, definition: ProviderDefinition): void;
  registerProvider(definition: ProviderDefinition & { name: string }): void;
  registerFlag(name: string, options?: FlagOptions): void;
  getFlag(name: string): boolean | string | undefined;
  registerShortcut(key: string, options?: ShortcutOptions): void;
  registerMessageRenderer(customType: string, renderer: (...args: any[]) => any): void;
  /** The commands of the workspace's plugins, at once. */
  getCommands(): CommandInfo[];

  /** An entry of the session in memory; it is not saved, and no model sees it. */
  appendEntry(customType: string, data?: any): void;
  setLabel(entryId: string, label: string | undefined): void;
  setSessionName(name: string): void;
  getSessionName(): string | undefined;

  /** "" when it is unset and there is no fallback. */
  getConfig(key: string, fallback?: any): any;
  getSettings(): JsonObject;
  sleep(ms: number): Promise<void>;
  uuid(): string;
  exec(command: string, args?: string[] | ExecOptions, options?: ExecOptions): Promise<ExecResult>;
  execSync(command: string, args?: string[] | ExecOptions, options?: ExecOptions): ExecResult;
  sendMessage(message: SessionMessage, options?: SendOptions): Promise<any>;
  sendUserMessage(content: string | ContentBlock[], options?: { deliverAs?: "steer" | "followUp" }): Promise<any>;
}

/** What the function of a tools file is given, as in oh-my-pi. */
export interface ToolPi extends Pi {
  readonly typebox: any;
  readonly pi: any;
  readonly hasUI: boolean;
}

declare global {
  const pi: Pi;
  const jcode: Pi;
  const __jcode_tui_pi: Tui;
}

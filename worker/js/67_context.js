// ctx: what a handler holds of its own call, next to what pi's handlers expect of a session without a UI.
//
// Promises    Everything is a getter on one frozen prototype, so that making a ctx costs one object; what is asked
//             for is made then, once. Work started through ctx (kv, fs, sleep, logger) belongs to the call and ends
//             with it; the global ``pi`` belongs to the instance.
// Honest      hasUI is false: dialogs resolve as cancelled, the rest of ui does nothing. The session manager is that of
//             an empty session in memory. What is not here yet (modelRegistry, abort, compact, ...) is undefined.

class CallHandle {
  #call;
  // The call must not point back: a cycle per event would be work for the collector on every event.
  constructor(call) { this.#call = call; freeze(this); }
  get sessionId() { return sessionOf(this.#call); }
  get signal() { return signalOf(this.#call); }
  get kv() {
    const call = this.#call;
    return call.kv === null ? (call.kv = makeKv(call)) : call.kv;
  }
  get fs() {
    const call = this.#call;
    return call.fs === null ? (call.fs = lazy("pi/fs").makeFs(call)) : call.fs;
  }
  get logger() {
    const call = this.#call;
    return call.logger === null ? (call.logger = makeLogger(call)) : call.logger;
  }
  get sleep() {
    const call = this.#call;
    return call.sleep === null ? (call.sleep = freeze((ms) => sleep(call, ms))) : call.sleep;
  }
  get http() {
    const call = this.#call;
    return call.http === null ? (call.http = lazy("pi/http").makeHttp(call)) : call.http;
  }
  get fetch() {
    const call = this.#call;
    return (input, init) => lazy("web/fetch").fetchFor(call, input, init);
  }
  get cwd() {
    const cwd = contextOf(this.#call).cwd;
    return typeof cwd === "string" ? cwd : instance.cwd;
  }
  get exec() {
    const call = this.#call;
    return (command, args, options) => lazy("pi/exec").exec(call, command, args, options);
  }
  get callTool() { return lazy("pi/host").makeCallTool(this.#call); }
  get session() { return lazy("pi/host").makeSession(this.#call); }
  get onUpdate() { return updateOf(this.#call); }
  get hasUI() { return false; }
  get ui() { return silentUi; }
  get sessionManager() {
    const call = this.#call;
    return call.session === null ? (call.session = makeSessionManager(call)) : call.session;
  }
  get model() { return undefined; }
  get isIdle() { return alwaysTrue; }
  get hasPendingMessages() { return alwaysFalse; }
  get hasQueuedMessages() { return alwaysFalse; }
  get getContextUsage() { return undefinedFunction; }
  get getSystemPrompt() {
    const call = this.#call;
    return () => {
      const input = call.input;
      return input !== null && hasOwn(input, "system_prompt") && typeof input.system_prompt === "string" ? input.system_prompt : "";
    };
  }
}
delete CallHandle.prototype.constructor; // it would make a ctx of anything
freeze(CallHandle.prototype);
internals.CallHandle = CallHandle;

const alwaysTrue = freeze(() => true);
const alwaysFalse = freeze(() => false);
freeze(undefinedFunction);

function makeSilentUi() {
  const ui = {};
  const later = (value) => () => new PromiseCtor((resolve) => resolve(value));
  publish(ui, "select", later(undefined));
  publish(ui, "confirm", later(false));
  publish(ui, "input", later(undefined));
  publish(ui, "editor", later(undefined));
  publish(ui, "custom", later(undefined));
  const silent = [
    "notify", "setStatus", "setWidget", "setTitle", "setWorkingMessage", "setWorkingVisible", "setWorkingIndicator",
    "setHiddenThinkingLabel", "setFooter", "setHeader", "setEditorText", "pasteToEditor", "setEditorComponent",
    "setToolsExpanded", "addAutocompleteProvider",
  ];
  for (let i = 0; i < silent.length; i++) publish(ui, silent[i], () => undefined);
  publish(ui, "onTerminalInput", () => () => undefined); // gives the function that unsubscribes
  publish(ui, "getEditorText", () => "");
  publish(ui, "getToolsExpanded", () => false);
  publish(ui, "getAllThemes", () => []);
  publish(ui, "getTheme", () => undefined);
  publish(ui, "setTheme", () => ({ success: false, error: "there is no user interface" }));
  defineProperty(ui, "theme", { __proto__: null, value: makePlainTheme(), enumerable: true });
  return freeze(ui);
}

/** A theme that colours nothing. */
function makePlainTheme() {
  const theme = {};
  defineProperty(theme, "name", { __proto__: null, value: "plain", enumerable: true });
  publish(theme, "fg", (_color, text) => text);
  publish(theme, "bg", (_color, text) => text);
  const styles = ["bold", "italic", "underline", "strikethrough", "inverse", "dim"];
  for (let i = 0; i < styles.length; i++) publish(theme, styles[i], (text) => text);
  publish(theme, "getFgAnsi", () => "");
  publish(theme, "getBgAnsi", () => "");
  return freeze(theme);
}
const silentUi = makeSilentUi();

function makeSessionManager(call) {
  const manager = {};
  publish(manager, "getBranch", () => []);
  publish(manager, "getEntries", () => []);
  publish(manager, "getTree", () => []);
  publish(manager, "getEntry", () => undefined);
  publish(manager, "getLabel", () => undefined);
  publish(manager, "getLeafEntry", () => undefined);
  publish(manager, "getLeafId", () => null);
  publish(manager, "getHeader", () => null);
  publish(manager, "getSessionFile", () => undefined);
  publish(manager, "getSessionName", () => undefined);
  publish(manager, "getSessionId", () => sessionOf(call) || "");
  publish(manager, "getCwd", () => instance.cwd);
  return freeze(manager);
}

// ctx: what a handler holds of its own call, next to what pi's handlers expect of a session.
//
// Promises    Everything is a getter on one frozen prototype, so that making a ctx costs one object; what is asked
//             for is made then, once. Work started through ctx (kv, fs, sleep, logger) belongs to the call and ends
//             with it; the global ``pi`` belongs to the instance.
// Honest      hasUI tells whether somebody looks at an interface now: without one dialogs resolve as cancelled. The session
//             manager is that of a session in memory (lazy/pi/session.js). What is not here (modelRegistry, ...) is undefined.

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
  get hasUI() { return hasInterface(); }
  get ui() {
    const call = this.#call;
    return call.ui === null ? (call.ui = lazy("pi/ui").makeUi(call)) : call.ui;
  }
  get sessionManager() {
    const call = this.#call;
    return call.session === null ? (call.session = lazy("pi/session").makeSessionManager(call)) : call.session;
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
internals.newCall = newCall;
internals.contextFor = (call) => new CallHandle(call);

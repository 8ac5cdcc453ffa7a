// Hostcalls: what crosses to the host, in three forms.
//
//   hostcall(call, name, args, signal?)  a promise that ANSWER settles
//   hostcallSync(call, name, args)       an answer at once, for load-time reads
//   cast(call, name, args)               one way
//
// ``call`` is the call that the work belongs to, or null for the instance. Attribution is explicit because
// after an await nothing else could tell two concurrent handlers apart. ``args`` is plain data made by the
// runtime. Errors reach the plugin as Error objects with ``code``.

const SEND_RESULT = 1;
const SEND_HOSTCALL = 2;
const SEND_CAST = 3;

const pendingHostcalls = new MapCtor(); // id -> {call, resolve, reject}
let lastHostcall = 0;

/** The id under which work is sent: what is left of a call that is over (a ctx kept for later) is the instance's. */
function idOf(call) {
  return call === null || call.done || call.cancelled ? 0 : call.id;
}

function cancelledError() {
  return makeError("E_CANCELLED", "the call that this belongs to was cancelled");
}

function argumentsText(args) {
  const text = jsonStringify(args);
  if (exceedsBytes(text, limits.payloadOut)) throw tooLarge(limits.payloadOut);
  return text;
}

/**
 * Start a hostcall; the promise rejects with ``code`` E_CANCELLED as soon as its call is cancelled, and with the
 * reason of *signal* (an AbortSignal or the like) as soon as that is aborted. The host hears of both and stops.
 */
function hostcall(call, name, args, signal) {
  return new PromiseCtor((resolve, reject) => {
    if (call !== null && call.cancelled) throw cancelledError();
    const hasSignal = signal !== undefined && signal !== null;
    if (hasSignal && signal.aborted) throw abortReason(signal);
    const text = argumentsText(args);
    // Ids stay below 2^31 because Python's integers are cut to 32 bits on the way.
    do lastHostcall = lastHostcall >= 2147483646 ? 1 : lastHostcall + 1;
    while (mapHas(pendingHostcalls, lastHostcall));
    const id = lastHostcall;
    const pending = { __proto__: null, call, resolve, reject, unlisten: null };
    // Before it is sent: a signal is the plugin's own object, and may throw.
    if (hasSignal) pending.unlisten = whenAborted(signal, () => abortHostcall(id, signal));
    mapSet(pendingHostcalls, id, pending);
    __py.send(SEND_HOSTCALL, id, idOf(call), name, text);
  });
}

function abortReason(signal) {
  const reason = signal.reason;
  return reason === undefined ? makeError("E_CANCELLED", "it was aborted") : reason;
}

/** Have *fn* called when *signal* aborts; returns what takes that back. */
function whenAborted(signal, fn) {
  if (typeof signal !== "object" || typeof signal.addEventListener !== "function") {
    throw new TypeErrorCtor("signal must be an AbortSignal");
  }
  signal.addEventListener("abort", fn);
  return () => signal.removeEventListener("abort", fn);
}

function abortHostcall(id, signal) {
  const pending = takeHostcall(id);
  if (pending === undefined) return;
  cast(null, "cancel", { __proto__: null, id });
  pending.reject(abortReason(signal));
}

/** The hostcall *id*, pending no more; undefined when it is settled already. */
function takeHostcall(id) {
  const pending = mapGet(pendingHostcalls, id);
  if (pending === undefined) return undefined;
  mapDelete(pendingHostcalls, id);
  if (pending.unlisten !== null) {
    try {
      pending.unlisten();
    } catch {
      // the plugin's own object; the answer is what matters
    }
  }
  return pending;
}

/** Settle the hostcall *id* with the host's answer; an unknown id is one that was cancelled. */
function answerHostcall(id, status, text) {
  const pending = takeHostcall(id);
  if (pending === undefined) return;
  const settle = status === 1 ? pending.resolve : pending.reject;
  settle(status === 1 ? (text === "" ? undefined : jsonParse(text)) : errorFromHost(text));
}

/** Ask the host and wait for its answer; blocks this worker, not the host's deadline. */
function hostcallSync(call, name, args) {
  if (call !== null && call.cancelled) throw cancelledError();
  const answer = __py.sync(idOf(call), name, argumentsText(args));
  const text = stringSlice(answer, 1);
  if (answer[0] !== "1") throw errorFromHost(text);
  return text === "" ? undefined : jsonParse(text);
}

/** Tell the host something; nothing comes back. */
function cast(call, name, args) {
  __py.send(SEND_CAST, 0, idOf(call), name, jsonStringify(args));
}

/** Reject everything that *call* is waiting for. */
function rejectHostcallsOf(call) {
  const taken = newList();
  mapForEach(pendingHostcalls, (pending, id) => {
    if (pending.call === call) taken[taken.length] = id;
  });
  for (let i = 0; i < taken.length; i++) {
    const pending = takeHostcall(taken[i]);
    if (pending !== undefined) pending.reject(cancelledError());
  }
}

/** Report an error that nobody else will: thrown in a timer, a microtask, a finaliser. */
function reportUnhandled(value) {
  const error = describeError(value);
  const text = error.stack === "" ? errorLine(value) : `${errorLine(value)}\n${error.stack}`;
  cast(null, "unhandled", { __proto__: null, text: cutText(text, limits.logBytes) });
}

// --- work to do once at the end of an entry ---------------------------------------------------------

const atEntryEnd = newList(); // {dirty, flush}
let entryOpen = false;
let flushQueued = false;

/** Register a flusher; call ``mark`` on what this returns to have it run once before the entry ends. */
function coalesced(flush) {
  const task = { __proto__: null, dirty: false, flush };
  atEntryEnd[atEntryEnd.length] = task;
  return () => {
    task.dirty = true;
    // Outside enter() we are in a promise job, and only another job comes after it.
    if (!entryOpen && !flushQueued) {
      flushQueued = true;
      nativeQueueMicrotask(() => {
        flushQueued = false;
        try {
          flushEntry();
        } catch {
          // near the end of stack or memory: the next entry flushes again
        }
      });
    }
  };
}

function flushEntry() {
  for (let i = 0; i < atEntryEnd.length; i++) {
    const task = atEntryEnd[i];
    if (task.dirty) {
      task.dirty = false;
      task.flush();
    }
  }
}

// --- jobs that would throw into Python ----------------------------------------------------------------

// An exception that leaves a job is converted by the Python binding, which runs the thrown value's own
// toString: both doors through which a plugin can throw from a job are closed here.
const guardJob = (fn) => (value) => {
  try {
    const result = fn(value);
    if (isPromise(result)) watchPromise(result);
  } catch (error) {
    try {
      reportUnhandled(error);
    } catch {
      // nothing may leave a job
    }
  }
};

defineGlobal("queueMicrotask", freeze(function queueMicrotask(callback) {
  if (typeof callback !== "function") throw new TypeErrorCtor("queueMicrotask needs a function");
  const guarded = guardJob(callback);
  nativeQueueMicrotask(() => guarded(undefined));
}));

const FinalizationRegistryProto = FinalizationRegistryCtor.prototype;
function GuardedFinalizationRegistry(cleanup) {
  if (new.target === undefined) throw new TypeErrorCtor("FinalizationRegistry needs new");
  if (typeof cleanup !== "function") throw new TypeErrorCtor("FinalizationRegistry needs a function");
  return construct(FinalizationRegistryCtor, [guardJob(cleanup)], new.target);
}
defineProperty(GuardedFinalizationRegistry, "name", { __proto__: null, value: "FinalizationRegistry" });
defineProperty(GuardedFinalizationRegistry, "prototype", {
  __proto__: null, value: FinalizationRegistryProto, writable: false, enumerable: false, configurable: false,
});
defineProperty(FinalizationRegistryProto, "constructor", {
  __proto__: null, value: GuardedFinalizationRegistry, writable: true, enumerable: false, configurable: true,
});
defineGlobal("FinalizationRegistry", GuardedFinalizationRegistry);

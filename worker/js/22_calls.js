// One call of the host into the plugin: its state, its cancellation, its one result.
//
// Promises    At most one RESULT per call. A call that was cancelled keeps its state; its result is still sent
//             when its promise settles (the host drops what it no longer waits for).
// A call that answers at once is never registered: nothing can cancel it.

const openCalls = new MapCtor(); // id -> call, only while a promise is awaited

// What most calls never change stays here: a call that answers at once costs one small object. Internal, so
// nobody else can write to it; assigning to a call makes the field the call's own.
const callDefaults = {
  __proto__: null,
  context: null, signal: null, cancelled: false, done: false,
  kv: null, fs: null, logger: null, sleep: null, session: null, http: null, ui: null, // made for ctx when asked for (67_context.js)
  // events only (60_events.js)
  n: -1, input: null, payloadText: "", action: null, out: null, added: null, reason: null, // more: handlers are waiting behind this one
  error: null, stack: "", errors: 0, stop: false, more: false, piInput: "", piResult: null, toolCallId: null,
};

/** The state of call *id*. *contextText* is JSON from the host or "". */
function newCall(id, contextText) {
  return { __proto__: callDefaults, id, contextText };
}

/** Whether *value* is a real promise. A mere thenable is not: adopting it would let any object answer for itself. */
function isPromise(value) {
  if (typeof value !== "object" || value === null) return false;
  let proto = getPrototypeOf(value);
  for (let hops = 0; proto !== null && hops < 8; hops++) {
    if (proto === PromiseProto) return true;
    if (proto === ObjectProto) return false;
    proto = getPrototypeOf(proto);
  }
  return false;
}

const undefinedConstructor = freeze({ __proto__: null, value: undefined, writable: true, enumerable: false, configurable: true });

/**
 * promise.then(onValue, onError) without asking the promise for its constructor: a plugin may have replaced
 * Promise.prototype.constructor or Symbol.species, and would get between us and its own handler's veto.
 */
function whenSettled(promise, onValue, onError) {
  let shadowed = false;
  try {
    if (!hasOwn(promise, "constructor")) {
      defineProperty(promise, "constructor", undefinedConstructor);
      shadowed = true;
    }
  } catch {
    // frozen: then it is asked after all
  }
  promiseThen(promise, onValue, onError);
  if (shadowed) delete promise.constructor;
}

/** Report the rejection of a promise that nobody waits for. */
function watchPromise(promise) {
  whenSettled(promise, undefined, (error) => {
    try {
      reportUnhandled(error);
    } catch {
      // nothing may leave a job
    }
  });
}

/** Keep *call* cancellable until it is completed. */
function openCall(call) {
  mapSet(openCalls, call.id, call);
}

/** Send the result of a call that did not answer at once. *text*: status character and JSON. */
function completeCall(call, text) {
  if (call.done) return;
  call.done = true;
  if (mapGet(openCalls, call.id) === call) mapDelete(openCalls, call.id);
  __py.send(SEND_RESULT, call.id, charCodeAt(text, 0) - 48, "", stringSlice(text, 1));
}

/**
 * Run *start* for *call* and turn what it gives into a result text: at once, or later through
 * completeCall (then undefined is returned). *finish* makes the text of a value; either may throw.
 */
function runCall(call, start, finish) {
  try {
    const value = start();
    if (!isPromise(value)) {
      const text = finish(value);
      call.done = true;
      return text;
    }
    whenSettled(value, (settled) => {
      try {
        completeCall(call, finish(settled));
      } catch (error) {
        failCall(call, error);
      }
    }, (error) => failCall(call, error));
    openCall(call);
    return undefined;
  } catch (error) {
    call.done = true;
    return errorResult(error);
  }
}

function failCall(call, error) {
  let text = INTERNAL_ERROR;
  try {
    text = errorResult(error);
  } catch {
    // out of stack or memory: the fixed text says so
  }
  try {
    completeCall(call, text);
  } catch {
    // nothing may leave a job
  }
}

/** CANCEL: abort the signal, reject what the call waits for. Unknown ids have answered already. */
function cancelCall(id) {
  const call = mapGet(openCalls, id);
  if (call === undefined) return;
  mapDelete(openCalls, id); // it may never settle; nothing else needs to find it
  call.cancelled = true;
  rejectHostcallsOf(call);
  cancelSleepsOf(call);
  if (call.signal !== null) abortSignalOf(call); // last: this runs the plugin's listeners
}

/** What the host said about this call; an empty object when it said nothing. */
function contextOf(call) {
  if (call.context === null) {
    const parsed = call.contextText === "" ? null : jsonParse(call.contextText);
    call.context = setPrototypeOf(typeof parsed === "object" && parsed !== null ? parsed : {}, null);
  }
  return call.context;
}

/** The session this call belongs to: the host's word, the payload's, the instance's, or null. */
function sessionOf(call) {
  const said = contextOf(call).session_id;
  if (typeof said === "string") return said;
  if (call.payloadText !== "") {
    const payload = jsonParse(call.payloadText); // the plugin may have changed its own copy
    if (hasOwn(payload, "session_id") && typeof payload.session_id === "string") return payload.session_id;
  }
  return instance.sessionId;
}

// --- the signal a handler can listen to ---------------------------------------------------------------

/** The call's AbortSignal, made when somebody asks for it (lazy/web/events.js). */
function signalOf(call) {
  if (call.signal === null) {
    call.signal = lazy("web/events").makeSignal();
    if (call.cancelled) abortSignalOf(call);
  }
  return call.signal.signal;
}

function abortSignalOf(call) {
  const reason = cancelledError();
  defineData(reason, "name", "AbortError"); // what libraries look for
  call.signal.abort(reason);
}

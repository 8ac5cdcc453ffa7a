// Events: subscription, and the run of one event through the plugin's handlers.
//
// Promises    Handlers of one event run in the order of registration, each awaited; a later one sees what an earlier
//             one changed; the first veto ends the chain. A handler that throws does not stop the others.
//             Handlers that answer at once make the event answer at once: no promise, no closure, no job.
// Shape       of a record: {fn, adapter, piName, once, state: {fired}, phase}. Lists are replaced, never changed, so an
//             event that is under way keeps the handlers it started with.

const eventTable = newList(); // number -> {n, name, fields, outputs, takes, proto}; holes where none is
const eventNumbers = { __proto__: null }; // name -> number
const handlerLists = newList(); // number -> list of records
let handlerCount = 0;
const unknownEvents = { __proto__: null }; // names subscribed to that never fire: said once each

/** "modified_input" -> "modifiedInput". */
function camelName(snake) {
  let out = "";
  let from = 0;
  for (;;) {
    const at = stringIndexOf(snake, "_", from);
    if (at < 0 || at + 1 >= snake.length) return `${out}${stringSlice(snake, from)}`;
    out = `${out}${stringSlice(snake, from, at)}${stringToUpperCase(snake[at + 1])}`;
    from = at + 2;
  }
}

function defineAlias(proto, snake) {
  const camel = camelName(snake);
  if (camel === snake) return;
  defineProperty(proto, camel, {
    __proto__: null,
    get() { return this[snake]; },
    set(value) { this[snake] = value; },
    enumerable: false,
    configurable: false,
  });
}

function buildEventTable() {
  const rows = jsonParse(__events);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const proto = {}; // inherits Object.prototype, so that payloads behave like any object
    const takes = { __proto__: null };
    // Writable, so that each input can be given its own by assignment; no setter can take its place.
    defineProperty(proto, "event", { __proto__: null, value: row.name, writable: true, enumerable: false, configurable: false });
    for (let j = 0; j < row.fields.length; j++) defineAlias(proto, row.fields[j]);
    for (let j = 0; j < row.outputs.length; j++) takes[row.outputs[j]] = true;
    eventTable[row.n] = {
      __proto__: null, n: row.n, name: row.name, fields: row.fields, outputs: row.outputs, takes, proto: preventExtensions(proto),
    };
    eventNumbers[row.name] = row.n;
    handlerLists[row.n] = newList();
  }
}
buildEventTable();

/** Add a record to the handlers of event *n*, behind all of its own phase and earlier ones. */
function addRecord(n, record) {
  const old = handlerLists[n];
  const list = newList();
  let i = 0;
  for (; i < old.length && old[i].phase <= record.phase; i++) list[i] = old[i];
  list[i] = record;
  for (; i < old.length; i++) list[i + 1] = old[i];
  handlerLists[n] = list;
  handlerCount += 1;
  markRegistry();
}

function removeRecords(n, matches) {
  const old = handlerLists[n];
  const list = newList();
  for (let i = 0; i < old.length; i++) if (!matches(old[i])) list[list.length] = old[i];
  if (list.length === old.length) return;
  handlerCount -= old.length - list.length;
  handlerLists[n] = list;
  markRegistry();
}

function subscribe(name, fn, once) {
  if (typeof name !== "string") throw new TypeErrorCtor(`on() needs an event's name, not ${kindOf(name)}`);
  if (typeof fn !== "function") throw new TypeErrorCtor(`on("${cutChars(name, 100)}") needs a function, not ${kindOf(fn)}`);
  const targets = targetsOf(name);
  if (targets === null) {
    noteUnknownEvent(name);
    return;
  }
  checkQuota();
  // One cell for all events of one subscription: once is once, whichever of them comes.
  const state = { __proto__: null, fired: false };
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i];
    addRecord(target.n, {
      __proto__: null, fn, adapter: target.adapter, piName: target.adapter === null ? null : name,
      once, state, phase: target.phase,
    });
  }
}

function unsubscribe(name, fn) {
  if (typeof name !== "string") return;
  const targets = targetsOf(name);
  if (targets === null) return;
  for (let i = 0; i < targets.length; i++) {
    const piName = targets[i].adapter === null ? null : name;
    removeRecords(targets[i].n, (record) => record.fn === fn && record.piName === piName);
  }
}

/** The events behind a name: jcode's own has one, pi's one or more; null when nothing fires it. */
function targetsOf(name) {
  const n = eventNumbers[name];
  if (n !== undefined) return [{ __proto__: null, n, adapter: null, phase: 0 }];
  const adapters = lazy("pi/format").adapters[name];
  return adapters === undefined ? null : adapters;
}

function noteUnknownEvent(name) {
  const shown = cutChars(name, 100);
  if (unknownEvents[shown] === true) return;
  unknownEvents[shown] = true;
  const first = shown[0];
  // A name in jcode's own style is a mistake worth a warning; pi's have many that never fire here.
  const level = first !== undefined && first >= "A" && first <= "Z" ? "warn" : "debug";
  writeLog(null, level, `on("${shown}"): no event of this name is ever fired here`);
}

function subscribedNumbers() {
  const out = newList();
  for (let n = 0; n < handlerLists.length; n++) {
    if (hasOwn(handlerLists, n) && handlerLists[n].length > 0) out[out.length] = n;
  }
  return out;
}

function subscribedPiNames() {
  const seen = { __proto__: null };
  const out = newList();
  for (let n = 0; n < handlerLists.length; n++) {
    if (!hasOwn(handlerLists, n)) continue;
    const list = handlerLists[n];
    for (let i = 0; i < list.length; i++) {
      const name = list[i].piName;
      if (name !== null && seen[name] !== true) {
        seen[name] = true;
        out[out.length] = name;
      }
    }
  }
  return arraySort(out);
}

/** The call in which handlers are told of event *n* with *input*, a fresh object. */
function eventCall(id, n, input, contextText) {
  const call = newCall(id, contextText);
  setPrototypeOf(input, eventTable[n].proto);
  input.event = eventTable[n].name;
  call.n = n;
  call.input = input;
  return call;
}

internals.eventCall = eventCall; // what a TUI half needs to run handlers by itself
internals.eventNumbers = eventNumbers;
internals.handlerLists = handlerLists;
internals.forgetRecord = forgetRecord;

/** EVENT: the result text at once, or undefined when it comes later. */
function dispatchEvent(id, n, text, contextText) {
  const list = handlerLists[n];
  if (list === undefined || list.length === 0) return "0";
  const input = jsonParse(text);
  if (typeof input !== "object" || input === null || arrayIsArray(input)) {
    return errorResult(makeError("E_INVALID", "an event's payload is an object"));
  }
  const call = eventCall(id, n, input, contextText);
  call.payloadText = text;
  const result = runHandlers(call, list, 0);
  if (result !== undefined) call.done = true;
  return result;
}

/** Run the handlers from *index* on. Returns the event's result text, or undefined while one is awaited. */
function runHandlers(call, list, index) {
  const count = list.length;
  const ctx = new CallHandle(call);
  for (let i = index; i < count; i++) {
    const record = list[i];
    if (record.once) {
      if (record.state.fired) continue;
      record.state.fired = true;
      forgetRecord(record);
    }
    // ``second`` is the handler's output object, or the event object made for pi.
    let second;
    try {
      let result;
      const fn = record.fn; // called bare: ``record.fn()`` would hand the record over as ``this``
      if (record.adapter === null) {
        second = {};
        result = fn(call.input, second, ctx);
      } else {
        second = record.adapter.event(call);
        result = fn(second, ctx);
      }
      if (result !== undefined && isPromise(result)) {
        awaitHandler(call, list, i, second, result);
        return undefined;
      }
      if (count > 1) call.more = i + 1 < count;
      handlerReturned(call, record, second, result);
    } catch (error) {
      handlerThrew(call, record, second, error);
    }
    if (call.stop) break;
  }
  return eventResult(call);
}

function awaitHandler(call, list, index, second, promise) {
  const go = (failed) => (value) => {
    try {
      const record = list[index];
      call.more = index + 1 < list.length;
      if (failed) handlerThrew(call, record, second, value);
      else {
        try {
          handlerReturned(call, record, second, value);
        } catch (error) {
          handlerThrew(call, record, second, error);
        }
      }
      const text = call.stop ? eventResult(call) : runHandlers(call, list, index + 1);
      if (text !== undefined) completeCall(call, text);
    } catch (error) {
      failCall(call, error);
    }
  };
  whenSettled(promise, go(false), go(true)); // throws for what only looks like a promise
  openCall(call);
}

function forgetRecord(record) {
  for (let n = 0; n < handlerLists.length; n++) {
    if (hasOwn(handlerLists, n)) removeRecords(n, (other) => other.state === record.state);
  }
}

function handlerReturned(call, record, second, result) {
  if (record.adapter === null) {
    // The common case first: nothing returned, nothing written.
    if (result === undefined && ownKeys(second).length === 0) return;
    applyResult(call, second, result);
  } else record.adapter.returned(call, second, result);
}

function handlerThrew(call, record, second, error) {
  noteError(call, error);
  if (record.adapter !== null) {
    if (record.adapter.threw !== null) record.adapter.threw(call, error);
    return;
  }
  // A guard that wrote its veto and then failed still vetoes; what else it wrote may be half done.
  if (second !== undefined) applyVetoOnly(call, second);
}

/** Keep the first error of this event's handlers, and count the others. */
function noteError(call, error) {
  call.errors += 1;
  if (call.error !== null) return;
  const described = describeError(error);
  call.error = described.name === "Error" ? described.message : `${described.name}: ${described.message}`;
  call.stack = described.stack;
}

/** Note a mistake in what a handler answered; it has no stack worth showing. */
function noteComplaint(call, message) {
  call.errors += 1;
  if (call.error === null) call.error = message;
}

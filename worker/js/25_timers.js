// setTimeout, setInterval, setImmediate, sleep. The worker cannot wait by itself (its only wait is one read),
// so the host holds the clock: the runtime casts "timer" with the one earliest wake-up it wants, which
// replaces the one before, and WAKE comes back when it is due.
//
// Promises    One WAKE runs either one callback or the sleeps that are due before the next callback; the rest
//             gets a WAKE of its own, so that promise jobs run between two callbacks as in every other
//             runtime, and a slow callback is judged alone.
// Bound       MAX_TIMERS at once, E_QUOTA above.

const timers = new MapCtor(); // id -> {id, due, turn, every, fn, args, call, resolve, reject}
let lastTimer = 0;
let lastTurn = 0; // orders timers that are due at the same time
let wantedWake = null; // due time last told to the host, or null

const markTimers = coalesced(() => {
  const first = earliestTimer();
  if (first === null) {
    if (wantedWake !== null) {
      wantedWake = null;
      cast(null, "timer", { __proto__: null, in_ms: null });
    }
  } else if (wantedWake !== first.due) {
    wantedWake = first.due;
    const wait = mathCeil(first.due - performanceNow());
    cast(null, "timer", { __proto__: null, in_ms: mathMax(0, mathMin(MAX_WAKE_MS, wait)) });
  }
});

// A binary heap by due time. A timer that was cleared stays in it until it comes up, or until most of it is such.
let timerQueue = newList();

function isDueBefore(one, two) {
  return one.due < two.due || (one.due === two.due && one.turn < two.turn);
}

function isTimerWanted(timer) {
  return mapGet(timers, timer.id) === timer;
}

function enqueueTimer(timer) {
  lastTurn += 1;
  timer.turn = lastTurn;
  placeTimer(timer);
}

function placeTimer(timer) {
  let at = timerQueue.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!isDueBefore(timer, timerQueue[above])) break;
    timerQueue[at] = timerQueue[above];
    at = above;
  }
  timerQueue[at] = timer;
}

function dropFirstTimer() {
  const size = timerQueue.length - 1;
  const moved = timerQueue[size];
  timerQueue.length = size;
  if (size === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= size) break;
    if (below + 1 < size && isDueBefore(timerQueue[below + 1], timerQueue[below])) below += 1;
    if (!isDueBefore(timerQueue[below], moved)) break;
    timerQueue[at] = timerQueue[below];
    at = below;
  }
  timerQueue[at] = moved;
}

function earliestTimer() {
  while (timerQueue.length > 0 && !isTimerWanted(timerQueue[0])) dropFirstTimer();
  return timerQueue.length > 0 ? timerQueue[0] : null;
}

function forgetClearedTimers() {
  if (timerQueue.length < 64 || timerQueue.length < 2 * mapSize(timers)) return;
  const all = timerQueue;
  timerQueue = newList();
  for (let i = 0; i < all.length; i++) {
    if (isTimerWanted(all[i])) placeTimer(all[i]);
  }
}

function addTimer(timer, delay) {
  if (mapSize(timers) >= MAX_TIMERS) throw makeError("E_QUOTA", `more than ${MAX_TIMERS} timers`);
  lastTimer += 1;
  timer.id = lastTimer;
  timer.due = performanceNow() + delay;
  mapSet(timers, timer.id, timer);
  enqueueTimer(timer);
  markTimers();
  return timer;
}

function delayOf(value, floor) {
  const delay = typeof value === "number" ? value : typeof value === "string" ? +value : 0;
  return delay > floor ? mathMin(delay, MAX_DELAY_MS) : floor; // NaN takes the floor, too
}

function startTimer(fn, delay, every, args) {
  if (typeof fn !== "function") throw new TypeErrorCtor("a timer needs a function");
  const timer = {
    __proto__: null, id: 0, due: 0, turn: 0, delay, every: every ? delay : 0, fn, args, call: null, resolve: null, reject: null,
  };
  return new TimerHandle(addTimer(timer, delay));
}

/** Start *timer* anew, also one that has run; what lies in the queue is the old one's, so this makes another. */
function restartTimer(timer) {
  mapDelete(timers, timer.id);
  if (mapSize(timers) >= MAX_TIMERS) throw makeError("E_QUOTA", `more than ${MAX_TIMERS} timers`);
  const { id, delay, every, fn, args } = timer;
  const fresh = {
    __proto__: null, id, due: performanceNow() + delay, turn: 0, delay, every, fn, args, call: null, resolve: null, reject: null,
  };
  mapSet(timers, id, fresh);
  enqueueTimer(fresh);
  forgetClearedTimers();
  markTimers();
  return fresh;
}

/** What setTimeout returns; node's plugins call unref() on it, and a number is what it converts to. */
class TimerHandle {
  #id;
  #timer; // null once it was cleared
  constructor(timer) {
    this.#id = timer.id;
    this.#timer = timer;
    freeze(this);
  }
  ref() { return this; }
  unref() { return this; } // a worker never stays alive for a timer, so there is nothing to release
  hasRef() { return mapHas(timers, this.#id); }
  refresh() {
    if (this.#timer !== null) this.#timer = restartTimer(this.#timer);
    return this;
  }
  close() {
    this.#timer = null;
    removeTimer(this.#id);
    return this;
  }
  [Symbol.toPrimitive]() { return this.#id; }
  [Symbol.dispose]() { this.close(); }
  /** The id to clear: that of a handle, which then cannot be refreshed either, or *value* itself. */
  static forget(value) {
    if (typeof value !== "object" || value === null || !(#id in value)) return value;
    value.#timer = null;
    return value.#id;
  }
}
const forgetHandle = TimerHandle.forget;
delete TimerHandle.prototype.constructor; // nobody else makes or reads handles
freeze(TimerHandle.prototype);

function removeTimer(id) {
  if (!mapDelete(timers, id)) return;
  forgetClearedTimers();
  markTimers();
}

function clearTimer(handle) {
  const id = forgetHandle(handle);
  if (typeof id !== "number" && typeof id !== "string") return;
  const timer = mapGet(timers, +id);
  // Sleeps share the numbers, and are nobody's to clear.
  if (timer !== undefined && timer.fn !== null) removeTimer(timer.id);
}

/** WAKE: see the contract above. */
function runDueTimers() {
  wantedWake = null; // the host has used it up
  markTimers();
  const now = performanceNow();
  for (;;) {
    const timer = earliestTimer();
    if (timer === null || timer.due > now) return;
    dropFirstTimer();
    if (timer.fn === null) {
      mapDelete(timers, timer.id);
      timer.resolve(undefined);
      if (hasCallbackNext(now)) return;
      continue;
    }
    if (timer.every > 0) {
      timer.due = now + timer.every;
      enqueueTimer(timer); // last again among equals
    } else mapDelete(timers, timer.id);
    runTimerCallback(timer);
    return;
  }
}

function hasCallbackNext(now) {
  const next = earliestTimer();
  return next === null || next.due > now || next.fn !== null;
}

function runTimerCallback(timer) {
  try {
    const result = reflectApply(timer.fn, undefined, timer.args);
    if (isPromise(result)) watchPromise(result);
  } catch (error) {
    reportUnhandled(error);
  }
}

/** A promise that resolves after *ms* milliseconds, or rejects with E_CANCELLED together with *call*. */
function sleep(call, ms) {
  return new PromiseCtor((resolve, reject) => {
    if (call !== null && call.cancelled) throw cancelledError();
    const delay = typeof ms === "number" && ms > 0 ? ms : 0;
    addTimer({
      __proto__: null, id: 0, due: 0, turn: 0, every: 0, fn: null, args: null, call, resolve, reject,
    }, delay);
  });
}

function cancelSleepsOf(call) {
  const taken = newList();
  mapForEach(timers, (timer) => {
    if (timer.call === call) taken[taken.length] = timer;
  });
  for (let i = 0; i < taken.length; i++) {
    removeTimer(taken[i].id);
    taken[i].reject(cancelledError());
  }
}

defineGlobal("setTimeout", freeze(function setTimeout(fn, delay, ...args) {
  return startTimer(fn, delayOf(delay, 1), false, args);
}));
defineGlobal("setInterval", freeze(function setInterval(fn, delay, ...args) {
  return startTimer(fn, delayOf(delay, 1), true, args);
}));
defineGlobal("setImmediate", freeze(function setImmediate(fn, ...args) {
  return startTimer(fn, 0, false, args);
}));
defineGlobal("clearTimeout", freeze(function clearTimeout(handle) { clearTimer(handle); }));
defineGlobal("clearInterval", freeze(function clearInterval(handle) { clearTimer(handle); }));
defineGlobal("clearImmediate", freeze(function clearImmediate(handle) { clearTimer(handle); }));

// pi.kv: a key-value store that answers reads at once.
//
// Promises    get sees the plugin's own writes at once and other writers' as soon as the host has pushed them; it
//             gives a fresh copy, null when absent. set and delete return a promise that resolves when durable.
//             A write that failed is taken back: the mirror is dropped and read again at the next get.
// Relies on   The host answering and pushing in the order in which it applied writes.

const kvMirror = new MapCtor(); // key -> primitive, or {text} for what JSON.parse must rebuild
const kvPending = new MapCtor(); // token -> {key, stored}: sent, not yet durable; stored undefined = deleted
let kvLoaded = false;
let lastKvWrite = 0;

function kvStore(copy) {
  return typeof copy === "object" && copy !== null ? { __proto__: null, text: jsonStringify(copy) } : copy;
}

function kvLoad(call) {
  if (kvLoaded) return;
  const answer = hostcallSync(call, "kv.load", { __proto__: null });
  mapClear(kvMirror);
  const entries = answer.entries;
  const keys = objectKeys(entries);
  for (let i = 0; i < keys.length; i++) mapSet(kvMirror, keys[i], kvStore(copyJson(entries[keys[i]])));
  // What is on its way has not been applied there yet, or was: either way ours comes last.
  mapForEach(kvPending, (write) => kvApply(write.key, write.stored));
  kvLoaded = true;
}

function kvApply(key, stored) {
  if (stored === undefined) mapDelete(kvMirror, key);
  else mapSet(kvMirror, key, stored);
}

function kvKey(key) {
  if (typeof key !== "string" || key === "" || key.length > MAX_KEY_CHARS) {
    throw makeError("E_INVALID", `a kv key is a string of 1 to ${MAX_KEY_CHARS} characters`);
  }
  return key;
}

function kvGet(call, key) {
  kvLoad(call);
  const stored = mapGet(kvMirror, kvKey(key));
  if (stored === undefined) return null;
  return typeof stored === "object" && stored !== null ? jsonParse(stored.text) : stored;
}

function kvList(call, prefix) {
  kvLoad(call);
  const start = typeof prefix === "string" ? prefix : "";
  const found = newList();
  mapForEach(kvMirror, (_stored, key) => {
    if (stringStartsWith(key, start)) found[found.length] = key;
  });
  return setPrototypeOf(arraySort(found), ArrayProto);
}

function kvWrite(call, name, args, key, stored) {
  lastKvWrite += 1;
  const token = lastKvWrite;
  const sent = hostcall(call, name, args);
  mapSet(kvPending, token, { __proto__: null, key, stored });
  if (kvLoaded) kvApply(key, stored);
  return new PromiseCtor((resolve, reject) => {
    whenSettled(sent, () => {
      mapDelete(kvPending, token);
      resolve(undefined);
    }, (error) => {
      mapDelete(kvPending, token);
      kvLoaded = false;
      reject(error);
    });
  });
}

/** Run *start* so that a refusal of the arguments is a rejection, as the promise forms promise. */
function kvPromise(start) {
  return new PromiseCtor((resolve) => resolve(start()));
}

/** {get, set, delete, list} for *call* (null: the instance). */
function makeKv(call) {
  const kv = {};
  publish(kv, "get", (key) => kvGet(call, key));
  publish(kv, "list", (prefix) => kvList(call, prefix));
  publish(kv, "set", (key, value) => kvPromise(() => {
    const copy = copyJson(value);
    if (copy === undefined) throw makeError("E_INVALID", `a kv value is JSON, not ${kindOf(value)}`);
    return kvWrite(call, "kv.set", { __proto__: null, key: kvKey(key), value: copy }, key, kvStore(copy));
  }));
  publish(kv, "delete", (key) => kvPromise(() => (
    kvWrite(call, "kv.delete", { __proto__: null, key: kvKey(key) }, key, undefined)
  )));
  return freeze(kv);
}

/** PUSH kv: another writer's changes. */
function pushKv(message) {
  if (!kvLoaded) return; // the load that is still to come will have them
  const waiting = newList();
  mapForEach(kvPending, (write) => {
    waiting[waiting.length] = write.key;
  });
  const isOurs = (key) => {
    // Not answered yet, so applied after this change: ours stays.
    for (let i = 0; i < waiting.length; i++) if (waiting[i] === key) return true;
    return false;
  };
  const set = hasOwn(message, "set") ? message.set : null;
  if (typeof set === "object" && set !== null) {
    const keys = objectKeys(set);
    for (let i = 0; i < keys.length; i++) {
      if (!isOurs(keys[i])) mapSet(kvMirror, keys[i], kvStore(copyJson(set[keys[i]])));
    }
  }
  const removed = hasOwn(message, "delete") ? message.delete : null;
  if (arrayIsArray(removed)) {
    for (let i = 0; i < removed.length; i++) if (!isOurs(removed[i])) mapDelete(kvMirror, removed[i]);
  }
}

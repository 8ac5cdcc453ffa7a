// In a TUI half: events that the server half's side has answered already, told afterwards.
//
// Promises    Handlers run in the order of registration, each awaited, as in a server half. What they return is nobody's
//             answer; one that throws is reported and does not stop the others. What they ask for through ctx is the
//             instance's: there is no call that could end before it.

const { CallHandle, eventCall, eventNumbers, forgetRecord, handlerLists, reportUnhandled } = internals;

async function run(call, list) {
  const ctx = new CallHandle(call);
  for (let i = 0; i < list.length; i++) { // lists of the runtime have no iterator
    const { fn, adapter, once, state } = list[i];
    if (once) {
      if (state.fired) continue;
      state.fired = true;
      forgetRecord(list[i]);
    }
    try {
      const result = adapter === null ? fn(call.input, {}, ctx) : fn(adapter.event(call), ctx);
      if (result instanceof Promise) await result;
    } catch (error) {
      reportUnhandled(error);
    }
  }
}

module.exports = {
  /** News from the host: *event* happened, with the payload that it had for the server side. */
  push({ event, payload }) {
    const n = eventNumbers[event];
    const list = n === undefined ? undefined : handlerLists[n];
    if (list === undefined || list.length === 0) return;
    const call = eventCall(0, n, payload, "");
    call.context = { __proto__: null, session_id: payload.session_id }; // before a handler can change it
    call.done = true; // nothing of it goes back as a result
    run(call, list);
  },
};

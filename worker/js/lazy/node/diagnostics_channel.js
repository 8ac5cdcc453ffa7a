// node:diagnostics_channel: named channels within the plugin.
"use strict";

const channels = new Map();

class Channel {
  #subscribers = [];
  constructor(name) {
    this.name = name;
  }
  get hasSubscribers() {
    return this.#subscribers.length > 0;
  }
  subscribe(fn) {
    if (typeof fn !== "function") throw new TypeError("The \"subscription\" argument must be of type function");
    this.#subscribers = [...this.#subscribers, fn];
  }
  unsubscribe(fn) {
    const left = this.#subscribers.filter((item) => item !== fn);
    const isFound = left.length < this.#subscribers.length;
    this.#subscribers = left;
    return isFound;
  }
  publish(message) {
    for (const fn of this.#subscribers) {
      try {
        fn(message, this.name);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

const PHASES = ["start", "end", "asyncStart", "asyncEnd", "error"];

/** Five channels that tell of one piece of work: its start and end, those of what it waited for, and its error. */
class TracingChannel {
  constructor(given) {
    for (const phase of PHASES) this[phase] = typeof given === "string" ? channel(`tracing:${given}:${phase}`) : given[phase];
  }
  get hasSubscribers() {
    return PHASES.some((phase) => this[phase].hasSubscribers);
  }
  subscribe(handlers) {
    for (const phase of PHASES) if (handlers[phase] !== undefined) this[phase].subscribe(handlers[phase]);
  }
  unsubscribe(handlers) {
    return PHASES.every((phase) => handlers[phase] === undefined || this[phase].unsubscribe(handlers[phase]));
  }
  #failed(context, error) {
    context.error = error;
    this.error.publish(context);
    throw error;
  }
  #started(fn, context, thisArg, args) {
    this.start.publish(context);
    try {
      return Reflect.apply(fn, thisArg, args);
    } catch (error) {
      return this.#failed(context, error);
    } finally {
      this.end.publish(context);
    }
  }
  traceSync(fn, context = {}, thisArg = undefined, ...args) {
    return this.#started((...given) => {
      context.result = Reflect.apply(fn, thisArg, given);
      return context.result;
    }, context, undefined, args);
  }
  async tracePromise(fn, context = {}, thisArg = undefined, ...args) {
    const promise = this.#started(fn, context, thisArg, args);
    try {
      context.result = await promise;
      return context.result;
    } catch (error) {
      return this.#failed(context, error);
    } finally {
      this.asyncStart.publish(context);
      this.asyncEnd.publish(context);
    }
  }
}

Object.assign(exports, {
  Channel,
  TracingChannel,
  tracingChannel: (given) => new TracingChannel(given),
  channel,
  hasSubscribers: (name) => channels.has(name) && channel(name).hasSubscribers,
  subscribe: (name, fn) => channel(name).subscribe(fn),
  unsubscribe: (name, fn) => channel(name).unsubscribe(fn),
});

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

Object.assign(exports, {
  Channel,
  channel,
  hasSubscribers: (name) => channels.has(name) && channel(name).hasSubscribers,
  subscribe: (name, fn) => channel(name).subscribe(fn),
  unsubscribe: (name, fn) => channel(name).unsubscribe(fn),
});

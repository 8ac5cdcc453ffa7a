// Provider: a model server on this machine, for the agent to offer.
//
// Shows: registerProvider, which takes [plugin.allow] providers = ["workshop"]; settings as its address.

import type { Pi } from "jcode-plugin";

export default function (pi: Pi) {
  pi.registerProvider("workshop", {
    baseUrl: pi.getConfig("address", "http://127.0.0.1:8080/v1"),
    api: "openai-completions",
    models: [{ id: "workshop-small", contextWindow: 32_000 }],
  });
}

// The same handler for an engine inside the host's own process: JSON text in, JSON text out.
(function (text) {
  const event = JSON.parse(text);
  if (event.tool_name === "never") return JSON.stringify({ action: "block" });
  return JSON.stringify({ action: "continue" });
})

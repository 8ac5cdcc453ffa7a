// One tool: the round trip of a call, schema check and approval gate included.
export default function (pi) {
  pi.registerTool({
    name: "hello",
    description: "Greets somebody.",
    tier: "read",
    parameters: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
      additionalProperties: false,
    },
    handler: ({ name }) => `Hello, ${name}.`,
  });
}

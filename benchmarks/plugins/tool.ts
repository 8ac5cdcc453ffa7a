// One tool: the round trip of a call, schema check included.
export default function (pi) {
  pi.registerTool({
    name: "hello",
    description: "Greets somebody.",
    parameters: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
      additionalProperties: false,
    },
    handler: ({ name }) => `Hello, ${name}.`,
  });
}

// A tool that says again what it is told.
export default function (pi) {
  pi.registerTool({
    name: "echo",
    description: "Says it again",
    tier: "read",
    parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    handler: ({ text }: { text: string }) => "echo " + text,
  });
}

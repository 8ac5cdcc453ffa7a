// A slot that says again what its command was given.
export default function (pi) {
  pi.registerCommand("fill", {
    description: "Fills the slot.",
    handler: (args) => {
      pi.tui.slot.fill("Sidebar", [`now ${args}`, "and a second line"], { id: "said" });
    },
  });
}

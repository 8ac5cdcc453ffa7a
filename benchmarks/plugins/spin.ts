// A plugin that hangs when it is told to stop, and only then.
export default function (pi) {
  pi.on("Stop", () => {
    while (true) {}
  });
}

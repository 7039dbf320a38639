// A bare worker that says hello, and gives back what it is given.

const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
if (threads?.parentPort && !globalThis.Bun && !globalThis.Deno) {
  const { parentPort } = threads;
  parentPort.on("message", (value) => parentPort.postMessage(value));
  parentPort.postMessage("hello");
} else {
  globalThis.onmessage = ({ data }) => globalThis.postMessage(data);
  globalThis.postMessage("hello");
}

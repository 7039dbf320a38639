// A worker of another version of the library, as it would greet.

const host = globalThis as {
  process?: {
    send?(data: unknown): void;
    getBuiltinModule?(id: string): {
      parentPort?: { postMessage(data: unknown): void };
    } | undefined;
  };
  postMessage?(data: unknown): void;
};
const hello = { type: "hello", protocol: "golib-runner-0" };
const threads = host.process?.getBuiltinModule?.("node:worker_threads");
if (threads?.parentPort) threads.parentPort.postMessage(hello);
else {
  try {
    // Bun's program has a postMessage() too, which nobody hears; and Deno's threads
    // have a process.send(), which throws.
    host.process!.send!(hello);
  } catch {
    host.postMessage!(hello);
  }
}
setInterval(() => {}, 1_000);

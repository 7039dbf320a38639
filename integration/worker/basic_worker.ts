// A worker that does what it is asked, also what it should not.

import {
  expose,
  StartStop,
  Supervisor,
  Ticker,
  untilAborted,
} from "./library.ts";

const host = globalThis as {
  process?: {
    exit(code: number): never;
    send?(data: unknown): void;
    getBuiltinModule?(id: string): {
      parentPort?: { postMessage(data: unknown): void };
    } | undefined;
  };
  postMessage?(data: unknown): void;
};
const beat = new Ticker(20, () => {}, { name: "beat" });
const service = new StartStop(
  async (signal, { ready }) => {
    ready();
    await untilAborted(signal);
  },
  undefined,
  { name: "service", awaitReady: true },
);
const inner = new Supervisor([{ runner: service }, { runner: beat }], {
  name: "inner",
});

// What the program carries along is there while a call works, up to its first wait.
let active: unknown;

expose(inner, {
  receive: (carried, work) => {
    active = carried;
    try {
      return work();
    } finally {
      active = undefined;
    }
  },
  calls: {
    carried: () => active ?? "nothing",
    echo: (value: unknown) => value,
    size: (bytes: Uint8Array) => bytes.byteLength,
    fail: (text: string) => {
      throw new RangeError(text, { cause: new Error("deep") });
    },
    wait: async (ms: number, signal: AbortSignal) => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      });
      return signal.aborted ? "aborted" : "done";
    },
    loop: () => {
      for (;;);
    },
    block: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
    crash: () => {
      setTimeout(() => {
        throw new TypeError("nobody catches this");
      });
      return "soon";
    },
    reject: () => {
      void Promise.reject(new TypeError("nobody awaits this"));
      return "soon";
    },
    exit: (code: number) => host.process?.exit(code),
    function: () => () => {},
    say: (data: unknown) => {
      const threads = host.process?.getBuiltinModule?.("node:worker_threads");
      if (threads?.parentPort) return threads.parentPort.postMessage(data);
      try {
        // Deno's threads have it, too, and there it throws.
        host.process!.send!(data);
      } catch {
        host.postMessage!(data);
      }
    },
    memory: () => {
      const all: unknown[] = [];
      for (;;) all.push(new Array(1e5).fill(all.length));
    },
  },
});

/** The one place of this module that touches what only some runtimes have. */

import { builtin } from "../_internal/runtime.ts";
import type { WorkerIsolation as Isolation } from "./options.ts";

/** What a way to a worker tells of it. */
export interface Ears {
  message(data: unknown): void;
  /** Something in the worker has failed that nobody caught, in words. */
  failed(error: unknown): void;
  /** The platform says that it is over; called once. */
  over(code: number | undefined): void;
}

/** A way to a worker. */
export interface Wire {
  send(data: unknown, transfer?: readonly object[]): void;
  /** Ends it, whatever it does. */
  kill(): void;
}

/** How to make one. */
export interface WireOptions {
  readonly url: URL;
  readonly name: string;
  readonly isolation: Isolation;
  /** In MB. */
  readonly maxMemory: number | undefined;
  readonly execArgv: readonly string[] | undefined;
}

interface Emitter {
  // deno-lint-ignore no-explicit-any
  on(name: string, listener: (...values: any[]) => void): void;
}

interface NodePort extends Emitter {
  postMessage(data: unknown, transfer?: readonly object[]): void;
}

interface NodeWorker extends NodePort {
  terminate(): unknown;
}

interface ChildProcess extends Emitter {
  send(data: unknown, done: (error: Error | null) => void): boolean;
  kill(signal: string): boolean;
  readonly connected: boolean;
  readonly pid?: number;
}

interface WebWorker {
  postMessage(data: unknown, transfer?: readonly object[]): void;
  terminate(): void;
  // deno-lint-ignore no-explicit-any
  addEventListener(name: string, listener: (event: any) => void): void;
}

interface Process {
  readonly versions?: { readonly node?: string };
  readonly env?: Record<string, string | undefined>;
  readonly execArgv?: readonly string[];
  send?(data: unknown): boolean;
  on?(name: string, listener: (value: unknown) => void): void;
  off?(name: string, listener: () => void): void;
  exit?(code: number): void;
  readonly connected?: boolean;
}

interface Host {
  readonly Deno?: { readonly version: unknown };
  readonly Bun?: unknown;
  readonly Worker?: new (
    url: URL,
    options: { type: "module"; name: string },
  ) => WebWorker;
  readonly process?: Process;
  readonly document?: unknown;
  readonly WorkerGlobalScope?: unknown;
  postMessage?(data: unknown): void;
  addEventListener?(
    name: string,
    listener: (event: {
      readonly data?: unknown;
      readonly error?: unknown;
      readonly message?: unknown;
      readonly reason?: unknown;
      preventDefault(): void;
    }) => void,
  ): void;
}

const host = globalThis as Host;

/** By this a child process knows what it is for. */
const MARK = "GOLIB_RUNNER_WORKER";

/** Threads that can be killed are the default; Deno's cannot be. */
export function defaultIsolation(): Isolation {
  return host.Deno ? "process" : "thread";
}

/** Whether the platform says nothing when a worker is over. */
export function isMute(isolation: Isolation): boolean {
  return isolation === "thread" &&
    (!!host.Deno || !host.process?.versions?.node);
}

/** After how many milliseconds a killed one is taken to be over there. */
export function defaultKillDelay(): number {
  return host.document ? 3_000 : 0;
}

/** What is missing for workers of a kind; `undefined` where nothing is. */
export function lackOf(isolation: Isolation): string | undefined {
  if (isolation === "process") {
    return builtin("node:child_process")
      ? undefined
      : "this platform has no child processes";
  }
  if (!isNodeThread() && !host.Worker) return "this platform has no Workers";
  return undefined;
}

/** Node's threads are its own; Bun and Deno have the web's. */
function isNodeThread(): boolean {
  return !host.Deno && !host.Bun && !!builtin("node:worker_threads");
}

/**
 * What a process is sent. Deno's sender lets through what cannot be cloned, and
 * its receiver dies of it.
 */
function cloneable(data: unknown): unknown {
  return host.Deno ? structuredClone(data) : data;
}

/** Calls a sender of a process, whose errors have no name of their own. */
function sendClone(send: (data: unknown) => void, data: unknown): void {
  try {
    send(cloneable(data));
  } catch (error) {
    const message = String((error as Error | undefined)?.message ?? error);
    throw new DOMException(message, "DataCloneError");
  }
}

/** Makes a worker. */
export function connect(options: WireOptions, ears: Ears): Wire {
  if (options.isolation === "process") return connectProcess(options, ears);
  return isNodeThread()
    ? connectNodeThread(options, ears)
    : connectWebWorker(options, ears);
}

function connectNodeThread(
  { url, name, maxMemory, execArgv }: WireOptions,
  ears: Ears,
): Wire {
  const { Worker } = builtin<
    { Worker: new (url: URL, options: object) => NodeWorker }
  >("node:worker_threads")!;
  const worker = new Worker(url, {
    name,
    ...(execArgv && { execArgv }),
    ...(maxMemory !== undefined &&
      { resourceLimits: { maxOldGenerationSizeMb: maxMemory } }),
  });
  worker.on("message", ears.message);
  worker.on("messageerror", ears.failed);
  worker.on("error", ears.failed);
  worker.on("exit", ears.over);
  return {
    send: (data, transfer) => worker.postMessage(data, transfer),
    kill: () => void worker.terminate(),
  };
}

function connectWebWorker({ url, name }: WireOptions, ears: Ears): Wire {
  const worker = new host.Worker!(url, { type: "module", name });
  worker.addEventListener("message", ({ data }) => ears.message(data));
  worker.addEventListener(
    "messageerror",
    () => ears.failed(new Error("a message could not be read")),
  );
  worker.addEventListener("error", (event) => {
    // Else it is an uncaught error of the program, too.
    event.preventDefault?.();
    ears.failed(event.error ?? event.message);
  });
  // Bun alone says when it is over.
  worker.addEventListener("close", ({ code }) => ears.over(code));
  return {
    send: (data, transfer) => worker.postMessage(data, [...transfer ?? []]),
    kill: () => worker.terminate(),
  };
}

const children = new Set<ChildProcess>();

/** The program exits: one that is blocked would not see that it has gone. */
function killAll(): void {
  for (const each of children) each.kill("SIGKILL");
}

function connectProcess(
  { url, maxMemory, execArgv }: WireOptions,
  ears: Ears,
): Wire {
  const { fork } = builtin<{
    fork(url: URL, values: string[], options: object): ChildProcess;
  }>("node:child_process")!;
  // All three engines take V8's own flag, and Bun takes no notice of it.
  const memory = maxMemory === undefined
    ? []
    : [`--max-old-space-size=${maxMemory}`];
  const inherited = execArgv ?? host.process?.execArgv ?? [];
  const child = fork(url, [], {
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...host.process?.env, [MARK]: "1" },
    ...((execArgv || memory.length > 0) &&
      { execArgv: [...inherited, ...memory] }),
  });
  if (children.size === 0) host.process!.on!("exit", killAll);
  children.add(child);
  const over = (code: number | null) => {
    children.delete(child);
    if (children.size === 0) host.process!.off!("exit", killAll);
    ears.over(code ?? undefined);
  };
  child.on("message", ears.message);
  child.on("error", (error) => {
    ears.failed(error);
    // One that could not be made does not exit.
    if (child.pid === undefined) over(null);
  });
  child.on("exit", over);
  return {
    send: (data) => {
      // What is lost on the way is lost with the process, whose end is told.
      if (!child.connected) return;
      sendClone((clone) => void child.send(clone, () => {}), data);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** The worker's end of the wire. */
export interface Port {
  send(data: unknown): void;
  listen(message: (data: unknown) => void): void;
  /** Is told of what nobody caught, in place of the platform. */
  uncaught(failed: (error: unknown) => void): void;
}

/** The worker's end; `undefined` where the code does not run in a worker. */
export function findPort(): Port | undefined {
  const threads = builtin<
    { isMainThread: boolean; parentPort: NodePort | null }
  >("node:worker_threads");
  // A thread of a child process has the process's functions, which it cannot use.
  // Deno's web workers take themselves for the main thread.
  const isThread = threads?.isMainThread === false ||
    !host.Bun && !!host.WorkerGlobalScope && !host.document;
  if (isThread) {
    if (isNodeThread() && threads?.parentPort) {
      return nodePort(threads.parentPort);
    }
    // Edge platforms have the scope of a worker, and nobody to talk to.
    return host.postMessage ? webPort() : undefined;
  }
  return host.process?.env?.[MARK] && host.process.send
    ? processPort(host.process)
    : undefined;
}

function uncaughtOfProcess(failed: (error: unknown) => void): void {
  host.process?.on?.("uncaughtException", failed);
  host.process?.on?.("unhandledRejection", failed);
}

function processPort(process: Process): Port {
  return {
    send: (data) => sendClone((clone) => void process.send!(clone), data),
    listen: (message) => {
      process.on!("message", message);
      // The program has gone: nobody wants what this does any more.
      process.on!("disconnect", () => process.exit!(0));
      if (process.connected === false) process.exit!(0);
    },
    uncaught: uncaughtOfProcess,
  };
}

function nodePort(port: NodePort): Port {
  return {
    send: (data) => port.postMessage(data),
    listen: (message) => port.on("message", message),
    uncaught: uncaughtOfProcess,
  };
}

function webPort(): Port {
  return {
    send: (data) => host.postMessage!(data),
    listen: (message) =>
      host.addEventListener!("message", ({ data }) => message(data)),
    uncaught: (failed) => {
      host.addEventListener!("error", (event) => {
        event.preventDefault();
        failed(event.error ?? event.message);
      });
      host.addEventListener!("unhandledrejection", (event) => {
        event.preventDefault();
        failed(event.reason);
      });
    },
  };
}

/** Programs of the tests, each in a process of its own on the engine under test. */

interface Host {
  readonly Deno?: { version: unknown };
  readonly Bun?: unknown;
  readonly WebSocketPair?: unknown;
  readonly process?: {
    readonly execPath?: string;
    readonly platform?: string;
    readonly versions?: { readonly node?: string };
  };
}

const host = globalThis as Host;

/** Whether a process can be sent a signal that it can hear. */
export const canKill = typeof host.process?.versions?.node === "string" &&
  // It pretends to be Node, whose modules throw when they are used there.
  host.WebSocketPair === undefined &&
  typeof host.process.execPath === "string" &&
  host.process.platform !== "win32";

/** Whether this is Node itself, not what is like it. */
export const isNode = canKill && !host.Deno && !host.Bun;

/** How a program ended. */
export interface Ended {
  /** The exit code; `null` where a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it; `null` where none did. */
  readonly signal: string | null;
  /** What it wrote to standard output, a line each. */
  readonly lines: readonly string[];
  /** What it wrote to standard error. */
  readonly errors: string;
}

/** What can be sent to a program. */
export type Signal =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGKILL"
  | "SIGSTOP"
  | "SIGCONT";

/** A program that runs. */
export interface Child {
  /** Waits until it has printed a line. */
  said(line: string): Promise<void>;
  kill(signal: Signal): void;
  readonly ended: Promise<Ended>;
}

/** What a program is started with. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** How much memory the program may have for its objects, in MB. */
  readonly memory?: number;
  /** How long it may run, in milliseconds. */
  readonly limit?: number;
}

function command(file: string, memory: number | undefined): string[] {
  const limit = memory === undefined ? [] : [`--max-old-space-size=${memory}`];
  if (host.Deno) {
    const flags = limit.map((each) => `--v8-flags=${each}`);
    return ["run", "--allow-all", "--no-check", "--quiet", ...flags, file];
  }
  return host.Bun ? [file] : [...limit, "--import", "tsx", file];
}

/** Starts one of the programs beside the tests. */
export async function spawn(
  program: string,
  scenario: string,
  { env, memory, limit: ms = 20_000 }: Surroundings = {},
): Promise<Child> {
  const { default: process } = await import("node:process");
  const { spawn } = await import("node:child_process");
  const { fileURLToPath } = await import("node:url");
  const file = fileURLToPath(new URL(program, import.meta.url));
  const values = [...command(file, memory), scenario];
  const child = spawn(host.process!.execPath!, values, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(env && { env: { ...process.env, ...env } }),
  });
  const lines: string[] = [];
  let rest = "";
  let errors = "";
  let over = false;
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((each) => each());
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
  // A program that hangs would hang the suite.
  const limit = setTimeout(() => child.kill("SIGKILL"), ms);
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code: number | null, signal: string | null) => {
      clearTimeout(limit);
      over = true;
      look();
      resolve({ code, signal, lines, errors });
    });
  });
  return {
    said: (line) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!lines.includes(line) && !over) return;
          waiting.delete(check);
          if (lines.includes(line)) resolve();
          else {
            const said = [...lines, errors].join("\n");
            reject(new Error(`It ended without '${line}':\n${said}`));
          }
        };
        waiting.add(check);
        check();
      }),
    // Deno's own kill() takes the signal for how it ended, whatever it does.
    kill: (signal) => {
      if (!over) process.kill(child.pid!, signal);
    },
    ended,
  };
}

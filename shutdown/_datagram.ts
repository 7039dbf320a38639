/** Sends texts to a unix datagram socket, by what each engine has for that. */

import { builtin } from "../_internal/runtime.ts";
import {
  denoOf,
  type DynamicLibrary,
  isAllowed,
  type Process,
} from "./_process.ts";

/** Sends a text; rejects where it did not get there. */
export type Send = (text: string) => Promise<void>;

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  sendto(
    socket: number,
    bytes: Uint8Array,
    length: bigint,
    flags: number,
    address: Uint8Array,
    size: number,
  ): number | bigint;
  close(socket: number): number;
}

type Open = (path: string, symbols: object) => DynamicLibrary;

const DATAGRAM_CLOSED_ON_EXEC = 2 | 0o2000000;

/** The C library, by the foreign functions of Deno, Bun or Node 26. */
function libcOf(process: Process): Libc | undefined {
  if (process.platform !== "linux" || !isAllowed({ name: "ffi" })) {
    return undefined;
  }
  let open: Open | undefined = denoOf()?.dlopen;
  // Each engine has its own words for the same.
  let words = ["parameters", "result"] as const as readonly [string, string];
  let bytes = "buffer";
  if (open === undefined && process.versions.bun) {
    open = builtin<{ dlopen: Open }>("bun:ffi")?.dlopen;
    words = ["args", "returns"];
    bytes = "ptr";
  } else if (open === undefined) {
    open = builtin<{ dlopen: Open }>("node:ffi")?.dlopen;
    words = ["arguments", "return"];
  }
  const define = (...types: string[]) => ({
    [words[0]]: types,
    [words[1]]: "i32",
  });
  for (const name of ["libc.so.6", "libc.so"]) {
    try {
      const { symbols, functions } = open!(name, {
        socket: define("i32", "i32", "i32"),
        sendto: define("i32", bytes, "u64", "i32", bytes, "u32"),
        close: define("i32"),
      });
      return (symbols ?? functions) as Libc;
    } catch {
      // It has another name, or there is none to be had.
    }
  }
  return undefined;
}

function addressOf(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  const isAbstract = path.startsWith("@");
  const family = new Uint8Array(new Uint16Array([1]).buffer);
  const address = new Uint8Array(2 + name.length + (isAbstract ? 0 : 1));
  address.set(family);
  address.set(name, 2);
  if (isAbstract) address[2] = 0;
  return address;
}

function byLibc({ socket, sendto, close }: Libc, path: string): Send {
  const address = addressOf(path);
  return async (text) => {
    const bytes = new TextEncoder().encode(text);
    const id = socket(1, DATAGRAM_CLOSED_ON_EXEC, 0);
    const length = BigInt(bytes.length);
    const sent = sendto(id, bytes, length, 0, address, address.length);
    close(id);
    if (sent < 0) throw new Error(`the socket "${path}" takes nothing`);
    await undefined;
  };
}

interface ChildProcess {
  spawnSync(
    command: string,
    values: string[],
    options: object,
  ): { status: number | null };
  execFile(
    command: string,
    values: string[],
    done: (error: Error | null) => void,
  ): unknown;
}

/** By systemd's own command, which sends on behalf of the process above it. */
function byCommand(): Send | undefined {
  const children = builtin<ChildProcess>("node:child_process");
  const command = "systemd-notify";
  if (!children || !isAllowed({ name: "run", command })) return undefined;
  const options = { stdio: "ignore" };
  try {
    if (children.spawnSync(command, ["--version"], options).status !== 0) {
      return undefined;
    }
  } catch {
    return undefined;
  }
  return (text) =>
    new Promise((resolve, reject) => {
      children.execFile(
        command,
        text.split("\n"),
        (error) => error ? reject(error) : resolve(),
      );
    });
}

/**
 * The way to send to a socket, `undefined` where there is none.
 *
 * `isOwn` says whether it comes from this process, which systemd looks at.
 */
export function senderTo(
  process: Process,
  path: string,
): { readonly send: Send; readonly isOwn: boolean } | undefined {
  const libc = /^[/@]/.test(path) ? libcOf(process) : undefined;
  if (libc) return { send: byLibc(libc, path), isOwn: true };
  const send = byCommand();
  // By root it is taken for its parent, by others for itself.
  return send && { send, isOwn: process.getuid?.() === 0 };
}

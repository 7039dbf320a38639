/** A client of PostgreSQL that can do no more than the example needs. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { StartStop, untilAborted } from "../../mod.ts";

/** One message: its type, if it has one, its length, its text. */
export function message(type: string, ...texts: string[]): Uint8Array {
  const body = new TextEncoder().encode(
    texts.map((text) => `${text}\0`).join(""),
  );
  const bytes = new Uint8Array(type.length + 4 + body.length);
  bytes.set(new TextEncoder().encode(type));
  new DataView(bytes.buffer).setUint32(type.length, 4 + body.length);
  bytes.set(body, type.length + 4);
  return bytes;
}

/** What a connection begins with: the version of the protocol, and who it is. */
const STARTUP = message("", "\0\x03\0\0user", "postgres", "");

interface Question {
  readonly answered: (text: string) => void;
  readonly failed: (error: Error) => void;
}

/** A connection that is held: it fails when the server goes away. */
export class Database extends StartStop {
  #socket: Socket | undefined;
  readonly #questions: Question[] = [];

  constructor(port: number) {
    super(
      async (signal, { ready }) => {
        const socket = connect(port, "127.0.0.1");
        const closed = new Promise<Error>((resolve) => {
          socket.on("error", resolve);
          socket.on("close", () => resolve(new Error("the server hung up")));
        });
        void closed.then((error) => this.#fail(error));
        try {
          const over = Promise.race([closed, untilAborted(signal)]);
          const open = this.#greet(socket);
          open.catch(() => {});
          let error = await Promise.race([over, open]);
          if (!error && !signal.aborted) {
            ready();
            error = await over;
          }
          if (error) throw error;
          socket.write(message("X"));
        } finally {
          this.#socket = undefined;
          socket.destroy();
        }
      },
      undefined,
      { name: "database", awaitReady: true, printErrors: false },
    );
  }

  /** Asks something; the first field of the last row is the answer. */
  query(text: string): Promise<string> {
    const socket = this.#socket;
    if (!socket) return Promise.reject(new Error("the database is away"));
    socket.write(message("Q", text));
    return this.#ask();
  }

  #ask(): Promise<string> {
    return new Promise((answered, failed) => {
      this.#questions.push({ answered, failed });
    });
  }

  async #greet(socket: Socket): Promise<void> {
    await once(socket, "connect");
    this.#listen(socket);
    socket.write(STARTUP);
    await this.#ask();
    this.#socket = socket;
  }

  #listen(socket: Socket): void {
    let bytes = new Uint8Array();
    let answer = "";
    let refusal: Error | undefined;
    socket.on("data", (more: Uint8Array) => {
      const all = new Uint8Array(bytes.length + more.length);
      all.set(bytes);
      all.set(more, bytes.length);
      bytes = all;
      while (bytes.length > 4) {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const end = 1 + view.getUint32(1);
        if (bytes.length < end) break;
        const type = String.fromCharCode(bytes[0]!);
        const body = new TextDecoder().decode(bytes.subarray(5, end));
        // A row has the count of its fields, and the length of each before it.
        if (type === "D") answer = body.slice(6);
        if (type === "E") refusal = new Error(body.replaceAll("\0", " "));
        if (type === "Z") {
          const question = this.#questions.shift();
          if (refusal) question?.failed(refusal);
          else question?.answered(answer);
          refusal = undefined;
        }
        bytes = bytes.subarray(end);
      }
    });
  }

  #fail(error: Error): void {
    for (const { failed } of this.#questions.splice(0)) failed(error);
  }
}

/** Clients of HTTP on raw sockets, which repeat nothing. */

import type { Socket } from "node:net";

/** One connection. */
export class Client {
  readonly #socket: Socket;
  #text = "";
  #isEnded = false;
  #wake = () => {};
  /** Resolves when the connection has ended, in whatever way. */
  readonly ended: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      this.#text += String(text);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#isEnded = true;
        this.#wake();
        socket.destroy();
        resolve();
      };
      socket.on("end", end);
      socket.on("error", end);
      socket.on("close", end);
    });
  }

  static async open(url: URL): Promise<Client> {
    const { connect } = await import("node:net");
    const socket = connect(Number(url.port), "127.0.0.1");
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** Writes a request without a body, or any text. */
  write(text: string): void {
    this.#socket.write(new TextEncoder().encode(text));
  }

  ask(path: string, more = ""): void {
    this.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`);
  }

  /** Everything up to some text; whatever came, if the connection ends before. */
  async until(text: string): Promise<string> {
    while (!this.#text.includes(text) && !this.#isEnded) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const at = this.#text.indexOf(text);
    const end = at < 0 ? this.#text.length : at + text.length;
    const found = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return found;
  }

  /** Asks, and reads an answer that ends with a word. */
  async get(path: string, end = "done"): Promise<string> {
    this.ask(path);
    return await this.until(end);
  }

  /** Reads nothing for now, as a client that is still writing may not. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Servers of Node's kind: `node:http`, `node:https`, `node:http2`. */

import { Connection } from "./_connection.ts";
import { pause } from "./_pause.ts";
import { isBun, isDeno, turn } from "./_runtime.ts";
import type {
  Incoming,
  Left,
  Listening,
  Outgoing,
  Place,
  Session,
  Socket,
} from "./_types.ts";
import type { NodeServer } from "./types.ts";

/**
 * How many turns new connections that never end may keep the listener, and for how
 * many ms. Each turn brings one at most, so that as many may have been in line; where
 * handlers compute, a turn may take 100 ms.
 */
const MOST_TURNS = 150;
const LONGEST_QUEUE = 2_000;

/** How often Bun's connections are looked at, in ms. */
const ASK = 10;

/** The server as this file knows it, beyond what a user has to give. */
interface Whole extends NodeServer {
  closeIdleConnections?(): void;
  updateSettings?: unknown;
  getConnections?: unknown;
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** All connections of one server, from the moment it is given. */
class Tracked implements Listening {
  readonly #server: Whole;
  readonly #connections = new Map<Socket, Connection>();
  /** Those that have not agreed on their keys. */
  readonly #shaking = new Map<string, Socket>();
  readonly #hooked = new Set<string>();
  /** How far the end has come. */
  #phase: "serving" | "announced" | "leaving" | "closed" = "serving";
  #linger = 0;
  #accepted = 0;
  #emptied: (() => void) | undefined;
  #break!: (error: unknown) => void;
  readonly broken: Promise<never> = new Promise((_, reject) => {
    this.#break = reject;
  });

  constructor(server: NodeServer) {
    this.#server = server;
    this.broken.catch(() => {});
    server.prependListener("connection", (socket: Socket) => {
      this.#seen(socket);
      if (!("setSecureContext" in server)) return;
      // Under TLS another socket reads from it, once both have agreed on keys.
      const address = addressOf(socket);
      this.#shaking.set(address, socket);
      socket.on("close", () => {
        if (this.#shaking.get(address) === socket) {
          this.#shaking.delete(address);
        }
      });
    });
    server.prependListener("secureConnection", (socket: Socket) => {
      const raw = this.#shaking.get(addressOf(socket));
      this.#seen(socket);
      if (raw && raw !== socket) this.#gone(raw);
    });
    server.prependListener("session", (session: Session) => {
      const { remoteAddress, remotePort } = session.socket;
      for (const [socket, connection] of this.#connections) {
        if (
          socket.remotePort === remotePort &&
          socket.remoteAddress === remoteAddress
        ) connection.speak(session);
      }
    });
    this.#hook("request", this.#asked);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Begins to listen. */
  listen({ port, hostname }: Place): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        server.off("error", settle);
        server.off("listening", settle);
        if (error) return reject(error);
        server.on("error", this.#break);
        server.on("close", () => {
          if (this.#phase !== "closed") {
            this.#break(new Error("The server was closed by somebody else"));
          }
        });
        resolve();
      };
      server.on("error", settle);
      server.on("listening", settle);
      server.listen(
        hostname === undefined ? { port } : {
          port,
          host: hostname,
        },
      );
    });
  }

  announce(): void {
    this.#phase = "announced";
    for (const connection of this.#connections.values()) connection.announce();
  }

  async shut(): Promise<void> {
    // Those that are in line still have a server to come back to.
    this.#phase = "serving";
    // Bun closes idle connections with the listener.
    if (isBun()) return;
    await this.#queue();
    this.#closeListener();
  }

  async leave(linger: number): Promise<void> {
    this.#linger = linger;
    this.#phase = "leaving";
    for (const connection of this.#connections.values()) {
      connection.leave(linger);
    }
    if (isBun()) {
      // Who is in line comes in one turn. The listener takes the connections with it
      // that have nothing in flight.
      await turn();
      const rest = () =>
        [...this.#connections.values()].some((each) => each.isResting);
      while (rest()) await pause(ASK);
      this.#closeListener();
      // Connections that have carried no request are out of reach.
      (this.#server as { unref?(): void }).unref?.();
    }
    await this.#empty();
    this.#phase = "closed";
  }

  cut(): Left {
    const left: Left = { requests: 0, upgraded: 0, idle: 0 };
    if (this.#server.listening) this.#closeListener();
    this.#phase = "closed";
    for (const connection of this.#connections.values()) connection.cut(left);
    return left;
  }

  /** Waits until no connection has come for three turns. */
  async #queue(): Promise<void> {
    const until = performance.now() + LONGEST_QUEUE;
    let quiet = 0;
    for (let turns = 0; turns < MOST_TURNS && quiet < 3; turns++) {
      if (performance.now() > until) break;
      const before = this.#accepted;
      await turn();
      quiet = this.#accepted === before ? quiet + 1 : 0;
    }
  }

  /** Stops listening, and leaves the connections as they are. */
  #closeListener(): void {
    const server = this.#server;
    // The two that servers of HTTP/1 close as well as the listener.
    const { closeIdleConnections } = server;
    if (server.updateSettings) {
      // That of HTTP/2 ends its sessions: what it was built on does not.
      let proto = server;
      while (!Object.hasOwn(proto, "getConnections")) {
        proto = Object.getPrototypeOf(proto);
      }
      proto.close.call(server);
    } else {
      server.closeIdleConnections = () => {};
      server.close();
      server.closeIdleConnections = closeIdleConnections!;
    }
    // Deno destroys each connection after its answer where this is false.
    if (isDeno()) Object.defineProperty(server, "listening", { value: true });
  }

  #empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }

  /** Listens to an event before all others, once there are others. */
  #hook(
    name: string,
    heard: (request: Incoming, answer: Outgoing) => void,
  ): void {
    if (this.#hooked.has(name)) return;
    this.#hooked.add(name);
    this.#server.prependListener(name, heard);
  }

  #seen(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known) return known;
    const connection = new Connection(socket);
    this.#connections.set(socket, connection);
    this.#accepted++;
    socket.on("close", () => this.#gone(socket));
    if (this.#phase === "leaving") connection.leave(this.#linger);
    if (this.#phase === "closed") socket.destroy();
    const server = this.#server;
    // To listen to these changes what a server does, where nobody else does.
    for (const name of ["checkContinue", "checkExpectation"]) {
      if (server.listenerCount(name)) this.#hook(name, this.#asked);
    }
    for (const name of ["upgrade", "connect"]) {
      if (server.listenerCount(name)) this.#hook(name, this.#upgraded);
    }
    return connection;
  }

  #gone(socket: Socket): void {
    this.#connections.get(socket)?.release();
    this.#connections.delete(socket);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  readonly #asked = (request: Incoming, answer: Outgoing): void => {
    // Of a session of HTTP/2, which counts its streams.
    if (request.httpVersionMajor > 1) return;
    const isLast = this.#phase !== "serving";
    this.#seen(request.socket).request(request, answer, isLast);
  };

  readonly #upgraded = (request: Incoming): void => {
    this.#seen(request.socket).upgrade();
  };
}

/** Listens with a server that a user has given. */
export async function listenNode(
  server: NodeServer,
  place: Place,
): Promise<Listening> {
  const tracked = new Tracked(server);
  await tracked.listen(place);
  return tracked;
}

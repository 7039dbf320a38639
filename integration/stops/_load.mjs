// Clients on raw sockets, as libraries repeat requests in silence. Each request is
// a record: when its connection was opened, when it was written, when the
// connection had its answer before, and what became of it.

import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

const now = () => performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One connection, and the answers that come on it. */
class Connection {
  constructor(port, secure) {
    this.openedAt = now();
    this.text = "";
    this.ended = false;
    this.socket = secure
      ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connect(port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.setEncoding("latin1");
    this.connected = new Promise((resolve) => {
      this.socket.once(secure ? "secureConnect" : "connect", () => {
        this.acceptedAt = now();
        resolve(true);
      });
      this.socket.once("close", () => resolve(false));
    });
    this.socket.on("data", (text) => {
      this.text += text;
      this.readAt = now();
      this.wake?.();
    });
    for (const name of ["end", "error", "close"]) {
      this.socket.on(name, (error) => {
        this.fault ??= error?.code;
        this.ended = true;
        this.wake?.();
      });
    }
  }

  /** Waits until a test of the text holds; false if the connection ends before. */
  async until(test) {
    while (!test(this.text)) {
      if (this.ended) return false;
      await new Promise((resolve) => this.wake = resolve);
    }
    return true;
  }

  /** Reads one answer; undefined if it did not come whole. */
  async answer() {
    this.began = false;
    const hasHead = (text) => text.includes("\r\n\r\n");
    if (!await this.until(hasHead)) {
      this.began = this.text.length > 0;
      return undefined;
    }
    this.began = true;
    const at = this.text.indexOf("\r\n\r\n") + 4;
    const head = this.text.slice(0, at).toLowerCase();
    const length = /content-length: (\d+)/.exec(head)?.[1];
    let end;
    if (length !== undefined) {
      end = at + Number(length);
      if (!await this.until((text) => text.length >= end)) return undefined;
    } else {
      const last = "0\r\n\r\n";
      if (!await this.until((text) => text.slice(at).endsWith(last))) {
        return undefined;
      }
      end = this.text.length;
    }
    const body = this.text.slice(at, end);
    this.text = this.text.slice(end);
    // It may have come while the request was still being written.
    this.answeredAt = this.readAt;
    return {
      status: Number(head.slice(9, 12)),
      close: /\r\nconnection: close/.test(head),
      body,
    };
  }
}

/** A load, from its start to the moment when nothing answers any more. */
export class Load {
  records = [];
  // When this program itself did nothing: what came then was read later.
  #stalls = [];
  #beat = this.#watch();
  counts = { refused: 0, websockets: 0, websocketsCut: 0 };
  #isOver = false;
  #clients = [];
  #begun = [];
  #sockets = new Set();

  constructor(port, { secure = false, sockets = true, numbers = {} } = {}) {
    this.port = port;
    this.secure = secure;
    const {
      busy = 16,
      slow = 5,
      upload = 5,
      early = 2,
      stream = 5,
      events = 5,
      websocket = sockets ? 5 : 0,
      silent = 2,
      stalled = 2,
      pausing = 10,
      newcomer = 4,
    } = numbers;
    const make = (count, run) => {
      for (let index = 0; index < count; index++) this.#clients.push(run());
    };
    const head = (method, path, more = "") =>
      `${method} ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
    make(busy, () => this.#repeat("busy", () => [head("GET", "/")]));
    make(slow, () => this.#repeat("slow", () => [head("GET", "/slow?ms=150")]));
    const size = 64 * 1024;
    const uploads = () => [
      head("POST", "/upload", `content-length: ${size}\r\n`),
      ...Array(8).fill("x".repeat(size / 8)),
    ];
    make(upload, () => this.#repeat("upload", uploads, `own ${size}`));
    make(early, () =>
      this.#repeat(
        "early",
        () => [
          head("POST", "/early", `content-length: ${size}\r\n`),
          ...Array(8).fill("x".repeat(size / 8)),
        ],
        "own",
        413,
      ));
    make(
      stream,
      () => this.#repeat("stream", () => [head("GET", "/stream")], "end\n"),
    );
    make(
      events,
      () => this.#repeat("events", () => [head("GET", "/events")], "data: end"),
    );
    make(
      pausing,
      () => this.#repeat("pausing", () => [head("GET", "/")], "own", 200, 400),
    );
    make(newcomer, () =>
      this.#repeat("newcomer", () => [
        head("GET", "/", "connection: close\r\n"),
      ]));
    make(silent, () => this.#idle(""));
    make(stalled, () => this.#idle("GET / HTTP/1.1\r\nho"));
    make(websocket, () => this.#websocket());
  }

  #watch() {
    let last = now();
    return setInterval(() => {
      const at = now();
      if (at - last > 30) this.#stalls.push({ from: last, to: at });
      last = at;
    }, 10);
  }

  /** How long an answer that was read at a moment may have been there already. */
  #unread(at) {
    return this.#stalls.filter(({ from, to }) => from - 10 < at && at < to + 50)
      .reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Every client has had an answer: the server works, and is not only about to. */
  async ready() {
    await Promise.all(this.#begun);
  }

  /** The server is asked to stop now. */
  stop() {
    this.stoppedAt = now();
  }

  /** The server has stopped; what has not been answered by now is not any more. */
  async end() {
    this.#isOver = true;
    await Promise.race([Promise.all(this.#clients), sleep(1_000)]);
    for (const connection of this.#sockets) connection.socket.destroy();
    await Promise.all(this.#clients);
    clearInterval(this.#beat);
  }

  async #open() {
    const connection = new Connection(this.port, this.secure);
    this.#sockets.add(connection);
    connection.socket.once("close", () => this.#sockets.delete(connection));
    if (await connection.connected) return connection;
    if (connection.fault === "ECONNREFUSED") this.counts.refused++;
    else if (this.stoppedAt !== undefined) {
      this.counts.resetWhileConnecting =
        (this.counts.resetWhileConnecting ?? 0) + 1;
    } else this.records.push({ kind: "connect", fault: connection.fault });
    return undefined;
  }

  /** The function to be called once a client has had its first answer. */
  #beginning() {
    let begun;
    this.#begun.push(new Promise((resolve) => begun = resolve));
    return begun;
  }

  async #repeat(kind, pieces, own = "own", status = 200, pause = 0) {
    const begun = kind === "events" ? () => {} : this.#beginning();
    let connection;
    while (!this.#isOver) {
      if (!connection || connection.ended) {
        connection = await this.#open();
        if (!connection) {
          if (this.stoppedAt !== undefined) return;
          continue;
        }
      }
      if (pause > 0) {
        await sleep(Math.random() * pause);
        // It has seen the end before it wrote: nothing is lost.
        if (connection.ended) continue;
        if (this.#isOver) return;
      }
      const record = {
        kind,
        acceptedAt: connection.acceptedAt,
        writtenAt: now(),
        previousAt: connection.answeredAt,
      };
      const { socket } = connection;
      for (const piece of pieces()) {
        socket.write(piece);
        if (piece.length > 1_000) await sleep(2);
      }
      const answer = await connection.answer();
      begun();
      record.ms = now() - record.writtenAt;
      record.end = answer
        ? answer.status === status && answer.body.includes(own)
          ? "answered"
          : "strange"
        : connection.began
        ? "cut"
        : "lost";
      if (answer && record.end === "strange") record.answer = answer;
      record.fault = connection.fault;
      this.records.push(record);
      if (!answer || answer.close || kind === "newcomer") {
        // Reads the end, as a client does.
        socket.end();
        connection = undefined;
      }
    }
    connection?.socket.end();
  }

  async #idle(text) {
    const connection = await this.#open();
    if (!connection) return;
    if (text) connection.socket.write(text);
    await connection.until(() => false);
    connection.socket.destroy();
  }

  async #websocket() {
    const begun = this.#beginning();
    const connection = await this.#open();
    if (!connection) return;
    connection.socket.write(
      "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\n" +
        "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    if (!await connection.until((text) => text.includes("\r\n\r\n"))) return;
    if (!connection.text.startsWith("HTTP/1.1 101")) return;
    begun();
    this.counts.websockets++;
    // A frame that says "going away".
    if (await connection.until((text) => text.includes("\x88\x02\x03\xe9"))) {
      connection.socket.end(
        Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]),
      );
      await connection.until(() => false);
    } else this.counts.websocketsCut++;
    connection.socket.destroy();
  }

  /** What became of it all, for a server that lets connections linger so long. */
  result(linger) {
    const sum = {
      answered: 0,
      cut: 0,
      strange: 0,
      // Written on a connection that was accepted before the stop, and owed.
      lost: 0,
      // Written when the connection had been quiet for longer than `linger`.
      late: 0,
      // On connections that were opened after the stop.
      reset: 0,
      ...this.counts,
      byKind: {},
      faults: [],
    };
    for (const record of this.records) {
      const { kind, end, writtenAt, acceptedAt, previousAt } = record;
      if (kind === "connect") {
        sum.lost++;
        sum.faults.push(record);
        continue;
      }
      let name = end;
      if (end === "lost") {
        const isNew = acceptedAt > this.stoppedAt;
        // The server has seen the answer go before the client saw it come, and the
        // two clocks are two event loops: within 10 % it may be either.
        const before = previousAt ?? acceptedAt;
        const quiet = writtenAt - before + this.#unread(before);
        name = isNew
          ? "reset"
          : writtenAt < this.stoppedAt || quiet < linger * 0.9
          ? "lost"
          : "late";
      }
      sum[name]++;
      if (["cut", "strange", "lost"].includes(name)) {
        sum.faults.push({
          ...record,
          writtenAt: writtenAt - this.stoppedAt,
          acceptedAt: acceptedAt - this.stoppedAt,
          previousAt: previousAt - this.stoppedAt,
        });
        sum.byKind[`${kind} ${name}`] = (sum.byKind[`${kind} ${name}`] ?? 0) +
          1;
      }
    }
    return sum;
  }
}

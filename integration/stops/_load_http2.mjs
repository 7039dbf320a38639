// Clients of HTTP/2: Node's own, which repeats nothing. Each opens streams without a
// pause, four at a time, and a new session once the server says that it is leaving.
//
// Between the two the frames are read: a client refuses by itself what it had not sent
// as it read the notice. Only what was on the wire can be lost.

import { connect } from "node:http2";
import { connect as connectTcp, createServer } from "node:net";

const now = () => performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const size = 64 * 1024;

/** Reads the numbers of the streams that a client opens. */
class Frames {
  ids = new Set();
  #rest = Buffer.alloc(0);
  // Before the frames there is a preface.
  #skip = 24;

  read(chunk) {
    let all = Buffer.concat([this.#rest, chunk]);
    if (this.#skip > 0) {
      if (all.length < this.#skip) return void (this.#rest = all);
      all = all.subarray(this.#skip);
      this.#skip = 0;
    }
    while (all.length >= 9) {
      const length = all.readUIntBE(0, 3) + 9;
      if (all.length < length) break;
      if (all[3] === 1) this.ids.add(all.readUInt32BE(5) & 0x7fffffff);
      all = all.subarray(length);
    }
    this.#rest = all;
  }
}

/** A way through to the server, for one client. */
async function tap(port) {
  const frames = new Frames();
  const relay = createServer({ allowHalfOpen: true }, (near) => {
    relay.close();
    const far = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    near.on("data", (chunk) => frames.read(chunk));
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return { frames, port: relay.address().port };
}

export class Http2Load {
  records = [];
  refused = 0;
  #isOver = false;
  #clients = [];
  #sessions = new Set();

  constructor(port) {
    this.port = port;
    const paths = [
      ...Array(8).fill(["/"]),
      ["/slow?ms=150"],
      ["/slow?ms=150"],
      ["/upload", `own ${size}`],
      ["/stream", "end\n"],
      ["/events", "data: end"],
    ];
    for (const [path, own = "own"] of paths) {
      this.#clients.push(this.#client(path, own));
    }
  }

  async ready() {
    await sleep(100);
  }

  stop() {
    this.stoppedAt = now();
  }

  async end() {
    this.#isOver = true;
    await Promise.race([Promise.all(this.#clients), sleep(1_000)]);
    for (const session of this.#sessions) session.destroy();
    await Promise.all(this.#clients);
  }

  async #client(path, own) {
    while (!this.#isOver) {
      const { frames, port } = await tap(this.port);
      const session = connect(`http://127.0.0.1:${port}`);
      this.#sessions.add(session);
      let leaving = false;
      let fault;
      const closed = new Promise((resolve) => {
        session.on("close", resolve);
        session.on("error", (error) => fault = error.code);
        session.on("goaway", () => leaving = true);
      });
      const isOpen = await Promise.race([
        new Promise((resolve) =>
          session.on("remoteSettings", () => resolve(true))
        ),
        closed.then(() => false),
      ]);
      if (!isOpen) {
        this.#sessions.delete(session);
        if (this.stoppedAt === undefined) continue;
        this.refused++;
        return;
      }
      const acceptedAt = now();
      const many = path === "/" ? 4 : 1;
      await Promise.all(
        Array.from({ length: many }, async () => {
          while (!this.#isOver && !leaving && !session.closed) {
            this.records.push(
              await this.#ask(session, path, own, acceptedAt, frames),
            );
          }
        }),
      );
      if (!fault && !session.destroyed) session.close();
      await closed;
      this.#sessions.delete(session);
    }
  }

  #ask(session, path, own, acceptedAt, frames) {
    return new Promise((resolve) => {
      const record = { kind: path, acceptedAt, writtenAt: now() };
      const isUpload = path === "/upload";
      const stream = session.request({
        ":path": path,
        ":method": isUpload ? "POST" : "GET",
      }, { endStream: !isUpload });
      let text = "";
      let status;
      stream.setEncoding("utf8");
      stream.on("response", (headers) => status = headers[":status"]);
      stream.on("data", (chunk) => text += chunk);
      stream.on(
        "error",
        (error) => record.fault = `${error.code} ${stream.rstCode}`,
      );
      stream.on("close", () => {
        const isWhole = !record.fault && text.includes(own);
        record.end = isWhole
          ? status === 200 ? "answered" : "strange"
          : status !== undefined
          ? "cut"
          : frames.ids.has(stream.id)
          ? "lost"
          : "unsent";
        resolve(record);
      });
      if (isUpload) stream.end("x".repeat(size));
    });
  }

  result() {
    const sum = {
      answered: 0,
      cut: 0,
      strange: 0,
      lost: 0,
      late: 0,
      reset: 0,
      unsent: 0,
      refused: this.refused,
      websockets: 0,
      websocketsCut: 0,
      byKind: {},
      faults: [],
    };
    for (const record of this.records) {
      const { kind, end } = record;
      const isNew = record.acceptedAt > this.stoppedAt;
      const name = end === "lost" && isNew ? "reset" : end;
      sum[name]++;
      if (["cut", "strange", "lost"].includes(name)) {
        sum.byKind[`${kind} ${name}`] = (sum.byKind[`${kind} ${name}`] ?? 0) +
          1;
        sum.faults.push({
          ...record,
          writtenAt: record.writtenAt - this.stoppedAt,
          acceptedAt: record.acceptedAt - this.stoppedAt,
        });
      }
    }
    return sum;
  }
}

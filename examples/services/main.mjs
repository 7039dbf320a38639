// The services on real libraries and servers: starts one, or tries all of them.
//
//   npm run services                        tries each on every engine
//   npm run services -- deno fastify_pg     on this engine, this one
//   npm run services -- start fastify_pg    starts it, until Ctrl-C; also with an
//                                           engine: start fastify_pg bun
//
// PostgreSQL and Redis are Debian's; each service starts its own, and stops it.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request as ask } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { install } from "../../_tools/install.mjs";
import {
  engineIds,
  environment,
  fileCommand,
  findEngines,
  ownNode,
  root,
} from "../../_tools/engines.mjs";

const folder = "examples/services";
install(folder, "what the services are built on");
const limit = 60_000;

function fileOf(name) {
  return `${folder}/${name}.ts`;
}

/** A service that runs. */
class Service {
  said = "";

  constructor({ kind, binary }, name) {
    this.child = spawn(binary, fileCommand(kind, fileOf(name)), {
      cwd: root,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => this.said += text);
    }
    const timer = setTimeout(() => this.child.kill("SIGKILL"), limit);
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => {
        clearTimeout(timer);
        resolve(signal ?? code);
      });
    });
  }

  async listening() {
    const over = this.ended.then(() => true);
    for (let isOver = false; !isOver;) {
      const [, url] = /^listening on (\S+)$/m.exec(this.said) ?? [];
      if (url) return url;
      isOver = await Promise.race([over, delay(20)]);
    }
    throw new Error("it has ended");
  }
}

/** Asks something by a connection of its own. */
function status(url, method = "GET", body = undefined) {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const asking = ask(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => text += part);
      response.on("error", ({ message }) => resolve([message]));
      response.on("end", () => {
        resolve([response.statusCode, text && JSON.parse(text)]);
      });
    });
    asking.on("error", ({ message }) => resolve([message]));
    asking.end(body && JSON.stringify(body));
  });
}

function equal(what, actual, expected) {
  const [one, other] = [actual, expected].map((each) => JSON.stringify(each));
  if (one !== other) throw new Error(`${what}: ${one} instead of ${other}`);
}

/** What each is asked while it runs; gives what is to be seen after its end. */
const services = {
  async fastify_pg(url) {
    const [code, note] = await status(`${url}notes`, "POST", { text: "milk" });
    equal("a note", [code, note?.text], [201, "milk"]);
    const [, notes] = await status(`${url}notes`);
    equal("all notes", notes, [note]);
  },
  async hono_everywhere(url) {
    const [code, { temperature }] = await status(`${url}temperature`);
    equal("a measurement", [code, typeof temperature], [200, "number"]);
    // A stream of events, which ends as the server leaves.
    void fetch(`${url}temperatures`).then((response) => response.text())
      .catch(() => {});
  },
  async express_bullmq(url) {
    const job = { to: "a@example.com", ms: 20 };
    const [code, { id }] = await status(`${url}jobs`, "POST", job);
    equal("a job", code, 202);
    for (let turn = 0; turn < 200; turn++) {
      const [, { state, result }] = await status(`${url}jobs/${id}`);
      if (state === "completed") {
        equal("its result", result, "sent to a@example.com");
        // In work when it is asked to stop.
        await status(`${url}jobs`, "POST", { to: "b@example.com", ms: 900 });
        return "the worker has finished";
      }
      await delay(20);
    }
    throw new Error("the job was not done");
  },
};

/** Whether a port is nobody's any more. */
function isFree(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}

async function tryService(engine, name) {
  const service = new Service(engine, name);
  try {
    const url = await service.listening();
    // What it needs has yet to be seen at work.
    const [first] = await status(`${url}ready`);
    for (let turn = 0; turn < 500; turn++) {
      if ((await status(`${url}ready`))[0] === 200) break;
      await delay(20);
    }
    equal("readiness at last", (await status(`${url}ready`))[0], 200);
    const farewell = await services[name](url);
    const slow = status(`${url}slow?ms=700`);
    await delay(100);
    process.kill(service.child.pid, "SIGTERM");
    await delay(100);
    equal("readiness in the drain", (await status(`${url}ready`))[0], 503);
    equal("a request in flight", (await slow)[0], 200);
    equal("the exit code", await service.ended, 0);
    if (farewell && !service.said.includes(farewell)) {
      throw new Error(`it never said ${farewell}`);
    }
    const [, port] = /own server on port (\d+)/.exec(service.said) ?? [];
    if (port ? !await isFree(port) : name !== "hono_everywhere") {
      throw new Error("its server is left over");
    }
    const said = service.said.replace(
      /^(listening on|own server|the worker).*\n/gm,
      "",
    );
    equal("what else it said", said, "");
    return first === 503 ? "" : ", ready at once";
  } finally {
    service.child.kill("SIGKILL");
  }
}

/** What `killed_in_all_ways` prints is what it says that it prints. */
async function tryKilled(engine) {
  const name = "killed_in_all_ways";
  const service = new Service(engine, name);
  const code = await service.ended;
  const text = readFileSync(join(root, fileOf(name)), "utf8");
  const [, block] = /^\/\/ Prints:\n\/\/\n((?:\/\/.*\n)+)$/m.exec(text);
  const lines = block.trimEnd().split("\n").map((line) =>
    line.slice(3).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/\bN\b/g, "[\\d.]+")
  );
  const pattern = new RegExp(`^${lines.join("\n")}\n$`);
  if (code !== 0 || !pattern.test(service.said)) {
    throw new Error(`it ended with ${code}\n${service.said}`);
  }
  return "";
}

const names = [...Object.keys(services), "killed_in_all_ways"];
const asked = process.argv.slice(2).filter(Boolean);
if (asked[0] === "start") {
  const [engine] = findEngines([asked[2] ?? ownNode]);
  const { kind, binary } = engine;
  const child = spawn(binary, fileCommand(kind, fileOf(asked[1])), {
    cwd: root,
    stdio: "inherit",
  });
  for (const name of ["SIGINT", "SIGTERM"]) {
    // The terminal sends Ctrl-C to the child as well.
    process.on(name, () => name === "SIGTERM" && child.kill(name));
  }
  child.on("exit", (code) => process.exit(code ?? 1));
} else await tryAll();

async function tryAll() {
  const stranger = asked.find((each) =>
    !names.includes(each) && !engineIds.includes(each)
  );
  if (stranger) {
    console.error(`'${stranger}' is none of: ${[...engineIds, ...names]}`);
    process.exit(2);
  }
  const chosen = (all) => {
    const some = all.filter((each) => asked.includes(each));
    return some.length > 0 ? some : all;
  };
  let passed = 0;
  let failed = 0;
  install("_tools/lint", "the compiler");
  const compiler = "_tools/lint/node_modules/typescript/bin/tsc";
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, "--project", folder],
    { cwd: root, encoding: "utf8" },
  );
  if (status === 0) passed++;
  else failed++;
  console.log(`${status === 0 ? "ok    " : "FAILED"}  types\n${stdout}`.trim());
  for (const engine of findEngines(chosen(engineIds))) {
    if (!engine.binary) {
      console.log(`${engine.id}: not installed on this platform`);
      if (process.env.CI) failed++;
      continue;
    }
    for (const name of chosen(names)) {
      const began = performance.now();
      let fault = "";
      let note = "";
      try {
        note =
          await (services[name] ? tryService(engine, name) : tryKilled(engine));
        passed++;
      } catch (error) {
        failed++;
        fault = String(error.message);
      }
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      const word = fault ? "FAILED" : "ok    ";
      console.log(`${word}  ${engine.id}: ${name}${note}, ${seconds} s`);
      if (fault) console.log(fault);
    }
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

// Programs as users write them; each ends with "used" if the package works.

const check = `
  const { StartStop, Ticker, untilAborted } = core;
  if (startStop.StartStop !== StartStop || ticker.Ticker !== Ticker) {
    throw new Error("there are two of a kind");
  }
  const kinds = [
    schedule.every,
    supervisor.Supervisor,
    shutdown.main,
    reload.Reloadable,
    resource.Resource,
    testing.advance,
    tools.runNbr,
  ];
  if (kinds.some((kind) => typeof kind !== "function")) {
    throw new Error("an entry is empty");
  }
  let ticks = 0;
  const heartbeat = new Ticker(2, (_signal, { stop }) => {
    if (++ticks === 3) stop();
  });
  await heartbeat.start();
  await heartbeat.finished();
  const service = new StartStop((signal) => untilAborted(signal));
  await service.start();
  await service.stop();
  if (ticks !== 3 || service.state !== "stopped") throw new Error("it fails");
`;

const entries = {
  core: "@golib/runner",
  reload: "@golib/runner/reload",
  resource: "@golib/runner/resource",
  schedule: "@golib/runner/schedule",
  shutdown: "@golib/runner/shutdown",
  startStop: "@golib/runner/start-stop",
  supervisor: "@golib/runner/supervisor",
  testing: "@golib/runner/testing",
  ticker: "@golib/runner/ticker",
  tools: "@golib/runner/tools",
};
const lines = (line) =>
  Object.entries(entries).map(([name, path]) => line(name, path)).join("\n");

/** An ES module; TypeScript as well. */
export const esm = `${
  lines((name, path) => `import * as ${name} from "${path}";`)
}
${check}
console.log("used");
`;

/** CommonJS, by dynamic import. */
export const imported = `
async function use() {
  ${lines((name, path) => `const ${name} = await import("${path}");`)}
  ${check}
}
use().then(() => console.log("used"));
`;

/** CommonJS, by require. */
export const required = `
${lines((name, path) => `const ${name} = require("${path}");`)}
async function use() {${check}}
use().then(() => console.log("used"));
`;

/** For a bundle: a function that resolves to "used". */
export const bundled = `${
  lines((name, path) => `import * as ${name} from "${path}";`)
}
export async function use() {
  ${check}
  return "used";
}
`;

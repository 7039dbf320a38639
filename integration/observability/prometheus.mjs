// Debian's Prometheus scrapes running programs; every value is read back.

import process from "node:process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { request as httpRequest } from "node:http";
import {
  assert,
  check,
  engineOf,
  folder,
  freePort,
  portOf,
  root,
  runSync,
  start,
  startFile,
  until,
} from "./_parts.mjs";

/** The samples of a text, by name and labels; a reader that forgives nothing. */
function samplesOf(text) {
  const found = new Map();
  const families = new Set();
  let family = "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE|EOF)(?: (\S+))?/.exec(line);
    if (comment) {
      if (comment[1] === "HELP") {
        assert.ok(!families.has(comment[2]), `twice: ${comment[2]}`);
        families.add(family = comment[2]);
      }
      continue;
    }
    const [, name, labels = "", value] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    assert.ok(name?.startsWith(family), `a line of no family: ${line}`);
    const read = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
      .map(([, key, escaped]) => [
        key,
        escaped.replace(/\\(.)/g, (_all, it) => it === "n" ? "\n" : it),
      ]);
    const key = keyOf(name, Object.fromEntries(read));
    assert.ok(!found.has(key), `twice: ${key}`);
    found.set(key, Number(value.replace("Inf", "Infinity")));
  }
  return found;
}

/** To Prometheus a label without a value is none. */
function keyOf(name, labels) {
  const known = Object.entries(labels).filter(([, value]) => value !== "");
  return JSON.stringify([name, ...known.sort()]);
}

/** What a Prometheus knows of a job, by name and labels. */
async function knownOf(url, job) {
  const query = encodeURIComponent(
    `{__name__=~"golib_runner_.*",job="${job}"}`,
  );
  const answer = await fetch(`${url}/api/v1/query?query=${query}`);
  const { status, data, error } = await answer.json();
  assert.equal(status, "success", error);
  return new Map(data.result.map(({ metric, value }) => {
    const { __name__: name, job: _job, instance: _instance, ...labels } =
      metric;
    return [keyOf(name, labels), Number(value[1].replace("Inf", "Infinity"))];
  }));
}

/** Compares; times that are computed when they are asked for may differ a little. */
function compare(known, expected) {
  assert.equal(known.size, expected.size);
  for (const [key, value] of expected) {
    assert.ok(known.has(key), `not known: ${key}`);
    const difference = Math.abs(known.get(key) - value);
    const most = key.includes("timestamp") ? 0.05 : 1e-9;
    assert.ok(difference <= most, `${key}: ${known.get(key)}, not ${value}`);
  }
}

function sumOf(samples, name, label = "") {
  let sum = 0;
  for (const [key, value] of samples) {
    if (key.startsWith(`["${name}"`) && key.includes(label)) sum += value;
  }
  return sum;
}

/** An answer as it came over the wire. */
function raw(port, headers) {
  return new Promise((resolve, reject) => {
    httpRequest(
      { port, path: "/metrics", host: "127.0.0.1", headers },
      (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on(
          "end",
          () =>
            resolve({ headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    ).on("error", reject).end();
  });
}

/** The expressions of the dashboard, with its variables filled in. */
function queries() {
  const { panels } = JSON.parse(
    readFileSync(`${root}docs/dashboard.json`, "utf8"),
  );
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      expr: expr.replaceAll("$job", ".*").replaceAll("$runner", ".*")
        .replaceAll("$__rate_interval", "1m"),
    }))
  );
}

export async function run() {
  const programs = [
    ["names", "node20", ["names"]],
    ["names-deno", "deno", ["names"]],
    ["names-bun", "bun", ["names"]],
    ["capped", "node20", ["10000", "cap"]],
    ["all", "node20", ["10000"]],
  ].map(([name, id, values]) => {
    const own = engineOf(id === "node20" ? ownNode() : id);
    return { name, program: startFile(own, "scraped_program.ts", values) };
  });
  for (const each of programs) each.port = await portOf(each.program);

  const place = folder("prometheus");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(place, "prometheus.yml"),
    `global: { scrape_interval: 5s, scrape_timeout: 5s }
scrape_configs:
${
      programs.flatMap(({ name, port }) => [
        [name, port, "/metrics"],
        [`${name}-plain`, port, "/plain"],
      ]).map(([name, port, path]) =>
        `  - job_name: ${name}
    metrics_path: ${path}
    scrape_interval: ${name.startsWith("names") ? 5 : 20}s
    scrape_timeout: ${name.startsWith("names") ? 5 : 20}s
    static_configs: [{ targets: ["127.0.0.1:${port}"] }]
`
      ).join("")
    }`,
  );
  const prometheus = start("prometheus", [
    `--config.file=${join(place, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(place, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ]);
  await until(
    "Prometheus is ready",
    async () => (await fetch(`${url}/-/ready`)).ok,
  );

  for (const { name, port: own } of programs) {
    for (const job of [name, `${name}-plain`]) {
      await check(`${job}: scraped without an error`, async () => {
        await until(`a scrape of ${job}`, async () => {
          const { data } = await (await fetch(`${url}/api/v1/targets`)).json();
          const target = data.activeTargets.find(({ scrapePool }) =>
            scrapePool === job
          );
          if (target?.health === "down") throw new Error(target.lastError);
          return target?.health === "up";
        });
      });
    }
    const text = await (await fetch(`http://127.0.0.1:${own}/plain`)).text();
    const expected = await (await fetch(`http://127.0.0.1:${own}/expected`))
      .json();
    const samples = samplesOf(text);
    await check(`${name}: says what has happened`, () => {
      for (const [outcome, count] of Object.entries(expected.totals)) {
        const found = sumOf(
          samples,
          "golib_runner_ticks_total",
          `"outcome","${outcome}"`,
        );
        assert.equal(found, count, outcome);
      }
      assert.equal(
        sumOf(samples, "golib_runner_tick_duration_seconds_count"),
        expected.totals.success + expected.totals.error,
      );
      assert.equal(
        sumOf(samples, "golib_runner_errors_total"),
        expected.totals.error,
      );
      assert.equal(sumOf(samples, "golib_runner_up"), 2);
      const all = [...samples.keys()].filter((key) =>
        key.startsWith('["golib_runner_up"')
      ).length;
      const dropped = samples.get('["golib_runner_dropped_runners"]');
      const isCapped = expected.runners > 1_000 && dropped > 0;
      assert.equal(all, isCapped ? 1_001 : expected.runners);
      assert.equal(dropped, isCapped ? expected.runners - 1_000 : 0);
    });
    await check(
      `${name}: ${samples.size} values read back, in both formats`,
      async () => {
        for (const job of [name, `${name}-plain`]) {
          // A scrape that a busy machine held up leaves a gap until the next.
          const known = await until(`values of ${job}`, async () => {
            const found = await knownOf(url, job);
            return found.size > 0 && found;
          });
          compare(known, samples);
        }
      },
    );
  }

  const [{ port: own }] = programs;
  await check("both formats, compressed or not, say the same", async () => {
    const open = "application/openmetrics-text;version=1.0.0";
    const plain = await raw(own, {});
    assert.match(
      plain.headers["content-type"],
      /^text\/plain; version=0\.0\.4/,
    );
    const openly = await raw(own, { accept: open });
    assert.match(
      openly.headers["content-type"],
      /^application\/openmetrics-text; version=1\.0\.0/,
    );
    assert.ok(openly.body.toString().endsWith("\n# EOF\n"));
    const zipped = await raw(own, { accept: open, "accept-encoding": "gzip" });
    assert.equal(zipped.headers["content-encoding"], "gzip");
    const texts = [plain.body, openly.body, gunzipSync(zipped.body)];
    const [first, ...rest] = texts.map((each) => samplesOf(each.toString()));
    for (const each of rest) compare(each, first);
  });
  await check("promtool finds nothing to say", async () => {
    const { body } = await raw(own, {});
    const { status, stdout, stderr } = runSync(
      "promtool",
      ["check", "metrics"],
      {
        input: body,
      },
    );
    assert.equal(`${status}${stdout}${stderr}`, "0");
  });
  await check("each query of the dashboard runs", async () => {
    // For a rate there have to be two scrapes.
    await until("a rate", async () => {
      const query = 'rate(golib_runner_ticks_total{job="names"}[1m])';
      const answer = await fetch(
        `${url}/api/v1/query?query=${encodeURIComponent(query)}`,
      );
      return (await answer.json()).data.result.length > 0;
    });
    for (const { title, expr } of queries()) {
      const answer = await fetch(
        `${url}/api/v1/query?query=${encodeURIComponent(expr)}`,
      );
      const { status, error, data } = await answer.json();
      assert.equal(status, "success", `${title}: ${error}\n${expr}`);
      const isQuiet = title.startsWith("Restarts") ||
        title.startsWith("Errors");
      assert.ok(
        data.result.length > 0 || isQuiet,
        `${title} shows nothing\n${expr}`,
      );
    }
  });
  await check("Prometheus has complained of nothing", () => {
    assert.equal(prometheus.said.err, "");
  });
}

function ownNode() {
  return `node${process.versions.node.split(".")[0]}`;
}

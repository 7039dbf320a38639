// Claims and shards on real processes and a real etcd: nodes whose clocks differ,
// which are killed at random, and are all down for a while.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import * as servers from "./servers.mjs";

const { sleep, until } = servers;

async function world(binary) {
  const base = servers.folder("claims");
  const program = join(base, "node.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("claims_node.mjs", import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    outfile: program,
  });
  const { urls } = await servers.etcd(binary);
  const log = join(base, "log");
  writeFileSync(log, "");
  const children = new Set();
  let lives = 0;
  const run = async (values) => {
    const name = `${values.name}-${++lives}`;
    const child = servers.start(process.execPath, [
      program,
      JSON.stringify({ urls, log, ttl: 3_000, ...values, name }),
    ], { stdio: ["pipe", "pipe", "pipe"] });
    children.add(child);
    await until(
      `${name} joins`,
      () => events().some((each) => each.name === name && each.joined),
    );
    return child;
  };
  const events = () =>
    readFileSync(log, "utf8").split("\n").filter(Boolean).map((line) =>
      JSON.parse(line)
    );
  const end = () =>
    Promise.all([...children].map((each) => servers.stop(each)));
  return { run, events, end };
}

const YEAR = 365 * 24 * 3_600_000;

export const claims = {
  "each run is made once by five nodes whose clocks differ, and that are killed":
    {
      on: ["etcd-3.5"],
      body: async ({ binary }) => {
        const { run, events, end } = await world(binary);
        const shifts = [-3_000, -1_500, 0, 3_000, YEAR];
        const start = (index) =>
          run({
            name: `n${index}`,
            shift: shifts[index],
            interval: 500,
            claims: {
              once: { catchUp: { most: 20 } },
              least: {
                work: 120,
                delivery: "at-least-once",
                catchUp: { most: 100 },
              },
            },
          });
        const nodes = await Promise.all(shifts.map((_, index) => start(index)));
        for (let round = 0; round < 5; round++) {
          await sleep(1_200);
          const index = Math.floor(Math.random() * 4);
          await servers.stop(nodes[index]);
          nodes[index] = await start(index);
        }
        await sleep(6_000);
        const all = events();
        await end();
        const of = (key) =>
          all.filter(({ begin }) => begin === key).map(({ at }) => at);
        const once = of("once");
        equal(new Set(once).size, once.length, "a run was made twice");
        // None by the one whose clock is far ahead.
        ok(!all.some(({ begin, name }) => begin && name.startsWith("n4")));
        deepEqual([...once].sort((a, b) => a - b), once, "out of order");
        ok(once.length >= 15, String(once.length));
        const done = new Set(
          all.filter((each) => each.end === "least").map(({ at }) => at),
        );
        const [first] = [...done].sort((a, b) => a - b);
        const last = [...done].sort((a, b) => a - b).at(-1);
        for (let at = first; at <= last; at += 500) {
          ok(done.has(at), `${at} is missing`);
        }
        console.log(
          `claims: ${once.length} runs once, ${done.size} at least once (${
            of("least").length
          } begun), 5 kills`,
        );
      },
    },
  "what all were down for is made up as asked, in order": {
    on: ["etcd-3.5"],
    body: async ({ binary }) => {
      const { run, events, end } = await world(binary);
      const values = {
        name: "n",
        shift: 0,
        interval: 1_000,
        claims: {
          last: {},
          five: { catchUp: { most: 5 } },
          none: { catchUp: "none" },
        },
      };
      let nodes = await Promise.all([run(values), run(values)]);
      await sleep(2_500);
      await Promise.all(nodes.map((each) => servers.stop(each)));
      const before = events();
      await sleep(10_500);
      nodes = await Promise.all([run(values), run(values)]);
      await sleep(2_500);
      const after = events().slice(before.length);
      await end();
      const made = (key) =>
        after.filter(({ begin }) => begin === key).map(({ at }) => at);
      const lastBefore = Math.max(
        ...before.filter(({ begin }) => begin).map(({ at }) => at),
      );
      // Those that were due before the first node had come back.
      const back = after.find(({ joined }) => joined).t;
      const missed = (key) =>
        made(key).filter((at) => at > lastBefore && at < back - 100);
      equal(missed("none").length, 0);
      equal(missed("last").length, 1);
      equal(missed("five").length, 5);
      for (const key of ["last", "five"]) {
        deepEqual(made(key), [...made(key)].sort((a, b) => a - b));
        equal(new Set(made(key)).size, made(key).length);
      }
    },
  },
  "a thousand keys over five, four, five nodes": {
    on: ["etcd-3.4"],
    body: async ({ binary }) => {
      const { run, events, end } = await world(binary);
      const values = { name: "n", shift: 0, keys: 1_000 };
      const nodes = await Promise.all(
        Array.from({ length: 5 }, () => run(values)),
      );
      const owners = () => {
        const owner = new Map();
        for (const { up, down, name } of events()) {
          if (up) owner.set(up, name);
          if (down && owner.get(down) === name) owner.delete(down);
        }
        return owner;
      };
      const settled = async (count) => {
        let before = "";
        await until(`${count} keys run`, async () => {
          const text = JSON.stringify([...owners()]);
          const isSame = text === before && owners().size === count;
          before = text;
          await sleep(700);
          return isSame;
        });
        return owners();
      };
      const balance = (owner, nodeCount) => {
        const counts = {};
        for (const name of owner.values()) {
          counts[name] = (counts[name] ?? 0) + 1;
        }
        const most = Math.max(...Object.values(counts));
        equal(Object.keys(counts).length, nodeCount);
        ok(most <= Math.ceil(1.3 * 1_000 / nodeCount), JSON.stringify(counts));
        return most;
      };
      const moved = (one, other) =>
        [...one].filter(([key, name]) => other.get(key) !== name).length;
      const five = await settled(1_000);
      const most = [balance(five, 5)];
      const [gone] = nodes.splice(0, 1);
      gone.kill("SIGTERM");
      await gone.ended;
      const four = await settled(1_000);
      most.push(balance(four, 4));
      nodes.push(await run(values));
      const again = await settled(1_000);
      most.push(balance(again, 5));
      const moves = [moved(five, four), moved(four, again)];
      // Never two runners of one key, in the order of what was written.
      const running = new Map();
      for (const { up, down, name } of events()) {
        if (up) {
          ok(!running.has(up), `${up} runs twice`);
          running.set(up, name);
        }
        if (down) running.delete(down);
      }
      await end();
      console.log(
        `shards: most on one node ${most.join(", ")}; moved ${
          moves.join(", ")
        }`,
      );
      for (const each of moves) ok(each <= 1.3 * 1_000 / 5 + 1, String(each));
    },
  },
  "keys that older nodes do not know run on a newer one": {
    on: ["etcd-3.5"],
    body: async ({ binary }) => {
      const { run, events, end } = await world(binary);
      const nodes = [];
      for (const [name, keys] of [["old", 20], ["older", 20], ["new", 60]]) {
        nodes.push(await run({ name, shift: 0, keys }));
      }
      const began = performance.now();
      const owner = () => {
        const owners = new Map();
        for (const { up, down, name } of events()) {
          if (up) {
            ok(!owners.has(up), `${up} runs twice`);
            owners.set(up, name);
          }
          if (down) owners.delete(down);
        }
        return owners;
      };
      await until("all keys run", () => owner().size === 60);
      const seconds = (performance.now() - began) / 1_000;
      for (const [key, name] of owner()) {
        if (Number(key.slice(4)) >= 20) ok(name.startsWith("new"), name);
      }
      await end();
      console.log(`shards: stood in for after ${seconds.toFixed(1)} s`);
    },
  },
};

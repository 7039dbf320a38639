// Tries every order of what can happen to every small tree, on all cores.
//
//   node integration/explore/main.mjs            whole
//   node integration/explore/main.mjs --smoke    bounded, for each commit

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const isSmoke = process.argv.includes("--smoke");
const depths = isSmoke ? "5:5,5:1,4:1" : "6:6,6:2,6:1";
const seconds = isSmoke ? "120" : "3600";
const shards = availableParallelism();
const shard = fileURLToPath(new URL("shard.ts", import.meta.url));

/** Explores one share of the trees; resolves to what was found. */
function run(share) {
  const values = ["--import", "tsx", "--max-old-space-size=4096", shard];
  const given = [`${share}`, `${shards}`, depths, seconds];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...values, ...given], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (data) => text += data);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`A share ended with ${code}`));
    });
  });
}

const begin = performance.now();
const all = await Promise.all(
  Array.from({ length: shards }, (_each, share) => run(share)),
);
const sum = (key) => all.reduce((total, each) => total + each[key], 0);
const wrong = all.flatMap((each) => each.wrong);
for (const each of wrong.slice(0, 20)) console.log(each);
const counts = depths.split(",").map((each) => each.split(":"));
for (const [index, [depth, byHand]] of counts.entries()) {
  const children = index === 0 ? "child" : "children";
  const most = depth === byHand ? "any" : `at most ${byHand}`;
  console.log(
    `${
      index + 1
    } ${children}: all orders of up to ${depth} inputs after the launch, and once all are up; ${most} of them by hand`,
  );
}
const number = new Intl.NumberFormat("en");
console.log(
  `${number.format(sum("trees"))} trees, ${
    number.format(sum("states"))
  } states, ${number.format(sum("steps"))} decisions in ${
    ((performance.now() - begin) / 1_000).toFixed(0)
  } s` +
    (sum("left") > 0 ? `; ${sum("left")} trees left for want of time` : ""),
);
console.log(`${sum("known")} faults of before tried again`);
const tried = sum("trees") + sum("known");
console.log(`${tried - wrong.length} passed, ${wrong.length} failed`);
if (wrong.length > 0) process.exitCode = 1;

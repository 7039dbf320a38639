#!/usr/bin/env bash
# Guess, written before: a lease that is renewed at one member of an etcd cluster
# lives, whatever happens to another member. When the leader is stopped (SIGSTOP)
# for longer than the lease's time to live and then goes on, it learns of its
# successor and does no harm, as the issue about this was closed in 3.4 and 3.5.
#
# Seen on etcd 3.4.23 (Debian 12): in about half of the rounds the leader that went
# on has leases revoked which were renewed some 200 ms before at its successor. So
# a holder that has every right to believe in its lease loses it to another, and
# only a fence helps. (3.5.30, from Debian sid, does the same.)
set -u
command -v etcd >/dev/null || {
  echo "apt-get install etcd-server"
  exit 2
}
folder=$(mktemp -d)
cd "$folder" || exit 2
cat >look.mjs <<'JS'
import { spawn } from "node:child_process";
import { createServer } from "node:net";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const free = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
async function post(port, path, body, ms = 2_000) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(ms),
  });
  return await answer.json();
}
const members = [];
for (const name of ["a", "b", "c"]) members.push({ name, port: await free(), peer: await free() });
const cluster = members.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join();
for (const each of members) {
  const url = `http://127.0.0.1:${each.port}`;
  const peer = `http://127.0.0.1:${each.peer}`;
  each.child = spawn("etcd", ["--name", each.name, "--data-dir", each.name,
    "--listen-client-urls", url, "--advertise-client-urls", url,
    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
    "--initial-cluster", cluster, "--log-level", "error"], { stdio: "ignore" });
}
process.on("exit", () => members.forEach(({ child }) => child.kill("SIGKILL")));
await sleep(4_000);
console.log("etcd", (await (await fetch(`http://127.0.0.1:${members[0].port}/version`)).json()).etcdserver);
let seen = 0;
for (let round = 1; round <= 12; round++) {
  let leader;
  for (const each of members) {
    const status = await post(each.port, "/v3/maintenance/status", {}).catch(() => undefined);
    if (status?.header && status.header.member_id === status.leader) leader = each;
  }
  if (!leader) { await sleep(500); continue; }
  const others = members.filter((each) => each !== leader);
  const leases = [];
  for (let index = 0; index < 10; index++) {
    leases.push({ ID: (await post(leader.port, "/v3/lease/grant", { TTL: "3" })).ID, good: 0 });
  }
  let isOn = true;
  const renewing = leases.map(async (lease, index) => {
    while (isOn && !lease.gone) {
      const sent = performance.now();
      try {
        const { result } = await post(others[index % 2].port, "/v3/lease/keepalive", { ID: lease.ID }, 900);
        if (Number(result?.TTL ?? 0) > 0) lease.good = sent;
        else if (result) lease.gone = sent - lease.good;
      } catch { /* The next one goes through. */ }
      await sleep(200);
    }
  });
  leader.child.kill("SIGSTOP");
  await sleep(3_200 + Math.random() * 2_500);
  leader.child.kill("SIGCONT");
  await sleep(2_500);
  isOn = false;
  await Promise.all(renewing);
  const early = leases.filter(({ gone }) => gone < 2_500);
  if (early.length === 0) continue;
  seen++;
  console.log(`round ${round}: ${early.length} of 10 leases gone, ${early[0].gone.toFixed(0)} ms after a renewal that was good for 3000 ms`);
  if (seen === 2) break;
}
console.log(seen ? "A leader that was stopped revokes leases that live." : "No lease that lives was revoked.");
process.exit(seen ? 0 : 1);
JS
node look.mjs
code=$?
cd / && rm -rf "$folder"
exit "$code"

import { Gate } from "@golib/runner/admission";
import { Metrics } from "@golib/runner/metrics";
import { statusPage } from "@golib/runner/status";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { turns } from "./_helpers.ts";

describe("The status page of a gate", () => {
  it("says how many are at work and wait", async () => {
    const gate = new Gate({ concurrency: 1, name: "work" });
    const page = statusPage(gate, { authorize: () => true });
    let end!: () => void;
    const first = gate.run(() => new Promise<void>((resolve) => end = resolve));
    const second = gate.run(() => {});
    const answer = await page(new Request("http://localhost/"));
    assert((await answer.text()).includes("1 at work, 1 wait"));
    end();
    await Promise.all([first, second]);
  });
});

describe("The metrics of a gate", () => {
  it("are what its load says", async () => {
    using time = new FakeTime();
    const gate = new Gate({ concurrency: 1, maxWaiting: 1, name: "work" });
    const metrics = new Metrics();
    const leave = metrics.watch(gate);
    let end!: () => void;
    const first = gate.run(() => new Promise<void>((resolve) => end = resolve));
    const second = gate.run(() => {});
    await gate.run(() => {}).catch(() => {});
    const lineOf = (name: string) =>
      metrics.text().split("\n").find((line) =>
        line.startsWith(`golib_runner_${name}`)
      );
    const runner = `runner="work"`;
    assertEquals(
      lineOf("gate_running{"),
      `golib_runner_gate_running{${runner}} 1`,
    );
    assertEquals(
      lineOf("gate_waiting{"),
      `golib_runner_gate_waiting{${runner}} 1`,
    );
    assertEquals(
      lineOf("gate_refused_total{"),
      `golib_runner_gate_refused_total{${runner},outcome="full"} 1`,
    );
    await time.tickAsync(50);
    end();
    await turns();
    await Promise.all([first, second]);
    assertEquals(
      lineOf("gate_admitted_total{"),
      `golib_runner_gate_admitted_total{${runner}} 2`,
    );
    const buckets = metrics.text().split("\n").filter((line) =>
      line.startsWith("golib_runner_gate_wait_seconds_bucket")
    ).map((line) => line.split(" ").at(-1));
    assertEquals(buckets, ["0", "0", "1", "1", "1", "1"]);
    assertEquals(
      lineOf("gate_wait_seconds_sum{"),
      `golib_runner_gate_wait_seconds_sum{${runner}} 0.05`,
    );
    leave();
    assert(!metrics.text().includes(`gate_running{${runner}}`));
  });
});

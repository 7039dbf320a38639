import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import type { Strategy, Supervisor } from "@golib/runner/supervisor";
import { type Part, parts, pass, states, supervise } from "./_parts.ts";

interface Scene {
  readonly app: Supervisor;
  readonly a: Part;
  readonly b: Part;
  readonly log: string[];
  /** The circuit of `a`, as it changed. */
  readonly circuit: string[];
}

async function scene(strategy: Strategy = "one-for-one"): Promise<Scene> {
  const { a, b, log } = parts(["a", "b"]);
  const app = supervise([a, b], {
    strategy,
    backoff: { initial: 10, factor: 1, resetAfter: 200 },
    intensity: { restarts: 2, window: 1_000, then: "break", coolDown: 500 },
  });
  const circuit: string[] = [];
  app.observe((event) => {
    if (event.type === "circuit") circuit.push(event.to);
  });
  await app.start();
  log.length = 0;
  return { app, a, b, log, circuit };
}

describe("Supervisor: circuit breaker", () => {
  it("opens, tries once, and closes after a healthy while", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 20);
    const [status] = app.status().children;
    assertEquals([status?.state, status?.circuit], ["waiting", "open"]);
    // Time that it waits does not move the window: the trial waits for that alone.
    assertEquals(status?.nextAttempt, 500);
    assertEquals([a.starts, app.state], [3, "running"]);
    a.onStart = "be ready";
    await pass(time, 499);
    assertEquals(a.starts, 3);
    await pass(time, 1);
    assertEquals([a.starts, ...circuit], [4, "open", "half-open"]);
    await pass(time, 199);
    assertEquals(circuit.length, 2);
    await pass(time, 1);
    assertEquals(circuit, ["open", "half-open", "closed"]);
    await app.stop();
  });

  it("closes when the child ends for good on trial", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 20);
    a.onStart = "end";
    await pass(time, 500);
    assertEquals(circuit, ["open", "half-open", "closed"]);
    assertEquals(states(app), ["a stopped", "b running"]);
    await app.stop();
  });

  it("opens again when the trial fails", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 20 + 500 + 500);
    assertEquals(circuit, ["open", "half-open", "open", "half-open", "open"]);
    await app.stop();
    assertEquals(states(app), ["a stopped", "b stopped"]);
  });

  it("opens again when the child fails before it has proved itself", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 30);
    a.onStart = "be ready";
    await pass(time, 600);
    a.fail();
    await pass(time, 1);
    assertEquals(circuit, ["open", "half-open", "open"]);
    await app.stop();
  });

  it("leaves the other children alone", async () => {
    using time = new FakeTime();
    const { app, a, log } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 100);
    assertEquals(states(app), ["a waiting", "b running"]);
    assertEquals(log.includes("b down"), false);
    await app.stop();
  });

  it("keeps the group down with one-for-all", async () => {
    using time = new FakeTime();
    const { app, a } = await scene("one-for-all");
    a.onStart = "fail";
    a.fail();
    await pass(time, 100);
    assertEquals(states(app), ["a waiting", "b waiting"]);
    a.onStart = "be ready";
    await pass(time, 1_000);
    assertEquals(states(app), ["a running", "b running"]);
    await app.stop();
  });

  it("is closed by a restart that was asked for", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 30);
    a.onStart = "be ready";
    await app.restartChild("a");
    assertEquals(states(app), ["a running", "b running"]);
    await pass(time, 1);
    assertEquals(circuit, ["open", "closed"]);
    await app.stop();
  });

  it("is closed by a stop", async () => {
    using time = new FakeTime();
    const { app, a, circuit } = await scene();
    a.onStart = "fail";
    a.fail();
    await pass(time, 30);
    await app.stop();
    assertEquals(circuit, ["open", "closed"]);
    assertEquals(app.status().children[0]?.circuit, "closed");
  });
});

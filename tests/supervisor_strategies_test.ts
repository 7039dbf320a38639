import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import type { RestartType, Strategy } from "@golib/runner/supervisor";
import { watch } from "./_helpers.ts";
import { drain, parts, pass, states, supervise } from "./_parts.ts";

/** What OTP's documentation says of its strategies and restart types. */
interface Case {
  readonly says: string;
  readonly strategy: Strategy;
  /** Of `a`, `b` and `c`, in that order; else permanent. */
  readonly restart?: Partial<Record<"a" | "b" | "c", RestartType>>;
  readonly dependsOn?: Partial<Record<"a" | "b" | "c", string[]>>;
  /** Ends cleanly before anything else happens. */
  readonly ended?: "a" | "b" | "c";
  readonly fails?: "a" | "b" | "c";
  readonly ends?: "a" | "b" | "c";
  /** What follows. */
  readonly log: string[];
  /** Those that do not run in the end. */
  readonly down?: string[];
}

const cases: Case[] = [
  {
    says: "one-for-one restarts only the child that failed",
    strategy: "one-for-one",
    fails: "b",
    log: ["b up"],
  },
  {
    says: "one-for-all stops all others, and restarts all",
    strategy: "one-for-all",
    fails: "b",
    log: ["c down", "a down", "a up", "b up", "c up"],
  },
  {
    says: "one-for-all restarts all when the first fails",
    strategy: "one-for-all",
    fails: "a",
    log: ["c down", "b down", "a up", "b up", "c up"],
  },
  {
    says: "rest-for-one stops those after the failed one, and restarts them",
    strategy: "rest-for-one",
    fails: "b",
    log: ["c down", "b up", "c up"],
  },
  {
    says: "rest-for-one restarts all when the first fails, in list order",
    strategy: "rest-for-one",
    fails: "a",
    log: ["c down", "b down", "a up", "b up", "c up"],
  },
  {
    says: "rest-for-one restarts the last alone",
    strategy: "rest-for-one",
    fails: "c",
    log: ["c up"],
  },
  {
    says: "rest-for-one takes those that depend on the failed one, no others",
    strategy: "rest-for-one",
    dependsOn: { b: [], c: ["a"] },
    fails: "a",
    log: ["c down", "a up", "c up"],
  },
  {
    says: "a permanent child is restarted when it ended cleanly",
    strategy: "one-for-one",
    ends: "b",
    log: ["b up"],
  },
  {
    says: "a permanent child that ended takes the others with it",
    strategy: "rest-for-one",
    ends: "b",
    log: ["c down", "b up", "c up"],
  },
  {
    says: "a transient child is restarted when it failed",
    strategy: "one-for-one",
    restart: { b: "transient" },
    fails: "b",
    log: ["b up"],
  },
  {
    says: "a transient child is not restarted when it ended cleanly",
    strategy: "one-for-all",
    restart: { b: "transient" },
    ends: "b",
    log: [],
    down: ["b"],
  },
  {
    says: "a transient child that had ended is started with its group",
    strategy: "one-for-all",
    restart: { b: "transient" },
    ended: "b",
    fails: "c",
    log: ["a down", "a up", "b up", "c up"],
  },
  {
    says: "a temporary child is never restarted",
    strategy: "one-for-one",
    restart: { b: "temporary" },
    fails: "b",
    log: [],
    down: ["b"],
  },
  {
    says: "a temporary child that failed takes no others with it",
    strategy: "one-for-all",
    restart: { b: "temporary" },
    fails: "b",
    log: [],
    down: ["b"],
  },
  {
    says: "a temporary child is stopped with one-for-all, and stays down",
    strategy: "one-for-all",
    restart: { c: "temporary" },
    fails: "a",
    log: ["c down", "b down", "a up", "b up"],
    down: ["c"],
  },
  {
    says: "a temporary child is stopped with rest-for-one, and stays down",
    strategy: "rest-for-one",
    restart: { b: "temporary" },
    fails: "a",
    log: ["c down", "b down", "a up", "c up"],
    down: ["b"],
  },
];

describe("Supervisor: strategies", () => {
  for (const { says, strategy, restart, dependsOn, ...rest } of cases) {
    it(says, async () => {
      using time = new FakeTime();
      const names = ["a", "b", "c"] as const;
      const all = parts(names);
      const app = supervise(
        names.map((name) => ({
          runner: all[name].runner,
          restart: restart?.[name] ?? "permanent",
          ...(dependsOn?.[name] && { dependsOn: dependsOn[name] }),
        })),
        { strategy },
      );
      await app.start();
      if (rest.ended) all[rest.ended].end();
      await pass(time, 1);
      all.log.length = 0;
      if (rest.fails) all[rest.fails].fail();
      if (rest.ends) all[rest.ends].end();
      await pass(time, 100);
      assertEquals(all.log, rest.log);
      assertEquals(
        states(app),
        // A temporary child that has ended is deleted.
        names.filter((name) =>
          !(rest.down?.includes(name) && restart?.[name] === "temporary")
        ).map((name) =>
          `${name} ${rest.down?.includes(name) ? "stopped" : "running"}`
        ),
      );
      await app.stop();
    });
  }

  it("one-for-all tries all again when one does not come back", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }], {
      strategy: "one-for-all",
      backoff: { initial: 10 },
    });
    await app.start();
    log.length = 0;
    b.onStart = "fail";
    a.fail();
    await pass(time, 10);
    assertEquals(log, ["b down", "a up", "b up", "a down"]);
    b.onStart = "be ready";
    await pass(time, 20);
    assertEquals(log.slice(4), ["a up", "b up"]);
    await app.stop();
  });

  it("one-for-all starts none before all are down", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    b.onStop = "hang";
    const app = supervise([a, b], {
      strategy: "one-for-all",
      backoff: { initial: 10 },
    });
    await app.start();
    a.fail();
    await pass(time, 500);
    assertEquals([...log, ...states(app)], [
      "a up",
      "b up",
      "b down",
      "a waiting",
      "b stopping",
    ]);
    b.release.open();
    await pass(time, 1);
    assertEquals(log.slice(3), ["a up", "b up"]);
    b.onStop = "end";
    await app.stop();
  });

  it("one-for-all brings a temporary child back that was not up yet", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, restart: "temporary" }], {
      strategy: "one-for-all",
      backoff: { initial: 10 },
    });
    b.onStart = "hang";
    const start = watch(app.start());
    await drain();
    b.onStart = "be ready";
    a.fail();
    await pass(time, 10);
    assertEquals([start.status, ...states(app)], [
      "resolved",
      "a running",
      "b running",
    ]);
    await app.stop();
  });

  it("rest-for-one starts a dependency only when its rest is down", async () => {
    using time = new FakeTime();
    const { a, b, c, log } = parts(["a", "b", "c"]);
    c.onStop = "hang";
    const app = supervise([a, b, c], {
      strategy: "rest-for-one",
      backoff: { initial: 10 },
    });
    await app.start();
    log.length = 0;
    b.fail();
    await pass(time, 5);
    a.fail();
    await pass(time, 100);
    assertEquals(log, ["c down"]);
    c.release.open();
    await pass(time, 20);
    assertEquals(log, ["c down", "a up", "b up", "c up"]);
    c.onStop = "end";
    await app.stop();
  });

  it("one-for-one restarts a dependency under those that depend on it", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }]);
    await app.start();
    a.fail();
    await pass(time, 100);
    assertEquals(log, ["a up", "b up", "a up"]);
    await app.stop();
  });

  it("starts a child again only when those it depends on are up", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, { runner: b.runner, dependsOn: ["a"] }], {
      backoff: { initial: 100 },
    });
    await app.start();
    a.fail();
    a.onStart = "fail";
    await pass(time, 100);
    b.fail();
    await pass(time, 150);
    assertEquals(states(app), ["a waiting", "b waiting"]);
    a.onStart = "be ready";
    await pass(time, 50);
    assertEquals(log.slice(2), ["a up", "a up", "b up"]);
    await app.stop();
  });
});

import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import type { SupervisorOptions } from "@golib/runner/supervisor";
import { reasonOf } from "./_helpers.ts";
import { drain, type Part, parts, pass, states, supervise } from "./_parts.ts";

const unlimited = { restarts: Infinity };

/** When a child that always fails is started, in ms after the first failure. */
async function starts(
  options: SupervisorOptions,
  ms: number,
  set: (part: Part) => void = (part) => part.onStart = "fail",
): Promise<number[]> {
  using time = new FakeTime();
  const { a } = parts(["a"]);
  const app = supervise([{ runner: a.runner, restart: "permanent" }], {
    intensity: unlimited,
    ...options,
  });
  await app.start();
  const zero = time.now;
  const times: number[] = [];
  app.observe((event) => {
    if (event.type === "child" && event.to === "starting") {
      times.push(time.now - zero);
    }
  });
  set(a);
  if (a.onStart === "end") a.end();
  else a.fail();
  await pass(time, ms);
  await app.stop();
  return times;
}

describe("Supervisor: backoff", () => {
  it("doubles the wait at each failure, up to the cap", async () => {
    assertEquals(
      await starts({ backoff: { initial: 10, max: 50 } }, 240),
      [10, 30, 70, 120, 170, 220],
    );
  });

  it("waits a random part of it", async () => {
    const numbers = [0.5, 0, 0.25, 0.999];
    const random = () => numbers.shift() ?? 1;
    assertEquals(
      await starts({ backoff: { initial: 10, max: 50, random } }, 70),
      [5, 6, 16, 65],
    );
  });

  it("grows by its factor, and not at all with factor 1", async () => {
    assertEquals(
      await starts({ backoff: { initial: 10, factor: 3 } }, 130),
      [10, 40, 130],
    );
    assertEquals(
      await starts({ backoff: { initial: 10, factor: 1 } }, 40),
      [10, 20, 30, 40],
    );
  });

  it("starts at 100 ms and ends at 15 s by default", async () => {
    const times = await starts({}, 60_000);
    assertEquals(times.slice(0, 3), [100, 300, 700]);
    assertEquals(times.at(-1)! - times.at(-2)!, 15_000);
  });

  it("begins anew after a healthy while, and not before", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: { initial: 10, resetAfter: 1_000 },
      intensity: unlimited,
    });
    const delays: number[] = [];
    app.observe((event) => {
      if (event.type === "restart") delays.push(event.delay);
    });
    await app.start();
    for (const up of [0, 500, 999, 1_000, 0]) {
      await pass(time, up);
      a.fail();
      await pass(time, delays.at(-1) ?? 0);
      await pass(time, delays.at(-1)!);
      assertEquals(states(app), ["a running"]);
    }
    assertEquals(delays[0], 10);
    assert(delays.includes(20) && delays.lastIndexOf(10) > 0, `${delays}`);
    await app.stop();
  });

  it("stops waiting when it is stopped", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a]);
    await app.start();
    a.fail();
    await pass(time, 50);
    assertEquals(states(app), ["a waiting"]);
    await app.stop();
    await pass(time, 1_000);
    assertEquals([a.starts, ...states(app)], [1, "a stopped"]);
  });

  it("grows also where a child that starts is healthy at once", async () => {
    const backoff = { initial: 10, resetAfter: 0 };
    assertEquals(await starts({ backoff }, 80), [10, 30, 70]);
  });

  it("begins anew after a healthy while that another's restart has ended", async () => {
    using time = new FakeTime();
    const { a, b } = parts(["a", "b"]);
    const delays: number[] = [];
    const app = supervise([a, b], {
      strategy: "one-for-all",
      backoff: { initial: 10, resetAfter: 5_000 },
      intensity: unlimited,
    });
    app.observe((event) => {
      if (event.type === "restart") delays.push(event.delay);
    });
    await app.start();
    for (const part of [b, b, b, a, b]) {
      if (part === a) await pass(time, 60_000);
      part.fail();
      await pass(time, 100);
    }
    assertEquals(delays, [10, 20, 40, 10, 10]);
    await app.stop();
  });

  it("takes 1 for a random that throws, and has the error", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: {
        random() {
          throw new Error("no dice");
        },
      },
    });
    await app.start();
    a.fail();
    await pass(time, 99);
    assertEquals(states(app), ["a waiting"]);
    await pass(time, 1);
    assertEquals(states(app), ["a running"]);
    assertEquals(
      app.errorsList().some(({ message }) => message === "no dice"),
      true,
    );
    await app.stop();
  });

  it("has a random that takes the child out take it out", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: {
        random() {
          app.removeChild("a");
          return 1;
        },
      },
    });
    await app.start();
    a.fail();
    await pass(time, 1_000);
    assertEquals([a.starts, ...states(app)], [1]);
    await app.stop();
  });

  it("takes what random gives as a number from 0 to 1", async () => {
    for (const [value, delay] of [[7, 10], [-7, 1], [NaN, 1]] as const) {
      const random = () => value;
      const [first] = await starts({ backoff: { initial: 10, random } }, 10);
      assertEquals(first, delay);
    }
  });
});

describe("Supervisor: restart storms", () => {
  const storms: [string, (part: Part) => void][] = [
    ["fails at once", (part) => part.onStart = "fail"],
    ["ends at once, cleanly", (part) => part.onStart = "end"],
    [
      "fails to stop, too",
      (part) => {
        part.onStart = "fail";
        part.onStop = "throw";
      },
    ],
  ];
  for (const [what, set] of storms) {
    it(`come from no child that ${what}`, async () => {
      const times = await starts({ backoff: { initial: 100 } }, 10_000, set);
      assertEquals(times, [100, 300, 700, 1_500, 3_100, 6_300]);
    });
  }

  it("come from no child that hangs on its start", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([{ runner: a.runner, startTimeout: 10 }], {
      intensity: unlimited,
    });
    await app.start();
    a.onStart = "hang";
    a.fail();
    await pass(time, 10_000);
    assertEquals(a.starts, 7);
    await app.stop();
  });

  it("come from no runner whose finished() says at once that it ended", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    a.runner.finished = () => {
      throw new Error("broken");
    };
    const app = supervise([a], { intensity: unlimited });
    await app.start();
    await pass(time, 10_000);
    assertEquals(a.starts, 7);
    await app.stop();
  });

  it("come from no chance: the least wait is a millisecond", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    a.onStart = "end";
    const app = supervise([{ runner: a.runner, restart: "permanent" }], {
      intensity: unlimited,
      backoff: { random: () => 0 },
    });
    await app.start();
    await pass(time, 10);
    assertLess(a.starts, 12);
    await app.stop();
  });
});

describe("Supervisor: intensity", () => {
  it("fails when there is one restart too many, with the causes", async () => {
    using time = new FakeTime();
    const { a, b, log } = parts(["a", "b"]);
    const app = supervise([a, b], {
      backoff: { initial: 1 },
      intensity: { restarts: 2, window: 1_000 },
    });
    await app.start();
    for (let count = 0; count < 3; count++) {
      a.fail(`lost ${count}`);
      await pass(time, 10);
    }
    const error = await reasonOf(app.finished()) as Error;
    assertEquals(
      error.message,
      'Cannot keep "app" running: "a" ended after 2 restarts within 1000 ms',
    );
    assertEquals((error.cause as Error).message, "a lost 2");
    assertEquals([app.state, log.at(-1), a.starts], ["stopped", "b down", 3]);
  });

  for (const per of ["child", "supervisor"] as const) {
    it(`counts the restarts per ${per}`, async () => {
      using time = new FakeTime();
      const { a, b } = parts(["a", "b"]);
      const app = supervise([a, b], {
        backoff: { initial: 1 },
        intensity: { restarts: 1, window: 1_000, per },
      });
      await app.start();
      a.fail();
      await pass(time, 10);
      b.fail();
      await pass(time, 10);
      assertEquals(app.state, per === "child" ? "running" : "stopped");
      await app.stop();
    });
  }

  // "intensity with backoff": time spent waiting does not move the window.
  it("is not put out of reach by the backoff", async () => {
    const intensity = { restarts: 10, window: 10_000 };
    const times = await starts({ intensity }, 600_000);
    assertEquals(times.length, 10);
  });

  it("counts on where time passes that the child is not up", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: { initial: 5_000, factor: 1 },
      intensity: { restarts: 1, window: 1_000 },
    });
    await app.start();
    a.fail();
    await pass(time, 5_900);
    a.fail();
    await drain();
    assertEquals(app.state, "stopped");
  });

  it("forgets restarts when the window has passed", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: { initial: 1 },
      intensity: { restarts: 1, window: 1_000 },
    });
    await app.start();
    for (let count = 0; count < 5; count++) {
      a.fail();
      await pass(time, 1_020);
      assertEquals(states(app), ["a running"]);
    }
    await app.stop();
  });

  it("fails at the first failure with 0 restarts", async () => {
    const { a } = parts(["a"]);
    const app = supervise([a], { intensity: { restarts: 0 } });
    await app.start();
    a.fail();
    await reasonOf(app.finished());
    assertEquals(a.starts, 1);
  });

  it("is 22 restarts by default, for at most 235.5 s", async () => {
    const times = await starts({ intensity: {} }, 600_000);
    assertEquals([times.length, times.at(-1)], [22, 235_500]);
  });

  it("begins anew with the next start", async () => {
    using time = new FakeTime();
    const { a } = parts(["a"]);
    const app = supervise([a], {
      backoff: { initial: 1 },
      intensity: { restarts: 1 },
    });
    for (let run = 0; run < 3; run++) {
      await app.start();
      a.fail();
      await pass(time, 10);
      assertEquals(states(app), ["a running"]);
      await app.stop();
    }
  });

  it("says what ended where nothing failed", async () => {
    const { a } = parts(["a"]);
    const app = supervise([{ runner: a.runner, restart: "permanent" }], {
      intensity: { restarts: 0 },
    });
    await app.start();
    a.end();
    const error = await reasonOf(app.finished()) as Error;
    assertEquals(error.message.includes('"a" ended after 0 restarts'), true);
  });
});

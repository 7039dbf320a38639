import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Ticker } from "@golib/runner";
import { timed } from "./_fake_clocks.ts";
import { Printed, reasonOf, serve, turns } from "./_helpers.ts";

describe("observe()", () => {
  it("tells of what happens from then on", async () => {
    const states: string[] = [];
    const { runner } = serve();
    await runner.start();
    runner.observe((event) => event.type === "state" && states.push(event.to));
    assertEquals(states, []);
    await runner.stop();
    assertEquals(states, ["stopping", "stopped"]);
  });

  it("returns the way to leave, which may be taken twice", async () => {
    const states: string[] = [];
    const { runner } = serve();
    const leave = runner.observe((event) =>
      event.type === "state" && states.push(event.to)
    );
    await runner.start();
    leave();
    leave();
    await runner.stop();
    assertEquals(states, ["running"]);
  });

  it("takes one function several times, each with its own way to leave", async () => {
    let count = 0;
    const observer = () => void count++;
    const { runner } = serve({ observer });
    const leave = runner.observe(observer);
    runner.observe(observer);
    await runner.start();
    assertEquals(count, 3);
    leave();
    await runner.stop();
    assertEquals(count, 3 + 2 * 2);
  });

  it("tells the observer of the options first", async () => {
    const seen: string[] = [];
    const { runner } = serve({ observer: () => seen.push("option") });
    runner.observe(() => seen.push("later"));
    await runner.start();
    assertEquals(seen, ["option", "later"]);
    await runner.stop();
  });
});

describe("an observer", () => {
  it("that throws is printed and harms neither the run nor the others", async () => {
    using printed = new Printed();
    const states: string[] = [];
    const service = serve({
      name: "db",
      observer() {
        throw new Error("not mine");
      },
    });
    const { runner } = service;
    runner.observe((event) => event.type === "state" && states.push(event.to));
    await runner.start();
    await runner.stop();
    await runner.finished();
    assertEquals(states, ["running", "stopping", "stopped"]);
    assertEquals(runner.errorsTotal(), 0);
    assertEquals(printed.lines.length, 3);
    assertStringIncludes(printed.lines[0]!, "db");
    assertStringIncludes(printed.lines[0]!, "not mine");
  });

  it("that rejects is printed and harms neither the run nor the others", async () => {
    using printed = new Printed();
    const states: string[] = [];
    const thenable = {
      then: (_ok: unknown, no: (e: unknown) => void) => no(1),
    };
    const hostile = {
      get then() {
        throw new Error("hostile");
      },
    };
    const { runner } = serve({
      observer: (() => Promise.reject(new Error("late"))) as () => void,
    });
    runner.observe((() => thenable) as () => void);
    runner.observe((() => hostile) as () => void);
    runner.observe((event) => event.type === "state" && states.push(event.to));
    await runner.start();
    await runner.stop();
    await turns();
    assertEquals(states, ["running", "stopping", "stopped"]);
    assertEquals([runner.errorsTotal(), printed.lines.length], [0, 9]);
  });

  it("that throws at an error event does not record that", async () => {
    using printed = new Printed();
    const service = serve({
      observer(event) {
        if (event.type === "error") throw event.error;
      },
    });
    await service.runner.start();
    service.run().end.fail(new Error("broken"));
    await reasonOf(service.runner.finished());
    assertEquals([service.runner.errorsTotal(), printed.lines.length], [1, 1]);
  });

  it("that throws what is hostile harms nothing", async () => {
    using printed = new Printed();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { runner } = serve({
      observer() {
        throw proxy;
      },
    });
    await runner.start();
    await runner.stop();
    assertEquals([runner.state, printed.lines.length], ["stopped", 3]);
  });

  it("may start the runner", async () => {
    const service = serve({
      observer(event) {
        if (event.type !== "state" || event.to !== "stopped") return;
        if (service.runs.length < 3) service.runner.start();
      },
    });
    await service.runner.start();
    for (let run = 1; run <= 3; run++) {
      assertEquals([service.runs.length, service.runner.state], [
        run,
        "running",
      ]);
      await service.runner.stop();
      await turns();
    }
    assertEquals([service.runner.state, service.most], ["stopped", 1]);
  });

  it("may stop the runner, at every event", async () => {
    for (const at of ["starting", "running", "stopping", "stopped"]) {
      const service = serve({
        awaitReady: true,
        observer(event) {
          if (event.type === "state" && event.to === at) service.runner.stop();
        },
      }, { begin: ({ control }) => at !== "starting" && control.ready() });
      const { runner } = service;
      const started = runner.start().then(() => "ok", ({ name }) => name);
      if (at === "stopping" || at === "stopped") {
        await started;
        await runner.stop();
      }
      await runner.finished();
      assertEquals(await started, at === "starting" ? "AbortError" : "ok");
      assertEquals([runner.state, service.stops], ["stopped", 1]);
    }
  });

  it("may stop and start the runner at once", async () => {
    const service = serve({
      observer(event) {
        if (event.type !== "state" || event.to !== "running") return;
        if (service.runs.length > 1) return;
        service.runner.stop();
        service.runner.start();
      },
    });
    await service.runner.start();
    await turns();
    assertEquals([service.runner.state, service.runs.length], ["running", 2]);
    await service.runner.stop();
  });

  it("may leave during an event, and is told no more", async () => {
    const seen: string[] = [];
    const { runner } = serve();
    const leaves = ["a", "b", "c"].map((name) =>
      runner.observe(() => {
        seen.push(name);
        if (name === "b") { for (const leave of leaves) leave(); }
      })
    );
    await runner.start();
    await runner.stop();
    assertEquals(seen, ["a", "b"]);
  });

  it("that leaves is not told what happened before and was yet to be told", async () => {
    const seen: string[] = [];
    const service = serve({ awaitReady: true }, {
      begin: ({ control }) => control.ready(),
    });
    const { runner } = service;
    const leave = runner.observe((event) => {
      if (event.type === "state") seen.push(event.to);
      leave();
    });
    await runner.start();
    assertEquals(seen, ["starting"]);
    await runner.stop();
  });

  it("may join another during an event, which is told from the next on", async () => {
    const seen: string[] = [];
    const { runner } = serve();
    const leave = runner.observe(() => {
      leave();
      runner.observe((event) => event.type === "state" && seen.push(event.to));
    });
    await runner.start();
    assertEquals(seen, []);
    await runner.stop();
    assertEquals(seen, ["stopping", "stopped"]);
  });

  it("that joins is not told what happened before and was yet to be told", async () => {
    const seen: string[] = [];
    const service = serve({ awaitReady: true }, {
      begin: ({ control }) => control.ready(),
    });
    const { runner } = service;
    const leave = runner.observe(() => {
      leave();
      runner.observe((event) => event.type === "state" && seen.push(event.to));
    });
    await runner.start();
    assertEquals(seen, []);
    await runner.stop();
    assertEquals(seen, ["stopping", "stopped"]);
  });

  it("that joins within the start function is told of running", async () => {
    const seen: string[] = [];
    const service = serve({}, {
      begin: () =>
        service.runner.observe((event) =>
          event.type === "state" && seen.push(event.to)
        ),
    });
    await service.runner.start();
    await service.runner.stop();
    assertEquals(seen.slice(-2), ["stopping", "stopped"]);
  });

  it("of a Ticker may stop it in its tick event", async () => {
    const ticker = new Ticker(60_000, () => {}, {
      immediate: true,
      observer: (event) => event.type === "tick" && ticker.stop(),
    });
    await ticker.start();
    await ticker.finished();
    assertEquals([ticker.state, ticker.errorsTotal()], ["stopped", 0]);
  });
});

describe("an observer that joins a ticker which runs already", () => {
  it(
    "is told of its next tick",
    timed(async (clock) => {
      const ticker = new Ticker(10, () => {});
      await ticker.start();
      await clock.pass(15);
      const told: string[] = [];
      ticker.observe(({ type }) => told.push(type));
      await clock.pass(10);
      assertEquals(told, ["tick"]);
      await ticker.stop();
    }),
  );
});

import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  Resource,
  type ResourceOptions,
  type ResourceValue,
} from "../resource/mod.ts";
import { Supervisor } from "../supervisor/mod.ts";
import { untilAborted } from "../tools.ts";
import { CountingController, gate, Printed, turns, watch } from "./_helpers.ts";

const wait = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A resource that writes down what is done with it. */
function store(options: Partial<ResourceOptions<number>> = {}) {
  const log: string[] = [];
  const losses: ((error?: unknown) => void)[] = [];
  let opened = 0;
  const resource = new Resource<number>({
    name: "store",
    open: () => {
      log.push(`open ${++opened}`);
      return opened;
    },
    close: (value) => {
      log.push(`close ${value}`);
    },
    watch: (value, lost) => {
      log.push(`watch ${value}`);
      losses.push(lost);
    },
    printErrors: false,
    ...options,
  });
  return {
    resource,
    log,
    /** Loses the newest value. */
    lose: (error?: unknown) => losses.at(-1)!(error),
    losses,
  };
}

describe("Resource", () => {
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime();
  });
  afterEach(() => time.restore());

  it("opens nothing until it is started", () => {
    const { resource, log } = store();
    assertEquals([log, resource.state, resource.name], [
      [],
      "stopped",
      "store",
    ]);
    const { name } = new Resource({ open: () => 1, close: () => {} });
    assertEquals(name, "resource");
  });

  it("is running, and has its value, once 'open' has resolved", async () => {
    const { resource, log } = store({ open: () => wait(50).then(() => 7) });
    const start = watch(resource.start());
    await time.tickAsync(49);
    assertEquals([start.status, resource.state], ["pending", "starting"]);
    assertThrows(
      () => resource.value,
      Error,
      'Cannot use "store": it is starting',
    );
    await time.tickAsync(1);
    await turns();
    assertEquals([start.status, resource.state], ["resolved", "running"]);
    assertEquals([resource.value, log], [7, ["watch 7"]]);
    await resource.stop();
  });

  it("closes its value once, by a stop", async () => {
    const { resource, log } = store();
    await resource.start();
    await Promise.all([resource.stop(), resource.stop()]);
    await resource.stop();
    assertEquals(log, ["open 1", "watch 1", "close 1"]);
    assertThrows(() => resource.value, Error, "it is stopped, and nobody");
    await resource.finished();
  });

  it("keeps its state while it closes, and no value then", async () => {
    const closed = gate();
    const { resource } = store({ close: () => closed.promise });
    await resource.start();
    const stop = watch(resource.stop());
    await turns();
    assertEquals([resource.state, stop.status], ["stopping", "pending"]);
    assertThrows(() => resource.value, Error, "it is stopping");
    closed.open();
    await turns();
    assertEquals([resource.state, stop.status], ["stopped", "resolved"]);
  });

  it("closes before it opens again, by a second start", async () => {
    const { resource, log } = store();
    await resource.start();
    await resource.start();
    await resource.restart();
    await resource.stop();
    assertEquals(
      log.filter((each) => !each.startsWith("watch")),
      ["open 1", "close 1", "open 2", "close 2", "open 3", "close 3"],
    );
  });

  it("aborts an 'open' by a stop, whose failure is clean then", async () => {
    const { resource, log } = store({
      open: async (signal) => {
        await untilAborted(signal);
        throw signal.reason;
      },
    });
    const start = watch(resource.start());
    await resource.stop();
    await resource.finished();
    assertEquals([start.status, log], ["rejected", []]);
    assertEquals(resource.errorsTotal(), 0);
  });

  it("closes what 'open' gives after it was asked to stop", async () => {
    const opening = gate();
    const { resource, log } = store({
      open: () => opening.promise.then(() => 1),
    });
    const start = watch(resource.start());
    const stop = watch(resource.stop());
    await turns();
    assertEquals([stop.status, log], ["pending", []]);
    opening.open();
    await turns();
    assertEquals(log, ["close 1"]);
    assertEquals([start.status, stop.status], ["rejected", "resolved"]);
  });

  it("closes what comes after the start has timed out", async () => {
    const { resource, log } = store({
      open: () => wait(500).then(() => 1),
      startTimeout: 100,
    });
    const start = watch(resource.start());
    await time.tickAsync(100);
    await turns();
    assertEquals((start.reason as Error).name, "TimeoutError");
    await time.tickAsync(400);
    await turns();
    assertEquals([log, resource.state], [["close 1"], "stopped"]);
  });

  it("fails its start with what 'open' throws, and closes nothing", async () => {
    for (
      const open of [
        () => Promise.reject(new Error("no route")),
        () => {
          throw new Error("no route");
        },
      ]
    ) {
      const { resource, log } = store({ open });
      await assertRejects(() => resource.start(), Error, "no route");
      assertEquals([log, resource.errorsTotal()], [[], 1]);
      await assertRejects(() => resource.finished(), Error, "no route");
    }
  });

  it("refuses an 'open' that gives undefined", async () => {
    const open = (() => {}) as unknown as () => number;
    const { resource, log } = store({ open });
    await assertRejects(
      () => resource.start(),
      TypeError,
      "Cannot start \"store\": 'open' gave undefined",
    );
    assertEquals(log, []);
    const nothing = new Resource({ open: () => null, close: () => {} });
    await nothing.start();
    assertStrictEquals(nothing.value, null);
    await nothing.stop();
  });

  it("records what 'close' throws, and stops all the same", async () => {
    for (
      const close of [
        () => Promise.reject(new Error("half closed")),
        () => {
          throw new Error("half closed");
        },
      ]
    ) {
      const { resource } = store({ close });
      await resource.start();
      await resource.stop();
      await resource.finished();
      assertEquals(resource.errorsLast()?.message, "half closed");
    }
  });

  it("tells a 'close' that hangs when its grace has passed", async () => {
    const seen: string[] = [];
    const closed = gate();
    const { resource } = store({
      stopTimeout: 300,
      close: async (_value, signal) => {
        seen.push(`aborted ${signal.aborted}`);
        await untilAborted(signal);
        seen.push("cut");
        await closed.promise;
      },
    });
    await resource.start();
    const stop = watch(resource.stop());
    await time.tickAsync(299);
    assertEquals([stop.status, seen], ["pending", ["aborted false"]]);
    await time.tickAsync(1);
    await turns();
    assertEquals((stop.reason as Error).name, "TimeoutError");
    assertEquals([seen.at(-1), resource.state], ["cut", "stopping"]);
    closed.open();
    await turns();
    assertEquals(resource.state, "stopped");
  });

  describe("that loses its value", () => {
    it("closes it, and fails with why", async () => {
      const { resource, log, lose } = store();
      await resource.start();
      const ended = watch(resource.finished());
      lose(new Error("connection terminated"));
      assertEquals(resource.state, "stopping");
      await turns();
      assertEquals(log.at(-1), "close 1");
      assertEquals(resource.state, "stopped");
      assertEquals((ended.reason as Error).message, "connection terminated");
      assertEquals(
        resource.errorsList().map(({ message }) => message),
        ["connection terminated"],
      );
    });

    it("counts it once, and not after a stop", async () => {
      const { resource, log, lose, losses } = store();
      await resource.start();
      lose(new Error("first"));
      lose(new Error("second"));
      await turns();
      assertEquals(resource.errorsTotal(), 1);

      await resource.start();
      losses[0]!(new Error("of an old value"));
      assertEquals(resource.isRunning(), true);
      const stop = resource.stop();
      lose(new Error("while it stops"));
      await stop;
      lose(new Error("when it is stopped"));
      await resource.finished();
      assertEquals(resource.errorsTotal(), 0);
      assertEquals(log.filter((each) => each.startsWith("close")), [
        "close 1",
        "close 2",
      ]);
    });

    it("fails its start where that is within 'watch'", async () => {
      const { resource, log } = store({
        watch: (_value, lost) => lost(new Error("gone already")),
      });
      await assertRejects(() => resource.start(), Error, "gone already");
      await assertRejects(() => resource.finished(), Error, "gone already");
      assertEquals(log, ["open 1", "close 1"]);
    });

    it("takes a 'watch' that throws or rejects for a loss", async () => {
      for (
        const watch of [
          () => Promise.reject(new Error("cannot listen")),
          () => {
            throw new Error("cannot listen");
          },
        ]
      ) {
        const { resource, log } = store({ watch });
        await resource.start().catch(() => {});
        await assertRejects(() => resource.finished(), Error, "cannot listen");
        assertEquals(log, ["open 1", "close 1"]);
      }
    });

    it("names itself where nothing says why, and finds an event's error", async () => {
      const inside = new Error("of the event");
      for (
        const [reason, message] of [
          [undefined, 'The value of "store" was lost'],
          [1006, 'The value of "store" was lost'],
          [{ type: "error", error: inside }, "of the event"],
        ]
      ) {
        const { resource, lose } = store();
        await resource.start();
        lose(reason);
        await turns();
        assertEquals(resource.errorsLast()?.message, message);
        if (reason === 1006) {
          assertStrictEquals(resource.errorsLast()?.cause, 1006);
        }
      }
    });

    it("gives its close the grace, and closes within it", async () => {
      const { resource, lose } = store({
        stopTimeout: 100,
        close: (_value, signal) => untilAborted(signal),
      });
      await resource.start();
      lose(new Error("lost"));
      await time.tickAsync(99);
      assertEquals(resource.state, "stopping");
      await time.tickAsync(1);
      await turns();
      assertEquals(resource.state, "stopped");
      await assertRejects(() => resource.finished(), Error, "lost");
    });

    it("is printed once", async () => {
      using printed = new Printed();
      const { resource, lose } = store({ printErrors: true });
      await resource.start();
      lose(new Error("connection terminated"));
      await turns();
      assertEquals(printed.lines, [
        "Recovering process 'store': connection terminated",
      ]);
    });
  });

  it("calls what 'watch' returned after 'close', also where that throws", async () => {
    const log: string[] = [];
    const { resource } = store({
      watch: () => () => log.push("left"),
      close: () => {
        log.push("close");
        throw new Error("half closed");
      },
    });
    await resource.start();
    await resource.stop();
    assertEquals(log, ["close", "left"]);
    assertEquals(resource.errorsTotal(), 1);
  });

  it("waits for what 'watch' returned, and records what both throw", async () => {
    const log: string[] = [];
    const { resource } = store({
      printErrors: false,
      watch: () => async () => {
        await Promise.resolve();
        log.push("left");
        throw new Error("cannot leave");
      },
      close: () => {
        throw new Error("half closed");
      },
    });
    await resource.start();
    await resource.stop();
    assertEquals(log, ["left"]);
    assertEquals(
      resource.errorsList().map(({ message }) => message),
      ["half closed", "cannot leave"],
    );
  });

  it("calls what a 'watch' that is async has returned", async () => {
    let left = 0;
    const { resource } = store({
      watch: () => Promise.resolve(() => left++),
    });
    await resource.start();
    await turns();
    await resource.stop();
    assertEquals(left, 1);
  });

  it("calls that once, also where a later 'watch' gives nothing", async () => {
    let left = 0;
    const leaves = [() => left++, undefined];
    const { resource } = store({ watch: () => leaves.shift() });
    await resource.start();
    await resource.restart();
    await resource.stop();
    assertEquals(left, 1);
    const other = store({
      watch: (value) => {
        if (value > 1) throw new Error("cannot listen");
        return () => left++;
      },
    });
    await other.resource.start();
    await other.resource.restart().catch(() => {});
    await other.resource.finished().catch(() => {});
    assertEquals(left, 2);
  });

  describe("use()", () => {
    it("gives what is open, at once", async () => {
      const { resource } = store();
      await resource.start();
      assertEquals(await resource.use(), 1);
      assertEquals(await resource.use((value) => value + 1), 2);
      await resource.stop();
    });

    it("waits for a start, and through a restart", async () => {
      const { resource } = store({ open: () => wait(50).then(() => 1) });
      void resource.start();
      const first = watch(resource.use());
      await time.tickAsync(50);
      await turns();
      assertEquals(first.status, "resolved");

      const closed = gate();
      const other = store({ close: () => closed.promise });
      await other.resource.start();
      void other.resource.restart();
      const next = other.resource.use();
      await turns();
      closed.open();
      assertEquals(await next, 2);
      await Promise.all([resource.stop(), other.resource.stop()]);
    });

    it("rejects at once where nobody is going to start it", async () => {
      const { resource, lose } = store();
      const text = 'Cannot use "store": it is stopped, and nobody';
      await assertRejects(() => resource.use(), Error, text);
      await resource.start();
      const closed = resource.stop();
      await assertRejects(() => resource.use(), Error, "it is stopping");
      await closed;
      await assertRejects(() => resource.use(() => 1), Error, text);
      await resource.start();
      const loss = new Error("connection terminated");
      lose(loss);
      await turns();
      const error = await assertRejects(() => resource.use(), Error, text);
      assertStrictEquals(error.cause, loss);
    });

    it("rejects when the start that it waits for fails or is called off", async () => {
      const opening = gate();
      const { resource } = store({
        open: () => opening.promise.then(() => 1),
      });
      void resource.start();
      const first = watch(resource.use());
      opening.fail(new Error("no route"));
      await turns();
      assertStringIncludes((first.reason as Error).message, "it is stopped");

      const closed = gate();
      const other = store({ close: () => closed.promise });
      await other.resource.start();
      void other.resource.restart();
      const next = watch(other.resource.use());
      void other.resource.stop();
      closed.open();
      await turns();
      assertStringIncludes((next.reason as Error).message, "it is stopped");
    });

    it("rejects with the reason of its signal, and leaves that alone", async () => {
      const { resource } = store({ open: () => wait(50).then(() => 1) });
      const reason = new Error("the client has gone");
      await assertRejects(
        () => resource.use(AbortSignal.abort(reason)),
        Error,
        reason.message,
      );
      void resource.start();
      const life = new CountingController();
      const [one, two] = [
        watch(resource.use(life.signal)),
        watch(resource.use(() => 1, life.signal)),
      ];
      assertEquals(life.count, 1);
      life.abort(reason);
      await turns();
      assertEquals([one.reason, two.reason], [reason, reason]);
      assertEquals(life.count, 0);
      const later = new CountingController();
      const three = resource.use(later.signal);
      await time.tickAsync(50);
      assertEquals(await three, 1);
      assertEquals(later.count, 0);
      await resource.stop();
    });

    it("has its work told of a stop, and 'close' wait for it", async () => {
      const { resource, log } = store();
      await resource.start();
      const work = resource.use(async (value, signal) => {
        await untilAborted(signal);
        log.push(signal.reason.name);
        await wait(100);
        log.push("finished");
        return value;
      });
      const stop = watch(resource.stop());
      await time.tickAsync(99);
      assertEquals([log.at(-1), stop.status], ["AbortError", "pending"]);
      await time.tickAsync(1);
      assertEquals(await work, 1);
      await turns();
      assertEquals([log.slice(-2), stop.status], [
        ["finished", "close 1"],
        "resolved",
      ]);
    });

    it("has its work told of a loss, and of its own signal", async () => {
      const { resource, lose } = store();
      await resource.start();
      const loss = new Error("connection terminated");
      const life = new CountingController();
      const [one, two, three] = [undefined, life.signal, life.signal].map(
        (signal) =>
          watch(resource.use(async (_value, signal) => {
            await untilAborted(signal);
            throw signal.reason;
          }, signal)),
      );
      assertEquals(life.count, 1);
      lose(loss);
      await turns();
      assertEquals([one?.reason, two?.reason, three?.reason], [
        loss,
        loss,
        loss,
      ]);
      assertEquals(life.count, 0);

      await resource.start();
      const reason = new Error("the client has gone");
      const own = watch(resource.use(async (_value, signal) => {
        await untilAborted(signal);
        throw signal.reason;
      }, life.signal));
      life.abort(reason);
      await turns();
      assertStrictEquals(own.reason, reason);
      assert(resource.isRunning());
      await resource.stop();
    });

    it("waits for a work no longer than the grace, and closes then", async () => {
      const { resource, log } = store({ stopTimeout: 100 });
      await resource.start();
      const stubborn = gate();
      const work = watch(resource.use(() => stubborn.promise));
      const stop = watch(resource.stop());
      await time.tickAsync(99);
      assertEquals(log.includes("close 1"), false);
      await time.tickAsync(1);
      await turns();
      assertEquals((stop.reason as Error).name, "TimeoutError");
      assertEquals([log.at(-1), resource.state], ["close 1", "stopped"]);
      stubborn.open();
      await turns();
      assertEquals(work.status, "resolved");
    });

    it("does nothing with the value that one before it has closed", async () => {
      const { resource } = store({ open: () => wait(50).then(() => 1) });
      void resource.start();
      const one = watch(resource.use(() => void resource.stop()));
      const two = watch(resource.use());
      await time.tickAsync(50);
      await turns();
      assertEquals(one.status, "resolved");
      assertStringIncludes((two.reason as Error).message, "it is stop");
    });

    it("rejects with what its work throws", async () => {
      const { resource } = store();
      await resource.start();
      for (
        const work of [
          () => Promise.reject(new Error("bad query")),
          () => {
            throw new Error("bad query");
          },
        ]
      ) {
        await assertRejects(() => resource.use(work), Error, "bad query");
      }
      assertEquals(resource.errorsTotal(), 0);
      await resource.stop();
    });

    it("refuses what is no signal", async () => {
      const { resource } = store();
      for (
        const values of [[1], [() => 1, {}], [{ signal: undefined }]] as const
      ) {
        await assertRejects(
          () => Reflect.apply(resource.use, resource, values),
          TypeError,
          "Cannot use \"store\": 'signal' must be an AbortSignal",
        );
      }
    });
  });

  describe("under a supervisor", () => {
    const settings = {
      printErrors: false,
      backoff: { initial: 100, random: () => 1 },
    } as const;

    it("is opened anew when it has lost its value, and use() waits", async () => {
      const { resource, log, lose } = store();
      const app = new Supervisor([{ runner: resource }], settings);
      const early = resource.use().catch((error: Error) => error.message);
      assertStringIncludes(String(await early), "nobody is going to");
      await app.start();
      lose(new Error("connection terminated"));
      const next = watch(resource.use());
      await turns();
      assertEquals([resource.state, next.status], ["stopped", "pending"]);
      assertThrows(() => resource.value, Error, "it is stopped");
      await time.tickAsync(100);
      await turns();
      assertEquals([next.status, resource.value], ["resolved", 2]);
      assertEquals(log.filter((each) => !each.startsWith("watch")), [
        "open 1",
        "close 1",
        "open 2",
      ]);
      await app.stop();
      assertEquals(log.at(-1), "close 2");
    });

    it("is waited for before its first start, behind those that it needs", async () => {
      const slow = store({ name: "slow", open: () => wait(50).then(() => 1) });
      const { resource } = store();
      const app = new Supervisor([
        { runner: slow.resource },
        { runner: resource, dependsOn: ["slow"] },
      ], settings);
      void app.start();
      const used = watch(resource.use());
      await turns();
      assertEquals([resource.state, used.status], ["stopped", "pending"]);
      await time.tickAsync(50);
      await turns();
      assertEquals(used.status, "resolved");
      await app.stop();
    });

    it("is waited for no more when the supervisor gives it up", async () => {
      let opens = 0;
      const { resource, lose } = store({
        open: () => {
          if (++opens > 1) throw new Error("no route");
          return opens;
        },
      });
      const app = new Supervisor([{ runner: resource }], {
        ...settings,
        intensity: { restarts: 1 },
      });
      await app.start();
      lose(new Error("connection terminated"));
      const used = watch(resource.use());
      await time.tickAsync(100);
      await turns();
      assertStringIncludes((used.reason as Error).message, "nobody");
      await app.finished().catch(() => {});

      const other = store();
      const temporary = new Supervisor([
        { runner: other.resource, restart: "temporary" },
      ], settings);
      await temporary.start();
      other.lose(new Error("connection terminated"));
      const late = watch(other.resource.use());
      await turns();
      assertStringIncludes((late.reason as Error).message, "nobody");
      await temporary.stop();
    });

    it("is waited for no more when the supervisor stops", async () => {
      const { resource, lose } = store();
      const app = new Supervisor([{ runner: resource }], settings);
      await app.start();
      lose(new Error("connection terminated"));
      const used = watch(resource.use());
      await turns();
      assertEquals(used.status, "pending");
      await app.stop();
      await turns();
      assertStringIncludes((used.reason as Error).message, "nobody");
    });
  });

  it("refuses what is no option of it", () => {
    const fine = { open: () => 1, close: () => {} };
    const cases: [unknown, ErrorConstructor, string][] = [
      [undefined, TypeError, "'open' must be a function"],
      [null, TypeError, "'options' must be an object"],
      [{ ...fine, open: 1 }, TypeError, "'open' must be a function"],
      [{ open: fine.open }, TypeError, "'close' must be a function"],
      [{ ...fine, watch: null }, TypeError, "'watch' must be a function"],
      [{ ...fine, stopTimeout: -1 }, RangeError, "'stopTimeout'"],
      [{ ...fine, name: 1 }, TypeError, "'name'"],
      [{ ...fine, closed: 1 }, TypeError, "did you mean 'close'?"],
    ];
    for (const [options, kind, text] of cases) {
      assertThrows(
        () => new Resource(options as ResourceOptions<ResourceValue>),
        kind,
        text,
      );
    }
    const resource = new Resource({ ...fine, watch: undefined });
    assertFalse(resource.isRunning());
  });
});

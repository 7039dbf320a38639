import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, finite, timeout, typed } from "../../_internal/validate.ts";
import type { Runner } from "../../runner.ts";
import { hostsOf, redactSecrets, shownBy } from "../_access.ts";
import { DEFAULT_RULE, rules, type StallRule } from "../_stall.ts";
import { runnerLike, Tree } from "../_tree.ts";
import { type Access, answer } from "./_answer.ts";
import { Check, type CheckSpec } from "./_check.ts";
import { slow, stalled, unready } from "./_judge.ts";
import {
  type HealthFinding,
  type HealthGroup,
  type HealthReport,
  reportOf,
} from "./report.ts";

/** A function that looks at something, such as a database. */
export type HealthCheckFunction = (signal: AbortSignal) => unknown;

/** A check of the user's own. */
export interface HealthCheck {
  /**
   * Looks. It passes unless it throws, or returns (or resolves with) `false`,
   * `"fail"`, `"warn"`, or an object with such a `status` and, if it likes, an
   * `output`. Its signal aborts when its time is over.
   */
  readonly check: HealthCheckFunction;
  /**
   * Which questions it is made for: `"ready"`, `"health"`. `/livez` never makes
   * one.
   *
   * @default ["ready", "health"]
   */
  readonly groups?: readonly ("ready" | "health")[] | undefined;
  /**
   * How long it may take, in milliseconds, at most 800.
   *
   * @default 500
   */
  readonly timeout?: number | undefined;
  /**
   * How long its answer is good for, in milliseconds.
   *
   * @default 1000
   */
  readonly maxAge?: number | undefined;
}

/** Checks of your own, by name. */
export interface HealthChecks {
  /** A check by its name. */
  readonly [name: string]: HealthCheck | HealthCheckFunction;
}

/** Which runners count as stalled. */
export interface StallOptions {
  /**
   * So many intervals may a tick take.
   *
   * @default 3
   */
  readonly intervals?: number | undefined;
  /**
   * But at least so many milliseconds.
   *
   * @default 30000
   */
  readonly min?: number | undefined;
  /**
   * How long a tick may take, in milliseconds, instead: for all, or by path.
   *
   * @default 2 × the `tickTimeout` of a ticker that has one
   */
  readonly after?:
    | number
    | ((path: string) => number | undefined)
    | undefined;
  /**
   * Whether the process is to be restarted when a runner of that path has stalled:
   * `/livez` answers 503 then.
   *
   * @default none is
   */
  readonly fatal?: ((path: string) => boolean) | undefined;
}

/** Options of {@linkcode Health}. */
export interface HealthOptions {
  /**
   * Whether the program is ready only while the runner of that path is up.
   *
   * @default those that their supervisor is to keep up
   */
  readonly required?: ((path: string) => boolean) | undefined;
  /** Which runners count as stalled. */
  readonly stall?: StallOptions | undefined;
  /** Checks of your own, by name. */
  readonly checks?: HealthChecks | undefined;
  /**
   * Whether a request is told more than one word. Messages are shown then.
   *
   * @default none is
   */
  readonly details?:
    | ((request: Request) => boolean | Promise<boolean>)
    | undefined;
  /**
   * The names of hosts under which details are shown, beside what `details` says.
   *
   * @default ["localhost", "127.0.0.1", "[::1]"]
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Takes secrets out of messages.
   *
   * @default passwords in URLs and bearer tokens are taken out
   */
  readonly redact?: ((message: string) => string) | undefined;
}

const KNOWN = ["required", "stall", "checks", "details", "hosts", "redact"];
const IN_STALL = ["intervals", "min", "after", "fatal"];
const IN_CHECK = ["check", "groups", "timeout", "maxAge"];
// A probe of Kubernetes waits for a second.
const LONGEST_CHECK = 800;

/**
 * Answers the questions that whoever runs the program asks: is it alive, is it
 * ready, has it started, is all well.
 *
 * | path        | 200                                | 503                        |
 * | ----------- | ---------------------------------- | -------------------------- |
 * | `/livez`    | the loop answers; while draining too | a runner of `stall.fatal` has stalled; the root has failed for good |
 * | `/readyz`   | what is required is up, checks pass | `drain()` was called; starting, stopping; what is required is down, a check fails |
 * | `/startupz` | it was ready once                  | before                     |
 * | `/healthz`  | all is well, or a warning          | any of these, or a runner has stalled |
 *
 * Strangers are told one word. Every answer comes from memory, but for checks,
 * which are limited and remembered, and within 900 ms. Constructing starts nothing.
 *
 * @example A server beside the program
 * ```ts
 * import { Health } from "@golib/runner/health";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new StartStop((signal) => untilAborted(signal), { name: "app" });
 * const health = new Health(app);
 * const ask = (path: string) =>
 *   health.handler(new Request(`http://localhost${path}`));
 *
 * assertEquals((await ask("/readyz")).status, 503);
 * await app.start();
 * assertEquals((await ask("/readyz")).status, 200);
 * health.drain();
 * assertEquals((await ask("/readyz")).status, 503);
 * assertEquals((await ask("/livez")).status, 200);
 * await app.stop();
 * ```
 */
export class Health {
  readonly #tree: Tree;
  readonly #required: ((path: string) => boolean) | undefined;
  readonly #rule: StallRule;
  readonly #fatal: ((path: string) => boolean) | undefined;
  readonly #checks: Check[];
  readonly #say: (value: unknown) => string;
  readonly #access: Access;
  #isDraining = false;
  #wasReady = false;

  /**
   * Makes answers for a runner and all that it runs.
   *
   * @param runner What the program consists of.
   * @param options What is required, and what else is looked at.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(runner: Runner, options?: HealthOptions) {
    const what = "create Health";
    this.#tree = new Tree(runnerLike(what, runner));
    const { required, stall, checks, details, hosts, redact = redactSecrets } =
      bag(what, options);
    checkUnknown(what, "Health", options, KNOWN);
    for (const [name, each] of Object.entries({ required, details, redact })) {
      if (each !== undefined) typed(what, name, each, "function");
    }
    this.#required = required;
    this.#rule = ruleOf(what, stall);
    rules.set(this, this.#rule);
    this.#fatal = stall?.fatal;
    this.#say = shownBy(redact);
    this.#checks = Object.entries(bag(what, checks) as HealthChecks).map((
      [name, each],
    ) => new Check(name, specOf(what, name, each), this.#say));
    this.#access = { details, hosts: hostsOf(what, hosts) };
  }

  /**
   * Answers a request for a path that ends with `/livez`, `/readyz`, `/startupz` or
   * `/healthz`; 404 for any other. It needs no `this`.
   */
  get handler(): (request: Request) => Promise<Response> {
    return (request) =>
      answer(request, this.#access, (group) => this.check(group));
  }

  /**
   * Says from now on that the program is not ready: to be called first of all when
   * it is asked to stop. It stays alive.
   *
   * @example With `main`
   * ```ts ignore
   * const health = new Health(app);
   * await main(app, { notReady: () => health.drain(), drainDelay: 5_000 });
   * ```
   */
  drain(): void {
    this.#isDraining = true;
  }

  /**
   * Answers without a request.
   *
   * @example Usage
   * ```ts
   * import { Health } from "@golib/runner/health";
   * import { Ticker } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const health = new Health(new Ticker(1_000, () => {}, { name: "app" }));
   * const { status, findings } = await health.check("ready");
   * assertEquals([status, findings[0]?.output], ["fail", "stopped"]);
   * ```
   *
   * @param group Which question.
   */
  async check(group: HealthGroup = "health"): Promise<HealthReport> {
    if (group === "live") return reportOf(group, await this.#dying());
    if (group === "startup" && this.#wasReady) return reportOf(group, []);
    const findings = this.#unready();
    const isHealth = group === "health";
    const all = await Promise.all([
      ...this.#checks.filter(({ spec: { groups } }) =>
        groups.includes(isHealth ? "health" : "ready")
      ).map((each) => each.ask()),
      ...isHealth ? [this.#stuck()] : [],
    ]);
    const report = reportOf(group, [...findings, ...all.flat()]);
    if (!isHealth && report.status !== "fail") this.#wasReady = true;
    return report;
  }

  #unready(): HealthFinding[] {
    const found = unready(this.#tree.places(), this.#required, this.#say);
    if (this.#isDraining) {
      const name = this.#tree.root.path;
      found.push({ name, kind: "runner", status: "fail", output: "draining" });
    }
    return found;
  }

  /** What has stalled, and what had. */
  async #stuck(): Promise<HealthFinding[]> {
    const found = await this.#stalled();
    const names = new Set(found.map(({ name }) => name));
    const was = slow(this.#tree.places(), this.#rule);
    return [...found, ...was.filter(({ name }) => !names.has(name))];
  }

  async #stalled(only?: (path: string) => boolean): Promise<HealthFinding[]> {
    const look = () => stalled(this.#tree.places(), this.#rule, only);
    if (!look().length) return [];
    // After a sleep of the machine those that are late have their turn first.
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    return look();
  }

  /** Why the process had better be restarted. */
  async #dying(): Promise<HealthFinding[]> {
    const { path: name, runner } = this.#tree.root;
    const found = this.#fatal ? await this.#stalled(this.#fatal) : [];
    if (runner?.state !== "stopped" || this.#isDraining) return found;
    try {
      // Settled already: the runner is at rest.
      await runner.finished?.();
    } catch (error) {
      const output = this.#say((error as Error)?.message);
      found.push({ name, kind: "runner", status: "fail", output });
    }
    return found;
  }
}

function ruleOf(what: string, options: StallOptions | undefined): StallRule {
  const { intervals = DEFAULT_RULE.intervals, min = DEFAULT_RULE.min, after } =
    bag(what, options);
  checkUnknown(what, "Health", options, IN_STALL);
  finite(what, "intervals", intervals, 0);
  timeout(what, "min", min);
  if (options?.fatal !== undefined) {
    typed(what, "fatal", options.fatal, "function");
  }
  if (typeof after === "function") return { intervals, min, after };
  if (after !== undefined) timeout(what, "after", after);
  return { intervals, min, after: () => after };
}

function specOf(
  what: string,
  name: string,
  given: HealthCheck | HealthCheckFunction,
): CheckSpec {
  const options = typeof given === "function"
    ? { check: given }
    : bag(what, given);
  checkUnknown(what, "Health", options, IN_CHECK);
  const { check, groups = ["ready", "health"], timeout: ms = 500 } = options;
  const { maxAge = 1_000 } = options;
  typed(what, name, check as HealthCheckFunction, "function");
  typed(
    what,
    "groups",
    groups,
    "object",
    'a list of "ready" and "health"',
    (list) =>
      Array.isArray(list) &&
      list.every((each) => each === "ready" || each === "health"),
  );
  timeout(what, "timeout", ms);
  timeout(what, "maxAge", maxAge);
  return {
    check: check!,
    groups,
    timeout: Math.min(ms, LONGEST_CHECK),
    maxAge,
  };
}

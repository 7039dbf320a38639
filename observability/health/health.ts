import type { Runner } from "../../runner.ts";
import { rules } from "../_stall.ts";
import { runnerLike, Tree } from "../_tree.ts";
import { answer } from "./_answer.ts";
import { slow, stalled, unready } from "./_judge.ts";
import { type HealthSettings, settingsOf } from "./_settings.ts";
import type { HealthOptions } from "./options.ts";
import {
  type HealthFinding,
  type HealthGroup,
  type HealthReport,
  reportOf,
} from "./report.ts";

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
  readonly #settings: HealthSettings;
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
    this.#settings = settingsOf(what, options);
    rules.set(this, this.#settings.rule);
  }

  /**
   * Answers a request for a path that ends with `/livez`, `/readyz`, `/startupz` or
   * `/healthz`; 404 for any other. It needs no `this`.
   */
  get handler(): (request: Request) => Promise<Response> {
    return (request) =>
      answer(request, this.#settings.access, (group) => this.check(group));
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
      ...this.#settings.checks.filter(({ spec: { groups } }) =>
        groups.includes(isHealth ? "health" : "ready")
      ).map((each) => each.ask()),
      ...isHealth ? [this.#stuck()] : [],
    ]);
    const report = reportOf(group, [...findings, ...all.flat()]);
    if (!isHealth && report.status !== "fail") this.#wasReady = true;
    return report;
  }

  #unready(): HealthFinding[] {
    const found = unready(
      this.#tree.places(),
      this.#settings.required,
      this.#settings.say,
    );
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
    const was = slow(this.#tree.places(), this.#settings.rule);
    return [...found, ...was.filter(({ name }) => !names.has(name))];
  }

  async #stalled(only?: (path: string) => boolean): Promise<HealthFinding[]> {
    const look = () => stalled(this.#tree.places(), this.#settings.rule, only);
    if (!look().length) return [];
    // After a sleep of the machine those that are late have their turn first.
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    return look();
  }

  /** Why the process had better be restarted. */
  async #dying(): Promise<HealthFinding[]> {
    const { path: name, runner } = this.#tree.root;
    const found = this.#settings.fatal
      ? await this.#stalled(this.#settings.fatal)
      : [];
    if (runner?.state !== "stopped" || this.#isDraining) return found;
    try {
      // Settled already: the runner is at rest.
      await runner.finished?.();
    } catch (error) {
      const output = this.#settings.say((error as Error)?.message);
      found.push({ name, kind: "runner", status: "fail", output });
    }
    return found;
  }
}

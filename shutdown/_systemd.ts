/** What systemd is told: that the program is ready, stops, and is alive. */

import { peek, text } from "../_internal/errors.ts";
import { recoveryCaller, warn } from "../_internal/recovery.ts";
import { Timer } from "../_internal/timer.ts";
import { type Send, senderTo } from "./_datagram.ts";
import { isAllowed, type Process } from "./_process.ts";

/** Whether a program is well, for systemd's watchdog. */
export type Healthy = () => unknown;

const unheard = "systemd is not told that the program is ready or stops";

/** Tells systemd of one program. */
export class Systemd {
  readonly #send: Send;
  readonly #timer = new Timer();
  #hasSaid = false;
  #isOver = false;

  constructor(send: Send) {
    this.#send = send;
  }

  /** What cannot be done is said once. */
  async tell(state: string): Promise<void> {
    try {
      await this.#send(state);
    } catch (error) {
      if (this.#hasSaid) return;
      this.#hasSaid = true;
      const why = text(peek(error, "message") ?? error);
      warn(`Cannot tell systemd ${state}: ${why}`);
    }
  }

  /** Says that the program is alive, as long as it is well. */
  async ping(interval: number, healthy: Healthy): Promise<void> {
    let isWell: unknown = false;
    try {
      isWell = await healthy();
    } catch (error) {
      recoveryCaller("healthy", error);
    }
    if (this.#isOver) return;
    if (isWell) void this.tell("WATCHDOG=1");
    this.#timer.arm(interval, () => void this.ping(interval, healthy));
  }

  end(): void {
    this.#isOver = true;
    this.#timer.disarm();
  }
}

/**
 * Systemd, where it runs this process and can be told something.
 *
 * @throws {Error} if it waits for signs of life that cannot be given.
 */
export function systemdOf(
  process: Process | undefined,
  healthy: Healthy,
  isPingNeeded: boolean,
): Systemd | undefined {
  const variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
  const needed = variables.map((variable) => ({ name: "env", variable }));
  if (!process || !isAllowed(...needed)) return undefined;
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  if (!path) return undefined;
  const isWatched = Number(WATCHDOG_USEC) > 0 &&
    (!WATCHDOG_PID || Number(WATCHDOG_PID) === process.pid);
  const sender = senderTo(process, path);
  if (!sender) {
    const why = "this engine cannot send to a unix datagram socket, and " +
      "'systemd-notify' is not to be had";
    if (isWatched && isPingNeeded) {
      throw new Error(
        `Cannot run the program: WATCHDOG_USEC is set, but ${why}; ` +
          "start all the same with 'watchdog: \"ignore\"'",
      );
    }
    warn(`${unheard}: ${why}`);
    return undefined;
  }
  if (!sender.isOwn) {
    warn(
      "systemd-notify is not run by root: the unit needs NotifyAccess=all",
    );
  }
  const systemd = new Systemd(sender.send);
  // Twice as often as it has to be, as systemd advises.
  if (isWatched) void systemd.ping(Number(WATCHDOG_USEC) / 2_000, healthy);
  return systemd;
}

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

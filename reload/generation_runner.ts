import type { FinishedOptions, Runner } from "../runner.ts";

/** A runner whose end can be waited for: all of this library's are. */
export interface GenerationRunner extends Runner {
  /** Settles when the runner has come to rest. */
  finished(options?: FinishedOptions): Promise<void>;
}

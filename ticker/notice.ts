import type { Machine } from "../_internal/machine.ts";
import { warn } from "../_internal/recovery.ts";

/** Says what is no error but must not pass in silence. */
export function notice(machine: Machine, message: string): void {
  const { name, printErrors } = machine.settings;
  if (printErrors) warn(`"${name}": ${message}`);
  if (!machine.isObserved) return;
  machine.enter();
  machine.emit({ type: "notice", runner: machine.runner, message });
  machine.exit();
}

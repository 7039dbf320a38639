/** The metrics of gates: runners with a `load()`, as `./admission` has them. */

import { type GateLoadView, loadOf } from "../_tree.ts";
import { type Family, pieceOf, type Row } from "./_families.ts";

/** The loads of a row's gates. */
function loadsOf({ places }: Row): GateLoadView[] {
  return places.flatMap(({ runner }) => loadOf(runner) ?? []);
}

const REFUSALS = ["full", "late", "closed"];
// In milliseconds, as `load().waits.upTo` has them.
const BOUNDS = [1, 10, 100, 1_000, 10_000];

/** The metrics of gates, in their order. */
export function gateFamilies(): Family[] {
  const refusals = REFUSALS.map((why) => pieceOf(`,outcome="${why}"} `));
  const abandoned = pieceOf(`,outcome="abandoned"} `);
  const edges = BOUNDS.map((ms) => {
    const shown = String(ms / 1_000);
    return pieceOf(`,le="${shown.includes(".") ? shown : `${shown}.0`}"} `);
  });
  const last = pieceOf(`,le="+Inf"} `);
  const end = pieceOf("} ");
  const summed =
    (read: (load: GateLoadView) => number): Family["read"] => (row, sample) => {
      const loads = loadsOf(row);
      if (loads.length === 0) return;
      sample(loads.reduce((sum, load) => sum + read(load), 0));
    };
  return [
    {
      name: "gate_running",
      type: "gauge",
      help: "Runs that a gate has let in and that have not ended.",
      read: summed(({ running }) => running),
    },
    {
      name: "gate_waiting",
      type: "gauge",
      help: "Runs that wait at a gate.",
      read: summed(({ waiting }) => waiting),
    },
    {
      name: "gate_admitted",
      type: "counter",
      help: "Runs that a gate has let in.",
      read: summed(({ admitted }) => admitted),
    },
    {
      name: "gate_refused",
      type: "counter",
      help: "Runs that a gate has refused, and those that gave up, by outcome.",
      read(row, sample) {
        const loads = loadsOf(row);
        if (loads.length === 0) return;
        const sum = (read: (load: GateLoadView) => number) =>
          loads.reduce((all, load) => all + read(load), 0);
        REFUSALS.forEach((why, index) =>
          sample(sum(({ refused }) => refused[why] ?? 0), refusals[index])
        );
        sample(sum((load) => load.abandoned), abandoned);
      },
    },
    {
      name: "gate_wait_seconds",
      type: "histogram",
      help: "How long runs have waited at a gate before they were let in.",
      read(row, sample) {
        const loads = loadsOf(row);
        if (loads.length === 0) return;
        const sum = (read: (load: GateLoadView) => number) =>
          loads.reduce((all, load) => all + read(load), 0);
        BOUNDS.forEach((ms, index) =>
          sample(
            sum(({ waits }) => waits.upTo[ms] ?? 0),
            edges[index],
            "_bucket",
          )
        );
        const count = sum(({ waits }) => waits.count);
        sample(count, last, "_bucket");
        sample(sum(({ waits }) => waits.sum) / 1_000, end, "_sum");
        sample(count, end, "_count");
      },
    },
  ];
}

/** The metrics of gates: runners with a `load()`, as `./admission` has them. */

import { type GateLoadView, loadOf } from "../_tree.ts";
import {
  bound,
  type Family,
  type MakeFamily,
  type MakePart,
  type Row,
} from "./_family.ts";

/** The loads of a row's gates. */
function loadsOf({ places }: Row): GateLoadView[] {
  return places.flatMap(({ runner }) => loadOf(runner) ?? []);
}

type Sum = (read: (load: GateLoadView) => number) => number;

/** Reads the values of a row that has gates, as sums of their loads. */
function reading(
  read: (sum: Sum, sample: Parameters<Family["read"]>[1]) => void,
): Family["read"] {
  return (row, sample) => {
    if (!row.hasLoad) return;
    const loads = loadsOf(row);
    if (loads.length === 0) return;
    read((of) => loads.reduce((all, load) => all + of(load), 0), sample);
  };
}

/** One value of a gate. */
function value(
  of: (load: GateLoadView) => number,
): (part: MakePart) => Family["read"] {
  return (part) => {
    const only = part();
    return reading((sum, sample) => sample(sum(of), only));
  };
}

const REFUSALS = ["full", "late", "closed"];
// In milliseconds, as `load().waits.upTo` has them.
const BOUNDS = [1, 10, 100, 1_000, 10_000];

/** The metrics of gates, in their order. */
export function gateFamilies(family: MakeFamily): Family[] {
  return [
    family(
      "gate_running",
      "gauge",
      "Runs that a gate has let in and that have not ended.",
      value(({ running }) => running),
    ),
    family(
      "gate_waiting",
      "gauge",
      "Runs that wait at a gate.",
      value(({ waiting }) => waiting),
    ),
    family(
      "gate_admitted",
      "counter",
      "Runs that a gate has let in.",
      value(({ admitted }) => admitted),
    ),
    family(
      "gate_refused",
      "counter",
      "Runs that a gate has refused, and those that gave up, by outcome.",
      (part) => {
        const parts = REFUSALS.map((why) => part(`outcome="${why}"`));
        const abandoned = part('outcome="abandoned"');
        return reading((sum, sample) => {
          REFUSALS.forEach((why, index) =>
            sample(sum(({ refused }) => refused[why] ?? 0), parts[index]!)
          );
          sample(sum((load) => load.abandoned), abandoned);
        });
      },
    ),
    family(
      "gate_wait_seconds",
      "histogram",
      "How long runs have waited at a gate before they were let in.",
      (part) => {
        const edges = BOUNDS.map((ms) =>
          part(`le="${bound(ms / 1_000)}"`, "_bucket")
        );
        const last = part('le="+Inf"', "_bucket");
        const sumOf = part("", "_sum");
        const countOf = part("", "_count");
        return reading((sum, sample) => {
          BOUNDS.forEach((ms, index) =>
            sample(sum(({ waits }) => waits.upTo[ms] ?? 0), edges[index]!)
          );
          const count = sum(({ waits }) => waits.count);
          sample(count, last);
          sample(sum(({ waits }) => waits.sum) / 1_000, sumOf);
          sample(count, countOf);
        });
      },
    ),
  ];
}

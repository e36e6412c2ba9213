import { calibratedMachine, type Hardware, type HardwareChanges, hardware, type Model, model, whatIfHardware, whatIfModel } from "../index";
import type { Choice, WhatIfResource } from "./choice";
import { bearingOn } from "./rows-calibration";

/** What each resource is called in the data of a machine. */
export const whatIfFields: Readonly<Partial<Record<WhatIfResource, keyof Hardware & string>>> = {
  memoryBandwidth: "memoryBytesPerSecond",
  arithmetic: "peakFlopsPerSecond",
  scaleUpBandwidth: "scaleUpBytesPerSecond",
  networkBandwidth: "networkBytesPerSecond",
  memorySize: "memoryBytes",
};

/** What of a choice names the model and the machine, as they are, changed or calibrated. */
export type Changed = Pick<Choice, "model" | "machine" | "granularity" | "times" | "engine" | "calibration">;

/** The changes of a machine by the names of its data: those of resources that it has. */
export function hardwareChanges({ times }: Pick<Changed, "times">, base: Hardware): HardwareChanges {
  const changes = Object.entries(times).flatMap(([name, factor]) => {
    const field = whatIfFields[name as WhatIfResource];
    return field === undefined || base[field] === undefined || factor === 1 ? [] : [[field, { times: factor }] as const];
  });
  return Object.fromEntries(changes);
}

const made = new Map<string, { readonly model: Model; readonly hardware: Hardware }>();
const mostMade = 500;

/**
 * The model and machine of a choice, changed as it says, and calibrated where the reader's rows are of this machine and engine; one record for one question, so that what is planned for it is found again.
 *
 * @param notes get a sentence where experts cannot be split so.
 * @throws RangeError for a model or machine that is not known.
 */
export function whatIf(choice: Changed, notes: string[] = []): { readonly model: Model; readonly hardware: Hardware } {
  const [base, machine] = [model(choice.model), hardware(choice.machine)];
  const changes = hardwareChanges(choice, machine);
  const granularity = base.routedExperts === 0 ? 1 : choice.granularity;
  const factors = bearingOn(choice.calibration, machine, choice.engine)?.factors ?? {};
  const key = JSON.stringify([base.id, machine.id, granularity, changes, factors]);
  const known = made.get(key);
  if (known !== undefined && granularity === 1) return known;
  let changed = base;
  try {
    if (granularity !== 1) changed = known?.model ?? whatIfModel(base, { granularity });
  } catch (error) {
    notes.push(`Experts are left as they are: ${(error as Error).message}.`);
  }
  if (known !== undefined) return known;
  const both = { model: changed, hardware: calibrated(whatIfHardware(machine, changes), factors) };
  if (made.size > mostMade) made.clear();
  made.set(key, both);
  return both;
}

function calibrated(machine: Hardware, factors: NonNullable<Choice["calibration"]>["factors"]): Hardware {
  return Object.keys(factors).length === 0 ? machine : calibratedMachine(machine, factors);
}

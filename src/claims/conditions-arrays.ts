import { type ArrayMachine, arrayCaps, arrayMachines } from "../kernels/array-caps";
import { trainingPairs } from "../published/matrix-units";
import { formatNumber, formatShare } from "../text/numbers";
import type { Condition } from "./verdict";

/**
 * Claim 1, large matrix arrays lose their value at such token counts, as conditions.
 *
 * Thresholds are ours: an array of half the side must be worth a quarter more, the loss must show between machines of one
 * maker by a tenth, and makers must have turned back. At a fixed peak an array of half the side means twice as many of them.
 */
export function arrayConditions(tokensPerExpert: number, machines: readonly ArrayMachine[] = arrayMachines()): readonly Condition[] {
  const wide = machines.filter((m) => m.limits.arrayRows >= 256);
  const gains = wide.map((m) => ({ m, gain: gainOfHalfArray(m, tokensPerExpert) }));
  const training = (machine: string) =>
    trainingPairs().find((p) => p.machine === machine && p.model === "DeepSeek-V3" && p.format === "bf16")?.ratio ?? Number.NaN;
  const [narrowRatio, wideRatio] = [training("tpu-v5p"), training("tpu-v7")];
  const google = machines.filter((m) => m.maker === "Google").sort((a, b) => a.released - b.released);
  const [before, last] = [google.at(-2), google.at(-1)];
  return [
    {
      condition: "half the side would be worth a quarter more, weights from memory",
      found: gains.map(({ m, gain }) => `${m.name} ${formatShare(gain - 1)} more`).join(", "),
      holds: gains.every(({ gain }) => gain >= 1.25),
    },
    {
      condition: "experts lose a tenth more in training on 256-wide arrays than on 128-wide ones",
      found: `${formatNumber(wideRatio)} against ${formatNumber(narrowRatio)} of the dense rate`,
      holds: wideRatio <= 0.9 * narrowRatio,
    },
    {
      condition: "the newest array of the maker is narrower than the one before",
      found: `${before?.name ?? "none"} ${before?.side ?? 0}, ${last?.name ?? "none"} ${last?.side ?? 0}`,
      holds: before !== undefined && last !== undefined && last.side < before.side,
    },
  ];
}

/** How many times as fast arrays of half the side, of the same peak together, would be. */
export function gainOfHalfArray(machine: ArrayMachine, tokensPerExpert: number): number {
  const half = { ...machine.limits, arrayRows: Math.max(1, Math.floor(machine.limits.arrayRows / 2)) };
  return arrayCaps(tokensPerExpert, half).utilisation / arrayCaps(tokensPerExpert, machine.limits).utilisation;
}

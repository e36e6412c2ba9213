import { nearest } from "../text/nearest";
import type { Hardware } from "./hardware";
import { type CalibratedName, calibratedNames, factorRange, noFactors, type StepFactors } from "./step-factors";

/**
 * A machine whose decode steps take so many times as long by part, as measured steps have it: all else, its name too, is alike.
 *
 * Whatever asks for a decode step on it gets the stretched one. Taking prompts in, training and single kernels stay as they are:
 * measured decode steps say nothing of them. Factors that it had before are replaced; all 1 gives a machine without any.
 *
 * @throws RangeError naming a factor that is not known (with the nearest), or does not lie from 0.1 to 10.
 * @example decodeStep({ model: model("kimi-k2"), hardware: calibratedMachine(hardware("h200-sxm"), { between: 1.5 }), requests: 8, contextTokens: 4096, tensorParallel: 8 })
 */
export function calibratedMachine(base: Hardware, factors: Readonly<Partial<StepFactors>>): Hardware {
  for (const [name, factor] of Object.entries(factors)) {
    if (!calibratedNames.includes(name as CalibratedName))
      throw new RangeError(`unknown factor "${name}"; nearest: ${nearest(name, calibratedNames).join(", ")}`);
    if (!(factor >= factorRange.least && factor <= factorRange.most))
      throw new RangeError(`${name} must be a factor from ${factorRange.least} to ${factorRange.most}, got ${String(factor)}`);
  }
  const { stepFactors: _, ...rest } = base;
  const all = { ...noFactors, ...factors };
  return Object.freeze(calibratedNames.every((name) => all[name] === 1) ? rest : { ...rest, stepFactors: Object.freeze(all) });
}

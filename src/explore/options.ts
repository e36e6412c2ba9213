import {
  type Hardware,
  isMoe,
  kernels,
  type Model,
  tensorParallelShard,
  type WeightFormatName,
  weightFormat,
  weightFormatNames,
} from "../index";
import { formatNames } from "../machine/number-formats";
import { divisorsOf, type Split, splitsOf } from "../step/search/splits";

/** One thing to choose; `unfit` says why it cannot be chosen now. */
export interface Option {
  readonly value: string;
  readonly label: string;
  readonly unfit?: string;
}

export { formatNames } from "../machine/number-formats";

/** The most GPUs that a replica can have here, and why no more. */
export function gpuLimit(chosen: Model, machine: Hardware): { readonly most: number; readonly reason: string } {
  const joined = machine.scaleUpDomain ?? 1;
  if (machine.networkBytesPerSecond === undefined)
    return { most: joined, reason: `no rate of a network beyond the scale-up link is known of ${machine.name}` };
  if (!isMoe(chosen)) return { most: joined, reason: `${chosen.name} is dense and is cut over GPUs that one link joins` };
  return { most: 4096, reason: "the page takes no more" };
}

/** Over how many GPUs of a replica attention can be cut: divisors that a link joins and that cut the model into whole parts. */
export function tensorDegrees(chosen: Model, machine: Hardware, gpus: number): readonly number[] {
  const degrees = isMoe(chosen) ? divisorsOf(gpus) : [gpus];
  const fits = degrees.filter((degree) => unfitDegree(chosen, machine, degree) === undefined);
  return fits.length > 0 ? fits : [1];
}

export function unfitDegree(chosen: Model, machine: Hardware, degree: number): string | undefined {
  if (degree === 1) return undefined;
  if (degree > (machine.scaleUpDomain ?? 1)) return `the link of ${machine.name} joins ${machine.scaleUpDomain ?? 1}`;
  try {
    tensorParallelShard(chosen, degree);
    return undefined;
  } catch {
    return `${chosen.name} does not divide by it`;
  }
}

/** Over how many ranks experts can be dealt, where attention is cut so. */
export function expertDegrees(chosen: Model, machine: Hardware, gpus: number, tensorParallel: number): readonly number[] {
  if (!isMoe(chosen)) return [1];
  const degrees = splitsOf(chosen, machine, gpus)
    .filter((split) => split.tensorParallel === tensorParallel)
    .map(({ expertParallel }) => expertParallel);
  // More ranks than experts hold copies.
  return degrees.length > 0 ? degrees : [gpus];
}

/** The split that is nearest to one asked for: degrees that fit, none larger than asked where that can be. */
export function nearestSplit(
  chosen: Model,
  machine: Hardware,
  asked: { gpus: number; tensorParallel: number; expertParallel: number },
): Split {
  const atMost = (degrees: readonly number[], most: number) => degrees.findLast((degree) => degree <= most) ?? (degrees[0] as number);
  const tensorParallel = atMost(tensorDegrees(chosen, machine, asked.gpus), isMoe(chosen) ? asked.tensorParallel : asked.gpus);
  const gpus = isMoe(chosen) ? asked.gpus : tensorParallel;
  const expertParallel = atMost(expertDegrees(chosen, machine, gpus, tensorParallel), asked.expertParallel);
  return { tensorParallel, dataParallel: gpus / tensorParallel, expertParallel };
}

/** Kernels by the name that layers know: DeepEP's two paths are one. */
export function kernelNames(): readonly string[] {
  return [...new Set(kernels().map(({ kernel }) => (kernel.startsWith("deepepmoe") ? "deepepmoe" : kernel)))];
}

export function familiesOf(kernel: string) {
  return kernels().filter((family) => family.kernel === kernel || (kernel === "deepepmoe" && family.kernel.startsWith("deepepmoe")));
}

export function generations(kernel: string): string {
  return [...new Set(familiesOf(kernel).map(({ generation }) => generation))].join(" and ");
}

/** Formats that a kernel was measured in and the machine can multiply in, those of its own generation first. */
export function measuredFormats(kernel: string, machine: Hardware): readonly WeightFormatName[] {
  const families = familiesOf(kernel);
  const own = families.filter(({ generation }) => generation === machine.generation);
  const formats = [...own, ...families].map((family) => family.weightFormat as WeightFormatName);
  return [...new Set(formats)].filter((format) => unfitFormat(format, machine) === undefined);
}

export function unfitFormat(format: string, machine: Hardware): string | undefined {
  if (!(weightFormatNames as readonly string[]).includes(format)) return `"${format}" is not a number format that is known`;
  const { arithmetic } = weightFormat(format);
  return machine.peakFlopsPerSecond[arithmetic] === undefined
    ? `${machine.name} states no ${arithmetic.toUpperCase()} rate, which ${formatNames[format as WeightFormatName]} multiplies in`
    : undefined;
}

export function unfitKernel(kernel: string, format: WeightFormatName | "", machine: Hardware): string | undefined {
  if (!kernelNames().includes(kernel)) return `"${kernel}" is not a kernel that is known`;
  const measured = measuredFormats(kernel, machine);
  if (measured.length === 0) return `${kernel} was measured in no format that ${machine.name} has`;
  const words = measured.map((name) => formatNames[name]).join("; ");
  return format !== "" && !measured.includes(format) ? `${kernel} was measured in ${words} only` : undefined;
}

import {
  defaultExperts,
  formatBytes,
  formatCount,
  formatNumber,
  type Hardware,
  hardware,
  isMoe,
  kernelFamily,
  kernels,
  layerKernel,
  type Model,
  memoryFootprint,
  model,
  tensorParallelShard,
  type WeightFormatName,
  weightFormat,
  weightFormatNames,
} from "../index";
import { answerNotes } from "./answer-notes";
import type { Choice } from "./state";

/** A choice with everything filled in, as the model computes it, and in words what had to give way. */
export interface Setup {
  readonly choice: Choice;
  readonly model: Model;
  readonly hardware: Hardware;
  readonly kernel: string;
  readonly weightFormat: WeightFormatName;
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly tensorParallel: number;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly overlap: Choice["overlap"];
  readonly notes: readonly string[];
}

/** One thing to choose; `unfit` says why it cannot be chosen now. */
export interface Option {
  readonly value: string;
  readonly label: string;
  readonly unfit?: string;
}

/** Number formats as readers know them. */
export const formatNames: Readonly<Record<WeightFormatName, string>> = {
  bfloat16: "BF16",
  fp8: "FP8, one scale a matrix",
  fp8_block: "FP8, scales by block",
  nvfp4: "NVFP4",
  w4a8_mxfp4_mxfp8: "MXFP4 weights, MXFP8 activations",
  w4a16_mxfp4: "MXFP4 weights, BF16 activations",
  int4_wo: "INT4 weights, BF16 activations",
};

/**
 * What a choice becomes: counts that do not fit are cut to what does, formats and kernels fall back to the usual ones,
 * and each such change has its note.
 *
 * @throws RangeError for a model or machine that is not known.
 */
export function setUp(choice: Choice): Setup {
  const [chosen, machine] = [model(choice.model), hardware(choice.machine)];
  const notes: string[] = [];
  const degrees = tensorDegrees(chosen, machine);
  const tensorParallel = degrees.findLast((degree) => degree <= choice.tensorParallel) as number;
  if (tensorParallel !== choice.tensorParallel)
    notes.push(`Tensor parallelism ${choice.tensorParallel} does not fit ${chosen.name} on ${machine.name}; ${tensorParallel} is used.`);
  const limit = expertLimit(chosen, machine, tensorParallel);
  const expertParallel = Math.min(choice.expertParallel, limit.most);
  if (expertParallel !== choice.expertParallel)
    notes.push(`${limit.reason}: expert parallelism ${expertParallel} is used in place of ${formatCount(choice.expertParallel)}.`);
  const gpus = expertParallel * tensorParallel;
  const requestsPerGpu = Math.max(1, Math.round(choice.tokensInFlight / gpus));
  const tokensInFlight = requestsPerGpu * gpus;
  if (tokensInFlight !== choice.tokensInFlight)
    notes.push(
      `Each of ${formatCount(gpus)} GPUs has whole requests, ${formatCount(requestsPerGpu)} of them: ${formatCount(tokensInFlight)} tokens in flight.`,
    );
  const halved = choice.overlap === "none" || requestsPerGpu * tensorParallel >= 2;
  if (!halved) notes.push("One request cannot be cut into two micro-batches: none are used.");
  const experts = expertsOf(choice, chosen, machine, expertParallel, notes);
  if (isMoe(chosen)) notes.push(...fitNotes(experts.kernel, experts.weightFormat, machine, tokensInFlight / expertParallel));
  const setup = {
    choice,
    model: chosen,
    hardware: machine,
    ...experts,
    tokensInFlight,
    expertParallel,
    tensorParallel,
    requestsPerGpu,
    contextTokens: choice.contextTokens,
    overlap: halved ? choice.overlap : ("none" as const),
  };
  return { ...setup, notes: [...memoryNotes(setup), ...notes, ...answerNotes(setup)] };
}

/** Whether weights and cache are more than the GPU's memory holds: such a step is computed all the same. */
function memoryNotes(setup: Omit<Setup, "notes">): readonly string[] {
  const { weightBytes, cacheBytes } = memoryFootprint({
    model: setup.model,
    hardware: setup.hardware,
    requestsPerGpu: setup.requestsPerGpu,
    contextTokens: setup.contextTokens,
    expertParallel: setup.expertParallel,
    tensorParallel: setup.tensorParallel,
    weightFormat: setup.weightFormat,
  });
  const share = (weightBytes + cacheBytes) / setup.hardware.memoryBytes;
  if (share <= 1) return [];
  return [
    `This does not fit: weights (${formatBytes(weightBytes)}) and caches (${formatBytes(cacheBytes)}) are ${formatNumber(share)} times the ${formatBytes(setup.hardware.memoryBytes)} of one GPU.`,
  ];
}

/** Kernel and format, as asked for where they fit each other and the machine. */
function expertsOf(
  choice: Choice,
  chosen: Model,
  machine: Hardware,
  expertParallel: number,
  notes: string[],
): { readonly kernel: string; readonly weightFormat: WeightFormatName } {
  const usual = defaultExperts(chosen, machine, expertParallel) as { kernel: string; weightFormat: WeightFormatName };
  const formatUnfit = choice.weightFormat === "" ? undefined : unfitFormat(choice.weightFormat, machine);
  if (formatUnfit !== undefined) notes.push(`${formatUnfit}: ${formatNames[usual.weightFormat]} is used.`);
  const format = formatUnfit === undefined ? (choice.weightFormat as WeightFormatName | "") : "";
  const kernelUnfit = choice.kernel === "" ? undefined : unfitKernel(choice.kernel, format, machine);
  if (kernelUnfit !== undefined) notes.push(`${kernelUnfit}: the usual kernel is used.`);
  const kernel = kernelUnfit === undefined ? choice.kernel : "";
  if (kernel !== "") {
    const measured = measuredFormats(kernel, machine);
    const own = measured.includes(usual.weightFormat) ? usual.weightFormat : (measured[0] as WeightFormatName);
    return { kernel, weightFormat: format === "" ? own : format };
  }
  if (format === "" || format === usual.weightFormat) return usual;
  const inFormat = kernels().some((family) => family.weightFormat === format);
  return { kernel: inFormat ? layerKernel(machine, format) : "moe_torch_flow", weightFormat: format };
}

/** Where constants come from, unless the kernel was measured just so. */
function fitNotes(kernel: string, format: WeightFormatName, machine: Hardware, tokensPerRank: number): readonly string[] {
  // DeepEP's two paths are two families; which one computes is the layer's to say.
  const name = kernel === "deepepmoe" ? `deepepmoe_${tokensPerRank <= 128 ? "generation" : "context"}` : kernel;
  const { fitted, from } = kernelFamily(name, format, machine);
  if (fitted === "here") return [];
  return [
    `${kernel} was not measured in ${formatNames[format]} on ${machine.generation}: its constants are those of ${from}, so its time is less sure.`,
  ];
}

/** Powers of two that cut the model into whole parts and that the scale-up link joins. */
export function tensorDegrees(chosen: Model, machine: Hardware): readonly number[] {
  return [1, 2, 4, 8, 16, 32, 64].filter((degree) => {
    if (degree > (machine.scaleUpDomain ?? 1) && degree > 1) return false;
    try {
      tensorParallelShard(chosen, degree);
      return true;
    } catch {
      return false;
    }
  });
}

/** The most ranks that experts can be dealt to, and why no more. */
export function expertLimit(chosen: Model, machine: Hardware, tensorParallel: number): { readonly most: number; readonly reason: string } {
  if (!isMoe(chosen)) return { most: 1, reason: `${chosen.name} is dense and has no experts to deal out` };
  const joined = Math.floor((machine.scaleUpDomain ?? 1) / tensorParallel);
  if (machine.networkBytesPerSecond === undefined && joined < chosen.routedExperts)
    return { most: Math.max(1, joined), reason: `no rate of a network beyond the scale-up link is known of ${machine.name}` };
  return { most: chosen.routedExperts, reason: `${chosen.name} has ${formatCount(chosen.routedExperts)} routed experts` };
}

/** The formats to choose from: all that are known, each with the reason where the machine cannot multiply in it. */
export function formatOptions(setup: Setup): readonly Option[] {
  const usual = { value: "", label: `as usual (${formatNames[setup.weightFormat]})` };
  const usualLabel = setup.choice.weightFormat === "" ? usual : { value: "", label: "as usual for model and kernel" };
  return [
    usualLabel,
    ...weightFormatNames.map((name) => {
      const unfit = unfitFormat(name, setup.hardware);
      return { value: name, label: formatNames[name], ...(unfit === undefined ? {} : { unfit }) };
    }),
  ];
}

/** The kernels to choose from, each with the reason where it was not measured in the format chosen. */
export function kernelOptions(setup: Setup): readonly Option[] {
  const usual = { value: "", label: setup.choice.kernel === "" ? `as usual (${setup.kernel})` : "as usual for model and format" };
  return [
    usual,
    ...kernelNames().map((kernel) => {
      const unfit = isMoe(setup.model)
        ? unfitKernel(kernel, setup.choice.weightFormat as WeightFormatName | "", setup.hardware)
        : `${setup.model.name} has no experts`;
      const here = familiesOf(kernel).some((family) => family.generation === setup.hardware.generation);
      const label = here ? kernel : `${kernel} (measured on ${generations(kernel)})`;
      return { value: kernel, label, ...(unfit === undefined ? {} : { unfit }) };
    }),
  ];
}

/** Kernels by the name that layers know: DeepEP's two paths are one. */
export function kernelNames(): readonly string[] {
  return [...new Set(kernels().map(({ kernel }) => (kernel.startsWith("deepepmoe") ? "deepepmoe" : kernel)))];
}

function familiesOf(kernel: string) {
  return kernels().filter((family) => family.kernel === kernel || (kernel === "deepepmoe" && family.kernel.startsWith("deepepmoe")));
}

function generations(kernel: string): string {
  return [...new Set(familiesOf(kernel).map(({ generation }) => generation))].join(" and ");
}

/** Formats that a kernel was measured in and the machine can multiply in, those of its own generation first. */
function measuredFormats(kernel: string, machine: Hardware): readonly WeightFormatName[] {
  const families = familiesOf(kernel);
  const own = families.filter(({ generation }) => generation === machine.generation);
  const formats = [...own, ...families].map((family) => family.weightFormat as WeightFormatName);
  return [...new Set(formats)].filter((format) => unfitFormat(format, machine) === undefined);
}

function unfitFormat(format: string, machine: Hardware): string | undefined {
  if (!(weightFormatNames as readonly string[]).includes(format)) return `"${format}" is not a number format that is known`;
  const { arithmetic } = weightFormat(format);
  return machine.peakFlopsPerSecond[arithmetic] === undefined
    ? `${machine.name} states no ${arithmetic.toUpperCase()} rate, which ${formatNames[format as WeightFormatName]} multiplies in`
    : undefined;
}

function unfitKernel(kernel: string, format: WeightFormatName | "", machine: Hardware): string | undefined {
  if (!kernelNames().includes(kernel)) return `"${kernel}" is not a kernel that is known`;
  const measured = measuredFormats(kernel, machine);
  if (measured.length === 0) return `${kernel} was measured in no format that ${machine.name} has`;
  const words = measured.map((name) => formatNames[name]).join("; ");
  return format !== "" && !measured.includes(format) ? `${kernel} was measured in ${words} only` : undefined;
}

import { number, oneOf, optionalText, type Row, readRows, text } from "../data/rows";
import type { Hardware } from "../machine/hardware";
import type { NumberFormat } from "../machine/number-formats";
import { weightFormat, weightFormatNames } from "../machine/number-formats";
import type { MoeLayerShape } from "../model/model";
import { nearest } from "../text/nearest";
import { constantNames, type KernelConstants } from "./kernel-constants";

export { constantNames, type KernelConstants };

/** A kernel that computes a mixture-of-experts layer, in one number format, on one generation of machines. */
export interface KernelFamily extends KernelConstants {
  readonly kernel: string;
  readonly weightFormat: string;
  readonly generation: string;
  readonly router: KernelName["router"];
  /** here: on rows of this kernel, format and generation. transferred: of another format or generation. by-name: of a kernel of like name. */
  readonly fitted: "here" | "transferred" | "by-name";
  /** The family the constants come from. */
  readonly from: string;
  /** An older version of the engine whose rows these are alone, where a later one of the same kernel measures differently: it answers no question. */
  readonly software?: string | undefined;
  /** On measured rows at token counts left out of the fit; absent where the constants are not of this family. */
  readonly heldOutError?: HeldOutError | undefined;
}

/** |predicted / measured - 1| of half the rows, and of nine rows in ten, at most. */
export interface HeldOutError {
  readonly median: number;
  readonly p90: number;
}

/** Words in a kernel's name that tell its implementation. */
const implementations = ["deepepmoe", "deepgemm", "marlin", "cutedsl", "min_latency", "trtllm", "cutlass", "triton", "mxfp4"] as const;

/** How kernels of each engine are called in the tables. */
const engines = ["vllm_", "sglang_"] as const;

let table: readonly KernelFamily[] | undefined;
let current: readonly KernelFamily[] | undefined;
/** By machine, kernel and format, so that a question asked again costs three looks and no text. */
const found = new WeakMap<Hardware, Map<string, Map<string, KernelFamily>>>();
const resolved = new Map<string, KernelFamily>();

/** All families of data/kernels.csv that questions are answered with: of the latest version of an engine where versions differ. */
export function kernels(): readonly KernelFamily[] {
  current ??= Object.freeze(measuredKernels().filter(({ software }) => software === undefined));
  return current;
}

/** All families of data/kernels.csv, those of older versions of an engine too: what measured rows are judged by. */
export function measuredKernels(): readonly KernelFamily[] {
  table ??= read();
  return table;
}

/**
 * The family to use for a kernel and weight format on a machine.
 *
 * Exact where it was fitted; else the same kernel in another format or on another generation (its efficiencies and
 * costs are kept, the datasheet changes); else a kernel whose name holds the same implementation (triton, cutlass, ...).
 *
 * @throws RangeError naming the nearest kernels when nothing is known of it.
 * @example kernelFamily("deepgemm", "fp8_block", hardware("h100-sxm")).tileRows
 */
export function kernelFamily(kernel: string, format: string, hardware: Hardware): KernelFamily {
  let ofMachine = found.get(hardware);
  if (ofMachine === undefined) {
    ofMachine = new Map();
    found.set(hardware, ofMachine);
  }
  let ofKernel = ofMachine.get(kernel);
  if (ofKernel === undefined) {
    ofKernel = new Map();
    ofMachine.set(kernel, ofKernel);
  }
  let family = ofKernel.get(format);
  if (family === undefined) {
    family = resolvedOnce(kernel, format, constantsOf(hardware), hardware.generation);
    ofKernel.set(format, family);
  }
  return family;
}

/** A kernel that measurements know, and the router its rows saw. */
export interface KernelName {
  readonly kernel: string;
  readonly weightFormat: string;
  /** given: rows go where the routing says. groups, groups-always: through the model's, or any model's, group-limited router. folded, packed: see RouterLimit. */
  readonly router: (typeof routers)[number];
  readonly implementation: string;
  readonly note: string;
}

const routers = ["given", "groups", "groups-always", "folded", "packed"] as const;
let names: readonly KernelName[] | undefined;
let older: readonly OlderVersion[] | undefined;

/** The kernels of the measured tables, from data/kernel-names.csv. */
export function kernelNames(): readonly KernelName[] {
  names ??= Object.freeze(namedRows().flatMap((row) => (optionalText(row, "software") === undefined ? [nameOf(row)] : [])));
  return names;
}

/** A version of an engine whose rows a later version of the same kernel does not repeat, so that they have constants of their own. */
export interface OlderVersion extends KernelName {
  readonly generation: string;
  readonly software: string;
}

/** The older versions of data/kernel-names.csv. */
export function olderVersions(): readonly OlderVersion[] {
  older ??= Object.freeze(
    namedRows().flatMap((row) => {
      const software = optionalText(row, "software");
      return software === undefined ? [] : [{ ...nameOf(row), generation: text(row, "generation"), software }];
    }),
  );
  return older;
}

const namedRows = (): readonly Row[] => readRows("kernel-names.csv");

function nameOf(row: Row): KernelName {
  return {
    kernel: text(row, "kernel"),
    weightFormat: oneOf(row, "weightFormat", weightFormatNames),
    router: oneOf(row, "router", routers),
    implementation: text(row, "implementation"),
    note: optionalText(row, "note") ?? "",
  };
}

/** The older version that a row of a kernel is of, if it is of one. */
export function olderVersion(kernel: string, weightFormat: string, generation: string, software: string): OlderVersion | undefined {
  return olderVersions().find(
    (v) => v.software === software && v.kernel === kernel && v.weightFormat === weightFormat && v.generation === generation,
  );
}

/** What a family is called: its kernel, format and generation, and the older version of the engine that it is of. */
export function familyName(kernel: string, weightFormat: string, generation: string, software?: string): string {
  return `${kernel} ${weightFormat} ${generation}${software === undefined ? "" : ` of ${software}`}`;
}

/** The router of a kernel in a format: of the format itself, else of any format of the kernel, else as given. */
export function routerOf(kernel: string, format: string): KernelName["router"] {
  const same = kernelNames().filter((k) => k.kernel === kernel);
  const known = same.find((k) => k.weightFormat === format) ?? same[0];
  return known?.router ?? (/^vllm_.*(triton|flashinfer)/.test(kernel) ? "groups" : "given");
}

/**
 * A sound kernel for a machine and a model as released.
 *
 * Hopper: TensorRT-LLM's CUTLASS grouped GEMM on 128 x 128 block FP8; Blackwell: DeepGEMM on the same; machines without
 * FP8, and other makers': the CUTLASS family in BF16, transferred.
 */
export function defaultKernel(hardware: Hardware, _model?: MoeLayerShape): { readonly kernel: string; readonly weightFormat: string } {
  if (hardware.peakFlopsPerSecond.fp8 === undefined) return { kernel: "moe_torch_flow_cutlass", weightFormat: "bfloat16" };
  return { kernel: hardware.generation === "Blackwell" ? "deepgemm" : "moe_torch_flow_cutlass", weightFormat: "fp8_block" };
}

/** Peak of a machine for a number format; where it has none, of the next wider format it can widen to. */
export function peakFlops(hardware: Hardware, format: NumberFormat): number {
  const own = hardware.peakFlopsPerSecond[format];
  if (own !== undefined) return own;
  const wider: Partial<Record<NumberFormat, readonly NumberFormat[]>> = {
    fp4: ["fp8"],
    fp6: ["fp8"],
    int8: ["fp8"],
  };
  const widest = Object.values(hardware.peakFlopsPerSecond)[0];
  for (const candidate of [format, ...(wider[format] ?? []), "bf16", "fp16", "fp32"] as const) {
    const peak = hardware.peakFlopsPerSecond[candidate as NumberFormat];
    if (peak !== undefined) return peak;
  }
  if (widest !== undefined) return widest;
  throw new RangeError(`${hardware.id}: expected a peak rate for ${format} or a wider format`);
}

function resolvedOnce(kernel: string, format: string, key: string, named: string): KernelFamily {
  const name = `${kernel} ${format} ${key}`;
  const family = resolved.get(name) ?? resolve(kernel, format, key, named);
  resolved.set(name, family);
  return family;
}

/** What tells machines apart here: the generation, and whether the memory is graphics memory. */
function constantsOf({ generation, memoryKind }: Pick<Hardware, "generation" | "memoryKind">): string {
  return /^GDDR/.test(memoryKind) ? `${generation} as Ada` : generation;
}

/** Machines with graphics memory run kernels of their own whatever their generation is called: those of the L40S are nearest. */
function resolve(kernel: string, format: string, key: string, named: string): KernelFamily {
  const generation = key.endsWith(" as Ada") ? "Ada" : named;
  weightFormat(format);
  const all = kernels();
  const exact = all.find((f) => f.kernel === kernel && f.weightFormat === format && f.generation === generation);
  if (exact !== undefined)
    return named === generation ? exact : { ...exact, generation: named, fitted: "transferred", heldOutError: undefined };
  const family = carriedFamily(kernel, format, generation, all);
  if (family === undefined) {
    const knownNames = [...new Set(all.map((f) => f.kernel))];
    throw new RangeError(`unknown kernel "${kernel}"; nearest: ${nearest(kernel, knownNames).join(", ")}`);
  }
  return { ...family, generation: named };
}

/** Generations in the order that constants are carried from: for machines with memory on the package, and for Ada with graphics memory. */
const nearestFirst = ["Hopper", "Blackwell", "Ampere", "Ada"];
const nearestToAda = ["Ampere", "Hopper", "Blackwell"];

/**
 * The family that constants are carried from when a kernel was not measured in a format on a generation, under the name asked for; undefined where
 * no kernel is like it.
 *
 * Of the same kernel and of kernels of the same implementation (data/kernel-names.csv); where there are none, of those whose name holds the same
 * implementation. The same format counts most, then the same generation, then a format of like width, the kernel itself and its engine; and
 * of equals the nearest generation.
 */
export function carriedFamily(kernel: string, format: string, generation: string, from: readonly KernelFamily[]): KernelFamily | undefined {
  const made = implementationOf(kernel, format);
  const like = from.filter((f) => f.kernel === kernel || (made !== undefined && implementationOf(f.kernel, f.weightFormat) === made));
  const candidates = like.length > 0 ? like : alike(kernel, from);
  const order = generation === "Ada" ? nearestToAda : nearestFirst;
  const score = (f: KernelFamily): number => {
    const own = (f.kernel === kernel ? 1 : 0) + (f.kernel.split("_")[0] === kernel.split("_")[0] ? 0.5 : 0);
    return (f.weightFormat === format ? 4 : 0) + (f.generation === generation ? 2 : 0) + closeness(f.weightFormat, format) + own;
  };
  const distance = (f: KernelFamily): number => order.indexOf(f.generation);
  const best = [...candidates].sort((a, b) => score(b) - score(a) || distance(a) - distance(b) || (a.from < b.from ? -1 : 1))[0];
  if (best === undefined) return undefined;
  const fitted = best.kernel === kernel ? "transferred" : "by-name";
  return { ...best, kernel, weightFormat: format, generation, fitted, router: routerOf(kernel, format), heldOutError: undefined };
}

/** What computes a kernel in a format, as data/kernel-names.csv says; undefined where it does not. */
export function implementationOf(kernel: string, format: string): string | undefined {
  return kernelNames().find((k) => k.kernel === kernel && k.weightFormat === format)?.implementation;
}

function alike(kernel: string, all: readonly KernelFamily[]): readonly KernelFamily[] {
  const word = implementations.find((w) => kernel.includes(w));
  if (word !== undefined) return all.filter((f) => f.kernel.includes(word));
  // A kernel of an engine that is known, by an implementation that is not.
  const engine = engines.find((e) => kernel.startsWith(e));
  return engine === undefined ? [] : all.filter((f) => f.kernel.startsWith(engine));
}

/** Formats of the same width are closest. */
function closeness(a: string, b: string): number {
  return 1 - Math.min(1, Math.abs(Math.log2(weightFormat(a).weightBytes / weightFormat(b).weightBytes)) / 2);
}

function read(): readonly KernelFamily[] {
  const families = new Map<string, Record<string, string | number>>();
  for (const row of readRows("kernels.csv")) {
    const kernel = text(row, "kernel");
    const format = oneOf(row, "weightFormat", weightFormatNames);
    const generation = text(row, "generation");
    const software = optionalText(row, "software");
    const from = familyName(kernel, format, generation, software);
    const family = families.get(from) ?? {
      kernel,
      weightFormat: format,
      generation,
      router: (software === undefined ? undefined : olderVersion(kernel, format, generation, software)?.router) ?? routerOf(kernel, format),
      fitted: "here",
      from,
      ...(software === undefined ? {} : { software }),
    };
    family[oneOf(row, "constant", constantNames)] = number(row, "value");
    families.set(from, family);
  }
  const errors = new Map(
    readRows("fit-errors.csv")
      .filter((row) => row.cells.part === "tokens left out")
      .map((row) => [text(row, "family"), row]),
  );
  return [...families.values()].map((family) => {
    for (const name of constantNames) {
      if (family[name] === undefined) throw new Error(`kernels.csv: ${String(family.from)} has no ${name}`);
    }
    const stated = errors.get(String(family.from));
    const heldOutError = stated === undefined ? undefined : Object.freeze({ median: number(stated, "median"), p90: number(stated, "p90") });
    return Object.freeze({ ...family, heldOutError }) as unknown as KernelFamily;
  });
}

import { type Constants, readConstants } from "../data/constants";
import { optionalText, readRows, text } from "../data/rows";
import { type Hardware, timeFactor } from "../machine/hardware";
import { hasTensorMemory } from "../machine/tensor-memory";
import { nearest } from "../text/nearest";

/**
 * Engines whose time between kernels is known.
 *
 * @example engines[0] // "tensorrt-llm"
 */
export const engines = ["tensorrt-llm", "vllm", "sglang"] as const;
/** One of the engines. */
export type Engine = (typeof engines)[number];

const spellings: ReadonlyMap<string, Engine> = new Map([
  ...engines.map((name) => [name, name] as const),
  ["trt-llm", "tensorrt-llm"],
  ["trtllm", "tensorrt-llm"],
  ["tensorrtllm", "tensorrt-llm"],
  ["tensorrt_llm", "tensorrt-llm"],
  ["trt", "tensorrt-llm"],
]);

/**
 * The engine of a name in any case of letters; TensorRT-LLM on NVIDIA's machines and vLLM on others where none is given.
 *
 * @throws RangeError naming the nearest engines.
 * @example engineOf("TensorRT-LLM", hardware("h200-sxm")) // "tensorrt-llm"
 */
export function engineOf(name: string | undefined, { vendor }: Pick<Hardware, "vendor">): Engine {
  if (name === undefined) return vendor === "NVIDIA" ? "tensorrt-llm" : "vllm";
  const known = spellings.get(String(name).toLowerCase());
  if (known === undefined)
    throw new RangeError(
      `engine must be one of ${engines.join(", ")}; got "${name}"; nearest: ${nearest(String(name), engines).join(", ")}`,
    );
  return known;
}

/** What an engine adds to the kernels of a step: times. */
export const engineTimeNames = [
  "layerSeconds",
  "layerRequestSeconds",
  "quantizedSeconds",
  "latentSeconds",
  "sparseSeconds",
  "linearSeconds",
] as const;

/** Those times, and how far steps on rows left out of the fit were off. */
export const engineConstantNames = [...engineTimeNames, "bandLow", "bandHigh"] as const;
/** The fitted times of an engine on a generation. */
export type EngineConstants = Constants<(typeof engineConstantNames)[number]>;

/** An engine's constants on a machine, and whose they are. */
export interface EngineTime extends EngineConstants {
  /** The engine and generation that the constants are of. */
  readonly family: string;
  /** Absent where the engine was measured on the machine's generation. */
  readonly carriedFrom?: string;
  /** Engines and generations whose steps a time for some mixers rests on, by its name; of none it is not known, and stands as zero. */
  readonly of: Readonly<Record<MixerTime, readonly string[]>>;
}

/** Times that fall due for some mixers only, of which an engine's own steps may have had none. */
export const mixerTimes = [
  "latentSeconds",
  "sparseSeconds",
  "linearSeconds",
] as const satisfies readonly (typeof engineTimeNames)[number][];
/** One of them. */
export type MixerTime = (typeof mixerTimes)[number];

/** What is said of the runs and the requests of a step: what the constants of an engine are multiplied by. */
export interface EngineLoad {
  readonly runs: readonly {
    readonly count: number;
    readonly parts: number;
    readonly quantized: number;
    readonly latent: number;
    readonly sparse: number;
    readonly linear: number;
  }[];
  readonly groupRequests: number;
}

/**
 * How often each of an engine's times falls due in a step.
 *
 *     layers (a mixer and a feed-forward part are one), requests of a GPU's group in each layer, layers whose products quantize their inputs,
 *     latent mixers that read all, sparse and linear ones
 */
export function stepFeatures({ runs, groupRequests }: EngineLoad): Readonly<Record<(typeof engineTimeNames)[number], number>> {
  const layerSeconds = layersOf(runs);
  let [quantizedSeconds, latentSeconds, sparseSeconds, linearSeconds] = [0, 0, 0, 0];
  for (const { count, quantized, latent, sparse, linear } of runs) {
    quantizedSeconds += (count * quantized) / 2;
    latentSeconds += count * latent;
    sparseSeconds += count * sparse;
    linearSeconds += count * linear;
  }
  return { layerSeconds, layerRequestSeconds: groupRequests * layerSeconds, quantizedSeconds, latentSeconds, sparseSeconds, linearSeconds };
}

/** A time for some mixers, in words for them, how often it falls due in a step, and whose steps it rests on. */
export interface UnmeasuredTime {
  readonly name: MixerTime;
  readonly mixers: string;
  readonly due: number;
  readonly of: readonly string[];
}

/** Times for some mixers that fall due in a step although no step of the engine on the generation had such mixers. */
export function unmeasuredTimes({ family, of }: EngineTime, runs: EngineLoad["runs"]): readonly UnmeasuredTime[] {
  const due = stepFeatures({ runs, groupRequests: 1 });
  return mixerTimes.flatMap((name) =>
    due[name] > 0 && !of[name].includes(family) ? [{ name, mixers: mixerWords[name], due: due[name], of: of[name] }] : [],
  );
}

const mixerWords: Readonly<Record<MixerTime, string>> = { latentSeconds: "latent", sparseSeconds: "sparse", linearSeconds: "linear" };

/** Layers of a step, where a mixer and a feed-forward part are one. */
export function layersOf(runs: readonly Pick<EngineLoad["runs"][number], "count" | "parts">[]): number {
  let layers = 0;
  for (const { count, parts } of runs) layers += (count * parts) / 2;
  return layers;
}

/**
 * The row of constants that stands for an engine on a machine: of its generation, of AMD's, or of the nearest that was measured. Blackwell's
 * short times are of kernels that fuse what is between products into trtllm-gen: cards without it have Hopper's.
 */
export function engineFamily(engine: Engine, hardware: Pick<Hardware, "generation" | "vendor">): string {
  const { generation, vendor } = hardware;
  const own = `${engine} ${generation}`;
  if (tables().has(own)) return own;
  if (vendor === "AMD") return "sglang CDNA3";
  return hasTensorMemory(hardware) ? `${engine} Blackwell` : `${engine} Hopper`;
}

/**
 * The constants of an engine on a machine, from data/engines.csv: those of its generation, else of the nearest that was measured.
 *
 * @example engineTime("vllm", hardware("a100-sxm")).carriedFrom // "vllm Hopper"
 */
export function engineTime(engine: Engine, hardware: Pick<Hardware, "generation" | "vendor" | "times">): EngineTime {
  const family = engineFamily(engine, hardware);
  const measured = tables().get(family) as EngineConstants;
  const factor = timeFactor(hardware, "betweenKernels");
  const constants = factor === 1 ? measured : { ...measured, ...shortened(measured, factor) };
  const time = { ...constants, family, of: mixerTimesOf(family) };
  return family === `${engine} ${hardware.generation}` ? time : { ...time, carriedFrom: family };
}

function shortened(constants: EngineConstants, factor: number): Partial<EngineConstants> {
  return Object.fromEntries(engineTimeNames.map((name) => [name, constants[name] * factor]));
}

/** The largest value that a time for some mixers has in any engine, in seconds, and the engines that it was measured in. */
export function mixerTimeElsewhere(name: MixerTime): { readonly seconds: number; readonly engines: readonly string[] } {
  const known = [...tables().keys()].filter((family) => mixerTimesOf(family)[name].length > 0);
  return {
    seconds: Math.max(0, ...known.map((family) => tables().get(family)?.[name] ?? 0)),
    engines: [...new Set(known.map((family) => family.split(" ")[0] as string))],
  };
}

let table: ReadonlyMap<string, EngineConstants> | undefined;

function tables(): ReadonlyMap<string, EngineConstants> {
  table ??= readConstants("engines.csv", ["engine", "generation"], engineConstantNames);
  return table;
}

let origins: ReadonlyMap<string, EngineTime["of"]> | undefined;

/** Whose steps the times for mixers of an engine on a generation rest on. */
function mixerTimesOf(family: string): EngineTime["of"] {
  origins ??= readOrigins();
  return origins.get(family) as EngineTime["of"];
}

function readOrigins(): ReadonlyMap<string, EngineTime["of"]> {
  const rows = readRows("engines.csv");
  const of = (family: string, name: MixerTime) =>
    rows
      .filter((row) => `${text(row, "engine")} ${text(row, "generation")}` === family && text(row, "constant") === name)
      .flatMap((row) => optionalText(row, "of")?.split("; ") ?? []);
  return new Map(
    [...tables().keys()].map((family) => [
      family,
      {
        latentSeconds: of(family, "latentSeconds"),
        sparseSeconds: of(family, "sparseSeconds"),
        linearSeconds: of(family, "linearSeconds"),
      },
    ]),
  );
}

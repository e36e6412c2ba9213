import { type Constants, readConstants } from "../data/constants";
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
  /** Absent where the engine was measured on the machine's generation. */
  readonly carriedFrom?: string;
}

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
  return family === `${engine} ${hardware.generation}` ? constants : { ...constants, carriedFrom: family };
}

function shortened(constants: EngineConstants, factor: number): Partial<EngineConstants> {
  return Object.fromEntries(engineTimeNames.map((name) => [name, constants[name] * factor]));
}

let table: ReadonlyMap<string, EngineConstants> | undefined;

function tables(): ReadonlyMap<string, EngineConstants> {
  table ??= readConstants("engines.csv", ["engine", "generation"], engineConstantNames);
  return table;
}

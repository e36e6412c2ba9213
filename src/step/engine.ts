import { type Constants, readConstants } from "../data/constants";
import type { Hardware } from "../machine/hardware";
import { nearest } from "../text/nearest";

/** Engines whose time between kernels is known. */
export const engines = ["tensorrt-llm", "vllm", "sglang"] as const;
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
  if (known === undefined) throw new RangeError(`engine must be one of ${engines.join(", ")}; got "${name}"; nearest: ${nearest(String(name), engines).join(", ")}`);
  return known;
}

/** What an engine adds to the kernels of a step, and how far steps on its rows were off. */
export const engineConstantNames = ["layerSeconds", "stepSeconds", "bandLow", "bandHigh"] as const;
export type EngineConstants = Constants<(typeof engineConstantNames)[number]>;

/** An engine's constants on a machine, and whose they are. */
export interface EngineTime extends EngineConstants {
  /** Absent where the engine was measured on the machine's generation. */
  readonly carriedFrom?: string;
}

/**
 * The constants of an engine on a machine, from data/engines.csv: those of its generation; of another generation where it was not
 * measured there; AMD's machines take those of SGLang on CDNA3, of which it has rows.
 */
export function engineTime(engine: Engine, { generation, vendor }: Pick<Hardware, "generation" | "vendor">): EngineTime {
  table ??= readConstants("engines.csv", ["engine", "generation"], engineConstantNames);
  const key = `${engine} ${generation}`;
  const found = table.get(key);
  if (found !== undefined) return found;
  const like = vendor === "AMD" ? "sglang CDNA3" : /Rubin|Blackwell/.test(generation) ? `${engine} Blackwell` : `${engine} Hopper`;
  return { ...(table.get(like) as EngineConstants), carriedFrom: like };
}

let table: ReadonlyMap<string, EngineConstants> | undefined;

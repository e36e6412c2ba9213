import type { Hardware } from "../machine/hardware";
import { type CacheFormatName, cacheFormat, type WeightFormatName, weightFormatNames } from "../machine/number-formats";
import type { Model } from "../model/model";
import { runnable } from "../model/served-formats";
import type { SetUp } from "../published/deployments";
import type { Engine } from "../step/question";

/** What a set-up's words on engine and formats mean to a step; a word that cannot be read is absent, and its default stands. */
export interface ServedAs {
  readonly engine?: Engine;
  readonly weightFormat?: WeightFormatName;
  readonly cacheFormat?: CacheFormatName;
}

/**
 * How a model is served on a machine by the words of its source.
 *
 * @example servedAs({ engine: "dynamo-trt", weightFormat: "fp4 (NVFP4 or MXFP4 checkpoint)" }, model("deepseek-r1"),
 *   hardware("b200-sxm")) // { engine: "tensorrt-llm", weightFormat: "nvfp4" }
 */
export function servedAs(words: Pick<SetUp, "engine" | "weightFormat" | "cacheFormat">, m: Model, machine: Hardware): ServedAs {
  const engine = engineIn(words.engine);
  const weights = weightsIn(words.weightFormat, m, machine);
  return {
    ...(engine === undefined ? {} : { engine }),
    ...(weights === undefined ? {} : { weightFormat: weights }),
    ...(words.cacheFormat === undefined ? {} : { cacheFormat: cacheFormat(words.cacheFormat) }),
  };
}

const engineNames: readonly (readonly [RegExp, Engine])[] = [
  [/vllm/i, "vllm"],
  [/sglang/i, "sglang"],
  [/trt|tensorrt/i, "tensorrt-llm"],
];

/** The one engine that the words name, whatever orchestrates it; undefined where they name none, or several. */
function engineIn(words = ""): Engine | undefined {
  const named = engineNames.filter(([name]) => name.test(words));
  return named.length === 1 ? named[0]?.[1] : undefined;
}

/**
 * The weights' format: a name of the tables, else the release's of that width, else what checkpoints of that width have on the machine;
 * as far as the machine multiplies in it. Undefined where the words tell no width that is known.
 */
function weightsIn(words: string | undefined, m: Model, { vendor, peakFlopsPerSecond: peaks }: Hardware): WeightFormatName | undefined {
  if (words === undefined) return undefined;
  const name = weightFormatNames.find((format) => format === words && format !== "fp8");
  if (name !== undefined) return runnable(name, peaks);
  const { experts, released } = m.formats;
  if (words === "fp8") return runnable(experts.startsWith("fp8") ? experts : /fp8/.test(released) ? "fp8_block" : "fp8", peaks);
  if (/^(mx)?fp4\b/.test(words)) return runnable(/mxfp4/.test(experts) || vendor !== "NVIDIA" ? "w4a8_mxfp4_mxfp8" : "nvfp4", peaks);
  return /^int4\b/.test(words) ? "int4_wo" : undefined;
}

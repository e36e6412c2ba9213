import type { Hardware } from "../machine/hardware";
import { cacheFormat, type WeightFormatName, weightFormat } from "../machine/number-formats";
import { isMoe, type Model, type ModelFormats } from "./model";

/** In which formats a model is served. */
export type ServedFormats = Pick<ModelFormats, "experts" | "rest" | "cache">;

/**
 * The formats that a model is served in on a machine.
 *
 *     experts   the format asked for, else the release's as far as the machine multiplies in it
 *     rest      the release's where experts keep theirs; else that of an engine's release in the format: all of a dense model,
 *               FP8 beside FP8 experts, BF16 beside experts in 4 bits
 *     cache     the format asked for, else the release's
 *
 * On a machine without FP4, NVFP4 is taken as MXFP4 that is widened, whose scales are smaller: 6 % too few bytes.
 *
 * @throws RangeError for a format that is not known.
 * @example servedFormats(model("gpt-oss-120b"), hardware("b200-sxm")).experts // "w4a8_mxfp4_mxfp8"
 */
export function servedFormats(model: Model, hardware: Pick<Hardware, "peakFlopsPerSecond">, asked?: string, cache?: string): ServedFormats {
  const peaks = hardware.peakFlopsPerSecond;
  const experts = asked === undefined ? runnable(model.formats.experts, peaks) : (weightFormat(asked).name as WeightFormatName);
  const isReleased = experts === model.formats.experts || experts === runnable(model.formats.experts, peaks);
  const rest = !isMoe(model)
    ? asked === undefined
      ? runnable(model.formats.rest, peaks)
      : experts
    : isReleased
      ? runnable(model.formats.rest, peaks)
      : beside(experts, peaks);
  return { experts, rest, cache: cache === undefined ? model.formats.cache : cacheFormat(cache) };
}

/**
 * What of a format a machine can multiply in, or widen.
 *
 * @example runnable("nvfp4", hardware("h200-sxm").peakFlopsPerSecond) // "w4a16_mxfp4"
 */
export function runnable(format: WeightFormatName, peaks: Hardware["peakFlopsPerSecond"]): WeightFormatName {
  const fp4 = peaks.fp4 !== undefined;
  const fp8 = peaks.fp8 !== undefined;
  switch (format) {
    case "nvfp4":
      return fp4 ? "nvfp4" : "w4a16_mxfp4";
    case "w4a16_mxfp4":
    case "w4a8_mxfp4_mxfp8":
      return fp4 ? "w4a8_mxfp4_mxfp8" : "w4a16_mxfp4";
    case "fp8":
    case "fp8_block":
      return fp8 ? format : "bfloat16";
    default:
      return format;
  }
}

function beside(experts: WeightFormatName, peaks: Hardware["peakFlopsPerSecond"]): WeightFormatName {
  return experts.startsWith("fp8") && peaks.fp8 !== undefined ? experts : "bfloat16";
}

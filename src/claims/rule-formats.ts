import { type WeightFormatName, weightFormat } from "../machine/number-formats";
import type { Model } from "../model/model";

/** The format that a model's routed experts are released in; MXFP4 as machines with FP4 multiply it. */
export function releasedFormat({ formats }: Model): WeightFormatName {
  return formats.experts === "w4a16_mxfp4" ? "w4a8_mxfp4_mxfp8" : formats.experts;
}

/** The narrowest format that a model is released in, where it comes in several. */
export function narrowestFormat(model: Model): WeightFormatName {
  const released = model.formats.released;
  if (/fp4/.test(released)) return /nvfp4/.test(released) ? "nvfp4" : "w4a8_mxfp4_mxfp8";
  if (/int4/.test(released)) return "int4_wo";
  return /fp8/.test(released) ? "fp8_block" : "bfloat16";
}

/** Bits of a stored weight, its scales left out. */
export function weightBits(format: string): 4 | 8 | 16 {
  const { weightBytes } = weightFormat(format);
  return weightBytes < 0.75 ? 4 : weightBytes < 1.5 ? 8 : 16;
}

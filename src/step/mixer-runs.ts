import { requirePositiveInteger } from "../checks";
import type { CacheFormatName } from "../machine/number-formats";
import { isMixer, type Mixer } from "../model/blocks";
import { mixerWork } from "../model/mixers/mixers";
import type { Model } from "../model/model";

/** How a mixer reads what it keeps of the past. */
export type MixerReading = "whole cache" | "window" | "whole latents" | "selected tokens" | "compressed rows" | "selected blocks" | "state";

/** One thing that the mixers of a kind read in a decode step. */
export interface MixerRun {
  readonly model: string;
  readonly reading: MixerReading;
  readonly tensor: string;
  readonly layers: number;
  /** The contiguous run in which it is read. */
  readonly runBytes: number;
  /** Read by one request in one step, over the layers. */
  readonly readBytes: number;
}

/**
 * What the mixers of a model read of the past for one request and one new token, and in what runs, by kind of mixer.
 *
 * Folds over the model's runs with the same work that the step times and decodeAccesses lists; weights are left out.
 *
 * @throws RangeError when contextTokens is not a positive integer.
 * @example mixerRuns(model("deepseek-v3.2"), 32768).map((r) => r.reading) // selected tokens, and the index keys that choose them
 */
export function mixerRuns(model: Model, contextTokens: number, cacheFormat: CacheFormatName = "bfloat16"): readonly MixerRun[] {
  requirePositiveInteger("contextTokens", contextTokens);
  const found = new Map<string, MixerRun>();
  for (const { count, blocks } of model.runs)
    for (const block of blocks) {
      if (!isMixer(block)) continue;
      for (const { tensor, runBytes, readBytes } of mixerWork(block, { contextTokens, newTokens: 1, cacheFormat, phase: "decode" })) {
        if (readBytes === 0) continue;
        const key = `${readingOf(block)} ${tensor} ${runBytes}`;
        const before = found.get(key);
        found.set(key, {
          model: model.name,
          reading: readingOf(block),
          tensor,
          layers: count + (before?.layers ?? 0),
          runBytes,
          readBytes: count * readBytes + (before?.readBytes ?? 0),
        });
      }
    }
  return [...found.values()];
}

/** How a mixer reads the past, in words. */
export function readingOf(mixer: Mixer): MixerReading {
  switch (mixer.kind) {
    case "linear":
      return "state";
    case "block-selected":
      return "selected blocks";
    case "compressed":
      return "compressed rows";
    case "latent":
      return mixer.indexer !== undefined ? "selected tokens" : "whole latents";
    case "grouped":
      return mixer.window !== undefined || mixer.chunk !== undefined ? "window" : "whole cache";
  }
}

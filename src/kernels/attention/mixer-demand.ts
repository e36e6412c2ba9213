import { type CacheFormatName, type WeightFormatName, weightFormat } from "../../machine/number-formats";
import type { Indexer, LinearMixer, Mixer } from "../../model/blocks";
import { reachOf } from "../../model/mixers/grouped";
import { convolutionChannels, convolutionStateBytes, recurrentStateBytes } from "../../model/mixers/linear";
import { mixerMatrices, mixerWork } from "../../model/mixers/mixers";
import { visiblePairs } from "../../model/mixers/rules";

/** Of which part of a layer a time is asked. */
export type MixerPart = "core" | "layer" | "convolution" | "recurrence";
/** One new token of each request or a few that are verified; or prompts. */
export type MixerPhase = "decode" | "prefill";

/** What one call asks of a GPU: the numbers that the law turns into a time. */
export interface MixerDemand {
  /** Blocks of work that a processor takes at a time. */
  readonly units: number;
  /** Tokens of context along which a unit can be cut; 0 where it cannot. */
  readonly cutTokens: number;
  /** Of cache or state, read and written. */
  readonly cacheBytes: number;
  /** Of queries and results. */
  readonly otherBytes: number;
  readonly flops: number;
  /** Of whole tiles. */
  readonly paddedFlops: number;
  /** Arithmetic on pairs out of a window's or a selection's reach, which a kernel may do and throw away. */
  readonly outsideFlops: number;
  /** The longest unit's work over the mean: late queries see more. */
  readonly longestShare: number;
  /** Whether a group of queries has more than 32 heads. */
  readonly wideGroup: boolean;
  readonly chunks: number;
  /** New tokens of all requests. */
  readonly newTokens: number;
  readonly weightBytes: number;
  readonly productFlops: number;
  readonly indexBytes: number;
  readonly indexFlops: number;
}

/** A mixer as one GPU has it (heads already cut), and how it is run. */
export interface DemandSetting {
  readonly mixer: Mixer;
  readonly hiddenSize: number;
  readonly part: MixerPart;
  readonly phase: MixerPhase;
  readonly cacheFormat: CacheFormatName;
  readonly weightFormat: WeightFormatName;
  /** Query rows of one tile of arithmetic, and of one unit of work. */
  readonly tileRows: number;
  readonly unitRows: number;
  /** Keys and values of each head are made from the latent before (prefill of short contexts in some engines). */
  readonly expanded?: boolean;
}

export type Demand = (requests: number, contextTokens: number, newTokens: number) => MixerDemand;

const chunkTokens = 64;
/** Query heads on one KV head above which kernels of decode may leave their fast path. */
export const widestGroup = 32;

/**
 * What a mixer asks of a GPU, as a function of requests, tokens in the cache before, and new tokens of a request.
 *
 * Bytes and flops are the mixer's own (src/model/mixers); added here are whole tiles: of query rows in decode, on the
 * diagonal in prefill, and the bytes of queries and results.
 */
export function demandOf(setting: DemandSetting): Demand {
  const { mixer, part } = setting;
  if (mixer.kind === "linear") return linearDemand(mixer, setting.phase, part);
  const product = part === "layer" ? productsOf(setting) : { weightBytes: 0, flopsPerToken: 0 };
  const shape = headsOf(mixer, setting.phase, setting.expanded === true);
  const { queryRows, keyHeads, width } = shape;
  const { tileRows, unitRows } = setting;
  const widen = setting.expanded === true && mixer.kind === "latent" ? expandedShare(mixer) : 1;
  return (requests, contextTokens, newTokens) => {
    const decode = setting.phase === "decode";
    const works = mixerWork(mixer, {
      contextTokens: decode ? contextTokens + newTokens : contextTokens,
      newTokens,
      cacheFormat: setting.cacheFormat,
      phase: setting.phase,
    });
    const core = works[works.length - 1] as (typeof works)[0];
    const index = works.length > 1 ? works[0] : undefined;
    const rows = queryRows * newTokens;
    const flops = requests * core.flops * widen;
    const padded = (Math.ceil(rows / tileRows) * tileRows) / rows;
    const reach = attendedOf(mixer);
    const [near, all] = decode ? [1, 1] : [visiblePairs(contextTokens, newTokens, reach), visiblePairs(contextTokens, newTokens)];
    const diagonal = decode ? 1 : 1 + tileRows / 2 / (contextTokens + newTokens / 2 + tileRows / 2);
    const tokens = requests * newTokens;
    return {
      units: requests * keyHeads * Math.ceil(rows / unitRows),
      cutTokens: decode ? contextTokens + newTokens : 0,
      cacheBytes: requests * (core.readBytes + (decode ? 0 : core.writtenBytes)) + (decode ? 0 : tokens * width * 2),
      otherBytes: decode ? tokens * width * 2 + requests * core.writtenBytes : 0,
      flops,
      paddedFlops: flops * padded * diagonal,
      outsideFlops: flops * padded * (all / near - 1),
      longestShare: decode || all > near ? 1 : (contextTokens + newTokens) / (contextTokens + newTokens / 2),
      wideGroup: decode && mixer.kind === "grouped" && queryRows > widestGroup,
      chunks: 0,
      newTokens: tokens,
      weightBytes: product.weightBytes,
      productFlops: product.flopsPerToken * tokens,
      indexBytes: index === undefined ? 0 : requests * (index.readBytes + index.writtenBytes),
      indexFlops: index === undefined ? 0 : requests * index.flops,
    };
  };
}

/** Tokens that a query attends to at most: within reach, and as many as an index picks. */
function attendedOf(mixer: Exclude<Mixer, LinearMixer>): number {
  if (mixer.kind === "grouped") return reachOf(mixer);
  if (mixer.kind === "latent") return Math.min(reachOf(mixer), mixer.indexer?.topK ?? Number.POSITIVE_INFINITY);
  return mixer.kind === "block-selected" ? mixer.indexer.topK * mixer.blockTokens : Number.POSITIVE_INFINITY;
}

/** Rows of queries that share keys, keys that differ, and numbers of queries and results of a token. */
function headsOf(mixer: Exclude<Mixer, LinearMixer>, phase: MixerPhase, expanded: boolean) {
  switch (mixer.kind) {
    case "grouped":
    case "block-selected": {
      const { heads, keyValueHeads, headDim, valueHeadDim } = mixer;
      return { queryRows: heads / keyValueHeads, keyHeads: keyValueHeads, width: (heads + keyValueHeads) * (headDim + valueHeadDim) };
    }
    case "latent": {
      const { heads, noRotaryDim, rotaryDim, valueHeadDim } = mixer;
      const apart = phase === "prefill" && (mixer.indexer === undefined || expanded);
      return {
        queryRows: apart ? 1 : heads,
        keyHeads: apart ? heads : 1,
        width: heads * (2 * (noRotaryDim + rotaryDim) + 2 * valueHeadDim),
      };
    }
    case "compressed":
      return { queryRows: mixer.heads, keyHeads: 1, width: mixer.heads * 2 * mixer.headDim };
  }
}

function expandedShare({ latentRank, rotaryDim, noRotaryDim, valueHeadDim }: Extract<Mixer, { kind: "latent" }>): number {
  return (noRotaryDim + rotaryDim + valueHeadDim) / (2 * latentRank + rotaryDim);
}

/** Bytes and flops a token of a layer's matrices. */
function productsOf({ mixer, hiddenSize, weightFormat: format }: DemandSetting) {
  const own = weightFormat(format);
  let weightBytes = 0;
  let flopsPerToken = 0;
  for (const { outputs, inputs, bf16 } of mixerMatrices(mixer, hiddenSize)) {
    weightBytes += outputs * inputs * (bf16 === true ? 2 : own.weightBytes);
    flopsPerToken += 2 * outputs * inputs;
  }
  return { weightBytes, flopsPerToken };
}

const nothing = {
  newTokens: 0,
  otherBytes: 0,
  outsideFlops: 0,
  longestShare: 1,
  wideGroup: false,
  weightBytes: 0,
  productFlops: 0,
  indexBytes: 0,
  indexFlops: 0,
  cutTokens: 0,
} as const;

/** The short convolution, or the recurrence: in decode the state read once and written for each new token, in prefill chunks one after another. */
function linearDemand(mixer: LinearMixer, phase: MixerPhase, part: MixerPart): Demand {
  const channels = convolutionChannels(mixer);
  const { keyHeads, keyDim, valueHeads, valueDim } = mixer;
  if (part === "convolution") {
    const state = convolutionStateBytes(mixer);
    return (requests, _context, newTokens) => {
      const tokens = requests * newTokens;
      const flops = tokens * channels * 2 * mixer.convolutionWidth;
      const units = Math.ceil((requests * Math.ceil(channels / 256) * Math.ceil(newTokens / 8)) / 4);
      const cacheBytes = tokens * channels * 4 + requests * state * (phase === "decode" ? 1 + newTokens : 2);
      return { ...nothing, units, cacheBytes, flops, paddedFlops: flops, chunks: phase === "decode" ? 0 : requests };
    };
  }
  const state = recurrentStateBytes(mixer);
  const width = (2 * keyHeads * keyDim + 2 * valueHeads * valueDim) * 2;
  return (requests, _context, newTokens) => {
    const tokens = requests * newTokens;
    const perToken = phase === "decode" ? 7 * keyDim * valueDim : 4 * chunkTokens * (keyDim + valueDim) + 6 * keyDim * valueDim;
    const flops = phase === "decode" ? 0 : tokens * valueHeads * perToken;
    return {
      ...nothing,
      units: requests * valueHeads * (phase === "decode" ? Math.ceil(valueDim / 32) : 1),
      cacheBytes: tokens * width + requests * state * (phase === "decode" ? 1 + newTokens : 2),
      flops,
      paddedFlops: tokens * valueHeads * perToken,
      chunks: phase === "decode" ? newTokens : Math.ceil(newTokens / chunkTokens),
    };
  };
}

/** Whether an indexer of a mixer scores in this layer. */
export function scoresOf(mixer: Mixer): Indexer | undefined {
  return "indexer" in mixer && mixer.indexer?.scores === true ? mixer.indexer : undefined;
}

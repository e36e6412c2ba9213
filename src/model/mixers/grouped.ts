import { accessFact } from "../../data/accesses";
import { cacheElementBytes } from "../../machine/number-formats";
import type { GroupedMixer } from "../blocks";
import { cutHeads, cutKeyValueHeads, type MixerRules, visiblePairs } from "./rules";

/** Tokens that a mixer sees at most: its window, or half a chunk, which is the mean over the positions in it. */
export function reachOf({ window, chunk }: Pick<GroupedMixer, "window" | "chunk">): number {
  return window ?? (chunk === undefined ? Number.POSITIVE_INFINITY : chunk / 2);
}

/** Tokens that are kept: the window, or the whole chunk. */
export function keptTokens({ window, chunk }: Pick<GroupedMixer, "window" | "chunk">, contextTokens: number): number {
  return Math.min(contextTokens, window ?? chunk ?? contextTokens);
}

/** One matrix for a gate on the output: a number for each head, or for each element of its values. */
export function gateMatrix(gate: GroupedMixer["gate"], heads: number, valueHeadDim: number, hiddenSize: number) {
  if (gate === undefined) return [];
  return [
    { name: "output gate", stage: "projections", outputs: gate === "head" ? heads : heads * valueHeadDim, inputs: hiddenSize },
  ] as const;
}

/** Bytes of one token's keys and values in one layer. */
const tokenBytes = ({ keyValueHeads, headDim, valueHeadDim }: GroupedMixer, elementBytes: number): number =>
  keyValueHeads * (headDim + valueHeadDim) * elementBytes;

/**
 * Multi-head, grouped-query and multi-query attention, with windows and chunks.
 *
 *     kept     min(n, window) kv (d + dv) b, nothing where an earlier layer's cache is read
 *     read     the same, also from an earlier layer's cache; of a chunk half of it, the mean over its positions
 *     flops    pairs heads 2 (d + dv)
 *
 * n tokens, kv key-value heads of d and dv, b bytes of an element. Left out: sinks, biases, norms of queries and keys.
 */
export const grouped: MixerRules<GroupedMixer> = {
  sizes: ["heads", "keyValueHeads", "headDim", "valueHeadDim"],
  matrices: (mixer, hiddenSize) => {
    const { heads, keyValueHeads, headDim, valueHeadDim, queryRank, keyIsValue = false, cacheSource, gate } = mixer;
    const queries = heads * headDim;
    const keysAndValues = cacheSource === "shared" ? 0 : keyValueHeads * (headDim + (keyIsValue ? 0 : valueHeadDim));
    const inputs =
      queryRank === undefined
        ? [{ name: "query, key and value", outputs: queries + keysAndValues, inputs: hiddenSize }]
        : [
            { name: "query down, key and value", outputs: queryRank + keysAndValues, inputs: hiddenSize },
            { name: "query up", outputs: queries, inputs: queryRank },
          ];
    return [
      ...inputs.map((matrix) => ({ ...matrix, stage: "projections" as const })),
      ...gateMatrix(gate, heads, valueHeadDim, hiddenSize),
      { name: "output projection", stage: "output", outputs: hiddenSize, inputs: heads * valueHeadDim },
    ];
  },
  kept: (mixer, contextTokens, format) => ({
    cacheBytes: mixer.cacheSource === "shared" ? 0 : keptTokens(mixer, contextTokens) * tokenBytes(mixer, cacheElementBytes(format)),
    stateBytes: 0,
  }),
  work: (mixer, { contextTokens, newTokens, cacheFormat, phase }) => {
    const elementBytes = cacheElementBytes(cacheFormat);
    const reach = reachOf(mixer);
    const seen = Math.min(contextTokens, reach);
    const pairs = phase === "decode" ? newTokens * seen : visiblePairs(contextTokens, newTokens, reach);
    return [
      {
        part: "core",
        readBytes: seen * tokenBytes(mixer, elementBytes),
        writtenBytes: mixer.cacheSource === "shared" ? 0 : newTokens * tokenBytes(mixer, elementBytes),
        flops: pairs * mixer.heads * 2 * (mixer.headDim + mixer.valueHeadDim),
        arithmetic: "bf16",
        runBytes: accessFact("gqa-page", "tokens") * mixer.keyValueHeads * mixer.headDim * elementBytes,
        run: "one page of keys, or of values",
        tensor: "KV cache",
      },
    ];
  },
  cut: (mixer, degree) => ({
    ...mixer,
    heads: cutHeads("heads", mixer.heads, degree),
    keyValueHeads: cutKeyValueHeads(mixer.keyValueHeads, degree),
  }),
  label: ({ heads, keyValueHeads, gate, window, chunk, cacheSource }) => {
    const kind = keyValueHeads === heads ? "MHA" : keyValueHeads === 1 ? "MQA" : "GQA";
    const reach = window === undefined ? (chunk === undefined ? "" : `, chunks of ${chunk}`) : `, window ${window}`;
    return `${gate === undefined ? "" : "gated "}${kind}${reach}${cacheSource === "shared" ? ", shared cache" : ""}`;
  },
};

import { bf16Bytes } from "../../machine/number-formats";
import type { LinearFamily, LinearMixer } from "../blocks";
import { type BlockMatrix, cutHeads, type MixerRules } from "./rules";

const names: Readonly<Record<LinearFamily, string>> = {
  "gated-delta": "Gated DeltaNet",
  "kimi-delta": "Kimi Delta Attention",
  mamba2: "Mamba-2",
  mamba1: "Mamba-1",
  lightning: "lightning attention",
};

/** Channels of the short convolution: all keys and queries beside the values, of Mamba-1 the values alone. */
export function convolutionChannels({ family, keyHeads, valueHeads, keyDim, valueDim }: LinearMixer): number {
  return valueHeads * valueDim + (family === "mamba1" ? 0 : 2 * keyHeads * keyDim);
}

/** Bytes of the recurrent state of one request. */
export function recurrentStateBytes({ valueHeads, keyDim, valueDim, stateElementBytes }: LinearMixer): number {
  return valueHeads * keyDim * valueDim * stateElementBytes;
}

/** Bytes of what the short convolution keeps of the last tokens, in BF16. */
export function convolutionStateBytes(mixer: LinearMixer): number {
  return Math.max(0, mixer.convolutionWidth - 1) * convolutionChannels(mixer) * bf16Bytes;
}

const matricesOf: Readonly<Record<LinearFamily, (mixer: LinearMixer, hiddenSize: number) => readonly BlockMatrix[]>> = {
  "gated-delta": ({ keyHeads, keyDim, valueHeads, valueDim }, h) => [
    // Beside queries, keys and values: the output's gate, and the decay and the strength of each head.
    projection("query, key, value and gates", 2 * keyHeads * keyDim + 2 * valueHeads * valueDim + 2 * valueHeads, h),
    output(h, valueHeads * valueDim),
  ],
  // Beside queries, keys and values: the strength of each head, and decay and gate of each value, as one matrix or through a few.
  "kimi-delta": ({ keyHeads, keyDim, valueHeads, valueDim, gateRank, decayRank }, h) => {
    const values = valueHeads * valueDim;
    const inputs = 2 * keyHeads * keyDim + values + valueHeads + (gateRank ?? values) + (decayRank ?? values);
    const ups =
      gateRank !== undefined && gateRank === decayRank
        ? [projection("decay and output gate up", 2 * values, gateRank)]
        : [
            ...(decayRank === undefined ? [] : [projection("decay up", values, decayRank)]),
            ...(gateRank === undefined ? [] : [projection("output gate up", values, gateRank)]),
          ];
    const name = gateRank === undefined ? "query, key, value and gates" : "query, key, value and gates down";
    return [projection(name, inputs, h), ...ups, output(h, values)];
  },
  mamba2: ({ keyHeads, keyDim, valueHeads, valueDim }, h) => [
    projection("input projection", 2 * valueHeads * valueDim + 2 * keyHeads * keyDim + valueHeads, h),
    output(h, valueHeads * valueDim),
  ],
  mamba1: ({ valueHeads, keyDim, gateRank = 0 }, h) => [
    projection("input projection", 2 * valueHeads, h),
    projection("time step, B and C", gateRank + 2 * keyDim, valueHeads),
    ...(gateRank === 0 ? [] : [projection("time step up", valueHeads, gateRank)]),
    output(h, valueHeads),
  ],
  lightning: ({ keyHeads, keyDim, valueHeads, valueDim }, h) => [
    projection("query, key, value and gate", 2 * keyHeads * keyDim + 2 * valueHeads * valueDim, h),
    output(h, valueHeads * valueDim),
  ],
};

const projection = (name: string, outputs: number, inputs: number): BlockMatrix => ({ name, stage: "projections", outputs, inputs });
const output = (outputs: number, inputs: number): BlockMatrix => ({ name: "output projection", stage: "output", outputs, inputs });

/** Multiplications and additions for each element of the state and token: decay, update and reading; the delta rule corrects before. */
const flopsPerElement: Readonly<Record<LinearFamily, number>> = {
  "gated-delta": 7,
  "kimi-delta": 7,
  mamba2: 5,
  mamba1: 5,
  lightning: 5,
};

/**
 * Mixers that keep a state in place of a cache: Gated DeltaNet, Kimi Delta Attention, Mamba-2, Mamba-1, lightning attention.
 *
 *     kept    S = heads dk dv 4, and (taps - 1) channels 2 of the convolution
 *     read    S once, whatever the context; written S for each new token that may be taken back (drafts), once in prefill
 *     flops   new tokens heads dk dv (5 to 7)
 *
 * Left out: norms, the weights of the convolution (a thousandth of a layer).
 */
export const linear: MixerRules<LinearMixer> = {
  sizes: ["keyHeads", "valueHeads", "keyDim", "valueDim"],
  matrices: (mixer, hiddenSize) => matricesOf[mixer.family](mixer, hiddenSize),
  kept: (mixer) => ({ cacheBytes: 0, stateBytes: recurrentStateBytes(mixer) + convolutionStateBytes(mixer) }),
  work: (mixer, { newTokens, phase }) => {
    const stateBytes = recurrentStateBytes(mixer) + convolutionStateBytes(mixer);
    return [
      {
        part: "recurrence",
        readBytes: stateBytes,
        writtenBytes: stateBytes * (phase === "decode" ? newTokens : 1),
        flops: newTokens * mixer.valueHeads * mixer.keyDim * mixer.valueDim * flopsPerElement[mixer.family],
        arithmetic: "fp32",
        runBytes: mixer.keyDim * mixer.valueDim * mixer.stateElementBytes,
        run: "the state of one head",
        tensor: "states",
      },
    ];
  },
  cut: (mixer, degree) => ({
    ...mixer,
    valueHeads: cutHeads("valueHeads", mixer.valueHeads, degree),
    keyHeads: Math.ceil(mixer.keyHeads / degree),
  }),
  label: ({ family }) => names[family],
};

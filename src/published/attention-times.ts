import { at, lookedUp, number, oneOf, type Row, readRows, text } from "../data/rows";
import type { Mixer } from "../model/blocks";
import { cutMixer } from "../model/mixers/mixers";
import { type TimedLayer, timedLayers } from "./attention-shapes";

/** One measured call of attention or of a whole attention layer, as the model would be asked for it. */
export interface AttentionMeasurement {
  readonly machine: string;
  readonly kernel: string;
  readonly phase: "decode" | "prefill";
  readonly part: "core" | "layer" | "convolution" | "recurrence";
  /** As one GPU has it: its heads are those of this GPU. */
  readonly mixer: Mixer;
  readonly hiddenSize: number;
  readonly cacheFormat: "bfloat16" | "fp8";
  /** Of the weights of a layer; of the products of a core. */
  readonly arithmetic: string;
  readonly requests: number;
  readonly contextTokens: number;
  readonly newTokens: number;
  readonly seconds: number;
  /** What a reader would call it. */
  readonly kind: string;
  /** Heads and sizes: rows of one geometry are left out of a fit together. */
  readonly geometry: string;
  readonly where: string;
}

const machines = ["a100-sxm", "h100-sxm", "b200-sxm", "l40s"] as const;

/**
 * All measured times of attention: cores, whole layers and linear mixers, in decode and in prefill.
 *
 * @throws Error naming file and line of a broken row.
 * @example attentionTimes().filter((row) => row.kind === "windows").length > 1000 // true
 */
export function attentionTimes(): readonly AttentionMeasurement[] {
  return [
    ...machines.flatMap((machine) => (["decode", "prefill"] as const).flatMap((phase) => groupedTimes(machine, phase))),
    ...flashMlaTimes(),
    ...latentTimes("decode"),
    ...latentTimes("prefill"),
    ...layerTimes("mla-module", (row) => text(row, "model")),
    ...layerTimes("mla-wideep", () => "deepseek-v3"),
    ...layerTimes("dsa", (row) => text(row, "model") + (oneOf(row, "indexer", ["run", "skipped"]) === "run" ? "" : " skipped")),
    ...layerTimes("dsv4", (row) => `${text(row, "model")} ${oneOf(row, "kind", ["csa", "hca"])}`),
    ...layerTimes("msa", (row) => text(row, "model")),
    ...linearTimes(),
  ];
}

const formats = ["bfloat16", "fp8"] as const;

/** A whole number of at least `least`. @throws Error naming file and line. */
function count(row: Row, column: string, least = 1): number {
  const value = number(row, column);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`${at(row)}: expected ${column} to be a whole number of at least ${least}, got ${value}`);
  return value;
}

function seconds(row: Row): number {
  const value = number(row, "us");
  if (value <= 0) throw new Error(`${at(row)}: expected us above zero, got ${value}`);
  return value * 1e-6;
}

/** Tokens before and new: decode rows give the first, prefill rows the second, and some both. */
function tokensOf(row: Row, phase: "decode" | "prefill") {
  if (phase === "decode") return { contextTokens: count(row, "cached_tokens"), newTokens: 1 };
  return { contextTokens: row.cells.past_tokens === undefined ? 0 : count(row, "past_tokens", 0), newTokens: count(row, "new_tokens") };
}

function groupedTimes(machine: (typeof machines)[number], phase: "decode" | "prefill"): readonly AttentionMeasurement[] {
  return readRows(`measurements/attention-${phase}-${machine}.csv`).map((row) => {
    const [heads, keyValueHeads, headDim, window] = [
      count(row, "heads"),
      count(row, "kv_heads"),
      count(row, "head_dim"),
      count(row, "window", 0),
    ];
    const cacheFormat = oneOf(row, "cache", formats);
    return {
      machine,
      kernel: text(row, "kernel"),
      phase,
      part: "core",
      mixer: {
        kind: "grouped",
        heads,
        keyValueHeads,
        headDim,
        valueHeadDim: headDim,
        cacheSource: "own",
        ...(window === 0 ? {} : { window }),
      },
      hiddenSize: heads * headDim,
      cacheFormat,
      arithmetic: phase === "decode" ? "bfloat16" : oneOf(row, "arithmetic", formats),
      requests: count(row, "batch"),
      ...tokensOf(row, phase),
      seconds: seconds(row),
      kind: window > 0 ? "windows" : `grouped ${cacheFormat}`,
      geometry: `${heads} ${keyValueHeads} ${headDim}`,
      where: at(row),
    };
  });
}

/** A layer's share of one GPU with so many heads. */
function cut({ mixer }: TimedLayer, heads: number): Mixer {
  return cutMixer(mixer, (mixer as Extract<Mixer, { kind: "latent" }>).heads / heads);
}

function layerNamed(name: string): TimedLayer {
  const layer = timedLayers[name];
  if (layer === undefined) throw new Error(`expected one of ${Object.keys(timedLayers).join(", ")}; got "${name}"`);
  return layer;
}

function latentTimes(phase: "decode" | "prefill"): readonly AttentionMeasurement[] {
  const layer = layerNamed("deepseek-v3");
  return readRows(`measurements/attention-mla-${phase}.csv`).map((row) => ({
    machine: oneOf(row, "machine", machines),
    kernel: text(row, "kernel"),
    phase,
    part: "core",
    mixer: cut(layer, count(row, "heads")),
    hiddenSize: layer.hiddenSize,
    cacheFormat: oneOf(row, "cache", formats),
    arithmetic: "bfloat16",
    requests: count(row, "batch"),
    ...tokensOf(row, phase),
    seconds: seconds(row),
    kind: "latent core",
    geometry: text(row, "heads"),
    where: at(row),
  }));
}

/** FlashMLA on H800, as DeepSeek's simulator states it: several query tokens of a request are drafts to verify. */
function flashMlaTimes(): readonly AttentionMeasurement[] {
  const layer = layerNamed("deepseek-v3");
  return readRows("measurements/attention-flashmla-h800.csv").map((row) => {
    const newTokens = count(row, "queryTokens");
    return {
      machine: text(row, "machine"),
      kernel: "flashmla",
      phase: "decode",
      part: "core",
      mixer: cut(layer, count(row, "heads")),
      hiddenSize: layer.hiddenSize,
      cacheFormat: "bfloat16",
      arithmetic: "bfloat16",
      requests: count(row, "requests"),
      contextTokens: count(row, "contextTokens") - newTokens,
      newTokens,
      seconds: seconds(row),
      kind: "latent core",
      geometry: `FlashMLA ${text(row, "requests")}`,
      where: at(row),
    };
  });
}

const layerKinds = { "mla-module": "latent layer", "mla-wideep": "latent layer", dsa: "DSA", dsv4: "CSA and HCA", msa: "MSA" } as const;

function layerTimes(table: keyof typeof layerKinds, nameOf: (row: Row) => string): readonly AttentionMeasurement[] {
  return (["decode", "prefill"] as const).flatMap((phase) =>
    readRows(`measurements/attention-${table}-${phase}.csv`).map((row) => {
      const name = nameOf(row);
      const layer = lookedUp({ ...row, cells: { ...row.cells, layer: name } }, "layer", layerNamed);
      return {
        machine: oneOf(row, "machine", machines),
        kernel: text(row, "kernel"),
        phase,
        part: "layer" as const,
        mixer: cut(layer, count(row, "heads")),
        hiddenSize: layer.hiddenSize,
        cacheFormat: row.cells.cache === undefined ? ("fp8" as const) : oneOf(row, "cache", formats),
        arithmetic: row.cells.weights === undefined ? "fp8_block" : text(row, "weights"),
        requests: count(row, "batch"),
        ...tokensOf(row, phase),
        seconds: seconds(row),
        kind: layerKinds[table],
        geometry: `${name} ${text(row, "heads")}`,
        where: at(row),
      };
    }),
  );
}

const families = { gdn: "gated-delta", kda: "kimi-delta", mamba2: "mamba2" } as const;

function linearTimes(): readonly AttentionMeasurement[] {
  return readRows("measurements/attention-linear-mixers.csv").map((row) => {
    const family = families[oneOf(row, "mixer", ["gdn", "kda", "mamba2"])];
    const kernel = text(row, "kernel");
    const part = kernel.includes("conv1d") ? "convolution" : "recurrence";
    const [keyHeads, keyDim, valueHeads, valueDim] = ["key_heads", "key_dim", "value_heads", "value_dim"].map((c) => count(row, c)) as [
      number,
      number,
      number,
      number,
    ];
    return {
      machine: oneOf(row, "machine", machines),
      kernel,
      phase: oneOf(row, "phase", ["context", "generation", "verify"]) === "context" ? "prefill" : "decode",
      part,
      mixer: {
        kind: "linear",
        family,
        keyHeads,
        valueHeads,
        keyDim,
        valueDim,
        convolutionWidth: count(row, "conv_width"),
        stateElementBytes: 4,
      },
      hiddenSize: 4096,
      cacheFormat: "bfloat16",
      arithmetic: "bfloat16",
      requests: count(row, "batch"),
      contextTokens: 0,
      newTokens: count(row, "tokens_a_request"),
      seconds: seconds(row),
      kind: part === "convolution" ? "linear convolution" : "linear recurrence",
      geometry: `${keyHeads} ${keyDim} ${valueHeads} ${valueDim}`,
      where: at(row),
    };
  });
}

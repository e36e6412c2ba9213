import type { Model } from "../model";
import type { Blocks } from "./blocks";
import { ConfigError, shown } from "./error";
import { expertNames, feedForwardNames } from "./experts";
import type { Family } from "./families";
import { find, flag, isOff, missing, nameOf, optionalCount, optionalUniform, pathOf, type Section, uniform, word } from "./section";

/** The dense feed-forward parts of a model, and how many matrices a part has. */
export type FeedForwardPart = Pick<Model, "intermediateSize" | "parallelIntermediateSize" | "expertMatrices" | "ffnMatrices">;

const width = { most: 10_000_000 };

/** Names of the width of dense layers where experts have taken the usual one. */
const denseNames = ["dense_intermediate_size", "intermediate_size_mlp", "prefix_dense_intermediate_size"] as const;

const activationNames = ["hidden_act", "hidden_activation", "activation_function", "mlp_hidden_act", "activation"] as const;

/** Read the feed-forward parts beside the routed experts. */
export function feedForwardOf(section: Section, hiddenSize: number, blocks: Blocks, family: Family | undefined): FeedForwardPart {
  const matrices = family?.matrices ?? matricesBy(section);
  return {
    intermediateSize: blocks.denseLayers === 0 || family?.doubled === true ? 0 : widthOf(section, hiddenSize, family),
    parallelIntermediateSize: blocks.moeLayers === 0 ? 0 : parallelOf(section, hiddenSize, family),
    expertMatrices: blocks.moeLayers === 0 ? 0 : matrices,
    ffnMatrices: matrices,
  };
}

function widthOf(section: Section, hiddenSize: number, family: Family | undefined): number {
  const names = find(section, denseNames) === undefined ? feedForwardNames : denseNames;
  const stated = optionalUniform(section, names, width);
  if (stated === undefined && family?.ffnFactor !== undefined) {
    return hiddenSize * (optionalCount(section, ["expansion_ratio"], { most: 1000 }) ?? family.ffnFactor);
  }
  if (stated === undefined) missing(section, names, `a whole number from 1 to ${width.most}`);
  refuseShared(section, stated);
  if (family?.halvedFfn !== true) return stated;
  if (stated % 2 !== 0) throw new ConfigError(nameOf(section, names), `expected an even number, since gate and up share it, got ${stated}`);
  return stated / 2;
}

/** Granite names the only feed-forward part of a dense layer a shared one. */
function refuseShared(section: Section, stated: number): void {
  const shared = optionalCount(section, ["shared_intermediate_size"], { least: 0, ...width }) ?? 0;
  if (shared !== 0 && shared !== stated && isOff(find(section, expertNames.routedExperts)?.value)) {
    throw new ConfigError(pathOf(section, "shared_intermediate_size"), `expected ${stated}, the width of a dense layer, got ${shared}`);
  }
}

/** Dense parts that run beside the experts of every layer. */
function parallelOf(section: Section, hiddenSize: number, family: Family | undefined): number {
  if (family?.doubled === true) return 2 * uniform(section, feedForwardNames, width);
  if (family?.parallel === "hidden") return hiddenSize;
  const beside = family?.parallel === "intermediate" || flag(section, ["residual_moe"]) === true;
  if (!beside) return 0;
  if (find(section, expertNames.moeIntermediateSize) === undefined)
    missing(section, expertNames.moeIntermediateSize, "the width of an expert");
  return uniform(section, feedForwardNames, width);
}

/** Whether there is a gate, by the activation: of a family that is not known only these are sure. */
function matricesBy(section: Section): 3 {
  const activation = word(section, activationNames);
  if (activation !== undefined && /^(silu|swish|swiglu|geglu|swigluoai|situ)$/.test(activation)) return 3;
  const field = find(section, activationNames)?.name ?? activationNames[0];
  throw new ConfigError(
    pathOf(section, field),
    `expected silu, swish, swiglu or geglu, which come with a gate: the model type is not known, so neither is the number of matrices; got ${shown(activation)}`,
  );
}

import type { DenseBlock, FeedForward } from "../blocks";
import { ConfigError, shown } from "./error";
import { expertNames, expertsOf, feedForwardNames } from "./experts";
import type { Layer } from "./layer";
import type { LayerKind } from "./layer-kinds";
import type { Family } from "./model-families";
import { find, flag, isOff, missing, nameOf, optionalCount, optionalUniform, pathOf, type Section, uniform, word } from "./section";

const width = { most: 10_000_000 };

/** Names of the width of dense layers where experts have taken the usual one. */
const denseNames = ["dense_intermediate_size", "intermediate_size_mlp", "prefix_dense_intermediate_size"] as const;

const activationNames = ["hidden_act", "hidden_activation", "activation_function", "mlp_hidden_act", "activation"] as const;

/** The feed-forward blocks of one layer: a dense one, or experts with the dense one that runs beside them. */
export function feedForwardOf(
  { section, family }: Layer,
  feed: NonNullable<LayerKind["feed"]>,
  hiddenSize: number,
  sharesCache: boolean,
): readonly FeedForward[] {
  const matrices = family?.matrices ?? matricesBy(section);
  if (feed === "dense") {
    const twice = sharesCache && flag(section, ["use_double_wide_mlp"]) === true ? 2 : 1;
    return [{ kind: "dense", width: twice * widthOf(section, hiddenSize, family), matrices }];
  }
  const beside = parallelOf(section, hiddenSize, family);
  const dense: readonly DenseBlock[] = beside === 0 ? [] : [{ kind: "dense", width: beside, matrices }];
  const router = feed === "hash experts" ? "hash" : "learned";
  return [...dense, { kind: "experts", ...expertsOf(section, hiddenSize, family), matrices, router }];
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
  if (family?.doubled === true) return uniform(section, feedForwardNames, width);
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

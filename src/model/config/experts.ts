import type { Model } from "../model";
import { ConfigError } from "./error";
import type { Family } from "./families";
import { fieldOf, find, isOff, missing, nameOf, optionalCount, optionalUniform, pathOf, type Section, uniform } from "./section";

/** The part of a model that its experts are made of. */
export type ExpertPart = Pick<
  Model,
  | "routedExperts"
  | "expertsPerToken"
  | "moeIntermediateSize"
  | "expertHiddenSize"
  | "sharedExperts"
  | "sharedIntermediateSize"
  | "expertGroups"
  | "topkGroup"
>;

const experts = { most: 1_000_000 };
const width = { most: 10_000_000 };

/** Names of each field about experts, the usual one first. */
export const expertNames = {
  routedExperts: ["num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts", "num_routed_experts"],
  expertsPerToken: [
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "moe_topk",
    "moe_top_k",
    "moe_k",
    "moe_router_topk",
    "top_k_experts",
    "num_selected_experts",
  ],
  moeIntermediateSize: ["moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size", "expert_intermediate_size"],
  expertHiddenSize: ["moe_latent_size", "routed_expert_hidden_size", "moe_hidden_size"],
  sharedExperts: ["n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"],
  sharedIntermediateSize: [
    "shared_expert_intermediate_size",
    "shared_experts_intermediate_size",
    "shared_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "share_expert_dim",
  ],
  expertGroups: ["n_group", "num_expert_group"],
  topkGroup: ["topk_group"],
} as const;

/** Names of the width of a feed-forward part; experts without a width of their own have this one. */
export const feedForwardNames = ["intermediate_size", "ffn_hidden_size", "ffn_dim", "n_inner", "d_ff", "ffn_intermediate_size"] as const;

/** A dense model. */
export const noExperts: ExpertPart = {
  routedExperts: 0,
  expertsPerToken: 0,
  moeIntermediateSize: 0,
  expertHiddenSize: 0,
  sharedExperts: 0,
  sharedIntermediateSize: 0,
  expertGroups: 1,
  topkGroup: 1,
};

/**
 * Read the experts of a model. None, or one alone, is a dense model.
 *
 * @throws ConfigError where fields speak of experts but their number is missing, and for sizes that cannot be.
 */
export function expertsOf(section: Section, hiddenSize: number, family: Family | undefined): ExpertPart {
  if (fieldOf(section, "enable_moe_block") === false) return noExperts;
  const routedExperts = optionalUniform(section, expertNames.routedExperts, { least: 0, ...experts });
  if (routedExperts === undefined) refuseOrphans(section);
  if (routedExperts === undefined || routedExperts <= 1) return noExperts;
  const expertsPerToken = uniform(section, expertNames.expertsPerToken, experts);
  if (expertsPerToken > routedExperts) {
    throw new ConfigError(
      nameOf(section, expertNames.expertsPerToken),
      `expected at most the ${routedExperts} routed experts, got ${expertsPerToken}`,
    );
  }
  const own = find(section, expertNames.moeIntermediateSize) === undefined ? feedForwardNames : expertNames.moeIntermediateSize;
  const moeIntermediateSize = uniform(section, own, width);
  const expertHiddenSize = optionalCount(section, expertNames.expertHiddenSize, width) ?? hiddenSize;
  return {
    routedExperts,
    expertsPerToken,
    moeIntermediateSize,
    expertHiddenSize,
    ...sharedOf(section, moeIntermediateSize, family),
    ...groupsOf(section, routedExperts),
  };
}

/** A width of shared experts is that of all together; without one, each is as wide as a routed expert. */
function sharedOf(
  section: Section,
  expertWidth: number,
  family: Family | undefined,
): Pick<ExpertPart, "sharedExperts" | "sharedIntermediateSize"> {
  const stated = optionalUniform(section, expertNames.sharedExperts, { least: 0, ...experts });
  const total = optionalCount(section, expertNames.sharedIntermediateSize, { least: 0, ...width });
  if (total === 0 || stated === 0) return { sharedExperts: 0, sharedIntermediateSize: 0 };
  if (total === undefined) {
    const number = stated ?? (family?.sharedExpert === true ? 1 : 0);
    return { sharedExperts: number, sharedIntermediateSize: number * expertWidth };
  }
  if (stated !== undefined && stated > 1 && family === undefined) {
    throw new ConfigError(
      nameOf(section, expertNames.sharedIntermediateSize),
      `expected nothing beside ${stated} shared experts, since the model type is not known and it could be the width of one or of all; got ${total}`,
    );
  }
  return { sharedExperts: stated ?? (total % expertWidth === 0 ? total / expertWidth : 1), sharedIntermediateSize: total };
}

function groupsOf(section: Section, routedExperts: number): Pick<ExpertPart, "expertGroups" | "topkGroup"> {
  const expertGroups = optionalCount(section, expertNames.expertGroups, experts) ?? 1;
  const topkGroup = optionalCount(section, expertNames.topkGroup, experts) ?? expertGroups;
  if (routedExperts % expertGroups !== 0) {
    throw new ConfigError(
      nameOf(section, expertNames.expertGroups),
      `expected a divisor of the ${routedExperts} routed experts, got ${expertGroups}`,
    );
  }
  if (topkGroup > expertGroups) {
    throw new ConfigError(nameOf(section, expertNames.topkGroup), `expected at most the ${expertGroups} groups, got ${topkGroup}`);
  }
  return { expertGroups, topkGroup };
}

/** Fields that only a model with experts has, beside no number of experts. */
function refuseOrphans(section: Section): void {
  const { expertsPerToken, moeIntermediateSize, sharedExperts } = expertNames;
  const orphan = [...expertsPerToken, ...moeIntermediateSize, ...sharedExperts].find((name) => !isOff(fieldOf(section, name)));
  if (orphan !== undefined) missing(section, expertNames.routedExperts, `a number of experts beside ${pathOf(section, orphan)}`);
}

import type { ExpertsBlock } from "../blocks";
import { ConfigError } from "./error";
import type { Family } from "./model-families";
import { fieldOf, find, isOff, missing, nameOf, optionalCount, optionalUniform, pathOf, type Section, uniform } from "./section";

/** The experts of one layer, but for how they are routed. */
export type ExpertPart = Omit<ExpertsBlock, "kind" | "matrices" | "router">;

const experts = { most: 1_000_000 };
const widths = { most: 10_000_000 };

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

/** Fields that switch experts off where they are false. */
const switches = ["enable_moe_block", "use_moe", "moe_enabled", "is_moe"] as const;

/**
 * How many routed experts a configuration has; 0 for a dense model, whose number may be absent, null, zero or one.
 *
 * @throws ConfigError where fields speak of experts but their number is missing.
 */
export function routedExpertsOf(section: Section): number {
  if (switches.some((name) => fieldOf(section, name) === false) || withoutExperts(section)) return 0;
  const found = find(section, expertNames.routedExperts);
  const routed = optionalUniform(section, expertNames.routedExperts, { least: 0, ...experts });
  // A number that is there and null says that there are none.
  if (found === undefined && expertNames.routedExperts.every((name) => !section.fields.has(name))) refuseOrphans(section);
  return routed === undefined || routed <= 1 ? 0 : routed;
}

/** A pattern of half layers that names none with experts: a number of them is then the default of a class. */
function withoutExperts(section: Section): boolean {
  const pattern = fieldOf(section, "hybrid_override_pattern");
  if (typeof pattern === "string") return !pattern.includes("E");
  const list = fieldOf(section, "layers_block_type");
  return Array.isArray(list) && list.includes("mlp") && !list.includes("moe");
}

/**
 * Read the experts of one layer.
 *
 * @throws ConfigError for sizes that cannot be.
 */
export function expertsOf(section: Section, hiddenSize: number, family: Family | undefined): ExpertPart {
  const routed = routedExpertsOf(section);
  const perToken = uniform(section, expertNames.expertsPerToken, experts);
  if (perToken > routed) {
    throw new ConfigError(nameOf(section, expertNames.expertsPerToken), `expected at most the ${routed} routed experts, got ${perToken}`);
  }
  const own = find(section, expertNames.moeIntermediateSize) === undefined ? feedForwardNames : expertNames.moeIntermediateSize;
  const width = uniform(section, own, widths);
  const inputWidth = optionalCount(section, expertNames.expertHiddenSize, widths) ?? hiddenSize;
  if (inputWidth > hiddenSize) {
    throw new ConfigError(
      nameOf(section, expertNames.expertHiddenSize),
      `expected at most the hidden size of ${hiddenSize}, got ${inputWidth}`,
    );
  }
  const emptyExperts = optionalCount(section, ["zero_expert_num"], { least: 0, ...experts }) ?? 0;
  return {
    routed,
    perToken,
    // All are as likely to be picked, the empty ones too.
    computedPerToken: (perToken * routed) / (routed + emptyExperts),
    width,
    inputWidth,
    ...sharedOf(section, width, family),
    ...groupsOf(section, routed),
    emptyExperts,
  };
}

/** A width of shared experts is that of all together; without one, each is as wide as a routed expert. */
function sharedOf(section: Section, expertWidth: number, family: Family | undefined): Pick<ExpertPart, "shared" | "sharedWidth"> {
  const stated = optionalUniform(section, expertNames.sharedExperts, { least: 0, ...experts });
  const total = optionalCount(section, expertNames.sharedIntermediateSize, { least: 0, ...widths });
  if (total === 0 || stated === 0) return { shared: 0, sharedWidth: 0 };
  if (total === undefined) {
    const number = stated ?? (family?.sharedExpert === true ? 1 : 0);
    return { shared: number, sharedWidth: number * expertWidth };
  }
  if (stated !== undefined && stated > 1 && family === undefined) {
    throw new ConfigError(
      nameOf(section, expertNames.sharedIntermediateSize),
      `expected nothing beside ${stated} shared experts, since the model type is not known and it could be the width of one or of all; got ${total}`,
    );
  }
  return { shared: stated ?? (total % expertWidth === 0 ? total / expertWidth : 1), sharedWidth: total };
}

function groupsOf(section: Section, routedExperts: number): Pick<ExpertPart, "groups" | "chosenGroups"> {
  const groups = optionalCount(section, expertNames.expertGroups, { least: 0, ...experts }) || 1;
  const chosenGroups = optionalCount(section, expertNames.topkGroup, { least: 0, ...experts }) || groups;
  if (routedExperts % groups !== 0) {
    throw new ConfigError(
      nameOf(section, expertNames.expertGroups),
      `expected a divisor of the ${routedExperts} routed experts, got ${groups}`,
    );
  }
  if (chosenGroups > groups) {
    throw new ConfigError(nameOf(section, expertNames.topkGroup), `expected at most the ${groups} groups, got ${chosenGroups}`);
  }
  return { groups, chosenGroups };
}

/** Fields that only a model with experts has, beside no number of experts. */
function refuseOrphans(section: Section): void {
  const { expertsPerToken, moeIntermediateSize, sharedExperts } = expertNames;
  const orphan = [...expertsPerToken, ...moeIntermediateSize, ...sharedExperts].find((name) => !isOff(fieldOf(section, name)));
  if (orphan !== undefined) missing(section, expertNames.routedExperts, `a number of experts beside ${pathOf(section, orphan)}`);
}

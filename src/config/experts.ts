import type { Model } from "../model";
import { ConfigError, shown } from "./error";
import type { Family } from "./families";
import { layerRuleNames } from "./layers";
import { type Found, fieldOf, find, inRange, missing, optionalCount, pathOf, type Section } from "./section";

/** The part of a model that its experts are made of; undefined for a dense model. */
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

export const names = {
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
  /** Where experts have no width of their own. */
  intermediateSize: ["intermediate_size", "ffn_hidden_size", "ffn_dim", "n_inner", "d_ff"],
  expertHiddenSize: ["moe_latent_size", "routed_expert_hidden_size"],
  sharedExperts: ["n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"],
  sharedIntermediateSize: [
    "shared_expert_intermediate_size",
    "shared_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "share_expert_dim",
  ],
  expertGroups: ["n_group", "num_expert_group"],
  topkGroup: ["topk_group"],
} as const;

/**
 * Read the experts of a model; undefined where it has none.
 *
 * @throws ConfigError where fields speak of experts but their number is missing, or one of them is not understood.
 */
export function expertsOf(section: Section, hiddenSize: number, family: Family | undefined): ExpertPart | undefined {
  refuseUnknown(section);
  const stated = find(section, names.routedExperts);
  const routedExperts = stated === undefined ? 0 : uniform(stated, section, { least: 0, ...experts });
  if (routedExperts <= 1) {
    refuseOrphans(section, stated);
    return undefined;
  }
  const expertsPerToken = uniformCount(section, names.expertsPerToken, { most: experts.most });
  if (expertsPerToken > routedExperts) {
    throw new ConfigError(
      nameOf(section, names.expertsPerToken),
      `expected at most the ${routedExperts} routed experts, got ${expertsPerToken}`,
    );
  }
  const moeIntermediateSize = uniformCount(section, [...names.moeIntermediateSize, ...fallback(section, names.moeIntermediateSize)], width);
  return {
    routedExperts,
    expertsPerToken,
    moeIntermediateSize,
    expertHiddenSize: optionalCount(section, names.expertHiddenSize, width) ?? hiddenSize,
    ...sharedOf(section, moeIntermediateSize, family),
    ...groupsOf(section, routedExperts),
  };
}

/** Experts without a width of their own have that of the feed-forward part. */
function fallback(section: Section, own: readonly string[]): readonly string[] {
  return find(section, own) === undefined ? names.intermediateSize : [];
}

function sharedOf(
  section: Section,
  expertWidth: number,
  family: Family | undefined,
): Pick<ExpertPart, "sharedExperts" | "sharedIntermediateSize"> {
  const counted = find(section, names.sharedExperts);
  const sharedExperts = counted === undefined ? undefined : uniform(counted, section, { least: 0, ...experts });
  const total = optionalCount(section, names.sharedIntermediateSize, { least: 0, ...width });
  if (total === 0 || sharedExperts === 0) return { sharedExperts: 0, sharedIntermediateSize: 0 };
  if (total !== undefined) {
    return { sharedExperts: sharedExperts ?? (total % expertWidth === 0 ? total / expertWidth : 1), sharedIntermediateSize: total };
  }
  const number = sharedExperts ?? (family?.oneSharedExpert === true ? 1 : 0);
  return { sharedExperts: number, sharedIntermediateSize: number * expertWidth };
}

function groupsOf(section: Section, routedExperts: number): Pick<ExpertPart, "expertGroups" | "topkGroup"> {
  const expertGroups = optionalCount(section, names.expertGroups, experts) ?? 1;
  const topkGroup = optionalCount(section, names.topkGroup, experts) ?? expertGroups;
  if (routedExperts % expertGroups !== 0) {
    throw new ConfigError(
      nameOf(section, names.expertGroups),
      `expected a divisor of the ${routedExperts} routed experts, got ${expertGroups}`,
    );
  }
  if (topkGroup > expertGroups) {
    throw new ConfigError(nameOf(section, names.topkGroup), `expected at most the ${expertGroups} groups, got ${topkGroup}`);
  }
  return { expertGroups, topkGroup };
}

/** A number, or a list that says the same number for each layer. */
function uniform(found: Found, section: Section, range: { readonly least?: number; readonly most: number }): number {
  const path = pathOf(section, found.name);
  if (!Array.isArray(found.value)) return inRange(found.value, path, range);
  const first = inRange(found.value[0], `${path}[0]`, range);
  const other = found.value.findIndex((value) => value !== first);
  if (other !== -1) throw new ConfigError(`${path}[${other}]`, `expected ${first} as in the first layer, got ${shown(found.value[other])}`);
  return first;
}

function uniformCount(section: Section, fields: readonly string[], range: { readonly least?: number; readonly most: number }): number {
  const found = find(section, fields);
  return found === undefined
    ? missing(section, fields, `a whole number from ${range.least ?? 1} to ${range.most}`)
    : uniform(found, section, range);
}

function nameOf(section: Section, fields: readonly string[]): string {
  return pathOf(section, find(section, fields)?.name ?? (fields[0] as string));
}

/** Fields about experts that change no dimension. */
const harmless: ReadonlySet<string> = new Set([
  "aux_loss_alpha",
  "decoder_sparse_step",
  "enable_moe_block",
  "expert_dtype",
  "experts_implementation",
  "latent_moe_use_norm",
  "moe_aux_loss_coef",
  "moe_renormalize",
  "moe_router_activation_func",
  "moe_router_scaling_factor",
  "moe_shared_expert_overlap",
  "n_groups",
  "norm_topk_prob",
  "output_router_logits",
  "router_aux_loss_coef",
  "router_jitter_noise",
  "router_z_loss_coef",
  "routed_scaling_factor",
  "routed_scaling",
  "top_k",
  "topk_method",
  "index_topk",
  "use_grouped_topk",
  "use_moe_router_bias",
]);

const understood: ReadonlySet<string> = new Set([...Object.values(names).flat(), ...layerRuleNames, ...harmless]);

const smell = /expert|moe|router|routed|topk|top_k/i;

/** A field that speaks of experts and is not understood could change the result: better no model than a wrong one. */
function refuseUnknown(section: Section): void {
  for (const name of section.fields.keys()) {
    if (smell.test(name) && !understood.has(name) && !isOff(fieldOf(section, name))) {
      throw new ConfigError(
        pathOf(section, name),
        `expected a field that is understood: this one speaks of experts, and what it does is not known here, got ${shown(fieldOf(section, name))}`,
      );
    }
  }
}

function isOff(value: unknown): boolean {
  return value === undefined || value === false || value === 0 || (Array.isArray(value) && value.length === 0);
}

/** Fields that only a model with experts has, beside no number of experts. */
function refuseOrphans(section: Section, stated: Found | undefined): void {
  if (stated !== undefined) return;
  const orphan = [...names.expertsPerToken, ...names.moeIntermediateSize, ...names.sharedExperts].find(
    (name) => !isOff(fieldOf(section, name)),
  );
  if (orphan !== undefined) missing(section, names.routedExperts, `a number of experts beside ${orphan}`);
}

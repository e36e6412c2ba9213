import { requirePositiveInteger } from "../checks";
import type { Hardware } from "../machine/hardware";
import type { Model } from "./model";

/**
 * What one GPU holds of a model whose matrices are cut over a group: each with its share of heads, widths and vocabulary.
 *
 *     heads / degree, widths of experts and feed-forward parts / degree, key and value heads / degree but at least one
 *
 * The latent cache of MLA, the router, the norms and the latent projections down stay whole on every GPU; groups of heads that
 * go through a rank to the output (DeepSeek V4) are dealt out with their heads. Linear mixers are not in the model's time, so
 * they are not cut either.
 *
 * @throws RangeError naming the field that the degree does not divide.
 */
export function tensorParallelShard(model: Model, degree: number): Model {
  requirePositiveInteger("tensorParallel", degree);
  if (degree === 1) return model;
  const cut = (field: "attentionHeads" | "outputGroups" | (typeof widths)[number]): number => {
    const whole = model[field] as number;
    if (whole % degree !== 0) throw new RangeError(`tensorParallel must divide ${field} (${whole} in ${model.id}), got ${degree}`);
    return whole / degree;
  };
  const attentionHeads = cut("attentionHeads");
  const { keyValueHeads } = model;
  if (keyValueHeads % degree !== 0 && degree % keyValueHeads !== 0) {
    throw new RangeError(
      `tensorParallel must divide keyValueHeads (${keyValueHeads} in ${model.id}) or be a multiple of it, got ${degree}`,
    );
  }
  return {
    ...model,
    attentionHeads,
    keyValueHeads: Math.max(1, keyValueHeads / degree),
    moeIntermediateSize: cut("moeIntermediateSize"),
    sharedIntermediateSize: cut("sharedIntermediateSize"),
    intermediateSize: cut("intermediateSize"),
    parallelIntermediateSize: cut("parallelIntermediateSize"),
    vocabSize: Math.ceil(model.vocabSize / degree),
    ...(model.outputGroups === undefined ? {} : { outputGroups: cut("outputGroups") }),
  };
}

const widths = ["moeIntermediateSize", "sharedIntermediateSize", "intermediateSize", "parallelIntermediateSize"] as const;

/** What a step asks of one GPU, where `tensorParallel` of them work on the same requests. */
export interface GroupQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  readonly requestsPerGpu: number;
  readonly tensorParallel?: number;
}

/**
 * The same question as one GPU of its group meets it: its share of the model, the requests of the whole group.
 *
 * The scale-up link joins so many fewer ranks of experts, since each rank is a group.
 *
 * @throws RangeError as tensorParallelShard, or when the scale-up link does not join the group.
 */
export function shareOf<Q extends GroupQuestion>(question: Q): Q {
  const { model, hardware, requestsPerGpu, tensorParallel = 1 } = question;
  if (tensorParallel === 1) return question;
  const shard = tensorParallelShard(model, tensorParallel);
  const domain = hardware.scaleUpDomain;
  if (domain !== undefined && tensorParallel > domain) {
    throw new RangeError(`tensorParallel must be at most the ${domain} that the link of ${hardware.id} joins, got ${tensorParallel}`);
  }
  return {
    ...question,
    model: shard,
    hardware: domain === undefined ? hardware : { ...hardware, scaleUpDomain: Math.floor(domain / tensorParallel) },
    requestsPerGpu: requestsPerGpu * tensorParallel,
  };
}

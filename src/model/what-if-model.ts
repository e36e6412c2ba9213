import { requirePositive } from "../checks";
import type { Block, ExpertsBlock } from "./blocks";
import { requireModel } from "./check-runs";
import { decoder } from "./decoder";
import type { Model } from "./model";

/** What may be changed of a model, one thing alone. */
export interface ModelChanges {
  /** Experts that each routed expert is split into; below one, so many fewer and wider ones. */
  readonly granularity: number;
}

/**
 * A model that does not exist: another with its routed experts split, so that granularity moves alone.
 *
 *     routed G, perToken G, width / G
 *
 * Parameters of the experts, total and active, are exactly the base's, and so are shared experts, mixers and all else. Only the router
 * grows, with the experts it chooses among (G routed hiddenSize a layer): a real price of granularity, and every router is active:
 * DeepSeek-V3's passes 1 % of its active parameters beyond four times as many experts. It is not said that such a model would be as good.
 *
 * @throws RangeError for a model without experts, a granularity that is not positive, or one by which experts cannot be split whole.
 * @example whatIfModel(model("deepseek-v3"), { granularity: 2 }).expertsPerToken // 16
 */
export function whatIfModel(base: Model, changes: ModelChanges): Model {
  requireModel("base", base);
  for (const name in changes) if (name !== "granularity") throw new RangeError(`unknown field "${name}"; nearest: granularity`);
  const { granularity } = changes;
  requirePositive("granularity", granularity);
  if (base.routedExperts === 0) throw new RangeError(`${base.id} has no experts to split`);
  if (granularity === 1) return base;
  const split = (block: Block) => (block.kind === "experts" ? splitExperts(block, granularity, base.id) : block);
  const { totalParameters: _, activeParameters: __, ...parts } = base;
  return decoder({
    ...parts,
    id: `${base.id}-granularity-${granularity}`,
    aliases: [],
    name: `${base.name}, experts split by ${granularity}`,
    runs: base.runs.map(({ count, blocks }) => ({ count, blocks: blocks.map(split) })),
  });
}

function splitExperts(block: ExpertsBlock, granularity: number, id: string): ExpertsBlock {
  const { routed, perToken, width, emptyExperts, groups } = block;
  const split = {
    routed: routed * granularity,
    perToken: perToken * granularity,
    width: width / granularity,
    emptyExperts: emptyExperts * granularity,
  };
  for (const name of ["routed", "perToken", "width", "emptyExperts"] as const) {
    if (!Number.isInteger(split[name]))
      throw new RangeError(`granularity must leave a whole ${name} (${id} has ${block[name]}), got ${granularity}: ${split[name]}`);
  }
  if (split.routed % groups !== 0)
    throw new RangeError(
      `granularity must leave as many experts in each of ${groups} groups (${id}), got ${granularity}: ${split.routed} experts`,
    );
  return { ...block, ...split, computedPerToken: block.computedPerToken * granularity };
}

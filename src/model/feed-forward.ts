import type { DenseBlock, ExpertsBlock } from "./blocks";

/** One product of a feed-forward part. */
export interface FeedForwardMatrix {
  readonly name: string;
  readonly part: "dense feed-forward" | "router" | "latent projection" | "routed expert" | "shared expert";
  readonly outputs: number;
  readonly inputs: number;
  /** How many of it one layer has. */
  readonly count: number;
  /** Kept and multiplied in BF16, whatever the format of the weights. */
  readonly bf16?: true;
}

/** Up, with the gate where there are three matrices, and down. */
function upAndDown(
  part: FeedForwardMatrix["part"],
  matrices: number,
  seen: number,
  width: number,
  count: number,
): readonly FeedForwardMatrix[] {
  if (width === 0) return [];
  const name = matrices === 3 ? "up and gate" : "up";
  return [
    { name, part, outputs: (matrices - 1) * width, inputs: seen, count },
    { name: "down", part, outputs: seen, inputs: width, count },
  ];
}

/**
 * The matrices of a feed-forward part, which are also its products.
 *
 * Experts: the router (its scores weigh the experts also where a table chooses them), two projections where experts see a narrower width, the routed and the shared experts.
 */
export function feedForwardMatrices(block: DenseBlock | ExpertsBlock, hiddenSize: number): readonly FeedForwardMatrix[] {
  if (block.kind === "dense") return upAndDown("dense feed-forward", block.matrices, hiddenSize, block.width, 1);
  const { routed, emptyExperts, inputWidth, matrices, width, sharedWidth } = block;
  const narrow = inputWidth < hiddenSize;
  return [
    { name: "router", part: "router", outputs: routed + emptyExperts, inputs: hiddenSize, count: 1, bf16: true },
    ...(narrow
      ? ([
          { name: "to the experts' width", part: "latent projection", outputs: inputWidth, inputs: hiddenSize, count: 1 },
          { name: "from the experts' width", part: "latent projection", outputs: hiddenSize, inputs: inputWidth, count: 1 },
        ] as const)
      : []),
    ...upAndDown("routed expert", matrices, inputWidth, width, routed),
    ...upAndDown("shared expert", matrices, hiddenSize, sharedWidth, 1),
  ];
}

/** Widths cut over GPUs, to the next whole number; the router, the projections and the number of experts stay whole. */
export function cutFeedForward<B extends DenseBlock | ExpertsBlock>(block: B, degree: number, expertDegree = degree): B {
  const cut = (width: number, by: number) => Math.ceil(width / by);
  if (block.kind === "dense") return { ...block, width: cut(block.width, degree) };
  return { ...block, width: cut(block.width, expertDegree), sharedWidth: cut(block.sharedWidth, degree) };
}

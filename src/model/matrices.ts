import { bf16Bytes, weightFormat } from "../machine/number-formats";
import { type Block, isMixer } from "./blocks";
import { type FeedForwardMatrix, feedForwardMatrices } from "./feed-forward";
import { mixerMatrices } from "./mixers/mixers";
import type { Model, ModelFormats } from "./model";

/** One kind of weight matrix of a model: y[outputs] = W[outputs, inputs] x[inputs]. */
export interface WeightMatrix {
  readonly name: string;
  readonly part: "attention" | "linear mixer" | FeedForwardMatrix["part"] | "embedding projection" | "head";
  readonly outputs: number;
  readonly inputs: number;
  /** How many of it the whole model has. */
  readonly count: number;
  /** Of these, how many one token uses: all, or its share of routed experts. */
  readonly active: number;
  /** Kept and multiplied in BF16, whatever the format of the weights. */
  readonly bf16?: true;
}

/** The matrices of one block, each kind once with its count. */
export function blockMatrices(block: Block, hiddenSize: number): readonly WeightMatrix[] {
  if (isMixer(block)) {
    const part = block.kind === "linear" ? "linear mixer" : "attention";
    return mixerMatrices(block, hiddenSize).map(({ stage: _, ...matrix }) => ({ ...matrix, part, count: 1, active: 1 }));
  }
  return feedForwardMatrices(block, hiddenSize).map((matrix) => {
    const share = block.kind === "experts" && matrix.part === "routed expert" ? block.computedPerToken / block.routed : 1;
    return { ...matrix, active: matrix.count * share };
  });
}

/** Width of the input embedding and of the head. */
export function tableWidth({ embeddingWidth, hiddenSize }: Pick<Model, "embeddingWidth" | "hiddenSize">): number {
  return embeddingWidth ?? hiddenSize;
}

/** What brings the input embedding to the residual stream, and the stream to the head, where their widths differ. */
export function embeddingProjections(
  model: Pick<Model, "embeddingWidth" | "hiddenSize">,
): readonly Pick<WeightMatrix, "name" | "outputs" | "inputs">[] {
  const [width, { hiddenSize }] = [tableWidth(model), model];
  if (width === hiddenSize) return [];
  return [
    { name: "embedding to residual stream", outputs: hiddenSize, inputs: width },
    { name: "residual stream to head", outputs: width, inputs: hiddenSize },
  ];
}

/**
 * The weight matrices of a decoder, each kind once with its count: the blocks of all runs, and the output head.
 *
 * Projections that kernels fuse are one matrix here: query, key and value; up and gate. Left out, so that bytes come out low:
 * norms, biases, convolutions of linear mixers, prediction modules, residual streams' mappings, encoders of pictures and sound;
 * together under 1 % of a released model, prediction modules apart.
 *
 * @example weightMatrices(model("mixtral-8x7b")).find(({ part }) => part === "router").count // 32
 */
export function weightMatrices(model: Pick<Model, "runs" | "hiddenSize" | "vocabSize" | "embeddingWidth">): readonly WeightMatrix[] {
  const found = new Map<string, WeightMatrix>();
  const add = (matrix: WeightMatrix) => {
    const { name, part, outputs, inputs, bf16 } = matrix;
    const key = [part, name, outputs, inputs, bf16].join("|");
    const before = found.get(key);
    found.set(
      key,
      before === undefined ? matrix : { ...matrix, count: before.count + matrix.count, active: before.active + matrix.active },
    );
  };
  for (const { count, blocks } of model.runs) {
    for (const block of blocks) {
      for (const matrix of blockMatrices(block, model.hiddenSize))
        add({ ...matrix, count: count * matrix.count, active: count * matrix.active });
    }
  }
  for (const { name, outputs, inputs } of embeddingProjections(model))
    add({ name, part: "embedding projection", outputs, inputs, count: 1, active: 1, bf16: true });
  add({ name: "head", part: "head", outputs: model.vocabSize, inputs: tableWidth(model), count: 1, active: 1, bf16: true });
  return [...found.values()];
}

/** Bytes of one weight of a matrix: BF16 of what stays wide, the experts' format of routed experts, the other of the rest. */
export function matrixElementBytes(matrix: Pick<WeightMatrix, "part" | "bf16">, formats: Pick<ModelFormats, "experts" | "rest">): number {
  if (matrix.bf16 === true) return bf16Bytes;
  return weightFormat(matrix.part === "routed expert" ? formats.experts : formats.rest).weightBytes;
}

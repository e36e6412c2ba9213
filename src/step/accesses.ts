import { requirePositive, requirePositiveInteger } from "../checks";
import { accessFact } from "../data/accesses";
import { bf16Bytes } from "../kernels/gemm";
import { type WeightFormat, type WeightFormatName, weightFormat } from "../machine/number-formats";
import { isMoe, type Model } from "../model/model";
import { type WeightMatrix, weightMatrices } from "../model/weights";
import { idleExpertShare } from "../routing/uniform";

/** What one kind of tensor asks of a GPU's memory in one decode step. */
export interface Access {
  readonly tensor: string;
  /** Bytes of one run that lies contiguous in memory and is read or written whole. */
  readonly runBytes: number;
  /** Bytes moved by the GPU in the step. */
  readonly bytes: number;
  /** Why a run is as long as it is. */
  readonly run: string;
}

/** One decode step of one GPU among `expertParallel`; each holds its own requests and their attention. */
export interface DecodeAccesses {
  readonly model: Model;
  readonly weightFormat: WeightFormatName;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly expertParallel: number;
  /** "dense" reads the whole context; "sparse" selects tokens as DeepSeek-V3.2 does (latent attention only). */
  readonly attention?: "dense" | "sparse";
}

/**
 * The contiguous runs of every tensor of a decode step, and the bytes that move in them.
 *
 * A weight matrix is one run: it is stored whole and read whole, by many processors at once. A
 * kernel asks for it in tiles, whose rows are shorter (see tileRowBytes); neighbouring tiles ask
 * for the neighbouring rows at the same time, so memory still sees long runs. The KV cache comes in
 * pages, a selected token alone, a routed token as one row of hidden size.
 *
 * Weights of routed experts count once for each expert expected active under uniform routing; on more
 * GPUs than experts this is the mean over them.
 * Head, embedding, router, keys and values are BF16, all other weights in the format given. Left
 * out: activations between kernels, workspaces, norms; sliding windows are read as full context,
 * and DeepSeek-V4's compressed cache, whose key is also its value, as plain keys and values (at least twice its bytes).
 *
 * @throws RangeError when a count is not a positive integer, or sparse attention has no latent cache.
 */
export function decodeAccesses(step: DecodeAccesses): readonly Access[] {
  requirePositiveInteger("requestsPerGpu", step.requestsPerGpu);
  requirePositiveInteger("contextTokens", step.contextTokens);
  requirePositiveInteger("expertParallel", step.expertParallel);
  const format = weightFormat(step.weightFormat);
  const accesses = [...weightAccesses(step, format), ...cacheAccesses(step), ...tokenAccesses(step, format)];
  return accesses.filter(({ bytes }) => bytes > 0);
}

/**
 * Bytes of one row of a tile that is `elements` wide: the run that a tiled kernel asks for when a matrix is stored by rows.
 *
 * @throws RangeError unless elements is a positive integer and elementBytes positive.
 */
export function tileRowBytes(elements: number, elementBytes: number): number {
  requirePositiveInteger("elements", elements);
  requirePositive("elementBytes", elementBytes);
  return elements * elementBytes;
}

function weightAccesses({ model, requestsPerGpu, expertParallel }: DecodeAccesses, format: WeightFormat): readonly Access[] {
  const active = isMoe(model) ? (1 - idleExpertShare(requestsPerGpu * expertParallel, model)) / expertParallel : 0;
  const access = (matrix: WeightMatrix): Access => {
    const elementBytes = matrix.part === "head" || matrix.part === "router" ? bf16Bytes : format.weightBytes;
    const runBytes = matrix.outputs * matrix.inputs * elementBytes;
    const share = matrix.part === "routed expert" ? active : 1;
    const tensor = matrix.part === matrix.name ? matrix.name : `${matrix.part}: ${matrix.name}`;
    return { tensor, runBytes, bytes: runBytes * matrix.count * share, run: "one weight matrix" };
  };
  return weightMatrices(model).map(access);
}

function cacheAccesses(step: DecodeAccesses): readonly Access[] {
  const { model, requestsPerGpu, contextTokens, attention = "dense" } = step;
  const reads = requestsPerGpu * model.attentionLayers;
  if (model.kvLoraRank === undefined) {
    if (attention === "sparse") throw new RangeError(`attention must be "dense" for ${model.id}: it has no latent cache to select from`);
    const tokenBytes = model.keyValueHeads * model.headDim * bf16Bytes;
    const runBytes = accessFact("gqa-page", "tokens") * tokenBytes;
    return [{ tensor: "KV cache", runBytes, bytes: 2 * tokenBytes * contextTokens * reads, run: "one page of keys, or of values" }];
  }
  if (attention === "dense") {
    const tokenBytes = (model.kvLoraRank + (model.qkRopeHeadDim ?? 0)) * bf16Bytes;
    return [
      {
        tensor: "KV cache",
        runBytes: accessFact("mla-page", "tokens") * tokenBytes,
        bytes: tokenBytes * contextTokens * reads,
        run: "one page of latents",
      },
    ];
  }
  const selected = Math.min(contextTokens, accessFact("sparse-attention-row", "selectedTokens"));
  const rowBytes = accessFact("sparse-attention-row", "bytes");
  const keyBytes = accessFact("index-key", "bytes");
  return [
    { tensor: "selected KV rows", runBytes: rowBytes, bytes: rowBytes * selected * reads, run: "one selected token" },
    {
      tensor: "index keys",
      runBytes: accessFact("mla-page", "tokens") * keyBytes,
      bytes: keyBytes * contextTokens * reads,
      run: "one page of index keys",
    },
  ];
}

function tokenAccesses({ model, requestsPerGpu }: DecodeAccesses, format: WeightFormat): readonly Access[] {
  const embeddingBytes = model.hiddenSize * bf16Bytes;
  const embedding = { tensor: "embedding rows", runBytes: embeddingBytes, bytes: embeddingBytes * requestsPerGpu, run: "one token" };
  const copies = requestsPerGpu * model.expertsPerToken * model.moeLayers;
  const dispatchBytes = model.expertHiddenSize * format.activationBytes;
  const combineBytes = model.expertHiddenSize * bf16Bytes;
  return [
    embedding,
    { tensor: "dispatched rows", runBytes: dispatchBytes, bytes: dispatchBytes * copies, run: "one token" },
    { tensor: "combined rows", runBytes: combineBytes, bytes: combineBytes * copies, run: "one token" },
  ];
}

import { requirePositive, requirePositiveInteger } from "../checks";
import { bf16Bytes, type WeightFormat, weightFormat } from "../machine/number-formats";
import { type ExpertsBlock, isMixer } from "../model/blocks";
import { matrixElementBytes, tableWidth, type WeightMatrix, weightMatrices } from "../model/matrices";
import { mixerWork } from "../model/mixers/mixers";
import { withSelection } from "../model/selection";
import { tensorParallelShard } from "../model/shard";
import { anyMachine, type ResolvedQuestion, resolveQuestion, type StepQuestion } from "./question";

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

/** One decode step of one GPU: the record of a step; the machine matters only for the formats it multiplies in. */
export interface DecodeAccesses extends Omit<StepQuestion, "hardware"> {
  readonly hardware?: StepQuestion["hardware"];
  /** "dense" reads the whole context of latent attention; "sparse" selects tokens as DeepSeek-V3.2 does; as the model does if left out. */
  readonly attention?: "dense" | "sparse";
}

/**
 * The contiguous runs of every tensor of a decode step, and the bytes that move in them.
 *
 * A weight matrix is one run: it is stored whole and read whole, by many processors at once. A
 * kernel asks for it in tiles, whose rows are shorter (see tileRowBytes); neighbouring tiles ask
 * for the neighbouring rows at the same time, so memory still sees long runs. The KV cache comes in
 * pages, a selected token alone, a routed token as one row of hidden size, a state whole for each head.
 *
 * Weights of routed experts count once for each expert expected active under uniform routing; on more
 * GPUs than experts this is the mean over them. Head, embedding and router are BF16, other weights in the formats of the release or
 * those asked for. Left out: activations between kernels, workspaces, norms, scores of an indexer.
 *
 * @throws RangeError as resolveQuestion, or when sparse attention has no latent cache.
 * @example decodeAccesses({ model: model("deepseek-v3"), requestsPerGpu: 128, contextTokens: 4096, expertParallel: 128 }).length // kinds of tensors
 */
export function decodeAccesses(question: DecodeAccesses): readonly Access[] {
  const { attention, ...step } = question;
  const model = attention === undefined ? question.model : withSelection(question.model, attention);
  const resolved = resolveQuestion({ hardware: anyMachine, ...step, model });
  const share = { ...resolved, model: tensorParallelShard(model, resolved.tensorParallel, resolved.expertTensorParallel) };
  return [...weightAccesses(share), ...cacheAccesses(share), ...tokenAccesses(share)];
}

/**
 * Bytes of one row of a tile that is `elements` wide: the run that a tiled kernel asks for when a matrix is stored by rows.
 *
 * @throws RangeError unless elements is a positive integer and elementBytes positive.
 * @example tileRowBytes(128, 1) // 128
 */
export function tileRowBytes(elements: number, elementBytes: number): number {
  requirePositiveInteger("elements", elements);
  requirePositive("elementBytes", elementBytes);
  return elements * elementBytes;
}

function weightAccesses({ model, requests, expertParallel, formats }: ResolvedQuestion): readonly Access[] {
  // Of experts that a token goes to, those that compute nothing have no weights to read.
  const touched = ({ active, count }: WeightMatrix) => (1 - (1 - active / count) ** requests) / expertParallel;
  const access = (matrix: WeightMatrix): Access => {
    const runBytes = matrix.outputs * matrix.inputs * matrixElementBytes(matrix, formats);
    const share = matrix.part === "routed expert" ? touched(matrix) : 1;
    const tensor = matrix.part === matrix.name ? matrix.name : `${matrix.part}: ${matrix.name}`;
    return { tensor, runBytes, bytes: runBytes * matrix.count * share, run: "one weight matrix" };
  };
  return weightMatrices(model).map(access);
}

/** What mixers read, and of states what they write back; equal tensors of equal runs are one access. */
function cacheAccesses({ model, groupRequests, contextTokens, formats }: ResolvedQuestion): readonly Access[] {
  const found = new Map<string, Access>();
  for (const { count, blocks } of model.runs) {
    for (const block of blocks) {
      if (!isMixer(block)) continue;
      const question = { contextTokens, newTokens: 1, cacheFormat: formats.cache, phase: "decode" } as const;
      for (const { tensor, runBytes, run, readBytes, writtenBytes, part } of mixerWork(block, question)) {
        const bytes = (readBytes + (part === "recurrence" ? writtenBytes : 0)) * groupRequests * count;
        const key = `${tensor} ${runBytes}`;
        found.set(key, { tensor, runBytes, run, bytes: bytes + (found.get(key)?.bytes ?? 0) });
      }
    }
  }
  return [...found.values()];
}

function tokenAccesses({ model, groupRequests, formats }: ResolvedQuestion): readonly Access[] {
  const embeddingBytes = tableWidth(model) * bf16Bytes;
  const embedding = { tensor: "embedding rows", runBytes: embeddingBytes, bytes: embeddingBytes * groupRequests, run: "one token" };
  // As they lie in memory, scales with them; a message on its way has a header too (messageBytes).
  const format: WeightFormat = weightFormat(formats.experts);
  const rows = new Map<number, number>();
  for (const { count, blocks } of model.runs)
    for (const block of blocks)
      if (block.kind === "experts") rows.set(block.inputWidth, (rows.get(block.inputWidth) ?? 0) + count * copies(block));
  return [
    embedding,
    ...[...rows].flatMap(([width, perRequest]) => [
      {
        tensor: "dispatched rows",
        runBytes: width * format.activationBytes,
        bytes: width * format.activationBytes * perRequest * groupRequests,
        run: "one token",
      },
      { tensor: "combined rows", runBytes: width * bf16Bytes, bytes: width * bf16Bytes * perRequest * groupRequests, run: "one token" },
    ]),
  ];
}

const copies = ({ computedPerToken }: ExpertsBlock): number => computedPerToken;

/**
 * Share of a step's bytes that lie in runs no longer than a length.
 *
 * @example shareInRunsUpTo(decodeAccesses({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"),
 *   requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }), 65536) // a share of the step's bytes
 */
export function shareInRunsUpTo(accesses: readonly Access[], runBytes: number): number {
  const total = accesses.reduce((sum, a) => sum + a.bytes, 0);
  return accesses.filter((a) => a.runBytes <= runBytes).reduce((sum, a) => sum + a.bytes, 0) / total;
}

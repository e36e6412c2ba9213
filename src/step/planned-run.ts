import { type AttentionPlan, attentionPlan } from "../kernels/attention/attention-plan";
import type { MixerPhase } from "../kernels/attention/mixer-demand";
import { decodeAttentionKernel, prefillAttention } from "../kernels/default-attention";
import type { Hardware } from "../machine/hardware";
import { type WeightFormatName, weightFormat } from "../machine/number-formats";
import { type Block, type ExpertsBlock, isMixer, type Mixer, type Run } from "../model/blocks";
import { feedForwardMatrices } from "../model/feed-forward";
import { mixerMatrices } from "../model/mixers/mixers";
import { paddedBlock } from "../model/padded";
import { cutBlock } from "../model/shard";
import { type CollectivePlan, normPlan } from "./communication";
import { type Engine, type EngineConstants, engineTime } from "./engine";
import { type Product, type ProductKernels, type ProductPlan, productPlan } from "./products";
import type { ResolvedQuestion } from "./question";
import { betweenTask, type DecodeTask, type LastTasks } from "./task";

/** A mixer as one GPU holds it: its products and its core, all choices made. */
export interface PlannedMixer {
  readonly last: LastTasks;
  readonly block: Mixer;
  readonly projections: ProductPlan;
  /** Of an indexer that scores in this layer. */
  readonly indexer: ProductPlan | undefined;
  readonly output: ProductPlan;
  /** Norms of queries and keys over heads that other GPUs hold; absent where each head is normed for itself. */
  readonly norms: CollectivePlan | undefined;
  /** The core: its kernel and time. */
  readonly core: AttentionPlan;
  /** The same where prompts are taken in. */
  readonly prefill: AttentionPlan;
}

/** A feed-forward part as one GPU holds it: products outside the routed experts. */
export interface PlannedFeedForward {
  readonly last: LastTasks;
  readonly block: Exclude<Block, Mixer>;
  readonly dense: ProductPlan | undefined;
  readonly router: ProductPlan | undefined;
  /** To and from the experts' width. */
  readonly narrow: ProductPlan | undefined;
  readonly shared: ProductPlan | undefined;
}

/** A block as one GPU holds it. */
export type PlannedBlock = PlannedMixer | PlannedFeedForward;

/** Layers that are alike, as one GPU holds them. */
export interface PlannedRun {
  readonly count: number;
  readonly blocks: readonly PlannedBlock[];
  /** Mixers, and one for all feed-forward parts: what the time between kernels is counted by. */
  readonly parts: number;
  /** Latent mixers without an indexer, mixers with one that scores, and linear ones. */
  readonly latent: number;
  readonly sparse: number;
  readonly linear: number;
  /** Parts before whose products the input is brought into fewer bits. */
  readonly quantized: number;
  readonly experts: ExpertsBlock | undefined;
  /** The engine's time between the kernels of a layer; absent where it is none. */
  readonly between: DecodeTask | undefined;
}

/** The runs of a model as one GPU holds them, with the kernels of their mixers; blocks that are alike are one record. */
export function planRuns(question: ResolvedQuestion, runs: readonly Run[], kernels: ProductKernels): readonly PlannedRun[] {
  const known = new Map<string, PlannedBlock>();
  const ofEngine = engineTime(question.engine, question.hardware);
  return runs.map((run) => {
    const blocks = run.blocks.map((block) => {
      const key = JSON.stringify(block);
      const planned = known.get(key) ?? plannedBlock(question, block, kernels);
      known.set(key, planned);
      return planned;
    });
    return plannedRun(run, blocks, ofEngine, question);
  });
}

function plannedBlock(question: ResolvedQuestion, block: Block, kernels: ProductKernels): PlannedBlock {
  const { tensorParallel, expertTensorParallel, model } = question;
  const share = cutBlock(paddedBlock(block, tensorParallel), { tensorParallel, expertTensorParallel });
  return isMixer(share) ? plannedMixer(question, share, kernels) : plannedFeedForward(share, model.hiddenSize, kernels);
}

function plannedMixer(question: ResolvedQuestion, mixer: Mixer, kernels: ProductKernels): PlannedMixer {
  const all = mixerMatrices(mixer, question.model.hiddenSize);
  const of = (stage: (typeof all)[number]["stage"]): readonly Product[] => all.filter((matrix) => matrix.stage === stage);
  const indexer = of("indexer");
  return {
    last: nothingYet(),
    block: mixer,
    projections: productPlan("attention projections", kernels, of("projections"), kernelsBeside(mixer)),
    indexer: indexer.length === 0 ? undefined : productPlan("indexer", kernels, indexer, 1),
    output: productPlan("output projection", kernels, of("output"), 0),
    norms: normsOf(mixer, question, kernels),
    core: coreOf(mixer, question, "decode"),
    prefill: coreOf(mixer, question, "prefill"),
  };
}

/** Kernels beside a mixer's products: norm of the input, norms of latents. Rotation and the write to the cache are in the core's time. */
export function kernelsBeside(mixer: Mixer): number {
  return mixer.kind === "latent" || mixer.kind === "compressed" || ("queryRank" in mixer && mixer.queryRank !== undefined) ? 2 : 1;
}

/** Norms over all heads of queries and keys, as far as GPUs share the heads. */
function normsOf(mixer: Mixer, question: ResolvedQuestion, { launchSeconds }: ProductKernels): CollectivePlan | undefined {
  if (mixer.kind !== "grouped" || mixer.normAcrossHeads !== true || question.tensorParallel === 1) return undefined;
  return normPlan(question, (mixer.heads + mixer.keyValueHeads) * mixer.headDim, launchSeconds);
}

/** The core of a mixer, read cold: other layers have run since. Without an engine, as in training, it is the families' choice. */
export function coreOf(
  mixer: Mixer,
  { model, hardware, formats, engine }: Pick<ResolvedQuestion, "model" | "hardware" | "formats"> & { readonly engine: Engine | undefined },
  phase: MixerPhase,
): AttentionPlan {
  const options = {
    phase,
    part: "core",
    cacheFormat: formats.cache,
    weightFormat: "bfloat16",
    arithmetic: "bfloat16",
    warm: false,
    hiddenSize: model.hiddenSize,
  } as const;
  if (engine === undefined) return attentionPlan(mixer, hardware, options);
  if (phase === "prefill")
    return attentionPlan(mixer, hardware, { ...options, ...prefillAttention(mixer, engine, hardware, formats.cache) });
  const kernel = decodeAttentionKernel(mixer, engine, hardware, formats.cache);
  return attentionPlan(mixer, hardware, kernel === undefined ? options : { ...options, kernel });
}

function plannedFeedForward(block: PlannedFeedForward["block"], hiddenSize: number, kernels: ProductKernels): PlannedFeedForward {
  const all = feedForwardMatrices(block, hiddenSize);
  const of = (part: (typeof all)[number]["part"], task: Parameters<typeof productPlan>[0], besides: number) => {
    const products = all.filter((matrix) => matrix.part === part);
    return products.length === 0 ? undefined : productPlan(task, kernels, products, besides);
  };
  return {
    last: nothingYet(),
    block,
    dense: of("dense feed-forward", "dense feed-forward", 2),
    // Beside it the norm of the input, and the choice of the experts.
    router: of("router", "router", 2),
    narrow: of("latent projection", "latent projections", 0),
    shared: of("shared expert", "shared expert", 2),
  };
}

/** No tasks yet: those of the last rows are kept for layers that share a block. */
export const nothingYet = (): LastTasks => ({ plan: undefined, passing: undefined, tasks: undefined });

function plannedRun({ count }: Run, blocks: readonly PlannedBlock[], ofEngine: EngineConstants, question: ResolvedQuestion): PlannedRun {
  const own = blocks.map(({ block }) => block);
  const mixers = own.filter(isMixer).length;
  const experts = own.find((block): block is ExpertsBlock => block.kind === "experts");
  const sparse = own.filter((block) => "indexer" in block && block.indexer?.scores === true).length;
  const latent = own.filter((block) => block.kind === "latent" && block.indexer === undefined).length;
  const linear = own.filter(({ kind }) => kind === "linear").length;
  const besides = mixers < blocks.length ? 1 : 0;
  const parts = mixers + besides;
  const { formats, hardware: machine } = question;
  const ofFeedForward = experts === undefined ? formats.rest : formats.experts;
  const quantized = (timesQuantizing(formats.rest, machine) ? mixers : 0) + (timesQuantizing(ofFeedForward, machine) ? besides : 0);
  const seconds = betweenSeconds(ofEngine, { parts, latent, sparse, linear, quantized });
  return { count, blocks, parts, latent, sparse, linear, quantized, experts, between: seconds > 0 ? betweenTask(seconds) : undefined };
}

/** Whether the input of a product in a format is brought into fewer bits than BF16 has, by a kernel before it. */
export const quantizes = (format: WeightFormatName): boolean =>
  weightFormat(format).activationBytes < weightFormat("bfloat16").activationBytes;

/** Whether a time was measured for that: on AMD's machines for FP8 in blocks alone, whose time says nothing of one scale for a matrix. */
const timesQuantizing = (format: WeightFormatName, { vendor }: Pick<Hardware, "vendor">): boolean =>
  vendor === "AMD" ? format === "fp8_block" : quantizes(format);

/** The engine's time between the kernels of one layer: half for each of its parts, half more for each that quantizes, and for mixers by their kind. */
export function betweenSeconds(
  { layerSeconds, quantizedSeconds, latentSeconds, sparseSeconds, linearSeconds }: EngineConstants,
  { parts, latent, sparse, linear, quantized }: Pick<PlannedRun, "parts" | "latent" | "sparse" | "linear" | "quantized">,
): number {
  const ofParts = (layerSeconds * parts + quantizedSeconds * quantized) / 2;
  return ofParts + latentSeconds * latent + sparseSeconds * sparse + linearSeconds * linear;
}

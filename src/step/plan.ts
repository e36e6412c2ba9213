import { type AttentionPlan, attentionPlan } from "../kernels/attention/attention-plan";
import type { MixerPhase } from "../kernels/attention/mixer-demand";
import { decodeAttentionKernel } from "../kernels/default-attention";
import { defaultExpertKernel } from "../kernels/default-experts";
import { launch } from "../kernels/launch";
import { type Block, type ExpertsBlock, isMixer, type Mixer, type Run } from "../model/blocks";
import { type FeedForwardMatrix, feedForwardMatrices } from "../model/feed-forward";
import { mixerMatrices } from "../model/mixers/mixers";
import type { BlockMatrix } from "../model/mixers/rules";
import { paddedBlock } from "../model/padded";
import { cutBlock } from "../model/shard";
import { carriedOf } from "./carried";
import { type EngineTime, engineTime } from "./engine";
import { type Product, type ProductKernels, productKernels } from "./products";
import type { ResolvedQuestion } from "./question";

/** A block as one GPU holds it, and its products by what they are of. */
export interface PlannedBlock {
  readonly block: Block;
  readonly matrices: Readonly<Record<string, readonly (BlockMatrix | FeedForwardMatrix)[]>>;
  /** The core of a mixer: its kernel and time. */
  readonly core?: AttentionPlan;
  /** The same where prompts are taken in. */
  readonly prefill?: AttentionPlan;
}

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
  readonly experts: ExpertsBlock | undefined;
}

/** What stays the same for every number of requests and tokens: kernels, and the share of the model that one GPU holds. */
export interface Setup {
  readonly kernels: ProductKernels;
  /** Of the routed experts. */
  readonly kernel: string;
  readonly runs: readonly PlannedRun[];
  readonly engineTime: EngineTime;
  /** Heads that the degree does not divide stand padded. */
  readonly padded: boolean;
  /** This GPU's share of the vocabulary, as a product. */
  readonly vocabulary: readonly Product[];
  /** What was not measured on the machine's generation, in words. */
  readonly carried: readonly string[];
}

/** A question and what stands ready for it. */
export interface Plan extends ResolvedQuestion, Setup {}

const remembered = new WeakMap<object, Map<string, Setup>>();
/** More set-ups than a search over one model's deployments has; beyond them the oldest go. */
const mostRemembered = 4096;

/** The plan of a question; what does not depend on counts is remembered by model, machine, split, formats, kernel and engine. */
export function planOf(question: ResolvedQuestion, kernel: string | undefined): Plan {
  const { model, hardware, formats, tensorParallel, expertTensorParallel, dataParallel, expertParallel, engine } = question;
  const exchanges = dataParallel > 1 && expertParallel > 1;
  const chosen =
    kernel ??
    defaultExpertKernel({
      hardware,
      format: formats.experts,
      exchanges,
      engine: question.engineAsked ? engine : undefined,
      matrices: model.expertMatrices,
    });
  let ofModel = remembered.get(model);
  if (ofModel === undefined) {
    ofModel = new Map();
    remembered.set(model, ofModel);
  }
  const key = `${hardwareKey(hardware)} ${tensorParallel} ${expertTensorParallel} ${formats.experts} ${formats.rest} ${formats.cache} ${question.lentLinks} ${engine} ${chosen}`;
  let setup = ofModel.get(key);
  if (setup === undefined) {
    setup = setUp(question, chosen);
    if (ofModel.size >= mostRemembered) ofModel.clear();
    ofModel.set(key, setup);
  }
  // Field by field: a spread of two records this wide takes longer than the rest of a plan.
  return {
    model,
    hardware,
    lentLinks: question.lentLinks,
    gpus: question.gpus,
    tensorParallel,
    dataParallel,
    expertParallel,
    expertTensorParallel,
    expertSlots: question.expertSlots,
    requests: question.requests,
    groupRequests: question.groupRequests,
    contextTokens: question.contextTokens,
    formats,
    engine,
    engineAsked: question.engineAsked,
    draftTokens: question.draftTokens,
    acceptance: question.acceptance,
    promptTokens: question.promptTokens,
    routing: question.routing,
    overlap: question.overlap,
    waiting: question.waiting,
    kernel: setup.kernel,
    kernels: setup.kernels,
    runs: setup.runs,
    engineTime: setup.engineTime,
    vocabulary: setup.vocabulary,
    padded: setup.padded,
    carried: setup.carried,
  };
}

const numbered = new WeakMap<object, number>();
let count = 0;

/** A number for each machine's record: two records of one id may differ. */
function hardwareKey(hardware: object): number {
  let number = numbered.get(hardware);
  if (number === undefined) {
    number = count++;
    numbered.set(hardware, number);
  }
  return number;
}

function setUp(question: ResolvedQuestion, kernel: string): Setup {
  const { model, hardware, formats, tensorParallel, engine } = question;
  const made = {
    kernel,
    kernels: productKernels(hardware, formats.rest, launch("graph", hardware).seconds, engine),
    runs: model.runs.map((run) => planRun(question, run)),
    engineTime: engineTime(engine, hardware),
    vocabulary: [{ outputs: Math.ceil(model.vocabSize / tensorParallel), inputs: model.hiddenSize, bf16: true as const }],
    padded: model.runs.some(({ blocks }) => blocks.some((block) => paddedBlock(block, tensorParallel) !== block)),
  };
  return { ...made, carried: carriedOf(question, made) };
}

/** Layers that are alike as one GPU holds them, with the kernels of their mixers. */
export function planRun(question: ResolvedQuestion, run: Run): PlannedRun {
  const { tensorParallel, expertTensorParallel, model } = question;
  const planned = (block: Block): PlannedBlock => {
    const share = cutBlock(paddedBlock(block, tensorParallel), { tensorParallel, expertTensorParallel });
    const matrices = matricesOf(share, model.hiddenSize);
    if (!isMixer(share)) return { block: share, matrices };
    return { block: share, matrices, core: coreOf(share, question, "decode"), prefill: coreOf(share, question, "prefill") };
  };
  return plannedRun(run, run.blocks.map(planned));
}

/** The core of a mixer, read cold: other layers have run since. */
function coreOf(
  mixer: Mixer,
  { model, hardware, formats, engine }: ResolvedQuestion,
  phase: MixerPhase,
): NonNullable<PlannedBlock["core"]> {
  const options = {
    phase,
    part: "core",
    cacheFormat: formats.cache,
    weightFormat: "bfloat16",
    arithmetic: "bfloat16",
    warm: false,
  } as const;
  const kernel = phase === "decode" ? decodeAttentionKernel(mixer, engine, hardware, formats.cache) : undefined;
  const chosen = kernel === undefined ? options : { ...options, kernel };
  return attentionPlan(mixer, hardware, { ...chosen, hiddenSize: model.hiddenSize });
}

function plannedRun({ count }: Run, blocks: readonly PlannedBlock[]): PlannedRun {
  const mixers = blocks.filter(({ block }) => isMixer(block)).length;
  const experts = blocks.map(({ block }) => block).find((block): block is ExpertsBlock => block.kind === "experts");
  const sparse = blocks.filter(({ block }) => "indexer" in block && block.indexer?.scores === true).length;
  const latent = blocks.filter(({ block }) => block.kind === "latent" && block.indexer === undefined).length;
  const linear = blocks.filter(({ block }) => block.kind === "linear").length;
  return { count, blocks, parts: mixers + (mixers < blocks.length ? 1 : 0), latent, sparse, linear, experts };
}

function matricesOf(block: Block, hiddenSize: number): PlannedBlock["matrices"] {
  const all = isMixer(block) ? mixerMatrices(block, hiddenSize) : feedForwardMatrices(block, hiddenSize);
  const groups: Record<string, (BlockMatrix | FeedForwardMatrix)[]> = {};
  for (const matrix of all) {
    const name = "stage" in matrix ? matrix.stage : matrix.part;
    const group = groups[name];
    if (group === undefined) groups[name] = [matrix];
    else group.push(matrix);
  }
  return groups;
}

import { defaultExpertKernel } from "../kernels/default-experts";
import { launch } from "../kernels/launch";
import type { Hardware } from "../machine/hardware";
import type { ExpertsBlock } from "../model/blocks";
import { embeddingProjections, tableWidth } from "../model/matrices";
import { paddedModel } from "../model/padded";
import { carriedOf } from "./carried";
import { type CollectivePlan, collectivePlan, dispatches, exchangeMachine } from "./communication";
import { type EngineTime, engineTime, type UnmeasuredTime, unmeasuredTimes } from "./engine";
import type { HeldShare } from "./memory-footprint";
import { type PlannedRun, planRuns } from "./planned-run";
import { type ProductKernels, type ProductPlan, productKernels, productPlan } from "./products";
import type { ResolvedQuestion } from "./question";
import type { RoutedPlan } from "./routed-plan";

/** What stays the same for every number of requests and tokens, and however experts and requests are dealt out: kernels, and the share of the model that one GPU holds. */
interface Share {
  readonly kernels: ProductKernels;
  /** Of the routed experts. */
  readonly kernel: string;
  readonly runs: readonly PlannedRun[];
  readonly engineTime: EngineTime;
  /** Of those times, what falls due although no step of the engine had it. */
  readonly unmeasured: readonly UnmeasuredTime[];
  /** Heads that the degree does not divide stand padded. */
  readonly padded: boolean;
  /** The product with this GPU's share of the vocabulary, and its norm; what projects a narrower embedding stands with it. */
  readonly head: ProductPlan;
  /** The all-reduce of an attention group over its rows; absent where the group is one GPU. */
  readonly reduce: CollectivePlan | undefined;
  /** The machine as ranks of experts see it: its link joins whole attention groups. */
  readonly exchangeMachine: Hardware;
  /** What was not measured on the machine's generation, in words. */
  readonly carried: readonly string[];
}

/** What stays the same for every number of requests and tokens. */
export interface Setup extends Share {
  /** What of the routed experts was asked for so far, by their block. */
  readonly routed: Map<ExpertsBlock, RoutedPlan>;
  /** What stands in a GPU's memory whatever the requests, once it was asked for. */
  readonly memory: { held: HeldShare | undefined };
}

/** A question and what stands ready for it. */
export interface Plan extends ResolvedQuestion, Setup {}

/** The set-ups of a model: the last that was asked for, and all by what they depend on. */
interface Remembered {
  readonly shares: Map<string, Share>;
  readonly setups: Map<string, Setup>;
  last: { readonly question: ResolvedQuestion; readonly setup: Setup } | undefined;
}

const remembered = new WeakMap<object, Remembered>();
/** More set-ups than a search over one model's deployments has; beyond them all go. */
const mostRemembered = 4096;

/** Whether two questions on one model have the same set-up, as far as can be told at a glance. */
function alike(a: ResolvedQuestion, b: ResolvedQuestion): boolean {
  return (
    a.hardware === b.hardware &&
    a.tensorParallel === b.tensorParallel &&
    a.dataParallel === b.dataParallel &&
    a.expertParallel === b.expertParallel &&
    a.expertSlots === b.expertSlots &&
    a.routing === b.routing &&
    a.engine === b.engine &&
    a.engineAsked === b.engineAsked &&
    a.kernelAsked === b.kernelAsked &&
    a.formats.experts === b.formats.experts &&
    a.formats.rest === b.formats.rest &&
    a.formats.cache === b.formats.cache
  );
}

function rememberedOf(model: object): Remembered {
  let ofModel = remembered.get(model);
  if (ofModel === undefined) {
    ofModel = { shares: new Map(), setups: new Map(), last: undefined };
    remembered.set(model, ofModel);
  }
  return ofModel;
}

function setupOf(question: ResolvedQuestion): Setup {
  const ofModel = rememberedOf(question.model);
  const { last } = ofModel;
  if (last !== undefined && alike(last.question, question)) return last.setup;
  const { hardware, model, formats, tensorParallel, expertTensorParallel, engine } = question;
  const chosen =
    question.kernelAsked ??
    defaultExpertKernel({
      hardware,
      format: formats.experts,
      exchanges: dispatches(question),
      engine: question.engineAsked ? engine : undefined,
      matrices: model.expertMatrices,
      architecture: model.architecture,
    });
  const shareKey = `${hardwareKey(hardware)} ${tensorParallel} ${expertTensorParallel} ${formats.experts} ${formats.rest} ${formats.cache} ${question.lentLinks} ${engine} ${chosen}`;
  const { dataParallel, expertSlots, routing } = question;
  const setup = kept(ofModel.setups, `${dataParallel} ${expertSlots} ${routing} ${shareKey}`, () => ({
    routed: new Map(),
    memory: { held: undefined },
    ...kept(ofModel.shares, shareKey, () => share(question, chosen)),
  }));
  ofModel.last = { question, setup };
  return setup;
}

/** What a map has for a key, made if it has none. */
function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const before = map.get(key);
  if (before !== undefined) return before;
  const made = make();
  if (map.size >= mostRemembered) map.clear();
  map.set(key, made);
  return made;
}

/** The plan of a question; what does not depend on counts is remembered by model, machine, split, formats, kernel and engine. */
export function planOf(question: ResolvedQuestion): Plan {
  const setup = setupOf(question);
  // Field by field: a spread of two records this wide takes longer than the rest of a plan.
  return {
    model: question.model,
    hardware: question.hardware,
    lentLinks: question.lentLinks,
    gpus: question.gpus,
    tensorParallel: question.tensorParallel,
    dataParallel: question.dataParallel,
    expertParallel: question.expertParallel,
    expertTensorParallel: question.expertTensorParallel,
    expertSlots: question.expertSlots,
    requests: question.requests,
    groupRequests: question.groupRequests,
    contextTokens: question.contextTokens,
    formats: question.formats,
    engine: question.engine,
    engineAsked: question.engineAsked,
    kernelAsked: question.kernelAsked,
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
    unmeasured: setup.unmeasured,
    head: setup.head,
    reduce: setup.reduce,
    exchangeMachine: setup.exchangeMachine,
    routed: setup.routed,
    memory: setup.memory,
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

function share(question: ResolvedQuestion, kernel: string): Share {
  const { model, hardware, formats, tensorParallel, engine } = question;
  const kernels = productKernels(hardware, formats.rest, launch("graph", hardware).seconds, engine);
  const vocabulary = { outputs: Math.ceil(model.vocabSize / tensorParallel), inputs: tableWidth(model), bf16: true as const };
  const projections = embeddingProjections(model).map((matrix) => ({ ...matrix, bf16: true as const }));
  const runs = planRuns(question, model.runs, kernels);
  const ofEngine = engineTime(engine, hardware);
  const made = {
    kernel,
    kernels,
    runs,
    engineTime: ofEngine,
    unmeasured: unmeasuredTimes(ofEngine, runs),
    head: productPlan("head", kernels, [...projections, vocabulary], 1),
    reduce: tensorParallel > 1 ? collectivePlan("all-reduce", question, model.hiddenSize, tensorParallel) : undefined,
    exchangeMachine: exchangeMachine(question),
    padded: paddedModel(model, tensorParallel) !== model,
  };
  return { ...made, carried: carriedOf(question, made) };
}

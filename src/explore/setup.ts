import {
  type DecodeStep,
  decodeStep,
  fittingRequests,
  formatBytes,
  formatCount,
  formatNumber,
  type Hardware,
  isMoe,
  kernelFamily,
  type Model,
  hardware as machineOf,
  memoryFootprint,
  type StepQuestion,
  servedFormats,
  type WeightFormatName,
  weightFormatWords,
} from "../index";
import { answerNotes } from "./answer-notes";
import { gpuLimit, measuredFormats, nearestSplit, unfitFormat, unfitKernel } from "./options";
import { bearingOn, calibrationNote, type RowsCalibration } from "./rows-calibration";
import type { Choice } from "./state";
import { whatIf } from "./what-if";

/** A choice with everything filled in, as the model computes it, and in words what had to give way. */
export interface Setup {
  readonly choice: Choice;
  readonly model: Model;
  readonly hardware: Hardware;
  /** What a step is asked: the page, its figures, its cell and the search ask in the same words. */
  readonly question: StepQuestion;
  readonly kernel: string;
  readonly weightFormat: WeightFormatName;
  readonly cacheFormat: string;
  readonly engine: DecodeStep["engine"];
  /** Of one replica. */
  readonly gpus: number;
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly tensorParallel: number;
  readonly dataParallel: number;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly draftTokens: number;
  readonly overlap: Choice["overlap"];
  /** What the reader's rows made of this machine and engine; absent where there are none of them. */
  readonly calibration?: RowsCalibration | undefined;
  /** Weights and caches are no more than the memory of a GPU. */
  readonly fits: boolean;
  /** Requests of the replica that fit nine tenths of the memory; 0 where not one does. */
  readonly mostRequests: number;
  /** The first says that it does not fit, where that is so. */
  readonly notes: readonly string[];
}

/** What engines leave to weights and caches by default. */
export const usableShare = 0.9;

/**
 * What a choice becomes: counts that do not fit are cut to what does, formats and kernels fall back to the usual ones,
 * and each such change has its note.
 *
 * @throws RangeError for a model or machine that is not known.
 */
export function setUp(choice: Choice): Setup {
  const notes: string[] = [];
  const { model: chosen, hardware: machine } = whatIf(choice, notes);
  const split = splitFor(choice, chosen, machine, notes);
  const { tensorParallel, dataParallel, expertParallel } = split;
  const gpus = tensorParallel * dataParallel;
  const each = Math.max(1, Math.round(choice.tokensInFlight / dataParallel));
  const tokensInFlight = each * dataParallel;
  if (tokensInFlight !== choice.tokensInFlight)
    notes.push(
      `Each of ${formatCount(dataParallel)} groups of attention has whole requests, ${formatCount(each)} of them: ${formatCount(tokensInFlight)} requests in flight.`,
    );
  const halved = choice.overlap === "none" || each >= 2;
  if (!halved) notes.push("One request cannot be cut into two micro-batches: none are used.");
  const overlap = halved ? choice.overlap : ("none" as const);
  const question: StepQuestion = {
    ...{ model: chosen, hardware: machine, ...split, requests: tokensInFlight, contextTokens: choice.contextTokens },
    ...askedFormats(choice, chosen, machine, notes),
    ...(choice.engine === "" ? {} : { engine: choice.engine }),
    ...(choice.draftTokens === 0 ? {} : { draftTokens: choice.draftTokens }),
    ...(overlap === "none" ? {} : { overlap }),
  };
  const step = decodeStep(question);
  const weightFormat = step.weightFormat as WeightFormatName;
  if (isMoe(chosen)) notes.push(...fitNotes(step.kernel, weightFormat, machine, tokensInFlight / expertParallel));
  const { weightBytes, cacheBytes } = memoryFootprint(question);
  const mostEach = fittingRequests(question, usableShare);
  const setup = {
    ...{ choice, model: chosen, hardware: machine, question, kernel: step.kernel, weightFormat, cacheFormat: step.cacheFormat },
    ...{ engine: step.engine, gpus, tokensInFlight, ...split, requestsPerGpu: tokensInFlight / gpus, contextTokens: choice.contextTokens },
    ...{ draftTokens: choice.draftTokens, overlap, calibration: bearingOn(choice.calibration, machineOf(choice.machine), choice.engine) },
    fits: weightBytes + cacheBytes <= machine.memoryBytes,
    mostRequests: Number.isFinite(mostEach) ? mostEach * dataParallel : tokensInFlight,
  };
  const unfit = `This does not fit: weights (${formatBytes(weightBytes)}) and caches (${formatBytes(cacheBytes)}) are ${formatNumber((weightBytes + cacheBytes) / machine.memoryBytes)} times the ${formatBytes(machine.memoryBytes)} of one GPU.`;
  if (setup.calibration !== undefined) notes.push(calibrationNote(setup.calibration));
  return { ...setup, notes: [...(setup.fits ? [] : [unfit]), ...notes, ...answerNotes(step, machine)] };
}

/** GPUs, then attention, then experts: each cut to what fits, with its note. */
function splitFor(choice: Choice, chosen: Model, machine: Hardware, notes: string[]) {
  const limit = gpuLimit(chosen, machine);
  const gpus = Math.min(choice.gpus, limit.most);
  const split = nearestSplit(chosen, machine, { ...choice, gpus });
  const used = split.tensorParallel * split.dataParallel;
  if (used !== choice.gpus)
    notes.push(
      gpus !== choice.gpus
        ? `${limit.reason[0]?.toUpperCase()}${limit.reason.slice(1)}: ${formatCount(used)} GPUs are used in place of ${formatCount(choice.gpus)}.`
        : `${chosen.name} does not divide over ${formatCount(choice.gpus)} GPUs; ${formatCount(used)} are used.`,
    );
  if (!isMoe(chosen)) return split;
  if (split.tensorParallel !== choice.tensorParallel)
    notes.push(
      `Attention cut over ${choice.tensorParallel} does not fit ${chosen.name} on ${formatCount(used)} of ${machine.name}; it is cut over ${split.tensorParallel}.`,
    );
  if (split.expertParallel !== choice.expertParallel)
    notes.push(
      `Experts of ${chosen.name} cannot be dealt over ${formatCount(choice.expertParallel)} ranks here; expert parallelism ${formatCount(split.expertParallel)} is used.`,
    );
  return split;
}

type Formats = Pick<StepQuestion, "kernel" | "weightFormat" | "cacheFormat">;

/** Kernel and formats that were asked for, as far as they fit each other and the machine; what is not asked, the step chooses. */
function askedFormats(choice: Choice, chosen: Model, machine: Hardware, notes: string[]): Formats {
  const usual = servedFormats(chosen, machine).experts;
  const formatUnfit = choice.weightFormat === "" ? undefined : unfitFormat(choice.weightFormat, machine);
  if (formatUnfit !== undefined) notes.push(`${formatUnfit}: ${weightFormatWords[usual]} is used.`);
  const format = formatUnfit === undefined ? (choice.weightFormat as WeightFormatName | "") : "";
  const kernelUnfit = choice.kernel === "" ? undefined : unfitKernel(choice.kernel, format, machine);
  if (kernelUnfit !== undefined) notes.push(`${kernelUnfit}: the usual kernel is used.`);
  const kernel = kernelUnfit === undefined ? choice.kernel : "";
  const cache = ["bfloat16", "fp8"].includes(choice.cacheFormat) ? { cacheFormat: choice.cacheFormat } : {};
  if (choice.cacheFormat !== "" && !("cacheFormat" in cache))
    notes.push(`"${choice.cacheFormat}" is no format of a cache: the release's is used.`);
  if (kernel === "") return { ...cache, ...(format === "" ? {} : { weightFormat: format }) };
  const measured = measuredFormats(kernel, machine);
  const own = measured.includes(usual) ? usual : (measured[0] as WeightFormatName);
  return { ...cache, kernel, weightFormat: format === "" ? own : format };
}

/** Where constants come from, unless the kernel was measured just so. */
function fitNotes(kernel: string, format: WeightFormatName, machine: Hardware, tokensPerRank: number): readonly string[] {
  // DeepEP's two paths are two families; which one computes is the layer's to say.
  const name = kernel === "deepepmoe" ? `deepepmoe_${tokensPerRank <= 128 ? "generation" : "context"}` : kernel;
  const { fitted, from } = kernelFamily(name, format, machine);
  if (fitted === "here") return [];
  return [
    `${kernel} was not measured in ${weightFormatWords[format]} on ${machine.generation}: its constants are those of ${from}, so its time is less sure.`,
  ];
}

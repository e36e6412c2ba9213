import {
  accessFact,
  bindingLimit,
  type DecodeStep,
  type DecodeTask,
  decodeAccesses,
  decodeStep,
  type ExpertOn,
  type ExpertSeconds,
  expertSeconds,
  gpuPostedLimit,
  isMoe,
  layerKernel,
  loneKernel,
  meanTokensPerExpert,
  memoryFootprint,
  memoryLimit,
  type RequestStream,
  requestStreams,
  scaleUpLimit,
  shareByDecade,
  shareInRunsUpTo,
  type TaskName,
  type TierLimit,
  tensorParallelShard,
  timedTasks,
} from "../index";
import type { Setup } from "./setup";
import { stepQuestion } from "./step-question";

export { stepQuestion } from "./step-question";

/** What a number is, so that it can be written with its unit. */
export type Kind = "count" | "seconds" | "bytes" | "share" | "per second";

/** One number of a scenario. */
export interface Quantity {
  readonly id: string;
  readonly label: string;
  readonly kind: Kind;
  /** Undefined where the scenario has no such thing, for the reason. */
  readonly value: number | undefined;
  /** Four in five measured ones lie between these; absent where it is no time and no rate of a step. */
  readonly low?: number;
  readonly high?: number;
  readonly reason?: string;
}

/** All tasks of one name in a decode step. */
export interface TaskRow {
  readonly name: TaskName;
  readonly count: number;
  readonly eachSeconds: number;
  readonly seconds: number;
  readonly share: number;
  readonly floorSeconds: number;
  readonly bytes: number;
  readonly runBytes: number;
  readonly bound: DecodeTask["bound"];
}

/** A stream of requests, and how near it comes to what serves it. */
export interface RequestRow extends RequestStream {
  /** Undefined where no limit of the tier is known for the machine. */
  readonly bandwidthShare: number | undefined;
  readonly rateShare: number | undefined;
  readonly binds: "bandwidth" | "requests" | undefined;
}

/** Everything about one scenario that takes no draws. */
export interface ScenarioView {
  readonly setup: Setup;
  readonly step: DecodeStep;
  readonly quantities: readonly Quantity[];
  readonly tasks: readonly TaskRow[];
  readonly requests: readonly RequestRow[];
  /** One expert's share of the model on one GPU, as figures take it; undefined for a dense model. */
  readonly expert: ExpertOn | undefined;
}

/** Everything that the page shows of one scenario, claims and figures apart. */
export function viewOf(setup: Setup): ScenarioView {
  const step = decodeStep(stepQuestion(setup));
  const expert = expertOn(setup);
  const requests = requestStreams(stepQuestion(setup)).map((stream) => ({ ...stream, ...binding(stream, setup) }));
  return { setup, step, expert, tasks: taskRows(step), requests, quantities: quantities(setup, step, expert, requests) };
}

/** One expert as a GPU of the group holds it. */
function expertOn(setup: Setup): ExpertOn | undefined {
  if (!isMoe(setup.model)) return undefined;
  const { hardware, weightFormat, choice, tensorParallel, gpus, expertParallel } = setup;
  const cut = gpus / expertParallel;
  const share = tensorParallelShard(setup.model, tensorParallel, cut);
  const model = cut === 1 ? share : { ...share, name: `${share.name} (1/${cut} of an expert)` };
  // A kernel that was asked for computes both; else those that measure layers and lone experts on this machine.
  if (choice.kernel === setup.kernel || setup.kernel === "moe_torch_flow")
    return { model, hardware, weightFormat, kernel: setup.kernel, aloneKernel: setup.kernel };
  return { model, hardware, weightFormat, kernel: layerKernel(hardware, weightFormat), aloneKernel: loneKernel(hardware, weightFormat) };
}

function taskRows({ tasks, seconds }: DecodeStep): readonly TaskRow[] {
  const names = [...new Set(tasks.map(({ name }) => name))];
  const total = tasks.reduce((sum, task) => sum + task.seconds, 0);
  return names.map((name) => {
    const same = tasks.filter((task) => task.name === name);
    const sum = (value: (task: DecodeTask) => number) => same.reduce((all, task) => all + value(task), 0);
    const last = same.at(-1) as DecodeTask;
    const own = sum((task) => task.seconds);
    return {
      name,
      count: same.length,
      eachSeconds: own / same.length,
      seconds: own,
      share: own / Math.max(total, seconds),
      floorSeconds: sum((task) => task.floorSeconds),
      bytes: sum((task) => task.bytes),
      runBytes: last.runBytes,
      bound: last.bound,
    };
  });
}

function binding(stream: RequestStream, { hardware }: Setup): Pick<RequestRow, "bandwidthShare" | "rateShare" | "binds"> {
  const limit = limitOf(stream.tier, hardware);
  if (limit === undefined) return { bandwidthShare: undefined, rateShare: undefined, binds: undefined };
  const { bandwidthShare, rateShare, binds } = bindingLimit(stream.requestBytes, stream.requestsPerSecond, limit);
  return { bandwidthShare, rateShare, binds };
}

function limitOf(tier: RequestStream["tier"], hardware: Setup["hardware"]): TierLimit | undefined {
  if (tier === "memory") return memoryLimit(hardware);
  if (tier === "scale-up") return hardware.scaleUpBytesPerSecond === undefined ? undefined : scaleUpLimit(hardware);
  return tier === "network" && hardware.networkBytesPerSecond !== undefined ? gpuPostedLimit(hardware) : undefined;
}

function quantities(setup: Setup, step: DecodeStep, expert: ExpertOn | undefined, requests: readonly RequestStream[]): readonly Quantity[] {
  const { model, hardware, gpus, requestsPerGpu, tokensInFlight, draftTokens } = setup;
  const perExpert = expert === undefined ? undefined : meanTokensPerExpert(tokensInFlight * (1 + draftTokens), model);
  const one: ExpertSeconds | undefined = expert === undefined ? undefined : expertSeconds(expert, Math.max(1, Math.round(perExpert ?? 1)));
  const accesses = decodeAccesses(stepQuestion(setup));
  const { weightBytes, cacheBytes } = memoryFootprint(stepQuestion(setup));
  const exchanged = sum(
    step.tasks.filter(({ name }) => ["dispatch", "combine", "all-reduce"].includes(name)),
    (t) => t.seconds,
  );
  const ofTier = (...tiers: readonly string[]) =>
    sum(
      requests.filter((r) => tiers.includes(r.tier)),
      (r) => r.requestsPerSecond,
    );
  const page = accessFact("memory-page", "bytes");
  const noExperts = `${model.name} is dense`;
  const ofExpert = (id: string, label: string, kind: Kind, value: number | undefined): Quantity => ({
    id,
    label,
    kind,
    value,
    ...(value === undefined ? { reason: noExperts } : {}),
  });
  const quantity = (id: string, label: string, kind: Kind, value: number): Quantity => ({ id, label, kind, value });
  const { low, high } = step.errorBand;
  const rate = (id: string, label: string, value: number): Quantity => ({
    ...quantity(id, label, "per second", value),
    ...{ low: (value * step.seconds) / high, high: (value * step.seconds) / low },
  });
  return [
    ofExpert("tokensPerExpert", "Tokens at each expert, mean", "count", perExpert),
    quantity("gpus", "GPUs of the replica", "count", gpus),
    quantity("requestsPerGpu", "Requests per GPU", "count", requestsPerGpu),
    ofExpert("expertFloorSeconds", "One expert's task: floor", "seconds", one?.floorSeconds),
    ofExpert("expertShareSeconds", "One expert's task: share of a full layer", "seconds", one?.shareOfLayerSeconds),
    ofExpert("expertAloneSeconds", "One expert's task: alone on the GPU", "seconds", one?.aloneSeconds),
    { ...quantity("stepSeconds", "Decode step", "seconds", step.seconds), low, high },
    quantity("stepSecondsLow", "Four in five measured steps: from", "seconds", step.errorBand.low),
    quantity("stepSecondsHigh", "Four in five measured steps: to", "seconds", step.errorBand.high),
    rate("tokensPerSecondPerGpu", "Tokens per second of each GPU", step.tokensPerSecondPerGpu),
    rate("tokensPerSecondPerRequest", "Tokens per second of each request", step.tokensPerSecondPerRequest),
    quantity("exchangeShare", "Dispatch, combine and all-reduce, of all task time", "share", exchanged / sum(step.tasks, (t) => t.seconds)),
    quantity("shortKernelShare", "Time in kernels of 1–10 µs", "share", shareByDecade(timedTasks(step.tasks))[1]?.timeShare ?? 0),
    quantity(
      "bytes",
      "Bytes a GPU moves in its memory",
      "bytes",
      sum(accesses, (a) => a.bytes),
    ),
    quantity("pageShare", "Of these in runs of up to 4 KiB", "share", shareInRunsUpTo(accesses, page)),
    quantity("tileShare", "Of these in runs of up to 16 KiB", "share", shareInRunsUpTo(accesses, 4 * page)),
    quantity("memoryRequestsPerSecond", "Requests to memory", "per second", ofTier("memory")),
    quantity("linkRequestsPerSecond", "Messages over links", "per second", ofTier("scale-up", "network")),
    quantity("weightBytes", "Weights on a GPU", "bytes", weightBytes),
    quantity("cacheBytes", "Caches and states on a GPU", "bytes", cacheBytes),
    quantity(
      "memoryShare",
      `Both, of the GPU's memory${setup.fits ? "" : ": does not fit"}`,
      "share",
      (weightBytes + cacheBytes) / hardware.memoryBytes,
    ),
    quantity("mostRequests", "Requests that fit nine tenths of it", "count", setup.mostRequests),
  ];
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

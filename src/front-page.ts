import { articleDay, type Claim, claims } from "./claims/claims";
import { countedParts, nearness, type Verdict, verdicts } from "./claims/parts/verdict";
import { type Drawing, layerDrawing } from "./figures/layer-drawing";
import { cachePageWords } from "./figures/run-lengths";
import { measuredSteps } from "./figures/step-parity";
import { stripFigures } from "./figures/strip";
import { worthRows } from "./figures/worth-shares";
import { type WorthShift, worthShift } from "./figures/worth-shift";
import { type EngineYardstick, engineYardstick } from "./fit/engine-pairs";
import { oursOnSet, peerErrors } from "./fit/peers";
import { statedStepErrors } from "./fit/stated-step-errors";
import { layerKernel, loneKernel } from "./kernels/default-experts";
import { expertSeconds, rowsAt } from "./kernels/expert-task";
import { type Hardware, hardware } from "./machine/hardware";
import { type WeightFormatName, weightFormatWords } from "./machine/number-formats";
import type { Model } from "./model/model";
import { model } from "./model/registry";
import { decodeStep } from "./step/decode";
import { type Access, decodeAccesses, shareInRunsUpTo } from "./step/decode-accesses";
import { defaultScenario } from "./step/default-scenario";
import { timedTasks } from "./step/durations";
import { fittingQuestion } from "./step/fitting";
import { formatCount, formatNumber, formatSeconds, formatShare } from "./text/numbers";

/** What the front page is told for; what is left out is as in the first three notebooks. */
export interface FrontQuestion {
  readonly model?: string;
  readonly hardware?: string;
  readonly weightFormat?: WeightFormatName;
  readonly tokensInFlight?: number;
}

/** Models that the chosen one stands beside: dense, with few large experts, and with attention that selects tokens. */
const beside = { dense: "llama-3.1-405b", coarse: "mixtral-8x22b", sparse: "deepseek-v3.2" } as const;
const expertCounts = [beside.dense, beside.coarse, "deepseek-v3"];
/** The decode step of every number and figure: that of the page to try. */
const { requestsPerGpu, contextTokens, expertParallel } = defaultScenario;
const step = { requestsPerGpu, contextTokens, expertParallel } as const;
/** As many GPUs as the dense model has heads of keys. */
const cutOver = 8;
/** Runs of memory up to this long count as short: a page. */
const shortRunBytes = 4096;

interface Chosen {
  readonly fine: Model;
  readonly place: Hardware;
  readonly weightFormat: WeightFormatName;
  readonly tokensInFlight: number;
}

function chosen(question: FrontQuestion): Chosen {
  return {
    fine: model(question.model ?? defaultScenario.model),
    place: hardware(question.hardware ?? defaultScenario.hardware),
    weightFormat: question.weightFormat ?? defaultScenario.weightFormat,
    tokensInFlight: question.tokensInFlight ?? defaultScenario.tokensInFlight,
  };
}

/**
 * The argument and what became of it, in six sentences.
 *
 * What the article says; tokens of an expert; task time; access size; the verdicts; how sure and since when. Every number is computed.
 *
 * @throws RangeError for a model, machine or format that is not known.
 */
export function argument(question: FrontQuestion = {}, judged: readonly Claim[] = claims()): readonly string[] {
  const { fine, place, weightFormat, tokensInFlight } = chosen(question);
  const coarse = model(beside.coarse);
  const task = (m: Model) => {
    const kernel = layerKernel(place, weightFormat);
    const on = { model: m, hardware: place, kernel, aloneKernel: loneKernel(place, weightFormat), weightFormat };
    const rows = rowsAt(on, tokensInFlight);
    return { rows: formatNumber(rows, 4), time: formatSeconds(expertSeconds(on, rows).shareOfLayerSeconds) };
  };
  const [small, large] = [task(fine), task(coarse)];
  const { sparse, cut } = accessesOf(question);
  const short = (accesses: readonly Access[]) => formatShare(shareInRunsUpTo(accesses, shortRunBytes));
  return [
    `On ${dayWords(articleDay)} an article argued that models with many small experts turn big, dense, regular work into small, sparse, uniform work, so that hardware built for big work loses its value.`,
    `In decode its starting point holds: with ${formatCount(tokensInFlight)} tokens in flight an expert of ${fine.name} sees ${small.rows} tokens, where one of ${coarse.name} sees ${large.rows}.`,
    `The work of one expert shrank with it, from ${large.time} to ${small.time} by the estimate of its share of a layer on ${place.name}, but kernels launch all experts of a layer together, so what is launched did not shrink as much.`,
    `Memory is read in long runs as before, with a cache in ${cachePageWords()}: ${short(accessesOf(question).fine)} of the bytes of a decode step of ${fine.name} lie in runs of up to ${formatCount(shortRunBytes / 1024)} KiB, and where there are more, ${short(sparse)} with ${model(beside.sparse).name}, which selects tokens, and ${short(cut)} with ${model(beside.dense).name}, cut over ${cutOver} GPUs to a head of keys each and as full as they hold, attention brings them and not experts.`,
    verdictSentence(judged),
    changeSentence(judged),
  ];
}

/** The article's three figures, small, for the same question. */
export function frontFigures(question: FrontQuestion = {}): ReturnType<typeof stripFigures> {
  const { fine, place, weightFormat, tokensInFlight } = chosen(question);
  const dense = model(beside.dense);
  const tasks = (m: Model, ranks: number) => decodeStep({ ...step, model: m, hardware: place, expertParallel: ranks }).tasks;
  const localExperts = Math.max(1, Math.ceil(fine.routedExperts / expertParallel));
  const fineTasks = tasks(fine, expertParallel);
  const accesses = accessesOf(question);
  return stripFigures(
    [...expertCounts.filter((id) => id !== fine.id).map((id) => model(id)), fine],
    tokensInFlight,
    [
      { name: `${dense.name}, dense`, tasks: timedTasks(tasks(dense, 1)) },
      { name: `${fine.name}, as launched`, tasks: timedTasks(fineTasks) },
      { name: `${fine.name}, each expert by itself`, tasks: timedTasks(fineTasks, localExperts) },
    ],
    [
      { name: `${dense.name}, dense`, accesses: accesses.dense },
      { name: fine.name, accesses: accesses.fine },
      { name: `${model(beside.sparse).name}, sparse attention`, accesses: accesses.sparse },
    ],
    [
      `Decode with ${formatCount(tokensInFlight)} tokens in flight over all GPUs, each routed by chance; true on any machine.`,
      `${place.name}: ${served}; the dense model as if on one GPU.`,
      `${served}, weights in ${weightFormatWords[weightFormat]}, the cache in ${cachePageWords()}; the dense model as if on one GPU.`,
    ],
  );
}

const served = `${formatCount(requestsPerGpu)} requests per GPU with ${formatCount(contextTokens)} tokens of context, experts over ${formatCount(expertParallel)} GPUs`;

function accessesOf(question: FrontQuestion): {
  readonly dense: readonly Access[];
  readonly fine: readonly Access[];
  readonly sparse: readonly Access[];
  /** The dense model over so many GPUs that each holds one head of keys. */
  readonly cut: readonly Access[];
} {
  const { fine, place, weightFormat } = chosen(question);
  const asked = { ...step, weightFormat };
  const cutting = { ...asked, model: model(beside.dense), hardware: place, tensorParallel: cutOver, expertParallel: 1 };
  return {
    dense: decodeAccesses({ ...asked, model: model(beside.dense), expertParallel: 1 }),
    fine: decodeAccesses({ ...asked, model: fine }),
    sparse: decodeAccesses({ ...asked, model: model(beside.sparse), attention: "sparse" }),
    cut: decodeAccesses(fittingQuestion(cutting, 0.9) ?? { ...cutting, requestsPerGpu: 1 }),
  };
}

/**
 * How many claims came to each verdict, the best first.
 *
 * @example verdictCounts(claims())
 */
export function verdictCounts(judged: readonly Pick<Claim, "verdict">[]): readonly (readonly [Verdict, number])[] {
  return verdicts.map((verdict) => [verdict, judged.filter((c) => c.verdict === verdict).length] as const).filter(([, count]) => count > 0);
}

/**
 * The answer to the question of the front page, in at most 20 words, from the verdicts alone.
 *
 * How many hold at least mostly, by half, hardly or not, turn on a word and are open.
 *
 * @example frontAnswer()
 */
export function frontAnswer(judged: readonly Pick<Claim, "verdict">[] = claims()): string {
  const of = (...wanted: readonly Verdict[]) => judged.filter((c) => wanted.includes(c.verdict)).length;
  const [held, half, failed] = [of("Right", "Mostly right"), of("Half right"), of("Mostly wrong", "Wrong")];
  const word = held > 2 * (half + failed) ? "Yes, mostly" : failed > 2 * (held + half) ? "Mostly not" : "In part";
  const [turning, open] = [of("Depends on a word"), of("Not yet")];
  const rest = [
    [half, `${half} half`],
    [failed, failed === 1 ? "1 fails" : `${failed} fail`],
    [turning, turning === 1 ? "1 turns on a word" : `${turning} turn on a word`],
    [open, open === 1 ? "1 is open" : `${open} are open`],
  ] as const;
  const also = rest.filter(([count]) => count > 0).map(([, words]) => words);
  return `${word}: ${[`of ${formatCount(judged.length)} claims ${held} ${held === 1 ? "holds" : "hold"}`, ...also].join(", ")}.`;
}

/** How sure the verdicts are: what their parts rest on. */
export function howSure(judged: readonly Claim[] = claims()): string {
  const parts = judged.flatMap((c) => countedParts(c.parts)).flatMap(({ part }) => (Number.isNaN(part.value) ? [] : [part]));
  const of = (grades: string) => formatCount(parts.filter((p) => grades.includes(p.grade)).length);
  return `Of the ${formatCount(parts.length)} parts that decide, ${of("A")} rest on measurements or counts by others, ${of("B")} on those of the makers, ${of("C")} on second hand, and ${of("D")} on our cost model alone.`;
}

/**
 * Which verdicts lie on a border of the rule, or one step of one part from another side of it.
 *
 * @example nearBorders()
 */
export function nearBorders(judged: readonly Claim[] = claims()): string {
  const near = (how: ReturnType<typeof nearness>) => judged.filter((c) => nearness(c.parts) === how);
  const [on, step] = [near("border"), near("one step")].map((all) => listed(all.map((c) => c.id)));
  return `On a border between right, half and wrong: ${on}. A single part that came out one step better or worse (wrong, open, right) would move these to another side: ${step}.`;
}

/**
 * How far to trust the verdicts, in a paragraph below their table: what they rest on, which are close, and what those of questions mean.
 *
 * @example verdictsText()
 */
export function verdictsText(judged: readonly Claim[] = claims()): string {
  const asked = judged.filter((c) => countedParts(c.parts).every(({ part }) => part.stance === "asks"));
  const questions = asked.length === 0 ? [] : [`Where the author only asks (${listed(asked.map((c) => c.id))}), right means yes.`];
  return [howSure(judged), nearBorders(judged), ...questions].join(" ");
}

/** How far the cost model is off on whole decode steps of deployments left out of its fit, and how far two engines are apart. */
export interface FrontErrors {
  readonly steps: number;
  readonly median: number;
  readonly nineOfTen: number;
  /** Share of the steps that lie in the band that goes with each answer. */
  readonly inBand: number;
  readonly engines: EngineYardstick;
}

/** The errors that the front page states, from data/step-errors.csv and the published deployments themselves. */
export function frontErrors(): FrontErrors {
  const stated = statedStepErrors().find(({ asked, by }) => asked === "left out" && by === "all");
  if (stated === undefined) throw new Error("data/step-errors.csv states no error of all steps left out; npm run fit writes it");
  const { rows, median, p90, inBand } = stated;
  return { steps: rows, median, nineOfTen: p90, inBand, engines: engineYardstick(measuredSteps()) };
}

/**
 * How far to trust the cost model, in a paragraph for README: whole steps first, then engines and other public models.
 *
 * @example trustText() // "Whole decode steps of … measured deployments …"
 */
export function trustText(): string {
  const { steps, median, nineOfTen, inBand, engines } = frontErrors();
  const ours = oursOnSet("dealt out", measuredSteps());
  const others = peerErrors()
    .filter(({ set, who }) => set === "dealt out" && !who.startsWith("deepshock"))
    .map(({ who, median: stated }) => `${who} ${formatShare(stated)}`);
  return [
    `**Whole decode steps of ${formatCount(steps)} measured deployments of TensorRT-LLM, vLLM and SGLang are off by ${formatShare(median)} in the median and by at most ${formatShare(nineOfTen)} in nine of ten, each time fitted without that source's runs of that model on that machine.**`,
    `Two engines asked the same differ by ${formatShare(engines.median)} (${formatCount(engines.pairs)} pairs).`,
    `In the article's own regime, attention and experts dealt out, DeepSeek's models are off by ${formatShare(ours.median)} on ${formatCount(ours.rows ?? 0)} rows.`,
    `Other public models, run by us on similar, perhaps not identical rows, were off by: ${listed(others)}; ours were in the fit, so this is no contest.`,
    `Every answer has an 80 % band, which held ${formatShare(inBand)} of the steps left out, and says what was carried over from another machine and what is left out.`,
  ].join(" ");
}

/** What gained and lost worth from dense models to those of fine experts, as they are served, and for what that holds. */
export function frontWorth(question: FrontQuestion = {}): WorthShift & { readonly setting: string } {
  const { fine, place, weightFormat } = chosen(question);
  const asked = { requestsPerGpu, contextTokens, weightFormat };
  const node = { ...asked, tensorParallel: 8 };
  const served = [
    ...[beside.dense, beside.coarse].map((id) => ({ ...node, model: model(id) })),
    ...["deepseek-v3", fine.id].filter((id, i, all) => all.indexOf(id) === i).map((id) => ({ ...asked, expertParallel, model: model(id) })),
  ];
  return {
    ...worthShift(worthRows(served, [place])),
    setting: `A decode step on ${place.name}, ${formatCount(contextTokens)} tokens of context, up to ${formatCount(requestsPerGpu)} requests per GPU as the memory holds; ${model(beside.dense).name} and ${model(beside.coarse).name} on 8 GPUs with tensor parallelism, the others with experts over ${formatCount(expertParallel)}. A bar is 100 %: what one percent more of each part adds to the throughput, as shares of what one percent more of all of them adds.`,
  };
}

/** One layer of DeepSeek-V3 with its sizes, which is what all is about. */
export function frontLayer(question: FrontQuestion = {}): Drawing {
  return layerDrawing(model("deepseek-v3"), chosen(question).tokensInFlight);
}

function verdictSentence(judged: readonly Claim[]): string {
  const counts = verdictCounts(judged).map(([verdict, count]) => `${verdict.toLowerCase()} ${formatCount(count)}`);
  return `Its ${formatCount(judged.length)} claims come to: ${listed(counts)}.`;
}

function changeSentence(judged: readonly Claim[]): string {
  const early = judged.filter((c) => c.then.verdict === "Not yet");
  const moved = judged.filter((c) => c.then.verdict !== "Not yet" && c.then.verdict !== c.verdict);
  const named = (all: readonly Claim[]) => listed(all.map((c) => `${c.id} (${c.name.replace(/\?$/, "")})`));
  return `When the article came out ${formatCount(early.length)} of them could not be decided; of the others these read differently today: ${named(moved)}.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "none") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const months = "January February March April May June July August September October November December".split(" ");

/** 2025-01-11 as 11 January 2025. */
function dayWords(day: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return `${date} ${months[month - 1]} ${year}`;
}

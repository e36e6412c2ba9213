import { resolveQuestion, type StepQuestion } from "../step/question";
import { requestStreams } from "../step/requests";
import { type WorthName, worthOf } from "../step/worth";
import { formatCount, formatShare } from "../text/numbers";

/** What a forecast speaks of: a part of the machine, or what of its links one kind of traffic uses. */
export type ForecastPart = Exclude<WorthName, "scaleUpBandwidth" | "networkBandwidth"> | "tensorLinks" | "expertLinks";

/** A forecast of the article as a statement about what one part of a machine is worth. */
export interface WorthForecast {
  /** Id of the claim. */
  readonly claim: string;
  readonly part: ForecastPart;
  /** In our words. */
  readonly statement: string;
  readonly expected: "more" | "less";
}

/** What the article's forecasts say of the parts whose worth a step can give. */
export const worthForecasts: readonly WorthForecast[] = [
  { claim: "1", part: "arithmetic", statement: "arithmetic in large matrix units loses value", expected: "less" },
  { claim: "2", part: "fixedTimes", statement: "the cost of starting and waiting gains", expected: "more" },
  { claim: "4", part: "memoryBandwidth", statement: "memory bandwidth alone is no longer what counts", expected: "less" },
  { claim: "5", part: "tensorLinks", statement: "the link of tensor parallelism loses value", expected: "less" },
  { claim: "5", part: "expertLinks", statement: "the links that carry tokens to experts gain", expected: "more" },
];

/** A forecast beside what the step says. */
export interface JudgedForecast extends WorthForecast {
  /** Share of the worth in the older step and in the newer one. */
  readonly before: number;
  readonly now: number;
  readonly outcome: "as forecast" | "hardly moves" | "the other way";
}

/** A share that moves by less is taken as not moved: two in a hundred, within what the fits of kernels are off. */
const least = 0.02;

/** The links of a step, and which of its traffic each carries: bytes of one GPU a second. */
export interface LinkUse {
  readonly link: "scale-up" | "network";
  /** Sums over a tensor-parallel group. */
  readonly tensorBytes: number;
  /** Tokens to their experts and back. */
  readonly expertBytes: number;
}

/**
 * What each link carries in a step; a link that carries nothing is left out.
 *
 * In a rack the scale-up link carries the exchange of experts, between nodes the network does.
 *
 * @example linkUses({ model: model("deepseek-v3"), hardware: hardware("gb200"), requestsPerGpu: 64, contextTokens: 4096,
 *   expertParallel: 64 }).map(({ link }) => link) // ["scale-up"]
 */
export function linkUses(question: StepQuestion): readonly LinkUse[] {
  const streams = requestStreams(question);
  const bytes = (link: LinkUse["link"], ...names: readonly string[]) =>
    streams.reduce((sum, s) => sum + (s.tier === link && names.includes(s.name) ? s.bytesPerSecond : 0), 0);
  return (["scale-up", "network"] as const)
    .map((link) => ({ link, tensorBytes: bytes(link, "all-reduce"), expertBytes: bytes(link, "dispatch", "combine") }))
    .filter(({ tensorBytes, expertBytes }) => tensorBytes + expertBytes > 0);
}

/**
 * Where a step's traffic goes, in words.
 *
 * @example linkWords({ model: model("llama-3-70b"), hardware: hardware("h100-sxm"), requests: 64, contextTokens: 4096,
 *   tensorParallel: 8 }) // "Llama-3-70B on 8 GPUs sends the sums of tensor parallelism over the scale-up link"
 */
export function linkWords(question: StepQuestion): string {
  const uses = linkUses(question);
  const all = (bytes: "tensorBytes" | "expertBytes") => uses.reduce((sum, use) => sum + use[bytes], 0);
  const over = (what: string, bytes: "tensorBytes" | "expertBytes") => {
    const here = uses.filter((use) => use[bytes] > 0).sort((a, b) => b[bytes] - a[bytes]);
    if (here.length === 0) return [];
    const share = (use: LinkUse) => (here.length === 1 ? "" : ` (${formatShare(use[bytes] / all(bytes))})`);
    return [`${what} over ${here.map((use) => `the ${use.link === "network" ? "network" : "scale-up link"}${share(use)}`).join(" and ")}`];
  };
  const sent = [...over("the sums of tensor parallelism", "tensorBytes"), ...over("tokens to their experts", "expertBytes")];
  const { model, gpus } = resolveQuestion(question);
  return `${model.name} on ${formatCount(gpus)} GPU${gpus === 1 ? "" : "s"} sends ${sent.join(" and ") || "nothing over a link"}`;
}

/** Shares of the worth by what a forecast speaks of: each link's goes to its traffic by bytes. */
function forecastShares(question: StepQuestion): Readonly<Record<ForecastPart, number>> {
  const { elasticities } = worthOf(question);
  let [tensorLinks, expertLinks] = [0, 0];
  for (const { link, tensorBytes, expertBytes } of linkUses(question)) {
    const worth = link === "network" ? elasticities.networkBandwidth : elasticities.scaleUpBandwidth;
    tensorLinks += (worth * tensorBytes) / (tensorBytes + expertBytes);
    expertLinks += (worth * expertBytes) / (tensorBytes + expertBytes);
  }
  return { ...elasticities, tensorLinks, expertLinks };
}

/**
 * The forecasts held against two steps, an older and a newer one.
 *
 * What a link is worth counts for tensor parallelism or for experts by what it carries in that step, so that a rack, whose scale-up link
 * carries tokens to experts, is judged as a cluster is.
 *
 * Both are steps of this cost model: what it says of worth, and no measurement. A step on other machines or of other models can differ.
 *
 * @throws RangeError as worthOf.
 * @example judgedForecasts({ ...{ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }, model: model("llama-3-70b"), expertParallel: 1 },
 *   { model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096,
 *   expertParallel: 64 }).map(({ outcome }) => outcome)
 */
export function judgedForecasts(before: StepQuestion, now: StepQuestion): readonly JudgedForecast[] {
  const [old, young] = [forecastShares(before), forecastShares(now)];
  return worthForecasts.map((forecast) => {
    const moved = young[forecast.part] - old[forecast.part];
    const outcome =
      Math.abs(moved) < least ? "hardly moves" : moved > 0 === (forecast.expected === "more") ? "as forecast" : "the other way";
    return { ...forecast, before: old[forecast.part], now: young[forecast.part], outcome };
  });
}

/**
 * Outcomes in one sentence each: the forecasts that came out as forecast, those that hardly move, and those that go the other way.
 *
 * @example forecastWords(judgedForecasts({ model: model("llama-3-70b"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096 },
 *   { model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 })) // as forecast: starts gain. Forecast, but hardly moved: none. ...
 */
export function forecastWords(judged: readonly Pick<JudgedForecast, "statement" | "outcome">[]): string {
  const of = (outcome: JudgedForecast["outcome"]) =>
    judged
      .filter((row) => row.outcome === outcome)
      .map((row) => row.statement)
      .join("; ") || "none";
  return `as forecast: ${of("as forecast")}. Forecast, but hardly moved: ${of("hardly moves")}. Forecast, but went the other way: ${of("the other way")}.`;
}

/** A forecast, and into which of several newer steps it comes out. */
export interface ForecastOver extends WorthForecast {
  /** Names of the models. */
  readonly asForecast: readonly string[];
  readonly hardlyMoves: readonly string[];
  readonly otherWay: readonly string[];
}

/**
 * The forecasts held against one older step and each of several newer ones: one pair alone can be an exception.
 *
 * @throws RangeError as worthOf.
 * @example forecastsOver({ model: model("llama-3-70b"), hardware: hardware("h100-sxm"), requests: 64, contextTokens: 4096,
 *   tensorParallel: 8 }, [{ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }]).map(({ asForecast }) => asForecast)
 */
export function forecastsOver(before: StepQuestion, steps: readonly StepQuestion[]): readonly ForecastOver[] {
  const judged = steps.map((now) => ({ name: now.model.name, rows: judgedForecasts(before, now) }));
  return worthForecasts.map((forecast, i) => {
    const where = (outcome: JudgedForecast["outcome"]) => judged.filter(({ rows }) => rows[i]?.outcome === outcome).map(({ name }) => name);
    return {
      ...forecast,
      asForecast: where("as forecast"),
      hardlyMoves: where("hardly moves"),
      otherWay: where("the other way"),
    };
  });
}

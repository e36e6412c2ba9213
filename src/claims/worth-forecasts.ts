import type { StepQuestion } from "../step/question";
import { type WorthName, worthOf } from "../step/worth";

/** A forecast of the article as a statement about what one part of a machine is worth. */
export interface WorthForecast {
  /** Id of the claim. */
  readonly claim: string;
  readonly part: WorthName;
  /** In our words. */
  readonly statement: string;
  readonly expected: "more" | "less";
}

/** What the article's forecasts say of the parts whose worth a step can give. */
export const worthForecasts: readonly WorthForecast[] = [
  { claim: "1", part: "arithmetic", statement: "arithmetic in large matrix units loses value", expected: "less" },
  { claim: "2", part: "fixedTimes", statement: "the cost of starting and waiting gains", expected: "more" },
  { claim: "4", part: "memoryBandwidth", statement: "memory bandwidth alone is no longer what counts", expected: "less" },
  { claim: "5", part: "scaleUpBandwidth", statement: "the link of tensor parallelism loses value", expected: "less" },
  { claim: "5", part: "networkBandwidth", statement: "the network that carries tokens to experts gains", expected: "more" },
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

/**
 * The forecasts held against two steps, an older and a newer one.
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
  const [old, young] = [worthOf(before).elasticities, worthOf(now).elasticities];
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

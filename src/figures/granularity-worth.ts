import type { Model } from "../model/model";
import { meanTokensPerExpert } from "../routing/uniform";
import { decodeStep } from "../step/decode";
import { splitModels, usualGranularities } from "../step/granularity";
import type { StepQuestion } from "../step/question";
import { type Worth, type WorthName, worthOf } from "../step/worth";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { layout, line, linearAxis, logAxis, rule, ticks } from "./theme";
import { worthParts } from "./worth-shares";

/** A step of a model whose experts are split so many times. */
export interface GranularityPoint {
  readonly granularity: number;
  readonly model: Model;
  readonly tokensPerExpert: number;
  /** Of the routed experts of one layer. */
  readonly expertsSeconds: number;
  /** Of a dispatch and a combine; 0 where there are none. */
  readonly exchangeSeconds: number;
  /** Of a dispatch; absent where there is none. */
  readonly messageBytes?: number;
  readonly worth: Worth;
}

/**
 * The same step with the experts split ¼ to 64 times, granularity alone moving: every split that leaves whole experts.
 *
 * @throws RangeError for a model without experts, and as decodeStep.
 * @example granularitySweep({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }, [1, 2]).length // 2
 */
export function granularitySweep(
  question: StepQuestion,
  granularities: readonly number[] = usualGranularities,
): readonly GranularityPoint[] {
  return splitModels(question.model, question.expertParallel ?? 1, granularities).map(({ granularity, model: split }) => {
    const own = { ...question, model: split };
    const { tasks } = decodeStep(own);
    const [experts, dispatch, combine] = ["experts", "dispatch", "combine"].map((name) => tasks.find((task) => task.name === name));
    if (experts === undefined) throw new RangeError(`the step of ${split.name} has no task of experts`);
    const requests = question.requests ?? (question.requestsPerGpu ?? 1) * (question.tensorParallel ?? 1) * (question.expertParallel ?? 1);
    return {
      granularity,
      model: split,
      tokensPerExpert: meanTokensPerExpert(requests, split),
      expertsSeconds: experts.seconds,
      exchangeSeconds: [dispatch, combine].reduce((sum, task) => (task === undefined ? sum : sum + task.seconds), 0),
      ...(dispatch === undefined ? {} : { messageBytes: dispatch.runBytes }),
      worth: worthOf(own),
    };
  });
}

/**
 * Worth of each part against granularity, all else of the model alike.
 *
 * @example granularityWorthFigure({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }).caption
 */
export function granularityWorthFigure(question: StepQuestion): Figure {
  const points = granularitySweep(question);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError(`${question.model.id} has no experts that can be split`);
  const share = (point: GranularityPoint, name: WorthName) => formatShare(point.worth.elasticities[name]);
  const ways = `network ${share(first, "networkBandwidth")} and memory bandwidth ${share(first, "memoryBandwidth")} at ${formatNumber(first.granularity)}, ${share(last, "networkBandwidth")} and ${share(last, "memoryBandwidth")} at ${formatNumber(last.granularity)}`;
  const rates = `${formatCount(Math.round(first.worth.tokensPerSecondPerGpu))} to ${formatCount(Math.round(last.worth.tokensPerSecondPerGpu))}`;
  const worths = points.flatMap(({ worth }) => worthParts.map((part) => 100 * worth.elasticities[part.name]));
  const x = points.map((p) => p.granularity);
  // A part that is worth nothing at any split is no line.
  const drawn = worthParts.filter((part) => points.some(({ worth }) => Math.abs(worth.elasticities[part.name]) >= 0.001));
  return {
    data: drawn.map((part) =>
      line(
        part.words,
        x,
        points.map((p) => 100 * p.worth.elasticities[part.name]),
        part.color,
        { mode: "lines+markers", marker: { size: 7 } },
      ),
    ),
    layout: layout({
      height: 500,
      margin: { l: 84, r: 24, t: 20, b: 130 },
      xaxis: logAxis(
        "Times that each expert is split",
        [first.granularity * 0.85, last.granularity * 1.18],
        ticks(x.map((g) => [g, g < 1 ? `1/${1 / g}` : formatCount(g)] as const)),
      ),
      yaxis: linearAxis("Share of the worth (%)", [
        Math.min(0, Math.floor(Math.min(...worths) / 5) * 5),
        Math.ceil(Math.max(...worths) / 10) * 10,
      ]),
      shapes: [rule("x", 1)],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
    }),
    title: `As experts are split, the network's share of the worth goes from ${share(first, "networkBandwidth")} to ${share(last, "networkBandwidth")}, memory bandwidth's from ${share(first, "memoryBandwidth")} to ${share(last, "memoryBandwidth")}`,
    setting: `${question.model.name} on ${question.hardware.name}, its experts split ${formatNumber(first.granularity)} to ${formatNumber(last.granularity)} times and nothing else; one message goes to each expert.`,
    caption: `What each part of ${question.hardware.name} is worth to a decode step of ${question.model.name} as its experts are split and nothing else: as many parameters, as many of them active.${x.includes(1) ? " Dotted: as released." : ""} Worth: ${ways}. Tokens per second per GPU go from ${rates}: each token goes to more experts, and every one of them is sent a message as long as before.`,
    alt: `Shares of worth against the number of times that experts are split: ${ways}. Tokens per second per GPU: ${rates}.`,
  };
}

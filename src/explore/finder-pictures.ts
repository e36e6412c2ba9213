import { batchSweepFigure } from "../figures/batch-sweep";
import { deploymentFrontFigure, type FrontMember } from "../figures/deployment-front";
import { decodeStep, type Figure, fittingRequests, formatCount, formatNumber } from "../index";
import { batchesUpTo } from "../step/search/ways";
import type { Answer } from "./answer";
import { splitOf } from "./chosen-panel";
import type { Find } from "./find";
import { type FoundPoint, questionOf } from "./found";
import { measuredOn } from "./measured";
import type { Picture } from "./pictures";
import { calibratedSentence } from "./rows-calibration";
import { machineWords } from "./search-words";
import type { Setup } from "./setup";

/** What the front is drawn of. */
export interface FrontDrawn {
  readonly points: readonly FoundPoint[];
  readonly front: readonly FoundPoint[];
  readonly find: Find;
  readonly chosen: Setup;
  readonly answer: Answer;
}

/** The front of all deployments, with the measured ones and the chosen one. */
export function frontPicture({ points, front, find, chosen, answer }: FrontDrawn): Picture {
  const { model, hardware, choice } = chosen;
  if (points.length === 0) return { reason: "No deployment that was searched fits: there is nothing to draw." };
  const members: readonly FrontMember[] = front.map((point) => {
    const { errorBand, seconds } = decodeStep(questionOf(point, choice));
    return { ...point, low: errorBand.low / seconds, high: errorBand.high / seconds };
  });
  const contextTokens = Math.round(find.inputTokens + find.outputTokens / 2);
  const figure = deploymentFrontFigure({
    name: `${model.name} on ${machineWords(chosen)}`,
    points,
    front: members,
    measured: measuredOn(model, hardware),
    contextTokens,
    chosen:
      (chosen.fits && {
        ...{ perGpu: answer.perGpu.value, perRequest: answer.perRequest.value, split: splitOf(chosen), gpus: chosen.gpus, replicas: 1 },
        ...{ requests: chosen.tokensInFlight, firstTokenSeconds: answer.firstTokenSeconds, memoryBytes: answer.memoryBytes },
      }) ||
      undefined,
    secondsPerToken: find.tokenMilliseconds > 0 ? find.tokenMilliseconds / 1000 : undefined,
    setting: `Prompts of ${formatCount(find.inputTokens)} and answers of ${formatCount(find.outputTokens)} tokens, ${find.gpusFrom === find.gpusTo ? find.gpusTo : `${find.gpusFrom} to ${find.gpusTo}`} GPUs; prompts are taken in elsewhere.${calibratedSentence(chosen)}`,
  });
  return anew(figure);
}

let drawn = 0;

/** A picture that is drawn as a whole: what its points say when they are pointed at changes with each. */
function anew(figure: Figure): Picture {
  return { figure: { ...figure, layout: { ...figure.layout, datarevision: ++drawn } } };
}

/** Every batch of the chosen split, past where the memory ends. */
export function sweepPicture(chosen: Setup): Picture {
  const { question, gpus, dataParallel, tokensInFlight } = chosen;
  const fits = fittingRequests(question, 1);
  const most = Number.isFinite(fits) ? fits : tokensInFlight;
  const until = Math.max(4, 2 * most, Math.ceil((1.5 * tokensInFlight) / dataParallel));
  const least = question.overlap === undefined ? 1 : 2;
  const points = batchesUpTo(until)
    .filter((each) => each >= least)
    .map((each) => {
      const { errorBand, tokensPerSecondPerGpu, tokensPerSecondPerRequest, seconds } = decodeStep({
        ...question,
        requests: each * dataParallel,
      });
      const milliseconds = 1000 / tokensPerSecondPerRequest;
      return {
        requestsPerGpu: (each * dataParallel) / gpus,
        perGpu: tokensPerSecondPerGpu,
        milliseconds,
        low: (milliseconds * errorBand.low) / seconds,
        high: (milliseconds * errorBand.high) / seconds,
      };
    });
  const figure = batchSweepFigure({ name: splitOf(chosen), points, most: (most * dataParallel) / gpus, chosen: tokensInFlight / gpus });
  return anew({ ...figure, caption: figure.caption + calibratedSentence(chosen) });
}

/** What a table of the best says of one of them. */
export function rowOf(point: FoundPoint, find: Find): readonly string[] {
  const gpus = point.gpus / point.replicas;
  const price = find.dollarsPerHour > 0 ? formatNumber(((find.dollarsPerHour / 3600) * 1e6) / point.perGpu) : "–";
  return [
    shortly(point.split),
    formatCount(Math.round(point.perGpu)),
    formatNumber(1000 / point.perRequest),
    `${point.replicas > 1 ? `${point.replicas} × ` : ""}${gpus}`,
    formatNumber(point.requests / gpus),
    formatNumber(point.memoryBytes / 1e9),
    formatNumber(point.firstTokenSeconds),
    price,
  ];
}

/** A split in fewer words: attention, then experts. */
function shortly(split: string): string {
  return split
    .replaceAll(" x ", " × ")
    .replace(" attention, experts cut", " · cut")
    .replace(" attention,", " ·")
    .replace(" experts", "")
    .replace("two micro-batches", "halves overlapped");
}

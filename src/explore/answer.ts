import { decodeStep, memoryFootprint, timeToFirstToken } from "../index";
import type { Find } from "./find";
import type { Setup } from "./setup";

/** A number with its band: four in five measured deployments lay within such a one. */
export interface Banded {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What is said of a chosen deployment. */
export interface Answer {
  readonly perGpu: Banded;
  readonly perRequest: Banded;
  readonly secondsPerToken: Banded;
  /** Of a prompt of the length asked for, on an idle replica; a bare prefill was measured nowhere, so it has no band of its own. */
  readonly firstTokenSeconds: number;
  /** Of one request, for which memory is counted: prompt and answer whole, or the context chosen where that is longer. */
  readonly memoryTokens: number;
  /** On one GPU. */
  readonly memoryBytes: number;
  /** Undefined where no price is given. */
  readonly dollarsPerMillion: Banded | undefined;
}

/** The numbers of a scenario as the finder asks for them. */
export function answerOf({ question }: Setup, find: Find): Answer {
  const { seconds, errorBand, tokensPerSecondPerGpu, tokensPerSecondPerRequest } = decodeStep(question);
  const rate = (value: number): Banded => ({ value, low: (value * seconds) / errorBand.high, high: (value * seconds) / errorBand.low });
  const {
    requests: _r,
    contextTokens: _c,
    draftTokens: _d,
    acceptance: _a,
    overlap: _o,
    requestsPerGpu: _g,
    promptTokens: _p,
    ...place
  } = question;
  const memoryTokens = Math.max(question.contextTokens, find.inputTokens + find.outputTokens);
  const perGpu = rate(tokensPerSecondPerGpu);
  const perRequest = rate(tokensPerSecondPerRequest);
  const price = (tokensPerSecond: number) => ((find.dollarsPerHour / 3600) * 1e6) / tokensPerSecond;
  return {
    perGpu,
    perRequest,
    secondsPerToken: { value: 1 / perRequest.value, low: 1 / perRequest.high, high: 1 / perRequest.low },
    firstTokenSeconds: timeToFirstToken({ ...place, promptTokens: find.inputTokens }),
    memoryTokens,
    memoryBytes: memoryFootprint({ ...question, contextTokens: memoryTokens }).totalBytes,
    dollarsPerMillion:
      find.dollarsPerHour > 0 ? { value: price(perGpu.value), low: price(perGpu.high), high: price(perGpu.low) } : undefined,
  };
}

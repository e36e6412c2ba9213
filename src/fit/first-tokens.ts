import { type DeploymentRow, deploymentRows } from "../published/deployment-rows";
import { prefillStep } from "../step/prefill";
import { deploymentQuestion } from "./step-rows";

/** A measured time to first token beside the prefill of one prompt on an idle replica. */
export interface FirstToken {
  readonly row: DeploymentRow;
  readonly promptTokens: number;
  readonly measured: number;
  readonly predicted: number;
  readonly floorSeconds: number;
}

/** Lengths in the runs are 0.8 to 1.0 of those stated. */
const lengthShare = 0.9;
/** With more requests than these prompts wait for one another. */
const fewRequests = 4;

/**
 * The least time to first token of each published deployment that ran few requests, beside what prefillStep gives for one such prompt.
 *
 * What was measured holds waiting, tokenising and the network too, so it is above a bare prefill.
 *
 * @example firstTokens().every(({ floorSeconds, measured }) => floorSeconds < measured) // true
 */
export function firstTokens(): readonly FirstToken[] {
  const least = new Map<string, DeploymentRow>();
  for (const row of deploymentRows()) {
    const { firstTokenSeconds, model, inputTokens, requests } = row;
    if (firstTokenSeconds === undefined || model === undefined || inputTokens === undefined || (requests ?? Infinity) > fewRequests)
      continue;
    const { source, machine, engine, weightFormat, gpus, expertParallel, dataParallel } = row;
    const key = [source, model, machine, engine, weightFormat, gpus, expertParallel, dataParallel, inputTokens].join();
    if (firstTokenSeconds < (least.get(key)?.firstTokenSeconds ?? Infinity)) least.set(key, row);
  }
  return [...least.values()].flatMap((row): FirstToken[] => {
    const asked = deploymentQuestion(row, "default");
    if (asked === undefined || row.firstTokenSeconds === undefined || row.inputTokens === undefined) return [];
    const { contextTokens: _, overlap: __, draftTokens: ___, ...question } = asked;
    const promptTokens = Math.round(row.inputTokens * lengthShare);
    const { seconds, floorSeconds } = prefillStep({ ...question, requests: 1, promptTokens });
    return [{ row, promptTokens, measured: row.firstTokenSeconds, predicted: seconds, floorSeconds }];
  });
}

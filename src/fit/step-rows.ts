import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import type { DeploymentRow } from "../published/deployment-rows";
import type { DecodeStep } from "../step/decode";
import { decodeStep } from "../step/decode";
import { engineFamily, stepFeatures } from "../step/engine";
import { planOf } from "../step/plan";
import { engines, resolveQuestion, type StepQuestion } from "../step/question";

/** Of which kernel a row is asked: the one that its source is known to run, or the step's own choice. */
export type AskedKernel = "row" | "default";

/**
 * The question that a deployment asks of decodeStep; nothing where the row lacks its model, batch or context.
 *
 * @example deploymentQuestion(deploymentRows()[0], "default")
 */
export function deploymentQuestion(row: DeploymentRow, asked: AskedKernel): StepQuestion | undefined {
  const { requests, contextTokens, engine, cacheFormat, kernel, expertSlots } = row;
  if (row.model === undefined || requests === undefined || contextTokens === undefined) return undefined;
  const isKnown = (engines as readonly string[]).includes(engine.toLowerCase());
  return {
    model: model(row.model),
    hardware: hardware(row.machine),
    requests,
    contextTokens,
    tensorParallel: row.tensorParallel,
    expertParallel: row.expertParallel,
    dataParallel: row.dataParallel,
    weightFormat: row.weightFormat,
    overlap: row.overlap,
    draftTokens: row.draftTokens,
    ...(isKnown ? { engine } : {}),
    ...(cacheFormat === undefined ? {} : { cacheFormat }),
    ...(expertSlots === undefined ? {} : { expertSlots }),
    ...(asked === "row" && kernel !== undefined ? { kernel } : {}),
  };
}

/** A measured step beside what the model makes of it. */
export interface StepPair {
  readonly row: DeploymentRow;
  readonly step: DecodeStep;
  /** Engine and generation. */
  readonly family: string;
  /** What rows are left out together: source, model and machine. */
  readonly fold: string;
  readonly measured: number;
  readonly predicted: number;
  /** Of the prediction, all but the engine's time between kernels. */
  readonly base: number;
  /** What each of the engine's constants is multiplied by. */
  readonly features: ReturnType<typeof stepFeatures>;
}

/** Pairs of the rows that are steps. @param uses "steady" alone if left out. @param promptTokens of each row's step; none if left out. */
export function stepPairs(
  rows: readonly DeploymentRow[],
  asked: AskedKernel,
  uses: readonly DeploymentRow["use"][] = ["steady"],
  promptTokens: readonly number[] = [],
): readonly StepPair[] {
  return rows.flatMap((row, i) => {
    const own = deploymentQuestion(row, asked);
    const prompts = promptTokens[i];
    const question = own === undefined || prompts === undefined ? own : { ...own, promptTokens: prompts };
    if (question === undefined || row.seconds === undefined || !uses.includes(row.use)) return [];
    const step = decodeStep(question);
    const between = step.tasks.reduce((sum, task) => sum + (task.name === "between kernels" ? task.seconds : 0), 0);
    const resolved = resolveQuestion(question);
    return [
      {
        row,
        step,
        family: engineFamily(step.engine, question.hardware),
        fold: `${row.source}, ${row.model}, ${row.machine}`,
        measured: row.seconds,
        predicted: step.seconds,
        base: Math.max(step.floorSeconds, step.seconds - between),
        features: stepFeatures(planOf(resolved)),
      },
    ];
  });
}

import type { MeasuredDeployment } from "../figures/deployment-front";
import { type DeploymentRow, deploymentRows, type Hardware, type Model, models } from "../index";

const kinds: Readonly<Partial<Record<DeploymentRow["use"], string>>> = {
  mixed: "prompts taken in beside",
  derived: "batch derived",
};

/** The published deployments of a model, or of one of the same shape, on a machine: those whose step and batch are known. */
export function measuredOn(model: Model, { id }: Pick<Hardware, "id">): readonly MeasuredDeployment[] {
  const shape = shapeOf(model);
  const same = new Set(models().flatMap((one) => (shapeOf(one) === shape ? [one.id, ...one.aliases] : [])));
  return deploymentRows().flatMap((row) => {
    const { requests, seconds, gpus } = row;
    if (row.model === undefined || !same.has(row.model) || row.machine !== id || row.use === "other") return [];
    if (requests === undefined || seconds === undefined) return [];
    const tokens = row.tokensPerStep ?? 1;
    return [
      {
        perGpu: (requests * tokens) / seconds / gpus,
        perRequest: tokens / seconds,
        contextTokens: row.contextTokens,
        words: [
          `${row.engine} ${row.engineVersion}, ${row.date}`.replace(/ ,/, ",").replace(/, $/, ""),
          `${row.model}: TP${row.tensorParallel} DP${row.dataParallel} EP${row.expertParallel} on ${gpus} GPUs, ${requests} requests`,
          `prompts ${row.inputTokens ?? "?"}, answers ${row.outputTokens ?? "?"} tokens${row.draftTokens > 0 ? `, ${row.draftTokens} drafts` : ""}`,
          [row.weightFormat, kinds[row.use]].filter(Boolean).join(", "),
          `${row.source}, row ${row.id}`,
        ],
      },
    ];
  });
}

const shapes = new WeakMap<Model, string>();

function shapeOf(model: Model): string {
  let shape = shapes.get(model);
  if (shape === undefined) {
    shape = JSON.stringify([model.hiddenSize, model.vocabSize, model.runs]);
    shapes.set(model, shape);
  }
  return shape;
}

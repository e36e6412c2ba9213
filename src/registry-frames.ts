import type { DataFrame } from "danfojs-node";
import { frameOfParts, isTaken } from "./frames";
import { type Claim, claims, machines, models, moeMeasurements, parameterCount, publishedSetUps, source } from "./index";

/**
 * The registries and the answers of the model as danfo frames: every field that is a text, a number or a yes and no is a column.
 * A field that danfo has a name of its own for gets another: `count` is `times`, `index` would be `indexValue`.
 */

/**
 * The registry of models as a frame: every field of a model that is a text, a number or a yes and no, and its parameters,
 * computed, as `parameters` and `activeParameters`.
 *
 * @example
 * sortedBy(modelsFrame(), "routedExperts", { descending: true }).head(3);
 */
export function modelsFrame(): DataFrame {
  return frameOf(models(), (model) => {
    const { total, active } = parameterCount(model);
    return { parameters: total, activeParameters: active };
  });
}

/**
 * The registry of machines as a frame: every field that is a text or a number, and a column for each peak, such as
 * `fp8FlopsPerSecond`.
 *
 * @example
 * machinesFrame().loc({ columns: ["name", "memoryBytesPerSecond", "fp8FlopsPerSecond"] });
 */
export function machinesFrame(): DataFrame {
  return frameOf(machines(), ({ peakFlopsPerSecond }) =>
    Object.fromEntries(Object.entries(peakFlopsPerSecond).map(([format, rate]) => [`${format}FlopsPerSecond`, rate as number])),
  );
}

/**
 * The published times of expert layers as a frame, 37,000 rows; the sizes of the layer stand in columns of their own.
 *
 * @example
 * groupedBy(measurementsFrame(), "hardware", { rows: ["seconds", "count"], middle: ["seconds", "median"] });
 */
export function measurementsFrame(): DataFrame {
  return frameOf(moeMeasurements(), ({ shape }) => shape);
}

/**
 * The published set-ups as a frame: which model on which machine, in which phase and class, over how many GPUs.
 *
 * @example
 * groupedBy(deploymentsFrame(), "group", { setUps: ["id", "count"], weight: ["weight", "sum"] });
 */
export function deploymentsFrame(): DataFrame {
  return frameOf(publishedSetUps(), () => ({}));
}

/**
 * The claims as a frame: id, name, statement, verdict now and in January 2025 (`verdictThen`), headline, notebook, and their
 * score as a share of 1.
 *
 * @param judged - what `claims` gives; the claims as judged by default when left out.
 * @example
 * groupedBy(claimsFrame(), "verdict", { claims: ["id", "count"] });
 */
export function claimsFrame(judged: readonly Claim[] = claims()): DataFrame {
  return frameOf(judged, ({ then }) => ({ verdictThen: then.verdict }));
}

/**
 * The parts of claims as a frame, each with the claim it is a part of as `claim`; `probability` is the share or the
 * probability of those that have one.
 *
 * @param judged - what `claims` gives; the claims as judged by default when left out.
 * @example
 * groupedBy(partsFrame(), "kind", { parts: ["id", "count"], middle: ["probability", "median"] });
 */
export function partsFrame(judged: readonly Claim[] = claims()): DataFrame {
  const parts = judged.flatMap(({ id, parts: own }) => own.map((part) => ({ ...part, claim: id })));
  return frameOf(parts, () => ({}));
}

/**
 * What was published for and against claims, as a frame: `claim`, `stance`, `says`, `date`, and the organization that says it
 * as `by`.
 *
 * @example
 * groupedBy(evidenceFrame(claims()), ["claim", "stance"], { rows: ["says", "count"] });
 */
export function evidenceFrame(judged: readonly Pick<Claim, "id" | "evidence">[]): DataFrame {
  const rows = judged.flatMap((c) => [...c.evidence.for, ...c.evidence.against].map((e) => ({ ...e, claim: c.id })));
  return frameOf(rows, (e) => ({ by: source(e.source).organization }));
}

/**
 * The tasks of a decode step as a frame, with each one's share of the step as `share`.
 *
 * @param step - what decodeStep gives.
 * @example
 * sortedBy(tasksFrame(step), "share", { descending: true }).head(5);
 */
export function tasksFrame(step: { readonly tasks: readonly { readonly seconds: number }[] }): DataFrame {
  const whole = step.tasks.reduce((sum, { seconds }) => sum + seconds, 0);
  return frameOf(step.tasks, ({ seconds }) => ({ share: seconds / whole }));
}

/** Records as a frame: their texts, numbers and yes and no, and what is made of each. `count`, which danfo uses itself, is `times`. */
function frameOf<T extends object>(records: readonly T[], more: (record: T) => object): DataFrame {
  return frameOfParts(
    records.map((record) => [record, more(record)]),
    (name) => (name === "count" ? "times" : isTaken(name) ? `${name}Value` : name),
  );
}

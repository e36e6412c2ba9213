import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { type DeploymentPhase, publishedSetUps, type SetUp } from "../published/deployments";
import { meanTokensPerExpert } from "../routing/uniform";
import { isKnown } from "./known-by";
import type { Context } from "./parts/context";
import { type Member, type Population, populationOf } from "./parts/population";

/** Which published set-ups a part speaks of. */
export interface Choice {
  /** In words, as a reader sees it. */
  readonly name: string;
  readonly phases: readonly DeploymentPhase[];
  readonly groups?: readonly SetUp["group"][];
}

/** A set-up with what the reader fixed in the place of its own. */
export interface AskedSetUp extends SetUp {
  readonly model: string;
}

/** Decode and mixed serving of every class. */
export const serving: Choice = { name: "published serving set-ups", phases: ["decode", "mixed"] };

/** Decode with experts dealt over a network or a rack: the article's home ground. */
export const wideDecode: Choice = {
  name: "published decode set-ups with experts over a network or a rack",
  phases: ["decode"],
  groups: ["ib-cluster", "rack-throughput"],
};

/**
 * The published set-ups of a choice that were known on the day, with the model, machine, context and degree that the reader fixed.
 *
 * Only mixtures of experts. Kernel benchmarks weigh nothing. Before there were three, the article's own set-up joins them: what can be
 * computed on a datasheet was known.
 */
export function setUpsOf(context: Context, choice: Choice): readonly AskedSetUp[] {
  const known = publishedSetUps().filter(
    (s) =>
      s.weight > 0 &&
      s.model !== undefined &&
      choice.phases.includes(s.phase) &&
      (choice.groups === undefined || choice.groups.includes(s.group)) &&
      isKnown(s.date, context.knownBy) &&
      model(s.model).routedExperts > 0,
  );
  const few = known.filter((s) => s.requestsPerGpu !== undefined).length < 3;
  const rows = few && choice.phases.includes("decode") ? [...known, ...articlesOwn(context, choice)] : known;
  return rows.map((s) => put(s as AskedSetUp, context));
}

/** The article's: 6,144 tokens over a wide group, and where one node counts too, a request on each of eight GPUs. */
function articlesOwn({ scenario }: Context, { groups }: Choice): readonly AskedSetUp[] {
  const own = model(scenario.model);
  const wide = {
    id: "article",
    model: scenario.model,
    machine: scenario.hardware,
    phase: "decode",
    group: "ib-cluster",
    gpus: scenario.expertParallel,
    tensorParallel: 1,
    expertParallel: scenario.expertParallel,
    requestsPerGpu: Math.max(1, Math.round(scenario.tokensInFlight / scenario.expertParallel)),
    contextTokens: scenario.contextTokens,
    tokensPerExpert: meanTokensPerExpert(scenario.tokensInFlight, own),
    date: "2025-01-11",
    kind: "article",
    family: "article",
    weight: 1,
    confidence: "high",
  } as const;
  const node = { ...wide, id: "node", group: "one-node", gpus: 8, expertParallel: 8, requestsPerGpu: 1 } as const;
  return groups === undefined || groups.includes("one-node") ? [wide, { ...node, tokensPerExpert: meanTokensPerExpert(8, own) }] : [wide];
}

function put(row: AskedSetUp, context: Context): AskedSetUp {
  // Tokens in flight are those of a decode step: prompts and training have their own.
  const { tokensInFlight: _, ...others } = context.asked;
  const asked: Context["asked"] = row.phase === "prefill" || row.phase === "training" ? others : context.asked;
  const own = model(row.model);
  const chosen = asked.model === undefined ? own : model(asked.model);
  const scale = (chosen.expertsPerToken * own.routedExperts) / (chosen.routedExperts * own.expertsPerToken);
  // Ranks that are asked for are GPUs with attention dealt over them.
  const wide = (asked.expertParallel ?? 1) > 1;
  const tensorParallel = wide ? 1 : row.tensorParallel;
  const gpus = wide ? asked.expertParallel : asked.expertParallel === 1 ? (row.tensorParallel ?? 1) : row.gpus;
  const ranks = asked.expertParallel ?? row.expertParallel;
  const tokensPerExpert =
    asked.tokensInFlight !== undefined
      ? meanTokensPerExpert(asked.tokensInFlight, chosen)
      : row.tokensPerExpert === undefined
        ? undefined
        : row.tokensPerExpert * scale;
  const requestsPerGpu =
    asked.tokensInFlight === undefined ? row.requestsPerGpu : asked.tokensInFlight / (asked.expertParallel ?? row.gpus ?? 64);
  const { weightFormat = asked.model === undefined ? row.weightFormat : undefined } = asked;
  // What a source says of its engine holds on its machine, of its weights for its model.
  const { engine, weightFormat: _format, ...kept } = row;
  return {
    ...kept,
    ...(engine === undefined || asked.hardware !== undefined ? {} : { engine }),
    ...(weightFormat === undefined ? {} : { weightFormat }),
    model: chosen.id,
    machine: asked.hardware ?? row.machine,
    ...(gpus === undefined ? {} : { gpus }),
    ...(tensorParallel === undefined ? {} : { tensorParallel }),
    ...(ranks === undefined ? {} : { expertParallel: ranksOf(gpus ?? ranks, Math.min(ranks, chosen.routedExperts)) }),
    ...(requestsPerGpu === undefined ? {} : { requestsPerGpu }),
    ...(asked.contextTokens === undefined ? {} : { contextTokens: asked.contextTokens }),
    ...(tokensPerExpert === undefined ? {} : { tokensPerExpert }),
  };
}

/** The most ranks that divide the GPUs, up to so many: each expert of a model with few is cut over several GPUs. */
function ranksOf(gpus: number, most: number): number {
  for (let ranks = most; ranks > 1; ranks--) if (gpus % ranks === 0) return ranks;
  return 1;
}

/** A population of set-ups: one quantity for each, shown by class. NaN leaves a row out. */
export function overSetUps(
  context: Context,
  choice: Choice,
  quantity: (setUp: AskedSetUp) => number,
  holds: (value: number) => boolean,
): Population {
  const members = setUpsOf(context, choice).map((s): Member => ({ value: quantity(s), weight: s.weight, group: s.group }));
  return populationOf(choice.name, members, holds);
}

/** The machine of a set-up. */
export function machineOf(setUp: AskedSetUp): ReturnType<typeof hardware> {
  return hardware(setUp.machine);
}

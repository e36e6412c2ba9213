import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { fittingQuestion } from "../step/fitting";
import { resolveQuestion, type StepQuestion } from "../step/question";
import { type Worth, type WorthName, worthOf } from "../step/worth";
import { formatCount, formatShare } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { colours, menu, stackedShares } from "./theme";

/**
 * Words and colour of each part of a machine, from what dense models use most.
 *
 * @example worthParts.map(({ words }) => words)
 */
export const worthParts: readonly { readonly name: WorthName; readonly words: string; readonly color: string }[] = [
  { name: "memoryBandwidth", words: "memory bandwidth", color: colours.blue },
  { name: "arithmetic", words: "arithmetic", color: colours.sky },
  { name: "scaleUpBandwidth", words: "scale-up link", color: colours.green },
  { name: "networkBandwidth", words: "network", color: colours.yellow },
  { name: "fixedTimes", words: "fixed times", color: colours.orange },
];

/** A model and how it is served: one node's tensor parallelism, or so many ranks of experts. */
export interface ServedModel extends Omit<StepQuestion, "hardware"> {
  readonly model: Model;
}

/** One row of the figure: a model's worth on a machine. */
export interface WorthRow {
  readonly model: Model;
  readonly hardware: Hardware;
  /** Of the whole replica: as many as asked for, or as fit; 0 where the model does not fit. */
  readonly requests: number;
  /** Of the replica. */
  readonly gpus: number;
  /** Absent where the model does not fit. */
  readonly worth?: Worth;
}

type FittingRow = WorthRow & { readonly worth: Worth };
const fits = (row: WorthRow): row is FittingRow => row.worth !== undefined;

/**
 * The worth of each machine's parts to each model, in the order given, with no more requests than nine tenths of the memory hold.
 *
 * @throws RangeError as worthOf.
 * @example worthRows([{ model: model("llama-3-70b"), requestsPerGpu: 8, contextTokens: 4096, tensorParallel: 8 }],
 *   [hardware("h100-sxm")]).length // 1
 */
export function worthRows(served: readonly ServedModel[], machines: readonly Hardware[]): readonly WorthRow[] {
  return machines.flatMap((hardware) =>
    served.map(({ model, ...place }) => {
      const question = fittingQuestion({ model, ...place, hardware }, usableShare);
      if (question === undefined) return { model, hardware, requests: 0, gpus: 0 };
      const { requests, gpus } = resolveQuestion(question);
      return { model, hardware, requests, gpus, worth: worthOf(question) };
    }),
  );
}

/** Of the memory, for weights and caches: what engines take by default. */
const usableShare = 0.9;

/**
 * Shares of a machine's worth by model, stacked; a menu picks the machine.
 *
 * @throws RangeError when there is no model or no machine.
 * @example worthSharesFigure([{ model: model("deepseek-v3"), requestsPerGpu: 64, contextTokens: 4096,
 *   expertParallel: 64 }], [hardware("h100-sxm")]).caption
 */
export function worthSharesFigure(served: readonly ServedModel[], machines: readonly Hardware[]): Figure {
  const [machine] = machines;
  if (machine === undefined) throw new RangeError("machines must hold at least one machine, got none");
  const place = served[0];
  if (place === undefined) throw new RangeError("models must hold at least one model, got none");
  const rows = worthRows(served, machines);
  const words = (row: FittingRow) =>
    `${worthParts
      .filter((p) => row.worth.elasticities[p.name] !== 0)
      .map((p) => `${p.words} ${formatShare(row.worth.elasticities[p.name])}`)
      .join(", ")} (${formatCount(row.requests)} requests on ${formatCount(row.gpus)} GPUs together)`;
  const read = (m: number) => {
    const fitting = rows.slice(m * served.length, (m + 1) * served.length).filter(fits);
    const ends = [...new Set([fitting[0], fitting.at(-1)])].flatMap((row) => (row === undefined ? [] : [row]));
    return ends.length === 0
      ? { title: `No model fits ${machines[m]?.name}`, words: "No model fits." }
      : {
          title: titleOf(machines[m]?.name ?? "", ends),
          words: `${ends.map((row) => `${row.model.name}: ${words(row)}`).join(". ")}.`,
        };
  };
  const choices = machines.map(({ name }, m) => ({
    title: read(m).title,
    caption: `What each part of ${name} is worth to a decode step: the share of one percent more throughput that one percent more of it gives; the menu picks the machine. Each model with ${formatCount(place.contextTokens)} tokens of context and no more requests than fit nine tenths of the memory. ${read(m).words} Fixed times are starts of kernels, latencies, and what a message or a tile costs however fast the machine: better rates leave them as they are.`,
  }));
  return {
    ...(choices[0] as Choice),
    choices,
    setting: `Decode with ${formatCount(place.contextTokens)} tokens of context; models in the order of their release.`,
    data: machines.flatMap((_, m) =>
      worthParts.map((part) => partBars(rows.slice(m * served.length, (m + 1) * served.length), part, m === 0)),
    ),
    layout: stackedShares("Share of the worth (%)", served.length, 44, {
      margin: { l: 150, t: 60 },
      bargap: 0.3,
      updatemenus: [
        menu(
          machines.map(({ name }, i) => ({
            label: name,
            method: "restyle",
            args: [{ visible: machines.flatMap((_, m) => worthParts.map(() => m === i)) }],
          })),
        ),
      ],
    }),
    alt: `Stacked shares of the worth of ${machine.name} by model. ${read(0).words}`,
  };
}

/** One part's bars; a model that does not fit has none, but words where the last part would end. */
function partBars(rows: readonly WorthRow[], { name, words, color }: (typeof worthParts)[number], visible: boolean) {
  const isLast = name === worthParts.at(-1)?.name;
  return {
    type: "bar",
    orientation: "h",
    name: words,
    y: rows.map(nameOf),
    x: rows.map((row) => (fits(row) ? 100 * row.worth.elasticities[name] : isLast ? 0 : null)),
    marker: { color },
    visible,
    ...(isLast ? { text: rows.map((row) => (fits(row) ? "" : "does not fit")), textposition: "outside" } : {}),
    hovertemplate: rows.map((row) => (fits(row) ? `%{y}, ${words}: %{x:.1f} %<extra></extra>` : "%{y}: does not fit<extra></extra>")),
  };
}

const nameOf = ({ model }: WorthRow): string => `${model.name}<br>${model.released.slice(0, 4)}`;

/** What is worth most to the first model and to the last. */
function titleOf(machine: string, ends: readonly FittingRow[]): string {
  const best = ends.map(({ model, worth: { elasticities } }) => {
    const part = worthParts.reduce((a, b) => (elasticities[b.name] > elasticities[a.name] ? b : a));
    return { words: part.words, share: `${formatShare(elasticities[part.name])} of the worth to ${model.name}` };
  });
  const words = [...new Set(best.map((one) => one.words))];
  return words.length === 1
    ? `Worth most on ${machine} is ${words[0]}: ${best.map(({ share }) => share).join(" and ")}`
    : `Worth most on ${machine}: ${best.map((one) => `${one.words}, ${one.share}`).join("; ")}`;
}

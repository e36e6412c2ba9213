import type { WorthName } from "../step/worth";
import { formatNumber, formatShare } from "../text/numbers";
import { type WorthRow, worthParts } from "./worth-shares";

/** A model's bar: its shares in the order of worthParts, in percent of their sum. */
export interface WorthBar {
  readonly name: string;
  readonly released: string;
  readonly shares: readonly { readonly name: WorthName; readonly words: string; readonly percent: number }[];
}

/** What gained and what lost worth between the first and the last of some models, in a sentence, and a bar for each. */
export interface WorthShift {
  readonly title: string;
  readonly bars: readonly WorthBar[];
}

/** A share that moves by less than two in a hundred has not moved. */
const moved = 0.02;

/**
 * Which parts of a machine are worth more to the last model than to the first, and which less.
 *
 * Shares below zero, which a split can bring about, are drawn as none.
 *
 * @throws RangeError unless at least two models fit the machine.
 */
export function worthShift(rows: readonly WorthRow[]): WorthShift {
  const fitting = rows.flatMap(({ model, worth }) => (worth === undefined ? [] : [{ model, worth }]));
  const [first, last] = [fitting[0], fitting.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new RangeError("at least two models must fit the machine");
  const changes = worthParts
    .map(({ name, words }) => {
      const [before, now] = [first.worth.elasticities[name], last.worth.elasticities[name]];
      return { words, before, now, by: now - before };
    })
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
  const listed = (sign: number) => {
    const here = changes.filter(({ by }) => sign * by >= moved);
    return here.length === 0
      ? "nothing"
      : here
          .map(({ words, before, now }) => `${words} (${formatShare(Math.max(0, before))} to ${formatShare(Math.max(0, now))})`)
          .join(", ");
  };
  return {
    title: `From ${first.model.name} to ${last.model.name}, gained: ${listed(1)}; lost: ${listed(-1)}`,
    bars: fitting.map(({ model, worth }) => {
      const shares = worthParts.map(({ name, words }) => ({ name, words, share: Math.max(0, worth.elasticities[name]) }));
      const sum = shares.reduce((total, { share }) => total + share, 0);
      return {
        name: model.name,
        released: model.released,
        shares: shares.map(({ name, words, share }) => ({ name, words, percent: Number(formatNumber((100 * share) / sum, 3)) })),
      };
    }),
  };
}

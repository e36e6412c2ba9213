import { at, lookedUp, number, oneOf, optionalNumber, optionalText, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { type Claim, claims } from "./claims";
import type { Part } from "./parts/part";

/** A part that is decided, with the probability that the author's words give it and what came out. */
export interface Resolved {
  readonly part: string;
  readonly statement: string;
  /** 0.8 for an assertion, 0.5 for a hedge. */
  readonly stated: number;
  /** 1 where it holds, 0 where not, a half where it is open. */
  readonly outcome: number;
  /** Squared distance of the two. */
  readonly author: number;
  /** The same for who says that nothing changes, with the same firmness. */
  readonly noChange: number;
}

/** What the author's words are worth as probabilities: our reading of "asserts" and "hedges". Questions and retractions score nothing. */
const stated = { asserts: 0.8, hedges: 0.5 } as const;

/**
 * Every part of the author's forecasts that is decided. Arithmetic (stated by a count that the article itself prints) is no forecast.
 *
 * @example brierScore(resolvedParts(claims())).author
 */
export function resolvedParts(judged: readonly Pick<Claim, "parts">[] = claims()): readonly Resolved[] {
  return judged.flatMap(({ parts }) => parts.flatMap(resolve));
}

function resolve({ id, statement, stance, stress, outcome, scope }: Part): readonly Resolved[] {
  if (stress === 0 || (stance !== "asserts" && stance !== "hedges") || scope === "arithmetic") return [];
  const value = { right: 1, open: 0.5, wrong: 0, depends: undefined, pending: undefined }[outcome];
  if (value === undefined) return [];
  const said = stated[stance];
  return [{ part: id, statement, stated: said, outcome: value, author: (said - value) ** 2, noChange: (1 - said - value) ** 2 }];
}

/**
 * Mean squared distance between what was stated and what came out: 0 is perfect, 0.25 is a coin's.
 *
 * `noChange` is that of a forecaster who says of each part, with the same firmness, that it will not come.
 *
 * @source Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
 * @example brierScore([{ claim: "0a", part: "a", author: 1, probability: 0.9, happened: true }])
 */
export function brierScore(resolved: readonly Resolved[]): { readonly author: number; readonly noChange: number; readonly parts: number } {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return { author: mean(resolved.map((r) => r.author)), noChange: mean(resolved.map((r) => r.noChange)), parts: resolved.length };
}

/** One judgement of the past: a row of data/judgements.csv, never changed once it stands there. */
export interface Judgement {
  readonly date: string;
  readonly version: string;
  readonly claim: string;
  readonly verdict: string;
  readonly headline: string;
}

/** The ledger of all judgements, the oldest first. */
export function judgements(): readonly Judgement[] {
  return readJudgements(readRows("judgements.csv"));
}

/** @throws Error naming file and line when a date is none or comes before the one above. */
export function readJudgements(rows: readonly Row[]): readonly Judgement[] {
  let before = "";
  return rows.map((row) => {
    const date = text(row, "date");
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || date < before) throw new Error(`${at(row)}: expected a day not before ${before}, got "${date}"`);
    before = date;
    return {
      date,
      version: text(row, "version"),
      claim: text(row, "claim"),
      verdict: text(row, "verdict"),
      headline: optionalText(row, "headline") ?? "",
    };
  });
}

/** A forecast of ours, frozen with its date, so that we can lose too: a row of data/forecasts.csv. */
export interface Forecast {
  readonly id: string;
  /** Day on which it was frozen, and on which it is resolved. */
  readonly frozen: string;
  readonly resolves: string;
  readonly quantity: string;
  readonly unit: string;
  /** The band that holds with the stated probability. */
  readonly low: number;
  readonly high: number;
  readonly probability: number;
  /** What counts as its outcome. */
  readonly rule: string;
  readonly reason: string;
  readonly source: string;
  readonly outcome?: number;
  readonly status: "open" | "held" | "missed" | "void";
}

/**
 * All forecasts of ours.
 *
 * @example ownForecasts().length // 12
 */
export function ownForecasts(): readonly Forecast[] {
  return readForecasts(readRows("forecasts.csv"));
}

/** @throws Error naming file and line when a band is upside down, a probability is none, or the status does not follow from the outcome. */
export function readForecasts(rows: readonly Row[]): readonly Forecast[] {
  return rows.map((row) => {
    const [low, high, probability] = ["low", "high", "probability"].map((c) => number(row, c)) as [number, number, number];
    if (!(low < high)) throw new Error(`${at(row)}: expected low < high, got ${low} and ${high}`);
    if (!(probability > 0 && probability < 1)) throw new Error(`${at(row)}: expected a probability between 0 and 1, got ${probability}`);
    const outcome = optionalNumber(row, "outcome");
    const status = oneOf(row, "status", ["open", "held", "missed", "void"]);
    const follows = outcome === undefined ? ["open", "void"] : [outcome >= low && outcome <= high ? "held" : "missed"];
    if (!follows.includes(status)) throw new Error(`${at(row)}: expected the status ${follows.join(" or ")}, got ${status}`);
    const [frozen, resolves] = [text(row, "frozen"), text(row, "resolves")];
    if (!(frozen < resolves)) throw new Error(`${at(row)}: expected to be resolved after ${frozen}, got ${resolves}`);
    const [id, quantity, unit, rule, reason] = ["id", "quantity", "unit", "rule", "reason"].map((c) => text(row, c)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const from = lookedUp(row, "source", source).id;
    return {
      id,
      frozen,
      resolves,
      quantity,
      unit,
      low,
      high,
      probability,
      rule,
      reason,
      source: from,
      status,
      ...(outcome === undefined ? {} : { outcome }),
    };
  });
}

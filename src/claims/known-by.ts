import { source, sources } from "../data/sources";
import { models } from "../model/registry";

/**
 * The day the argument was published.
 *
 * @example articleDay // "2025-01-11"
 */
export const articleDay = "2025-01-11";

/** The last day that a date of a day, month or year may stand for. */
export function lastDay(date: string): string {
  if (date.length === 10) return date;
  if (date.length === 4) return `${date}-12-31`;
  const [year, month] = date.split("-").map(Number) as [number, number];
  return `${date}-${String(new Date(Date.UTC(year, month, 0)).getUTCDate()).padStart(2, "0")}`;
}

/** Whether a thing dated so was known on a day. A month or year alone counts from its last day on, so it errs towards not yet. */
export function isKnown(date: string, by: string): boolean {
  return lastDay(date) <= by;
}

/** Whether a document was known on a day: from the last day its date may stand for, or from the day it was read, whichever is earlier. */
export function wasPublished(date: string | undefined, retrieved: string | undefined, by: string): boolean {
  return (date !== undefined && isKnown(date, by)) || (date !== undefined && retrieved !== undefined && retrieved <= by);
}

/** Whether a document of data/sources.csv was out on a day. */
export function sourceKnown(id: string, by: string): boolean {
  const { published, retrieved } = source(id);
  return wasPublished(published, retrieved, by);
}

/**
 * The newest day of any source or release: what "now" means.
 *
 * @example newestDay() > articleDay // true
 */
export function newestDay(): string {
  const dates = [...sources().flatMap((s) => [s.published, s.retrieved]), ...models().map((m) => m.released)];
  newest ??= dates
    .filter((d) => d !== undefined && d.length === 10)
    .reduce<string>((a, b) => ((b as string) > a ? (b as string) : a), articleDay);
  return newest;
}

let newest: string | undefined;

/** The day some months before another; a day that the month lacks becomes its last. */
export function monthsBefore(day: string, months: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const prefix = first.toISOString().slice(0, 7);
  return `${prefix}-${String(Math.min(date, Number(lastDay(prefix).slice(8)))).padStart(2, "0")}`;
}

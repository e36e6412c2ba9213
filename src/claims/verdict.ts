/** What a claim comes to. */
export type Verdict = "supported" | "supported within bounds" | "not supported" | "untested";

/** One thing that must hold for a claim, and whether it does. */
export interface Condition {
  readonly condition: string;
  /** What was found, in words and numbers. */
  readonly found: string;
  readonly holds: boolean;
}

/**
 * The verdict that conditions amount to.
 *
 * All hold: supported. Some hold: supported within bounds, those that do not being the bounds.
 * None holds: not supported. No condition: untested.
 */
export function verdictOf(conditions: readonly Condition[]): Verdict {
  if (conditions.length === 0) return "untested";
  const held = conditions.filter(({ holds }) => holds).length;
  if (held === conditions.length) return "supported";
  return held === 0 ? "not supported" : "supported within bounds";
}

import { type StatedAttentionError, statedAttentionErrors } from "./stated-step-errors";

/** How far attention is off on head geometries left out, with what the group is in fields of its own. */
export interface AttentionErrorGroup {
  readonly phase: "decode" | "prefill";
  readonly kind: string;
  /** Where the group is of one machine. */
  readonly machine?: string;
  /** Where it is of one geometry: heads and sizes, as the tables have them. */
  readonly geometry?: string;
  readonly rows: number;
  readonly median: number;
  readonly p90: number;
}

/**
 * The stated errors of attention by kind, by machine, by head geometry, or with the constants of another generation.
 *
 * @throws Error for a group that does not begin with a phase and hold a known kind.
 * @example attentionErrorGroups("machine").filter(({ machine }) => machine === "l40s")
 */
export function attentionErrorGroups(by: "kind" | "machine" | "geometry" | "another generation"): readonly AttentionErrorGroup[] {
  const stated = statedAttentionErrors();
  const kinds = [...new Set(stated.filter((e) => e.by === "kind").map(({ what }) => afterPhase(what)))].sort((a, b) => b.length - a.length);
  return stated.filter((e) => e.by === by).map((error) => groupOf(error, kinds));
}

const afterPhase = (what: string): string => what.slice(what.indexOf(" ") + 1);

function groupOf({ by, what, rows, median, p90 }: StatedAttentionError, kinds: readonly string[]): AttentionErrorGroup {
  const phase = what.startsWith("decode ") ? ("decode" as const) : ("prefill" as const);
  const rest = afterPhase(what);
  const kind = kinds.find((name) => (by === "machine" ? rest.endsWith(` ${name}`) : rest === name || rest.startsWith(`${name} `)));
  if (kind === undefined || !what.startsWith(`${phase} `))
    throw new Error(`attention-errors.csv: expected a phase and a kind, got "${what}"`);
  const figures = { phase, kind, rows, median, p90 };
  if (by === "machine") return { ...figures, machine: rest.slice(0, -kind.length - 1) };
  const more = rest.slice(kind.length + 1);
  if (by === "geometry") return { ...figures, geometry: more };
  return by === "another generation" ? { ...figures, machine: more } : figures;
}

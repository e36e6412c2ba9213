import { evidenceOn } from "../evidence";
import type { Context } from "./context";
import type { Finding, Reading } from "./finding";
import type { Grade, Outcome } from "./kinds";
import type { Part, PartRule } from "./part";
import { likelihoodWords, likely, unlikely } from "./part-words";

/** Decide one part. */
export function judgePart(rule: PartRule, context: Context): Part {
  const { judge, say: _, ...text } = rule;
  const finding = judge(context);
  const own = evidenceOn(rule.id.slice(0, rule.id.indexOf(".")), context.knownBy).filter((e) => e.part === rule.id);
  const outcome = outcomeOf(finding, rule, context.knownBy);
  const { value, probability, found, population, readings } = finding;
  return Object.freeze({
    ...text,
    ...(finding.applies === false ? { stress: 0 as const } : {}),
    value,
    ...(probability === undefined ? {} : { probability }),
    words: wordsOf(finding, outcome),
    grade: rule.grade ?? bestGrade(own.map((e) => e.grade)),
    holds: holdsOf(finding),
    outcome,
    found,
    evidence: own,
    ...(population === undefined ? {} : { population }),
    ...(readings === undefined ? {} : { readings }),
  });
}

/** One reading, its word included. */
export function reading(name: string, finding: Finding): Reading {
  const { value, probability, found, population } = finding;
  const outcome = outcomeOf(finding, undefined, "");
  return {
    name,
    value,
    ...(probability === undefined ? {} : { probability }),
    holds: holdsOf(finding),
    words: wordsOf(finding, outcome),
    found,
    outcome,
    ...(population === undefined ? {} : { population }),
  };
}

function holdsOf({ value, probability, holds, readings }: Finding): boolean {
  if (Number.isNaN(value)) return false;
  if (readings !== undefined) return readings.every((r) => r.holds);
  return holds ?? (probability ?? 0) >= 0.5;
}

function outcomeOf(finding: Finding, rule: PartRule | undefined, knownBy: string): Outcome {
  const plain = plainOutcome(finding);
  return plain === "wrong" && rule !== undefined && knownBy < rule.by ? "pending" : plain;
}

function plainOutcome({ value, probability, holds, readings }: Finding): Outcome {
  if (Number.isNaN(value)) return "pending";
  if (readings !== undefined) {
    const all = new Set(readings.map((r) => r.outcome).filter((o) => o !== "pending"));
    return all.size > 1 ? "depends" : ([...all][0] ?? "pending");
  }
  if (probability === undefined) return holds ? "right" : "wrong";
  if (probability >= likely) return "right";
  return probability < unlikely ? "wrong" : "open";
}

function wordsOf({ value, probability, holds, readings, applies }: Finding, outcome: Outcome): string {
  if (applies === false) return "does not apply";
  if (Number.isNaN(value)) return "not known yet";
  if (readings !== undefined) return definitionWords[outcome];
  if (probability !== undefined) return likelihoodWords(probability);
  if (holds) return "holds";
  return outcome === "pending" ? "not seen yet" : "does not hold";
}

const definitionWords: Readonly<Record<Outcome, string>> = {
  right: "holds under every reading",
  wrong: "holds under no reading",
  open: "open under every reading",
  depends: "depends on the reading",
  pending: "not known yet",
};

function bestGrade(grades: readonly Grade[]): Grade {
  return [...grades].sort()[0] ?? "D";
}

import { requirePositiveInteger } from "../checks";
import { type ClaimText, claimText, claimTexts } from "./claim-texts";
import { type Evidence, evidenceOn } from "./evidence";
import { articleDay, newestDay } from "./known-by";
import type { Context, Scenario } from "./parts/context";
import { headlineOf } from "./parts/headline";
import { judgePart } from "./parts/judge-part";
import type { ClaimRule, Part } from "./parts/part";
import { scoreWords } from "./parts/part-words";
import { type Verdict, verdictOf } from "./parts/verdict";
import { rules, sayOf } from "./rules/all-rules";
import { scenarioAt } from "./scenario";
import { modelWithExperts, requireDay, requireScenario } from "./scenario-checks";
import { defaultDraws } from "./uncertainty";

export { type ClaimText, claimTexts } from "./claim-texts";
export { type Evidence, evidence } from "./evidence";
export { articleDay, newestDay } from "./known-by";
export type { Scenario } from "./parts/context";
export { scenarioAt } from "./scenario";

/** A verdict and its line. */
export interface Judged {
  readonly verdict: Verdict;
  /** At most 25 words, built from the parts. */
  readonly headline: string;
  /** The score that the verdict follows from, as a reader expects it: two where readings disagree, a dash where it is not known yet. */
  readonly score: string;
}

/** One claim of the article: its words, its parts, what they come to now and came to when it was written. */
export interface Claim extends ClaimText, Judged {
  readonly parts: readonly Part[];
  /** By what was known on the day of the article, the same scenario asked for. */
  readonly then: Judged;
  /** All that was published on it by the day. */
  readonly evidence: { readonly for: readonly Evidence[]; readonly against: readonly Evidence[] };
  /** What stands for a typical set-up, with what was fixed. */
  readonly scenario: Scenario;
}

/** With what a claim is judged: the day of knowledge, what is held fast, and how many draws from which seed. */
export interface JudgeOptions {
  /** Judge by what was known on this day; the newest source if left out. */
  readonly knownBy?: string;
  /** Fields that take the place of what the published set-ups have, and values for intervals. */
  readonly scenario?: Partial<Omit<Scenario, "knownBy">>;
  readonly draws?: number;
  readonly seed?: number;
}

/**
 * All claims of the article, judged.
 *
 * Same options, same bytes: draws are seeded. Judged once for each set of options and then remembered.
 *
 * @throws RangeError for a model, machine or format that is not known, a model without experts, or a day that is none.
 * @example claims().length // 16
 */
export function claims(options: JudgeOptions = {}): readonly Claim[] {
  const key = JSON.stringify([options.knownBy, options.scenario, options.draws, options.seed]);
  let judged = remembered.get(key);
  if (judged === undefined) {
    const [context, then] = contexts(options);
    judged = Object.freeze(claimTexts().map((words) => judge(words, context, then)));
    remembered.set(key, judged);
  }
  return judged;
}

const remembered = new Map<string, readonly Claim[]>();

/**
 * One claim judged by itself, and not remembered: what a page does that judges under many scenarios.
 *
 * @throws RangeError as claims, and naming the nearest ids when there is no such claim.
 */
export function judgeClaim(id: string, options: JudgeOptions = {}): Claim {
  return judge(claimText(id), ...contexts(options));
}

/**
 * Whether what a claim comes to can depend on the model, the machine or how it runs; else it is the same under every scenario.
 *
 * @example dependsOnScenario("0a") // true
 */
export function dependsOnScenario(id: string): boolean {
  return !sameEverywhere.has(claimText(id).id);
}

/** Claims on designs, markets and releases. */
const sameEverywhere: ReadonlySet<string> = new Set(["6a", "6b", "6c", "7a", "7b", "8", "9"]);

/**
 * One claim by its id.
 *
 * @throws RangeError naming the nearest ids when there is no such claim.
 * @example claim("0a").verdict
 */
export function claim(id: string, options: JudgeOptions = {}): Claim {
  const words = claimText(id);
  return claims(options).find((c) => c.id === words.id) as Claim;
}

function contexts(options: JudgeOptions): readonly [Context, Context] {
  const { knownBy = newestDay(), scenario: asked = {}, draws = defaultDraws, seed = 1 } = options;
  requireDay(knownBy);
  requirePositiveInteger("draws", draws);
  const at = (day: string): Context => {
    const scenario: Scenario = { ...scenarioAt(day), ...asked, knownBy: day };
    requireScenario(scenario);
    if (asked.model !== undefined) modelWithExperts(scenario);
    return { knownBy: day, asked, scenario, draws, seed };
  };
  const early = articleDay.localeCompare(knownBy) < 0;
  return [at(knownBy), at(early ? articleDay : knownBy)];
}

function judge(words: ClaimText, context: Context, then: Context): Claim {
  const rule = rules.find(({ id }) => id === words.id) as ClaimRule;
  const known = evidenceOn(words.id, context.knownBy);
  const parts = rule.parts.map((part) => judgePart(part, context));
  const before = rule.parts.map((part) => judgePart(part, then));
  return Object.freeze({
    ...words,
    parts,
    ...summed(rule, parts),
    // biome-ignore lint/suspicious/noThenProperty: the name of the public contract; a claim is never awaited.
    then: summed(rule, before),
    evidence: { for: known.filter((e) => e.stance === "for"), against: known.filter((e) => e.stance === "against") },
    scenario: context.scenario,
  });
}

/** Verdict, headline and score of judged parts. */
function summed(rule: ClaimRule, parts: readonly Part[]): Judged {
  const verdict = verdictOf(parts);
  return { verdict, headline: headlineOf(parts, sayOf(rule.id), verdict), score: scoreWords(parts) };
}

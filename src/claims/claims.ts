import { at, optionalNumber, type Row, readRows, text } from "../data/rows";
import { nearest } from "../text/nearest";
import { thresholdWords, valueWords } from "./claim-words";
import { type Evidence, evidenceOn } from "./evidence";
import { exchangeRules } from "./exchange";
import { newestDay } from "./known-by";
import { machineRules } from "./machine";
import { premiseRules } from "./premise";
import { releaseRules } from "./releases";
import type { ClaimRule } from "./rule";
import { drawnInto, isScenarioField, measuredMachines, parametersOf, recentModels, type Scenario, scenarioAt, tooEarly } from "./scenario";
import { requireDay, requireScenario } from "./scenario-checks";
import { defaultDraws, type Influence, type Parameter, propagate } from "./uncertainty";
import type { Condition, Verdict } from "./verdict";

export { type Evidence, evidence } from "./evidence";
export { articleDay, newestDay } from "./known-by";
export { type Scenario, scenarioAt } from "./scenario";

/** Bounds of a quantity; one that is missing does not bind. */
export interface Threshold {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What a claim comes to in one scenario. */
export interface Evaluation {
  /** In the base unit of the claim; NaN where what it needs was not known. */
  readonly value: number;
  readonly holds: boolean;
}

/** One claim of the article: its words, its quantity, what was published on it, and what it comes to. */
export interface Claim {
  readonly id: string;
  /** A few words for figures and lists. */
  readonly name: string;
  readonly statement: string;
  readonly quantity: string;
  readonly unit: string;
  readonly regime: string;
  readonly threshold: Threshold;
  /** Why the threshold is where it is: the article names none. */
  readonly thresholdReason: string;
  /** File name without its ending. */
  readonly notebook: string;
  readonly whatWouldChangeIt: string;
  /** The mechanism behind what it comes to, in a sentence. */
  readonly why: string;
  /** The quantity in a scenario; fields left out are those the claim was judged under. */
  readonly evaluate: (scenario?: Partial<Scenario>) => Evaluation;
  /** What must hold: the quantity, then all else that belongs to the claim. */
  readonly conditions: (scenario?: Partial<Scenario>) => readonly Condition[];
  /** What it was judged under, and what was drawn. */
  readonly scenario: Scenario;
  readonly parameters: readonly Parameter[];
  readonly evidence: { readonly for: readonly Evidence[]; readonly against: readonly Evidence[] };
  /** With every parameter in its middle: one draw, which need not be `band.median` and can lie outside the band. */
  readonly value: number;
  readonly holds: boolean;
  /** Share of the draws for which the quantity stays within its threshold; NaN when untested. */
  readonly probability: number;
  readonly band: { readonly low: number; readonly median: number; readonly high: number };
  readonly tornado: readonly Influence[];
  readonly verdict: Verdict;
}

/** With what a claim is judged: the day of knowledge, what is held fast, and how many draws from which seed. */
export interface JudgeOptions {
  /** Judge by what was known on this day; the newest source if left out. */
  readonly knownBy?: string;
  /** Fields that keep the value given and are not drawn. */
  readonly scenario?: Partial<Omit<Scenario, "knownBy">>;
  readonly draws?: number;
  readonly seed?: number;
}

const rules: readonly ClaimRule[] = [...premiseRules, ...machineRules, ...exchangeRules, ...releaseRules];

/** From these probabilities on a quantity counts as settled: nine draws in ten. */
const likely = 0.9;

/**
 * All claims of the article, judged.
 *
 * Same options, same bytes: draws are seeded. Judged once for each set of options and then remembered.
 *
 * @throws RangeError for a model, machine or format that is not known.
 */
export function claims(options: JudgeOptions = {}): readonly Claim[] {
  const key = JSON.stringify([options.knownBy, options.scenario, options.draws, options.seed]);
  let judged = remembered.get(key);
  if (judged === undefined) {
    judged = Object.freeze(claimTexts().map((words) => judge(words, options)));
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
  return judge(wordsOf(id), options);
}

/** Whether a claim's quantity depends on the model, the machine or how it runs; else it is the same under every scenario. */
export function dependsOnScenario(id: string): boolean {
  return ruleOf(wordsOf(id).id).parameters.some(isScenarioField);
}

/**
 * One claim by its id.
 *
 * @throws RangeError naming the nearest ids when there is no such claim.
 */
export function claim(id: string, options: JudgeOptions = {}): Claim {
  const words = wordsOf(id);
  return claims(options).find((c) => c.id === words.id) as Claim;
}

/**
 * The verdict of a probability and of what else must hold.
 *
 * Supported: nine draws in ten or more, and every further condition holds. Not supported: one draw in ten or fewer, and no
 * further condition holds. Untested: the quantity could not be computed from what was known, or nothing was published.
 * Supported within bounds: everything between; what does not hold are the bounds.
 */
export function judgement(probability: number, further: readonly Condition[], rowsOfEvidence: number): Verdict {
  if (Number.isNaN(probability) || rowsOfEvidence === 0) return "untested";
  if (probability >= likely && further.every(({ holds }) => holds)) return "supported";
  return probability <= 1 - likely + 1e-12 && !further.some(({ holds }) => holds) ? "not supported" : "supported within bounds";
}

function wordsOf(id: string): ClaimText {
  const all = claimTexts();
  const found = all.find((words) => words.id === id);
  if (found === undefined)
    throw new RangeError(
      `unknown claim "${id}"; nearest: ${nearest(
        id,
        all.map((words) => words.id),
      ).join(", ")}`,
    );
  return found;
}

function ruleOf(id: string): ClaimRule {
  return rules.find((rule) => rule.id === id) as ClaimRule;
}

function judge(words: ClaimText, { knownBy = newestDay(), scenario: asked = {}, draws = defaultDraws, seed = 1 }: JudgeOptions): Claim {
  const rule = ruleOf(words.id);
  requireDay(knownBy);
  const scenario: Scenario = { ...scenarioAt(knownBy), ...asked, knownBy };
  requireScenario(scenario);
  const choices: Readonly<Record<string, readonly string[]>> = {
    model: recentModels(knownBy).map((m) => m.id),
    hardware: measuredMachines(knownBy),
    ...rule.choices?.(knownBy),
  };
  const absent = rule.parameters.find((name) => choices[name]?.length === 0 && !(name in asked));
  if (absent !== undefined) throw tooEarly(knownBy, `${absent} that claim ${rule.id} can be computed for`);
  const own = { ...scenario, ...middleChoice(rule, choices, asked) };
  const parameters = parametersOf(rule.id, rule.parameters, own, choices, [...Object.keys(asked), ...Object.keys(asked.knobs ?? {})]);
  const changed = (part: Partial<Scenario>): Scenario => {
    const whole = { ...own, ...part };
    requireScenario(whole);
    return whole;
  };
  const at = (part: Partial<Scenario> = {}): Evaluation => evaluateAt(rule, words.threshold, changed(part));
  const put = drawnInto(own);
  const uncertain = propagate(parameters, (draw) => evaluateAt(rule, words.threshold, put(draw)), { draws, seed });
  const known = evidenceOn(rule.id, knownBy);
  const middle = at();
  const probability = Number.isNaN(middle.value) ? Number.NaN : uncertain.probability;
  const further = rule.conditions?.(own) ?? [];
  return Object.freeze({
    ...words,
    evaluate: at,
    conditions: (part: Partial<Scenario> = {}) => conditionsOf(rule, words, changed(part)),
    scenario: own,
    parameters,
    evidence: { for: known.filter((e) => e.stance === "for"), against: known.filter((e) => e.stance === "against") },
    ...middle,
    probability,
    band: uncertain.band,
    tornado: uncertain.tornado,
    verdict: judgement(probability, further, known.length),
  });
}

/** Where a claim draws machines of its own and none was asked for, the one in the middle stands for them. */
function middleChoice(rule: ClaimRule, choices: Readonly<Record<string, readonly string[]>>, asked: Partial<Scenario>): Partial<Scenario> {
  const own = choices.hardware ?? [];
  if (rule.choices === undefined || asked.hardware !== undefined || own.length === 0) return {};
  return { hardware: own[own.length >> 1] as string };
}

function evaluateAt(
  rule: ClaimRule,
  { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Threshold,
  scenario: Scenario,
): Evaluation {
  const value = rule.value(scenario);
  return { value, holds: value >= atLeast && value <= atMost };
}

function conditionsOf(rule: ClaimRule, words: ClaimText, scenario: Scenario): readonly Condition[] {
  const { value, holds } = evaluateAt(rule, words.threshold, scenario);
  const found = Number.isNaN(value) ? "not known" : valueWords(value, words.unit);
  return [{ condition: `${words.quantity} ${thresholdWords(words)}`, found, holds }, ...(rule.conditions?.(scenario) ?? [])];
}

/** Words, threshold and notebook of a claim: a row of data/claims.csv. */
export type ClaimText = Pick<
  Claim,
  "id" | "name" | "statement" | "quantity" | "unit" | "regime" | "threshold" | "thresholdReason" | "notebook" | "whatWouldChangeIt" | "why"
>;

let texts: readonly ClaimText[] | undefined;

/** All rows of data/claims.csv. */
export function claimTexts(): readonly ClaimText[] {
  texts ??= readClaimTexts(
    readRows("claims.csv"),
    rules.map((r) => r.id),
  );
  return texts;
}

/**
 * Turn rows of data/claims.csv into the words of claims.
 *
 * @throws Error naming file and line when a claim has no rule, stands twice or has no threshold.
 */
export function readClaimTexts(rows: readonly Row[], ruleIds: readonly string[]): readonly ClaimText[] {
  const seen = new Set<string>();
  return Object.freeze(
    rows.map((row) => {
      const id = text(row, "id");
      if (!ruleIds.includes(id))
        throw new Error(`${at(row)}: no rule computes the claim "${id}"; nearest: ${nearest(id, ruleIds).join(", ")}`);
      if (seen.has(id)) throw new Error(`${at(row)}: the claim "${id}" stands twice`);
      seen.add(id);
      const [atLeast, atMost] = [optionalNumber(row, "atLeast"), optionalNumber(row, "atMost")];
      if (atLeast === undefined && atMost === undefined) throw new Error(`${at(row)}: expected atLeast or atMost, got neither`);
      return Object.freeze({
        id,
        name: text(row, "name"),
        statement: text(row, "statement"),
        quantity: text(row, "quantity"),
        unit: text(row, "unit"),
        regime: text(row, "regime"),
        threshold: { ...(atLeast === undefined ? {} : { atLeast }), ...(atMost === undefined ? {} : { atMost }) },
        thresholdReason: text(row, "thresholdReason"),
        notebook: text(row, "notebook"),
        whatWouldChangeIt: text(row, "whatWouldChangeIt"),
        why: text(row, "why"),
      });
    }),
  );
}

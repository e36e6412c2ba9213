import { claimTexts } from "../claims/claims";
import {
  bandWords,
  type Claim,
  dependsOnScenario,
  judgeClaim,
  probabilityWords,
  type Scenario,
  thresholdWords,
  type Verdict,
  valueWords,
} from "../index";
import type { Setup } from "./setup";

/** One claim under one scenario, ready to be shown. Plain data: it travels from the worker to the page. */
export interface ClaimRow {
  readonly id: string;
  readonly statement: string;
  readonly notebook: string;
  /** The quantity and what it is held against. */
  readonly quantity: string;
  readonly threshold: string;
  /** Of the draws, in the claim's base unit; NaN where it is not known. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly probability: number;
  readonly medianText: string;
  readonly bandText: string;
  readonly probabilityText: string;
  readonly verdict: Verdict | "does not apply";
  /** Further conditions that do not hold, or why the claim does not apply. */
  readonly because: string;
  /** False where the claim is the same under every scenario. */
  readonly ofScenario: boolean;
  readonly draws: number;
}

/** Draws for the first answer; the claims' own number follows. */
export const coarseDraws = 32;

/** Ids of all claims, in the article's order. */
export function claimIds(): readonly string[] {
  return claimTexts().map(({ id }) => id);
}

/** The scenario that a setup is for the claims. They know no kernel, and no tensor parallelism: each rank of experts is one GPU. */
export function scenarioOf(setup: Setup): Partial<Omit<Scenario, "knownBy" | "knobs">> {
  const { model, hardware, tokensInFlight, expertParallel, weightFormat, contextTokens } = setup;
  return { model: model.id, hardware: hardware.id, tokensInFlight, expertParallel, weightFormat, contextTokens };
}

/** One claim judged under a scenario: what is not known exactly is drawn, what was chosen is kept. */
export function claimRow(id: string, scenario: Partial<Omit<Scenario, "knownBy">>, draws: number): ClaimRow {
  const ofScenario = dependsOnScenario(id);
  try {
    return rowOf(judgeClaim(id, ofScenario ? { scenario, draws } : { draws }), ofScenario, draws);
  } catch (error) {
    return { ...blank(id), because: (error as Error).message, ofScenario, draws };
  }
}

function rowOf(judged: Claim, ofScenario: boolean, draws: number): ClaimRow {
  const failing = judged.conditions().filter(({ holds }) => !holds);
  return {
    id: judged.id,
    statement: judged.statement,
    notebook: judged.notebook,
    quantity: judged.quantity,
    threshold: thresholdWords(judged),
    median: judged.band.median,
    low: judged.band.low,
    high: judged.band.high,
    probability: judged.probability,
    medianText: valueWords(judged.band.median, judged.unit),
    bandText: bandWords(judged),
    probabilityText: probabilityWords(judged.probability),
    verdict: judged.verdict,
    because: failing.map(({ condition, found }) => `${condition}: ${found}`).join("; "),
    ofScenario,
    draws,
  };
}

function blank(id: string): Omit<ClaimRow, "because" | "ofScenario" | "draws"> {
  const words = claimTexts().find((claimText) => claimText.id === id);
  if (words === undefined) throw new RangeError(`unknown claim "${id}"`);
  const none = { median: Number.NaN, low: Number.NaN, high: Number.NaN, probability: Number.NaN };
  const dash = { medianText: "–", bandText: "–", probabilityText: "–" };
  const { statement, notebook, quantity } = words;
  return { id, statement, notebook, quantity, threshold: thresholdWords(words), ...none, ...dash, verdict: "does not apply" };
}

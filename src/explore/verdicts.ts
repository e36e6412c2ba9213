import { claimTexts } from "../claims/claims";
import {
  type Claim,
  dependsOnScenario,
  judgeClaim,
  model,
  type Part,
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
  /** The quantity of its leading part and what it is held against. */
  readonly quantity: string;
  readonly threshold: string;
  /** Of the leading part, in its base unit; over a population its median and 10 to 90 %; NaN where it is not known. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** NaN for a fact, and where a word is read in two ways. */
  readonly probability: number;
  readonly medianText: string;
  readonly bandText: string;
  readonly probabilityText: string;
  readonly verdict: Verdict | "does not apply";
  /** The headline, or why the claim does not apply. */
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

/**
 * The scenario that a setup is for the claims. They know no kernel, and no tensor parallelism: each rank of experts is one GPU. Nor
 * do they know what-ifs: model and machine are as they are.
 */
export function scenarioOf(setup: Setup): Partial<Omit<Scenario, "knownBy" | "assumptions">> {
  const { choice, tokensInFlight, expertParallel, weightFormat, contextTokens } = setup;
  return { model: model(choice.model).id, hardware: choice.machine, tokensInFlight, expertParallel, weightFormat, contextTokens };
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
  const part = leadingPart(judged);
  const { low, high } = part.population ?? { low: part.value, high: part.value };
  return {
    id: judged.id,
    statement: judged.statement,
    notebook: judged.notebook,
    quantity: part.quantity,
    threshold: thresholdWords(part),
    median: isOfReadings(part) ? Number.NaN : part.value,
    low,
    high,
    probability: part.probability ?? Number.NaN,
    medianText: isOfReadings(part) ? readingsOf(part) : valueWords(part.value, part.unit),
    bandText: `${valueWords(low, part.unit)} to ${valueWords(high, part.unit)}`,
    probabilityText: probabilityWords(part.probability),
    verdict: judged.verdict,
    because: judged.headline,
    ofScenario,
    draws,
  };
}

/** Where a word is read in two ways the share of one reading is no answer: each has its own. */
const isOfReadings = (part: Part): boolean => part.kind === "definition" && part.unit === "share";

function readingsOf({ readings = [] }: Part): string {
  return readings.map(({ probability }) => probabilityWords(probability)).join(" or ");
}

/** The part with the most stress, the first of several. */
function leadingPart({ parts }: Claim): Part {
  return parts.reduce((a, b) => (b.stress > a.stress ? b : a));
}

function blank(id: string): Omit<ClaimRow, "because" | "ofScenario" | "draws"> {
  const words = claimTexts().find((text) => text.id === id);
  if (words === undefined) throw new RangeError(`unknown claim "${id}"`);
  const none = { median: Number.NaN, low: Number.NaN, high: Number.NaN, probability: Number.NaN };
  const dash = { medianText: "–", bandText: "–", probabilityText: "–", quantity: "", threshold: "" };
  const { statement, notebook } = words;
  return { id, statement, notebook, ...none, ...dash, verdict: "does not apply" };
}

// Claims: all sixteen in parts, judged then and now.

export { type Change, changes } from "./changes";
export { type ChineseClaim, type ChinesePartRow, chineseClaims } from "./chinese/chinese-claims";
export { chineseAnswer, chineseVerdictsText, chineseVerdictTable } from "./chinese/chinese-tables";
export { chineseShare } from "./chinese/chinese-words";
export { classRows, inShort, type PartRow, partColumns, partRows, verdictTable, verdictText } from "./claim-tables";
export {
  articleDay,
  type Claim,
  type ClaimText,
  claim,
  claims,
  dependsOnScenario,
  type Evidence,
  evidence,
  type Judged,
  type JudgeOptions,
  judgeClaim,
  newestDay,
  type Scenario,
  scenarioAt,
} from "./claims";
export { evidenceColumns, evidenceSources } from "./evidence-tables";
export { type Month, verdictsByMonth } from "./history";
export { type Flagship, flagshipSteps } from "./laboratories";
export { type ExchangeMover, exchangeMovers, type Fabric, fabrics } from "./listed";
export type { Reading } from "./parts/finding";
export { headlineOf, mostWords, wordCount } from "./parts/headline";
export type { Grade, Kind, Outcome, Stance } from "./parts/kinds";
export type { Part, PartText, Threshold } from "./parts/part";
export { likelihoodWords, probabilityWords, scoreWords, shareWords, thresholdWords, valueWords } from "./parts/part-words";
export { type Member, type Population, populationOf, type Summary, weightedQuantile } from "./parts/population";
export { type Counted, nearness, type Score, type Verdict, verdictOf, verdictScore, verdicts } from "./parts/verdict";
export { arrayOverMemory } from "./rules/1-array-size";
export { crossingRequests } from "./rules/5-tensor-to-expert-parallel";
export { brierScore, type Forecast, type Judgement, judgements, ownForecasts, type Resolved, resolvedParts } from "./score";
export { type DefaultedSetUps, type ServedWords, servedWords } from "./served-words";
export {
  type Draw,
  defaultDraws,
  drawParameters,
  type Influence,
  latinHypercube,
  type Parameter,
  propagate,
  rankCorrelation,
  type Spread,
  type Uncertain,
} from "./uncertainty";
export { type WideArray, wideArrays } from "./wide-arrays";
export { type EraPart, type Eras, type EraWorth, worthByEra } from "./worth-by-era";
export {
  type ForecastOver,
  forecastsOver,
  forecastWords,
  type JudgedForecast,
  judgedForecasts,
  type LinkUse,
  linkUses,
  linkWords,
  type WorthForecast,
  worthForecasts,
} from "./worth-forecasts";

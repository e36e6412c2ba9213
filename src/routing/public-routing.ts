/** What `deepshock` gives of routing/. Who gets how many tokens: uniform, popularity, ranks, placement, imbalance. */

export { type Balance, type BalanceQuestion, simulateBalance } from "./balance-simulation";
export { type Imbalance, imbalance } from "./imbalance";
export { balanceGain, deviceImbalance, deviceLoads, type Placement, placeExperts, placeInOrder } from "./placement";
export { drawPopularity, drawRows } from "./popularity";
export { type RankLoad, rankLoad } from "./rank-load";
export {
  type ExpertLoad,
  expertLoad,
  idleExpertShare,
  meanTokensPerExpert,
  type Router,
  simulateUniformRouting,
  tokensForMean,
} from "./uniform";

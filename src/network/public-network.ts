/** What `deepshock` gives of network/. Collectives, the exchange of experts, splits, message paths. */

export { allReduceTime } from "./all-reduce";
export { type CollectiveQuestion, type CollectiveTime, collectiveTime } from "./collective";
export type { Collective } from "./collective-ways";
export { type ExchangeQuestion, type ExchangeTime, expertExchangeTime } from "./exchange";
export {
  granularity,
  type HidingLink,
  hides,
  hidingFlopsPerByte,
  machineFlopsPerByte,
  sparsity,
  type WidthLine,
  widthLines,
} from "./hiding";
export {
  breakEvenBytes,
  crossingBytes,
  type Initiator,
  type Mover,
  pathOfSweep,
  streamBytesPerSecond,
  type TransferPath,
  type TransferTime,
  transferTime,
} from "./message-path";
export { computeGivenBack, processorShare } from "./processor-tax";
export {
  crossingGpus,
  exchangeBytes,
  expertParallelTraffic,
  type SplitQuestion,
  type SplitShape,
  type Traffic,
  tensorParallelTraffic,
  widthLimit,
  wireSeconds,
} from "./split";
export { type SplitTime, type SplitTimeQuestion, splitTime } from "./split-time";

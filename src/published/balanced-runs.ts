import { at, number, readRows, text } from "../data/rows";
import { publishedImbalance } from "./tables";

/** Throughput with a balancer of experts over that without. */
export interface BalanceGain {
  readonly system: string;
  readonly model: string;
  readonly regime: string;
  readonly gain: number;
  readonly source: string;
}

/**
 * Rates of published systems with balancing over those without.
 *
 * @throws Error naming file and line of a rate that is not positive.
 * @example balanceGains().map((row) => row.gain)
 */
export function balanceGains(): readonly BalanceGain[] {
  return readRows("measurements/balance-gains.csv").map((row) => {
    const [without, balanced] = [number(row, "without"), number(row, "with")];
    if (without <= 0 || balanced <= 0) throw new Error(`${at(row)}: expected positive rates, got ${without} and ${balanced}`);
    return {
      system: text(row, "system"),
      model: text(row, "model"),
      regime: text(row, "regime"),
      gain: balanced / without,
      source: text(row, "source"),
    };
  });
}

/** Busiest over mean that TensorRT-LLM publishes as an average over layers, without and with replicated experts. */
export interface RankBalance {
  /** Slots of an expert over mean, no balancer. */
  readonly experts: number;
  readonly before: number;
  readonly after: number;
  /** Standard deviation over mean of the experts, no balancer. */
  readonly coefficientOfVariation: number;
}

/**
 * @throws Error when the table lacks one of the rows.
 *
 * @example publishedRankBalance()
 */
export function publishedRankBalance(): RankBalance {
  const average = publishedImbalance().filter((row) => row.layer.startsWith("all"));
  const find = (level: string, placement: string) => {
    const row = average.find((r) => r.level === level && r.placement.startsWith(placement));
    if (row === undefined)
      throw new Error(`measurements/expert-imbalance-trtllm.csv: expected an average row of level ${level}, placement "${placement}"`);
    return row;
  };
  const slots = find("expert slot", "no EPLB");
  return {
    experts: slots.maximumOverMean,
    before: find("rank", "no EPLB").maximumOverMean,
    after: find("rank", "EPLB, 9 slots").maximumOverMean,
    coefficientOfVariation: slots.coefficientOfVariation ?? Number.NaN,
  };
}

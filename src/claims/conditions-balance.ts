import type { Model } from "../model/model";
import { balanceGains } from "../published/balance-gains";
import { publishedImbalance } from "../published/tables";
import { expertLoad, meanTokensPerExpert } from "../routing/uniform";
import { formatNumber } from "../text/numbers";
import type { Condition } from "./verdict";

/**
 * Claim 0d, fragmented but uniform and stable, as conditions.
 *
 * Thresholds are ours: up to 256 tokens an expert is fragmented; uniform is a busiest GPU within 1.1 of the mean, or experts within
 * twice the excess that chance sets; a balancer that nobody needs gains less than a tenth.
 */
export function balanceConditions(model: Model, tokensInFlight: number): readonly Condition[] {
  const perExpert = meanTokensPerExpert(tokensInFlight, model);
  const load = expertLoad(tokensInFlight, model);
  const floor = load.expectedMaximum / load.mean;
  const all = publishedImbalance();
  const of = (level: string, balanced: boolean) =>
    all.filter((r) => r.level === level && !r.placement.startsWith("no EPLB") === balanced).map((r) => r.maximumOverMean);
  const experts = Math.max(...of("expert slot", false));
  const [plain, evened] = [of("rank", false), of("rank", true)];
  const gains = balanceGains().map((g) => g.gain);
  const range = (values: readonly number[]) => `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;
  return [
    { condition: "fragmented: an expert gets at most 256 tokens", found: formatNumber(perExpert), holds: perExpert <= 256 },
    {
      condition: "the busiest expert exceeds the mean by at most twice what chance does",
      found: `${formatNumber(experts)} times the mean, chance ${formatNumber(floor)}`,
      holds: experts - 1 <= 2 * (floor - 1),
    },
    { condition: "GPUs within 1.1 of the mean as experts come", found: `${range(plain)} times`, holds: plain.every((r) => r <= 1.1) },
    {
      condition: "GPUs within 1.1 of the mean with replicated experts, median",
      found: `${formatNumber(median(evened), 4)} times`,
      holds: median(evened) <= 1.1,
    },
    {
      condition: "a balancer gains less than a tenth in most published systems",
      found: `${range(gains)} times`,
      holds: gains.filter((g) => g < 1.1).length * 2 > gains.length,
    },
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] as number) + (sorted[Math.ceil((sorted.length - 1) / 2)] as number)) / 2;
}

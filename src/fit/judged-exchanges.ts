import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { splitTime } from "../network/split-time";
import { type PublishedExchange, publishedExchanges } from "../published/transfers";

/** One published exchange, out and back, beside the estimate for it. */
export interface JudgedExchange {
  readonly published: PublishedExchange;
  readonly measuredSeconds: number;
  readonly estimateSeconds: number;
  /** estimate / measured - 1. */
  readonly error: number;
}

/**
 * DeepEP's published times with NVLink inside a node, beside the estimate; the constants were fitted on another table.
 *
 * @example judgedExchanges(model("deepseek-v3"), hardware("h800-sxm"))
 */
export function judgedExchanges(model: Model, hardware: Hardware): readonly JudgedExchange[] {
  return publishedExchanges()
    .filter(
      (p) =>
        p.hardware === hardware.id &&
        p.link.startsWith("NVLink") &&
        p.hiddenSize === model.hiddenSize &&
        p.expertsPerToken === model.expertsPerToken,
    )
    .map((published) => {
      const measuredSeconds = published.dispatchSeconds + published.combineSeconds;
      const estimateSeconds =
        splitTime({ model, hardware, tokensPerGpu: published.tokens, gpus: published.expertParallel }).expertSeconds ?? Number.NaN;
      return { published, measuredSeconds, estimateSeconds, error: estimateSeconds / measuredSeconds - 1 };
    });
}

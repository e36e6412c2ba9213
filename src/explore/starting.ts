import { fittingRequests, isMoe } from "../index";
import type { Choice } from "./choice";
import { whatIf } from "./what-if";

/** What engines leave to weights and caches by default. */
const usableShare = 0.9;

/**
 * A choice to start a model with: one with experts as it is, a dense one on the fewest GPUs that hold it, with no more requests than fit.
 *
 * Where no group that a link joins holds it, on all of them: the page says that it does not fit, and by how much.
 */
export function startingChoice(choice: Choice): Choice {
  const { model, hardware } = whatIf(choice);
  if (isMoe(model)) return choice;
  const most = hardware.scaleUpDomain ?? 1;
  let gpus = 1;
  for (; gpus < most; gpus *= 2) if (fitting(choice, gpus) >= 1) break;
  gpus = Math.min(gpus, most);
  const fits = fitting(choice, gpus);
  const tokensInFlight = Math.max(1, Math.min(choice.tokensInFlight, fits));
  return { ...choice, gpus, tensorParallel: gpus, expertParallel: 1, tokensInFlight, overlap: "none" };
}

/** Requests that fit one replica of so many GPUs; 0 where it cannot be cut so. */
function fitting(choice: Choice, gpus: number): number {
  try {
    return fittingRequests({ ...whatIf(choice), tensorParallel: gpus, requests: 1, contextTokens: choice.contextTokens }, usableShare);
  } catch {
    return 0;
  }
}

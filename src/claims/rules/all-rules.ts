import type { ClaimRule, Part, PartRule } from "../parts/part";
import { tokensPerExpertClaim } from "./0a-tokens-per-expert";
import { taskTimeClaim } from "./0b-task-time";
import { accessSizeClaim } from "./0c-access-size";
import { loadBalanceClaim } from "./0d-load-balance";
import { arraySizeClaim } from "./1-array-size";
import { launchOverheadClaim } from "./2-launch-overhead";
import { granularityClaim } from "./3-access-granularity";
import { requestsClaim } from "./4-requests-per-second";
import { parallelismClaim } from "./5-tensor-to-expert-parallel";
import { loadStoreClaim } from "./6a-load-store";
import { onlyProcessorsClaim } from "./6b-only-processors";
import { gaudiClaim } from "./6c-gaudi-and-ethernet";
import { expertsGrowClaim } from "./7a-experts-grow";
import { backToDenseClaim } from "./7b-back-to-dense";
import { layerEndsClaim } from "./8-first-and-last-layers";
import { takenBackClaim } from "./9-taken-back";

/** All claims, in the article's order. A new one is one file beside this and one line here. */
export const rules: readonly ClaimRule[] = [
  tokensPerExpertClaim,
  taskTimeClaim,
  accessSizeClaim,
  loadBalanceClaim,
  arraySizeClaim,
  launchOverheadClaim,
  granularityClaim,
  requestsClaim,
  parallelismClaim,
  loadStoreClaim,
  onlyProcessorsClaim,
  gaudiClaim,
  expertsGrowClaim,
  backToDenseClaim,
  layerEndsClaim,
  takenBackClaim,
];

/** What the parts of a claim say in its headline. @throws RangeError when there is no such claim. */
export function sayOf(claimId: string): (part: Part) => string {
  const rule = rules.find(({ id }) => id === claimId);
  if (rule === undefined) throw new RangeError(`unknown claim "${claimId}"; known: ${rules.map(({ id }) => id).join(", ")}`);
  return (part) => (rule.parts.find(({ id }) => id === part.id) as PartRule).say(part);
}

import { meanTokensPerExpert } from "../routing/uniform";
import { isMoe, type Model } from "./model";

/** What one release says about the size of its experts. */
export interface Release {
  readonly name: string;
  readonly released: string;
  /** At the tokens in flight asked for; all of them in a dense model. */
  readonly tokensPerExpert: number;
  /** Weights of one routed expert, or of one dense feed-forward part. */
  readonly parametersPerExpert: number;
  readonly dense: boolean;
  readonly unverified: boolean;
}

/**
 * Tokens and parameters per expert of each release, in the order given.
 *
 * @example releases([model("deepseek-v3")], 6144)
 */
export function releases(models: readonly Model[], tokensInFlight: number): readonly Release[] {
  return models.map((m) => ({
    name: m.name,
    released: m.released,
    tokensPerExpert: isMoe(m) ? meanTokensPerExpert(tokensInFlight, m) : tokensInFlight,
    parametersPerExpert: isMoe(m) ? m.expertMatrices * m.expertHiddenSize * m.moeIntermediateSize : denseParameters(m),
    dense: !isMoe(m),
    unverified: m.confidence === "low",
  }));
}

/** Parameters of the dense feed-forward part of a layer. */
function denseParameters({ runs, hiddenSize }: Model): number {
  const block = runs.flatMap(({ blocks }) => blocks).find(({ kind }) => kind === "dense");
  return block?.kind === "dense" ? block.matrices * hiddenSize * block.width : 0;
}

const [tokensInFlight, gpus] = [6144, 64] as const;

/**
 * What stands where nothing was chosen, on the front page and in the page to try: the article's tokens, the model and machine of the
 * notebooks, experts and attention dealt out over 64 GPUs.
 */
export const defaultScenario = {
  model: "kimi-k2",
  hardware: "h100-sxm",
  weightFormat: "fp8_block",
  tokensInFlight,
  gpus,
  expertParallel: gpus,
  requestsPerGpu: tokensInFlight / gpus,
  contextTokens: 4096,
} as const;

import { attentionTimes } from "./attention-times";

/** The shortest timed calls of one attention layer: in decode, replayed from a graph, and in prefill, by whom it was started there. */
export interface StartedLayer {
  readonly machine: string;
  readonly kind: string;
  readonly kernel: string;
  /** Of the shortest decode call. */
  readonly decodeSeconds: number;
  /** Of the shortest prefill call, a few tokens long. */
  readonly prefillSeconds: number;
  /** Who started the kernels of the prefill call. */
  readonly prefillStartedBy: "host" | "graph";
}

/** As data/measurements/README.md says of the tables: prefill that was launched from the host, by kind of layer and kernel. */
const fromHost: Readonly<Record<string, RegExp>> = {
  DSA: /^(?:vllm|sglang)_/,
  MSA: /^(?:sglang_|trtllm_msa_fmha_sm100)/,
  "latent layer": /^sglang_/,
};

/**
 * What starts cost a whole layer of attention, as measured: the same kernel's shortest call from a graph beside its shortest call in
 * prefill, which some engines start from the host. Both are the least over all token counts, so hardly any work is in them. Kernels that
 * were timed in one phase alone are left out.
 *
 * @throws Error naming file and line of a broken row.
 * @example startedLayers().filter(({ prefillStartedBy }) => prefillStartedBy === "host").length // above 5
 */
export function startedLayers(): readonly StartedLayer[] {
  const least = new Map<string, { machine: string; kind: string; kernel: string; decode: number; prefill: number }>();
  for (const { machine, kind, kernel, part, phase, seconds } of attentionTimes()) {
    if (part !== "layer") continue;
    const key = [machine, kind, kernel].join();
    const found = least.get(key) ?? { machine, kind, kernel, decode: Number.POSITIVE_INFINITY, prefill: Number.POSITIVE_INFINITY };
    found[phase] = Math.min(found[phase], seconds);
    least.set(key, found);
  }
  return [...least.values()]
    .filter(({ decode, prefill }) => Number.isFinite(decode + prefill))
    .map(({ machine, kind, kernel, decode, prefill }) => ({
      machine,
      kind,
      kernel,
      decodeSeconds: decode,
      prefillSeconds: prefill,
      prefillStartedBy: fromHost[kind]?.test(kernel) ? ("host" as const) : ("graph" as const),
    }));
}

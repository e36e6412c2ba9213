import type { Hardware } from "../../machine/hardware";
import { isMoe, type Model } from "../../model/model";
import type { Engine } from "../engine";
import type { StepQuestion } from "../question";

/** How one replica is split: attention over `tensorParallel x dataParallel` GPUs, experts dealt over `expertParallel` of them. */
export type Split = Required<Pick<StepQuestion, "tensorParallel" | "dataParallel" | "expertParallel">>;

/**
 * The ways to split one replica: attention over every divisor that a scale-up link joins, the rest dealt out; experts dealt over every
 * divisor of the GPUs, and cut over what remains.
 *
 * Experts are cut only where one link joins the GPUs that share them and their width comes out whole, and dealt over no more ranks than
 * there are experts. A dense model is cut over all GPUs of its replica: to deal its attention out is to have several replicas.
 *
 * @param engine - the splits that it runs; those of any engine if left out.
 */
export function splitsOf(model: Model, { scaleUpDomain = 1 }: Hardware, gpus: number, engine?: Engine): readonly Split[] {
  const divisors = divisorsOf(gpus);
  const joined = divisors.filter((degree) => degree <= Math.max(1, scaleUpDomain));
  if (!isMoe(model)) return joined.includes(gpus) ? [{ tensorParallel: gpus, dataParallel: 1, expertParallel: 1 }] : [];
  const ranks = divisors.filter(
    (n) => n <= model.routedExperts && joined.includes(gpus / n) && model.moeIntermediateSize % (gpus / n) === 0,
  );
  return joined
    .flatMap((tensorParallel) => ranks.map((expertParallel) => ({ tensorParallel, dataParallel: gpus / tensorParallel, expertParallel })))
    .filter((split) => engine === undefined || runsSplit(engine, split));
}

/** Every whole number that divides a count, the smallest first. */
export function divisorsOf(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1).filter((n) => count % n === 0);
}

/**
 * Whether an engine has options for a split.
 *
 * vLLM deals experts over all GPUs of a replica or cuts each over all; TensorRT-LLM deals attention over all GPUs or cuts it over all;
 * SGLang takes any.
 *
 * @source vLLM, docs/serving/expert_parallel_deployment.md; TensorRT-LLM, tensorrt_llm/commands/serve.py; SGLang,
 * docs/advanced_features/server_arguments.md; read 2026-11-29
 */
export function runsSplit(engine: Engine, { tensorParallel, dataParallel, expertParallel }: Split): boolean {
  if (engine === "vllm") return expertParallel === 1 || expertParallel === tensorParallel * dataParallel;
  return engine === "sglang" || tensorParallel === 1 || dataParallel === 1;
}

/** Numbers of GPUs that sites have between two: doublings of one, three, five and nine, the latter three from 24 up; both ends too. */
export function gpuCounts(fewest: number, most: number): readonly number[] {
  const sizes = new Set([fewest, most]);
  for (const odd of [1, 3, 5, 9])
    for (let size = odd; size <= most; size *= 2) if (size >= fewest && (odd === 1 || size >= 24)) sizes.add(size);
  return [...sizes].sort((a, b) => a - b);
}

/** A split in words, such as "TP8 attention, EP8 experts". */
export function splitWords(model: Model, { tensorParallel, dataParallel, expertParallel }: Split): string {
  const gpus = tensorParallel * dataParallel;
  if (gpus === 1) return "one GPU";
  const attention = [tensorParallel > 1 ? `TP${tensorParallel}` : "", dataParallel > 1 ? `DP${dataParallel}` : ""]
    .filter(Boolean)
    .join(" x ");
  if (!isMoe(model)) return attention;
  const cut = gpus / expertParallel;
  if (expertParallel === 1) return `${attention} attention, experts cut over all`;
  return `${attention} attention, EP${expertParallel}${cut > 1 ? ` x TP${cut}` : ""} experts`;
}

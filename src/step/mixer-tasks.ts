import type { AttentionPlan } from "../kernels/attention/attention-plan";
import type { MixerPhase } from "../kernels/attention/mixer-demand";
import type { Mixer } from "../model/blocks";
import { mixerWork } from "../model/mixers/mixers";
import type { MixerWork } from "../model/mixers/rules";
import type { PlannedMixer } from "./planned-run";
import type { ResolvedQuestion } from "./question";
import type { DecodeTask, Passing } from "./task";

/** Products before the core, those of an indexer, the core, products after it; prompts have a core of their own. */
export function mixerTasks(
  question: Pick<ResolvedQuestion, "contextTokens" | "formats">,
  planned: PlannedMixer,
  passing: Passing,
): readonly DecodeTask[] {
  const { rows, requests, newTokens, prompts } = passing;
  const tasks = [planned.projections(rows)];
  let index = planned.indexer?.(rows);
  let core: DecodeTask | undefined;
  let ofPrompts: DecodeTask | undefined;
  if (requests > 0) {
    const parts = coreTasks(planned.block, question, planned.core, "decode", requests, question.contextTokens, newTokens);
    core = parts.core;
    if (index !== undefined && parts.index !== undefined) index = joined(index, parts.index);
  }
  if (prompts !== undefined && prompts.requests > 0) {
    const { requests: count, pastTokens, newTokens: tokens } = prompts;
    const parts = coreTasks(planned.block, question, planned.prefill, "prefill", count, pastTokens, tokens);
    ofPrompts = parts.core;
    if (index !== undefined && parts.index !== undefined) index = joined(index, parts.index);
  }
  if (index !== undefined) tasks.push(index);
  if (planned.norms !== undefined) tasks.push(planned.norms(rows));
  if (core !== undefined) tasks.push(core);
  if (ofPrompts !== undefined) tasks.push(ofPrompts);
  tasks.push(planned.output(rows));
  return tasks;
}

const bytesOf = (requests: number, work: MixerWork): number =>
  requests * (work.readBytes + (work.part === "recurrence" ? work.writtenBytes : 0));

/**
 * Attention, or the update of a state with its convolution; and apart from it the scores and the choice of an indexer.
 *
 * The tables time a sparse layer's indexer and attention together: its time is shared out by the bytes of either.
 */
function coreTasks(
  mixer: Mixer,
  { formats }: Pick<ResolvedQuestion, "formats">,
  plan: AttentionPlan,
  phase: MixerPhase,
  requests: number,
  contextTokens: number,
  newTokens: number,
): { readonly core: DecodeTask; readonly index: DecodeTask | undefined } {
  const time = plan.time(requests, contextTokens, newTokens);
  const works = mixerWork(mixer, { contextTokens, newTokens, cacheFormat: formats.cache, phase });
  const own = works[works.length - 1] as MixerWork;
  const scores = works.length > 1 ? works[0] : undefined;
  const bytes = bytesOf(requests, own);
  const indexBytes = scores === undefined ? 0 : bytesOf(requests, scores);
  const slower = Math.max(time.computeSeconds, time.memorySeconds);
  const bound = time.overheadSeconds > slower ? "overhead" : time.computeSeconds > time.memorySeconds ? "compute" : "memory";
  const part = (name: DecodeTask["name"], work: MixerWork, moved: number): DecodeTask => {
    const share = indexBytes === 0 ? 1 : moved / (bytes + indexBytes);
    const seconds = time.seconds * share;
    return {
      name,
      seconds,
      floorSeconds: time.floorSeconds * share,
      flops: requests * work.flops,
      bytes: moved,
      runBytes: work.runBytes,
      bound,
      kernelSeconds: [seconds],
    };
  };
  return {
    core: part(mixer.kind === "linear" ? "linear mixer" : "attention core", own, bytes),
    index: indexBytes === 0 ? undefined : part("indexer", scores as MixerWork, indexBytes),
  };
}

/** An indexer's products and scores as one task. */
function joined(products: DecodeTask, scores: DecodeTask): DecodeTask {
  return {
    name: "indexer",
    seconds: products.seconds + scores.seconds,
    floorSeconds: products.floorSeconds + scores.floorSeconds,
    flops: products.flops + scores.flops,
    bytes: products.bytes + scores.bytes,
    runBytes: scores.runBytes,
    bound: scores.seconds > products.seconds ? scores.bound : products.bound,
    kernelSeconds: [...products.kernelSeconds, ...scores.kernelSeconds],
  };
}

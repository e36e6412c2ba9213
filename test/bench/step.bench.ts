import { bench, describe } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeSeconds, decodeStep } from "../../src/step/decode";
import { prefillStep } from "../../src/step/prefill";
import { searchDeployments } from "../../src/step/search/search";

/** Of this process, in milliseconds: what else the machine does is not in it. */
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const settings = { now: processorTime, time: 1000, warmupTime: 500 };

/** A thousand answers a run, so the milliseconds of a run are the microseconds of an answer. */
const answers = 1000;
let call = 0;

/** Requests and context that no question before had: nothing is answered from memory. */
const next = (groups: number) => {
  call++;
  return { requests: groups * (2 + ((call * 7919) % 5000)), contextTokens: 1000 + ((call * 104_729) % 60_000) };
};

function benchAnswers<Q>(name: string, question: () => Q, answer: (question: Q) => unknown): void {
  // Many more than a run asks, made before: to put a question together is not to answer it.
  const questions = Array.from({ length: 8 * answers }, question);
  let asked = 0;
  bench(
    name,
    () => {
      for (let i = 0; i < answers; i++) answer(questions[asked++ % questions.length] as Q);
    },
    settings,
  );
}

const v3 = model("deepseek-v3");
const wide = { model: v3, hardware: hardware("h800-sxm"), dataParallel: 128, expertParallel: 128 } as const;
const narrow = { model: v3, hardware: hardware("h200-sxm"), tensorParallel: 8 } as const;
const others = ["deepseek-v3.2", "qwen3-30b-a3b", "gpt-oss-120b", "llama-3-70b", "kimi-k2"].map((id) => model(id));
const splits = [1, 2, 4, 8].flatMap((tensorParallel) =>
  [1, 2, 4, 8].map((expertParallel) => ({ ...narrow, tensorParallel, dataParallel: 8 / tensorParallel, expertParallel })),
);

/** Goal on a quiet core: 10 us with tasks, 5 us for the seconds alone. */
describe("a decode step, a thousand answers: ms of a run are us of an answer, in processor time", () => {
  benchAnswers("with tasks, DeepSeek-V3 at EP128 on H800", () => ({ ...wide, ...next(128) }), decodeStep);
  benchAnswers("the same, two micro-batches", () => ({ ...wide, ...next(128), overlap: "two-micro-batches" as const }), decodeStep);
  benchAnswers("with tasks, DeepSeek-V3 at TP8 on H200", () => ({ ...narrow, ...next(1) }), decodeStep);
  benchAnswers("seconds alone, EP128 on H800", () => ({ ...wide, ...next(128) }), decodeSeconds);
  benchAnswers("seconds alone, TP8 on H200", () => ({ ...narrow, ...next(1) }), decodeSeconds);
  benchAnswers("seconds alone, five models in turn", () => ({ ...narrow, ...next(1), model: others[call % 5] ?? v3 }), decodeSeconds);
  benchAnswers("seconds alone, sixteen splits in turn", () => ({ ...next(8), ...(splits[call % 16] ?? narrow) }), decodeSeconds);
});

describe("a prefill step, a thousand answers", () => {
  const question = () => {
    const { requests, contextTokens: promptTokens } = next(1);
    return { ...narrow, requests: 1 + (requests % 4), promptTokens };
  };
  benchAnswers("DeepSeek-V3 at TP8 on H200", question, prefillStep);
});

describe("a layer of experts, a thousand answers", () => {
  const layer = {
    model: v3,
    hardware: hardware("h200-sxm"),
    kernel: "moe_torch_flow_cutlass",
    weightFormat: "fp8_block",
    expertParallel: 8,
    routing: "chance",
    cache: "cold",
  } as const;
  benchAnswers("DeepSeek-V3, cold, by chance", () => ({ ...layer, tokens: next(1).requests }), moeLayerTime);
});

describe("a search", () => {
  const question = { model: v3, hardware: hardware("h200-sxm"), gpus: [8, 16, 32], inputTokens: 1024, outputTokens: 1024 };
  const { deployments } = searchDeployments(question);
  bench(`${deployments.length} deployments of DeepSeek-V3 on up to 32 H200`, () => void searchDeployments(question), settings);
});

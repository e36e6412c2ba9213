import { type Engine, engines, isMoe, type Model, type StepQuestion } from "../index";
import { runsSplit } from "../step/search/splits";

/** What starts one replica with an engine, or why that cannot be said. */
export type LaunchLine =
  | { readonly engine: Engine; readonly line: string; readonly notes: readonly string[] }
  | { readonly engine: Engine; readonly reason: string };

/** A deployment as it is to be started. */
export interface Launched {
  readonly question: StepQuestion;
  /** Longest that a request grows: prompt and answer. */
  readonly longestTokens: number;
  /** Share of the memory that weights and caches may take. */
  readonly usableShare: number;
}

/** GPUs of a server. */
const serverGpus = 8;

/**
 * The commands that start one replica of a deployment, for each engine that has options for its split.
 *
 * Names of options and how engines count: vLLM's ranks of experts are all of its GPUs; SGLang's tensor-parallel size is all GPUs, of which
 * attention is dealt over the data-parallel size; TensorRT-LLM deals attention out by its file of options. Formats follow the checkpoint,
 * so a format that was chosen here needs a checkpoint in it. Addresses of servers are for the reader to fill in.
 *
 * @source vLLM, docs/serving/expert_parallel_deployment.md, docs/features/speculative_decoding (v0.12 to v0.19), docs/design/dbo.md at
 * 07eff72 (--enable-dbo, its threshold, DeepEP alone); SGLang, docs/advanced_features/server_arguments.md at 004813e
 * (--enable-two-batch-overlap, --moe-a2a-backend, --deepep-mode, --enable-dp-attention) and speculative_decoding.md at 067ad4d (prediction
 * modules by EAGLE with one branch, drafts + 1 tokens); TensorRT-LLM, tensorrt_llm/commands/serve.py at 00209af,
 * docs/source/features/speculative-decoding.md at 04c8822 (both lengths of MTP must match) and docs/source/_includes/note_sections.rst at
 * 8eb0a53 (--extra_llm_api_options stands for --config), examples/deepseek_r1 (1.3.0rc11); each read 2026-11-29
 */
export function launchLines(launched: Launched): readonly LaunchLine[] {
  const { tensorParallel = 1, dataParallel = 1, expertParallel = 1, model } = launched.question;
  const split = { tensorParallel, dataParallel, expertParallel };
  return engines.map((engine) => {
    if (isMoe(model) && !runsSplit(engine, split)) return { engine, reason: reasons[engine] };
    return { engine, ...writers[engine](launched) };
  });
}

const reasons: Readonly<Record<Engine, string>> = {
  vllm: "vLLM deals experts over all GPUs of a replica or cuts each over all: it has no option for this split.",
  "tensorrt-llm": "TensorRT-LLM deals attention over all GPUs of a replica or cuts it over all: it has no option for this split.",
  sglang: "SGLang has no option for this split.",
};

type Written = { readonly line: string; readonly notes: readonly string[] };

const writers: Readonly<Record<Engine, (launched: Launched) => Written>> = { vllm, sglang, "tensorrt-llm": tensorrtLlm };

function vllm({ question, longestTokens, usableShare }: Launched): Written {
  const { model, tensorParallel = 1, dataParallel = 1, expertParallel = 1, cacheFormat, draftTokens = 0, overlap } = question;
  const gpus = tensorParallel * dataParallel;
  const exchanges = dataParallel > 1 && expertParallel > 1;
  const local = Math.max(1, Math.floor(serverGpus / tensorParallel));
  return {
    line: command("vllm serve", repository(model), [
      `--tensor-parallel-size ${tensorParallel}`,
      dataParallel > 1 && `--data-parallel-size ${dataParallel}`,
      gpus > serverGpus && `--data-parallel-size-local ${local}`,
      gpus > serverGpus && "--data-parallel-address FIRST_SERVER --data-parallel-rpc-port 13345",
      expertParallel > 1 && "--enable-expert-parallel",
      exchanges && "--all2all-backend deepep_low_latency",
      overlap === "two-micro-batches" && "--enable-dbo",
      `--max-num-seqs ${groupRequests(question)}`,
      `--max-model-len ${longestTokens}`,
      `--gpu-memory-utilization ${usableShare.toFixed(2)}`,
      cacheFormat === "fp8" && "--kv-cache-dtype fp8",
      draftTokens > 0 && `--speculative-config '{"method":"mtp","num_speculative_tokens":${draftTokens}}'`,
    ]),
    notes: [
      ...(gpus > serverGpus ? [`On each further server add --headless and --data-parallel-start-rank (${local} more each).`] : []),
      ...(dataParallel > 1 ? ["--max-num-seqs is that of one data-parallel rank."] : []),
      ...(overlap === "two-micro-batches" ? ["Batches below --dbo-decode-token-threshold are not overlapped; it needs DeepEP."] : []),
    ],
  };
}

function sglang({ question, longestTokens, usableShare }: Launched): Written {
  const { model, tensorParallel = 1, dataParallel = 1, expertParallel = 1, cacheFormat, draftTokens = 0, overlap } = question;
  const gpus = tensorParallel * dataParallel;
  const servers = Math.ceil(gpus / serverGpus);
  return {
    line: command("python -m sglang.launch_server", `--model-path ${repository(model)}`, [
      `--tp-size ${gpus}`,
      dataParallel > 1 && `--dp-size ${dataParallel} --enable-dp-attention`,
      expertParallel > 1 && `--ep-size ${expertParallel}`,
      dataParallel > 1 && expertParallel === gpus && "--moe-a2a-backend deepep --deepep-mode low_latency",
      overlap === "two-micro-batches" && "--enable-two-batch-overlap",
      servers > 1 && `--nnodes ${servers} --node-rank 0 --dist-init-addr FIRST_SERVER:50000`,
      `--max-running-requests ${question.requests}`,
      `--context-length ${longestTokens}`,
      `--mem-fraction-static ${usableShare.toFixed(2)}`,
      cacheFormat === "fp8" && "--kv-cache-dtype fp8_e4m3",
      draftTokens > 0 &&
        `--speculative-algorithm EAGLE --speculative-num-steps ${draftTokens} --speculative-eagle-topk 1 --speculative-num-draft-tokens ${draftTokens + 1}`,
    ]),
    notes: servers > 1 ? [`The same on each of ${servers} servers, with its own --node-rank.`] : [],
  };
}

function tensorrtLlm({ question, longestTokens, usableShare }: Launched): Written {
  const { model, tensorParallel = 1, dataParallel = 1, expertParallel = 1, cacheFormat, draftTokens = 0 } = question;
  const gpus = tensorParallel * dataParallel;
  const options = [
    dataParallel > 1 && "enable_attention_dp: true",
    cacheFormat === "fp8" && "kv_cache_config:\n  dtype: fp8",
    // Older releases read the second of both names, newer the first; where both are given they must agree.
    draftTokens > 0 &&
      `speculative_config:\n  decoding_type: MTP\n  max_draft_len: ${draftTokens}\n  num_nextn_predict_layers: ${draftTokens}`,
  ].filter((line) => line !== false);
  const file = options.length === 0 ? "" : `cat > options.yaml <<'EOF'\n${options.join("\n")}\nEOF\n`;
  const line = command("trtllm-serve", repository(model), [
    `--tp_size ${gpus}`,
    isMoe(model) && `--ep_size ${expertParallel}`,
    `--max_batch_size ${groupRequests(question)}`,
    `--max_seq_len ${longestTokens}`,
    `--kv_cache_free_gpu_memory_fraction ${usableShare.toFixed(2)}`,
    options.length > 0 && "--extra_llm_api_options options.yaml",
  ]);
  return {
    line: file + line,
    notes: [
      "Its share of memory is of what the weights leave free.",
      ...(dataParallel > 1 ? ["--max_batch_size is that of one GPU."] : []),
      ...(gpus > serverGpus ? ["Over several servers it is started by MPI or Slurm."] : []),
      ...(question.overlap === "two-micro-batches" ? ["It has no option for two micro-batches: its time is the one without them."] : []),
    ],
  };
}

function command(start: string, model: string, options: readonly (string | false)[]): string {
  return [`${start} ${model}`, ...options.filter((option) => option !== false)].join(" \\\n  ");
}

function groupRequests({ requests = 1, dataParallel = 1 }: StepQuestion): number {
  return Math.ceil(requests / dataParallel);
}

/** The repository on Hugging Face that the model's record was read from; a place to fill in where it names none. */
function repository({ locator, id }: Model): string {
  const named = /model_configs\/([\w.-]+?)--([\w.-]+?)_config\.json/.exec(locator);
  return named === null ? `PATH_TO/${id.replace(/[^\w.-]/g, "")}` : `${named[1]}/${named[2]}`;
}

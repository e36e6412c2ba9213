import { lookedUp, number, readRows, text } from "../data/rows";
import { moeLayerPlan } from "../kernels/expert-layer";
import { hardware } from "../machine/hardware";
import { weightFormat } from "../machine/number-formats";
import { model } from "../model/registry";
import { decodeStep } from "../step/decode";

/** A layer of routed experts as its engine times it inside a step, beside ours, in seconds. */
export interface LayerModule {
  readonly kernel: string;
  readonly tokens: number;
  readonly measuredSeconds: number;
  /** The experts alone: choice of experts, quantisation, both products. */
  readonly layerSeconds: number;
  /** The router's product. */
  readonly routerSeconds: number;
  /** (layer + router) / measured - 1: below zero the model is too fast. */
  readonly off: number;
  readonly source: string;
}

/** What the makers of TensorRT-LLM call its kernels, and the tables. */
const kernels: Readonly<Record<string, string>> = { "trtllm-gen": "moe_torch_flow_min_latency", cutlass: "moe_torch_flow_cutlass" };

const moduleMetric = /^module: MoE of one TP(\d+) rank \((.+)\)$/;

/**
 * Times of a whole layer of experts inside an engine, of which no constant saw any: DeepSeek-V3 in NVFP4, one rank of TP8 on B200.
 *
 * Ours are moeLayerTime by chance on cold weights, and the router's product as a step has it; theirs hold the choice of experts and
 * what lies between the kernels too, and their routing is not stated.
 *
 * @throws Error naming file and line of a row that no time can be computed for.
 * @example layerModules().filter(({ off }) => Math.abs(off) < 0.12).length
 */
export function layerModules(): readonly LayerModule[] {
  return readRows("measurements/end-to-end.csv").flatMap((row) => {
    const [, ranks, name] = moduleMetric.exec(text(row, "metric")) ?? [];
    const kernel = name === undefined ? undefined : kernels[name];
    if (kernel === undefined) return [];
    const tokens = number(row, "totalConcurrency");
    const format = lookedUp(row, "weightFormat", (id) => weightFormat(id).name);
    const place = { model: lookedUp(row, "model", model), hardware: lookedUp(row, "machine", hardware), tensorParallel: Number(ranks) };
    const { seconds: layerSeconds } = moeLayerPlan({ ...place, kernel, weightFormat: format, routing: "chance", cache: "cold" })(tokens);
    const step = decodeStep({ ...place, kernel, weightFormat: format, requests: tokens, contextTokens: 1, engine: "tensorrt-llm" });
    const routerSeconds = step.tasks.find((task) => task.name === "router")?.kernelSeconds.at(-1) ?? 0;
    const measuredSeconds = number(row, "value") * 1e-6;
    const off = (layerSeconds + routerSeconds) / measuredSeconds - 1;
    return [{ kernel, tokens, measuredSeconds, layerSeconds, routerSeconds, off, source: text(row, "source") }];
  });
}

import { type DecodeStep, formatSeconds, type Hardware } from "../index";

/** Engines as they call themselves. */
export const engineNames: Readonly<Record<DecodeStep["engine"], string>> = {
  "tensorrt-llm": "TensorRT-LLM",
  vllm: "vLLM",
  sglang: "SGLang",
};

/** What stands beside a step's time: its band, whose time between kernels it has, what takes long and why, what was carried over, what is left out. */
export function answerNotes(
  { errorBand, engine, slow, carried, leftOut }: DecodeStep,
  hardware: Pick<Hardware, "name">,
): readonly string[] {
  return [
    `Four in five measured steps lay within such a band: ${formatSeconds(errorBand.low)} to ${formatSeconds(errorBand.high)}, with the time between kernels of ${engineNames[engine]}.`,
    ...(slow.length === 0 ? [] : [`Slow, and measured so: ${slow.join("; ")}.`]),
    ...(carried.length === 0 ? [] : [`Not measured on ${hardware.name}, so less sure: ${carried.join("; ")}.`]),
    ...(leftOut.length === 0 ? [] : [`Not counted: ${leftOut.join("; ")}.`]),
  ];
}

import { type DecodeStep, decodeStep, formatSeconds } from "../index";
import { type AskedStep, stepQuestion } from "./step-question";

const engineNames: Readonly<Record<DecodeStep["engine"], string>> = { "tensorrt-llm": "TensorRT-LLM", vllm: "vLLM", sglang: "SGLang" };

/** What stands beside a step's time: its band, whose time between kernels it has, what was carried over, what is left out. */
export function answerNotes(setup: AskedStep): readonly string[] {
  const { errorBand, engine, carried, leftOut } = decodeStep(stepQuestion(setup));
  return [
    `Four in five measured steps lay within such a band: ${formatSeconds(errorBand.low)} to ${formatSeconds(errorBand.high)}, with the time between kernels of ${engineNames[engine]}.`,
    ...(carried.length === 0 ? [] : [`Not measured on ${setup.hardware.name}, so less sure: ${carried.join("; ")}.`]),
    ...(leftOut.length === 0 ? [] : [`Not counted: ${leftOut.join("; ")}.`]),
  ];
}

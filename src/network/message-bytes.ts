import { bf16Bytes } from "../kernels/gemm";
import { weightFormat as lookUpFormat } from "../machine/number-formats";

/** Tokens to their experts, or results back to their tokens. */
export type ExchangeDirection = "dispatch" | "combine";

/** Bytes of one token on the wire: FP8 with scales and a header on the way out, BF16 on the way back. */
export function messageBytes(direction: ExchangeDirection, hiddenSize: number, format = "fp8_block"): number {
  if (direction === "combine") return bf16Bytes * hiddenSize;
  return hiddenSize * lookUpFormat(format).activationBytes + headerBytes;
}

/** Source index and padding of a dispatched token. */
const headerBytes = 16;

/** Bytes of one copy of a token in TensorRT-LLM's all-to-all: no header in the row, scales beside it. */
export function copyBytes(direction: ExchangeDirection, hiddenSize: number, format = "fp8_block"): number {
  return direction === "combine" ? bf16Bytes * hiddenSize : hiddenSize * lookUpFormat(format).activationBytes;
}

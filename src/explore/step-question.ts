import type { StepQuestion } from "../index";
import type { Setup } from "./setup";

/** The decode step's question of a setup. */
export function stepQuestion({ question }: Pick<Setup, "question">): StepQuestion {
  return question;
}

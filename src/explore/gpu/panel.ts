/// <reference types="@webgpu/types" />
import type { Figure } from "../../figures/figure";
import type { ExpertShape } from "../../kernels/gemm";
import type { Hardware } from "../../machine/hardware";
import { isMoe, type Model } from "../../model/model";
import { formatCount, formatSeconds } from "../../text/numbers";
import { make } from "../dom";
import { GpuRefused, GpuUnavailable, Stopped, WrongResult } from "./errors";
import { type GpuPlan, gpuPlan, limitSeconds } from "./measure-plan";
import { measureGpu } from "./run";
import { type RunView, runView, type SavePicture } from "./run-view";
import { type Shaders, shaders } from "./shaders";

/** What the panel asks of the page it stands in. */
export interface GpuPanelOptions {
  /** The model and the machine that are chosen now; read when the reader presses the button, and at refresh. */
  readonly scenario: () => { readonly model: Model; readonly hardware: Hardware };
  /** Draws a figure's picture into an element; caption and alternative text are the panel's. */
  readonly draw: (into: HTMLElement, figure: Figure) => void;
  /** Hands a figure's picture to the reader as a file. */
  readonly save: SavePicture;
  /** The rest is for tests: a smaller plan, other shaders, a browser without WebGPU, a slow clock. */
  readonly plan?: (plan: GpuPlan) => GpuPlan;
  readonly shaders?: Shaders;
  readonly gpu?: GPU | undefined;
  readonly now?: () => number;
}

export interface GpuPanel {
  /** Draw the last run over the curves of what is chosen now. */
  readonly refresh: () => void;
}

/**
 * "Measure your own GPU": a button, and after it is pressed progress, figures, tables and files.
 *
 * Until then nothing asks the browser for a GPU. Only what the browser itself says leaves the shaders; nothing is sent.
 */
export function mountGpuPanel(root: HTMLElement, options: GpuPanelOptions): GpuPanel {
  const start = make("button", { type: "button", class: "gpu-start" }, "Measure this GPU");
  const cancel = make("button", { type: "button", class: "gpu-cancel", hidden: true }, "Cancel");
  const bar = make("progress", { class: "gpu-progress", "aria-label": "Progress of the measurement", hidden: true });
  const status = make("p", { class: "gpu-status", role: "status" });
  const results = make("div", { class: "gpu-results", hidden: true });
  const plots = new Map<string, HTMLElement>();
  root.replaceChildren(
    make(
      "p",
      {},
      `Runs shaders in this tab for at most ${formatSeconds(limitSeconds)}, only after you press the button, and sends nothing anywhere. It times the product of one expert of the chosen model against its tokens and its width, reads from random places by their length, and an empty dispatch, and draws them over the model's curves of the chosen machine. Results are checked for correctness first. `,
      "The browser reaches no matrix units and none of the native ways to start a kernel: compare where curves bend, not how high they lie. What it finds calibrates nothing: the rest of this page stays as it is; rows of your engine’s steps do that, under “Your own rows”. Keep the tab in front meanwhile.",
    ),
    make("div", { class: "buttons gpu-controls" }, start, cancel, bar),
    status,
    results,
  );

  let last: RunView | undefined;
  const refresh = () => last?.show(options.scenario().hardware);

  start.addEventListener("click", async () => {
    const stop = new AbortController();
    const onCancel = () => stop.abort("cancelled");
    const onHidden = () => document.hidden && stop.abort("the tab went to the background, where browsers hold work back");
    cancel.addEventListener("click", onCancel);
    document.addEventListener("visibilitychange", onHidden);
    last = undefined;
    results.hidden = true;
    results.replaceChildren();
    working(true);
    try {
      const { model } = options.scenario();
      const plan = planNow(options);
      const run = await measureGpu({
        gpu: "gpu" in options ? options.gpu : navigator.gpu,
        secure: window.isSecureContext,
        browser: navigator.userAgent,
        plan,
        shaders: options.shaders ?? shaders,
        signal: stop.signal,
        now: options.now ?? (() => performance.now() / 1000),
        progress: ({ done, total, now }) => {
          bar.max = total;
          bar.value = done;
          say(`Measuring: ${now}.`);
        },
      });
      last = runView({ run, widthRows: plan.widthRows, shape: shapeWords(model, plan), draw: options.draw, save: options.save, plots });
      results.replaceChildren(last.element);
      results.hidden = false;
      refresh();
      say(run.stopped === undefined ? "Done." : `Stopped: ${run.stopped}.`);
    } catch (error) {
      say(failureWords(error));
    } finally {
      cancel.removeEventListener("click", onCancel);
      document.removeEventListener("visibilitychange", onHidden);
      working(false);
    }
  });

  /** Said once: a screen reader reads every change. */
  function say(words: string): void {
    if (status.textContent !== words) status.textContent = words;
  }

  /** Swap the two buttons; the one that goes leaves its focus to the other. */
  function working(on: boolean): void {
    const [shown, hidden] = on ? [cancel, start] : [start, cancel];
    const focused = document.activeElement === hidden;
    shown.hidden = false;
    if (focused) shown.focus();
    hidden.hidden = true;
    bar.hidden = !on;
    bar.removeAttribute("value");
  }

  return { refresh };
}

function planNow(options: GpuPanelOptions): GpuPlan {
  const plan = gpuPlan(expertOf(options.scenario().model));
  return options.plan?.(plan) ?? plan;
}

/** An expert of a model; of a dense one its whole feed-forward layer, as if that were the only expert. */
function expertOf(model: Model): ExpertShape {
  return isMoe(model) ? model : { hiddenSize: model.hiddenSize, moeIntermediateSize: model.intermediateSize };
}

/** What was multiplied, and how it differs from the model's own. */
function shapeWords(model: Model, { shape }: GpuPlan): string {
  const own = expertOf(model).moeIntermediateSize;
  const words = `The ${isMoe(model) ? "expert" : "feed-forward layer"} of ${model.name} is ${formatCount(shape.hiddenSize)} by ${formatCount(shape.moeIntermediateSize)} here`;
  return shape.moeIntermediateSize < own
    ? `${words}: it is ${formatCount(own)} wide, and was halved until every WebGPU holds it in one buffer.`
    : `${words}.`;
}

function failureWords(error: unknown): string {
  if (error instanceof Stopped) return `Stopped: ${error.message}. Nothing was measured.`;
  if (error instanceof WrongResult) return `${error.message} No time of this GPU means anything then, so none is shown.`;
  if (error instanceof GpuUnavailable || error instanceof GpuRefused) return error.message;
  return `The measurement failed in a way nobody foresaw: ${error instanceof Error ? error.message : String(error)}`;
}

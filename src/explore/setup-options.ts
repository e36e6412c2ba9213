import { formatCount, isMoe, type WeightFormatName, weightFormatNames, weightFormatWords } from "../index";
import { divisorsOf } from "../step/search/splits";
import { expertDegrees, familiesOf, generations, kernelNames, type Option, unfitDegree, unfitFormat, unfitKernel } from "./options";
import type { Setup } from "./setup";

/** How attention can be split over the GPUs of a replica. */
export function attentionOptions({ model, hardware, gpus }: Setup): readonly Option[] {
  const degrees = isMoe(model) ? divisorsOf(gpus).filter((degree) => degree <= 64) : [gpus];
  return degrees.map((degree) => {
    const unfit = unfitDegree(model, hardware, degree);
    const words = [
      degree > 1 ? `cut over ${degree} (TP${degree})` : "",
      gpus / degree > 1 ? `dealt out over ${gpus / degree} (DP${gpus / degree})` : "",
    ];
    const label = words.filter(Boolean).join(", ") || "whole on one GPU";
    return { value: String(degree), label, ...(unfit === undefined ? {} : { unfit }) };
  });
}

/** How experts can be split over the GPUs of a replica. */
export function expertOptions({ model, hardware, gpus, tensorParallel }: Setup): readonly Option[] {
  if (!isMoe(model)) return [{ value: "1", label: "none: the model is dense" }];
  return expertDegrees(model, hardware, gpus, tensorParallel).map((ranks) => {
    const cut = gpus / ranks;
    const label =
      gpus === 1
        ? "whole on one GPU"
        : ranks === 1
          ? `each cut over all ${gpus} (TP${gpus})`
          : `dealt out over ${formatCount(ranks)} (EP${ranks})${cut > 1 ? `, each cut over ${cut}` : ""}`;
    return { value: String(ranks), label };
  });
}

/** The formats to choose from: all that are known, each with the reason where the machine cannot multiply in it. */
export function formatOptions(setup: Setup): readonly Option[] {
  const usual = { value: "", label: `as usual (${weightFormatWords[setup.weightFormat]})` };
  const usualLabel = setup.choice.weightFormat === "" ? usual : { value: "", label: "as usual for model and kernel" };
  return [
    usualLabel,
    ...weightFormatNames.map((name) => {
      const unfit = unfitFormat(name, setup.hardware);
      return { value: name, label: weightFormatWords[name], ...(unfit === undefined ? {} : { unfit }) };
    }),
  ];
}

/** The kernels to choose from, each with the reason where it was not measured in the format chosen. */
export function kernelOptions(setup: Setup): readonly Option[] {
  const usual = { value: "", label: setup.choice.kernel === "" ? `as usual (${setup.kernel})` : "as usual for model and format" };
  return [
    usual,
    ...kernelNames().map((kernel) => {
      const unfit = isMoe(setup.model)
        ? unfitKernel(kernel, setup.choice.weightFormat as WeightFormatName | "", setup.hardware)
        : `${setup.model.name} has no experts`;
      const here = familiesOf(kernel).some((family) => family.generation === setup.hardware.generation);
      const label = here ? kernel : `${kernel} (measured on ${generations(kernel)})`;
      return { value: kernel, label, ...(unfit === undefined ? {} : { unfit }) };
    }),
  ];
}

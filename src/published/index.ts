/** What `deepshock/published` gives: tables that others published, read from data/. */
export * from "./balanced-runs";
export * from "./fused-kernels";
export * from "./layer-times";
export * from "./matrix-units";
export * from "./next";
export * from "./tables";
export * from "./transfers";

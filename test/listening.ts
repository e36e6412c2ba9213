import { vi } from "vitest";

/** An address, once somebody listens there: JupyterLab says where it is a moment before it does. */
export async function listening(address: string): Promise<string> {
  await vi.waitFor(() => fetch(new URL(address).origin), { timeout: 60_000, interval: 100 });
  return address;
}

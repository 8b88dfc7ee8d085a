import { vi } from "vitest";

/** What the work writes to the two outputs of this process. */
export async function captured<T>(work: () => Promise<T>): Promise<{ result: T; stdout: string; stderr: string }> {
  const output = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) => {
    const write = (text: string | Uint8Array, ...rest: unknown[]) => {
      output[name] += String(text);
      for (const each of rest) if (typeof each === "function") each();
      return true;
    };
    return vi.spyOn(process[name], "write").mockImplementation(write);
  });
  try {
    return { result: await work(), ...output };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

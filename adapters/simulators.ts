import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "#synthetic";
export { makeCertificates } from "./combine/certificates.ts";
import { startCarefoxSimulator } from "./carefox/simulator.ts";
import { startCombineSimulator } from "./combine/simulator.ts";
import { startLifecareSimulator } from "./lifecare/simulator.ts";
import { writePhoniroFiles } from "./phoniro/simulator.ts";
import { writeStandardFiles } from "./standard/simulator.ts";

export interface Simulated extends AsyncDisposable {
  /** As `sources` of a configuration; secrets stand as `${NAME}`. */
  sources: Array<{ id: string; adapter: string; settings: Record<string, unknown> }>;
  /** Values of those names. */
  env: Record<string, string>;
}

/**
 * Starts every simulated system from one municipality: Lifecare, Combine and CareFox as servers on loopback (ports from
 * `port` on; 0: any), Phoniro's and the interchange format's files below `folder`, as they stand at `now`.
 */
export async function startSimulators({
  world,
  folder,
  now,
  port = 0,
}: {
  world: World;
  folder: string;
  now: () => number;
  port?: number;
}): Promise<Simulated> {
  const running = new AsyncDisposableStack();
  const opened = <Server extends { close: () => Promise<void> }>(server: Server): Server => {
    running.defer(() => server.close());
    return server;
  };
  const at = (offset: number): number => (port === 0 ? 0 : port + offset);
  try {
    const lifecare = opened(await startLifecareSimulator({ world, now, port: at(0) }));
    const combine = opened(await startCombineSimulator({ world, now, port: at(1) }));
    const carefox = opened(await startCarefoxSimulator({ world, now, port: at(2) }));
    const inboxes = { phoniro: join(folder, "phoniro"), files: join(folder, "files") };
    for (const inbox of Object.values(inboxes)) await mkdir(inbox, { recursive: true });
    const written = [
      ...(await writePhoniroFiles({ world, folder: inboxes.phoniro, at: now() })),
      ...(await writeStandardFiles({ world, folder: inboxes.files, at: now() })),
    ];
    // Delivered an hour ago by the municipality's own clock: nobody is still writing.
    const delivered = new Date(now() - 3_600_000);
    for (const file of written) await utimes(file, delivered, delivered);
    return {
      sources: [
        {
          id: "lifecare",
          adapter: "lifecare",
          settings: { ...lifecare.settings, domain: "${LIFECARE_DOMAIN}", key: "${LIFECARE_KEY}" },
        },
        { id: "combine", adapter: "combine", settings: { ...combine.settings, key: "${COMBINE_KEY}" } },
        { id: "carefox", adapter: "carefox", settings: { ...carefox.settings, token: "${CAREFOX_TOKEN}" } },
        { id: "phoniro", adapter: "phoniro", settings: { folder: inboxes.phoniro } },
        { id: "files", adapter: "standard", settings: { folder: inboxes.files } },
      ],
      env: {
        LIFECARE_DOMAIN: lifecare.settings.domain,
        LIFECARE_KEY: lifecare.settings.key,
        COMBINE_KEY: combine.settings.key,
        CAREFOX_TOKEN: carefox.settings.token,
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

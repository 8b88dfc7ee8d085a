import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE } from "#model";
import { chaseOrders, type DeliverNeeds, type EndpointNotice, mailWaiting, openDelivery } from "#operations";
import { type Notice, type NotifyTargets, sendNotice } from "./notify.ts";

export interface DeliveringSystem extends DeliverNeeds {
  config: DeliverNeeds["config"] & {
    municipality: { name: string };
    notify?: NotifyTargets | undefined;
    signIn?: { url: string } | undefined;
  };
  log: { warn: (facts: object, message: string) => void; error: (facts: object, message: string) => void };
}

const LOOK_MS = 1000;
const CARE_MS = 30_000;
const TROUBLE_MS = 5000;

/** Tells providers what happens, until it is stopped: at once when something is written, and by looking every second. */
export function startDelivering(system: DeliveringSystem, careMs = CARE_MS): { stop: () => Promise<void> } {
  const { log } = system;
  const stopping = new AbortController();
  const pauses = openPauses();
  let woken = Promise.withResolvers<void>();
  const wake = (): void => woken.resolve();

  /** Tells people; a mail server that takes its time holds up no provider's system. */
  async function care(delivery: Awaited<ReturnType<typeof openDelivery>>): Promise<void> {
    const steps = [
      () => delivery.notices((notice) => tellOfEndpoint(system, pauses, notice)),
      () => mailProviders(system),
      () => tellOfWaitingOrders(system, pauses),
    ];
    for (const step of steps) {
      if (stopping.signal.aborted) return;
      try {
        await step();
      } catch (error) {
        log.error({ error }, "telling people failed");
      }
    }
  }

  async function work(): Promise<void> {
    await using delivery = await openDelivery(system, wake);
    let caredAt = 0;
    let caring: Promise<void> | null = null;
    try {
      while (!stopping.signal.aborted) {
        woken = Promise.withResolvers();
        await delivery.tick();
        if (caring === null && Date.now() - caredAt >= careMs) {
          caredAt = Date.now();
          caring = care(delivery).finally(() => (caring = null));
        }
        const idle = new AbortController();
        await Promise.race([woken.promise, sleep(LOOK_MS, undefined, { signal: idle.signal }).catch(() => undefined)]);
        idle.abort();
      }
    } finally {
      await caring;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await work();
      } catch (error) {
        log.error({ error }, "delivering failed");
        await sleep(TROUBLE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      wake();
      await running;
    },
  };
}

/** False where nobody could be told. */
async function tellOfEndpoint(
  system: DeliveringSystem,
  pauses: Pauses,
  { provider, id, percent, why }: EndpointNotice,
): Promise<boolean> {
  const text =
    why === "gone"
      ? `Mottagaren ${id} hos ${provider} har svarat att den inte finns längre (410) och är avstängd. Det som väntade finns kvar och kan skickas om.`
      : percent === 100
        ? `Mottagaren ${id} hos ${provider} har inte gått att nå på tre dygn och är avstängd. Det som väntade finns kvar och kan skickas om.`
        : `Mottagaren ${id} hos ${provider} går inte att nå. Den stängs av när tre dygn har gått; ${percent} % av tiden har gått.`;
  const subject = `Klarsyn ${system.config.municipality.name}: en mottagare går inte att nå`;
  system.log.warn({ endpoint: id, percent, why }, "endpoint not reached");
  return tellMunicipality(system, pauses, { subject, text });
}

/** Tells those who run the municipality's side; whoever reads one of several ways has been told. False: nobody has. */
async function tellMunicipality(
  { config: { notify }, log }: DeliveringSystem,
  { unlessPaused }: Pauses,
  notice: Notice,
): Promise<boolean> {
  const ways = [notify?.email, notify?.webhook].filter((way) => way !== undefined).length;
  return unlessPaused("the municipality", async () => {
    const failed = await sendNotice(notify, notice);
    for (const target of failed) log.warn({ target }, "notice not sent");
    return ways === 0 || failed.length < ways;
  });
}

interface Pauses {
  /** Calls `tell`, which says whether it could tell `whom`. False: it could not, or the last failure is too recent to try again. */
  unlessPaused: (whom: string, tell: () => Promise<boolean>) => Promise<boolean>;
}

/** Who could not be told, and until when nobody tries again: a minute at first, twice as long after each failure, at most an hour. */
function openPauses(): Pauses {
  const failures = new Map<string, { count: number; until: number }>();
  return {
    async unlessPaused(whom: string, tell: () => Promise<boolean>): Promise<boolean> {
      const before = failures.get(whom);
      if (before !== undefined && Date.now() < before.until) return false;
      const told = await tell();
      const count = (before?.count ?? 0) + 1;
      if (told) failures.delete(whom);
      else failures.set(whom, { count, until: Date.now() + Math.min(60, 2 ** (count - 1)) * MINUTE });
      return told;
    },
  };
}

const times = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** Reminds providers of orders that wait for an answer, and tells the municipality of those that are late or declined. */
async function tellOfWaitingOrders(system: DeliveringSystem, pauses: Pauses): Promise<void> {
  const { config, tenantId } = system;
  const { email } = config.notify ?? {};
  const where = config.signIn === undefined ? "" : ` på ${config.signIn.url}`;
  const name = `Klarsyn ${config.municipality.name}`;
  await chaseOrders(system, tenantId, {
    async remind({ email: to, orders }) {
      // Without a way to send, the page is what reminds.
      if (email === undefined) return true;
      const notice = {
        subject: `${name}: ${times(orders, "beställning väntar", "beställningar väntar")} på ert svar`,
        text: `Hälften av avtalets tid för att svara har gått. Logga in${where} och svara.`,
      };
      return pauses.unlessPaused(
        to,
        async () => (await sendNotice({ email: { ...email, to: [to] } }, notice)).length === 0,
      );
    },
    async escalate({ provider, late, declined }) {
      const parts = [
        late === 0 ? null : `${times(late, "beställning", "beställningar")} är inte bekräftade i tid.`,
        declined === 0 ? null : `${times(declined, "beställning", "beställningar")} har utföraren tackat nej till.`,
      ].filter((part) => part !== null);
      const subject = `${name}: beställningar utan ja hos ${provider}`;
      const text = `${parts.join(" ")} Logga in${where} och se vilka under Obekräftade.`;
      return tellMunicipality(system, pauses, { subject, text });
    },
  });
}

async function mailProviders(system: DeliveringSystem): Promise<void> {
  const { config, tenantId } = system;
  const { email } = config.notify ?? {};
  if (email === undefined) return;
  const where = config.signIn === undefined ? "" : ` på ${config.signIn.url}`;
  await mailWaiting(system, tenantId, async ({ email: to }) => {
    const notice = {
      subject: `Klarsyn ${config.municipality.name}: något väntar på er`,
      text: `En ny eller ändrad beställning eller en fråga väntar. Logga in${where} och se vad det är.`,
    };
    return (await sendNotice({ email: { ...email, to: [to] } }, notice)).length === 0;
  });
}
